"""Mend what lies too deep for models of a few zones: kicks, each with a short search round it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.search._kernels import draw
from lingwu_grid.engine.search._kicks import give_away, kick
from lingwu_grid.engine.search._moves import new_scratch
from lingwu_grid.engine.search.search import (
    Draft,
    annealed,
    best_of,
    breaks_owner,
    seeded,
    state_of,
    violation,
)
from lingwu_grid.engine.town.mend import faulty_zones
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Stop
    from lingwu_grid.engine.search._kernels import Prices, Subproblem

RINGS = 3
"""How far from the fault zones take part, in zones."""

LONGEST = 4
"""Units of the longest kick."""

HEATS = (12.0, 0.05)
STEPS_PER_UNIT = 60
"""Of the search after a kick."""

GIFTS = 0.4
"""Share of the kicks after which a zone changes its owner as well."""

WORST = 5
"""Of the zones at fault, among how many every other kick begins; the rest begin at the worst."""

STRAY = 5.0
"""Households further out of range, on average, that a step may be than the one before it."""

RETURN = 60
"""Kicks without gain after which the best assignment is come back to."""


def kicked(
    part: Subproblem,
    draft: Draft,
    prices: Prices,
    *,
    tries: int,
    seed: tuple[int, ...],
    stop: Stop,
) -> Draft:
    """
    Kick round the faults of an assignment until none is left, or no kick has helped for long.

    Parameters
    ----------
    part
        Units and zones.
    draft
        Where to start, every zone in one piece.
    prices
        What the search pays for.
    tries
        Kicks without gain after which it is given up.
    seed
        The same numbers give the same result.
    stop
        Asked between kicks.

    Returns
    -------
    Draft
        Ranks at least as well, every zone in one piece, no owner in more pieces.
    """
    best = now = draft
    least = short = violation(part, draft)
    luck = np.random.default_rng((*seed, 1))
    number = since = 0
    while least and since < tries and not stop():
        faults = [z for z in faulty_zones(part, now, of_owners=True) if not part.is_locked[z]]
        if not faults:
            break
        zone = int(luck.choice(faults[: WORST if number % 2 else 1]))
        found = _kicked_once(part, now, prices, zone, 1 + number % LONGEST, (*seed, number))
        number, since = number + 1, since + 1
        now_short = violation(part, found)
        if now_short <= short + luck.exponential(STRAY) and not breaks_owner(part, draft, found):
            now, short = found, now_short
        if short < least:
            best, least, since = now, short, 0
        elif since % RETURN == 0:
            now, short = best, least
    return best_of(part, prices, draft, best)


def _kicked_once(
    part: Subproblem,
    draft: Draft,
    prices: Prices,
    zone: int,
    length: int,
    seed: tuple[int, ...],
) -> Draft:
    """Kick once, and search on among the zones round it, the rest standing still."""
    near = np.isin(draft.zone, _around(part, draft, zone))
    here = part._replace(
        is_fixed=part.is_fixed | ~near, drawn=np.flatnonzero(near).astype(np.int32)
    )
    state, rng = state_of(part, draft), seeded(*seed)
    scratch = new_scratch(len(draft.zone))
    kick(here, state, scratch, zone, length, rng)
    if draw(rng, 100) < 100 * GIFTS:
        give_away(here, state, prices, scratch, rng)
    steps = STEPS_PER_UNIT * len(here.drawn)
    start = Draft(state.zone, state.zone_owner)
    return annealed(here, start, prices, heats=HEATS, steps=steps, seed=(*seed, 1))


def _around(part: Subproblem, draft: Draft, zone: int) -> NDArray[np.int32]:
    """List the zones within `RINGS` of one, itself among them."""
    source, target = draft.zone[sources(part.indptr)], draft.zone[part.indices]
    is_near = np.zeros(len(part.lower), np.bool_)
    is_near[zone] = True
    for _ in range(RINGS):
        is_near[target[is_near[source]]] = True
    return np.flatnonzero(is_near & ~part.is_locked).astype(np.int32)
