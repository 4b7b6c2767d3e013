"""The name of a plan: the same units in the same grids and communities have the same one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd


def plan_id(units: gpd.GeoDataFrame) -> str:
    """
    Name a plan by what it says.

    Parameters
    ----------
    units
        Layer `units` of a plan: unit_id, grid_id, community_id, households.

    Returns
    -------
    str
        Twelve hexadecimal digits of a SHA-256.
    """
    columns = ["unit_id", "grid_id", "community_id", "households"]
    rows = units[columns].astype(str).sort_values("unit_id").agg("\t".join, axis=1)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12]
