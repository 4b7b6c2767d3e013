"""The search keeps every zone whole and never makes a plan worse."""

from __future__ import annotations

from functools import partial

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.engine.search._kernels import (
    Subproblem,
    flip,
    flip_price,
    whole_price,
    whole_short,
)
from lingwu_grid.engine.search.openings import recounted, varied
from lingwu_grid.engine.search.search import can_leave, improve, rank, refine, seeded, state_of
from tests.engine.towns import PRICES, draft_of, lattice_part, striped_towns, zones_in_pieces

TOWNS = striped_towns()


@given(TOWNS, st.data())
@settings(max_examples=60, deadline=None)
def test_can_leave_agrees_with_networkx(
    town: tuple[Subproblem, np.ndarray], data: st.DataObject
) -> None:
    part, zone = town
    unit = data.draw(st.integers(0, len(zone) - 1))
    without = zone.copy()
    without[unit] = zone.max() + 1
    rest = int(zone[unit])
    broken = rest in zones_in_pieces(part, without)
    assert can_leave(part, zone, unit) is not broken


@given(TOWNS, st.data())
@settings(max_examples=60, deadline=None)
def test_the_price_of_a_flip_is_the_difference_of_whole_prices(
    town: tuple[Subproblem, np.ndarray], data: st.DataObject
) -> None:
    part, zone = town
    unit = data.draw(st.integers(0, len(zone) - 1))
    to = data.draw(st.integers(0, len(part.lower) - 1))
    state = state_of(part, draft_of(part, zone))
    if to == zone[unit]:
        return
    before = whole_price(part, state, PRICES)
    promised = flip_price(part, state, PRICES, unit, to)
    flip(part, state, unit, to)
    assert abs(whole_price(part, state, PRICES) - before - promised) < 1e-6
    assert whole_short(part, state) == whole_short(part, state_of(part, draft_of(part, state.zone)))


@given(TOWNS, st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_search_keeps_zones_whole_and_never_gets_worse(
    town: tuple[Subproblem, np.ndarray], seed: int
) -> None:
    part, zone = town
    start = draft_of(part, zone)
    for search in (partial(improve, starts=4), refine):
        found = search(part, start, PRICES, seed=(seed,), effort=20)
        assert zones_in_pieces(part, found.zone) == []
        assert rank(part, found, PRICES) <= rank(part, start, PRICES)
        again = search(part, start, PRICES, seed=(seed,), effort=20)
        assert (found.zone == again.zone).all()


@given(TOWNS, st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_opening_and_closing_keeps_zones_whole(
    town: tuple[Subproblem, np.ndarray], seed: int
) -> None:
    part, zone = town
    owner = part.zone_owner
    assert zones_in_pieces(part, varied(part, zone, owner, seeded(seed))) == []


@given(TOWNS, st.integers(0, 3), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_zones_are_closed_or_opened_until_there_are_as_many_as_wished(
    town: tuple[Subproblem, np.ndarray], seed: int, wanted: int
) -> None:
    part, zone = town
    part = part._replace(
        owner_zones=np.array([wanted], np.int64),
        households=np.maximum(part.households, 20),
        counts=np.maximum(part.households, 20),
    )
    found = recounted(part, zone, part.zone_owner, seeded(seed))
    assert zones_in_pieces(part, found) == []
    # Two zones are spare: a town of two stripes can have four.
    assert len(np.unique(found)) == wanted


def test_the_cheapest_repair_is_found_by_hand() -> None:
    """
    A row of six units in two zones, 300–500 each.

    Zone 0 has 200 + 200 + 150 = 550, zone 1 has 100 + 90 + 90 = 280. Only the unit at the
    border can cross: 150 households move, and 400 | 430 is lawful.
    """
    zone = np.array([0, 0, 0, 1, 1, 1], np.int32)
    part = lattice_part(6, 1, [200, 200, 150, 100, 90, 90], zone, (300, 500))
    found = improve(part, draft_of(part, zone), PRICES, starts=2, seed=(0,), effort=100)
    assert found.zone.tolist() == [0, 0, 1, 1, 1, 1]
