"""Bounds never claim too much, and a part of a town forgets nothing of the rest."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.contract.rules import FAINT_BORDER, Band, Rules
from lingwu_grid.engine.exact.extract import zones_model
from lingwu_grid.engine.instance import Proof, pose
from lingwu_grid.engine.solve import solve
from lingwu_grid.engine.town.bounds import unconditional, unconditional_communities
from lingwu_grid.engine.town.grids import prove_task
from lingwu_grid.engine.town.levels import Town, community_tasks, open_csr
from lingwu_grid.engine.town.proofs import as_it_is
from tests.engine.towns import PRICES, draft_of, lattice_graph, lattice_part, row_graph

if TYPE_CHECKING:
    from lingwu_grid.contract.rules import Scenario
    from lingwu_grid.graph import UnitGraph

SMALL = Rules(grid=Band(3, 5), community=Band(1, 10**6), prove=True)


def small_graph(households: list[int], grids: list[int]) -> UnitGraph:
    graph = row_graph(households, grids)
    n = graph.n_grids
    return replace(graph, grid_lower=np.full(n, 3), grid_upper=np.full(n, 5))


def by_enumeration(households: list[int], grids: list[int]) -> int | None:
    """Fewest households that leave their grid so that every open grid has 3–5; None for never.

    Units leave whole and may go anywhere: neighbours do not matter to this bound.
    """
    n = max(grids) + 1 + sum(h > 0 for h in households) // 2
    best: int | None = None
    for choice in product(range(n), repeat=len(grids)):
        size = np.bincount(choice, households, minlength=n)
        if ((size == 0) | ((size >= 3) & (size <= 5))).all():
            moved = sum(h for h, a, b in zip(households, grids, choice, strict=True) if a != b)
            best = moved if best is None else min(best, moved)
    return best


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=2, max_size=5))
@settings(max_examples=150, deadline=None)
def test_no_plan_moves_fewer_than_the_unconditional_bound(units: list[tuple[int, int]]) -> None:
    households, grids = [h for h, _ in units], [g for _, g in units]
    best = by_enumeration(households, grids)
    bound = unconditional(pose(small_graph(households, grids), SMALL))
    assert best is None or bound <= best


@pytest.mark.parametrize(
    ("households", "grids", "bound"),
    [
        ([4, 4], [0, 1], 0),  # nothing is wrong
        ([3, 3], [0, 0], 3),  # 6 in one grid: a unit of 3 leaves
        ([2, 2, 2], [0, 0, 0], 2),
        ([2, 3], [0, 1], 1),  # grid 0 lacks one
        ([1, 4], [0, 1], 1),  # closing is as dear as filling up
        ([1, 1, 1, 4], [0, 1, 2, 3], 2),  # three of one: two close and fill the third
        ([2, 2], [0, 1], 2),  # one each from elsewhere, or one grid into the other
        ([3, 3, 2], [0, 0, 1], 3),  # what leaves grid 0 fills grid 1: not added
        ([1, 1, 4], [0, 0, 0], 1),  # a unit of one household counts
        ([2, 5], [0, 1], 1),  # a full grid makes up for no lack
        ([4, 0], [0, 1], 0),  # a grid where nobody lives lacks nobody
    ],
)
def test_the_unconditional_bound_of_cases_solved_by_hand(
    households: list[int], grids: list[int], bound: int
) -> None:
    assert unconditional(pose(small_graph(households, grids), SMALL)) == bound


@pytest.mark.parametrize(
    ("households", "grids", "bound"),
    [
        ([20, 20], [0, 1], 20),  # ten each from elsewhere, or one grid into the other
        ([10, 10, 10, 40], [0, 1, 2, 3], 20),
        ([29, 29, 40], [0, 1, 2], 2),
        ([55, 20, 29], [0, 0, 1], 20),  # 75 in grid 0: 20 leave, more than grid 1 lacks
    ],
)
def test_the_unconditional_bound_to_the_household(
    households: list[int], grids: list[int], bound: int
) -> None:
    n = max(grids) + 1
    graph = replace(
        row_graph(households, grids), grid_lower=np.full(n, 30), grid_upper=np.full(n, 55)
    )
    rules = SMALL.with_(grid=Band(30, 55))
    assert unconditional(pose(graph, rules)) == bound


def two_communities(households: list[int], community: list[int]) -> UnitGraph:
    """Each unit a grid; communities of 3–5 and 3–9."""
    n = len(households)
    return replace(
        small_graph(households, list(range(n))),
        community_now=np.array(community, np.int32),
        grid_community=np.array(community, np.int32),
        community_subdistrict=np.zeros(2, np.int32),
        community_lower=np.full(2, 3),
        community_upper=np.array([5, 9]),
        community_is_locked=np.zeros(2, bool),
    )


@pytest.mark.parametrize(
    ("households", "community", "bound"),
    [
        ([3, 4, 4], [0, 0, 1], 3),
        ([4, 1, 1, 4], [0, 0, 0, 1], 1),  # a unit of one household counts
        ([3, 4, 4, 9], [0, 0, 1, -1], 3),  # ground of no community belongs to none
        ([5, 0, 3], [0, 0, 1], 0),
        ([5, 2], [0, 1], 1),
    ],
)
def test_communities_are_bounded_by_their_own_range(
    households: list[int], community: list[int], bound: int
) -> None:
    graph = two_communities(households, community)
    assert unconditional_communities(pose(graph, SMALL)) == bound
    assert unconditional_communities(pose(graph, SMALL.with_(scenario="redraw"))) == 0
    assert unconditional_communities(pose(graph, SMALL.with_(communities="redraw"))) == 0


def test_no_bound_where_today_is_no_argument() -> None:
    graph = small_graph([3, 3], [0, 0])
    assert unconditional(pose(graph, SMALL.with_(scenario="redraw"))) == 0
    assert unconditional_communities(pose(graph, SMALL.with_(scenario="redraw"))) == 0
    assert unconditional_communities(pose(graph, SMALL.with_(communities="redraw"))) == 0


def test_the_bound_of_some_ground_counts_only_grids_that_lie_in_it() -> None:
    instance = pose(small_graph([3, 3, 3, 3], [0, 0, 1, 1]), SMALL)
    assert unconditional(instance) == 6
    assert unconditional(instance, np.array([True, True, False, False])) == 3
    assert unconditional(instance, np.array([True, True, True, False])) == 3, "partly is not in"


def contiguous_best(instance_households: list[int], grids: list[int], nx: int) -> int | None:
    """Fewest households moved in any contiguous plan of a lattice, by enumeration."""
    n, ny = max(grids) + 4, len(grids) // nx
    best: int | None = None
    for choice in product(range(n), repeat=len(grids)):
        size = np.bincount(choice, instance_households, minlength=n)
        if not ((size == 0) | ((size >= 3) & (size <= 5))).all():
            continue
        if any(_broken(choice, z, nx, ny) for z in set(choice)):
            continue
        pairs = zip(instance_households, grids, choice, strict=True)
        moved = sum(h for h, a, b in pairs if a != b)
        best = moved if best is None else min(best, moved)
    return best


def _broken(choice: tuple[int, ...], zone: int, nx: int, ny: int) -> bool:
    left = {i for i, z in enumerate(choice) if z == zone}
    ring = [left.pop()]
    while ring:
        i = ring.pop()
        x, y = i % nx, i // nx
        near = {(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)}
        for j in [a + b * nx for a, b in near if 0 <= a < nx and 0 <= b < ny]:
            if j in left:
                left.remove(j)
                ring.append(j)
    return bool(left)


@pytest.mark.parametrize("seed", range(25))
def test_what_is_proved_of_a_small_town_holds_for_every_plan(seed: int) -> None:
    """2 × 3 units, two grids of 3–5: the certificate's bounds against all 5⁶ plans."""
    rng = np.random.default_rng(seed)
    households = rng.integers(0, 4, 6).tolist()
    grids = [0, 0, 1, 0, 1, 1]
    best = contiguous_best(households, grids, 3)
    graph = lattice_graph(3, 2, households, grids)
    graph = replace(graph, grid_lower=np.full(2, 3), grid_upper=np.full(2, 5))
    solution = solve(pose(graph, SMALL.with_(effort=50)), seed=seed)
    if best is None:
        assert solution.status == "infeasible"
        return
    assert solution.status == "feasible"
    assert solution.bound.unconditional <= best <= solution.moved
    for proof in solution.bound.proofs:
        assert proof.free_bound <= best
        assert proof.free_bound <= proof.bound <= proof.moved
    assert solution.bound.within_plan == sum(p.bound for p in solution.bound.proofs)


