"""The walk: how household points become grids become a map; the product's table of contents."""

from __future__ import annotations

import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from lingwu_grid.audit.people import people
from lingwu_grid.audit.whole import audited
from lingwu_grid.engine.problem import Stop, Watch, never, pose, silent, within
from lingwu_grid.engine.solve import solve
from lingwu_grid.errors import InputError
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.partition.repairs import tried_repairs
from lingwu_grid.plan import Plan
from lingwu_grid.planning.record import make_record
from lingwu_grid.rules import PARTS_GAP, Rules

if TYPE_CHECKING:
    from lingwu_grid.engine.problem import Solution
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.study import Study

LIBRARIES = (
    "numpy",
    "pandas",
    "geopandas",
    "shapely",
    "pyogrio",
    "pyproj",
    "scipy",
    "numba",
    "highspy",
    "folium",
)


def partition(
    study: Study,
    rules: Rules | None = None,
    *,
    seed: int = 0,
    workers: int = 1,
    time_limit: float | None = None,
    stop: Stop = never,
    watch: Watch = silent,
) -> Plan:
    """
    Draw lawful grids and communities that move few households.

    Parameters
    ----------
    study
        What :func:`~lingwu_grid.study.read_study` gave.
    rules
        The settings; by default the study's own.
    seed
        The same study, rules and seed give the same plan.
    workers
        Communities solved at a time; the plan does not depend on it.
    time_limit
        Seconds after which the best lawful plan so far is given; first lawful, then in time.
    stop
        Asked now and then; when it says so, the best plan so far is given.
    watch
        Told how far the work is.

    Returns
    -------
    Plan
        With ``plan.summary["status"]`` `feasible`, or `infeasible` and explained.

    Raises
    ------
    LingwuError
        If the data or the rules cannot be used.
    """
    stop = stop if time_limit is None else within(time_limit, stop)
    study = study if rules is None else replace(study, rules=rules)
    refuse_errors(study)
    clock = _Clock()
    study = audited(study)  # what the tables say of each other goes with the plan
    clock.lap("audit")
    return _walked(study, clock, seed=seed, workers=workers, stop=stop, watch=watch)


def partition_part(
    study: Study,
    *,
    seed: int,
    time_limit: float | None,
    stop: Stop,
    watch: Watch,
) -> Plan:
    """
    Draw the plan of one part of a larger study, on one worker.

    Parameters
    ----------
    study
        A part: its tables were looked over with the whole, its household rows were not.
    seed, time_limit, stop, watch
        As for :func:`partition`.
    """
    stop = stop if time_limit is None else within(time_limit, stop)
    clock = _Clock()
    study = as_part(study)
    clock.lap("audit")
    return _walked(study, clock, seed=seed, workers=1, stop=stop, watch=watch)


def as_part(study: Study) -> Study:
    """Give a part the settings of parts, and look over its household rows."""
    rules = study.rules
    if rules.proof_gap == Rules().proof_gap:
        rules = rules.with_(proof_gap=PARTS_GAP)
    return replace(study, rules=rules, findings=study.findings.plus(*people(study)))


def _walked(
    study: Study, clock: _Clock, *, seed: int, workers: int, stop: Stop, watch: Watch
) -> Plan:
    fabric = build_fabric(study)  # points and lines -> units that tile the town
    watch(f"划出 {len(fabric.units)} 个单元")
    clock.lap("fabric")
    graph = build_graph(fabric, study.rules)  # units -> neighbours, households, old grids
    problem = pose(graph, study.rules)  # what is lawful, what it costs to move
    solution = solve(problem, seed=seed, stop=stop, workers=workers, watch=watch)
    clock.lap("solve")
    record = make_record(study, fabric, solution)  # numbers -> names, borders, reasons
    clock.lap("record")
    told = _with_repairs(record.summary["explanations"], study, fabric, solution, seed, stop)
    clock.lap("repairs")
    seen = {"explanations": told, "seconds": clock.seconds, "peak_mb": peak_mb()}
    return Plan.of(
        replace(
            record,
            summary=record.summary | seen,
            run=run_of(study, seed),
        )
    )


def refuse_errors(study: Study) -> None:
    """Make no plan from data that would make it wrong."""
    errors = study.findings.errors()
    if errors:
        more = f"；另有 {len(errors) - 1} 处错误" if len(errors) > 1 else ""
        raise InputError(
            errors[0].message + more,
            where=errors[0].place,
            remedy=errors[0].remedy + "。全部问题用 python -m lingwu_grid.check 查看",
        )


def _with_repairs(
    told: list[dict[str, Any]],
    study: Study,
    fabric: Fabric,
    solution: Solution,
    seed: int,
    stop: Stop,
) -> list[dict[str, Any]]:
    """Add to each explanation the repairs that were tried and work."""
    repairs = tried_repairs(study, fabric, solution, seed=seed, workers=1, stop=stop)
    return [item | {"repairs": worked} for item, worked in zip(told, repairs, strict=True)]


class _Clock:
    """Seconds of each phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now


def peak_mb() -> int:
    """Give the most memory this process has held, megabytes."""
    memory = psutil.Process().memory_info()
    peak = getattr(memory, "peak_wset", None)  # Windows keeps the peak itself
    status = Path("/proc/self/status")
    if peak is None and status.exists():
        # getrusage would tell the peak of the process that started this one, where that was more.
        lines = status.read_text(encoding="ascii").splitlines()
        peak = 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
    elif peak is None:
        peak = memory.rss  # macOS: what it holds now
    return int(peak / 2**20)


def run_of(study: Study, seed: int) -> dict[str, Any]:
    """Say what a plan was made from, for ``run.json``."""
    return {
        "study": study.name,
        "inputs": list(study.sources),
        "rules": study.rules.as_dict(),
        "seed": seed,
        "crs": study.crs.to_string(),
        "versions": {"lingwu_grid": version("lingwu_grid")}
        | {name: version(name) for name in LIBRARIES},
    }
