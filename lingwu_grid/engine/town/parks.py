"""
Parks brought home where that asks for a search.

Where a grid keeps all of its households and loses ground on which nobody lives, or gains some,
another grid needs that ground, or has to do without it, to hang together. What falls off when it
goes back is handed to neighbours, and the search mends what that leaves. What then still hangs by
a neck, or is out of range, is kicked about and cut anew, grids that keep their households locked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search.search import Draft, annealed, price_of
from lingwu_grid.engine.town.ground import NECK, astray, dearer_outlines, touched, untouched
from lingwu_grid.engine.town.kicks import HEATS, around, kicked_cheaper
from lingwu_grid.engine.town.levels import open_csr, with_task
from lingwu_grid.engine.town.recombine import (
    LENGTH,
    WARM,
    clear_tasks,
    cut_task,
    is_worse,
    recombine,
)
from lingwu_grid.engine.town.tally import affected_households
from lingwu_grid.graph import pieces, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Stop
    from lingwu_grid.engine.search._kernels import Subproblem
    from lingwu_grid.engine.town.levels import Task, Town

RINGS = (2, 3, 5)
"""How far off zones take part, in zones: from search to search."""

TRIES = 12
"""Searches for a grid: every other one leaves all grids that keep their households as they are."""

STEPS_PER_UNIT = 300

AFRESH = 3
"""Of these assignments, how many are drawn afresh round the grid where none is worth it."""

DEAREST = 300.0
"""Price in households above which a park is not worth it: two counts near a limit."""

WIDE, KICKS = 4, 100
"""How far off zones are drawn afresh, in zones, and after how many kicks they are cut anew."""


class _Park(NamedTuple):
    """Empty units of a task that are to be where they are today, and the grid that they are for."""

    units: NDArray[np.int64]
    back: NDArray[np.int32]
    """The zone that has each today."""
    calm: int


def bring_parks_home(
    instance: Instance, town: Town, seed: int, *, stop: Stop, workers: int
) -> Town:
    """
    Give grids that keep their households the ground they have today, for no neck.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment.
    seed
        Seed of the run.
    stop
        Asked between parks, and between kicks and cuts.
    workers
        Kicks and cuts at a time; the result does not depend on it.

    Returns
    -------
    Town
        As many such grids with another ground, or fewer; nothing more out of range, no zone and
        no community in more pieces, no more than `DEAREST` households more affected for each.
    """
    if not instance.keeps_today:
        return town
    csr = open_csr(instance, LENGTH)
    tasks: list[Task] = []
    tried: set[int] = set()
    # What brings one grid its ground may take another's, which then has its turn.
    while left := [grid for grid in touched(instance, town.zone) if grid not in tried]:
        if stop():
            break
        grid = left[0]
        tried.add(grid)
        if not tasks:
            both = clear_tasks(instance, town, csr, seed)
            tasks = [cut_task(instance, task) for task in (*both[0], *both[1])]
        units = _ground_of(instance, town.zone, grid)
        task = next((task for task in tasks if np.isin(units, task.units).all()), None)
        if task is None or not len(units):
            continue
        found = _brought_home(_Home(instance, town, task, stop, workers), grid, units)
        if found is not None:
            town, tasks = found, []
    return town


def _ground_of(instance: Instance, zone: NDArray[np.int32], grid: int) -> NDArray[np.int64]:
    """List the empty units that a grid has lost or gained, those of grids that end left out."""
    now = instance.graph.grid_now
    mine = (now == grid) | (zone == grid)
    return np.flatnonzero(astray(instance, zone) & mine)


def _brought_home(home: _Home, grid: int, units: NDArray[np.int64]) -> Town | None:
    """Give a grid its ground of today by the best of some searches; None where none is worth it."""
    task, back = home.task, home.instance.graph.grid_now[units]
    if not np.isin(back, task.zones).all():
        return None
    park = _Park(
        np.searchsorted(task.units, units),
        np.searchsorted(task.zones, back).astype(np.int32),
        int(np.searchsorted(task.zones, grid)),
    )
    is_calm = home.calm(home.town)
    drafts = []
    for number in range(TRIES):
        found = _searched(task, park, is_calm, number)
        if found is None:  # whatever the number
            return None
        drafts.append(found)
    best = home.best(drafts)
    if best is not None:
        return best
    nearest = sorted(drafts, key=home.rank)[:AFRESH]
    afresh = (home.best([_afresh(home, park, draft)]) for draft in nearest)
    return next((town for town in afresh if town is not None), None)


class _Rated(NamedTuple):
    """A town with ground brought home: its rank, and what its outlines cost more."""

    town: Town
    rank: tuple[int, float]
    outline: float


class _Home(NamedTuple):
    """Where a grid is brought its ground, and what the assignments found are compared with."""

    instance: Instance
    town: Town
    task: Task
    stop: Stop
    workers: int

    def calm(self, town: Town) -> NDArray[np.bool_]:
        """Tell of each zone of the task whether it is a grid that keeps its households."""
        calm, zones = untouched(self.instance, town.zone), self.task.zones
        is_calm = np.zeros(len(self.task.part.lower), np.bool_)
        old = np.flatnonzero(zones < len(calm))
        is_calm[old] = calm[zones[old]]
        return is_calm

    def rank(self, found: Draft) -> tuple[int, float]:
        """Rank by the grids that keep their households but not their ground, then by price."""
        return self.rated(found).rank

    def rated(self, found: Draft) -> _Rated:
        """Write an assignment back, and say what it costs."""
        part, prices = self.task.part, self.task.prices
        after = with_task(self.town, self.task, found)
        dearer = price_of(part, found, prices) - price_of(part, self.task.draft, prices)
        outline = dearer_outlines(self.instance, self.town.zone, after.zone)
        return _Rated(after, (len(touched(self.instance, after.zone)), dearer + outline), outline)

    def best(self, drafts: list[Draft]) -> Town | None:
        """Give the best that leaves fewer such grids, costs `DEAREST` at most, and adds no neck."""
        least = affected_households(self.instance, self.town)
        best, rank = None, (len(touched(self.instance, self.town.zone)), 0.0)
        for found in drafts:
            if is_worse(self.task.part, self.task.draft, found):
                continue
            after, this, outline = self.rated(found)
            if this >= rank:
                continue
            more = affected_households(self.instance, after) - least
            if max(this[1], more) <= DEAREST and outline <= NECK:
                best, rank = after, this
        return best


def _searched(task: Task, park: _Park, is_calm: NDArray[np.bool_], number: int) -> Draft | None:
    """Put ground back, and search round it; None where a grid does not reach what is its own."""
    part, zone = task.part, task.draft.zone.copy()
    losers = np.unique(zone[park.units]).tolist()
    zone[park.units] = park.back
    homes = np.unique(park.back).tolist()
    if any(len(_pieces_of(part, zone, home)) > 1 for home in homes):
        return None
    for loser in losers:
        _hand_over(part, zone, loser, homes)
    draft = Draft(zone, task.draft.owner)
    rings = RINGS[number // 2 % len(RINGS)]
    near = np.isin(zone, np.concatenate([around(part, draft, z, rings) for z in losers]))
    # Every other search moves no grid that keeps its households; none moves the one it is for.
    closed = is_calm & (number % 2 == 0)
    closed[park.calm] = True
    stays = closed[zone] | (is_calm[zone] & (part.households == 0) & (zone == part.zone_now))
    near &= ~stays & ~part.is_fixed
    near[park.units] = False
    here = part._replace(
        is_fixed=~near,
        drawn=np.flatnonzero(near).astype(np.int32),
        is_locked=part.is_locked | closed,
    )
    steps = STEPS_PER_UNIT * len(here.drawn)
    seed = (*task.seed, 150_000, park.calm, number)
    return annealed(here, draft, task.prices, heats=HEATS, steps=steps, seed=seed)


def _pieces_of(part: Subproblem, zone: NDArray[np.int32], z: int) -> list[NDArray[np.int64]]:
    """Give the units of each piece of a zone, the one with most households first."""
    label = np.where(zone == z, 0, -1 - np.arange(len(zone))).astype(np.int32)
    piece = pieces(part.indptr, part.indices, label)
    units = [np.flatnonzero(piece == number) for number in np.unique(piece[zone == z]).tolist()]
    return sorted(units, key=lambda group: -int(part.households[group].sum()))


def _hand_over(part: Subproblem, zone: NDArray[np.int32], z: int, not_to: list[int]) -> None:
    """Hand all pieces of a zone but the greatest to the neighbours they touch most; in place."""
    for piece in _pieces_of(part, zone, z)[1:]:
        mine = np.zeros(len(zone), np.bool_)
        mine[piece] = True
        target = zone[part.indices[mine[sources(part.indptr)] & ~mine[part.indices]]]
        target = target[~np.isin(target, [*not_to, z]) & ~part.is_locked[target]]
        if len(target):
            zone[piece] = np.bincount(target).argmax()


def _afresh(home: _Home, park: _Park, found: Draft) -> Draft:
    """Kick about and cut anew what lies round the grid; it, and all that keep households, stay."""
    task, part = home.task, home.task.part
    closed = part.is_locked | home.calm(with_task(home.town, task, found))
    far = np.ones(len(closed), np.bool_)
    far[around(part, found, park.calm, WIDE)] = False
    here = task._replace(part=part._replace(is_locked=closed | far), draft=found)
    shape, stop, workers = home.instance.shape, home.stop, home.workers
    kicked = kicked_cheaper(here, shape, kicks=KICKS, stop=stop, workers=workers)
    here = here._replace(draft=kicked)
    return recombine(here, shape, stop=stop, workers=workers, heats=WARM)
