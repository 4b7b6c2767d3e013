"""Moves are drawn from the rim alone: it must be whole, and nothing but the rim, at all times."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.engine.search._compiled import borrowing
from lingwu_grid.engine.search._kernels import State, Subproblem, flip
from lingwu_grid.engine.search._rim import Rim, fill_rim, follow, new_rim
from lingwu_grid.engine.search.search import state_of
from tests.engine.towns import draft_of, striped_towns

TOWNS = striped_towns()


@borrowing
def _filled(part: Subproblem, state: State, rim: Rim) -> None:
    fill_rim(part, state, rim)


@borrowing
def _moved(part: Subproblem, state: State, rim: Rim, unit: int, to: int) -> None:
    before = int(state.zone[unit])
    flip(part, state, unit, to)
    follow(part, state, rim, unit, before)


def _by_definition(part: Subproblem, zone: np.ndarray, free: np.ndarray) -> list[int]:
    """List the free units with a neighbour in another zone."""
    return [
        u
        for u in free.tolist()
        if any(zone[v] != zone[u] for v in part.indices[part.indptr[u] : part.indptr[u + 1]])
    ]


@given(TOWNS, st.data())
@settings(max_examples=60, deadline=None)
def test_the_rim_is_what_touches_another_zone(
    town: tuple[Subproblem, np.ndarray], data: st.DataObject
) -> None:
    part, zone = town
    n, zones = len(zone), len(part.lower)
    fixed = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    drawn = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    locked = np.zeros(zones, np.bool_)
    locked[data.draw(st.integers(0, zones - 1))] = data.draw(st.booleans())
    part = part._replace(is_fixed=fixed, drawn=drawn.astype(np.int32), is_locked=locked)
    state, rim = state_of(part, draft_of(part, zone)), new_rim(n)
    _filled(part, state, rim)
    free = drawn[~fixed[drawn] & ~locked[zone[drawn]]]
    movable = np.flatnonzero(~locked[zone])
    for _ in range(12):
        count = int(rim.filled[0])
        assert sorted(rim.unit[:count].tolist()) == _by_definition(part, state.zone, free)
        assert (rim.place[rim.unit[:count]] == np.arange(count)).all()
        if not len(movable) or locked.all():
            break
        unit = data.draw(st.sampled_from(movable.tolist()))
        to = data.draw(st.sampled_from(np.flatnonzero(~locked).tolist()))
        if to != state.zone[unit]:
            _moved(part, state, rim, unit, to)
