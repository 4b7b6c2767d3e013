"""Verges: ground between walls and streets, cut so that each piece can go with what it lies by.

The verge between the walls of compounds and the streets round them is one face. As one unit it
would belong to one grid whole, and lead it round, or along, a compound of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.fabric.adjacency import near_any
from lingwu_grid.fabric.enclosures import is_strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERGE_M = 40.0
"""Ground wider than this is a place of its own, and no verge of what lies by it."""
THIN_M = 20.0
"""Ground this thin on the whole belongs to what it lies along."""
ALONG_SHARE = 0.25
"""So much of its outline it has in common with that."""
LEAST_M = 2.0
"""Ground narrower than this is no verge."""
CRACK_M = 0.5
"""Walls this near to each other meet: two surveys of one wall."""
NOTCH_M = 5.0
"""A wall that is off its line by less has no corner there."""
CORNER = np.radians(40)
"""Turn of a wall that is a corner."""
EVEN_M = 0.01
"""Vertices this near to each other are one."""
APART_M = 2.0
"""Junctions in one square of this size are one."""
CRACKS = 3
"""Cracks beside each other that a cut is led over."""
BEGIN_M = 1e-4
"""A crack begins this near to where a cut ends."""
TOUCH_M = 0.05
"""A cut this deep in a building only touches it."""
INSIDE = 0.999
"""Share of a cut that lies in its face: the rest is rounding."""


def verge_cuts(
    faces: NDArray[np.object_], key: NDArray[np.int64], footprints: NDArray[np.object_]
) -> NDArray[np.object_]:
    """
    Give the lines that cut the ground where nobody lives, none of them through a building.

    Parameters
    ----------
    faces, key
        As for :func:`junction_cuts`.
    footprints
        Buildings, lived in or not, metres.
    """
    cuts = np.concatenate([ring_cuts(faces[key < 0]), junction_cuts(faces, key)])
    cuts = np.concatenate([cuts, _over_cracks(cuts, faces[key < 0])])
    inner = shapely.buffer(footprints, -TOUCH_M, join_style="mitre")
    through = shapely.STRtree(inner).query(cuts, "intersects")[0]
    return np.delete(cuts, np.unique(through))


def _over_cracks(cuts: NDArray[np.object_], faces: NDArray[np.object_]) -> NDArray[np.object_]:
    """
    Give what leads cuts on over the cracks at their far ends, two surveys of one street.

    A crack as long as the street would go with one of the verges along it, and that would lie
    along all the others.
    """
    cracks = faces[is_strip(shapely.area(faces), shapely.length(faces))]
    tree = shapely.STRtree(cracks)
    start, end = (shapely.get_coordinates(shapely.get_point(cuts, at)) for at in (0, -1))
    step = LEAST_M * (end - start) / np.maximum(np.hypot(*(end - start).T), EVEN_M)[:, None]
    found = []
    for _ in range(CRACKS):
        on = shapely.linestrings(np.stack([end, end + step], axis=1))
        at, crack = tree.query(on, "intersects")
        over = shapely.intersection(on[at], cracks[crack])
        whole = (shapely.get_type_id(over) == 1) & (shapely.length(over) < LEAST_M - EVEN_M)
        whole &= shapely.dwithin(over, shapely.points(end[at]), BEGIN_M)
        whole &= ~shapely.is_empty(over)
        over, step = over[whole], step[at[whole]]
        found.append(over)
        end = shapely.get_coordinates(shapely.get_point(over, -1))
    return np.concatenate(found)


def ring_cuts(faces: NDArray[np.object_]) -> NDArray[np.object_]:
    """
    Give lines that cut faces with holes, four a hole.

    Parameters
    ----------
    faces
        Polygons in metres, shape (n,).

    Returns
    -------
    NDArray[np.object_]
        Lines from the corners of each hole (those of its oriented envelope) straight to the outer
        edge of its face; those that would cross another hole are left out.
    """
    ringed = faces[shapely.get_num_interior_rings(faces) > 0]
    rings, owner = shapely.get_rings(ringed, return_index=True)
    is_hole = np.r_[False, owner[1:] == owner[:-1]]
    if not is_hole.any():
        return np.empty(0, object)
    holes, face = rings[is_hole], owner[is_hole]
    boxes = shapely.oriented_envelope(shapely.polygons(holes))
    corners, of_hole = shapely.get_coordinates(boxes, return_index=True)
    # The last point of a ring is its first again.
    is_corner = np.r_[of_hole[1:] == of_hole[:-1], False]
    corners, of_hole = corners[is_corner], of_hole[is_corner]
    start = shapely.get_point(shapely.shortest_line(holes[of_hole], shapely.points(corners)), 0)
    outer = shapely.get_exterior_ring(ringed)[face[of_hole]]
    return _within(shapely.shortest_line(start, outer), ringed[face[of_hole]], 0.0, np.inf)


def _within(
    cuts: NDArray[np.object_], faces: NDArray[np.object_], least: float, most: float
) -> NDArray[np.object_]:
    """Keep the cuts that lie in their faces, longer than `least` and no longer than `most`."""
    length = shapely.length(cuts)
    inside = shapely.length(shapely.intersection(cuts, faces))
    kept: NDArray[np.object_] = cuts[
        (length > least) & (length <= most) & (inside > INSIDE * length)
    ]
    return kept


def junction_cuts(faces: NDArray[np.object_], key: NDArray[np.int64]) -> NDArray[np.object_]:
    """
    Give lines that cut verges where two neighbours along them meet, and where they turn a corner.

    Parameters
    ----------
    faces
        Polygons in metres that share their vertices, shape (n,).
    key
        Whose ground each is; -1 for ground where nobody lives, shape (n,).

    Returns
    -------
    NDArray[np.object_]
        Lines straight across the verge, from where faces of two keys meet on its edge, or one has
        a corner, to the nearest edge that is neither's; those longer than :data:`VERGE_M` are left
        out. So a field ends where the verge begins, and a verge where it turns.
    """
    empty, lived = np.flatnonzero(key < 0), np.flatnonzero(key >= 0)
    if not len(empty) or not len(lived):
        return np.empty(0, object)
    xy, owner = shapely.get_coordinates(faces[empty], return_index=True)
    points = shapely.points(xy)
    at, by = shapely.STRtree(faces[lived]).query(points, "dwithin", distance=CRACK_M)
    kinds = np.unique(np.stack([at, key[lived[by]]], axis=1), axis=0)[:, 0]
    is_met = np.bincount(kinds, minlength=len(xy)) > 1
    corners = _corners(_homes(faces[lived], key[lived]))
    is_met |= near_any(points, corners, EVEN_M)
    met = np.flatnonzero(is_met)
    # A crack between two walls has two ends: one cut is enough.
    place = np.column_stack([owner[met], np.round(xy[met] / APART_M)])
    met = met[np.sort(np.unique(place, axis=0, return_index=True)[1])]
    if not len(met):
        return np.empty(0, object)
    start, end = np.searchsorted(at, met), np.searchsorted(at, met, side="right")
    beside = [
        shapely.union_all(faces[lived[by[a:b]]])
        for a, b in zip(start.tolist(), end.tolist(), strict=True)
    ]
    verge = faces[empty[owner[met]]]
    walls = shapely.buffer(np.array(beside, object), 2 * CRACK_M)
    cuts = shapely.shortest_line(points[met], shapely.difference(shapely.boundary(verge), walls))
    return _within(cuts, verge, LEAST_M, VERGE_M)


def _homes(faces: NDArray[np.object_], key: NDArray[np.int64]) -> NDArray[np.object_]:
    """Join the faces of each key: two that lie side by side have no corner where they meet."""
    order = np.argsort(key, kind="stable")
    groups = np.split(order, np.unique(key[order], return_index=True)[1][1:])
    homes = [
        faces[group[0]] if len(group) == 1 else shapely.coverage_union_all(faces[group])
        for group in groups
        if len(group)
    ]
    parts: NDArray[np.object_] = shapely.get_parts(np.array(homes, object))
    return parts


def _corners(faces: NDArray[np.object_]) -> NDArray[np.object_]:
    """Give the corners of faces: vertices where the outline turns outward by a third and more."""
    rings = shapely.get_exterior_ring(shapely.orient_polygons(shapely.simplify(faces, NOTCH_M)))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    first = np.r_[True, ring[1:] != ring[:-1]]
    last = np.r_[first[1:], True]
    # The last point of a ring is its first again.
    step = np.diff(xy, axis=0, append=xy[:1])
    before = np.roll(step, 1, axis=0)
    before[first] = step[np.flatnonzero(last) - 1]
    turn = np.arctan2(
        before[:, 0] * step[:, 1] - before[:, 1] * step[:, 0], (before * step).sum(axis=1)
    )
    corners: NDArray[np.object_] = shapely.points(xy[~last & (turn > CORNER)])
    return corners
