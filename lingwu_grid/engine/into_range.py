"""Into range: communities and the grids of each are brought into range, whatever it costs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.town.across import (
    balance_street,
    neighbourhoods,
    refine_street,
    street_tasks,
)
from lingwu_grid.engine.town.communities import dissolved
from lingwu_grid.engine.town.counts import shared_out
from lingwu_grid.engine.town.grids import mend_task, search_task
from lingwu_grid.engine.town.levels import (
    Csr,
    Task,
    Town,
    community_tasks,
    make_task,
    open_csr,
    with_task,
)
from lingwu_grid.engine.town.mend import HASTY, KICKING, PATIENT, Patience
from lingwu_grid.engine.town.parallel import run_all
from lingwu_grid.engine.town.tally import community_sizes, moved_households, worth, zone_sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    from lingwu_grid.engine.instance import Instance, Stop, Watch
    from lingwu_grid.engine.search.search import Draft

STREET_HEATS = (12.0, 6.0)
STREET_STEPS = 600
"""First heats, and steps a unit, of the searches over a street that is in range."""

ROUNDS = ((HASTY, 60), (HASTY, 300), (KICKING, 60), (PATIENT, 300))
"""How faults are mended, and the steps a unit of the search over each street before that: what
changes little first, since a search later on does not come back from far."""

ROUNDS_INSIDE = (HASTY, KICKING, PATIENT)
"""How faults are mended where no household may change community, and near where they are."""


class Run:
    """One solve: the instance, and how it is to be run."""

    def __init__(
        self, instance: Instance, seed: int, stop: Stop, workers: int, watch: Watch
    ) -> None:
        self.instance, self.seed, self.stop = instance, seed, stop
        self.workers, self.watch = workers, watch
        self.csr: Csr = open_csr(instance)

    def tell(self, phase: str, town: Town) -> None:
        """Say how far the work is."""
        short = out_of_range(self.instance, town)
        self.watch(phase, short, moved_households(self.instance, town))


def out_of_range(instance: Instance, town: Town) -> int:
    """Count the households that grids and communities are out of range by."""
    return int(zone_sizes(instance, town).short.sum() + community_sizes(instance, town).short.sum())


def bring_into_range(run: Run, town: Town, *, is_brief: bool = False) -> Town:
    """
    Bring communities, then the grids of each, into range; a time limit is for that first.

    `is_brief`: without the last round, which costs minutes where nothing can be mended.
    """
    return mend_on(run, bring_near(run, town), is_brief=is_brief)


def bring_near(run: Run, town: Town) -> Town:
    """Bring communities, then the grids of each, near their ranges; most of the time into them."""
    instance, stop = run.instance, partial(run.stop, is_lawful=False)
    if instance.community_mode != "fixed":
        tasks = street_tasks(instance, town, run.csr, run.seed)
        town = each(run, town, tasks, lambda task: balance_street(task, stop))
        run.tell("社区合规", town)
    if instance.target_grids:
        instance = run.instance = replace(instance, grid_counts=shared_out(instance, town))
    tasks = community_tasks(instance, town, run.csr, run.seed)
    town = each(run, town, tasks, lambda task: search_task(task, stop))
    run.tell("搜索完成", town)
    return _round(run, town, 0) if faulty(instance, town) else town


def mend_on(run: Run, town: Town, *, is_brief: bool) -> Town:
    """Mend what is out of range in rounds, each more thorough and dearer than the last."""
    for number in range(1, len(ROUNDS_INSIDE if _is_inside(run) else ROUNDS) - is_brief):
        if not faulty(run.instance, town):
            break
        town = _round(run, town, number)
    return town


def _is_inside(run: Run) -> bool:
    return run.instance.community_mode == "fixed"


def _round(run: Run, town: Town, number: int) -> Town:
    """Mend faults, the first time only inside communities."""
    instance, stop = run.instance, partial(run.stop, is_lawful=False)
    if _is_inside(run):
        areas = [[c] for c in faulty(instance, town)]
        return mended(run, town, areas, ROUNDS_INSIDE[number])
    patience, steps = ROUNDS[number]
    if patience.is_thorough:
        town = _fewer_communities(run, town)
        if not faulty(instance, town):
            return town
    only = faulty(instance, town) if number else None
    town = search_streets(run, town, STREET_HEATS[:1], steps, stop, only)
    run.tell("跨社区搜索", town)
    town = mended(run, town, [[c] for c in faulty(instance, town)], patience)
    return _mend_across(run, town, patience) if number else town


def _fewer_communities(run: Run, town: Town) -> Town:
    """Do without a community that stays too small, where that brings more into range."""
    instance, stop = run.instance, partial(run.stop, is_lawful=False)
    sizes = community_sizes(instance, town)
    for c in np.flatnonzero(sizes.is_present & (sizes.households < sizes.lower)).tolist():
        trial = None if stop() else dissolved(instance, town, c)
        if trial is None:
            continue
        trial = search_streets(run, trial, STREET_HEATS[:1], 60, stop, faulty(instance, trial))
        trial = _mend_across(run, trial, KICKING)
        if worth(instance, trial)[0] < worth(instance, town)[0]:
            town = trial
        run.tell("撤并社区", town)
    return town


def mend_near(run: Run, town: Town) -> Town:
    """Mend what is out of range where it is: each community alone, then with its neighbours."""
    for patience in ROUNDS_INSIDE:
        town = mended(run, town, [[c] for c in faulty(run.instance, town)], patience)
        if run.instance.community_mode != "fixed":
            town = _mend_across(run, town, patience)
        if not faulty(run.instance, town):
            break
    return town


def search_streets(
    run: Run,
    town: Town,
    heats: tuple[float, ...],
    steps: int,
    stop: Stop,
    only: list[int] | None = None,
) -> Town:
    """Search on over whole streets: all of them, or those of some communities only."""
    tasks = street_tasks(run.instance, town, run.csr, run.seed)
    if only is not None:
        tasks = [task for task in tasks if np.isin(task.owners, only).any()]
    return each(
        run, town, tasks, lambda task: refine_street(task, heats=heats, steps=steps, stop=stop)
    )


def faulty(instance: Instance, town: Town) -> list[int]:
    """List the communities that are out of range or hold a grid that is."""
    short = community_sizes(instance, town).short
    zones = zone_sizes(instance, town).short
    np.add.at(short, town.community[zones > 0], zones[zones > 0])
    return np.flatnonzero(short).tolist()


def mended(run: Run, town: Town, areas: list[list[int]], patience: Patience) -> Town:
    """Mend communities that share nothing, each together with those it comes with."""
    community = town.community[town.zone]
    tasks = [
        make_task(
            run.instance, town, np.flatnonzero(np.isin(community, area)), run.csr,
            seed=(run.seed, 30_000, *area),
        )
        for area in areas
    ]  # fmt: skip
    stop = partial(run.stop, is_lawful=False)
    return each(run, town, tasks, lambda task: mend_task(task, patience, stop))


def _mend_across(run: Run, town: Town, patience: Patience) -> Town:
    """Mend what no community could mend alone, each together with its neighbours."""
    tried: set[int] = set()
    while not run.stop(is_lawful=False):
        waiting = [c for c in faulty(run.instance, town) if c not in tried]
        areas = neighbourhoods(run.instance, town, run.csr, waiting)
        if not areas:
            break
        town = mended(run, town, areas, patience)
        tried |= {area[0] for area in areas}
        run.tell("跨社区修补", town)
    return town


def each(run: Run, town: Town, tasks: list[Task], work: Callable[[Task], Draft]) -> Town:
    """Work on parts that share nothing, at once, and write them back."""
    for task, draft in zip(tasks, run_all(work, tasks, run.workers), strict=True):
        town = with_task(town, task, draft)
    return town
