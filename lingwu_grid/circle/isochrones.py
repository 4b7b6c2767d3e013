"""Isochrones: the ground along the streets from which a station is within so many minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
import shapely.ops

from lingwu_grid.circle.reach import Attachment, node_metres

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from lingwu_grid.circle.network import Network

BESIDE_M = 40.0
"""Ground this far beside a covered street counts as covered: a house and its yard."""


def isochrones(
    network: Network, stations: Attachment, bands: list[tuple[int, float]], crs: CRS
) -> gpd.GeoDataFrame:
    """
    Draw the covered streets of each band with the ground beside them.

    Not a hull of covered places: what lies between two covered streets need not be covered.

    Parameters
    ----------
    network
        Edges and their directions.
    stations
        Where they join it.
    bands
        Minutes and metres of each.
    crs
        Of the network.

    Returns
    -------
    geopandas.GeoDataFrame
        minutes, geometry; the largest first, so that it is drawn below; none without a station.
    """
    metres = node_metres(network, stations) if len(network.line) else np.zeros(0)
    shapes = []
    for _, reach in bands:
        parts = [_covered(network, metres, reach), _round_stations(network, stations, reach)]
        # Each street by itself: one buffer of thousands of crooked lines takes a minute.
        ground = shapely.union_all(shapely.buffer(np.concatenate(parts), BESIDE_M))
        shapes.append(shapely.simplify(ground, 2.0))
    table = gpd.GeoDataFrame(
        {"minutes": np.array([m for m, _ in bands], np.int64)}, geometry=shapes, crs=crs
    )
    drawn = table[~table.geometry.is_empty]
    return drawn.iloc[::-1].reset_index(drop=True)


def _covered(network: Network, metres: NDArray[np.float64], reach: float) -> NDArray[np.object_]:
    """Give the parts of edges from which the walk is no longer than `reach`."""
    length = network.length
    # From a point of an edge one may walk to its start against the drawing, to its end with it.
    first = np.where(network.backward, np.maximum(reach - metres[network.start], 0.0), 0.0)
    last = np.where(network.forward, np.maximum(reach - metres[network.end], 0.0), 0.0)
    whole = first + last >= length
    parts = [network.line[whole]]
    for share, of_end in ((first, False), (last, True)):
        for e in np.flatnonzero(~whole & (share > 0)):
            low, high = (length[e] - share[e], length[e]) if of_end else (0.0, share[e])
            parts.append(np.array([shapely.ops.substring(network.line[e], low, high)], object))
    return np.concatenate(parts)


def _round_stations(network: Network, stations: Attachment, reach: float) -> NDArray[np.object_]:
    """Give the part of its own edge on either side of each station, however long the edge is."""
    parts = []
    for s in np.flatnonzero(stations.edge >= 0):
        e, at, left = stations.edge[s], stations.along[s], reach - stations.access[s]
        if left <= 0:
            continue
        low = max(at - left, 0.0) if network.forward[e] else at
        high = min(at + left, network.length[e]) if network.backward[e] else at
        parts.append(shapely.ops.substring(network.line[e], low, high))
    return np.array(parts, object)
