"""
Parks brought home where that asks for a search.

Where a grid keeps all of its households and loses ground on which nobody lives, or gains some,
another grid needs that ground, or has to do without it, to hang together. What falls off when it
goes back is handed to neighbours, and the search mends what that leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search.search import Draft, annealed, price_of
from lingwu_grid.engine.town.ground import NECK, astray, chunks, touched, untouched
from lingwu_grid.engine.town.kicks import HEATS, around
from lingwu_grid.engine.town.levels import open_csr, with_task
from lingwu_grid.engine.town.recombine import LENGTH, clear_tasks, cut_task, is_worse
from lingwu_grid.engine.town.tally import affected_households, outlines
from lingwu_grid.graph import pieces, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Shape, Stop
    from lingwu_grid.engine.search._kernels import Subproblem
    from lingwu_grid.engine.town.levels import Task, Town

RINGS = 2
"""How far off zones take part, in zones."""

TRIES = 8
"""Searches for a park: every other one leaves all grids that keep their households as they are."""

STEPS_PER_UNIT = 150


class _Park(NamedTuple):
    """Units of a task, and the zone that has them today."""

    units: NDArray[np.int64]
    home: int


def bring_parks_home(instance: Instance, town: Town, seed: int, stop: Stop) -> Town:
    """
    Give grids that keep their households the ground they have today, for far less than a neck.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment.
    seed
        Seed of the run.
    stop
        Asked between parks.

    Returns
    -------
    Town
        As many such grids with another ground, or fewer; nothing more out of range, no zone and
        no community in more pieces, no more than `NECK` households more affected for each.
    """
    if not instance.keeps_today:
        return town
    csr, now = open_csr(instance, LENGTH), instance.graph.grid_now
    tasks: list[Task] = []
    for chunk in chunks(csr, np.flatnonzero(astray(instance, town.zone)), town.zone, now):
        if stop():
            break
        if not tasks:
            both = clear_tasks(instance, town, csr, seed)
            tasks = [cut_task(instance, task) for task in (*both[0], *both[1])]
        task = next((task for task in tasks if np.isin(chunk, task.units).all()), None)
        if task is None or (town.zone[chunk] == now[chunk]).all():
            continue
        found = _brought_home(instance, town, task, chunk)
        if found is not None:
            town, tasks = found, []
    return town


def _brought_home(
    instance: Instance, town: Town, task: Task, chunk: NDArray[np.int64]
) -> Town | None:
    """Bring one park home by the best of some searches; None where none is worth it."""
    home = int(instance.graph.grid_now[chunk[0]])
    if home not in task.zones:
        return None
    calm = untouched(instance, town.zone)
    is_calm = np.zeros(len(task.part.lower), np.bool_)
    old = np.flatnonzero(task.zones < len(calm))
    is_calm[old] = calm[task.zones[old]]
    park = _Park(np.searchsorted(task.units, chunk), int(np.searchsorted(task.zones, home)))
    least = affected_households(instance, town)
    best, rank = None, (touched(instance, town.zone), 0.0)
    for number in range(TRIES):
        found = _searched(task, park, is_calm, number)
        if found is None:
            break
        if is_worse(task.part, task.draft, found):
            continue
        after = with_task(town, task, found)
        dearer = _dearer(task, instance.shape, found)
        more = affected_households(instance, after) - least
        if max(dearer, more) <= NECK and (touched(instance, after.zone), dearer) < rank:
            best, rank = after, (touched(instance, after.zone), dearer)
    return best


def _dearer(task: Task, shape: Shape, found: Draft) -> float:
    """Give what an assignment of a task costs more than the one it had, outlines included."""
    other = found.zone != task.draft.zone
    changed = np.union1d(found.zone[other], task.draft.zone[other])
    before, after = (
        price_of(task.part, draft, task.prices) + outlines(shape, task.units, draft.zone, changed)
        for draft in (task.draft, found)
    )
    return after - before


def _searched(task: Task, park: _Park, is_calm: NDArray[np.bool_], number: int) -> Draft | None:
    """Give a park to its grid, and search round it; None where the grid does not reach it."""
    part, zone = task.part, task.draft.zone.copy()
    losers = np.unique(zone[park.units]).tolist()
    zone[park.units] = park.home
    if len(_pieces_of(part, zone, park.home)) > 1:
        return None
    for loser in losers:
        _hand_over(part, zone, loser, park.home)
    draft = Draft(zone, task.draft.owner)
    near = np.isin(zone, np.concatenate([around(part, draft, z, RINGS) for z in losers]))
    stays = is_calm[zone]
    if number % 2:
        stays &= (part.households == 0) & (zone == part.zone_now)
    near &= ~stays & ~part.is_fixed
    near[park.units] = False
    here = part._replace(is_fixed=~near, drawn=np.flatnonzero(near).astype(np.int32))
    steps = STEPS_PER_UNIT * len(here.drawn)
    seed = (*task.seed, 150_000, park.home, number)
    return annealed(here, draft, task.prices, heats=HEATS, steps=steps, seed=seed)


def _pieces_of(part: Subproblem, zone: NDArray[np.int32], z: int) -> list[NDArray[np.int64]]:
    """Give the units of each piece of a zone, the one with most households first."""
    label = np.where(zone == z, 0, -1 - np.arange(len(zone))).astype(np.int32)
    piece = pieces(part.indptr, part.indices, label)
    units = [np.flatnonzero(piece == number) for number in np.unique(piece[zone == z]).tolist()]
    return sorted(units, key=lambda group: -int(part.households[group].sum()))


def _hand_over(part: Subproblem, zone: NDArray[np.int32], z: int, not_to: int) -> None:
    """Hand all pieces of a zone but the greatest to the neighbours they touch most; in place."""
    for piece in _pieces_of(part, zone, z)[1:]:
        mine = np.zeros(len(zone), np.bool_)
        mine[piece] = True
        target = zone[part.indices[mine[sources(part.indptr)] & ~mine[part.indices]]]
        target = target[(target != not_to) & (target != z) & ~part.is_locked[target]]
        if len(target):
            zone[piece] = np.bincount(target).argmax()
