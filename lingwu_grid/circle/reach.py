"""How far it is on foot: the nearest station of every place, and all within a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lingwu_grid.circle.attaching import Attachment
    from lingwu_grid.circle.network import Network


class Nearest(NamedTuple):
    """The nearest station of each place, shape (n,)."""

    metres: NDArray[np.float64]
    """Infinite where no station can be reached."""
    station: NDArray[np.int64]
    """-1 for none."""


class Tree(NamedTuple):
    """The shortest ways of all nodes to their nearest station."""

    metres: NDArray[np.float64]
    """Of each node, the stations behind them; infinite where no way leads to one."""
    station: NDArray[np.int64]
    """-1 for none."""
    following: NDArray[np.int64]
    """Node after each on its way; from `n_nodes` on they are stations; negative for none."""


def nearest_station(network: Network, homes: Attachment, stations: Attachment) -> Nearest:
    """
    Find the nearest station of each place along the network.

    One search from all stations at once over the reversed network (Dijkstra 1959, multi-source),
    each station a node of its own on its edges; a place and a station on one edge may also walk
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
        Metres from door to door, the ways to and from the edges included, by the best of the
        edges of each.
    """
    count = len(homes.first)
    if not stations.is_joined.any() or not count:
        return Nearest(np.full(count, np.inf), np.full(count, -1, np.int64))
    total, station = rows_in(tree_of(network, stations), network, homes, stations)
    best = np.lexsort((total, homes.of))[homes.first]
    return Nearest(total[best], np.where(np.isfinite(total[best]), station[best], -1))


def rows_in(
    tree: Tree, network: Network, homes: Attachment, stations: Attachment
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give metres and station of each row of an attachment: each edge a place may leave by."""
    metres, station = _at_home(network, homes, tree.metres, tree.station)
    metres, station = _along_one_edge(network, homes, stations, metres, station)
    return metres + homes.access, station


def node_metres(network: Network, stations: Attachment) -> NDArray[np.float64]:
    """Give the walk from each node to its nearest station, metres; infinite where there is none."""
    return tree_of(network, stations).metres[: len(network.node)]


def tree_of(network: Network, stations: Attachment) -> Tree:
    """Walk from all stations at once; give every node its way to the nearest."""
    usable = np.flatnonzero(stations.is_joined)
    nodes = len(network.node)
    if not len(usable):
        nowhere = np.full(nodes, -1, np.int64)
        return Tree(np.full(nodes, np.inf), nowhere, nowhere.copy())
    graph = reversed_graph(network, stations, usable)
    metres, following, source = dijkstra(
        graph, directed=True, indices=nodes + np.arange(len(usable)), min_only=True,
        return_predecessors=True,
    )  # fmt: skip
    station = np.where(source >= 0, usable[np.maximum(source - nodes, 0)], -1)
    return Tree(metres, station, following.astype(np.int64))


def reversed_graph(
    network: Network, stations: Attachment, usable: NDArray[np.int64]
) -> sp.csr_matrix:
    """Give the network with every step turned round, and a node for each station."""
    nodes = len(network.node)
    size = nodes + len(usable)
    joined = stations.edge >= 0
    edge, access = stations.edge[joined], stations.access[joined]
    root = nodes + np.searchsorted(usable, stations.of[joined])
    by_start, by_end = network.from_ends(edge, stations.along[joined])
    f, b = network.forward, network.backward
    table = pd.DataFrame(
        {
            "t": np.concatenate([network.end[f], network.start[b], root, root]),
            "h": np.concatenate(
                [network.start[f], network.end[b], network.start[edge], network.end[edge]]
            ),
            "w": np.concatenate(
                [network.ahead[f], network.back[b], by_start + access, by_end + access]
            ),
        }
    )
    table = table[np.isfinite(table["w"])]
    least = table.groupby(["t", "h"], sort=False)["w"].min().reset_index()
    # A weight of nothing would be no edge to a sparse matrix.
    weight = np.maximum(least["w"].to_numpy(), 1e-12)
    return sp.csr_matrix((weight, (least["t"], least["h"])), shape=(size, size))


