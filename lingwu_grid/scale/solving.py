"""Solving: how the households of a part become its grids; what a worker does."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.audit.people import people
from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.contract.rules import PARTS_GAP, Rules
from lingwu_grid.engine.foresight import solve_ahead
from lingwu_grid.engine.instance import pose, within
from lingwu_grid.engine.solve import solve
from lingwu_grid.fabric.border_prices import DrawnBorders
from lingwu_grid.fabric.growth import worst_days
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.outlines import outlines_of
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.planning.begun import town_of
from lingwu_grid.planning.foresight import with_foresight
from lingwu_grid.planning.making import make_record
from lingwu_grid.planning.run import Clock, peak_mb, run_of
from lingwu_grid.scale.jobs import Failed
from lingwu_grid.scale.joining import Failure, Solved
from lingwu_grid.scale.levels import with_levels
from lingwu_grid.scale.repairs import tried_repairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from lingwu_grid.engine.instance import Stop, Watch
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.scale.crew import Crew
    from lingwu_grid.scale.laying import Laid


class Job(NamedTuple):
    """A part to solve."""

    study: Study
    seed: int
    time_limit: float | None
    """Seconds; None for as long as it takes."""
    begun: PlanRecord | None = None
    """A plan of the study for other prices, to go on from; None to begin anew."""


def solve_part(job: Job, *, stop: Stop, watch: Watch, threads: int = 1) -> PlanRecord:
    """
    Draw the plan of a part.

    Parameters
    ----------
    job
        The part.
    stop
        Asked now and then; when it says so, the best plan so far is given.
    watch
        Told how far the work is.
    threads
        Communities solved at a time; the plan does not depend on it.

    Returns
    -------
    PlanRecord
        Lawful, or explained.
    """
    stop = stop if job.time_limit is None else within(job.time_limit, stop)
    clock = Clock()
    study = as_part(job.study)
    clock.lap("audit")
    fabric = build_fabric(study)  # points and lines -> units that tile the ground
    watch(f"划出 {len(fabric.units)} 个单元")
    clock.lap("fabric")
    growth = worst_days(study, fabric)  # deliveries, demolitions -> the most that come and go
    graph = build_graph(fabric, study.rules, growth)  # units -> neighbours, households, old grids
    shape = outlines_of(fabric, study.rules)
    drawn = DrawnBorders(study, fabric, shape)
    instance = pose(graph, study.rules, shape, drawn)  # what is lawful, what it costs to move
    solver = partial(solve, seed=job.seed, stop=stop, workers=threads, watch=watch)
    foreseen = None if growth is None else solve_ahead(instance, solver, stop=stop, watch=watch)
    begun = None if job.begun is None else town_of(job.begun, fabric)
    solution = foreseen.solution if foreseen else solver(instance, begun)
    clock.lap("solve")
    record = make_record(study, fabric, solution)  # numbers -> names, borders, reasons
    if foreseen is not None:
        record = with_foresight(record, study, fabric, foreseen)
    clock.lap("record")
    record = with_levels(
        record, study, seed=job.seed, stop=stop, threads=threads, watch=watch
    )  # each grid -> the zones inside it
    clock.lap("levels")
    tried = tried_repairs(study, fabric, solution, seed=job.seed, workers=1, stop=stop)
    clock.lap("repairs")
    explained = [
        item | {"repairs": worked}
        for item, worked in zip(record.summary["explanations"], tried, strict=True)
    ]
    seen = {"explanations": explained, "seconds": clock.seconds, "peak_mb": peak_mb()}
    return replace(
        record,
        summary=record.summary | seen,
        run=run_of(study, job.seed),
        backdrop={} if study.part else record.backdrop,  # that of the whole serves all parts
    )


def solve_each(
    laid: Laid,
    crew: Crew,
    *,
    seed: int,
    time_limit: float | None,
    begun: PlanRecord | None = None,
) -> tuple[list[Solved], list[Failure]]:
    """
    Solve every part of a study that is not solved yet, the largest first: none is waited for.

    Parameters
    ----------
    laid
        The parts.
    crew
        Who works; when it is to stop, parts end early with the best they have, and such parts of
        several are solved anew by the next run.
    seed
        Of every part.
    time_limit
        Seconds for all parts together; shared out by their number.
    begun
        A plan of the study to go on from, where it is solved as a whole.

    Returns
    -------
    tuple
        The parts that were solved, and those that could not be, in order.

    Raises
    ------
    LingwuError
        If nothing could be solved.
    """
    names, store = laid.names, laid.many.store if laid.many else None
    whole = None if laid.many else begun
    known = [name for name in names if store and store.has(f"plan-{name}")]
    if known:
        crew.watch(f"接着上次：{len(known)}/{len(names)} 部分已解出")
    households = dict(zip(names, laid.households, strict=True))
    waiting = sorted(set(names) - set(known), key=lambda n: (-households[n], n))
    seconds = None if time_limit is None else time_limit * min(crew.size, len(names)) / len(names)

    def job_of(name: str) -> Callable[[], Job]:
        return lambda: Job(laid.study(names.index(name)), seed, seconds, whole)

    records: dict[str, PlanRecord] = {}
    failed: dict[str, str] = {}
    for name, result in crew.each(solve_part, {name: job_of(name) for name in waiting}):
        if isinstance(result, Failed):
            failed[name] = result.reason
            crew.watch(f"{name} 没有解出：{result.reason}")
        elif store is None:
            records[name] = result
        else:
            # A part that was cut short is good enough to look at, not to go on from.
            place = f"{'short' if crew.stop() else 'plan'}-{name}"
            store.keep(place, result)
            records[name] = store.record(place)
    if len(failed) == len(names):
        name, why = next(iter(failed.items()))
        raise LingwuError(f"没有一个部分解得出；{name}：{why}", remedy="按这一句改正后再运行一次")
    if store is not None:
        records |= {name: store.record(f"plan-{name}") for name in known}
    return (
        [Solved(n, records[n]) for n in names if n in records],
        [Failure(n, failed[n], households[n]) for n in names if n in failed],
    )


def as_part(study: Study) -> Study:
    """Give one part of several the settings of parts, and look over its household rows."""
    if not study.part:
        return study
    rules = study.rules
    if rules.proof_gap == Rules().proof_gap:
        rules = rules.with_(proof_gap=PARTS_GAP)
    return replace(study, rules=rules, findings=study.findings.plus(*people(study)))
