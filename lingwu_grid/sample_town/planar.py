"""Lines to faces: an arrangement of lines, its pieces, and the face on either side of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.graph import indptr_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

HA = 10_000.0
GRID_M = 0.01
"""Coordinates of the town lie on this lattice, so that what touches touches exactly."""
ASIDE_M = 0.05
LOOP_M2 = 60.0


class Arrangement(NamedTuple):
    """Lines cut where they meet, and the faces between them."""

    faces: NDArray[np.object_]
    edges: NDArray[np.object_]
    source: NDArray[np.int64]
    """Which of the lines given each edge lies on, shape (n_edges,)."""
    sides: NDArray[np.int64]
    """Face on the left and on the right of each edge, shape (n_edges, 2); -1 outside."""


def arrange(lines: NDArray[np.object_]) -> Arrangement:
    """
    Cut lines where they meet and find the faces between them.

    Parameters
    ----------
    lines
        Line strings, metres.

    Returns
    -------
    Arrangement
        Faces and edges in an order that depends on the lines alone; edges that bound no face are
        left out.
    """
    noded = shapely.get_parts(shapely.node(shapely.union_all(lines, grid_size=GRID_M)))
    merged = noded[shapely.length(noded) > GRID_M]
    faces = shapely.get_parts(shapely.polygonize(merged))
    faces = faces[_reading_order(shapely.get_coordinates(shapely.point_on_surface(faces)))]
    middle = shapely.line_interpolate_point(merged, 0.5, normalized=True)
    order = _reading_order(shapely.get_coordinates(middle))
    merged, middle = merged[order], middle[order]
    sides = _sides(merged, middle, faces)
    kept = sides[:, 0] != sides[:, 1]
    source = shapely.STRtree(lines).nearest(middle[kept]).astype(np.int64)
    return Arrangement(faces, merged[kept], source, sides[kept])


def _reading_order(points: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.lexsort((points[:, 0], points[:, 1]))


def _sides(
    edges: NDArray[np.object_], middle: NDArray[np.object_], faces: NDArray[np.object_]
) -> NDArray[np.int64]:
    half = shapely.length(edges) / 2
    on = shapely.get_coordinates(middle)
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(edges, half + 0.02))
    behind = shapely.get_coordinates(
        shapely.line_interpolate_point(edges, np.maximum(half - 0.02, 0))
    )
    along = ahead - behind
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    normal = along[:, ::-1] * np.array([-1.0, 1.0]) * ASIDE_M
    sides = np.full((len(edges), 2), -1, np.int64)
    tree = shapely.STRtree(faces)
    for column, points in enumerate((on + normal, on - normal)):
        edge, face = tree.query(shapely.points(points), predicate="within")
        sides[edge, column] = face
    return sides


def loops(ground: Arrangement) -> NDArray[np.int64]:
    """Give one edge of each tiny face that two lines drawn for one thing closed between them."""
    tiny = ground.faces[shapely.area(ground.faces) < LOOP_M2]
    tree = shapely.STRtree(ground.edges)
    found = []
    for face in tiny.tolist():
        mine = tree.query(shapely.buffer(face, 2 * GRID_M), predicate="contains")
        inner = mine[(ground.sides[mine] != -1).all(axis=1)]
        mine = inner if len(inner) else mine
        if len(mine):
            found.append(int(mine[np.argmax(shapely.length(ground.edges[mine]))]))
    return np.unique(np.array(found, np.int64))


def csr(pairs: NDArray[np.int64], n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give pairs of neighbours as a graph of ``n`` nodes, CSR, each neighbour once."""
    both = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    return indptr_of(both[:, 0], n), both[:, 1].astype(np.int32)


def axes(
    polygon: shapely.Polygon,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Give the smallest box round a polygon: a corner, its long side and its short side."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(polygon))[:4]
    first, second = box[1] - box[0], box[2] - box[1]
    is_first = np.hypot(*first) >= np.hypot(*second)
    return box[0], *((first, second) if is_first else (second, first))


def turns(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give by how much an open ring turns at each point, radians, either way."""
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return np.asarray(np.abs(np.arctan2(cross, (before * after).sum(axis=1))))


def bowed(a: NDArray[np.float64], b: NDArray[np.float64], *bow: float) -> shapely.LineString:
    """Draw a line that bends aside, by shares of its length: the first once, the next twice."""
    t = np.linspace(0, 1, 5)[:, None]
    normal = (b - a)[::-1] * np.array([-1, 1])
    off = sum(share * np.sin(k * np.pi * t) for k, share in enumerate(bow, start=1))
    return shapely.LineString(np.round(a * (1 - t) + b * t + off * normal, 2))
