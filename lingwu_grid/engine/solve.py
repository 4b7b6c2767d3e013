"""The solver as a recipe: lawful start, communities, grids inside each, proof, tidy borders."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.instance import (
    COUNTED,
    FREE,
    Bound,
    Instance,
    Proof,
    Solution,
    Stop,
    Watch,
    never,
    silent,
)
from lingwu_grid.engine.town.across import (
    balance_street,
    neighbourhoods,
    refine_street,
    solve_borders,
    street_tasks,
)
from lingwu_grid.engine.town.affected import least_affected
from lingwu_grid.engine.town.bounds import unconditional, unconditional_communities
from lingwu_grid.engine.town.causes import community_causes, region_causes
from lingwu_grid.engine.town.communities import dissolved
from lingwu_grid.engine.town.counts import shared_out
from lingwu_grid.engine.town.feasibility import communities_in_pieces, explain
from lingwu_grid.engine.town.first import first_town
from lingwu_grid.engine.town.grids import (
    FEWER_PAIRS,
    MOST_PAIRS,
    Proven,
    mend_task,
    prove_task,
    refine_task,
    reprove_task,
    search_task,
)
from lingwu_grid.engine.town.ground import keep_ground
from lingwu_grid.engine.town.kicks import kicked_streets
from lingwu_grid.engine.town.labels import relabel
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
from lingwu_grid.engine.town.parks import bring_parks_home
from lingwu_grid.engine.town.proofs import as_it_is
from lingwu_grid.engine.town.recombine import cut_anew
from lingwu_grid.engine.town.tally import (
    affected_households,
    community_sizes,
    moved_households,
    worth,
    zone_sizes,
)
from lingwu_grid.engine.town.tidy import tidy_task
from lingwu_grid.engine.town.wraps import unwrap
from lingwu_grid.lawful import run_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from lingwu_grid.engine.search.search import Draft


STREET_HEATS = (12.0, 6.0)
STREET_STEPS = 600
"""First heats, and steps a unit, of the searches over a street that is in range."""

ROUNDS = ((HASTY, 60), (HASTY, 300), (KICKING, 60), (PATIENT, 300))
"""How faults are mended, and the steps a unit of the search over each street before that: what
changes little first, since a search later on does not come back from far."""

ROUNDS_INSIDE = ((HASTY, 0), (KICKING, 0), (PATIENT, 0))
"""The same where no household may change community."""


class _Run:
    """One solve: the instance, and how it is to be run."""

    def __init__(
        self, instance: Instance, seed: int, stop: Stop, workers: int, watch: Watch
    ) -> None:
        self.instance, self.seed, self.stop = instance, seed, stop
        self.workers, self.watch = workers, watch
        self.csr: Csr = open_csr(instance)

    def tell(self, phase: str, town: Town) -> None:
        short = _short(self.instance, town)
        self.watch(phase, short, moved_households(self.instance, town))


def _short(instance: Instance, town: Town) -> int:
    """Count the households that grids and communities are out of range by."""
    return int(zone_sizes(instance, town).short.sum() + community_sizes(instance, town).short.sum())


def solve(
    instance: Instance,
    *,
    seed: int = 0,
    stop: Stop = never,
    workers: int = 1,
    watch: Watch = silent,
) -> Solution:
    """
    Find a lawful plan that moves few households, and prove how few there can be.

    Parameters
    ----------
    instance
        The town and its rules.
    seed
        Same instance, same seed: same plan, on any number of workers.
    stop
        Asked all the time; the best plan so far is given.
    workers
        Parts solved at a time.
    watch
        Told phase, households out of range and households moved.

    Returns
    -------
    Solution
        The plan, its bounds, and explanations where it is not lawful.
    """
    asked = instance
    # No plan can bring this ground into range: nothing is moved elsewhere for it in vain.
    for gap in community_causes(asked):
        instance = instance.with_leave(np.array(gap.units), gap.households)
    for gap in region_causes(asked):
        if gap.cause != "pinch_point":
            instance = instance.with_small_grids(np.array(gap.units), gap.households)
    run = _Run(instance, seed, stop, workers, watch)
    town, proofs, clear_price = _from_start(run, is_loose=True)
    broken = len(communities_in_pieces(instance, town))
    if broken and not stop(is_lawful=False):
        again = _from_start(run, is_loose=False)
        if len(communities_in_pieces(instance, again[0])) < broken:
            town, proofs, clear_price = again
    explanations = explain(asked, town)
    run.tell("方案完成", town)
    return Solution(
        grid_of_unit=town.zone,
        community_of_grid=town.community,
        moved=moved_households(instance, town),
        bound=_bound(instance, () if explanations else proofs),
        status=run_status(e.cause for e in explanations),
        explanations=explanations,
        clear_price=clear_price,
    )


def _from_start(run: _Run, *, is_loose: bool) -> tuple[Town, tuple[Proof, ...], int]:
    """Solve from a start whose communities are in one piece for certain, or only mostly."""
    town = first_town(run.instance, seed=run.seed, workers=run.workers, is_loose=is_loose)
    run.tell("起始方案", town)
    town = _lawful(run, town)
    run.tell("合规方案", town)
    return _best(run, town)


def _lawful(run: _Run, town: Town) -> Town:
    """Bring communities, then the grids of each, into range; a time limit is for that first."""
    instance = run.instance
    stop = partial(run.stop, is_lawful=False)
    if instance.community_mode != "fixed":
        tasks = street_tasks(instance, town, run.csr, run.seed)
        town = _each(run, town, tasks, lambda task: balance_street(task, stop))
        run.tell("社区合规", town)
    if instance.target_grids:
        instance = run.instance = replace(instance, grid_counts=shared_out(instance, town))
    tasks = community_tasks(instance, town, run.csr, run.seed)
    town = _each(run, town, tasks, lambda task: search_task(task, stop))
    run.tell("搜索完成", town)
    if not _faulty(instance, town):
        return town
    is_across = instance.community_mode != "fixed"
    for number, (patience, steps) in enumerate(ROUNDS if is_across else ROUNDS_INSIDE):
        if is_across and patience.is_thorough:
            town = _fewer_communities(run, town)
            if not _faulty(instance, town):
                break
        if is_across:
            only = _faulty(instance, town) if number else None
            town = _search_streets(run, town, STREET_HEATS[:1], steps, stop, only)
            run.tell("跨社区搜索", town)
        town = _mended(run, town, [[c] for c in _faulty(instance, town)], patience)
        if is_across and number:
            town = _mend_across(run, town, patience)
        if not _faulty(instance, town):
            break
    return town


def _fewer_communities(run: _Run, town: Town) -> Town:
    """Do without a community that stays too small, where that brings more into range."""
    instance, stop = run.instance, partial(run.stop, is_lawful=False)
    sizes = community_sizes(instance, town)
    for c in np.flatnonzero(sizes.is_present & (sizes.households < sizes.lower)).tolist():
        trial = None if stop() else dissolved(instance, town, c)
        if trial is None:
            continue
        trial = _search_streets(run, trial, STREET_HEATS[:1], 60, stop, _faulty(instance, trial))
        trial = _mend_across(run, trial, KICKING)
        if worth(instance, trial)[0] < worth(instance, town)[0]:
            town = trial
        run.tell("撤并社区", town)
    return town


def _search_streets(
    run: _Run,
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
    return _each(
        run, town, tasks, lambda task: refine_street(task, heats=heats, steps=steps, stop=stop)
    )


def _faulty(instance: Instance, town: Town) -> list[int]:
    """List the communities that are out of range or hold a grid that is."""
    short = community_sizes(instance, town).short
    zones = zone_sizes(instance, town).short
    np.add.at(short, town.community[zones > 0], zones[zones > 0])
    return np.flatnonzero(short).tolist()


def _mended(run: _Run, town: Town, areas: list[list[int]], patience: Patience) -> Town:
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
    return _each(run, town, tasks, lambda task: mend_task(task, patience, stop))


def _mend_across(run: _Run, town: Town, patience: Patience) -> Town:
    """Mend what no community could mend alone, each together with its neighbours."""
    tried: set[int] = set()
    while not run.stop(is_lawful=False):
        waiting = [c for c in _faulty(run.instance, town) if c not in tried]
        areas = neighbourhoods(run.instance, town, run.csr, waiting)
        if not areas:
            break
        town = _mended(run, town, areas, patience)
        tried |= {area[0] for area in areas}
        run.tell("跨社区修补", town)
    return town


def _best(run: _Run, town: Town) -> tuple[Town, tuple[Proof, ...], int]:
    """Move fewer households: search on, solve borders and communities exactly, tidy."""
    instance, stop = run.instance, run.stop
    if not instance.proves:
        tasks = community_tasks(instance, town, run.csr, run.seed)
        town = _each(run, town, tasks, lambda task: refine_task(task, stop))
    proofs: tuple[Proof, ...] = ()
    if instance.keeps_today:
        town = relabel(instance, town)
    if instance.proves and not stop():
        if instance.community_mode != "fixed":
            heats = STREET_HEATS[: 1 if instance.is_quick else None]
            town = relabel(instance, _search_streets(run, town, heats, STREET_STEPS, stop))
            run.tell("跨社区搜索", town)
            if not instance.is_quick:
                seed, workers = run.seed, run.workers
                town = solve_borders(instance, town, run.csr, seed, workers=workers, stop=stop)
                run.tell("社区边界", town)
        town, proofs = _prove(run, town)
    proved, interrupted = town, partial(stop, is_lawful=False)
    tasks = community_tasks(instance, town, run.csr, run.seed)
    town = _each(run, town, tasks, lambda task: tidy_task(task, interrupted))
    run.tell("界线拉直", town)
    if instance.recuts:
        town = kicked_streets(instance, town, run.seed, stop=interrupted, workers=run.workers)
        run.tell("跨社区扰动", town)
    before = affected_households(instance, town)
    if instance.recuts:
        town = cut_anew(instance, town, run.seed, stop=interrupted, workers=run.workers)
        run.tell("重切网格", town)
    clear_price = affected_households(instance, town) - before
    town = keep_ground(instance, unwrap(instance, town, run.csr, run.seed, interrupted), run.csr)
    if instance.recuts:
        town = bring_parks_home(instance, town, run.seed, interrupted)
    if instance.proves:
        proofs = _counted(town, proofs)
    return town, tuple(as_it_is(instance, proved, town, proof) for proof in proofs), clear_price


def _prove(run: _Run, town: Town) -> tuple[Town, tuple[Proof, ...]]:
    """Solve each community exactly; once more where other numbers suit the answer better."""
    known: dict[int, Proof | None] = {}
    stale: set[int] = set()
    is_brief = run.instance.proves_briefly
    most = FEWER_PAIRS if is_brief else MOST_PAIRS
    for last in (True,) if is_brief or run.instance.is_quick else (False, False, True):
        tasks = community_tasks(run.instance, town, run.csr, run.seed)
        todo = [t for t in tasks if int(t.owners[0]) not in known or int(t.owners[0]) in stale]
        solved = run_all(lambda task: prove_task(task, run.stop, most), todo, run.workers)
        first = []
        for task, proven in zip(todo, solved, strict=True):
            first.append(proven)
            town = with_task(town, task, proven.draft)
            _note(known, task, proven)
            run.tell(f"精确求解 {len(known)}/{len(tasks)}", town)
        pairs = [] if is_brief else list(zip(todo, first, strict=True))
        again = run_all(lambda pair: reprove_task(*pair, run.stop), pairs, run.workers)
        for (task, _), proven in zip(pairs, again, strict=True):
            town = with_task(town, task, proven.draft)
            _note(known, task, proven)
        run.tell("再次求解", town)
        before, town = town, town if last or run.stop() else relabel(run.instance, town)
        changed = np.unique(town.community[town.zone[town.zone != before.zone]]).tolist()
        if not changed:
            break
        # Orders go by the numbers of the grids; what holds for every contiguous plan stays.
        stale = set(changed)
        known |= {c: _without_orders(known[c]) for c in changed}
    return town, tuple(proof for proof in known.values() if proof is not None)


def _note(known: dict[int, Proof | None], task: Task, proven: Proven) -> None:
    """Keep what was proved of a community, the last that was not cut short."""
    c = int(task.owners[0])
    known[c] = proven.proof or known.get(c)


def _without_orders(proof: Proof | None) -> Proof | None:
    return proof and replace(proof, method=FREE, bound=proof.free_bound, cores=())


def _each(run: _Run, town: Town, tasks: list[Task], work: Callable[[Task], Draft]) -> Town:
    """Work on parts that share nothing, at once, and write them back."""
    for task, draft in zip(tasks, run_all(work, tasks, run.workers), strict=True):
        town = with_task(town, task, draft)
    return town


def _counted(town: Town, proofs: tuple[Proof, ...]) -> tuple[Proof, ...]:
    """Add a proof, yet to be counted, for each community that no model was solved for."""
    of_unit = town.community[town.zone]
    known = {proof.community for proof in proofs}
    added = []
    for c in sorted(set(of_unit.tolist()) - known):
        ground = of_unit == c
        zones = len(np.unique(town.zone[ground]))
        added.append(Proof(c, COUNTED, 0, 0, 0, int(ground.sum()), zones, ()))
    return (*proofs, *added)


def _bound(instance: Instance, proofs: tuple[Proof, ...]) -> Bound:
    # Where nothing is lawful there is nothing that a lawful plan could move: no proofs, no sums.
    return Bound(
        unconditional=unconditional(instance),
        unconditional_communities=unconditional_communities(instance),
        within_plan=sum(p.bound for p in proofs) if proofs else None,
        either=least_affected(instance),
        proofs=proofs,
    )
