"""Rows of which only some have their two coordinates the wrong way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.ingest.systems import to_degrees

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

POLE = 90.0

MARGIN = 0.2
"""Rows may lie this share of the table's extent outside where most of them are."""


def turn_back(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, NDArray[np.int64]]:
    """
    Swap the coordinates of rows that only so lie where the others lie, or on the globe at all.

    Parameters
    ----------
    frame
        Points with a CRS, most of them right.

    Returns
    -------
    tuple
        The table, and the places of the rows that were swapped.
    """
    shapes = frame.geometry.to_numpy()
    at = np.flatnonzero(~shapely.is_missing(shapes))
    if not len(at) or not (shapely.get_type_id(shapes[at]) == 0).all():
        return frame, np.zeros(0, np.int64)
    xy = shapely.get_coordinates(shapes[at])
    # A latitude over ninety cannot be one: that row is turned, however few rows there are.
    off_globe = (np.abs(xy[:, 1]) > POLE) & frame.crs.is_geographic
    proven = off_globe & (np.abs(xy[:, 0]) <= POLE)
    known = xy[~off_globe] if (~off_globe).any() else xy[:, ::-1]
    low, high = np.percentile(known, (5, 95), axis=0)
    span = np.maximum(high - low, 1e-3 if frame.crs.is_geographic else 100.0)
    low, high = low - MARGIN * span, high + MARGIN * span
    far = ~((xy >= low) & (xy <= high)).all(axis=1)
    turned = far & ((xy[:, ::-1] >= low) & (xy[:, ::-1] <= high)).all(axis=1) | proven
    if not (turned | off_globe).any():
        return frame, np.zeros(0, np.int64)
    shapes = shapes.copy()
    shapes[at[turned]] = shapely.points(xy[turned][:, ::-1])
    shapes[at[off_globe & ~proven]] = None  # neither way round a place on earth
    return frame.set_geometry(shapes, crs=frame.crs), at[turned]


def in_degrees(
    frame: gpd.GeoDataFrame, rows: NDArray[np.int64]
) -> list[tuple[float, float] | None]:
    """
    Give longitude and latitude of some rows, for findings.

    Parameters
    ----------
    frame
        Any geometry, with a CRS.
    rows
        Places in the table.

    Returns
    -------
    list
        One pair a row; None where it has no usable place.
    """
    shapes = frame.geometry.to_numpy()[rows]
    known = np.isfinite(shapely.bounds(shapes)).all(axis=1)
    nowhere = shapely.Point(0.0, 0.0)
    points = shapely.get_coordinates(shapely.point_on_surface(np.where(known, shapes, nowhere)))
    lon, lat = to_degrees(frame.crs).transform(points[:, 0], points[:, 1])
    good = known & np.isfinite(lon) & np.isfinite(lat)
    return [(float(a), float(b)) if ok else None for a, b, ok in zip(lon, lat, good, strict=True)]
