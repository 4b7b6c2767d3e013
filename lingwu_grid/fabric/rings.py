"""Ground that lies all round something: cut at the corners, so that no unit wraps another.

The verge between the wall of a compound and the streets round it is one face. As one unit it would
belong to one grid whole, and lead it round a compound of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    cuts = shapely.shortest_line(start, outer)
    inside = shapely.length(shapely.intersection(cuts, ringed[face[of_hole]]))
    length = shapely.length(cuts)
    kept: NDArray[np.object_] = cuts[(length > 0) & (inside > 0.999 * length)]
    return kept
