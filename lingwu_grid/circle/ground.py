"""Ground: which of it belongs to whose home, so that what is drawn agrees with what is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
import shapely.ops

from lingwu_grid.circle.reach import node_metres

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from lingwu_grid.circle.attaching import Attachment
    from lingwu_grid.circle.network import Network

BESIDE_M = 40.0
"""Ground this far from a covered street or home counts as covered: a house and its yard."""

FINE_M = 0.5
"""Drawn ground is true to this."""


def home_grounds(points: NDArray[np.object_]) -> NDArray[np.object_]:
    """
    Give each home the ground that is nearer to it than to any other, at most `BESIDE_M` away.

    Parameters
    ----------
    points
        Homes, metres, shape (n,); several may stand at one place.

    Returns
    -------
    NDArray[np.object_]
        Polygons, shape (n,).
    """
    if not len(points):
        return np.empty(0, object)
    xy, of = np.unique(shapely.get_coordinates(points), axis=0, return_inverse=True)
    round_ = shapely.buffer(shapely.points(xy), BESIDE_M, quad_segs=4)
    if len(xy) > 1:
        cells = shapely.voronoi_polygons(shapely.multipoints(xy), ordered=True)
        round_ = shapely.intersection(round_, shapely.get_parts(cells))
    grounds: NDArray[np.object_] = round_[of.reshape(-1)]
    return grounds


def only_areas(shape: shapely.Geometry) -> shapely.Geometry:
    """Leave out the lines and points that are left where grounds just touch."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])


def isochrones(
    network: Network,
    stations: Attachment,
    bands: list[tuple[int, float]],
    crs: CRS,
    homes: tuple[NDArray[np.object_], NDArray[np.float64]],
) -> gpd.GeoDataFrame:
    """
    Draw the covered streets of each band with the ground beside them, and the homes in reach.

    Not a hull of covered places: what lies between two covered streets need not be covered. The
    ground of a home is covered where the home is counted so, whatever street runs by it.

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
    homes
        Their own ground, and how far each walks.

    Returns
    -------
    geopandas.GeoDataFrame
        minutes, geometry; the largest first, so that it is drawn below; none without a station.
    """
    metres = node_metres(network, stations) if len(network.line) else np.zeros(0)
    grounds, walked = homes
    shapes = []
    for _, reach in bands:
        parts = [_covered(network, metres, reach), _round_stations(network, stations, reach)]
        # Each street by itself: one buffer of thousands of crooked lines takes a minute.
        streets = shapely.union_all(shapely.buffer(np.concatenate(parts), BESIDE_M, quad_segs=4))
        near = walked <= reach
        streets = shapely.difference(streets, shapely.union_all(grounds[~near]))
        ground = shapely.union(streets, shapely.union_all(grounds[near]))
        shapes.append(only_areas(shapely.simplify(ground, FINE_M)))
    table = gpd.GeoDataFrame(
        {"minutes": np.array([m for m, _ in bands], np.int64)}, geometry=shapes, crs=crs
    )
    drawn = table[~table.geometry.is_empty]
    return drawn.iloc[::-1].reset_index(drop=True)


def _covered(network: Network, metres: NDArray[np.float64], reach: float) -> NDArray[np.object_]:
    """Give the parts of edges from which the walk is no longer than `reach`."""
    length = network.length
    # From a point of an edge one may walk to its start against the drawing, to its end with it.
    by_start = (reach - metres[network.start] - network.toll[0]) / network.rate[1]
    by_end = (reach - metres[network.end] - network.toll[1]) / network.rate[0]
    first = np.where(network.backward, np.maximum(by_start, 0.0), 0.0)
    last = np.where(network.forward, np.maximum(by_end, 0.0), 0.0)
    whole = first + last >= length
    parts = [network.line[whole]]
    for share, of_end in ((first, False), (last, True)):
        for e in np.flatnonzero(~whole & (share > 0)):
            low, high = (length[e] - share[e], length[e]) if of_end else (0.0, share[e])
            parts.append(np.array([shapely.ops.substring(network.line[e], low, high)], object))
    return np.concatenate(parts)


def _round_stations(network: Network, stations: Attachment, reach: float) -> NDArray[np.object_]:
    """Give the part of its own edges on either side of each station, however long they are."""
    parts = []
    for s in np.flatnonzero(stations.edge >= 0):
        e, at, left = stations.edge[s], stations.along[s], reach - stations.access[s]
        if left <= 0:
            continue
        low = max(at - left / network.rate[0, e], 0.0) if network.forward[e] else at
        high = at + left / network.rate[1, e] if network.backward[e] else at
        high = min(high, network.length[e])
        parts.append(shapely.ops.substring(network.line[e], low, high))
    return np.array(parts, object)
