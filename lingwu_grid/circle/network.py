"""The walking network: nodes, edges and which way they may be walked."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
import shapely.ops
from scipy.spatial import cKDTree

from lingwu_grid.graph import linked

if TYPE_CHECKING:
    from numpy.typing import NDArray

NODE_M = 1e-3
"""Precision of nodes: ends of roads nearer than this are one place."""


SAME_CELLS = 1.5
"""Cells of that precision within which two places are one."""


@dataclass(frozen=True)
class Network:
    """
    Where one can walk.

    Parameters
    ----------
    node
        Places, metres, shape (n_nodes, 2).
    start, end
        Nodes of each edge, shape (n_edges,).
    length
        Of each edge, metres.
    forward, backward
        Whether it may be walked from start to end, and back.
    line
        Its geometry, from start to end.
    rate
        Metres that a metre of each edge counts for, from start to end and back, shape
        (2, n_edges): more than one on stairs and uphill.
    toll
        Metres that are lost at the start and at the end of each edge, shape (2, n_edges): a wait
        before a wide road.
    """

    node: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    length: NDArray[np.float64]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    line: NDArray[np.object_]
    rate: NDArray[np.float64]
    toll: NDArray[np.float64]

    @property
    def pieces(self) -> int:
        """Connected pieces of the edges that can be walked, directions aside."""
        walked = self.forward | self.backward
        piece = linked(len(self.node), self.start[walked], self.end[walked])
        met = np.unique(np.concatenate([self.start[walked], self.end[walked]]))
        return len(np.unique(piece[met]))

    @property
    def ahead(self) -> NDArray[np.float64]:
        """Metres that the walk from start to end of each edge counts for."""
        counted: NDArray[np.float64] = self.rate[0] * self.length + self.toll.sum(axis=0)
        return counted

    @property
    def back(self) -> NDArray[np.float64]:
        """Metres that the walk from end to start of each edge counts for."""
        counted: NDArray[np.float64] = self.rate[1] * self.length + self.toll.sum(axis=0)
        return counted

    def to_ends(
        self, edge: NDArray[np.int64], along: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the walk from places on edges to the start and to the end; infinite if barred."""
        by_start = self.rate[1, edge] * along + self.toll[0, edge]
        by_end = self.rate[0, edge] * (self.length[edge] - along) + self.toll[1, edge]
        return (
            np.where(self.backward[edge], by_start, np.inf),
            np.where(self.forward[edge], by_end, np.inf),
        )

    def from_ends(
        self, edge: NDArray[np.int64], along: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the walk from the start and from the end to places on edges; infinite if barred."""
        from_start = self.rate[0, edge] * along + self.toll[0, edge]
        from_end = self.rate[1, edge] * (self.length[edge] - along) + self.toll[1, edge]
        return (
            np.where(self.forward[edge], from_start, np.inf),
            np.where(self.backward[edge], from_end, np.inf),
        )

    def turned(self) -> Network:
        """Give the same network with every direction turned round."""
        return replace(self, forward=self.backward, backward=self.forward, rate=self.rate[::-1])

    def barred(self, forward: NDArray[np.bool_], backward: NDArray[np.bool_]) -> Network:
        """Give the same network with some directions of some edges closed."""
        return replace(self, forward=self.forward & ~forward, backward=self.backward & ~backward)


def make_network(
    lines: NDArray[np.object_], *, one_way: NDArray[np.bool_] | None = None
) -> Network:
    """
    Make a network of lines that meet at their ends.

    Parameters
    ----------
    lines
        Line strings, metres, noded.
    one_way
        True where a line may be walked in its direction only.

    Returns
    -------
    Network
        Ends within a millimetre or so are one node; lines without length are dropped.
    """
    length = shapely.length(lines)
    keep = length > NODE_M
    lines, length = lines[keep], length[keep]
    closed = np.zeros(len(lines), bool) if one_way is None else one_way[keep]
    first = shapely.get_coordinates(shapely.get_point(lines, 0))
    last = shapely.get_coordinates(shapely.get_point(lines, -1))
    places = np.round(np.concatenate([first, last]) / NODE_M).astype(np.int64)
    distinct, at, code = np.unique(places, axis=0, return_index=True, return_inverse=True)
    # Two roundings of one crossing may lie a cell apart.
    near = cKDTree(distinct).query_pairs(SAME_CELLS, output_type="ndarray")
    piece = linked(len(distinct), *near.T)
    at_first = np.unique(piece, return_index=True)[1]
    distinct, at = distinct[at_first], at[at_first]
    code = piece[code.reshape(-1)].astype(np.int64)
    start, end = code[: len(lines)], code[len(lines) :]
    return Network(
        node=np.concatenate([first, last])[at],
        start=start,
        end=end,
        length=length,
        forward=np.ones(len(lines), bool),
        backward=~closed,
        line=lines,
        rate=np.ones((2, len(lines))),
        toll=np.zeros((2, len(lines))),
    )


def split_edges(
    network: Network, cuts: dict[int, list[float]]
) -> tuple[Network, NDArray[np.int64]]:
    """
    Put nodes on edges.

    Parameters
    ----------
    network
        Whose edges.
    cuts
        Metres from the start, by edge; those at an end, or beyond, cut nothing.

    Returns
    -------
    tuple
        The network, which is walked as before; and the edge each of its edges is a piece of.
    """
    keep = np.ones(len(network.line), bool)
    lines, of, first, last = [], [], [], []
    for e, given in cuts.items():
        length = float(network.length[e])
        stops = [0.0, *sorted({m for m in given if NODE_M < m < length - NODE_M}), length]
        if len(stops) == 2:
            continue
        keep[e] = False
        for low, high in itertools.pairwise(stops):
            lines.append(shapely.ops.substring(network.line[e], low, high))
            of.append(e)
            first.append(low == 0.0)
            last.append(high == length)
    whole = np.flatnonzero(keep)
    source = np.concatenate([whole, np.array(of, np.int64)])
    drawn = np.concatenate([network.line[whole], np.array(lines, object)])
    at_start = np.concatenate([np.ones(len(whole), bool), np.array(first, bool)])
    at_end = np.concatenate([np.ones(len(whole), bool), np.array(last, bool)])
    long = shapely.length(drawn) > NODE_M
    source, at_start, at_end = source[long], at_start[long], at_end[long]
    made = make_network(drawn[long])
    return replace(
        made,
        forward=network.forward[source],
        backward=network.backward[source],
        rate=network.rate[:, source],
        toll=np.where(np.stack([at_start, at_end]), network.toll[:, source], 0.0),
    ), source