@pytest.mark.parametrize(
    ("zone", "community", "method", "bound", "free_bound", "cores"),
    [
        # As it was proved: the proof stands, raised to what whole units alone ask for.
        ([0, 1, 1], [0, 0], "ordered", 5, 4, (0,)),
        # Other grids on the same ground: nothing of the orders, all that held for any shape.
        ([0, 0, 1], [0, 0], "connected", 0, 0, ()),
        ([1, 1, 0], [0, 0], "connected", 4, 4, ()),
        # Other ground: whole units alone.
        ([0, 1, 1], [0, 1], "counted", 0, 0, ()),
    ],
)
def test_a_proof_says_no_more_than_it_proved_of_the_planas_it_is(
    zone: list[int],
    community: list[int],
    method: str,
    bound: int,
    free_bound: int,
    cores: tuple[int, ...],
) -> None:
    """9 households in two grids of at most 5: counting whole units says 3."""
    instance = pose(small_graph([3, 3, 3], [0, 0, 1]), SMALL)
    proved = Town(np.array([0, 1, 1], np.int32), np.zeros(2, np.int32))
    town = Town(np.array(zone, np.int32), np.array(community, np.int32))
    told = as_it_is(instance, proved, town, Proof(0, "ordered", 5, 4, 9, 3, 2, (0,)))
    assert told.method == method
    assert (told.bound, told.free_bound) == (min(bound, told.moved), min(free_bound, told.moved))
    assert told.cores == cores


