"""Verges: ground between walls and streets, cut so that each piece can go with what it lies by.

The verge between the walls of compounds and the streets round them is one face. As one unit it
would belong to one grid whole, and lead it round, or along, a compound of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

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
APART_M = 2.0
"""Junctions in one square of this size are one."""
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
    inner = shapely.buffer(footprints, -TOUCH_M, join_style="mitre")
    through = shapely.STRtree(inner).query(cuts, "intersects")[0]
    return np.delete(cuts, np.unique(through))


def is_verge_like(area: NDArray[np.number], girth: NDArray[np.number]) -> NDArray[np.bool_]:
    """
    Tell ground that on the whole is thinner than :data:`THIN_M`.

    Parameters
    ----------
    area, girth
        Of each piece of ground, square metres and metres.
    """
    thin: NDArray[np.bool_] = 2 * area / np.maximum(girth, 1e-9) < THIN_M
    return thin


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
    Give lines that cut verges where two neighbours along them meet.

    Parameters
    ----------
    faces
        Polygons in metres that share their vertices, shape (n,).
    key
        Whose ground each is; -1 for ground where nobody lives, shape (n,).

    Returns
    -------
    NDArray[np.object_]
        Lines straight across the verge, from where faces of two keys meet on its edge to the
        nearest edge that is neither's; those longer than :data:`VERGE_M` are left out.
    """
    empty, lived = np.flatnonzero(key < 0), np.flatnonzero(key >= 0)
    xy, owner = shapely.get_coordinates(faces[empty], return_index=True)
    points = shapely.points(xy)
    at, by = shapely.STRtree(faces[lived]).query(points, "dwithin", distance=CRACK_M)
    kinds = np.unique(np.stack([at, key[lived[by]]], axis=1), axis=0)[:, 0]
    met = np.flatnonzero(np.bincount(kinds, minlength=len(xy)) > 1)
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
