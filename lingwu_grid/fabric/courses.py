"""Courses: the stretches of new border that follow no line, and how straight each can run."""

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

CLEARANCE_M = 1.5
"""Least distance of a border from a building, where the gap is wide enough for it."""

TURN_M = 15.0
"""Metres of border that one bend less is worth."""

MOST = 50
"""Vertices looked at together; a longer course is first thinned piece by piece."""


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


def kept_clear(path: NDArray[np.float64], near: NDArray[np.object_]) -> NDArray[np.object_]:
    """Give what a course keeps clear of: with room around it where the old course has room."""
    line = shapely.linestrings(path)
    wide = shapely.buffer(near, CLEARANCE_M, quad_segs=2)
    room = shapely.distance(near, line)
    tight = room < CLEARANCE_M
    narrow = shapely.buffer(near, np.maximum(room - 0.05, 0.0), quad_segs=2)
    out: NDArray[np.object_] = np.where(tight & (room > 0.1), narrow, np.where(tight, near, wide))
    return out


def straight(
    path: NDArray[np.float64], ground: shapely.Geometry, obstacles: NDArray[np.object_]
) -> NDArray[np.float64]:
    """Leave out vertices while the course stays in its ground and passes the same buildings."""
    shapely.prepare(ground)
    tree = shapely.STRtree(obstacles)
    while len(path) > MOST:
        kept = [
            _thinned(path[i : i + MOST + 1], ground, tree)[:-1]
            for i in range(0, len(path) - 1, MOST)
        ]
        thin = np.concatenate([*kept, path[-1:]])
        if len(thin) > 0.8 * len(path):
            return thin
        path = thin
    return _thinned(path, ground, tree)


def _thinned(
    path: NDArray[np.float64], ground: shapely.Geometry, tree: shapely.STRtree
) -> NDArray[np.float64]:
    """Find the course over some of the vertices that is shortest, bends priced."""
    n = len(path)
    i, j = np.triu_indices(n, 2)
    chords = shapely.linestrings(np.stack([path[i], path[j]], axis=1))
    free = shapely.covers(ground, chords)
    i, j = i[free], j[free]
    loops = [shapely.Polygon(path[p : q + 1]) for p, q in zip(i.tolist(), j.tolist(), strict=True)]
    swept = shapely.make_valid(np.array(loops, object), method="structure", keep_collapsed=True)
    if len(swept):
        hit = np.unique(tree.query(swept, "intersects")[0])
        i, j = np.delete(i, hit), np.delete(j, hit)
    i = np.concatenate([np.arange(n - 1), i])
    j = np.concatenate([np.arange(1, n), j])
    cost = np.hypot(*(path[i] - path[j]).T) + TURN_M
    least, before = np.full(n, np.inf), np.zeros(n, np.int64)
    least[0] = 0.0
    for k in range(1, n):
        into = np.flatnonzero(j == k)
        total = least[i[into]] + cost[into]
        best = int(total.argmin())
        least[k], before[k] = total[best], i[into[best]]
    chain = [n - 1]
    while chain[-1]:
        chain.append(int(before[chain[-1]]))
    return path[chain[::-1]]