def test_what_whole_units_ask_for_raises_a_weak_proof() -> None:
    """6 households in a grid of at most 5 whose units have 3: counting says 3."""
    instance = pose(small_graph([3, 3, 3], [0, 0, 1]), SMALL)
    town = Town(np.array([0, 1, 1], np.int32), np.zeros(2, np.int32))
    told = as_it_is(instance, town, town, Proof(0, "ordered", 1, 0, 9, 3, 2, ()))
    assert (told.bound, told.free_bound, told.moved) == (3, 3, 3)


@pytest.mark.parametrize("seed", range(12))
def test_a_proof_counts_ground_as_less_than_a_household(seed: int) -> None:
    """
    A proof of one community against the best plan of it, by enumeration.

    It is never a household too high, and exact where the model is.
    """
    rng = np.random.default_rng(seed + 100)
    households = rng.integers(0, 5, 6).tolist()
    grids = [0, 0, 1, 0, 1, 1]
    best = contiguous_best(households, grids, 3)
    if best is None:
        return
    graph = lattice_graph(3, 2, households, grids)
    graph = replace(graph, grid_lower=np.full(2, 3), grid_upper=np.full(2, 5))
    instance = pose(graph, SMALL.with_(effort=50))
    solution = solve(instance, seed=1)
    town = Town(solution.grid_of_unit, solution.community_of_grid)
    for task in community_tasks(instance, town, open_csr(instance), 1):
        proven = prove_task(task)
        assert proven.proof is not None
        assert proven.proof.free_bound <= best
        assert proven.proof.bound <= solution.moved
        if proven.proof.method == "connected":
            assert proven.proof.bound == best


