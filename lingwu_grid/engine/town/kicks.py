"""Kicks, each with a short search round it: iterated local search.

They mend what lies too deep for models of a few zones, and find what is cheaper a long way off.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search._kernels import draw
from lingwu_grid.engine.search._kicks import give_away, kick
from lingwu_grid.engine.search._moves import new_scratch
from lingwu_grid.engine.search.search import (
    Draft,
    annealed,
    best_of,
    breaks_owner,
    price_of,
    seeded,
    state_of,
    violation,
)
from lingwu_grid.engine.town.labels import relabel
from lingwu_grid.engine.town.levels import open_csr, with_task
from lingwu_grid.engine.town.mend import faulty_zones
from lingwu_grid.engine.town.parallel import run_all
from lingwu_grid.engine.town.recombine import GAIN, LENGTH, clear_streets, cut_task, is_worse
from lingwu_grid.engine.town.tally import outlines
from lingwu_grid.engine.town.tidy import QUICK_SHARE
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Stop
    from lingwu_grid.engine.search._kernels import Prices, Subproblem
    from lingwu_grid.engine.shapes import Shape
    from lingwu_grid.engine.town.levels import Task, Town


class Manner(NamedTuple):
    """How to kick, and how to search after it."""

    rings: int
    """How far off zones take part, in zones."""
    gifts: int
    """Zones that may change their owner after a kick, one after the other."""
    odds: int
    """Of each of them, per cent."""


MENDING = Manner(rings=3, gifts=1, odds=40)
CHEAPENING = Manner(rings=2, gifts=2, odds=80)
"""What is left to gain is mostly between communities, and near."""

KICKS = 200
"""Kicks for a thousand units of a street."""

BATCH = 4
"""Kicks from one assignment, so many whatever the workers; the best is where the next begin."""

LONGEST = 4
"""Units of the longest kick."""

HEATS = (12.0, 0.05)
STEPS_PER_UNIT = 60
"""Of the search after a kick."""

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
        found = _kicked_once(part, now, prices, MENDING, zone, number, seed)
        number, since = number + 1, since + 1
        now_short = violation(part, found)
        if now_short <= short + luck.exponential(STRAY) and not breaks_owner(part, draft, found):
            now, short = found, now_short
        if short < least:
            best, least, since = now, short, 0
        elif since % RETURN == 0:
            now, short = best, least
    return best_of(part, prices, draft, best)


def kicked_streets(instance: Instance, town: Town, seed: int, *, stop: Stop, workers: int) -> Town:
    """
    Kick over whole streets, at the prices of a plan as it is signed.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        A plan that moves few households.
    seed, stop, workers
        As for :func:`~lingwu_grid.engine.solve.solve`.

    Returns
    -------
    Town
        Nothing more out of range.
    """
    streets = clear_streets(instance, town, open_csr(instance, LENGTH), seed)
    for task in streets:
        kicks = KICKS * len(task.units) * instance.effort // 100_000
        if instance.is_quick:
            kicks //= QUICK_SHARE
        # A kick goes out of range and comes back: that must not be dearer than in a search.
        priced = cut_task(instance, task)
        priced = priced._replace(prices=priced.prices._replace(violation=task.prices.violation))
        found = kicked_cheaper(priced, instance.shape, kicks=kicks, stop=stop, workers=workers)
        town = with_task(town, task, found)
    return relabel(instance, town) if streets else town


def kicked_cheaper(task: Task, shape: Shape, *, kicks: int, stop: Stop, workers: int = 1) -> Draft:
    """
    Kick where households moved, and go on from what is cheaper as a whole.

    Parameters
    ----------
    task
        A street, and where to start.
    shape
        What the outline of a zone costs.
    kicks
        How many.
    stop
        Asked between batches of kicks.
    workers
        Kicks at a time; the result does not depend on it.

    Returns
    -------
    Draft
        Costs as much or less, shapes included, nothing more out of range, every zone in one
        piece, no owner in more pieces.
    """
    part, now = task.part, task.draft
    luck = np.random.default_rng((*task.seed, 130))
    for first in range(0, kicks, BATCH):
        zones = zones_with_moves(part, now)
        if not len(zones) or stop():
            break
        begin = luck.choice(zones, BATCH).tolist()
        once = partial(_kicked_in_turn, task, shape, now)
        found = run_all(once, list(enumerate(begin, first)), workers)
        now = min(found, key=lambda rated: rated[0])[1]
    return now


def _kicked_in_turn(
    task: Task, shape: Shape, draft: Draft, kick_at: tuple[int, int]
) -> tuple[float, Draft]:
    """Kick once; give what it saves, negative, with what came of it, or 0 with what was."""
    (number, zone), part, prices = kick_at, task.part, task.prices
    seed = (*task.seed, 140)
    found = _kicked_once(part, draft, prices, CHEAPENING, zone, number, seed)
    none = 0.0, draft
    if is_worse(part, draft, found):
        return none
    other = found.zone != draft.zone
    changed = np.union1d(found.zone[other], draft.zone[other])
    # Outlines are dear to price, and cost nothing at least.
    saved = price_of(part, found, prices) - price_of(part, draft, prices)
    saved -= outlines(shape, task.units, draft.zone, changed)
    if saved > -GAIN:
        return none
    saved += outlines(shape, task.units, found.zone, changed)
    return (saved, found) if saved < -GAIN else none


def zones_with_moves(part: Subproblem, draft: Draft) -> NDArray[np.int32]:
    """
    List the zones that households left or came to, unless they are locked or closed.

    Parameters
    ----------
    part
        Units and zones.
    draft
        The assignment.

    Returns
    -------
    numpy.ndarray
        Ascending.
    """
    away = (part.households > 0) & (draft.zone != part.zone_now)
    ends = np.intersect1d(np.concatenate([draft.zone[away], part.zone_now[away]]), draft.zone)
    return np.asarray(ends[~part.is_locked[ends]], np.int32)


def _kicked_once(
    part: Subproblem,
    draft: Draft,
    prices: Prices,
    manner: Manner,
    zone: int,
    number: int,
    seed: tuple[int, ...],
) -> Draft:
    """Kick once, and search on among the zones round it, the rest standing still."""
    near = np.isin(draft.zone, around(part, draft, zone, manner.rings))
    here = part._replace(
        is_fixed=part.is_fixed | ~near, drawn=np.flatnonzero(near).astype(np.int32)
    )
    state, rng = state_of(part, draft), seeded(*seed, number)
    scratch = new_scratch(len(draft.zone))
    kick(here, state, scratch, zone, 1 + number % LONGEST, rng)
    for _ in range(manner.gifts):
        if draw(rng, 100) >= manner.odds:
            break
        give_away(here, state, prices, scratch, rng)
    steps = STEPS_PER_UNIT * len(here.drawn)
    start = Draft(state.zone, state.zone_owner)
    return annealed(here, start, prices, heats=HEATS, steps=steps, seed=(*seed, number, 1))


def around(part: Subproblem, draft: Draft, zone: int, rings: int) -> NDArray[np.int32]:
    """List the zones within so many rings of one, itself among them."""
    source, target = draft.zone[sources(part.indptr)], draft.zone[part.indices]
    is_near = np.zeros(len(part.lower), np.bool_)
    is_near[zone] = True
    for _ in range(rings):
        is_near[target[is_near[source]]] = True
    return np.flatnonzero(is_near & ~part.is_locked).astype(np.int32)
