"""Numba kernels of a step: a move is drawn, and done where it pays or where luck has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.search._compiled import inlined
from lingwu_grid.engine.search._kernels import (
    Prices,
    State,
    Subproblem,
    chance,
    draw,
    flip_price,
)
from lingwu_grid.engine.search._moves import (
    Change,
    Scratch,
    chain,
    cluster,
    do_flip,
    may_leave,
    merge_split,
    some_neighbour,
    touches,
    undo,
    whole_zone,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGE = 400
"""Units of a part above which moves that walk all of it become rarer."""


@inlined
def attempt(
    part: Subproblem, state: State, prices: Prices, scratch: Scratch, rng: NDArray[np.uint64],
    heat: float,
) -> Change:  # fmt: skip
    """Draw a move, and do it where it pays or where luck has it (Metropolis)."""
    none = Change(0, 0.0, 0)
    unit = int(scratch.rim.unit[draw(rng, int(scratch.rim.filled[0]))])
    to = some_neighbour(part, state, unit, rng)
    if to < 0:
        return none
    kind = draw(rng, 8192)
    most = -heat * np.log(chance(rng))
    if kind >= 512:
        return _flipped(part, state, prices, scratch, unit, to, kind, most)
    change = _large(part, state, prices, scratch, unit, to, kind, rng)
    if change.price > most:
        undo(part, state, scratch, change.entries)
        return none
    return change


@inlined
def _large(
    part: Subproblem, state: State, prices: Prices, scratch: Scratch, unit: int, to: int, kind: int,
    rng: NDArray[np.uint64],
) -> Change:  # fmt: skip
    """Do a chain, or one of the moves that walk all of a part: the rarer, the larger it is."""
    if kind >= 4:
        return chain(part, state, prices, scratch, unit, to, rng)
    if draw(rng, len(state.zone)) >= LARGE:
        return Change(0, 0.0, 0)
    if kind == 0:
        return merge_split(part, state, prices, scratch, unit, to, rng)
    return whole_zone(part, state, prices, scratch, unit, to)


@inlined
def _flipped(
    part: Subproblem, state: State, prices: Prices, scratch: Scratch, unit: int, to: int, kind: int,
    most: float,
) -> Change:  # fmt: skip
    """Flip a unit, with what hangs on it now and then, if that costs no more than `most`."""
    none = Change(0, 0.0, 0)
    now = int(part.zone_now[unit])
    is_away = now >= 0 and now != state.zone[unit] and not part.is_locked[now]
    if kind < 1536 and is_away and touches(part, state, unit, now):
        to = now  # back to today's zone
    # To price a flip is cheap, to walk the zone that it leaves is dear.
    is_cheap = flip_price(part, state, prices, unit, to) <= most
    if not is_cheap and kind >= 2048:
        return none
    if may_leave(part, state, scratch, unit, to):
        return do_flip(part, state, prices, scratch, none, unit, to) if is_cheap else none
    if kind >= 2048:
        return none
    change = cluster(part, state, prices, scratch, unit, to)
    if change.price > most:
        undo(part, state, scratch, change.entries)
        return none
    return change
