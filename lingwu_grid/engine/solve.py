"""The solver as a recipe: lawful start, communities, grids inside each, proof, tidy borders."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

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
from lingwu_grid.engine.into_range import Run, bring_into_range, each, faulty, mend_near
from lingwu_grid.engine.town.across import (
    solve_borders,
)
from lingwu_grid.engine.town.affected import least_affected
from lingwu_grid.engine.town.bounds import unconditional, unconditional_communities
from lingwu_grid.engine.town.causes import community_causes, region_causes
from lingwu_grid.engine.town.feasibility import communities_in_pieces, explain
from lingwu_grid.engine.town.first import first_town
from lingwu_grid.engine.town.grids import (
    FEWER_PAIRS,
    MOST_PAIRS,
    Proven,
    prove_task,
    refine_task,
    reprove_task,
)
from lingwu_grid.engine.town.ground import keep_ground
from lingwu_grid.engine.town.kicks import kicked_streets
from lingwu_grid.engine.town.labels import relabel
from lingwu_grid.engine.town.levels import (
    Task,
    Town,
    community_tasks,
    with_task,
)
from lingwu_grid.engine.town.parallel import run_all
from lingwu_grid.engine.town.parks import bring_parks_home
from lingwu_grid.engine.town.proofs import as_it_is
from lingwu_grid.engine.town.recombine import FEW, FULL, clearest, cut_anew
from lingwu_grid.engine.town.sweeps import cut_straight
from lingwu_grid.engine.town.tally import (
    affected_households,
    moved_households,
    worth,
)
from lingwu_grid.engine.town.tidy import tidy_task
from lingwu_grid.engine.town.wraps import unwrap
from lingwu_grid.engine.ways import searched, ways_into_range
from lingwu_grid.lawful import run_status

BASINS = 2
"""Ways that are gone to the end where there are few grids."""

DEARER = 8
"""Times the price of borders at which grids are cut anew once on the way."""


def solve(
    instance: Instance,
    begun: Town | None = None,
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
    begun
        A plan of the town made for other rules: mended where it is out of range, and left as it
        is elsewhere as far as can be. Nothing is proven of its communities then.
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
    if begun is not None:
        return _solved_on(Run(instance, seed, stop, workers, watch), begun)
    asked = instance
    # No plan can bring this ground into range: nothing is moved elsewhere for it in vain.
    for gap in community_causes(asked):
        instance = instance.with_leave(np.array(gap.units), gap.households)
    for gap in region_causes(asked):
        if gap.cause != "pinch_point":
            instance = instance.with_small_grids(np.array(gap.units), gap.households)
    run = Run(instance, seed, stop, workers, watch)
    town, proofs, clear_price = _from_start(run, is_loose=True)
    broken = len(communities_in_pieces(instance, town))
    if broken and not stop(is_lawful=False):
        again = _from_start(run, is_loose=False)
        if len(communities_in_pieces(instance, again[0])) < broken:
            town, proofs, clear_price = again
    run.tell("方案完成", town)
    return _solution(asked, instance, town, proofs, clear_price)


def _solved_on(run: Run, begun: Town) -> Solution:
    town = mend_near(run, begun)
    run.tell("就近修补", town)
    interrupted = partial(run.stop, is_lawful=False)
    town, clear_price = _ruled(run, *_cleared(run, town, interrupted), interrupted)
    return _solution(run.instance, run.instance, town, (), clear_price)


def _solution(
    asked: Instance, instance: Instance, town: Town, proofs: tuple[Proof, ...], clear_price: int
) -> Solution:
    explanations = explain(asked, town)
    return Solution(
        grid_of_unit=town.zone,
        community_of_grid=town.community,
        moved=moved_households(instance, town),
        bound=_bound(instance, () if explanations else proofs),
        status=run_status(e.cause for e in explanations),
        explanations=explanations,
        clear_price=clear_price,
    )


def _from_start(run: Run, *, is_loose: bool) -> tuple[Town, tuple[Proof, ...], int]:
    """Solve from a start whose communities are in one piece for certain, or only mostly."""
    town = first_town(
        run.instance, seed=run.seed, workers=run.workers, is_loose=is_loose, stop=run.stop
    )
    run.tell("起始方案", town)
    if run.stop(is_lawful=False):
        return town, (), 0
    ways = ways_into_range(run, town)
    run.instance, town = ways[0]
    run.tell("合规方案", town)
    if len(np.unique(town.zone)) > FEW or run.stop():
        return _best(run, town)
    # Of few grids there are few good plans, far from each other: the best is one of several.
    gone = [
        (Run(instance, run.seed, run.stop, run.workers, run.watch), way)
        for instance, way in _unlike(ways)[:BASINS]
    ]
    plans = list(run_all(lambda one: _best(*one), gone, run.workers))
    run.instance = gone[-1][0].instance
    return plans[clearest(run.instance, [plan[0] for plan in plans], run.seed)]


def _unlike(ways: list[tuple[Instance, Town]]) -> list[tuple[Instance, Town]]:
    """Leave out what is the same again, in order."""
    found: dict[bytes, tuple[Instance, Town]] = {}
    for instance, town in ways:
        found.setdefault(town.zone.tobytes(), (instance, town))
    return list(found.values())


def _best(run: Run, town: Town) -> tuple[Town, tuple[Proof, ...], int]:
    """Move fewer households: search on, solve borders and communities exactly, tidy."""
    instance, stop = run.instance, run.stop
    short = worth(instance, town)[0]
    if not instance.proves:
        tasks = community_tasks(instance, town, run.csr, run.seed)
        town = each(run, town, tasks, lambda task: refine_task(task, stop))
    proofs: tuple[Proof, ...] = ()
    if instance.keeps_today:
        town = relabel(instance, town)
    if instance.proves and not stop():
        if instance.community_mode != "fixed":
            town = searched(run, town)
            run.tell("跨社区搜索", town)
            if not instance.is_quick:
                seed, workers = run.seed, run.workers
                town = solve_borders(instance, town, run.csr, seed, workers=workers, stop=stop)
                run.tell("社区边界", town)
        town, proofs = _prove(run, town)
    proved, interrupted = town, partial(stop, is_lawful=False)
    if worth(instance, town)[0] > short and not stop():
        town = _again(run, town)
    tasks = community_tasks(instance, town, run.csr, run.seed)
    town = each(run, town, tasks, lambda task: tidy_task(task, interrupted))
    run.tell("界线拉直", town)
    town, clear_price = _ruled(run, *_clearest(run, town, interrupted), interrupted)
    if instance.proves:
        proofs = _counted(town, proofs)
    return town, tuple(as_it_is(instance, proved, town, proof) for proof in proofs), clear_price


def _again(run: Run, town: Town) -> Town:
    """Bring a town into range once more: exact models weigh a parted compound against counts."""
    instance = run.instance
    found = bring_into_range(run, town)
    run.tell("再次合规", found)

    def ranked(one: Town) -> tuple[int, tuple[int, int]]:
        return len(faulty(instance, one)), worth(instance, one)

    return min(town, found, key=ranked)


def _clearest(run: Run, town: Town, interrupted: Stop) -> tuple[Town, int]:
    """
    Clear a town's borders, and once more at a price many times as high and back.

    On the way up cuts are found that are the better ones at the lower price, too: fewer
    households affected and clearer borders. Few grids go several ways already.
    """
    instance = run.instance
    own = _cleared(run, town, interrupted)
    is_enough = instance.effort < FULL or instance.is_quick or len(np.unique(town.zone)) <= FEW
    if is_enough or not instance.recuts or not instance.cuts_anew:
        return own
    found = own
    for weight in (DEARER * instance.border_weight, instance.border_weight):
        if run.stop():
            return own
        priced = replace(instance, border_weight=weight)
        found = _cleared(
            Run(priced, run.seed, run.stop, run.workers, run.watch), found[0], interrupted
        )
    best = (own, found)[clearest(instance, [own[0], found[0]], run.seed)][0]
    # What clear borders cost is counted from the plan before any grid was cut anew.
    before = affected_households(instance, own[0]) - own[1]
    return best, affected_households(instance, best) - before


def _ruled(run: Run, town: Town, price: int, interrupted: Stop) -> tuple[Town, int]:
    """Cut straight where that is cheaper as it will be drawn; add what it costs to the price."""
    instance = run.instance
    if not instance.recuts or not instance.cuts_anew:
        return town, price
    found = cut_straight(instance, town, run.seed, stop=interrupted, workers=run.workers)
    run.tell("直线划界", found)
    return found, price + affected_households(instance, found) - affected_households(instance, town)


def _cleared(run: Run, town: Town, interrupted: Stop) -> tuple[Town, int]:
    """Bring households home by kicks, and cut grids anew for clear borders; say what that cost."""
    instance = run.instance
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
        town = bring_parks_home(instance, town, run.seed, stop=interrupted, workers=run.workers)
    return town, clear_price


def _prove(run: Run, town: Town) -> tuple[Town, tuple[Proof, ...]]:
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
