"""The output tables of a plan besides its layers: each by the name of its CSV, with its maker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lingwu_grid.planning.changes import make_changes
from lingwu_grid.planning.impact import make_impact
from lingwu_grid.planning.register import make_register
from lingwu_grid.planning.stories import make_stories

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import pandas as pd

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.naming import Names


@dataclass(frozen=True)
class Drawn:
    """What a table may be made from."""

    study: Study
    fabric: Fabric
    grids: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    assignment: pd.DataFrame
    names: Names

    @cached_property
    def stories(self) -> pd.DataFrame:
        """The change piece by piece: the register takes its reasons from it."""
        return make_stories(self)


TABLES: dict[str, Callable[[Drawn], pd.DataFrame]] = {
    "changes": make_changes,
    "impact": lambda d: make_impact(d.study, d.fabric, d.assignment, d.communities),
    "stories": lambda d: d.stories,
    "code_register": lambda d: make_register(d.study, d.grids, d.communities, d.assignment),
}
"""A table with a column ``community_id`` is given to each part by its communities."""
