"""Recombination: neighbouring grids cut anew, so that their border is one a planner would draw.

Two grids that touch are cut along many random spanning trees (DeFord, Duchin, Solomon 2021), drawn
so that they seldom cross a line: the cut falls on a road, a wall or a row sooner than through a
block. The price is that of the whole plan, and that of the shape of the two grids.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search._recombine import cut_pair
from lingwu_grid.engine.search.search import (
    Draft,
    breaks_owner,
    price_of,
    seeded,
    state_of,
    violation,
)
from lingwu_grid.engine.town.across import apart, street_tasks
from lingwu_grid.engine.town.levels import community_tasks, open_csr, with_task
from lingwu_grid.engine.town.parallel import run_all
from lingwu_grid.graph import groups_of, sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Stop
    from lingwu_grid.engine.search._kernels import Subproblem
    from lingwu_grid.engine.shapes import Shape
    from lingwu_grid.engine.town.levels import Csr, Task, Town

TREES = 80
"""Random trees a pair; their best cuts are compared."""

HEATS = (30.0, 24.0, 20.0, 16.0, 13.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0)
"""Heat of the first rounds, households: a worse cut may be taken, as in annealing."""

WARM = HEATS[6:]
"""Of a street whose communities were kicked about before: that went the long way already."""

ROUNDS = 26
"""Times at most that the pairs are gone through."""

CHAINS, AGAIN, FEW = 2, 2, 8
"""Where there are few zones: times that all is done from other random numbers, and from the best
of those."""

ALIKE = 6.0
"""Households that two ways to cut all anew may differ by and be as good: the one with less new
border is taken."""

FULL = 100
"""Effort, in per cent, at which nothing is spared."""

SHORT = 1000.0
"""Price of a household out of range: no border is worth one."""

LENGTH = 0.3
"""What a metre of border weighs, on a line or not, against one off the lines."""

GAIN = 0.01
"""Households below which a cut is not worth the change."""


def cut_anew(instance: Instance, town: Town, seed: int, *, stop: Stop, workers: int) -> Town:
    """
    Cut the grids of a town anew, street by street.

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
    csr = open_csr(instance, LENGTH)
    streets, inside = clear_tasks(instance, town, csr, seed)
    # Where few households are all that counts, no detour over worse plans: necks are opened, and
    # what costs nothing is taken.
    first = (WARM, HEATS) if instance.cuts_anew else ((), ())
    for task, heats in [(t, first[0]) for t in streets] + [(t, first[1]) for t in inside]:
        priced = cut_task(instance, task)
        found = recombine(priced, instance.shape, stop=stop, workers=workers, heats=heats)
        town = with_task(town, task, found)
    return town


def clearest(instance: Instance, towns: list[Town], seed: int) -> int:
    """
    Tell which of some plans is the clearest: of those about as dear, the one with least new border.

    Parameters
    ----------
    instance
        The town and its rules.
    towns
        Plans, cut anew each.
    seed
        As for :func:`cut_anew`; it does not count here.

    Returns
    -------
    int
        Its place among them.
    """
    csr = open_csr(instance, LENGTH)
    rated = []
    for town in towns:
        streets, inside = clear_tasks(instance, town, csr, seed)
        tasks = [cut_task(instance, task) for task in (*streets, *inside)]
        cost = sum(_whole(task, task.draft, instance.shape) for task in tasks)
        rated.append((cost, sum(_new_border(task.part, task.draft) for task in tasks)))
    least = min(cost for cost, _ in rated)
    alike = [i for i, (cost, _) in enumerate(rated) if cost <= least + ALIKE]
    return min(alike, key=lambda i: (round(rated[i][1], 3), round(rated[i][0], 6), i))


def clear_tasks(
    instance: Instance, town: Town, csr: Csr, seed: int
) -> tuple[list[Task], list[Task]]:
    """Cut out all that may change for clear borders: streets, and communities of no such street."""
    streets = clear_streets(instance, town, csr, seed)
    left = np.ones(instance.graph.n_units, np.bool_)
    for task in streets:
        left[task.units] = False
    inside = [t for t in community_tasks(instance, town, csr, seed) if left[t.units[0]]]
    return streets, inside


def clear_streets(instance: Instance, town: Town, csr: Csr, seed: int) -> list[Task]:
    """Cut out the streets whose communities may change together for the sake of clear borders."""
    if instance.community_mode == "fixed" or not instance.keeps_today:
        return []
    return street_tasks(instance, town, csr, seed)


