"""The walk of a large study: rows to parts, parts to workers, their plans to one plan.

What holds for a small study holds here: the same files, the same rules, the same bytes on any
number of workers. Only rows are never all in memory, and a run that was killed goes on where it
was.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lingwu_grid.bundle import whole_folder, write_json
from lingwu_grid.engine.problem import never
from lingwu_grid.errors import LingwuError
from lingwu_grid.partition.ground import Laid, lay_out, rows_laid
from lingwu_grid.partition.tasks import Solve, solve_part, solve_whole
from lingwu_grid.partition.walk import partition, peak_mb, run_of
from lingwu_grid.partition.writing import write_whole
from lingwu_grid.parts.crew import Crew, Failed, crew_of
from lingwu_grid.parts.joining import Pieces
from lingwu_grid.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from lingwu_grid.engine.problem import Stop, Watch
    from lingwu_grid.parts.store import Store
    from lingwu_grid.rules import Rules
    from lingwu_grid.study import Study


class Options(NamedTuple):
    """How a large study is to be solved."""

    seed: int = 0
    workers: int | str = 1
    """Processes on this machine, or the address of a Dask scheduler."""
    time_limit: float | None = None
    """Seconds for all parts together; shared out by their number."""
    papers: bool = False
    datum: str | None = None
    command: tuple[str, ...] = ()


def is_large(folder: str | Path, rules: Rules | None = None) -> bool:
    """
    Tell whether a study is large enough to be solved in parts.

    Parameters
    ----------
    folder
        The study.
    rules
        The settings; by default the folder's own.
    """
    return rows_laid(Path(folder), rules) is not None


def partition_folder(
    folder: str | Path,
    out: str | Path,
    rules: Rules | None = None,
    options: Options = Options(),  # noqa: B008 - immutable
    *,
    stop: Callable[[], bool] = never,
    watch: Callable[[str], None] = lambda _: None,
) -> dict[str, Any] | None:
    """
    Draw the plan of a large study, from its folder to its output folder.

    Parameters
    ----------
    folder
        The study.
    out
        The output folder. What is done so far lies beside it until the plan is whole: the same
        command goes on from there.
    rules
        The settings; by default the folder's own.
    options
        Seed, workers, time limit, papers.
    stop
        When it says so, parts end early with the best they have; such parts are solved anew by
        the next run.
    watch
        Told how far the work is.

    Returns
    -------
    dict | None
        The summary, as written; None, and nothing written, where the study has no streets to
        divide it by.

    Raises
    ------
    LingwuError
        If the study cannot be used or divided, the workers cannot be reached, or nothing could
        be solved.
    """
    out = Path(out).resolve()
    began = time.perf_counter()
    clock: dict[str, float] = {}
    with crew_of(options.workers, watch) as crew:
        there = lay_out(Path(folder), out, rules, _key(options), options.datum, watch)
        if there is None:
            return None
        laid, store = there
        clock["read"] = round(time.perf_counter() - began, 3)
        pieces = _solved(laid, store, crew, options, stop, watch)
        clock["parts"] = round(time.perf_counter() - began - clock["read"], 3)
        run = run_of(laid.ground, options.seed) | {"parts": list(pieces.names)}
        if options.command:
            run["command"] = list(options.command)
        with whole_folder(out) as draft:
            plan = write_whole(laid, pieces, run, crew, draft, papers=options.papers)
            clock["write"] = round(time.perf_counter() - began - sum(clock.values()), 3)
            summary = plan.summary | {"seconds": clock, "peak_mb": peak_mb()}
            write_json(summary, draft / "summary.json")
    if not pieces.failed and not stop():
        store.clear()
    return summary


def _key(options: Options) -> dict[str, Any]:
    """Give what of the options decides the plan: the store of other options is of no use."""
    return {"seed": options.seed, "time_limit": options.time_limit}


def _solved(
    laid: Laid,
    store: Store,
    crew: Crew,
    options: Options,
    stop: Callable[[], bool],
    watch: Callable[[str], None],
) -> Pieces:
    """Solve every part that is not solved yet; the largest first, so that none is waited for."""
    names = [part.name for part in laid.division.parts]
    there = {name for name in names if store.has(f"plan-{name}")}
    if there:
        watch(f"接着上次：{len(there)}/{len(names)} 部分已解出")
    households = dict(zip(names, laid.scattered.households, strict=True))
    todo = sorted((n for n in names if n not in there), key=lambda n: (-households[n], n))
    seconds = None
    if options.time_limit is not None:
        seconds = options.time_limit * crew.size / max(len(names), 1)

    def job_of(name: str) -> Callable[[], Solve]:
        return lambda: Solve(laid.study(names.index(name)), options.seed, seconds)

    failed: dict[str, str] = {}
    short: set[str] = set()
    for name, result in crew.run(solve_part, {name: job_of(name) for name in todo}, stop):
        if isinstance(result, Failed):
            failed[name] = result.reason
            watch(f"{name} 没有解出：{result.reason}")
        else:
            # A part that was cut short is good enough to look at, not to go on from.
            store.keep(f"{'short' if stop() else 'plan'}-{name}", result)
            short |= {name} if stop() else set()
    if len(failed) == len(names):
        name, why = next(iter(failed.items()))
        raise LingwuError(f"没有一个部分解得出；{name}：{why}", remedy="按这一句改正后再运行一次")
    done = [n for n in names if n not in failed]
    return Pieces(
        store,
        tuple(f"{'short' if n in short else 'plan'}-{n}" for n in done),
        tuple(done),
        laid.ground,
        laid.scattered,
        tuple((n, failed[n], households[n]) for n in names if n in failed),
    )


def partition_there(
    study: Study,
    *,
    seed: int,
    workers: int | str,
    time_limit: float | None,
    stop: Stop,
    watch: Watch,
) -> Plan:
    """
    Draw the plan of a study in one piece: here, or on one worker of a Dask scheduler.

    Parameters
    ----------
    study, seed, time_limit, stop, watch
        As for :func:`~lingwu_grid.partition.walk.partition`.
    workers
        Communities solved at a time; or the address of a scheduler.

    Raises
    ------
    LingwuError
        If the study cannot be used, or the scheduler or the worker fails.
    """
    if isinstance(workers, int):
        return partition(
            study, seed=seed, workers=workers, time_limit=time_limit, stop=stop, watch=watch
        )
    job = Solve(study, seed, time_limit)
    with crew_of(workers, watch) as crew:
        ((_, result),) = crew.run(solve_whole, {study.name: lambda: job}, stop)
    if isinstance(result, Failed):
        raise LingwuError(result.reason)
    return Plan.of(result)
