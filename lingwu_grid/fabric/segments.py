"""Segments: the outlines of polygons that tile, piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
