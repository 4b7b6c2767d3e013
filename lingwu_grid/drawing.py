"""Drawing: the pages and papers of a plan, a part at a time."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.disclosure.pages import Tally
from lingwu_grid.maps.pages import (
    file_of,
    write_maps,
    write_outgoing,
    write_overview,
    write_street_map,
)
from lingwu_grid.output import write_json
from lingwu_grid.papers.filling import blank
from lingwu_grid.papers.ledger import write_ledger
from lingwu_grid.papers.writing import ATLAS, DOCUMENT, KIT, LEDGER, filled, write_papers
from lingwu_grid.scale.jobs import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lingwu_grid.engine.instance import Stop, Watch
    from lingwu_grid.papers.filling import Filling
    from lingwu_grid.papers.writing import PaperOptions
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.scale.crew import Crew


class Wanted(NamedTuple):
    """What is to be drawn."""

    maps: bool = True
    """The office's own maps."""
    outgoing: bool = True
    """What streets and communities get."""
    papers: PaperOptions | None = None
    """How the papers are written; None for none."""


class PartPages(NamedTuple):
    """A part to draw."""

    record: PlanRecord
    name: str
    file: str
    """Of its map."""
    wanted: Wanted
    filling: Filling | None


class Drawn(NamedTuple):
    """A part that was drawn."""

    files: dict[str, bytes]
    """By path in the output folder."""
    tally: Tally


def draw(
    record: PlanRecord,
    folder: Path,
    crew: Crew,
    wanted: Wanted,
    *,
    filling: Filling | None = None,
    before: Path | None = None,
) -> None:
    """
    Draw the pages of a plan, and its papers where asked.

    What came of attacking the pages that leave the office is noted in the certificate.

    Parameters
    ----------
    record
        The plan. In one part, its pages and papers lie in `folder`; in several, an overview does,
        and the maps and papers of each part under ``streets/``.
    folder
        A draft of the output folder.
    crew
        Draws parts; where it is to stop, papers are not begun.
    wanted
        Which.
    filling
        Entries of the office for the ledger of a plan in one part; the ledger is written for them
        where no papers are.
    before
        Output folder whose ledgers, filled in, go into those of a plan in parts.

    Raises
    ------
    LingwuError
        If a page cannot be drawn.
    """
    tally = Tally(0, 0, 0)
    if len(record.pieces) == 1:
        if wanted.maps:
            write_maps(record, folder)
        if wanted.outgoing:
            tally = write_outgoing(record, folder)
        _write_papers(record, folder, filling, wanted.papers, crew.stop, crew.watch)
    else:
        tally = _draw_parts(record, folder, crew, wanted, before)
    if wanted.outgoing:
        proven = record.certificate | {"disclosure": tally.as_dict()}
        write_json(proven, folder / "certificate.json")
    if tally.recovered:
        crew.watch(f"外发图（share/）没有留下，{tally.recovered} 处：{tally.why}")


def _write_papers(
    record: PlanRecord,
    folder: Path,
    filling: Filling | None,
    papers: PaperOptions | None,
    stop: Stop,
    watch: Watch,
) -> None:
    """Write papers, or at least the ledger where an office has filled one in."""

    def unless_stopped(step: str) -> None:
        if stop():
            raise _Enough
        watch(step)

    try:
        if papers is not None:
            write_papers(record, folder, filling or blank(record), papers, watch=unless_stopped)
            return
    except _Enough:
        # A paper is whole or not there; what an office typed is there in any case.
        for name in (DOCUMENT, ATLAS):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / KIT, ignore_errors=True)
    if filling is not None:
        write_ledger(record, filling, folder / LEDGER)


class _Enough(Exception):  # noqa: N818 - no error
    """The planner wants no more."""


def _draw_parts(
    record: PlanRecord, folder: Path, crew: Crew, wanted: Wanted, before: Path | None
) -> Tally:
    tally = Tally(0, 0, 0)
    links: list[tuple[str, str]] = []
    jobs: dict[str, Callable[[], PartPages]] = {}
    parts = record.parts()
    streets = _streets(record)
    for name in record.run["parts"]:
        file = file_of(record, streets[name], part=name)
        links.append((streets[name], file))
        ledger = before / "streets" / Path(file).stem / LEDGER if before else None
        jobs[name] = partial(_next_part, parts, name, file, wanted, ledger)
    for name, result in crew.each(draw_part, jobs):
        if isinstance(result, Failed):
            raise LingwuError(f"{name} 的地图没有画成：{result.reason}", remedy="再运行一次")
        tally = tally.plus(result.tally)
        for path, content in result.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    if wanted.maps:
        write_overview(record, links, folder)
    return tally


def _next_part(
    parts: Iterator[PlanRecord], name: str, file: str, wanted: Wanted, ledger: Path | None
) -> PartPages:
    # Jobs are made in the order of the parts, each when a worker is there for it.
    record = next(parts)
    filling = filled(record, ledger) if ledger is not None and ledger.is_file() else None
    return PartPages(record, name, file, wanted, filling)


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
    stop
        Asked between papers: a page is soon drawn.
    watch
        Told which paper is in hand.
    threads
        Not asked.

    Returns
    -------
    Drawn
        Its files.
    """
    _ = threads
    with tempfile.TemporaryDirectory() as place:
        folder, tally = Path(place), Tally(0, 0, 0)
        if job.wanted.maps:
            watch("地图")
            write_street_map(job.record, job.file, folder)
        if job.wanted.outgoing:
            tally = write_outgoing(job.record, folder, part=job.name)
        if job.wanted.papers is not None or job.filling is not None:
            own = folder / "streets" / Path(job.file).stem
            own.mkdir(parents=True)
            _write_papers(job.record, own, job.filling, job.wanted.papers, stop, watch)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        return Drawn(files, tally)
