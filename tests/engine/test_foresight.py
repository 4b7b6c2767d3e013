"""Plans that stay lawful in years to come: against enumeration, and at the edges of the range."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingwu_grid.contract.rules import Rules
from lingwu_grid.engine.foresight import least_ahead, solve_ahead
from lingwu_grid.engine.instance import never, pose, silent
from lingwu_grid.engine.search._counts import come_and_go, packed, today
from lingwu_grid.engine.search._kernels import out_of_range
from lingwu_grid.engine.search.search import short_of
from lingwu_grid.engine.solve import solve
from lingwu_grid.engine.town.bounds import least_to_leave_ahead
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.engine.town.tally import zone_sizes
from lingwu_grid.graph import UnitGraph, pieces
from tests.engine.towns import lattice_graph

if TYPE_CHECKING:
    from lingwu_grid.engine.foresight import Foreseen
    from lingwu_grid.engine.instance import Instance


def growing(
    nx: int, ny: int, households: list[int], grids: list[int], growth: dict[int, tuple[int, int]]
) -> UnitGraph:
    """A lattice town in which some units may rise and fall by so many."""
    graph = lattice_graph(nx, ny, households, grids)
    rise, fall = graph.rise.copy(), graph.fall.copy()
    for unit, (more, fewer) in growth.items():
        rise[unit], fall[unit] = more, fewer
    return replace(graph, rise=rise, fall=fall)


def foreseen(graph: UnitGraph) -> tuple[Instance, Foreseen]:
    instance = pose(graph, Rules(scenario="minimal"))
    return instance, solve_ahead(instance, partial(solve, seed=0), stop=never, watch=silent)


@pytest.mark.parametrize(
    ("now", "rise", "fall", "short"),
    [
        (300, 0, 0, 0), (299, 0, 0, 1), (500, 0, 0, 0), (501, 0, 0, 1),
        (400, 100, 100, 0), (400, 101, 0, 1), (400, 0, 101, 1), (400, 101, 102, 3),
        (300, 200, 0, 0), (300, 201, 0, 1), (500, 0, 200, 0), (500, 0, 201, 1),
        (0, 400, 0, 0),  # a zone without households is closed, whatever comes
    ],
)  # fmt: skip
def test_a_zone_is_out_of_range_by_its_worst_days(
    now: int, rise: int, fall: int, short: int
) -> None:
    count = packed(np.array([now]), np.array([rise]), np.array([fall]))
    lower, upper = np.array([300]), np.array([500])
    assert today(int(count[0])) == now
    assert [int(one[0]) for one in come_and_go(count)] == [rise, fall]
    assert out_of_range(int(count[0]), 300, 500) == short
    assert short_of(count, lower, upper).tolist() == [short]
    if now:
        instance = pose(growing(2, 1, [now, 0], [0, 0], {0: (rise, fall)}), Rules())
        town = Town(np.zeros(2, np.int32), np.zeros(1, np.int32))
        assert zone_sizes(instance, town).short.tolist() == [short]


@given(
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 9_000)),
        min_size=1, max_size=40,
    ),
    st.data(),
)  # fmt: skip
def test_packed_counts_add_and_subtract_part_by_part(
    rows: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    now, rise, fall = np.array(rows, np.int64).T
    count = packed(now, rise, fall)
    gone = data.draw(st.integers(0, len(rows) - 1))
    left = int(count.sum() - count[gone])
    assert today(left) == now.sum() - now[gone]
    came, went = come_and_go(np.array([left]))
    assert (came[0], went[0]) == (rise.sum() - rise[gone], fall.sum() - fall[gone])


def _optimum(graph: UnitGraph, zones: int) -> int | None:
    """Give the fewest households any lawful plan moves, by trying every assignment."""
    least, most = graph.households - graph.fall, graph.households + graph.rise
    best: int | None = None
    for chosen in itertools.product(range(zones), repeat=graph.n_units):
        zone = np.array(chosen, np.int32)
        moved = int(graph.households[zone != graph.home_grid].sum())
        if best is not None and moved >= best:
            continue
        size, low, high = (
            np.bincount(zone, count, zones) for count in (graph.households, least, most)
        )
        lived = size > 0
        if (low[lived] < 300).any() or (high[lived] > 500).any():
            continue
        if (np.bincount(zone, minlength=zones)[~lived] > 0).any():
            continue
        if pieces(graph.indptr, graph.indices, zone).max() + 1 == lived.sum():
            best = moved
    return best


SEEDS = range(24)


@cache
def _random_town(seed: int) -> tuple[UnitGraph, int | None]:
    """A town of eight units, three of which grow or shrink, and its optimum."""
    rng = np.random.default_rng(seed)
    households = rng.integers(60, 140, 8).tolist()
    growth = {
        int(u): (int(rng.integers(0, 120)), 0) if rng.random() < 0.6
        else (0, int(rng.integers(0, 60)))
        for u in rng.choice(8, 3, replace=False)
    }  # fmt: skip
    graph = growing(4, 2, households, [0, 0, 1, 1, 0, 0, 1, 1], growth)
    return graph, _optimum(graph, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_small_towns_are_solved_as_by_enumeration(seed: int) -> None:
    graph, best = _random_town(seed)
    _, found = foreseen(graph)
    if best is None:
        assert found.leaving > 0
        return
    assert not len(found.left_out)
    assert found.leaving == 0
    assert found.bound <= best
    assert found.solution.moved == best


def test_the_small_towns_are_of_every_kind() -> None:
    best = [_random_town(seed)[1] for seed in SEEDS]
    assert best.count(None) >= 3
    assert best.count(0) >= 3
    assert sum(bool(b) for b in best) >= 6


def test_what_no_grid_can_hold_is_left_out_and_the_rest_planned_for() -> None:
    # Unit 0 will have 501 alone; unit 7 drives its grid to 510.
    graph = growing(4, 2, [100] * 8, [0, 0, 1, 1, 0, 0, 1, 1], {0: (401, 0), 7: (110, 0)})
    _, found = foreseen(graph)
    assert found.left_out.tolist() == [0]
    assert found.solution.moved == 100
    assert (found.leaving_without, found.leaving) == (2, 1)
    sizes = np.bincount(found.solution.grid_of_unit, graph.households)
    assert set(sizes[sizes > 0].astype(int).tolist()) <= set(range(300, 501))


def test_where_nothing_leaves_its_range_the_plan_is_that_of_today() -> None:
    graph = growing(4, 2, [100] * 8, [0, 0, 1, 1, 0, 0, 1, 1], {0: (100, 0), 7: (0, 100)})
    _, found = foreseen(graph)
    assert (found.leaving_without, found.leaving, found.solution.moved) == (0, 0, 0)


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=9),
    st.integers(0, 400),
)
def test_fewest_that_must_go_are_those_of_all_subsets(
    units: list[tuple[int, int]], upper: int
) -> None:
    households = np.array([h for h, _ in units])
    most = np.array([h + r for h, r in units])
    best = min(
        int(households[~stays].sum())
        for stays in (np.array(s) for s in itertools.product((True, False), repeat=len(units)))
        if most[stays].sum() <= upper
    )
    assert least_to_leave_ahead(households, most, upper) == best


def test_the_bound_counts_a_grid_that_will_be_short() -> None:
    # Grid 0 has 320 and loses 60: 40 households come to it, or all 320 go elsewhere.
    graph = growing(4, 2, [80] * 4 + [80] * 4, [0, 0, 1, 1, 0, 0, 1, 1], {0: (0, 60)})
    instance = pose(graph, Rules(scenario="minimal"))
    assert least_ahead(instance) == 40
    assert least_ahead(replace(instance, graph=replace(graph, fall=graph.fall * 0))) == 0
