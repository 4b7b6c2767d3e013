"""Rooms and remedies together: against every subset, walked by NetworkX."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import NamedTuple

import networkx as nx
import numpy as np
import pytest
import shapely

from lingwu_grid.circle.attaching import Attachment
from lingwu_grid.circle.joint import brought_by, most_brought
from lingwu_grid.circle.models import Terms
from lingwu_grid.circle.network import Network, make_network
from lingwu_grid.circle.options import Links, Options, options_of

LIMIT = 420.0


class Case(NamedTuple):
    """A small town with all that could be done in it."""

    network: Network
    homes: Attachment
    sites: Attachment
    links: Links
    households: np.ndarray
    cost: np.ndarray
    options: Options


def random_case(seed: int) -> Case:
    """Two rows of streets with few ways between; one station, three rooms, four remedies."""
    rng = np.random.default_rng(seed)
    xy = np.array([(c * 150.0, r * 120.0) for r in range(4) for c in range(4)])
    xy += rng.uniform(-25, 25, xy.shape)
    pairs = [(r * 4 + c, r * 4 + c + 1) for r in range(4) for c in range(3)]
    pairs += [(r * 4 + c, r * 4 + c + 4) for r in range(3) for c in range(4)]
    kept = [pair for pair in pairs if rng.random() < 0.55]
    network = make_network(shapely.linestrings([[xy[a], xy[b]] for a, b in kept]))
    count = 10

    def somewhere(n: int) -> Attachment:
        edge = rng.integers(0, len(network.line), n)
        return Attachment(edge, rng.random(n) * network.length[edge], rng.random(n) * 20)

    homes, sites = somewhere(count), somewhere(4)
    ends = rng.integers(0, len(network.node), (5, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    metres = np.hypot(*(network.node[ends[:, 0]] - network.node[ends[:, 1]]).T)
    of = np.minimum(np.arange(len(ends)), 3)  # the last remedy has two ways
    links = Links(
        np.concatenate([ends[:, 0], ends[:, 1]]), np.concatenate([ends[:, 1], ends[:, 0]]),
        np.tile(metres, 2), np.tile(of, 2), int(of.max()) + 1 if len(of) else 0,
    )  # fmt: skip
    cost = np.append(0.0, rng.integers(1, 9, 3 + links.remedies) * 10_000.0)
    is_open = np.array([True, False, False, False])
    options = options_of(network, homes, sites, is_open, links, LIMIT)
    return Case(network, homes, sites, links, rng.integers(1, 40, count), cost, options)


def within(case: Case, chosen: tuple[int, ...]) -> set[int]:
    """Walk in NetworkX with what is chosen; give the homes within reach."""
    graph = nx.Graph()
    n = case.network

    def add(a: object, b: object, metres: float) -> None:
        if not graph.has_edge(a, b) or graph[a][b]["weight"] > metres:
            graph.add_edge(a, b, weight=metres)

    spots: dict[int, list[tuple[float, object]]] = {}
    doors = [("h", i, case.homes) for i in range(len(case.homes.edge))]
    doors += [("s", i, case.sites) for i in range(4) if i == 0 or i in chosen]
    for kind, i, where in doors:
        at = ("foot", kind, i)
        spots.setdefault(int(where.edge[i]), []).append((float(where.along[i]), at))
        add((kind, i), at, float(where.access[i]))
        if kind == "s":
            add((kind, i), "station", 0.0)
    for e in range(len(n.line)):
        stops = [(0.0, int(n.start[e])), *sorted(spots.get(e, []), key=lambda s: s[0])]
        stops.append((float(n.length[e]), int(n.end[e])))
        for (low, a), (high, b) in itertools.pairwise(stops):
            add(a, b, high - low)
    for a, b, metres, remedy in zip(*case.links[:4], strict=True):
        if 4 + remedy in chosen:
            add(int(a), int(b), float(metres))
    away = nx.single_source_dijkstra_path_length(graph, "station") if "station" in graph else {}
    return {i for i in range(len(case.homes.edge)) if away.get(("h", i), np.inf) <= LIMIT}


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_the_best_choice_of_two_hundred_small_towns_is_that_of_enumeration(first: int) -> None:
    mattered = 0
    for seed in range(first, first + 20):
        case = random_case(seed)
        n = 4 + case.links.remedies
        today = within(case, ())
        assert not today & set(case.options.home.tolist())
        best: dict[tuple[float, int | None], tuple[float, float, int]] = {}
        asked = ((40_000.0, None), (90_000.0, None), (90_000.0, 1), (1e9, 0))
        for k in range(n):
            for chosen in itertools.combinations(range(1, n), k):
                near = within(case, chosen)
                mask = np.isin(np.arange(n), (0, *chosen))
                gain = int(case.households[sorted(near - today)].sum())
                assert brought_by(case.options, case.households, mask, 4) == gain
                cost = float(case.cost[list(chosen)].sum())
                rooms = sum(part < 4 for part in chosen)
                for budget, count in asked:
                    if cost <= budget and (count is None or rooms <= count):
                        key = (-gain, cost, len(chosen))
                        best[budget, count] = min(best.get((budget, count), (1, 0, 0)), key)
        for budget, count in asked:
            terms = Terms(
                required=np.arange(n) == 0, today=np.arange(n) == 0, cost=case.cost,
                budget=budget, count=count, room=np.arange(n) < 4, priced=True,
            )  # fmt: skip
            sited = most_brought(case.options, case.households, terms)
            gain, cost, number = best[budget, count]
            assert sited.status == "optimal"
            assert round(sited.objective) == -gain
            new = sited.chosen & terms.new
            assert float(case.cost[new].sum()) == cost, "an equal answer that costs less"
            assert int(new.sum()) == number
            mattered += bool((new & ~terms.is_room).any())
    assert mattered


def on_one_street(room_at: float, *, rate: float = 1.0, one_way: bool = False) -> bool:
    """Tell whether a home at 1,000 m of a street of 3,000 m has an option by a room on it."""
    street = np.array([shapely.LineString([(0, 0), (3000, 0)])])
    network = make_network(street, one_way=np.array([one_way]))
    network = replace(network, rate=np.full((2, 1), rate))
    home = Attachment(np.array([0]), np.array([1000.0]), np.array([15.0]))
    room = Attachment(np.array([0]), np.array([room_at]), np.array([5.0]))
    nothing = np.empty(0, np.int64)
    links = Links(nothing, nothing, np.empty(0), nothing, 0)
    options = options_of(network, home, room, np.array([False]), links, LIMIT)
    assert options.needs == [frozenset()] * len(options.home)
    return options.site.tolist() == [0]


@pytest.mark.parametrize(
    ("room_at", "rate", "one_way", "is_near"),
    [
        (1400, 1.0, False, True), (1400.1, 1.0, False, False), (600, 1.0, False, True),
        (599.9, 1.0, False, False), (1200, 2.0, False, True), (1200.1, 2.0, False, False),
        (1000, 1.0, True, True), (1400, 1.0, True, True), (999, 1.0, True, False),
    ],
)  # fmt: skip
def test_a_room_on_the_same_street_needs_no_corner(
    room_at: float,
    rate: float,
    one_way: bool,  # noqa: FBT001 - a table
    is_near: bool,  # noqa: FBT001 - a table
) -> None:
    assert on_one_street(room_at, rate=rate, one_way=one_way) == is_near


@pytest.mark.parametrize("seed", range(30))
def test_out_of_time_the_answer_keeps_to_what_was_asked(seed: int) -> None:
    """What is taken greedily is within budget and number, and brings what it says."""
    case = random_case(seed)
    n = 4 + case.links.remedies
    if not len(case.options.home):
        return
    for budget, count in ((40_000.0, None), (1e9, 1), (30_000.0, 0), (None, 2)):
        terms = Terms(
            required=np.arange(n) == 0, today=np.arange(n) == 0, cost=case.cost, budget=budget,
            count=count, room=np.arange(n) < 4, priced=True,
        )  # fmt: skip
        hurried = most_brought(case.options, case.households, terms, seconds=1e-9)
        new = hurried.chosen & terms.new
        assert budget is None or case.cost[new].sum() <= budget
        assert count is None or (new & terms.is_room).sum() <= count
        told = brought_by(case.options, case.households, hurried.chosen, 4)
        assert told == round(hurried.objective) <= round(hurried.bound)


def test_greedily_the_dearer_of_two_equal_ways_is_not_taken() -> None:
    """A room for 20,000 and a bridge for 10,000 bring the same home."""
    options = Options(np.array([0, 0]), np.array([1, -1]), [frozenset(), frozenset([0])])
    terms = Terms(
        required=np.array([True, False, False]), today=np.array([True, False, False]),
        cost=np.array([0.0, 20_000, 10_000]), room=np.array([True, True, False]), priced=True,
    )  # fmt: skip
    for seconds in (1e-9, 10.0):
        sited = most_brought(options, np.array([7]), terms, seconds=seconds)
        assert sited.chosen.tolist() == [True, False, True]
        assert sited.objective == pytest.approx(7)


def test_the_first_room_of_a_town_without_a_station_is_a_room_like_any_other() -> None:
    street = np.array([shapely.LineString([(0, 0), (3000, 0)])])
    network = make_network(street)
    home = Attachment(np.array([0]), np.array([1000.0]), np.array([0.0]))
    rooms = Attachment(np.array([0, 0]), np.array([1100.0, 900.0]), np.array([0.0, 0.0]))
    nothing = np.empty(0, np.int64)
    links = Links(nothing, nothing, np.empty(0), nothing, 0)
    closed = np.array([False, False])
    options = options_of(network, home, rooms, closed, links, LIMIT)
    assert options.site.tolist() == [0, 1]
    terms = Terms(required=closed, cost=np.array([10_000.0, 20_000]), budget=15_000, priced=True)
    for seconds in (1e-9, 10.0):
        sited = most_brought(options, np.array([7]), terms, seconds=seconds)
        assert sited.chosen.tolist() == [True, False]
        assert sited.objective == pytest.approx(7)
        assert brought_by(options, np.array([7]), sited.chosen, 2) == 7
        assert brought_by(options, np.array([7]), ~sited.chosen, 2) == 7
        assert brought_by(options, np.array([7]), closed, 2) == 0
