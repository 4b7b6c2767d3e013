"""All pages of a plan: the planner's map, maps to share, maps to review."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lingwu_grid.disclosure.pages import Tally, faults_of
from lingwu_grid.maps.overview import overview_map
from lingwu_grid.maps.page import planner_map
from lingwu_grid.maps.review_page import review_page
from lingwu_grid.maps.sharing import Shared
from lingwu_grid.planning.streets import communities_of, street_name, streets_of

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.planning.record import PlanRecord

UNSAFE = re.compile(r"[^\w（）()-]+")
"""What a file's name had better not have on any system."""

MOST_UNITS = 15_000
"""Units above which the planner's map is an overview and one map a street: some 6 MB."""


def write_maps(record: PlanRecord, folder: Path) -> None:
    """
    Write ``map.html``; of a large plan ``streets/`` as well.

    Parameters
    ----------
    record
        The plan.
    folder
        Usually a draft of :func:`~lingwu_grid.output.whole_folder`.
    """
    rules = record.run["rules"]
    notice, tiles = str(rules.get("notice", "")), str(rules.get("tiles", ""))
    if len(record.units) <= MOST_UNITS:
        _write(folder / "map.html", planner_map(record, notice=notice, tiles=tiles))
    else:
        links = [(s, file_of(record, s)) for s in streets_of(record)]
        write_overview(record, links, folder)
        for street, file in links:
            write_street_map(record.part(communities_of(record, street)), file, folder)


def write_overview(record: PlanRecord, links: list[tuple[str, str]], folder: Path) -> None:
    """Write ``map.html`` of a large plan: each street and the file of its own map."""
    notice = str(record.run["rules"].get("notice", ""))
    page = overview_map(record, [(s, f"streets/{file}") for s, file in links], notice=notice)
    _write(folder / "map.html", page)


def write_street_map(record: PlanRecord, file: str, folder: Path) -> None:
    """Write the planner's map of a street, or of a part of one."""
    rules = record.run["rules"]
    (folder / "streets").mkdir(exist_ok=True)
    page = planner_map(
        record, notice=str(rules.get("notice", "")), tiles=str(rules.get("tiles", ""))
    )
    _write(folder / "streets" / file, page)


def write_outgoing(record: PlanRecord, folder: Path, *, part: str = "") -> Tally:
    """
    Write the pages that streets and communities get: ``share/`` and ``review/``.

    Parameters
    ----------
    record
        The plan, or a part of it that no street's border cuts.
    folder
        A draft.
    part
        Stands for the street's code in the names of files, where a street has several parts.

    Returns
    -------
    Tally
        Of attacking ``share/`` from its text alone, once written. Pages that gave a small count
        away are not left there.
    """
    notice = str(record.run["rules"].get("notice", ""))
    for name in ("share", "review"):
        (folder / name).mkdir(exist_ok=True)
    shared = Shared(record)
    for street in streets_of(record):
        name, file = street_name(record, street), file_of(record, street, part=part)
        _write(folder / "review" / file, review_page(record, street, notice=notice))
        page = planner_map(
            shared.part("subdistrict_id", street), notice=notice, title=f"{name} 网格调整"
        )
        _write(folder / "share" / file, page)
    for row in record.communities.itertuples(index=False):
        shown = shared.part("community_id", row.community_id)
        page = planner_map(shown, notice=notice, title=f"{row.community_name} 网格调整")
        _write(folder / "share" / safe_name(row.community_id, row.community_name), page)
    faults, groups = faults_of(folder, record.buildings)
    pages = list((folder / "share").glob("*.html"))
    for page_written in pages if faults else ():
        page_written.unlink()
    return Tally(0 if faults else len(pages), groups, len(faults), *faults[:1])


def file_of(record: PlanRecord, street: str, *, part: str = "") -> str:
    """Name the file of a street's page."""
    return safe_name(part or street, street_name(record, street))


def safe_name(code: str, name: str) -> str:
    """
    Make a file's name of a code and a name from the data.

    Examples
    --------
    >>> safe_name("640181001", "城区街道/../x")
    '640181001_城区街道_x.html'
    """
    words = [UNSAFE.sub("_", word).strip("_")[:60] for word in (code, name)]
    distinct = list(dict.fromkeys(word for word in words if word))
    return "_".join(distinct or ["part"]) + ".html"


def _write(path: Path, page: str) -> None:
    path.write_text(page, encoding="utf-8", newline="\n")
