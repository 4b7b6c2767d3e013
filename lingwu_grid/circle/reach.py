"""How far it is on foot: attachment to edges, and the nearest station of every unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.network import Network

TRIED = 6
"""Edges that are tried for a place before it counts as walled in."""

FARTHEST_M = 800.0
"""A place farther than this from any edge is off the network."""


class Attachment(NamedTuple):
    """Where places join the network, shape (n,)."""

    edge: NDArray[np.int64]
    """-1 where none can be reached."""
    along: NDArray[np.float64]
    """Metres from the start of the edge."""
    access: NDArray[np.float64]
    """Metres from the place to the edge."""


class Nearest(NamedTuple):
    """The nearest station of each place, shape (n,)."""

    metres: NDArray[np.float64]
    """Infinite where no station can be reached."""
    station: NDArray[np.int64]
    """-1 for none."""


def attach(
    network: Network, points: NDArray[np.object_], walls: NDArray[np.object_] | None = None
) -> Attachment:
    """
    Attach places to the nearest point of an edge that no wall stands before.

    Parameters
    ----------
    network
        Edges.
    points
        Places, shape (n,).
    walls
        Lines that cannot be passed on the way to the edge.

    Returns
    -------
    Attachment
        The nearest edge; where a wall stands between, the next nearest that is free.
    """
    count = len(points)
    edge = np.full(count, -1, np.int64)
    along, access = np.zeros(count), np.full(count, np.inf)
    if not len(network.line) or not count:
        return Attachment(edge, along, access)
    tree = shapely.STRtree(network.line)
    wall_tree = shapely.STRtree(walls) if walls is not None and len(walls) else None
    near = tree.query_nearest(points, all_matches=False)[1]
    _take(network, points, np.arange(count), near, (edge, along, access), wall_tree)
    for place in np.flatnonzero(edge < 0):
        _take_another(network, points, int(place), tree, (edge, along, access), wall_tree)
    return Attachment(edge, along, access)


def _take(
    network: Network,
    points: NDArray[np.object_],
    places: NDArray[np.int64],
    edges: NDArray[np.int64],
    out: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]],
    walls: shapely.STRtree | None,
) -> NDArray[np.bool_]:
    """Attach places to edges where nothing stands between; writes into `out`."""
    lines = network.line[edges]
    at = shapely.line_locate_point(lines, points[places])
    foot = shapely.line_interpolate_point(lines, at)
    away = shapely.distance(points[places], foot)
    free: NDArray[np.bool_] = away <= FARTHEST_M
    if walls is not None:
        ends = np.stack(
            [shapely.get_coordinates(points[places]), shapely.get_coordinates(foot)], axis=1
        )
        crossed = walls.query(shapely.linestrings(ends), predicate="crosses")[0]
        free[np.unique(crossed)] = False
    edge, along, access = out
    chosen = places[free]
    edge[chosen], along[chosen], access[chosen] = edges[free], at[free], away[free]
    return free


def _take_another(
    network: Network,
    points: NDArray[np.object_],
    place: int,
    tree: shapely.STRtree,
    out: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]],
    walls: shapely.STRtree | None,
) -> None:
    reach = 30.0
    tried: set[int] = set()
    while reach <= FARTHEST_M and len(tried) < 8 * TRIED:
        near = tree.query(points[place], "dwithin", distance=reach)
        fresh = np.array([e for e in near if int(e) not in tried], np.int64)
        order = np.argsort(shapely.distance(points[place], network.line[fresh]), kind="stable")
        for e in fresh[order]:
            tried.add(int(e))
            if _take(network, points, np.array([place]), np.array([e]), out, walls)[0]:
                return
        reach *= 2


def nearest_station(network: Network, homes: Attachment, stations: Attachment) -> Nearest:
    """
    Find the nearest station of each place along the network.

    One search from all stations at once over the reversed network (Dijkstra 1959, multi-source),
    each station a node of its own on its edge; a place and a station on one edge may also walk
    straight along it.

    Parameters
    ----------
    network
        Edges and their directions.
    homes
        Places that walk.
    stations
        Where they walk to.

    Returns
    -------
    Nearest
        Metres from door to door, the ways to and from the edge included.
    """
    usable = np.flatnonzero(stations.edge >= 0)
    count = len(homes.edge)
    if not len(usable) or not count:
        return Nearest(np.full(count, np.inf), np.full(count, -1, np.int64))
    reach, source = _from_nodes(network, stations, usable)
    metres, station = _at_home(network, homes, reach, source)
    metres, station = _along_one_edge(network, homes, stations, usable, metres, station)
    total = metres + homes.access
    known = np.isfinite(total)
    out = np.where(known, usable[np.maximum(station, 0)], -1)
    return Nearest(np.where(known, total, np.inf), out.astype(np.int64))


def node_metres(network: Network, stations: Attachment) -> NDArray[np.float64]:
    """Give the walk from each node to its nearest station, metres; infinite where there is none."""
    usable = np.flatnonzero(stations.edge >= 0)
    if not len(usable):
        return np.full(len(network.node), np.inf)
    return _from_nodes(network, stations, usable)[0][: len(network.node)]


def _from_nodes(
    network: Network, stations: Attachment, usable: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Walk from all stations at once; give metres and station of each node."""
    graph = _reversed_graph(network, stations, usable)
    roots = len(network.node) + np.arange(len(usable))
    reach, _, source = dijkstra(
        graph, directed=True, indices=roots, min_only=True, return_predecessors=True
    )
    return reach, np.where(source >= 0, source - len(network.node), -1)


