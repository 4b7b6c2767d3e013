"""Routes: the walk itself, from a door to its station, and what it goes round."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
import shapely.ops

from lingwu_grid.circle.reach import rows_in, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lingwu_grid.circle.attaching import Attachment
    from lingwu_grid.circle.network import Network
    from lingwu_grid.circle.reach import Tree

SAME_M = 1e-6
"""Metres that two ways of the same length may differ by in the last digits."""


class Ends(NamedTuple):
    """Doors and stations, and where they join the network."""

    homes: NDArray[np.object_]
    at_home: Attachment
    stations: NDArray[np.object_]
    at_station: Attachment


def edges_taken(network: Network, tree: Tree) -> NDArray[np.int64]:
    """Give the edge by which each node's way goes on; -1 where it ends, or leads to a station."""
    nodes = len(network.node)
    f, b = np.flatnonzero(network.forward), np.flatnonzero(network.backward)
    edge = np.concatenate([f, b])
    tail = np.concatenate([network.start[f], network.end[b]])
    head = np.concatenate([network.end[f], network.start[b]])
    cost = np.concatenate([network.ahead[f], network.back[b]])
    order = np.lexsort((cost, head, tail))
    key = (tail * nodes + head)[order]
    follows = tree.following[:nodes]
    going = np.flatnonzero((follows >= 0) & (follows < nodes))
    taken = np.full(nodes, -1, np.int64)
    if len(going):
        at = np.searchsorted(key, going * nodes + follows[going])
        taken[going] = edge[order][at]
    return taken


def crossings_of(
    network: Network,
    tree: Tree,
    over_edge: Callable[[int], frozenset[int]],
    at_station: dict[int, frozenset[int]],
) -> Callable[[int], frozenset[int]]:
    """
    Give a function from a node to the obstacles that its way to a station crosses.

    Parameters
    ----------
    network, tree
        The streets without those obstacles, and the ways on them.
    over_edge
        Gives what lies over an edge.
    at_station
        What stands between a last node and its station.
    """
    taken = edges_taken(network, tree)
    known: dict[int, frozenset[int]] = {}

    def crossed(node: int) -> frozenset[int]:
        way = []
        while node not in known and taken[node] >= 0:
            way.append(node)
            node = int(tree.following[node])
        over = known.get(node, at_station.get(node, frozenset()))
        for n in reversed(way):
            over |= over_edge(int(taken[n]))
            known[n] = over
        return over

    return crossed


class Router:
    """
    Draws walks of homes to their stations, many on one network.

    Parameters
    ----------
    network
        Under some assumptions.
    ends
        Doors and stations.
    """

    def __init__(self, network: Network, ends: Ends) -> None:
        self.network, self.ends = network, ends
        self.tree = tree_of(network, ends.at_station)
        self.taken = edges_taken(network, self.tree)
        rows, self.station = rows_in(self.tree, network, ends.at_home, ends.at_station)
        self.metres = rows
        self.best = np.lexsort((rows, ends.at_home.of))[ends.at_home.first]
        self.behind: dict[int, NDArray[np.float64]] = {}

    def way(self, home: int) -> shapely.LineString | None:
        """Draw the shortest walk of a home; None where no way leads to any station."""
        row, doors = int(self.best[home]), self.ends.at_home
        if not np.isfinite(self.metres[row]):
            return None
        edge, along, station = int(doors.edge[row]), float(doors.along[row]), self.station[row]
        middle = self._along_edge(edge, along, int(station), self.metres[row] - doors.access[row])
        if middle is None:
            middle = self._by_nodes(edge, along)
        ends = [self.ends.homes[home], self.ends.stations[station]]
        first, last = (shapely.get_coordinates(point) for point in ends)
        xy = np.concatenate([first, middle, last])
        moved = np.append(True, np.hypot(*np.diff(xy, axis=0).T) > 0)
        return shapely.LineString(xy[moved]) if moved.sum() > 1 else None

    def _along_edge(
        self, edge: int, along: float, station: int, metres: float
    ) -> NDArray[np.float64] | None:
        """Give the piece of one edge between door and station; None where that is not the way."""
        sites, network = self.ends.at_station, self.network
        for row in np.flatnonzero((sites.of == station) & (sites.edge == edge)):
            step = float(sites.along[row]) - along
            walk = abs(step) * network.rate[0 if step >= 0 else 1, edge] + sites.access[row]
            if abs(walk - metres) <= SAME_M:
                return _piece(network, edge, along, float(sites.along[row]))
        return None

    def _by_nodes(self, edge: int, along: float) -> NDArray[np.float64]:
        network = self.network
        here, there = network.to_ends(np.array([edge]), np.array([along]))
        start, end = int(network.start[edge]), int(network.end[edge])
        to_start = here[0] + self.tree.metres[start] <= there[0] + self.tree.metres[end]
        first = _piece(network, edge, along, 0.0 if to_start else float(network.length[edge]))
        return np.concatenate([first, self._from_node(start if to_start else end)])

    def _from_node(self, node: int) -> NDArray[np.float64]:
        """Give the way on from a node; each stretch is drawn once for all who walk it."""
        way = []
        while node not in self.behind and self.taken[node] >= 0:
            way.append(node)
            node = int(self.tree.following[node])
        if node not in self.behind:
            self.behind[node] = self._last(node)
        for n in reversed(way):
            step = shapely.get_coordinates(self.network.line[self.taken[n]])
            if int(self.network.start[self.taken[n]]) != n:
                step = step[::-1]
            self.behind[n] = np.concatenate([step, self.behind[node]])
            node = n
        return self.behind[node]

    def _last(self, node: int) -> NDArray[np.float64]:
        """Give the way from the last node to the edge point of its station."""
        network, sites = self.network, self.ends.at_station
        rows = np.flatnonzero((sites.of == self.tree.station[node]) & (sites.edge >= 0))
        edge = sites.edge[rows]
        from_start, from_end = network.from_ends(edge, sites.along[rows])
        by = np.stack([
            np.where(network.start[edge] == node, from_start, np.inf),
            np.where(network.end[edge] == node, from_end, np.inf),
        ]) + sites.access[rows]  # fmt: skip
        side, last = np.unravel_index(int(np.argmin(by)), by.shape)
        length = float(network.length[edge[last]])
        along = float(sites.along[rows[last]])
        return _piece(network, int(edge[last]), 0.0 if side == 0 else length, along)


def _piece(network: Network, edge: int, low: float, high: float) -> NDArray[np.float64]:
    piece: NDArray[np.float64] = shapely.get_coordinates(
        shapely.ops.substring(network.line[edge], low, high)
    )
    return piece
