"""Courses: the stretches of new border that follow no line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.fabric.adjacency import near_any
from lingwu_grid.fabric.footprints import footprints_of
from lingwu_grid.fabric.segments import matched, segments_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

ON_M = 0.05
"""A border nearer to a line than this is that line, as it was noded."""


class Course(NamedTuple):
    """A stretch of border between two zones that follows no line."""

    path: NDArray[np.float64]
    """Its vertices, shape (n, 2)."""
    units: NDArray[np.int64]
    """The units on either side."""


class Edges(NamedTuple):
    """Pieces of border inside a grid of today that follow no line, each of two units."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    ends: NDArray[np.float64]
    """The lesser end first, shape (n, 4)."""

    def where(self, is_in: NDArray[np.bool_]) -> Edges:
        """Give some of them."""
        return Edges(self.a[is_in], self.b[is_in], self.ends[is_in])


def edges_of(fabric: Fabric, zone: NDArray[np.int32] | None = None) -> Edges:
    """
    List the pieces of border where no line and no border of today runs.

    Parameters
    ----------
    fabric
        Units that tile, and the lines.
    zone
        Grid of each unit, shape (n_units,): only pieces between two; None for all.
    """
    segments, owner = segments_of(fabric.units.geometry.to_numpy())
    a, b, which = matched(segments, owner)
    new = fabric.grid_now[a] == fabric.grid_now[b]
    if zone is not None:
        new &= zone[a] != zone[b]
    edges = Edges(a[new], b[new], segments[which[new]])
    middles = shapely.points((edges.ends[:, :2] + edges.ends[:, 2:]) / 2)
    return edges.where(~near_any(middles, fabric.lines.shape, ON_M))


def courses_of(edges: Edges, zone: NDArray[np.int32]) -> Iterator[Course]:
    """
    Join the pieces between two zones into courses.

    Parameters
    ----------
    edges
        Pieces, each between two zones.
    zone
        Zone of each unit.
    """
    a, b, ends = edges
    pair = np.sort(np.stack([zone[a], zone[b]], axis=1), axis=1)
    beside = {tuple(key): (int(p), int(q)) for key, p, q in zip(ends.tolist(), a, b, strict=True)}
    for p, q in np.unique(pair, axis=0).tolist():
        mine = ends[(pair == [p, q]).all(axis=1)]
        lines = shapely.line_merge(shapely.multilinestrings(mine.reshape(-1, 2, 2)))
        for line in shapely.get_parts(lines):
            path = shapely.get_coordinates(line)
            if len(path) < 3 or (path[0] == path[-1]).all():
                continue
            steps = [
                sorted(step) for step in zip(path[:-1].tolist(), path[1:].tolist(), strict=True)
            ]
            units = {u for one, two in steps for u in beside[(*one, *two)]}
            yield Course(path, np.array(sorted(units), np.int64))


def solid_of(study: Study) -> NDArray[np.object_]:
    """Give what no border may run through: footprints, and the points of homes outside them."""
    footprints = footprints_of(study)
    points = study.households.geometry.to_numpy()
    points = shapely.points(np.unique(shapely.get_coordinates(points), axis=0))
    inside = shapely.STRtree(footprints).query(points, "intersects")[0]
    alone = np.delete(points, np.unique(inside))
    return np.concatenate([footprints, alone])
