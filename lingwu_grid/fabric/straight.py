"""Borders drawn last: inside a block a new border is straight, not the zigzag of cells.

Where a new border follows no line, it runs through the free ground between the buildings of its
two sides with as few bends as that allows. The ground between the old course and the new one
changes sides; buildings, homes and every other border stay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.fabric.adjacency import find_borders, near_any
from lingwu_grid.fabric.footprints import footprints_of
from lingwu_grid.fabric.numbering import joined_pieces, passable
from lingwu_grid.fabric.segments import matched, segments_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lingwu_grid.fabric.adjacency import Borders
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

AREA_SLACK_M2 = 1e-3
"""Ground that a redrawing may lose by rounding; more, and the old course stays."""


class _Course(NamedTuple):
    """A stretch of border between two zones that follows no line."""

    path: NDArray[np.float64]
    """Its vertices, shape (n, 2)."""
    units: NDArray[np.int64]
    """The units on either side."""


def straightened(study: Study, fabric: Fabric, zone: NDArray[np.int32]) -> Fabric:
    """
    Draw the new borders of a plan straight.

    Parameters
    ----------
    study
        Buildings, and homes that lie in none.
    fabric
        Units as cells: they tile the ground.
    zone
        Grid of each unit, shape (n_units,).

    Returns
    -------
    Fabric
        The same units with other outlines where a new border ran on nothing: they tile as before,
        and each holds the buildings and homes it held. A border of today's keeps its vertices.
    """
    today = fabric.units.geometry.to_numpy()
    solid = _solid(study)
    tree = shapely.STRtree(solid)
    joins = passable(fabric, study.rules)[0]
    held: set[int] = set()
    while True:
        shapes = today.copy()
        for course in _courses(fabric, today, zone):
            drawn = _redrawn(course, shapes, zone, solid, tree)
            if drawn is not None and not held & set(zone[course.units].tolist()):
                shapes[course.units] = drawn
        borders = _joining_as(fabric.borders, find_borders(shapes, fabric.lines, study))
        torn = _torn(fabric, borders, joins, zone)
        if not torn:
            break
        held |= torn  # a zone that hung together by the ground given away keeps its border
    return replace(
        fabric, units=fabric.units.set_geometry(shapes, crs=fabric.units.crs), borders=borders
    )


def _keys(borders: Borders) -> NDArray[np.int64]:
    keys: NDArray[np.int64] = borders.a * np.int64(1 << 32) + borders.b
    return keys


def _joining_as(before: Borders, now: Borders) -> Borders:
    """Give new borders with the way through that each had before; one that is new has none."""
    at = np.minimum(np.searchsorted(_keys(before), _keys(now)), len(before.a) - 1)
    known = _keys(before)[at] == _keys(now)
    return now._replace(
        clear_m=np.where(known, before.clear_m[at], 0.0),
        has_crossing=known & before.has_crossing[at],
    )


def _torn(
    fabric: Fabric, borders: Borders, joins: NDArray[np.bool_], zone: NDArray[np.int32]
) -> set[int]:
    """List the zones that lie in more pieces by the joins that are left than by all."""
    left = joins & np.isin(_keys(fabric.borders), _keys(borders))
    same = zone[fabric.borders.a] == zone[fabric.borders.b]
    count = []
    for use in (joins, left):
        piece = joined_pieces(fabric, use & same)
        count.append(np.bincount(zone[np.unique(piece, return_index=True)[1]]))
    return set(np.flatnonzero(count[1] > count[0]).tolist())


def _solid(study: Study) -> NDArray[np.object_]:
    """Give what no border may run through: footprints, and the points of homes outside them."""
    footprints = footprints_of(study)
    points = study.households.geometry.to_numpy()
    points = shapely.points(np.unique(shapely.get_coordinates(points), axis=0))
    inside = shapely.STRtree(footprints).query(points, "intersects")[0]
    alone = np.delete(points, np.unique(inside))
    return np.concatenate([footprints, alone])


def _courses(
    fabric: Fabric, shapes: NDArray[np.object_], zone: NDArray[np.int32]
) -> Iterator[_Course]:
    """List the stretches of new border off the lines, by the two zones they part."""
    segments, owner = segments_of(shapes)
    a, b, which = matched(segments, owner)
    new = (zone[a] != zone[b]) & (fabric.grid_now[a] == fabric.grid_now[b])
    a, b, ends = a[new], b[new], segments[which[new]]
    middles = shapely.points((ends[:, :2] + ends[:, 2:]) / 2)
    free = ~near_any(middles, fabric.lines.shape, ON_M)
    a, b, ends = a[free], b[free], ends[free]
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
            yield _Course(path, np.array(sorted(units), np.int64))


def _redrawn(
    course: _Course,
    shapes: NDArray[np.object_],
    zone: NDArray[np.int32],
    solid: NDArray[np.object_],
    tree: shapely.STRtree,
) -> NDArray[np.object_] | None:
    """Give the outlines of a course's units once it is drawn straight; None to leave it."""
    mine = shapes[course.units]
    ground = shapely.coverage_union_all(mine)
    near = solid[tree.query(ground, "intersects")]
    path = _straight(course.path, ground, _obstacles(course.path, near))
    if len(path) == len(course.path):
        return None
    old, new = shapely.linestrings(course.path), shapely.linestrings(path)
    faces = _faces([*shapely.boundary(mine), new])
    points = shapely.point_on_surface(faces)
    at, unit = shapely.STRtree(mine).query(points, "intersects")
    if len(np.unique(at)) != len(at):
        return None
    faces = faces[at]
    swapped = _faces([old, new])
    goal = unit.copy()
    for region in swapped:
        inside = shapely.intersects(region, points[at])
        sides = zone[course.units[unit[inside]]]
        if len(np.unique(sides)) != 1:
            return None
        others = np.flatnonzero(zone[course.units] != sides[0])
        contact = shapely.length(shapely.intersection(shapely.boundary(mine[others]), region))
        goal[inside] = others[int(contact.argmax())]
    side = zone[course.units]
    drawn = _joined(faces, goal, side, near)
    whole = (shapely.get_type_id(drawn) == 3) & shapely.is_valid(drawn)
    lost = abs(shapely.area(drawn).sum() - shapely.area(mine).sum())
    return drawn if whole.all() and lost < AREA_SLACK_M2 else None


