"""
Necks opened: what is round a grid with a new neck or fingers is kicked about and cut anew.

Two blocks that meet over a street corner, or a strip along another grid, are no grid that anybody
would sign. A cut of two grids seldom mends it: several must change together, and until the last
has, all is dearer. So necks cost several times as much for a while, and what was found is kept
if it has fewer of them for a price that is worth it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.town.kicks import around, kicked_cheaper
from lingwu_grid.engine.town.levels import open_csr, with_task
from lingwu_grid.engine.town.recombine import (
    FULL,
    LENGTH,
    WARM,
    clear_tasks,
    cut_task,
    recombine,
    whole_cost,
)
from lingwu_grid.engine.town.tally import affected_households, short_by_community
from lingwu_grid.graph import groups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Stop
    from lingwu_grid.engine.search.search import Draft
    from lingwu_grid.engine.shapes import BorderPrices, Shape
    from lingwu_grid.engine.town.levels import Task, Town

DEAREST = 1000
"""Households, affected ones or of the whole price, above which a neck is left: a clear border is
a rule, but the ground may not have one."""

TIMES = 4.0
"""As many times as dear are necks while they are opened."""

WIDE, KICKS, TRIES = 4, 200, 6
"""How far off zones take part, in zones; kicks before they are cut anew; and how often at most."""


def open_necks(instance: Instance, town: Town, seed: int, *, stop: Stop, workers: int) -> Town:
    """
    Open the necks that grids have and do not have today.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment.
    seed, stop, workers
        As for :func:`~lingwu_grid.engine.solve.solve`.

    Returns
    -------
    Town
        As many new necks, or fewer; nothing more out of range, no more than `DEAREST` households
        more affected for each.
    """
    drawn = instance.drawn
    if drawn is None:
        return town
    tried: set[int] = set()
    today = _necked_today(instance, drawn)
    while left := [z for z in new_necks(drawn, town, today) if z not in tried]:
        if stop():
            break
        tried.add(left[0])
        found = _opened(_Search(instance, drawn, today, seed, stop, workers), town, left[0])
        town = town if found is None else found
    return town


def new_necks(drawn: BorderPrices, town: Town, today: frozenset[int]) -> list[int]:
    """List the zones that are necked, those left out that are so today."""
    groups = groups_of(town.zone)
    necked = [int(town.zone[units[0]]) for units in groups if drawn.is_necked(units)]
    return sorted(set(necked) - today)


def _necked_today(instance: Instance, drawn: BorderPrices) -> frozenset[int]:
    now = instance.graph.grid_now
    groups = (np.flatnonzero(now == z) for z in np.unique(now[now >= 0]).tolist())
    return frozenset(int(now[units[0]]) for units in groups if drawn.is_necked(units))


class _DearNecks(NamedTuple):
    """Prices outlines, necks several times."""

    shape: Shape
    drawn: BorderPrices

    def __call__(self, units: NDArray[np.int64]) -> float:
        more = (TIMES - 1) * self.drawn.necks(units) if self.drawn.is_necked(units) else 0.0
        return self.shape(units) + more


class _Search(NamedTuple):
    """How necks are opened."""

    instance: Instance
    drawn: BorderPrices
    today: frozenset[int]
    seed: int
    stop: Stop
    workers: int

    def necks(self, town: Town) -> int:
        """Count the new necks."""
        return len(new_necks(self.drawn, town, self.today))

    def is_lawful(self, town: Town, found: Town) -> bool:
        """Tell whether no more is wrong than before, and few enough are affected more."""
        wrong = [int(short_by_community(self.instance, one).sum()) for one in (town, found)]
        more = affected_households(self.instance, found) - affected_households(self.instance, town)
        return wrong[1] <= wrong[0] and more <= DEAREST

    def round(self, task: Task, zone: int, number: int) -> Draft:
        """Kick about and cut anew what lies round a zone, necks several times as dear."""
        part = task.part
        far = np.ones(len(part.lower), np.bool_)
        far[around(part, task.draft, zone, WIDE)] = False
        here = task._replace(
            part=part._replace(is_locked=part.is_locked | far),
            seed=(*task.seed, 160_000, zone, number),
        )
        dear, stop, workers = _DearNecks(self.instance.shape, self.drawn), self.stop, self.workers
        kicks = KICKS * min(task.effort, FULL) // FULL
        draft = kicked_cheaper(here, dear, kicks=kicks, stop=stop, workers=workers)
        here = here._replace(draft=draft)
        return recombine(here, dear, stop=stop, workers=workers, heats=WARM)


def _opened(search: _Search, town: Town, zone: int) -> Town | None:
    """Open the neck of a zone by the best of some searches; None where none is worth it."""
    instance = search.instance
    csr = open_csr(instance, LENGTH)
    tasks = [task for some in clear_tasks(instance, town, csr, search.seed) for task in some]
    task = next((cut_task(instance, t) for t in tasks if zone in t.zones), None)
    if task is None:
        return None
    cost = whole_cost(task, task.draft, instance.shape)
    best, least = None, (search.necks(town), -np.inf)
    for number in range(TRIES):
        draft = search.round(task, int(np.searchsorted(task.zones, zone)), number)
        found = with_task(town, task, draft)
        dearer = whole_cost(task, draft, instance.shape) - cost
        rank = search.necks(found), dearer
        if rank < least and dearer <= DEAREST and search.is_lawful(town, found):
            best, least = found, rank
        if best is not None and least[1] <= 0:  # it costs nothing
            break
    return best
