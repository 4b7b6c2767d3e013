"""All pages of a plan: the planner's map, maps to share, maps to review."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lingwu_grid.maps.page import planner_map
from lingwu_grid.maps.review_page import review_page
from lingwu_grid.maps.sharing import Shared
from lingwu_grid.planning.streets import street_name, streets_of

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.planning.record import PlanRecord

UNSAFE = re.compile(r"[^\w（）()-]+")
"""What a file's name had better not have on any system."""


def write_pages(record: PlanRecord, folder: Path) -> None:
    """
    Write ``map.html``, ``share/`` and ``review/``.

    Parameters
    ----------
    record
        The plan.
    folder
        Usually a draft of :func:`~lingwu_grid.bundle.whole_folder`.
    """
    notice = str(record.run["rules"].get("notice", ""))
    tiles = str(record.run["rules"].get("tiles", ""))
    _write(folder / "map.html", planner_map(record, notice=notice, tiles=tiles))
    for name in ("share", "review"):
        (folder / name).mkdir(exist_ok=True)
    shared = Shared(record)
    for street in streets_of(record):
        name = street_name(record, street)
        file = safe_name(street, name)
        _write(folder / "review" / file, review_page(record, street, notice=notice))
        part = shared.part("subdistrict_id", street)
        _write(folder / "share" / file, planner_map(part, notice=notice, title=f"{name} 网格调整"))
    for row in record.communities.itertuples(index=False):
        part = shared.part("community_id", row.community_id)
        page = planner_map(part, notice=notice, title=f"{row.community_name} 网格调整")
        _write(folder / "share" / safe_name(row.community_id, row.community_name), page)


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
