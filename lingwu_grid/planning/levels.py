"""The layer ``levels``: zones of every level beside grids and communities, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd

from lingwu_grid.ingest.systems import DEGREES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lingwu_grid.contract.levels import Level

COLUMNS = (
    "level", "level_name", "zone_id", "zone_name", "parent_id", "parent_name", "community_id",
    "made_of",
    "households", "residents", "buildings", "area_km2", "status", "reason", "lineage",
    "boundary_text",
)  # fmt: skip


def no_levels() -> gpd.GeoDataFrame:
    """Give the layer of a plan that has none."""
    return gpd.GeoDataFrame({name: [] for name in COLUMNS}, geometry=[], crs=DEGREES)


def level_columns(
    zones: gpd.GeoDataFrame, level: Level, parent: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """
    Give the zones of a level as rows of the layer.

    Parameters
    ----------
    zones
        As grids, whose communities are the zones above.
    level
        Which.
    parent
        The zones above: zone_id and the community each lies in.
    """
    home = parent.set_index("zone_id")["community_id"]
    table = zones.rename(
        columns={
            "grid_id": "zone_id", "grid_name": "zone_name", "community_id": "parent_id",
            "community_name": "parent_name",
        }
    )  # fmt: skip
    table = table.assign(
        level=level.id,
        level_name=level.name,
        made_of="",
        community_id=home.reindex(table["parent_id"]).to_numpy(object),
    )
    return table[[*COLUMNS, "geometry"]].reset_index(drop=True)


FIGURES = ("zones", "in_range", "exceptions", "households_moved")
"""Figures of a level that add up over parts."""


def levels_together(parts: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """
    Add the figures of each level up over the parts of a plan.

    Examples
    --------
    >>> one = {"id": "micro", "zones": 3, "in_range": 2, "exceptions": 0, "households_moved": 0}
    >>> levels_together([[one], [one]])[0]["zones"]
    6
    """
    out: dict[str, dict[str, Any]] = {}
    for part in parts:
        for level in part:
            sums = out.setdefault(level["id"], level | dict.fromkeys(FIGURES, 0))
            for key in FIGURES:
                sums[key] += level[key]
    return list(out.values())
