"""Service: the service circle as part of a plan, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

SERVICE_LAYERS = (
    "stations", "gaps", "isochrones", "bands", "catchments", "circles", "proposed_stations",
    "remedies",
    "routes",
)  # fmt: skip
"""Layers of ``plan.gpkg`` that a coverage adds."""


@dataclass(frozen=True)
class Service:
    """
    How far the homes of a plan are from their Neighbourhood Stations (policy §17).

    Parameters
    ----------
    layers
        By name of the layer in ``plan.gpkg``, EPSG:4490; those that are empty are left out.
    zones
        Shares by street, community and grid (``coverage_zones.csv``).
    households
        Walk of each household (``coverage.csv``, private).
    summary
        ``coverage.json``.
    """

    layers: dict[str, gpd.GeoDataFrame]
    zones: pd.DataFrame
    households: pd.DataFrame
    summary: dict[str, Any]
