"""Drawn: a plan as its output tables are made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.naming import Names


@dataclass(frozen=True)
class Drawn:
    """
    What a table may be made from.

    Parameters
    ----------
    study, fabric
        Today, and the units as they are drawn.
    grids, communities
        Layers of the plan.
    assignment
        Zones of each household, now and before, in the order of ``study.households``.
    names
        Zone of each unit, and what zones are called.
    stories
        The change piece by piece, once it is told.
    """

    study: Study
    fabric: Fabric
    grids: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    assignment: pd.DataFrame
    names: Names
    stories: pd.DataFrame = field(default_factory=pd.DataFrame)


def communities_of_units(drawn: Drawn) -> NDArray[np.object_]:
    """Give the community that each unit has in a plan; empty for none."""
    grids = drawn.grids
    community = dict(zip(grids["grid_id"], grids["community_id"], strict=True))
    return np.array([community.get(grid, "") for grid in drawn.names.grid_of_unit], object)
