"""Numba kernel of annealing: moves drawn at random, kept or undone, the best remembered.

The best assignment seen is kept by a journal of what was done since, so that it costs nothing to
meet a better one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search._compiled import borrowing, kernel
from lingwu_grid.engine.search._kernels import (
    Prices,
    State,
    Subproblem,
    chance,
    whole_price,
    whole_short,
)
from lingwu_grid.engine.search._moves import Scratch, attempt, new_scratch, undo

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Journal(NamedTuple):
    """What was done since the best assignment; `head` = [entries, 1 if it ran over]."""

    unit: NDArray[np.int32]
    before: NDArray[np.int32]
    head: NDArray[np.int64]
    best_zone: NDArray[np.int32]
    best_owner: NDArray[np.int32]


@kernel
def note(state: State, scratch: Scratch, journal: Journal, count: int) -> None:
    """Write a move down, so that the best assignment can be come back to."""
    if journal.head[1] == 1:
        return
    if journal.head[0] + count > len(journal.unit):
        # Too long ago: write the best down whole, and stop noting until there is a better one.
        _write_best(state, scratch, journal, count)
        journal.head[1] = 1
        return
    for i in range(count):
        at = journal.head[0]
        journal.unit[at] = scratch.done_unit[i]
        journal.before[at] = scratch.done_from[i]
        journal.head[0] += 1


@kernel
def _write_best(state: State, scratch: Scratch, journal: Journal, count: int) -> None:
    best, owner = journal.best_zone, journal.best_owner
    best[:] = state.zone
    owner[:] = state.zone_owner
    for i in range(count - 1, -1, -1):
        _set_back(best, owner, int(scratch.done_unit[i]), int(scratch.done_from[i]))
    for i in range(journal.head[0] - 1, -1, -1):
        _set_back(best, owner, int(journal.unit[i]), int(journal.before[i]))


@borrowing
def _set_back(zone: NDArray[np.int32], owner: NDArray[np.int32], unit: int, before: int) -> None:
    if unit >= 0:
        zone[unit] = before
    else:
        owner[-1 - unit] = before


@kernel
def anneal(
    part: Subproblem,
    state: State,
    prices: Prices,
    heats: tuple[float, float],
    steps: int,
    rng: NDArray[np.uint64],
    best_zone: NDArray[np.int32],
    best_owner: NDArray[np.int32],
) -> int:
    """
    Anneal (Kirkpatrick, Gelatt, Vecchi 1983) from heat `heats[0]` down to `heats[1]`.

    `best_zone` and `best_owner` (owner of each zone) receive the best assignment seen: the least
    out of range first, then the cheapest. `state` is left at the last one. Returns the
    households out of range of the best.
    """
    n = len(state.zone)
    scratch = new_scratch(n)
    journal = Journal(
        np.empty(4 * n + 64, np.int32), np.empty(4 * n + 64, np.int32), np.zeros(2, np.int64),
        best_zone, best_owner,
    )  # fmt: skip
    hot, cold = heats
    price = whole_price(part, state, prices)
    short = whole_short(part, state)
    best, best_short = price, short
    heat = hot
    for step in range(steps):
        if step % 256 == 0:
            heat = hot * (cold / hot) ** (step / steps)
        change = attempt(part, state, prices, scratch, rng)
        if change.entries == 0:
            continue
        if change.price > 0 and chance(rng) >= np.exp(-change.price / heat):
            undo(part, state, scratch, change.entries)
            continue
        price += change.price
        short += change.short
        if short < best_short or (short == best_short and price < best - 1e-9):
            best, best_short = price, short
            journal.head[:] = 0
        else:
            note(state, scratch, journal, change.entries)
    if journal.head[1] == 0:
        _write_best(state, scratch, journal, 0)
    return best_short
