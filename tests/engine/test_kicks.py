"""Kicks: compounds change places, streets go along, and what must stay stays."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lingwu_grid.engine.instance import never
from lingwu_grid.engine.search._kernels import Prices, Subproblem
from lingwu_grid.engine.search._kicks import kick
from lingwu_grid.engine.search._moves import new_scratch
from lingwu_grid.engine.search.search import Draft, seeded, state_of, violation
from lingwu_grid.engine.town.kicks import kicked
from lingwu_grid.graph import pieces
from tests.engine.towns import draft_of, lattice_part

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
