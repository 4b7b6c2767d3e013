"""Kicks: compounds change places, streets go along, and what must stay stays."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lingwu_grid.contract.rules import Rules
from lingwu_grid.engine.instance import never, pose
from lingwu_grid.engine.search._kernels import Prices, Subproblem
from lingwu_grid.engine.search._kicks import kick
from lingwu_grid.engine.search._moves import new_scratch
from lingwu_grid.engine.search.search import Draft, seeded, state_of, violation
from lingwu_grid.engine.town import kicks as kicks_module
from lingwu_grid.engine.town.kicks import kicked, kicked_cheaper, kicked_streets, zones_with_moves
from lingwu_grid.engine.town.levels import Task, Town
from lingwu_grid.graph import pieces
from tests.engine.towns import draft_of, lattice_graph, lattice_part

if TYPE_CHECKING:
    from lingwu_grid.engine.shapes import Shape

PRICES = Prices(
    violation=12.0, moved=1.0, ground=0.05, border=0.04, deviation=0.0, community=3.0,
    measure=0.0, owner=3.0, zones=0.0, tight=0.0,
)  # fmt: skip


def compounds_in_a_ring() -> tuple[Subproblem, Draft]:
    """Eight compounds in a ring: today's pairs do not fit, all of those shifted by one do."""
    households = [300, 260, 140, 240, 160, 230, 170, 100]
    part = lattice_part(8, 1, households, np.repeat(np.arange(4), 2), (395, 405), spare=0)
    near = [sorted({(i - 1) % 8, (i + 1) % 8}) for i in range(8)]
    part = part._replace(
        indptr=np.arange(0, 17, 2, dtype=np.int32),
        indices=np.array(list(itertools.chain(*near)), np.int32),
        edge_cost=np.full(16, 10.0),
    )
    return part, draft_of(part, np.repeat(np.arange(4), 2))


