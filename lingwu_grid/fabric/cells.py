"""Cells: each enclosure shared among its buildings, as near to each as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import Voronoi

from lingwu_grid.fabric.enclosures import make_faces
from lingwu_grid.fabric.sites import Sites, nearest_face, nearest_key, sites_of
from lingwu_grid.fabric.verges import verge_cuts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.buildings import Buildings

FAR = 8.0
"""So many sizes of a face away, nothing is the nearest of any point in it."""

BEYOND_M = 1e-4
"""Cuts run this far over the edge of their face, so that noding (1e-5 m) finds where they meet."""


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
    sites = sites_of(buildings, (face, key), faces, shared, footprints)
    cuts = _voronoi_cuts(faces, sites)
    of_face = np.full(len(faces), -1, np.int64)
    of_face[pairs[:, 0]] = pairs[:, 1]
    verges = verge_cuts(faces, of_face, footprints)
    middle = shapely.line_interpolate_point(verges, 0.5, normalized=True)
    verges = _beyond(verges, shapely.boundary(faces[nearest_face(faces, middle)]))
    cells = make_faces(np.concatenate([lines, cuts, verges]), area)
    return cells, _keys_of(cells, faces, (face, key), sites, buildings)


def _beyond(cuts: NDArray[np.object_], edge: NDArray[np.object_]) -> NDArray[np.object_]:
    """Lengthen straight cuts over the edge at the ends that lie on it."""
    # A straight cut may have a vertex where it passes a corner of its face.
    ends = [shapely.get_point(cuts, at) for at in (0, -1)]
    xy = np.stack([shapely.get_coordinates(end) for end in ends], axis=1)
    along = xy[:, 1] - xy[:, 0]
    along *= BEYOND_M / np.maximum(np.hypot(*along.T), BEYOND_M)[:, None]
    for at, out in ((0, -along), (1, along)):
        on_edge = shapely.dwithin(edge, ends[at], BEYOND_M / 10)
        xy[on_edge, at] += out[on_edge]
    longer: NDArray[np.object_] = shapely.linestrings(xy)
    return longer


def _voronoi_cuts(faces: NDArray[np.object_], sites: Sites) -> NDArray[np.object_]:
    """Give the edges between sites of different keys, face by face."""
    if not len(sites.face):
        return np.empty(0, object)
    order = np.argsort(sites.face, kind="stable")
    named, start = np.unique(sites.face[order], return_index=True)
    ends, of_face = [], []
    for n, members in enumerate(np.split(order, start[1:])):
        edges = _edges_between(sites.xy[members], sites.key[members], faces[named[n]])
        ends.append(edges)
        of_face.append(np.full(len(edges), named[n]))
    lines, at = shapely.linestrings(np.concatenate(ends)), np.concatenate(of_face)
    shapely.prepare(faces[named])
    is_whole = shapely.contains_properly(faces[at], lines)
    # Few reach the border of their face, and only these are dear to clip.
    at = at[~is_whole]
    parts, of = shapely.get_parts(
        shapely.intersection(lines[~is_whole], faces[at]), return_index=True
    )
    is_line = (shapely.get_type_id(parts) == 1) & ~shapely.is_empty(parts)
    edges = np.full(len(faces), None, object)
    edges[named] = shapely.boundary(faces[named])
    shapely.prepare(edges[named])
    return np.concatenate([lines[is_whole], _beyond(parts[is_line], edges[at[of[is_line]]])])


def _edges_between(
    xy: NDArray[np.float64], key: NDArray[np.int64], face: shapely.Polygon
) -> NDArray[np.float64]:
    """Give the Voronoi edges between points of different keys, shape (n, 2, 2)."""
    bounds = np.reshape(face.bounds, (2, 2))
    low, high = np.minimum(bounds[0], xy.min(axis=0)), np.maximum(bounds[1], xy.max(axis=0))
    middle = (low + high) / 2
    # Four points far off, so that each edge within the face has two ends.
    off = FAR * (high - low).max() * np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    diagram = Voronoi(np.concatenate([xy - middle, off]))
    a, b = np.append(key, np.full(4, key[0]))[diagram.ridge_points].T
    real = (diagram.ridge_points < len(xy)).all(axis=1)
    ridges = np.array(diagram.ridge_vertices)[(a != b) & real]
    edges: NDArray[np.float64] = diagram.vertices[ridges] + middle
    return edges


def _keys_of(
    cells: NDArray[np.object_],
    faces: NDArray[np.object_],
    home: tuple[NDArray[np.int64], NDArray[np.int64]],
    sites: Sites,
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
        out[undecided] = nearest_key(xy, cell_face[undecided], sites)[0]
    inside = nearest_face(cells, buildings.point)
    out[inside] = key
    return out
