"""Where the name of a zone stands on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lingwu_grid.maps.lookup import MICRO

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.planning.record import PlanRecord

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
        (west, south, east, north) of each; what is said of a zone besides stands on its card.
    """
    after = {"communities": record.communities, "grids": record.grids}
    return {"after": named_places(after), "before": named_places(record.backdrop)}


def named_places(layers: dict[str, gpd.GeoDataFrame]) -> list[list[Any]]:
    """Name the zones of some layers, by `communities` and `grids`, as :func:`labels` gives them."""
    found: list[list[Any]] = []
    for layer, key, kind in LEVELS:
        table = layers.get(layer)
        if table is None or not len(table):
            continue
        shapes = table.geometry.to_numpy()
        # The middle of the widest part: a name stands in its zone, however that bends.
        middle = shapely.get_point(shapely.maximum_inscribed_circle(shapes, _fine(shapes)), 0)
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


def _fine(shapes: Any) -> Any:  # noqa: ANN401 - arrays of shapely, untyped
    """Give how exactly the middle is sought: a fiftieth of the shorter side."""
    west, south, east, north = shapely.bounds(shapes).T
    return np.maximum(np.minimum(east - west, north - south) / 50, 1e-7)
