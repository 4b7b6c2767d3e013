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


def way_of(network: Network, ends: Ends, home: int) -> shapely.LineString | None:
    """
    Draw the shortest walk of a home to its station.

    Parameters
    ----------
    network
        Under some assumptions.
    ends
        Doors and stations.
    home
        Which door.

    Returns
    -------
    shapely.LineString or None
        From the door to the station; None where no way leads to any.
    """
    tree = tree_of(network, ends.at_station)
    doors = ends.at_home.rows_of(np.array([home]))
    metres, stations = rows_in(tree, network, doors, ends.at_station)
    row = int(np.argmin(metres))
    if not np.isfinite(metres[row]):
        return None
    edge, along, station = int(doors.edge[row]), float(doors.along[row]), int(stations[row])
    on_network = metres[row] - doors.access[row]
    middle = _along_edge(network, ends.at_station, (edge, along), station, on_network)
    if middle is None:
        middle = _by_nodes(network, tree, ends.at_station, (edge, along), station)
    place = [ends.homes[home], *middle, ends.stations[station]]
    xy = np.concatenate([shapely.get_coordinates(part) for part in place])
    moved = np.append(True, np.hypot(*np.diff(xy, axis=0).T) > 0)
    return shapely.LineString(xy[moved]) if moved.sum() > 1 else None


def _along_edge(
    network: Network, sites: Attachment, door: tuple[int, float], station: int, metres: float
) -> list[shapely.Geometry] | None:
    """Give the piece of one edge between a door and a station; None where that is not the way."""
    edge, along = door
    for row in np.flatnonzero((sites.of == station) & (sites.edge == edge)):
        step = float(sites.along[row]) - along
        walk = abs(step) * network.rate[0 if step >= 0 else 1, edge] + sites.access[row]
        if abs(walk - metres) <= SAME_M:
            return [shapely.ops.substring(network.line[edge], along, float(sites.along[row]))]
    return None


def _by_nodes(
    network: Network, tree: Tree, sites: Attachment, door: tuple[int, float], station: int
) -> list[shapely.Geometry]:
    edge, along = door
    here, there = network.to_ends(np.array([edge]), np.array([along]))
    start, end = int(network.start[edge]), int(network.end[edge])
    by_start, by_end = here[0] + tree.metres[start], there[0] + tree.metres[end]
    line = network.line[edge]
    first = by_start <= by_end
    node = start if first else end
    parts = [shapely.ops.substring(line, along, 0.0 if first else float(network.length[edge]))]
    taken = edges_taken(network, tree)
    while taken[node] >= 0:
        follows = int(tree.following[node])
        step = network.line[taken[node]]
        forward = int(network.start[taken[node]]) == node and network.forward[taken[node]]
        parts.append(step if forward else shapely.reverse(step))
        node = follows
    rows = np.flatnonzero((sites.of == station) & (sites.edge >= 0))
    from_start, from_end = network.from_ends(sites.edge[rows], sites.along[rows])
    by = np.stack([
        np.where(network.start[sites.edge[rows]] == node, from_start, np.inf),
        np.where(network.end[sites.edge[rows]] == node, from_end, np.inf),
    ]) + sites.access[rows]  # fmt: skip
    side, last = np.unravel_index(int(np.argmin(by)), by.shape)
    row = rows[last]
    line, along = network.line[sites.edge[row]], float(sites.along[row])
    length = float(network.length[sites.edge[row]])
    parts.append(shapely.ops.substring(line, 0.0 if side == 0 else length, along))
    return parts
