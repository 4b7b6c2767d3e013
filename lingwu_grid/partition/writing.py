"""Writing: the solved parts become one folder; its pages are drawn on the workers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lingwu_grid.engine.problem import never
from lingwu_grid.errors import LingwuError
from lingwu_grid.maps.pages import file_of, write_overview
from lingwu_grid.partition.tasks import Pages, draw_part
from lingwu_grid.parts.crew import Crew, Failed
from lingwu_grid.parts.joining import Pieces, write_joined
from lingwu_grid.planning.record import backdrop_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lingwu_grid.partition.ground import Laid
    from lingwu_grid.planning.record import PlanRecord


def write_whole(
    laid: Laid,
    pieces: Pieces,
    run: dict[str, Any],
    crew: Crew,
    draft: Path,
    *,
    papers: bool,
) -> PlanRecord:
    """
    Write the tables, layers and pages of a plan in parts.

    Parameters
    ----------
    laid
        The study.
    pieces
        Its solved parts.
    run
        What the plan is made from, for ``run.json``.
    crew
        Draws the pages of parts.
    draft
        The folder to fill.
    papers
        Write ledger, report and atlas of every part.

    Returns
    -------
    PlanRecord
        The plan without its units, moves and assignment. ``summary.json`` is left to the caller:
        it tells how long the writing took.

    Raises
    ------
    LingwuError
        If a page cannot be drawn.
    """
    plan = write_joined(pieces, run, draft)
    every = [part.name for part in laid.division.parts]
    links: list[tuple[str, str]] = []
    jobs: dict[str, Callable[[], Pages]] = {}
    for name, folder in zip(pieces.names, pieces.folders, strict=True):
        number = every.index(name)
        street = laid.division.street_of(number)
        file = file_of(plan, street, part=name)
        links.append((street, file))
        jobs[name] = _pages_job(laid, pieces, folder, number, (plan.run, file, papers))
    for name, result in crew.run(draw_part, jobs, never):
        if isinstance(result, Failed):
            raise LingwuError(f"{name} 的地图没有画成：{result.reason}", remedy="再运行一次")
        for path, content in result.items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_bytes(content)
    write_overview(plan, links, draft)
    return plan


def _pages_job(
    laid: Laid, pieces: Pieces, folder: str, number: int, about: tuple[dict[str, Any], str, bool]
) -> Callable[[], Pages]:
    run, file, papers = about

    def make() -> Pages:
        record = pieces.store.record(folder, backdrop_of(laid.cutter.tables(number)))
        record = replace(record, run=record.run | {"plan": run["plan"], "rules": run["rules"]})
        return Pages(record, laid.division.parts[number].name, file, papers)

    return make