def homes_within(
    network: Network, homes: Attachment, reach: NDArray[np.float64], limit: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """List the homes no farther than a limit, and their metres, given those of every node."""
    metres, _ = _at_home(network, homes, reach, np.zeros(len(reach), np.int64))
    least = np.minimum.reduceat(metres + homes.access, homes.first)
    near = np.flatnonzero(least <= limit)
    return near, least[near]


def _at_home(
    network: Network, homes: Attachment, reach: NDArray[np.float64], source: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    edge = np.maximum(homes.edge, 0)
    a, b = network.start[edge], network.end[edge]
    to_start, to_end = network.to_ends(edge, homes.along)
    by_start, by_end = to_start + reach[a], to_end + reach[b]
    lost = homes.edge < 0
    metres = np.where(lost, np.inf, np.minimum(by_start, by_end))
    station = np.where(by_start <= by_end, source[a], source[b])
    return metres, np.where(np.isfinite(metres), station, -1)


def _along_one_edge(
    network: Network,
    homes: Attachment,
    stations: Attachment,
    metres: NDArray[np.float64],
    station: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Let a place walk straight along its edge to a station on the same edge."""
    sites = pd.DataFrame({"edge": stations.edge, "s": stations.of, "at": stations.along})
    sites = sites.assign(access=stations.access)[sites["edge"] >= 0]
    doors = pd.DataFrame({"edge": homes.edge, "h": np.arange(len(homes.edge)), "d": homes.along})
    both = doors.merge(sites, on="edge")
    if not len(both):
        return metres, station
    edge = both["edge"].to_numpy()
    step = (both["at"] - both["d"]).to_numpy()
    with_it = step >= 0
    may = np.where(with_it, network.forward[edge], network.backward[edge])
    walk = np.abs(step) * np.where(with_it, network.rate[0, edge], network.rate[1, edge])
    both["m"] = np.where(may, walk + both["access"], np.inf)
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
    List the pairs of home and site that are no farther apart than a limit.

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
    found = [
        (near, np.full(len(near), site), metres)
        for site, _, near, metres in each_site(network, homes, sites, limit, at_once=at_once)
    ]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    home, site, metres = (np.concatenate(part) for part in zip(*found, strict=True))
    return home, site, metres


def each_site(
    network: Network, homes: Attachment, sites: Attachment, limit: float, *, at_once: int = 64
) -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]]:
    """
    Search from every site that is joined to the network.

    Parameters
    ----------
    network, homes, sites, limit, at_once
        As for :func:`within_reach`.

    Yields
    ------
    tuple
        Site; metres to it of every node, infinite beyond the limit; the homes no farther than the
        limit, and their metres.
    """
    nodes = len(network.node)
    usable = np.flatnonzero(sites.is_joined)
    graph = reversed_graph(network, sites, usable)
    # By site: rows of an attachment are ascending.
    ends = np.searchsorted(sites.of, np.arange(len(sites.first) + 1))
    first = homes.first
    for low in range(0, len(usable), at_once):
        part = np.arange(low, min(low + at_once, len(usable)))
        reach = dijkstra(graph, directed=True, indices=nodes + part, limit=limit)
        for row, s in zip(reach, usable[part].tolist(), strict=True):
            own = slice(ends[s], ends[s + 1])
            one = sites._replace(
                edge=sites.edge[own], along=sites.along[own], access=sites.access[own], place=None
            )
            metres, station = _at_home(network, homes, row, np.zeros(len(row), np.int64))
            metres, _ = _along_one_edge(network, homes, one, metres, station)
            total = np.minimum.reduceat(metres + homes.access, first)
            near = np.flatnonzero(total <= limit)
            yield s, row[:nodes], near, total[near]