def test_parts_of_a_compound_used_elsewhere_are_used_up() -> None:
    """A compound over six units may be in three grids; two are used outside the task."""
    graph = replace(
        row_graph([1] * 6, [0, 0, 1, 1, 2, 2]),
        group=np.zeros(6, np.int32),
        group_parts=np.array([3], np.int32),
        community_now=np.array([0, 0, 1, 1, 1, 1], np.int32),
        grid_community=np.array([0, 1, 1], np.int32),
        community_subdistrict=np.zeros(2, np.int32),
        community_lower=np.zeros(2, np.int64),
        community_upper=np.full(2, 10**6),
        community_is_locked=np.zeros(2, bool),
    )
    instance = pose(graph, SMALL)
    town = Town(graph.grid_now, graph.grid_community)
    parts = {
        tuple(task.owners.tolist()): task.part.group_parts.tolist()
        for task in community_tasks(instance, town, open_csr(instance), 1)
    }
    assert parts == {(0,): [1], (1,): [2]}


def test_a_model_of_some_grids_leaves_a_compound_what_the_others_have_not_used() -> None:
    zone = np.array([0, 0, 1, 1, 2, 2], np.int32)
    part = lattice_part(6, 1, [1] * 6, zone, (1, 6), spare=0)
    part = part._replace(group=np.zeros(6, np.int32), group_parts=np.array([3], np.int32))
    whole = zones_model(part, draft_of(part, zone), PRICES, np.arange(3), spare=0)
    assert whole.exact.group_parts.tolist() == [3]
    some = zones_model(part, draft_of(part, zone), PRICES, np.array([0, 1]), spare=0)
    assert some.exact.group_parts.tolist() == [2]
    one = zones_model(part, draft_of(part, zone), PRICES, np.array([0]), spare=0)
    assert one.exact.group_parts.tolist() == [1], "never fewer than one"


def test_units_from_another_community_pay_for_changing_it() -> None:
    """Unit 2 is counted in community 1 today; in a task of community 0 its home is elsewhere."""
    graph = replace(
        row_graph([1, 1, 1], [0, 0, 0]),
        community_now=np.array([0, -1, 1], np.int32),
        community_subdistrict=np.zeros(2, np.int32),
        community_lower=np.zeros(2, np.int64),
        community_upper=np.full(2, 10**6),
        community_is_locked=np.zeros(2, bool),
    )
    instance = pose(graph, SMALL)
    town = Town(np.zeros(3, np.int32), np.zeros(1, np.int32))
    (task,) = community_tasks(instance, town, open_csr(instance), 1)
    assert task.part.home_owner.tolist() == [0, -1, -2]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_least_to_leave_is_a_subset_sum(k: int) -> None:
    from lingwu_grid.engine.town.bounds import least_to_leave  # noqa: PLC0415 - beside its judge

    rng = np.random.default_rng(k)
    for _ in range(50):
        units = rng.integers(1, 12, 6)
        upper = int(rng.integers(0, units.sum() + 2))
        sums = (sum(s) for s in chain.from_iterable(combinations(units, r) for r in range(7)))
        wanted = min(s for s in sums if units.sum() - s <= upper)
        assert least_to_leave(units, upper) == wanted


@pytest.mark.parametrize(
    ("scenario", "weight", "per_metre"),
    [
        ("signable", 30.0, 0.03),
        ("signable", 40.0, 0.04),
        ("signable", 150.0, 0.04),  # the full price comes when grids are cut anew
        ("balanced", 40.0, 0.04),
        ("minimal", 40.0, 0.002),  # the fewest households, a tie by the border
        ("minimal", 150.0, 0.002),
        ("redraw", 40.0, 0.05),
    ],
)
def test_what_a_metre_of_border_off_the_lines_costs(
    scenario: Scenario, weight: float, per_metre: float
) -> None:
    rules = SMALL.with_(scenario=scenario, border_weight=weight)
    assert pose(small_graph([3, 3], [0, 0]), rules).prices.border == pytest.approx(per_metre)


def test_the_default_is_the_plan_that_can_be_signed() -> None:
    assert Rules().scenario == "signable"
    assert Rules().border_weight > FAINT_BORDER
