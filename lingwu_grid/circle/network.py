"""The walking network: nodes, edges and which way they may be walked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
import shapely
from scipy.sparse.csgraph import connected_components
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
    component
        Of each node: nodes of one number are connected, directions aside.
    """

    node: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    length: NDArray[np.float64]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    line: NDArray[np.object_]
    component: NDArray[np.int64]

    @property
    def pieces(self) -> int:
        """Connected pieces."""
        return int(self.component.max()) + 1 if len(self.component) else 0


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
    links = sp.coo_matrix((np.ones(len(lines)), (start, end)), shape=(len(distinct), len(distinct)))
    component = connected_components(links, directed=False)[1].astype(np.int64)
    return Network(
        node=np.concatenate([first, last])[at],
        start=start,
        end=end,
        length=length,
        forward=np.ones(len(lines), bool),
        backward=~closed,
        line=lines,
        component=component,
    )
