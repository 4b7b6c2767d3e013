"""Tasks: what a worker does with a part; functions that any process can import."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.maps.pages import write_outgoing, write_street_map
from lingwu_grid.partition.walk import partition, partition_part
from lingwu_grid.planning.record import PlanRecord
from lingwu_grid.report.filling import blank
from lingwu_grid.report.walk import write_papers

if TYPE_CHECKING:
    from lingwu_grid.engine.problem import Stop, Watch
    from lingwu_grid.study import Study


class Solve(NamedTuple):
    """A part to solve."""

    study: Study
    seed: int
    time_limit: float | None


class Pages(NamedTuple):
    """A part to draw."""

    record: PlanRecord
    part: str
    file: str
    """Of its map."""
    papers: bool


def solve_part(job: Solve, *, stop: Stop, watch: Watch) -> PlanRecord:
    """
    Solve a part.

    Parameters
    ----------
    job
        The part.
    stop, watch
        Of the run.

    Returns
    -------
    PlanRecord
        Without the backdrop, which the whole has.
    """
    plan = partition_part(
        job.study, seed=job.seed, time_limit=job.time_limit, stop=stop, watch=watch
    )
    named = [name for name in plan.__dataclass_fields__ if name != "backdrop"]
    return PlanRecord(**{name: getattr(plan, name) for name in named}, backdrop={})


def solve_whole(job: Solve, *, stop: Stop, watch: Watch) -> PlanRecord:
    """Solve a whole study on one worker; arguments as for :func:`solve_part`."""
    plan = partition(job.study, seed=job.seed, time_limit=job.time_limit, stop=stop, watch=watch)
    return PlanRecord(**{name: getattr(plan, name) for name in plan.__dataclass_fields__})


def draw_part(job: Pages, *, stop: Stop, watch: Watch) -> dict[str, bytes]:
    """
    Draw the pages of a part, and its papers where asked.

    Parameters
    ----------
    job
        The part.
    stop
        Not asked: a page is soon drawn.
    watch
        Told which paper is in hand.

    Returns
    -------
    dict
        Path in the output folder and content of each file.
    """
    _ = stop
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        watch("地图")
        write_street_map(job.record, job.file, folder)
        write_outgoing(job.record, folder, part=job.part)
        if job.papers:
            own = folder / "streets" / Path(job.file).stem
            own.mkdir()
            write_papers(job.record, own, blank(job.record), watch=watch)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
