"""Rooms and remedies together: against every subset, walked by NetworkX."""

from __future__ import annotations

import itertools
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
        best: dict[float, float] = {}
        budgets = (40_000.0, 90_000.0)
        for k in range(n):
            for chosen in itertools.combinations(range(1, n), k):
                near = within(case, chosen)
                mask = np.isin(np.arange(n), (0, *chosen))
                gain = int(case.households[sorted(near - today)].sum())
                assert brought_by(case.options, case.households, mask, 4) == gain
                cost = float(case.cost[list(chosen)].sum())
                for budget in budgets:
                    if cost <= budget:
                        key = (-gain, cost, len(chosen))
                        best[budget] = min(best.get(budget, (1, 0, 0)), key)
        for budget in budgets:
            terms = Terms(
                required=np.arange(n) == 0, today=np.arange(n) == 0, cost=case.cost,
                budget=budget, room=np.arange(n) < 4, priced=True,
            )  # fmt: skip
            sited = most_brought(case.options, case.households, terms)
            gain, cost, number = best[budget]
            assert sited.status == "optimal"
            assert round(sited.objective) == -gain
            new = sited.chosen & terms.new
            assert float(case.cost[new].sum()) == cost, "an equal answer that costs less"
            assert int(new.sum()) == number
            mattered += bool((new & ~terms.is_room).any())
    assert mattered