def cut_task(instance: Instance, task: Task) -> Task:
    """Give a task the prices of a plan as it is signed: borders and tight counts in full."""
    prices = task.prices._replace(
        violation=SHORT, border=instance.border_weight / 1000, tight=instance.tight_weight
    )
    return task._replace(prices=prices)


def recombine(
    task: Task,
    shape: Shape,
    *,
    stop: Stop,
    workers: int = 1,
    heats: tuple[float, ...] = HEATS,
) -> Draft:
    """
    Cut neighbouring zones anew, two at a time, until no pair is better cut otherwise.

    Parameters
    ----------
    task
        A street or a community, and where to start.
    shape
        What the outline of a zone costs.
    stop
        Asked between rounds.
    workers
        Pairs cut at a time; the result does not depend on it.
    heats
        Of the first rounds; none to take only what is better from the start.

    Returns
    -------
    Draft
        Costs as much or less, shapes included; nothing more out of range; every zone, and every
        owner, in as many pieces as before.
    """
    is_full = task.effort >= FULL
    heats = heats if is_full else heats[:: max(FULL // max(task.effort, 1), 1)]
    if not is_full or len(np.unique(task.draft.zone)) > FEW:
        return _chain(task, shape, stop, workers, heats, 0).draft
    # Few zones make few pairs apart: there the chains are what is done at a time.
    found: list[_Rated] = []
    for numbers, warmth in ((range(CHAINS), heats), (range(CHAINS, CHAINS + AGAIN), heats[3:])):
        start = task if not found else task._replace(draft=_least(found).draft)
        found += run_all(partial(_chain, start, shape, stop, 1, warmth), numbers, workers)
    alike = [one for one in found if one.cost <= _least(found).cost + ALIKE]
    return min(alike, key=lambda one: (round(_new_border(task.part, one.draft), 3), one.cost)).draft


def _least(found: list[_Rated]) -> _Rated:
    return min(found, key=lambda rated: round(rated.cost, 6))


def _new_border(part: Subproblem, draft: Draft) -> float:
    """Sum up the borders that part what was together."""
    a, b = sources(part.indptr), part.indices
    is_new = (draft.zone[a] != draft.zone[b]) & (part.zone_now[a] == part.zone_now[b])
    return float(part.edge_cost[is_new].sum())


def _chain(
    task: Task, shape: Shape, stop: Stop, workers: int, heats: tuple[float, ...], number: int
) -> _Rated:
    """Anneal once over the pairs, then take only what is better."""
    draft, part = task.draft, task.part
    trees = max(TREES * task.effort // FULL, 10)
    rounds = min(max(ROUNDS * task.effort // FULL, len(heats) + 4), ROUNDS)
    task = task._replace(seed=(*task.seed, number))
    best = _Rated(draft, _whole(task, draft, shape))
    fresh = np.ones(len(part.lower), np.int64)  # round in which a zone last changed, plus one
    for turn in range(rounds):
        heat = heats[turn] if turn < len(heats) else 0.0
        if turn == len(heats):
            draft, fresh[:] = best.draft, turn + 1
        pairs = _pairs(part, draft, (fresh >= turn) | (heat > 0))
        if not pairs or stop():
            break
        for now in apart(pairs):
            work = partial(_cut, task, draft, shape, (heat, trees, turn))
            draft, changed = cut_together(part, draft, now, work, workers)
            fresh[changed] = turn + 2
        cost = _whole(task, draft, shape)
        if cost < best.cost:
            best = _Rated(draft, cost)
    return best


def cut_together(
    part: Subproblem,
    draft: Draft,
    pairs: list[tuple[int, int]],
    cut: Callable[[tuple[int, int]], NDArray[np.int32]],
    workers: int,
) -> tuple[Draft, list[int]]:
    """
    Cut pairs of zones of which no two share a member, all from the same draft.

    Parameters
    ----------
    part
        Units and zones.
    draft
        What they are cut from.
    pairs
        A round of :func:`~lingwu_grid.engine.town.across.apart`.
    cut
        Gives the zone of every unit once a pair is cut anew, or as it was.
    workers
        Pairs cut at a time.

    Returns
    -------
    tuple
        The draft with all cuts but those that together break something, and the zones that changed.
    """
    now, changed = draft, list[int]()
    for pair, zone in zip(pairs, run_all(cut, pairs, workers), strict=True):
        found = Draft(np.where(zone != draft.zone, zone, now.zone), now.owner)
        if (zone == draft.zone).all() or is_worse(part, now, found):
            continue
        now = found
        changed += pair
    return now, changed


class _Rated(NamedTuple):
    """An assignment and what it costs, shapes included."""

    draft: Draft
    cost: float


def _whole(task: Task, draft: Draft, shape: Shape) -> float:
    outlines = sum(shape(task.units[group]) for group in groups_of(draft.zone))
    return price_of(task.part, draft, task.prices) + outlines


def _pairs(part: Subproblem, draft: Draft, is_fresh: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """List the pairs of zones that touch, where one changed of late and not all is as today."""
    a, b = draft.zone[sources(part.indptr)], draft.zone[part.indices]
    free = ~part.is_locked
    is_new = np.zeros(len(part.lower), np.bool_)
    is_new[draft.zone[part.zone_now != draft.zone]] = True
    touch = (a < b) & free[a] & free[b] & (is_fresh[a] | is_fresh[b]) & (is_new[a] | is_new[b])
    found = np.unique(np.stack([a[touch], b[touch]], axis=1), axis=0)
    return [(p, q) for p, q in found.tolist()]


def is_worse(part: Subproblem, before: Draft, after: Draft) -> bool:
    """Tell whether more is out of range after than before, or an owner in more pieces."""
    return violation(part, after) > violation(part, before) or breaks_owner(part, before, after)


def _cut(
    task: Task, draft: Draft, shape: Shape, how: tuple[float, int, int], pair: tuple[int, int]
) -> NDArray[np.int32]:
    """
    Cut one pair anew, or leave it: drawn by the odds of Boltzmann at a heat, the best at 0.

    `how`: the heat, the trees drawn, and the round.

    The least of price + heat x Gumbel noise is such a draw (Gumbel 1954). Shapes are dear to
    price, and cost nothing at least: a cut is looked at only where it could still be that.
    """
    part, prices, (a, b), (heat, trees, turn) = task.part, task.prices, pair, how
    units = np.flatnonzero((draft.zone == a) | (draft.zone == b)).astype(np.int32)
    found, price = np.zeros((trees, len(units)), np.bool_), np.empty(trees)
    local = np.full(len(draft.zone), -1, np.int32)
    seed = (*task.seed, 90_000, a, b, turn)
    cut_pair(part, state_of(part, draft), prices, a, b, units, local, seeded(*seed), found, price)

    def placed(in_a: NDArray[np.bool_]) -> Draft:
        zone = draft.zone.copy()
        zone[units] = np.where(in_a, a, b)
        return Draft(zone, draft.owner)

    in_a = draft.zone[units] == a
    noise = heat * np.random.default_rng(seed).gumbel(size=trees + 1)
    best, least = draft, price_of(part, draft, prices) - GAIN - noise[trees]
    least += sum(shape(task.units[units[side]]) for side in (in_a, ~in_a))
    rows = _distinct(found, np.flatnonzero(np.isfinite(price)))
    if not len(rows):
        return draft.zone
    # The kernel's prices leave out what is the same for all cuts: the rest of the plan.
    rest = price_of(part, placed(found[rows[0]]), prices) - price[rows[0]]
    for row in rows[np.argsort(price[rows] - noise[rows], kind="stable")].tolist():
        cost = price[row] + rest - noise[row]
        if cost >= least:
            break
        for side in (found[row], ~found[row]):  # dear to price: the second only where it counts
            cost += shape(task.units[units[side]]) if cost < least else 0.0
        if cost < least and not is_worse(part, draft, placed(found[row])):
            best, least = placed(found[row]), cost
    return best.zone


def _distinct(found: NDArray[np.bool_], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    Leave out rows that say the same as an earlier one, in the order of what they say.

    Examples
    --------
    >>> _distinct(np.array([[1, 0], [0, 1], [1, 0], [0, 0]], bool), np.arange(4)).tolist()
    [3, 1, 0]
    """
    first: dict[bytes, int] = {}
    for row in rows.tolist():
        first.setdefault(found[row].tobytes(), row)
    return np.array([first[said] for said in sorted(first)], np.int64)