def _joined(
    faces: NDArray[np.object_],
    goal: NDArray[np.int64],
    side: NDArray[np.int32],
    near: NDArray[np.object_],
) -> NDArray[np.object_]:
    """Join the faces of each unit; a scrap cut off from it goes to a neighbour on its side."""
    drawn = np.array(
        [shapely.coverage_union_all(faces[goal == i]) for i in range(len(side))], object
    )
    for i in np.flatnonzero(shapely.get_type_id(drawn) != 3).tolist():
        pieces = shapely.get_parts(drawn[i])
        built = shapely.STRtree(near).query(pieces, "intersects")[0]
        held = np.bincount(built, minlength=len(pieces))
        keep = int(np.lexsort((shapely.area(pieces), held))[-1])
        for k in np.flatnonzero((np.arange(len(pieces)) != keep) & (held == 0)).tolist():
            others = np.flatnonzero((side == side[i]) & (np.arange(len(side)) != i))
            if not len(others):
                break
            rim = shapely.intersection(shapely.boundary(drawn[others]), shapely.boundary(pieces[k]))
            to = int(others[shapely.length(rim).argmax()])
            drawn[to] = shapely.coverage_union_all([drawn[to], pieces[k]])
            pieces[k] = shapely.Polygon()
        drawn[i] = shapely.coverage_union_all(pieces[~shapely.is_empty(pieces)])
    return drawn


def _faces(lines: list[shapely.Geometry]) -> NDArray[np.object_]:
    """Give the faces between lines, noded together so that every face has the same vertices."""
    noded = shapely.union_all(np.array(lines, object))
    faces: NDArray[np.object_] = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return faces


def _obstacles(path: NDArray[np.float64], near: NDArray[np.object_]) -> NDArray[np.object_]:
    """Give what a course keeps clear of: with room around it where the old course has room."""
    line = shapely.linestrings(path)
    wide = shapely.buffer(near, CLEARANCE_M, quad_segs=2)
    room = shapely.distance(near, line)
    tight = room < CLEARANCE_M
    narrow = shapely.buffer(near, np.maximum(room - 0.05, 0.0), quad_segs=2)
    out: NDArray[np.object_] = np.where(tight & (room > 0.1), narrow, np.where(tight, near, wide))
    return out


def _straight(
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
