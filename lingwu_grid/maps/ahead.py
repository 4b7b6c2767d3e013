"""Ahead: the zones that will leave their range by the growth table, with the year they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from lingwu_grid.planning.outlook import leaving

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

AHEAD = "#006064"
"""Drawn as dots along the outline: no other line of the map is dotted."""

AHEAD_FIELDS = {"name": "网格或社区", "year": "出范围的年份", "said": "届时"}


def leaving_zones(record: PlanRecord) -> gpd.GeoDataFrame:
    """
    Give the zones that are lawful and leave their range within three years.

    Parameters
    ----------
    record
        A plan; a part that leaves the office has no outlook, and nothing is told there.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of `AHEAD_FIELDS`; outlines, EPSG:4490: an area would take the pointer from what
        lies below.
    """
    outlook = record.tables.get("outlook", pd.DataFrame())
    layers = {"grid": record.grids, "community": record.communities}
    start = str(record.run.get("rules", {}).get("effective_date", ""))
    rows = leaving(outlook, layers, start) if len(outlook) else outlook
    shapes = {
        **dict(zip(record.grids["grid_id"], record.grids.boundary, strict=True)),
        **dict(
            zip(record.communities["community_id"], record.communities.boundary, strict=True)
        ),
    }  # fmt: skip
    told = [
        (
            row.name,
            row.date[:4],
            f"{row.date} 起 {row.households} 户，{row.standing} {row.limit} 户",
        )
        for row in rows.itertuples(index=False)
    ]
    where = [shapes[zone] for zone in rows["zone_id"]] if len(rows) else []
    plain = pd.DataFrame(told, columns=list(AHEAD_FIELDS))
    return gpd.GeoDataFrame(plain, geometry=where, crs=record.grids.crs)
