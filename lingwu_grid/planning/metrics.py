"""Measures of a map: how much of its inner border runs on a line, how compact its zones are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.adjacency import Borders


def border_between_m(borders: Borders, zone: NDArray[np.int64]) -> float:
    """Give the length of the border between zones, metres; arguments as below."""
    return float(round(borders.length_m[zone[borders.a] != zone[borders.b]].sum(), 1))


def border_on_line_share(borders: Borders, zone: NDArray[np.int64]) -> float:
    """
    Give the share of the border between zones that runs on a road, water, wall or old border.

    Parameters
    ----------
    borders
        Shared borders of units.
    zone
        Zone of each unit.

    Returns
    -------
    float
        0 to 1; 1 where there is no border at all.
    """
    between = zone[borders.a] != zone[borders.b]
    length = borders.length_m[between].sum()
    if length == 0:
        return 1.0
    return float(round(1 - borders.off_line_m[between].sum() / length, 4))


def polsby_popper(shapes: NDArray[np.object_]) -> float:
    """
    Give the mean compactness of polygons, 4πA/P² (Polsby, Popper 1991).

    Parameters
    ----------
    shapes
        Polygons in metres, shape (n,).
    """
    if not len(shapes):
        return 0.0
    ratio = 4 * np.pi * shapely.area(shapes) / np.maximum(shapely.length(shapes), 1e-9) ** 2
    return float(round(ratio.mean(), 4))
