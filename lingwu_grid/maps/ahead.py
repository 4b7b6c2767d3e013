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
    layers = {"grid": record.grids, "community": record.communities}
    shapes = {
        zone: shape
        for level, layer in layers.items()
        for zone, shape in zip(layer[f"{level}_id"], layer.geometry, strict=True)
    }
    start = str(record.run.get("rules", {}).get("effective_date", ""))
    rows = leaving(record.tables.get("outlook", pd.DataFrame()), layers, start)
    told = [
        (
            row.name,
            row.date[:4],
            f"{row.date} 起 {row.households} 户，{row.standing} {row.limit} 户",
            shapes[row.zone_id].boundary,
        )
        for row in rows.itertuples(index=False)
    ]
    table = pd.DataFrame(told, columns=[*AHEAD_FIELDS, "geometry"])
    return gpd.GeoDataFrame(table, crs=record.grids.crs)
