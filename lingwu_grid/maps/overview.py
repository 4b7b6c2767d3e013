"""The map of a large plan: communities at a glance, and a map of its own for every street."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, NamedTuple

import shapely

from lingwu_grid.disclosure.telling import INTERNAL
from lingwu_grid.maps import layers as draw
from lingwu_grid.maps.elements import Script
from lingwu_grid.maps.page import lineage_counts, status_counts
from lingwu_grid.maps.shell import new_page, rendered
from lingwu_grid.maps.texts import filled
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

SIMPLE_DEGREES = 1e-5
"""Corners of communities that stand out less are not drawn: a metre, less than a line's width."""

SIMPLE_SHARE = 1 / 20_000
"""Nor those that stand out less than this share of the map: a province has no use for metres."""

FIELDS = {
    "community_id": "社区编码",
    "community_name": "社区名称",
    "street": "街道",
    "households": "常住户数",
    "grids": "网格数",
    "status": "合规状态",
    "lineage": "变更类型",
}


class Row(NamedTuple):
    """A street in the list beside the map."""

    name: str
    link: str
    households: int
    grids: int
    communities: int
    changed: int
    """Grids that are not as today."""
    unlawful: int


def overview_map(record: PlanRecord, links: list[tuple[str, str]], *, notice: str = "") -> str:
    """
    Draw the overview of a large plan.

    Parameters
    ----------
    record
        The plan; its units are not used.
    links
        Code of a street, and the address of its map; a street may have several.
    notice
        Printed under the title; empty for none.

    Returns
    -------
    str
        One HTML page; nothing outside it is needed but the pages it links to, by a click.
    """
    communities = record.communities
    west, south, east, north = communities.total_bounds
    page = new_page((west, south, east, north))
    named = {s: street_name(record, s) for s in communities["subdistrict_id"].astype(str).unique()}
    least = max(SIMPLE_DEGREES, SIMPLE_SHARE * max(east - west, north - south))
    shapes = shapely.coverage_simplify(communities.geometry.to_numpy(), least)  # one border of two
    table = communities.set_geometry(shapes).assign(
        street=communities["subdistrict_id"].astype(str).map(named)
    )
    paint = {
        draw.escape(c): draw.STATUS_COLOURS[s]
        for c, s in zip(table["community_id"], table["status"], strict=True)
    }
    style = {"color": "#424242", "weight": 1, "fillOpacity": 0.3}
    draw.area_layer(table, "方案社区", FIELDS, style=style, paint=paint).add_to(page)
    back = record.backdrop
    if "subdistricts" in back:
        streets = back["subdistricts"]
        outline = streets.set_geometry(streets.geometry.boundary.simplify(least))
        draw.area_layer(
            outline, "街道", {"name": "街道"}, style={"color": "#4527a0", "weight": 4}
        ).add_to(page)
    if "barriers" in back:
        draw.barrier_layer(back["barriers"], 3).add_to(page)
    page.add_child(Script("overview.js", map=page.get_name()))
    title = f"{record.summary.get('study', '')} 社区网格方案"
    panel = filled(
        "overview.html",
        may_leave=INTERNAL,
        title=title,
        notice=notice,
        drawn=datetime.date.today().isoformat(),
        plan=plan_of(record),
        summary=record.summary,
        legend=status_counts(record),
        lineage=lineage_counts(record),
        streets=_rows(record, links, named),
    )
    return rendered(page, title=title, panel=panel, css=("page.css", "overview.css"))


def _rows(record: PlanRecord, links: list[tuple[str, str]], named: dict[str, str]) -> list[Row]:
    street = record.communities.set_index("community_id")["subdistrict_id"].astype(str)
    of_grid = record.grids["community_id"].map(street)
    rows = []
    for code, link in links:
        mine = record.communities[record.communities["subdistrict_id"].astype(str) == code]
        grids = record.grids[(of_grid == code).to_numpy()]
        rows.append(
            Row(
                named.get(code, code),
                link,
                int(mine["households"].sum()),
                len(grids),
                len(mine),
                int((grids["lineage"] != "不变").sum()),
                int((grids["status"] == "超限").sum() + (mine["status"] == "超限").sum()),
            )
        )
    return rows
