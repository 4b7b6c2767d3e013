"""Borders drawn last: inside a block a new border is straight, not the zigzag of cells.

Where a new border follows no line, it runs through the free ground between the buildings of its
two sides with as few bends as that allows. The ground between the old course and the new one
changes sides; buildings, homes and every other border stay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.fabric.adjacency import find_borders
from lingwu_grid.fabric.courses import Course, courses_of, edges_of, solid_of
from lingwu_grid.fabric.numbering import joined_pieces, passable
from lingwu_grid.fabric.taut import drawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.adjacency import Borders
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

AREA_SLACK_M2 = 1e-3
"""Ground that a redrawing may lose by rounding; more, and the old course stays."""


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
    solid = shapely.STRtree(solid_of(study))
    joins = passable(fabric, study.rules)[0]
    held: set[int] = set()
    edges = edges_of(fabric, zone)
    while True:
        shapes = today.copy()
        for course in courses_of(edges, zone):
            if held & set(zone[course.units].tolist()):
                continue
            redrawn = _redrawn(course, shapes, zone, solid)
            if redrawn is not None:
                shapes[course.units] = redrawn
        borders = _joining_as(fabric.borders, find_borders(shapes, fabric.lines, study))
        torn = _torn(fabric, borders, joins, zone) - held
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


def _redrawn(
    course: Course,
    shapes: NDArray[np.object_],
    zone: NDArray[np.int32],
    solid: shapely.STRtree,
) -> NDArray[np.object_] | None:
    """Give the outlines of a course's units once it is drawn straight; None to leave it."""
    mine = shapes[course.units]
    path = drawn(course, shapes, solid)
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
    found = _joined(faces, goal, side, solid)
    whole = (shapely.get_type_id(found) == 3) & shapely.is_valid(found)
    lost = abs(shapely.area(found).sum() - shapely.area(mine).sum())
    return found if whole.all() and lost < AREA_SLACK_M2 else None


def _joined(
    faces: NDArray[np.object_],
    goal: NDArray[np.int64],
    side: NDArray[np.int32],
    solid: shapely.STRtree,
) -> NDArray[np.object_]:
    """Join the faces of each unit; a scrap cut off from it goes to a neighbour on its side."""
    found = np.array(
        [shapely.coverage_union_all(faces[goal == i]) for i in range(len(side))], object
    )
    for i in np.flatnonzero(shapely.get_type_id(found) != 3).tolist():
        pieces = shapely.get_parts(found[i])
        built = solid.query(pieces, "intersects")[0]
        held = np.bincount(built, minlength=len(pieces))
        keep = int(np.lexsort((shapely.area(pieces), held))[-1])
        for k in np.flatnonzero((np.arange(len(pieces)) != keep) & (held == 0)).tolist():
            others = np.flatnonzero((side == side[i]) & (np.arange(len(side)) != i))
            if not len(others):
                break
            rim = shapely.intersection(shapely.boundary(found[others]), shapely.boundary(pieces[k]))
            to = int(others[shapely.length(rim).argmax()])
            found[to] = shapely.coverage_union_all([found[to], pieces[k]])
            pieces[k] = shapely.Polygon()
        found[i] = shapely.coverage_union_all(pieces[~shapely.is_empty(pieces)])
    return found


def _faces(lines: list[shapely.Geometry]) -> NDArray[np.object_]:
    """Give the faces between lines, noded together so that every face has the same vertices."""
    noded = shapely.union_all(np.array(lines, object))
    faces: NDArray[np.object_] = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return faces
