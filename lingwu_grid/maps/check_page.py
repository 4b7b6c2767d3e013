"""The check as a page: every finding on the map, zones coloured by how they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.contract.kinds import SIDES
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.maps import layers as draw
from lingwu_grid.maps.elements import Script
from lingwu_grid.maps.shell import new_page, rendered
from lingwu_grid.maps.texts import as_script, filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from lingwu_grid.contract.findings import Finding
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.maps.elements import FeatureGroup

ZONE_FIELDS = {
    "zone_id": "编号",
    "name": "名称",
    "households": "常住户数",
    "standing": "现状",
    "pieces": "块数",
}


def check_page(
    study: Study, findings: Sequence[Finding], zones: gpd.GeoDataFrame, counts: pd.DataFrame
) -> str:
    """
    Draw a check.

    Parameters
    ----------
    study
        What was checked.
    findings
        What was found.
    zones
        Today's grids and communities with how they stand, work CRS.
    counts
        Findings by severity, code and table, with a title.

    Returns
    -------
    str
        One HTML page; nothing outside it is needed. It names households by id: it stays inside.
    """
    standing = zones.groupby(["level", "standing"]).size().to_dict()
    zones = zones.to_crs(DEGREES)
    drawn = zones[zones.geometry.notna()]
    seen = drawn if len(drawn) else study.households.to_crs(DEGREES)
    west, south, east, north = seen.total_bounds
    page = new_page((float(west), float(south), float(east), float(north)))
    for name in ("roads", "barriers"):
        if len(study.table(name)):
            _lines(study.table(name).to_crs(DEGREES), name).add_to(page)
    for level, table in drawn.groupby("level", sort=True):
        _zones(table, str(level)).add_to(page)
    rows = [
        [f.severity, f.code, f.table, f.place, f.message, f.remedy, *(f.point or (None, None))]
        for f in findings
    ]
    page.add_child(Script("check.js", map=page.get_name(), rows=as_script(rows)))
    panel = filled(
        "check.html",
        study=study.name,
        synthetic=study.rules.synthetic,
        households=len(study.households),
        excluded=len(study.excluded),
        standing=standing,
        looks=SIDES,
        tables={name: table.title for name, table in TABLES.items()},
        sketched=sorted(drawn.loc[drawn["pieces"] == 0, "level"].unique()),
        counts=[tuple(r) for r in counts.itertuples(index=False)],
    )
    return rendered(
        page, title=f"{study.name} 数据核对", panel=panel, css=("page.css", "check.css")
    )


def _zones(table: gpd.GeoDataFrame, level: str) -> FeatureGroup:
    is_grid = level == "网格"
    shape = table if is_grid else table.set_geometry(table.geometry.boundary)
    paint = {
        draw.escape(z): SIDES[s].colour
        for z, s in zip(table["zone_id"], table["standing"], strict=True)
    }
    style = (
        {"color": "#616161", "weight": 1.5, "fillOpacity": 0.45}
        if is_grid
        else {"color": "#4527a0", "weight": 4}
    )
    return draw.area_layer(
        shape,
        f"现状{level}",
        ZONE_FIELDS,
        style=style,
        paint=paint,
    )


def _lines(table: gpd.GeoDataFrame, name: str) -> FeatureGroup:
    return draw.road_layer(table) if name == "roads" else draw.barrier_layer(table, 4)
