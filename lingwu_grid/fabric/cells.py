"""Cells: each enclosure shared among its buildings, as near to each as can be."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from lingwu_grid.fabric.enclosures import make_faces
from lingwu_grid.fabric.verges import verge_cuts
from lingwu_grid.ingest.recurring import place_of_number, walls_round

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

SITE_INSET_M = 0.4
"""Sites stand this far inside a footprint, so that a party wall lies between two of them."""

SITE_STEPS_M = ((2.0, 1.0), (6.0, 2.0), (np.inf, 6.0))
"""Distance of the sites along an outline, by how near the next house of another key stands. A
Voronoi edge sways by step² / 8 over the distance to it: less than half a metre in each row."""

SITES_AT_ONCE = 100_000
"""Points whose Voronoi diagrams are held at a time: some 200 MB."""


class Buildings(NamedTuple):
    """Homes grouped by building; a household without a building id counts by its place."""

    point: NDArray[np.object_]
    footprint: NDArray[np.object_]
    """None where there is none."""
    compound: NDArray[np.object_]
    """Compound id; empty for none."""
    of_household: NDArray[np.int64]


def gather_buildings(study: Study) -> Buildings:
    """
    Group households into buildings.

    Parameters
    ----------
    study
        Households; buildings give footprints and compounds where they have the same id.

    Returns
    -------
    Buildings
        In the order of their first household.
    """
    homes = study.households
    xy = np.round(shapely.get_coordinates(homes.geometry.to_numpy())).astype(np.int64)
    # One place to the metre is one building, where the office has no building numbers.
    place = pd.Series(xy[:, 0]).astype(str) + "," + pd.Series(xy[:, 1]).astype(str)
    key = homes["building_id"].where(homes["building_id"] != "", "@" + place)
    walls = study.table("compounds")
    again = place_of_number(homes, walls)
    of_household, pairs = pd.factorize(pd.MultiIndex.from_arrays([key, again]))
    names, at = pairs.get_level_values(0), pairs.get_level_values(1).to_numpy()
    first = np.unique(of_household, return_index=True)[1]
    known = study.table("buildings").drop_duplicates("building_id").set_index("building_id")
    footprint = known.geometry.reindex(names).to_numpy()
    point = homes.geometry.to_numpy()[first]
    footprint[at > 0] = None
    if len(known) and (at > 0).any():
        # A number that recurs names no footprint: the one under its homes is theirs.
        shapes = study.table("buildings").geometry.to_numpy()
        several = np.flatnonzero(at > 0)
        house, shape = shapely.STRtree(shapes).query(point[several], "intersects")
        footprint[several[house[::-1]]] = shapes[shape[::-1]]
    compound = homes["compound_id"].to_numpy(object)[first]
    if len(known):
        theirs = known["compound_id"].reindex(names).fillna("").to_numpy(object)
        compound = np.where((compound == "") & (at == 0), theirs, compound)
    compound = np.where(compound == "", walls_round(point, walls), compound)
    return Buildings(point, footprint, compound, of_household)


def make_cells(
    faces: NDArray[np.object_],
    lines: NDArray[np.object_],
    buildings: Buildings,
    key: NDArray[np.int64],
    ground: tuple[shapely.Geometry, NDArray[np.object_]],
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """
    Divide the faces among building keys.

    Inside a face every point goes to the nearest footprint (enclosed tessellation: Fleischmann,
    Feliciotti, Romice, Porta 2020), drawn as Voronoi edges between different keys only.

    Parameters
    ----------
    faces
        Enclosures.
    lines
        What they were made from.
    buildings
        Homes.
    key
        What each building's ground belongs to: equal keys share a cell, shape (n_buildings,).
    ground
        The study area, and every footprint, lived in or not: one without homes goes whole to
        the nearest home of its face.

    Returns
    -------
    tuple
        Cells that tile the area, and the key of each; -1 for ground without a home.
    """
    face = nearest_face(faces, buildings.point)
    pairs = np.unique(np.stack([face, key], axis=1), axis=0)
    keys_in_face = np.bincount(pairs[:, 0], minlength=len(faces))
    shared = np.flatnonzero(keys_in_face > 1)
    area, footprints = ground
    sites = _sites(buildings, (face, key), np.isin(face, shared), footprints)
    sites = _with_others(sites, faces, footprints, shared)
    cuts = _voronoi_edges(faces, sites)
    of_face = np.full(len(faces), -1, np.int64)
    of_face[pairs[:, 0]] = pairs[:, 1]
    verges = verge_cuts(faces, of_face, footprints)
    cells = make_faces(np.concatenate([lines, cuts, verges]), area)
    if _holds_several(cells, buildings.point, key):
        # A cut may end a grid width off the line as it was drawn, not off its face as it was noded.
        rings = shapely.get_parts(shapely.boundary(faces))
        cells = make_faces(np.concatenate([rings, cuts, verges]), area)
    return cells, _keys_of(cells, faces, (face, key), sites, buildings)


def _holds_several(
    cells: NDArray[np.object_], points: NDArray[np.object_], key: NDArray[np.int64]
) -> bool:
    """Tell whether homes of different keys share a cell: a cut did not reach across."""
    pairs = np.unique(np.stack([nearest_face(cells, points), key], axis=1), axis=0)
    return bool((np.diff(pairs[:, 0]) == 0).any())


def nearest_face(faces: NDArray[np.object_], points: NDArray[np.object_]) -> NDArray[np.int64]:
    """Tell the face of each point; the nearest for a point on a line or outside."""
    face: NDArray[np.int64] = shapely.STRtree(faces).nearest(points)
    return face


class _Sites(NamedTuple):
    """Points that stand for what is built."""

    xy: NDArray[np.float64]
    key: NDArray[np.int64]
    face: NDArray[np.int64]


def _sites(
    buildings: Buildings,
    home: tuple[NDArray[np.int64], NDArray[np.int64]],
    wanted: NDArray[np.bool_],
    footprints: NDArray[np.object_],
) -> _Sites:
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
    return _distinct(_Sites(xy, key[building], face[building]))


def _distinct(sites: _Sites) -> _Sites:
    """Round to the centimetre; the first of equal points of a face stays."""
    xy = np.round(sites.xy, 2)
    _, first = np.unique(np.column_stack([sites.face, xy]), axis=0, return_index=True)
    first.sort()
    return _Sites(xy[first], sites.key[first], sites.face[first])


class _Around(NamedTuple):
    """What may stand beside a footprint."""

    footprint: NDArray[np.object_]
    key: NDArray[np.int64]


def _outline_points(
    footprints: NDArray[np.object_], key: NDArray[np.int64], around: _Around
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give points along footprints, and the footprint of each: dense where another is near."""
    if not len(footprints):
        return np.empty((0, 2)), np.empty(0, np.int64)
    inner = shapely.buffer(footprints, -SITE_INSET_M, join_style="mitre")
    ring = shapely.boundary(np.where(shapely.is_empty(inner), footprints, inner))
    step = np.full(len(ring), SITE_STEPS_M[-1][1])
    tree = shapely.STRtree(around.footprint)
    for near, fine in SITE_STEPS_M[-2::-1]:
        a, b = tree.query(footprints, "dwithin", distance=near)
        step[a[key[a] != around.key[b]]] = fine
    xy, index = shapely.get_coordinates(shapely.segmentize(ring, step), return_index=True)
    return xy, index