def shifted_ring() -> Task:
    """Eight compounds of one size in a ring, in pairs as today, but all shifted by one."""
    part, draft = compounds_in_a_ring()
    part = part._replace(
        households=np.full(8, 200), counts=np.full(8, 200), home_households=np.full(8, 200)
    )
    zone = ((np.arange(8) + 1) // 2 % 4).astype(np.int32)
    rows = np.arange(8, dtype=np.int64), np.arange(4, dtype=np.int32), np.zeros(1, np.int32)
    return Task(*rows, part, Draft(zone, draft.owner), PRICES, (7,), 100, 0.0)


def no_outline(units: np.ndarray) -> float:
    return 0.0 * len(units)


def dear_outline(units: np.ndarray) -> float:
    return 500.0 if len(units) else 0.0


@pytest.mark.parametrize("shape", [no_outline, dear_outline])
@pytest.mark.parametrize("workers", [1, 3])
def test_compounds_go_home_together_where_none_can_alone(workers: int, shape: Shape) -> None:
    task = shifted_ring()
    assert moved(task, task.draft) == 800
    found = kicked_cheaper(task, shape, kicks=80, stop=never, workers=workers)
    assert moved(task, found) == 0
    assert found.zone.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_nothing_goes_out_of_range_for_a_cheaper_plan() -> None:
    part, home = compounds_in_a_ring()
    zone = ((np.arange(8) + 1) // 2 % 4).astype(np.int32)
    task = shifted_ring()._replace(
        part=part, draft=home._replace(zone=zone), prices=PRICES._replace(violation=0.001)
    )
    assert violation(part, task.draft) == 0
    assert violation(part, home) > 0
    found = kicked_cheaper(task, no_outline, kicks=80, stop=never)
    assert violation(part, found) == 0


def test_a_cheaper_plan_is_left_where_its_outlines_cost_more_or_time_is_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # One at a time: what costs more may not win for want of anything better.
    monkeypatch.setattr(kicks_module, "BATCH", 1)
    task = shifted_ring()

    def likes_the_shift(units: np.ndarray) -> float:
        return 0.0 if {int(u) % 2 for u in units[:1]} == {1} or units[-1] == 7 else 2000.0

    for shape, kicks, is_over in (
        (likes_the_shift, 80, False), (no_outline, 0, False), (no_outline, 80, True),
    ):  # fmt: skip
        found = kicked_cheaper(
            task, shape, kicks=kicks, stop=lambda *, is_lawful=True, o=is_over: o and is_lawful
        )
        assert (found.zone == task.draft.zone).all()


def test_kicks_begin_where_households_moved_and_a_grid_is_open_and_free() -> None:
    task = shifted_ring()
    home = task.draft._replace(zone=task.part.zone_now)
    assert not len(zones_with_moves(task.part, home))
    assert kicked_cheaper(task._replace(draft=home), no_outline, kicks=9, stop=never) is home
    one = home._replace(zone=np.array([1, 1, 1, 1, 2, 2, 3, 3], np.int32))
    assert zones_with_moves(task.part, one).tolist() == [1]
    locked = task.part._replace(is_locked=np.array([False, True, False, False]))
    assert not len(zones_with_moves(locked, one))
    lived_in = np.array([0, 0, *[200] * 6])
    bare = task.part._replace(households=lived_in, counts=lived_in)
    assert not len(zones_with_moves(bare, one))


@pytest.mark.parametrize(
    ("proof_gap", "effort", "kicks"), [(0.01, 100, 20), (0.02, 100, 6), (0.01, 50, 10)]
)
def test_kicks_go_by_units_and_effort_and_a_large_study_has_fewer(
    monkeypatch: pytest.MonkeyPatch, proof_gap: float, effort: int, kicks: int
) -> None:
    grids = np.repeat(np.arange(2), 50)
    graph = lattice_graph(10, 10, [8] * 100, grids.tolist())
    graph = replace(
        graph, community_now=grids.astype(np.int32), grid_community=np.arange(2, dtype=np.int32),
        community_subdistrict=np.zeros(2, np.int32), community_lower=np.zeros(2, np.int64),
        community_upper=np.full(2, 10**6), community_is_locked=np.zeros(2, np.bool_),
    )  # fmt: skip
    instance = pose(graph, Rules(proof_gap=proof_gap, effort=effort))
    town = Town(graph.grid_now, graph.grid_community)
    asked: list[tuple[int, float, float]] = []

    def told(task: Task, shape: Shape, *, kicks: int, **how: object) -> Draft:
        assert shape is instance.shape
        assert how["workers"] == 3
        asked.append((kicks, task.prices.violation, task.prices.border))
        return task.draft

    monkeypatch.setattr(kicks_module, "kicked_cheaper", told)
    same = kicked_streets(instance, town, 0, stop=never, workers=3)
    assert (same.zone == town.zone).all()
    # A search's price for what is out of range, the full one for borders.
    assert asked == [(kicks, instance.prices.violation, instance.border_weight / 1000)]


def moved(task: Task, draft: Draft) -> int:
    return int(task.part.households[draft.zone != task.part.zone_now].sum())


def in_one_piece(part: Subproblem, zone: np.ndarray) -> bool:
    return len(np.unique(pieces(part.indptr, part.indices, zone))) == len(np.unique(zone))


def test_compounds_change_places_all_round() -> None:
    part, draft = compounds_in_a_ring()
    assert violation(part, draft) == 300
    found = kicked(part, draft, PRICES, tries=300, seed=(1,), stop=never)
    assert np.bincount(found.zone, part.households).tolist() == [400, 400, 400, 400]
    assert in_one_piece(part, found.zone)


def test_no_kick_is_tried_when_told_to_stop_or_where_nothing_may_move() -> None:
    part, draft = compounds_in_a_ring()
    found = kicked(part, draft, PRICES, tries=300, seed=(1,), stop=lambda: True)
    assert (found.zone == draft.zone).all()
    locked = part._replace(is_locked=np.ones(4, np.bool_))
    found = kicked(locked, draft, PRICES, tries=300, seed=(1,), stop=never)
    assert (found.zone == draft.zone).all()


def test_a_compound_takes_the_empty_street_along() -> None:
    zone = np.array([0, 0, 0, 0, 1, 1], np.int32)
    part = lattice_part(6, 1, [200, 200, 0, 0, 200, 200], zone, (300, 500), spare=0)
    seen = set()
    for number in range(40):
        state = state_of(part, draft_of(part, zone))
        kick(part, state, new_scratch(6), 0, 1, seeded(number))
        seen.add(tuple(state.zone.tolist()))
        assert in_one_piece(part, state.zone)
    # The first compound has no way out; the second goes, or only the street before it does.
    assert (0, 1, 1, 1, 1, 1) in seen
    assert seen <= {(0, 1, 1, 1, 1, 1), (0, 0, 0, 0, 1, 1)}


@pytest.mark.parametrize("length", [1, 4])
def test_kicks_keep_zones_whole_fixed_units_and_locked_zones_still(length: int) -> None:
    rng = np.random.default_rng(3)
    zone = ((np.arange(64) % 8) // 4 + 2 * (np.arange(64) // 32)).astype(np.int32)
    households = np.where(rng.random(64) < 0.4, 0, rng.integers(5, 60, 64)).tolist()
    part = lattice_part(8, 8, households, zone, (300, 500), spare=0)
    part = part._replace(
        is_fixed=rng.random(64) < 0.2, is_locked=np.array([False, False, False, True])
    )
    changed = 0
    for number in range(200):
        state = state_of(part, draft_of(part, zone))
        pushed = kick(part, state, new_scratch(64), 0, length, seeded(number))
        again = state_of(part, draft_of(part, state.zone))
        assert in_one_piece(part, state.zone)
        assert (state.size == again.size).all()
        assert (state.zone == zone)[part.is_fixed | (zone == 3)].all()
        assert (state.zone != 3)[zone != 3].all()
        assert pushed <= length
        changed += (state.zone != zone).any()
    assert changed > 40