def _reversed_graph(
    network: Network, stations: Attachment, usable: NDArray[np.int64]
) -> sp.csr_matrix:
    """Give the network with every step turned round, and a node for each station."""
    nodes = len(network.node)
    size = nodes + len(usable)
    edge, along = stations.edge[usable], stations.along[usable]
    access = stations.access[usable]
    root = nodes + np.arange(len(usable))
    f, b = network.forward, network.backward
    to_start, to_end = f[edge], b[edge]
    tails = [network.end[f], network.start[b], root[to_start], root[to_end]]
    heads = [
        network.start[f], network.end[b],
        network.start[edge][to_start], network.end[edge][to_end],
    ]  # fmt: skip
    weights = [
        network.length[f], network.length[b],
        (along + access)[to_start], (network.length[edge] - along + access)[to_end],
    ]  # fmt: skip
    table = pd.DataFrame(
        {"t": np.concatenate(tails), "h": np.concatenate(heads), "w": np.concatenate(weights)}
    )
    least = table.groupby(["t", "h"], sort=False)["w"].min().reset_index()
    # A weight of nothing would be no edge to a sparse matrix.
    weight = np.maximum(least["w"].to_numpy(), 1e-12)
    return sp.csr_matrix((weight, (least["t"], least["h"])), shape=(size, size))


def _at_home(
    network: Network, homes: Attachment, reach: NDArray[np.float64], source: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    edge = np.maximum(homes.edge, 0)
    a, b = network.start[edge], network.end[edge]
    by_start = np.where(network.backward[edge], homes.along + reach[a], np.inf)
    by_end = np.where(network.forward[edge], network.length[edge] - homes.along + reach[b], np.inf)
    lost = homes.edge < 0
    metres = np.where(lost, np.inf, np.minimum(by_start, by_end))
    station = np.where(by_start <= by_end, source[a], source[b])
    return metres, np.where(np.isfinite(metres), station, -1)


def _along_one_edge(
    network: Network,
    homes: Attachment,
    stations: Attachment,
    usable: NDArray[np.int64],
    metres: NDArray[np.float64],
    station: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Let a place walk straight along its edge to a station on the same edge."""
    sites = pd.DataFrame({"edge": stations.edge[usable], "s": np.arange(len(usable))})
    sites = sites.assign(at=stations.along[usable], access=stations.access[usable])
    doors = pd.DataFrame({"edge": homes.edge, "h": np.arange(len(homes.edge)), "d": homes.along})
    both = doors.merge(sites, on="edge")
    if not len(both):
        return metres, station
    edge = both["edge"].to_numpy()
    step = (both["at"] - both["d"]).to_numpy()
    may = np.where(step >= 0, network.forward[edge], network.backward[edge])
    both["m"] = np.where(may, np.abs(step) + both["access"], np.inf)
    best = both.sort_values(["h", "m", "s"]).drop_duplicates("h")
    home, least = best["h"].to_numpy(), best["m"].to_numpy()
    better = least < metres[home]
    metres, station = metres.copy(), station.copy()
    metres[home[better]] = least[better]
    station[home[better]] = best["s"].to_numpy()[better]
    return metres, station


def within_reach(
    network: Network, homes: Attachment, sites: Attachment, limit: float, *, at_once: int = 64
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """
    List every pair of a home and a site within reach of it.

    Parameters
    ----------
    network
        Edges and their directions.
    homes, sites
        Where they join it.
    limit
        Metres from door to door.
    at_once
        Sites searched from at a time: memory against speed.

    Returns
    -------
    tuple
        Home, site and metres of each pair.
    """
    usable = np.flatnonzero(sites.edge >= 0)
    graph = _reversed_graph(network, sites, usable)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for low in range(0, len(usable), at_once):
        part = np.arange(low, min(low + at_once, len(usable)))
        reach = dijkstra(graph, directed=True, indices=len(network.node) + part, limit=limit)
        for row, s in zip(reach, part, strict=True):
            one = usable[[s]]
            metres, station = _at_home(network, homes, row, np.zeros(len(row), np.int64))
            metres, _ = _along_one_edge(network, homes, sites, one, metres, station)
            total = metres + homes.access
            near = np.flatnonzero(total <= limit)
            found.append((near, np.full(len(near), usable[s]), total[near]))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    home, site, metres = (np.concatenate(part) for part in zip(*found, strict=True))
    return home, site, metres