def _with_others(
    sites: _Sites,
    faces: NDArray[np.object_],
    footprints: NDArray[np.object_],
    shared: NDArray[np.int64],
) -> _Sites:
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
    key, distance = _nearest_key(xy, face[index], sites)
    best = np.lexsort((distance, index))
    of_piece = key[best[np.searchsorted(index[best], np.arange(len(piece)))]]
    return _distinct(
        _Sites(
            np.concatenate([sites.xy, xy]),
            np.concatenate([sites.key, of_piece[index]]),
            np.concatenate([sites.face, face[index]]),
        )
    )


def _voronoi_edges(faces: NDArray[np.object_], sites: _Sites) -> NDArray[np.object_]:
    if not len(sites.face):
        return np.empty(0, object)
    order = np.argsort(sites.face, kind="stable")
    # Faces do not know each other: a batch at a time keeps the diagrams of a city out of memory.
    start = np.unique(sites.face[order], return_index=True)[1]
    batch = np.searchsorted(start, np.arange(0, len(order) + SITES_AT_ONCE, SITES_AT_ONCE))
    ends = np.append(start, len(order))[np.unique(np.append(batch, len(start)))]
    pieces = [
        _edges_within(faces, sites, order[low:high]) for low, high in itertools.pairwise(ends)
    ]
    return np.concatenate(pieces)


