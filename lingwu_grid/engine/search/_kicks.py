"""Numba kernel of a kick: a chain of units forced out of their zones, whatever it costs.

Where whole compounds of 200 or 300 households must change places, the way from one lawful
arrangement to another leads over assignments hundreds of households out of range, which annealing
does not climb. A kick goes there at once; a short search round it settles the small units anew
(iterated local search: Lourenço, Martin, Stützle 2003).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.engine.search._compiled import borrowing
from lingwu_grid.engine.search._kernels import Prices, State, Subproblem, draw, flip
from lingwu_grid.engine.search._moves import FAR, Scratch, may_leave, some_neighbour, whole_zone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHOICE = 6
"""Units that one is chosen from, heavy ones more often."""

PATIENCE = 400
"""Units drawn in search of those."""

WAYS = 20
"""Ways out tried for a unit; and zones, for one to give away."""


@borrowing
def kick(
    part: Subproblem,
    state: State,
    scratch: Scratch,
    zone: int,
    length: int,
    rng: NDArray[np.uint64],
) -> int:
    """
    Push a unit out of `zone`, one out of the zone that got it, and so on.

    Parameters
    ----------
    part
        Units and zones; units are drawn from `part.drawn`.
    state
        The assignment; changed, every zone and owner left in one piece.
    scratch
        Buffers.
    zone
        Where to begin.
    length
        Units to push.
    rng
        State of the random numbers.

    Returns
    -------
    int
        Units pushed: fewer where one has no way out.
    """
    for pushed in range(length):
        unit = _some_heavy_unit(part, state, zone, rng)
        if unit < 0:
            return pushed
        for _ in range(WAYS):
            _push(part, state, scratch, unit, rng)
            if state.zone[unit] != zone:
                break
        if state.zone[unit] == zone:
            return pushed
        zone = int(state.zone[unit])
    return length


@borrowing
def give_away(
    part: Subproblem, state: State, prices: Prices, scratch: Scratch, rng: NDArray[np.uint64]
) -> bool:
    """Give some zone on the rim of its owner to the owner it touches; tell whether one was."""
    for _ in range(2 * WAYS):
        unit = int(part.drawn[draw(rng, len(part.drawn))])
        to = some_neighbour(part, state, unit, rng)
        if to < 0 or state.zone_owner[to] == state.owner[unit]:
            continue
        if whole_zone(part, state, prices, scratch, unit, to).entries > 0:
            return True
    return False


@borrowing
def _some_heavy_unit(part: Subproblem, state: State, zone: int, rng: NDArray[np.uint64]) -> int:
    best = -1
    most = -1
    met = 0
    for _ in range(PATIENCE):
        unit = int(part.drawn[draw(rng, len(part.drawn))])
        if state.zone[unit] != zone or part.households[unit] == 0 or part.is_fixed[unit]:
            continue
        met += 1
        weight = int(part.households[unit]) * (1 + draw(rng, 100))
        if weight > most:
            most = weight
            best = unit
        if met == CHOICE:
            break
    return best


@borrowing
def _push(
    part: Subproblem, state: State, scratch: Scratch, unit: int, rng: NDArray[np.uint64]
) -> None:
    """Walk over empty units to another zone, and take them and `unit` there, as far as it goes."""
    here = int(state.zone[unit])
    path = scratch.done_from
    count = 0
    at = unit
    goal = here
    while goal == here:
        degree = int(part.indptr[at + 1] - part.indptr[at])
        if degree == 0:
            return
        at = int(part.indices[part.indptr[at] + draw(rng, degree)])
        is_lived_in = part.households[at] > 0
        # An empty unit of another zone is where the walk ends, or the next step of it.
        if state.zone[at] != here and (is_lived_in or draw(rng, 2) == 0):
            goal = int(state.zone[at])
        elif is_lived_in or part.is_fixed[at] or count == FAR:
            return
        else:
            path[count] = at
            count += 1
    if part.is_locked[goal]:
        return
    for i in range(count - 1, -1, -1):
        if not _taken(part, state, scratch, int(path[i]), goal):
            return
    _taken(part, state, scratch, unit, goal)


@borrowing
def _taken(part: Subproblem, state: State, scratch: Scratch, unit: int, goal: int) -> bool:
    """Move a unit that touches a zone into it, if what it leaves stays in one piece."""
    here = int(state.zone[unit])
    if here == goal:
        return True
    if part.is_locked[here] or not may_leave(part, state, scratch, unit, goal):
        return False
    flip(part, state, unit, goal)
    return True
