"""Where the name of a zone stands on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.maps.packing import MICRO, corners

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.planning.record import PlanRecord

AGAIN = 0.004
"""Degrees: a long street is named once in each square of this side."""

LEVELS = (("communities", "community", "社区"), ("grids", "grid", "网格"))


def labels(record: PlanRecord) -> dict[str, list[list[Any]]]:
    """
    Give the names of communities and grids, each with a place inside its zone.

    Parameters
    ----------
    record
        The plan.

    Returns
    -------
    dict
        `after` of the plan, `before` of today: kind, code, name, latitude, longitude and bounds
        (packed corners) of each; what is said of a zone besides stands on its card.
        `lines`: as :func:`named_lines` gives them.
    """
    after = {"communities": record.communities, "grids": record.grids}
    return {
        "after": [[*name[:5], corners(name[5])] for name in named_places(after)],
        "before": [[*name[:5], corners(name[5])] for name in named_places(record.backdrop)],
        "lines": named_lines(record.backdrop),
    }


def named_places(layers: dict[str, gpd.GeoDataFrame]) -> list[list[Any]]:
    """Name the zones of some layers, as :func:`labels` does, with bounds as four numbers."""
    found: list[list[Any]] = []
    for layer, key, kind in LEVELS:
        table = layers.get(layer)
        if table is None or not len(table):
            continue
        shapes = table.geometry.to_numpy()
        middle = middles(shapes)  # a name stands in its zone, however that bends
        boxes = np.round(shapely.bounds(shapes), MICRO).tolist()
        codes = table[f"{key}_id"].fillna("").astype(str)
        names = table.get(f"{key}_name", codes).fillna("").astype(str)
        found += [
            [kind, code, name or code, round(float(y), MICRO), round(float(x), MICRO), box]
            for code, name, x, y, box in zip(
                codes, names, shapely.get_x(middle), shapely.get_y(middle), boxes, strict=True
            )
        ]
    return found


def named_lines(layers: dict[str, gpd.GeoDataFrame]) -> list[list[Any]]:
    """
    Name waters, railways and streets along their lines.

    Parameters
    ----------
    layers
        Of a backdrop; `barriers` and `roads` are used.

    Returns
    -------
    list
        Kind (水系、铁路 or 道路), name, latitude, longitude and the slope there (degrees clockwise
        from the east, between -90 and 90) of the longest straight stretch of each name in every
        square of `AGAIN`; longest first.
    """
    found: list[list[Any]] = []
    for layer, kind in (("barriers", "水系、铁路"), ("roads", "道路")):
        table = layers.get(layer)
        if table is None or not len(table):
            continue
        lines = table[table["name"].fillna("").astype(str) != ""]
        parts, row = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
        ends, part = shapely.get_coordinates(parts, return_index=True)
        same = part[1:] == part[:-1]
        a, b = ends[:-1][same], ends[1:][same]
        names = lines["name"].astype(str).to_numpy(object)[row[part[1:][same]]]
        # A degree of longitude is shorter than one of latitude: as the map draws them.
        east = (b[:, 0] - a[:, 0]) * np.cos(np.radians(a[:, 1]))
        north = b[:, 1] - a[:, 1]
        middle, length = (a + b) / 2, np.hypot(east, north)
        slope = (np.degrees(np.arctan2(-north, east)) + 90) % 180 - 90
        order = np.lexsort((np.arange(len(length)), -length))
        square = np.floor(middle / AGAIN).astype(np.int64)
        key = pd.DataFrame({"name": names, "x": square[:, 0], "y": square[:, 1]})
        first = np.flatnonzero(~key.iloc[order].duplicated().to_numpy())
        found += [
            [
                kind, names[k], round(float(middle[k, 1]), MICRO),
                round(float(middle[k, 0]), MICRO), round(float(slope[k])),
            ]
            for k in order[first].tolist()
        ]  # fmt: skip
    return found


def middles(shapes: Any) -> Any:  # noqa: ANN401 - arrays of shapely, untyped
    """Give the middle of the widest part of areas, to a fiftieth of their shorter side."""
    west, south, east, north = shapely.bounds(shapes).T
    fine = np.maximum(np.minimum(east - west, north - south) / 50, 1e-7)
    return shapely.get_point(shapely.maximum_inscribed_circle(shapes, fine), 0)