def _edges_within(
    faces: NDArray[np.object_],
    sites: _Sites,
    order: NDArray[np.int64],
) -> NDArray[np.object_]:
    named, start = np.unique(sites.face[order], return_index=True)
    clouds = shapely.multipoints(
        shapely.points(sites.xy[order]),
        indices=np.repeat(np.arange(len(named)), np.diff(np.r_[start, len(order)])),
    )
    diagrams = shapely.voronoi_polygons(clouds, extend_to=faces[named], ordered=True)
    polygons, of_face = shapely.get_parts(diagrams, return_index=True)
    segments, owner = segments_of(polygons)
    site_key = sites.key[order]
    a, b, which = matched(segments, owner)
    between = site_key[a] != site_key[b]
    lines = shapely.linestrings(segments[which[between]].reshape(-1, 2, 2))
    face = faces[named[of_face[a[between]]]]
    shapely.prepare(face)
    is_whole = shapely.contains_properly(face, lines)
    # Few reach the border of their face, and only these are dear to clip.
    parts = shapely.get_parts(shapely.intersection(lines[~is_whole], face[~is_whole]))
    cuts: NDArray[np.object_] = parts[shapely.get_type_id(parts) == 1]
    return np.concatenate([lines[is_whole], cuts])


def segments_of(
    polygons: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """
    Take polygons apart into segments.

    Parameters
    ----------
    polygons
        Polygons, with or without holes, shape (n,).

    Returns
    -------
    tuple
        Ends of each segment, the lesser end first, shape (m, 4), and its polygon, shape (m,).
    """
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    a, b = xy[:-1][same], xy[1:][same]
    swap = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    a[swap], b[swap] = b[swap], a[swap].copy()
    return np.column_stack([a, b]), polygon[ring[1:][same]]


def matched(
    segments: NDArray[np.float64], owner: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """
    Pair the polygons that have a segment in common.

    Parameters
    ----------
    segments
        As :func:`segments_of` gives them, shape (m, 4).
    owner
        Polygon of each segment, shape (m,).

    Returns
    -------
    tuple
        The two owners of each shared segment, and the index of the segment.
    """
    order = np.lexsort(segments.T[::-1])
    ordered = segments[order]
    twin = np.flatnonzero((ordered[1:] == ordered[:-1]).all(axis=1))
    return owner[order[twin]], owner[order[twin + 1]], order[twin]


def _keys_of(
    cells: NDArray[np.object_],
    faces: NDArray[np.object_],
    home: tuple[NDArray[np.int64], NDArray[np.int64]],
    sites: _Sites,
    buildings: Buildings,
) -> NDArray[np.int64]:
    face, key = home
    cell_point = shapely.point_on_surface(cells)
    cell_face = nearest_face(faces, cell_point)
    # Ground of a face with one key is that key's; of a face with none, nobody's.
    out = np.full(len(cells), -1, np.int64)
    only = np.full(len(faces), -1, np.int64)
    only[face] = key
    out[:] = only[cell_face]
    # In a shared face, the key of the nearest site of the same face.
    undecided = np.flatnonzero(np.isin(cell_face, sites.face))
    if len(undecided):
        xy = shapely.get_coordinates(cell_point[undecided])
        out[undecided] = _nearest_key(xy, cell_face[undecided], sites)[0]
    inside = nearest_face(cells, buildings.point)
    out[inside] = key
    return out


def _nearest_key(
    xy: NDArray[np.float64], face: NDArray[np.int64], sites: _Sites
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the key of the nearest site in the same face, and how far it is."""
    # One nearest-neighbour query for all faces: lift each face to a height of its own.
    lift = 1e6
    tree = cKDTree(np.column_stack([sites.xy, sites.face * lift]))
    distance, at = tree.query(np.column_stack([xy, face * lift]))
    return sites.key[at], distance
