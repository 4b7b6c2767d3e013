"""Seams: zones of two parts that touch get each other's vertices, so that they tile to the bit.

The parts of a study share the line of a seam, but not the points where borders end on it: those
were drawn by one side only. A point of the other side, within rounding of a straight edge, becomes
a vertex of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.graph import groups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

REACH = 1e-7
"""Degrees: a centimetre. A long edge that is straight in metres bends so little in degrees."""

SAME = 5e-9
"""Degrees: a point this near to a vertex, half a millimetre, is that vertex."""


def woven(
    shapes: NDArray[np.object_], part: NDArray[np.int64], held: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """
    Give zones at a seam the vertices of the zones beyond it.

    Parameters
    ----------
    shapes
        Zones, degrees, shape (n,).
    part
        The part of each.
    held
        Zones that keep their polygon, vertex for vertex.

    Returns
    -------
    NDArray[np.object_]
        Zones away from seams are the same objects.
    """
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=REACH)
    across = (part[a] != part[b]) & ~held[a]
    a, b = a[across], b[across]
    out = shapes.copy()
    for group in groups_of(a):
        if len(group):
            zone = int(a[group[0]])
            made = _with_vertices(shapes[zone], shapely.get_coordinates(shapes[b[group]]))
            # Where a border runs along itself within rounding it is better left as it was.
            out[zone] = made if shapely.is_valid(made) else shapes[zone]
    return out


def _with_vertices(shape: shapely.Geometry, points: NDArray[np.float64]) -> shapely.Geometry:
    """Put points that lie on the edges of a polygon among its vertices."""
    near = shapely.dwithin(shapely.boundary(shape), shapely.points(points), REACH)
    points = np.unique(points[near], axis=0)
    if not len(points):
        return shape
    parts = [
        shapely.Polygon(
            _ring(polygon.exterior, points), [_ring(hole, points) for hole in polygon.interiors]
        )
        for polygon in shapely.get_parts(shape)
    ]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _ring(ring: shapely.LinearRing, points: NDArray[np.float64]) -> NDArray[np.float64]:
    xy = shapely.get_coordinates(ring)
    start, step = xy[:-1], np.diff(xy, axis=0)
    edge, point = shapely.STRtree(shapely.linestrings(np.stack([start, xy[1:]], axis=1))).query(
        shapely.points(points), predicate="dwithin", distance=REACH
    )[::-1]
    length_2 = np.maximum((step**2).sum(axis=1), SAME**2)
    along = ((points[point] - start[edge]) * step[edge]).sum(axis=1) / length_2[edge]
    ends = np.minimum(
        np.hypot(*(points[point] - start[edge]).T), np.hypot(*(points[point] - xy[edge + 1]).T)
    )
    inner = (along > 0) & (along < 1) & (ends > SAME)
    edge, point, along = edge[inner], point[inner], along[inner]
    # A point near two edges, at a sharp corner, goes to one of them.
    once = np.unique(point, return_index=True)[1]
    edge, point, along = edge[once], point[once], along[once]
    position = np.concatenate([np.arange(len(start), dtype=float), edge + along])
    every = np.concatenate([start, points[point]])[np.argsort(position, kind="stable")]
    return np.concatenate([every, every[:1]])
