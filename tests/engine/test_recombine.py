"""Grids cut anew: prices of cuts, what is found, what is never given up."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import never, pose
from lingwu_grid.engine.search._kernels import Subproblem, is_tight
from lingwu_grid.engine.search._recombine import cut_pair
from lingwu_grid.engine.search.search import Draft, price_of, seeded, state_of, violation
from lingwu_grid.engine.shapes import shapeless
from lingwu_grid.engine.solve import solve
from lingwu_grid.engine.town.levels import Task
from lingwu_grid.engine.town.recombine import cut_task, recombine
from lingwu_grid.lawful import ANY
from lingwu_grid.lawful import is_tight as by_rule
from tests.engine.towns import (
    PRICES,
    draft_of,
    lattice_graph,
    lattice_part,
    striped_towns,
    zones_in_pieces,
)

CLEAR = PRICES._replace(violation=1000.0, border=0.5)


def _task(part: Subproblem, zone: np.ndarray, seed: int = 0) -> Task:
    n = len(part.lower)
    return Task(
        np.arange(len(zone)), np.arange(n, dtype=np.int32), np.zeros(1, np.int32), part,
        draft_of(part, zone), CLEAR, (seed,), 100, 0.0,
    )  # fmt: skip


def _cuts(part: Subproblem, zone: np.ndarray, a: int, b: int, seed: int) -> tuple[np.ndarray, ...]:
    units = np.flatnonzero((zone == a) | (zone == b)).astype(np.int32)
    found, price = np.zeros((20, len(units)), np.bool_), np.empty(20)
    local = np.full(len(zone), -1, np.int32)
    draft = draft_of(part, zone)
    rng = seeded(seed)
    cut_pair(part, state_of(part, draft), CLEAR, a, b, units, local, rng, found, price)
    assert (local == -1).all()
    return units, found, price


@given(striped_towns(), st.integers(0, 50))
def test_the_price_of_a_cut_is_that_of_the_plan(
    town: tuple[Subproblem, np.ndarray], seed: int
) -> None:
    part, zone = town
    units, found, price = _cuts(part, zone, 0, 1, seed)
    rest = set()
    for row, cost in zip(found[np.isfinite(price)], price[np.isfinite(price)], strict=True):
        cut = zone.copy()
        cut[units] = np.where(row, 0, 1)
        assert not zones_in_pieces(part, cut)
        rest.add(round(price_of(part, draft_of(part, cut), CLEAR) - cost, 4))
    assert len(rest) <= 1  # what all cuts have in common: the other zones


@given(striped_towns(), st.integers(0, 50))
def test_a_plan_cut_anew_is_never_worse(town: tuple[Subproblem, np.ndarray], seed: int) -> None:
    part, zone = town
    rng = np.random.default_rng(seed)
    # A few units go over, so that there is something to do.
    for u in rng.integers(0, len(zone), 4).tolist():
        moved = zone.copy()
        moved[u] = zone[part.indices[part.indptr[u]]]
        if not zones_in_pieces(part, moved) and len(np.unique(moved)) == len(np.unique(zone)):
            zone = moved
    before = draft_of(part, zone)
    after = recombine(_task(part, zone, seed), shapeless, stop=never)
    assert price_of(part, after, CLEAR) <= price_of(part, before, CLEAR) + 1e-9
    assert violation(part, after) <= violation(part, before)
    assert not zones_in_pieces(part, after.zone)


def test_the_cheapest_cut_of_all_is_found() -> None:
    # 4 x 3 units of 10 households, zones of 50 to 70; the left one begins with all but one column.
    zone = np.array([0, 0, 0, 1] * 3, np.int32)
    part = lattice_part(4, 3, [10] * 12, zone, (50, 70), spare=0)
    now = zone.copy()
    now[[2, 6, 5]] = 1  # crooked: 60 and 60, five edges of border
    best = np.inf
    for row in itertools.product((0, 1), repeat=12):
        cut = np.array(row, np.int32)
        if len(np.unique(cut)) == 2 and not zones_in_pieces(part, cut):
            best = min(best, price_of(part, draft_of(part, cut), CLEAR))
    found = recombine(_task(part, now), shapeless, stop=never)
    assert price_of(part, found, CLEAR) == pytest.approx(best)
    assert price_of(part, draft_of(part, now), CLEAR) > best + 1


def test_the_outline_decides_between_cuts() -> None:
    # Either side of the middle row may be cut off; the outline is free only with units 0 to 3.
    zone = np.array([0] * 8 + [1] * 4, np.int32)
    part = lattice_part(4, 3, [10] * 12, zone, (40, 80), spare=0)
    part = part._replace(home_households=np.zeros(12, np.int64), home_zone=zone - zone)
    now = zone.copy()
    now[7] = 1
    free = ((0, 1, 2, 3), (4, 5, 6, 7, 8, 9, 10, 11))

    def outline(units: np.ndarray) -> float:
        return 0.0 if tuple(units.tolist()) in free else 90.0

    found = recombine(_task(part, now), outline, stop=never)
    assert sorted(np.unique(found.zone, return_counts=True)[1].tolist()) == [4, 8]
    assert len(set(found.zone[:4].tolist())) == 1
    assert outline(np.flatnonzero(found.zone == found.zone[0])) == 0


def test_on_any_number_of_workers_the_same() -> None:
    rng = np.random.default_rng(5)
    zone = np.repeat(np.arange(6, dtype=np.int32), 20)
    part = lattice_part(10, 12, rng.integers(1, 9, 120).tolist(), zone, (60, 140), spare=1)
    now = zone.copy()
    now[20:28:2] = 0
    task = _task(part, now)
    one, four = (recombine(task, shapeless, stop=never, workers=w) for w in (1, 4))
    assert (one.zone == four.zone).all()
    assert (one.zone != now).any()


def test_a_locked_zone_and_an_interrupt_change_nothing() -> None:
    zone = np.array([0, 0, 0, 1] * 3, np.int32)
    part = lattice_part(4, 3, [10] * 12, zone, (50, 70), spare=0)
    now = zone.copy()
    now[[2, 6, 5]] = 1
    locked = part._replace(is_locked=np.array([True, False]))
    assert (recombine(_task(locked, now), shapeless, stop=never).zone == now).all()
    stopped = recombine(_task(part, now), shapeless, stop=lambda **_: True)
    assert (stopped.zone == now).all()


@pytest.mark.parametrize(
    ("size", "tight"),
    [(299, False), (300, True), (303, True), (304, False), (494, False), (495, True),
     (500, True), (501, False)],
)  # fmt: skip
def test_a_count_is_tight_within_a_hundredth_of_a_bound(size: int, *, tight: bool) -> None:
    assert is_tight(size, 300, 500) is tight
    assert by_rule(size, 300, 500) is tight


@given(st.integers(0, 600), st.integers(0, 400), st.integers(0, 400) | st.just(ANY))
def test_the_search_and_the_rule_agree_on_tight(size: int, lower: int, room: int) -> None:
    upper = room if room == ANY else lower + room
    assert is_tight(size, lower, upper) == by_rule(size, lower, upper)


def test_no_bound_is_not_near() -> None:
    assert not by_rule(0, 0, ANY)
    assert not by_rule(5, 0, ANY)


@pytest.mark.parametrize(("scenario", "tight"), [("signable", 150.0), ("minimal", 0.0)])
def test_a_tight_count_is_paid_for_when_grids_are_cut(scenario: str, tight: float) -> None:
    rules = Rules(community=Band(1, 10**6)).with_(scenario=scenario)
    instance = pose(lattice_graph(2, 1, [400, 400], [0, 1]), rules)
    zone = np.array([0, 1], np.int32)
    part = lattice_part(2, 1, [400, 400], zone, (300, 500))
    prices = cut_task(instance, _task(part, zone)).prices
    assert prices.tight == tight
    assert prices.border == pytest.approx(0.3 if scenario == "signable" else 0.002)
    assert instance.prices.tight == 0


def test_what_clear_borders_cost_is_told() -> None:
    # Nine rows of ten. Grid 0 is 13 over: two units will do, seven make the border straight.
    graph = lattice_graph(10, 9, [9] * 90, [0] * 57 + [1] * 33)
    rules = Rules(community=Band(1, 10**6), border_weight=100_000.0)
    solution = solve(pose(graph, rules), seed=1)
    grid = solution.grid_of_unit.reshape(9, 10)
    assert (grid == grid[:, :1]).all()
    assert solution.clear_price == 63 - 18
    assert solution.moved == 63


def test_a_draft_keeps_its_owners() -> None:
    zone = np.array([0, 0, 1, 1], np.int32)
    part = lattice_part(4, 1, [10] * 4, zone, (10, 30), spare=0)
    found = recombine(_task(part, zone), shapeless, stop=never)
    assert isinstance(found, Draft)
    assert (found.owner == part.zone_owner).all()
