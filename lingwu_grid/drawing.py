"""Drawing: the pages and papers of a plan, a part at a time."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.disclosure.pages import Tally
from lingwu_grid.maps.pages import (
    file_of,
    write_outgoing,
    write_overview,
    write_pages,
    write_street_map,
)
from lingwu_grid.papers.filling import blank
from lingwu_grid.papers.writing import write_papers
from lingwu_grid.scale.jobs import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lingwu_grid.engine.instance import Stop, Watch
    from lingwu_grid.papers.filling import Filling
    from lingwu_grid.papers.writing import PaperOptions
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.scale.crew import Crew


class PartPages(NamedTuple):
    """A part to draw."""

    record: PlanRecord
    name: str
    file: str
    """Of its map."""
    maps: bool
    papers: PaperOptions | None


class Drawn(NamedTuple):
    """A part that was drawn."""

    files: dict[str, bytes]
    """By path in the output folder."""
    tally: Tally


def draw(
    record: PlanRecord,
    folder: Path,
    crew: Crew,
    *,
    maps: bool = True,
    papers: PaperOptions | None = None,
    filling: Filling | None = None,
) -> Tally | None:
    """
    Draw the pages of a plan, and its papers where asked.

    Parameters
    ----------
    record
        The plan. In one part, its pages and papers lie in `folder`; in several, an overview does,
        and the maps and papers of each part under ``streets/``.
    folder
        A draft of the output folder.
    crew
        Draws parts.
    maps
        Draw the pages.
    papers
        How the papers are written; None for none.
    filling
        Entries of the office for the ledger of a plan in one part.

    Returns
    -------
    Tally or None
        Of attacking the pages that may leave the office; None where no page is drawn.

    Raises
    ------
    LingwuError
        If a page cannot be drawn.
    """
    if len(record.pieces) == 1:
        tally = write_pages(record, folder) if maps else None
        if papers is not None:
            write_papers(record, folder, filling or blank(record), papers, watch=crew.watch)
        return tally
    tally = Tally(0, 0, 0)
    links: list[tuple[str, str]] = []
    jobs: dict[str, Callable[[], PartPages]] = {}
    parts = record.parts()
    streets = _streets(record)
    for name in record.run["parts"]:
        file = file_of(record, streets[name], part=name)
        links.append((streets[name], file))
        jobs[name] = partial(_next_part, parts, name, file, maps=maps, papers=papers)
    for name, result in crew.each(draw_part, jobs):
        if isinstance(result, Failed):
            raise LingwuError(f"{name} 的地图没有画成：{result.reason}", remedy="再运行一次")
        tally = tally.plus(result.tally)
        for path, content in result.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    if maps:
        write_overview(record, links, folder)
    return tally if maps else None


def _next_part(
    parts: Iterator[PlanRecord], name: str, file: str, *, maps: bool, papers: PaperOptions | None
) -> PartPages:
    # Jobs are made in the order of the parts, each when a worker is there for it.
    return PartPages(next(parts), name, file, maps, papers)


def _streets(record: PlanRecord) -> dict[str, str]:
    """Give the street of each part: its name begins with the street's code."""
    codes = sorted(set(record.communities["subdistrict_id"].astype(str)), key=len)
    return {
        name: next((c for c in reversed(codes) if name == c or name.startswith(f"{c}-")), name)
        for name in record.run["parts"]
    }


def draw_part(job: PartPages, *, stop: Stop, watch: Watch, threads: int = 1) -> Drawn:
    """
    Draw the pages of a part, and its papers where asked.

    Parameters
    ----------
    job
        The part.
    stop, threads
        Not asked: a page is soon drawn.
    watch
        Told which paper is in hand.

    Returns
    -------
    Drawn
        Its files.
    """
    _ = stop, threads
    with tempfile.TemporaryDirectory() as place:
        folder, tally = Path(place), Tally(0, 0, 0)
        if job.maps:
            watch("地图")
            write_street_map(job.record, job.file, folder)
            tally = write_outgoing(job.record, folder, part=job.name)
        if job.papers is not None:
            own = folder / "streets" / Path(job.file).stem
            own.mkdir(parents=True)
            write_papers(job.record, own, blank(job.record), job.papers, watch=watch)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        return Drawn(files, tally)
