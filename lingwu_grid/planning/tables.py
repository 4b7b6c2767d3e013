"""The output tables of a plan besides its layers: each by the name of its CSV, with its maker."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.planning.changes import make_changes
from lingwu_grid.planning.impact import make_impact
from lingwu_grid.planning.register import make_register

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import pandas as pd

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study


class Drawn(NamedTuple):
    """What a table may be made from."""

    study: Study
    fabric: Fabric
    grids: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    assignment: pd.DataFrame


TABLES: dict[str, Callable[[Drawn], pd.DataFrame]] = {
    "changes": lambda d: make_changes(d.study, d.fabric, d.assignment),
    "impact": lambda d: make_impact(d.study, d.fabric, d.assignment, d.communities),
    "code_register": lambda d: make_register(d.study, d.grids, d.communities, d.assignment),
}
"""A table with a column ``community_id`` is given to each part by its communities."""
