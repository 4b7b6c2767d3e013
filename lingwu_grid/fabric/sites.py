"""Sites: the points that stand for what is built, when ground is shared among houses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.buildings import Buildings

SITE_INSET_M = 0.4
"""Sites stand this far inside a footprint, so that a party wall lies between two of them."""

STATION_M = 6.0
"""Distance of the sites along an outline, at most. A house this near to one of another key has
sites also where the other's are, mirrored in the ground between them: so the border of two walls
runs straight along their middle, however far apart the sites are."""


def nearest_face(faces: NDArray[np.object_], points: NDArray[np.object_]) -> NDArray[np.int64]:
    """Tell the face of each point; the nearest for a point on a line or outside."""
    face: NDArray[np.int64] = shapely.STRtree(faces).nearest(points)
    return face


class Sites(NamedTuple):
    """Points that stand for what is built."""

    xy: NDArray[np.float64]
    key: NDArray[np.int64]
    face: NDArray[np.int64]


def sites_of(
    buildings: Buildings,
    home: tuple[NDArray[np.int64], NDArray[np.int64]],
    faces: NDArray[np.object_],
    shared: NDArray[np.int64],
    footprints: NDArray[np.object_],
) -> Sites:
    """
    Give the sites of the faces that several share.

    Parameters
    ----------
    buildings
        Homes.
    home
        Face and key of each, shape (n_buildings,).
    faces
        Enclosures.
    shared
        Those with homes of several keys.
    footprints
        Every building, lived in or not, polygons in metres.

    Returns
    -------
    Sites
        The points of the homes and points along the outlines; what nobody lives in there has the
        key of the nearest home of its face.
    """
    sites = _own_sites(buildings, home, np.isin(home[0], shared), footprints)
    return _with_others(sites, faces, footprints, shared)


def _own_sites(
    buildings: Buildings,
    home: tuple[NDArray[np.int64], NDArray[np.int64]],
    wanted: NDArray[np.bool_],
    footprints: NDArray[np.object_],
) -> Sites:
    face, key = home
    has = np.flatnonzero(wanted & ~shapely.is_missing(buildings.footprint))
    lived = np.unique(shapely.STRtree(footprints).query(buildings.point, "intersects")[1])
    empty = np.delete(footprints, lived)
    around = _Around(
        np.concatenate([buildings.footprint[has], empty]),
        np.concatenate([key[has], -1 - np.arange(len(empty))]),
    )
    xy, index = _outline_points(buildings.footprint[has], key[has], around)
    building = np.concatenate([np.flatnonzero(wanted), has[index]])
    xy = np.concatenate([shapely.get_coordinates(buildings.point[wanted]), xy])
    # A building's own point comes before any outline.
    return _distinct(Sites(xy, key[building], face[building]))


def _distinct(sites: Sites) -> Sites:
    """Keep the first of the points of a face that are equal to the centimetre."""
    place = np.column_stack([sites.face, np.round(sites.xy, 2)])
    _, first = np.unique(place, axis=0, return_index=True)
    first.sort()
    return Sites(sites.xy[first], sites.key[first], sites.face[first])


class _Around(NamedTuple):
    """What may stand beside a footprint."""

    footprint: NDArray[np.object_]
    key: NDArray[np.int64]


def _outline_points(
    footprints: NDArray[np.object_], key: NDArray[np.int64], around: _Around
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give points along footprints, and the footprint of each."""
    if not len(footprints):
        return np.empty((0, 2)), np.empty(0, np.int64)
    inner = _inner(footprints)
    xy, index = _stations(inner)
    a, b = shapely.STRtree(around.footprint).query(footprints, "dwithin", distance=STATION_M)
    apart = key[a] != around.key[b]
    beside, b = np.unique(b[apart], return_inverse=True)
    mirrored, of = _mirrored(inner, a[apart], _inner(around.footprint[beside]), b)
    return np.concatenate([xy, mirrored]), np.concatenate([index, of])


def _inner(footprints: NDArray[np.object_]) -> NDArray[np.object_]:
    inner = shapely.buffer(footprints, -SITE_INSET_M, join_style="mitre")
    chosen: NDArray[np.object_] = np.where(shapely.is_empty(inner), footprints, inner)
    return chosen


def _stations(inner: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rings = shapely.segmentize(shapely.boundary(inner), STATION_M)
    xy, of = shapely.get_coordinates(rings, return_index=True)
    return xy, of


def _mirrored(
    inner: NDArray[np.object_],
    a: NDArray[np.int64],
    others: NDArray[np.object_],
    b: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give the point of house `a` of each pair nearest to each station of the other, `b`."""
    xy, of = _stations(others)
    count = np.bincount(of, minlength=len(others))[b]
    first = np.searchsorted(of, b)
    start = xy[np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())]
    house, other = np.repeat(a, count), np.repeat(b, count)
    line = shapely.shortest_line(shapely.points(start), shapely.boundary(inner)[house])
    end = shapely.get_coordinates(line).reshape(-1, 2, 2)[:, 1]
    distance = np.hypot(*(end - start).T)
    near = np.flatnonzero((distance <= STATION_M + 2 * SITE_INSET_M) & (distance > 0))
    # A station on the far side looks through its own house.
    step = (end[near] - start[near]) * (SITE_INSET_M / distance[near])[:, None]
    through = shapely.contains_xy(others[other[near]], start[near] + step)
    return end[near[~through]], house[near[~through]]


def _with_others(
    sites: Sites,
    faces: NDArray[np.object_],
    footprints: NDArray[np.object_],
    shared: NDArray[np.int64],
) -> Sites:
    """Add the footprints that are nobody's home in a shared face, with the key of the nearest."""
    if not len(sites.xy) or not len(footprints):
        return sites
    tree = shapely.STRtree(shapely.buffer(footprints, -SITE_INSET_M, join_style="mitre"))
    piece, at = tree.query(faces[shared], "intersects")[::-1]
    face = shared[at]
    # A home stands in its face already, by its own points.
    mine = np.unique(tree.query(shapely.points(sites.xy), "intersects"), axis=1)
    known = mine[1] * len(faces) + sites.face[mine[0]]
    new = ~np.isin(piece * len(faces) + face, known)
    piece, face = piece[new], face[new]
    if not len(piece):
        return sites
    around = _Around(footprints, np.arange(len(footprints)))
    xy, index = _outline_points(footprints[piece], piece, around)
    key, distance = nearest_key(xy, face[index], sites)
    best = np.lexsort((distance, index))
    of_piece = key[best[np.searchsorted(index[best], np.arange(len(piece)))]]
    return _distinct(
        Sites(
            np.concatenate([sites.xy, xy]),
            np.concatenate([sites.key, of_piece[index]]),
            np.concatenate([sites.face, face[index]]),
        )
    )


def nearest_key(
    xy: NDArray[np.float64], face: NDArray[np.int64], sites: Sites
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the key of the nearest site in the same face, and how far it is."""
    # One nearest-neighbour query for all faces: lift each face to a height of its own.
    lift = 1e6
    tree = cKDTree(np.column_stack([sites.xy, sites.face * lift]))
    distance, at = tree.query(np.column_stack([xy, face * lift]))
    return sites.key[at], distance
