"""Lawful starts: today's grids with broken pieces attached, or tree cuts where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.search._trees import cut_tree
from lingwu_grid.engine.search.search import seeded
from lingwu_grid.graph import groups_of, indptr_of, pieces, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.graph import UnitGraph


def open_borders(graph: UnitGraph) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give the graph without the borders that a barrier closes, as CSR."""
    owner = sources(graph.indptr)[graph.is_open]
    return indptr_of(owner, graph.n_units), graph.indices[graph.is_open]


def _main_pieces(
    graph: UnitGraph, label: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.float64]]:
    """Give the piece of each unit; of each piece, if it is its label's largest, and its weight."""
    indptr, indices = open_borders(graph)
    piece = pieces(indptr, indices, label)
    weight = np.bincount(piece, graph.households + 1e-6).astype(np.float64)
    owner = label[np.unique(piece, return_index=True)[1]]
    order = np.lexsort((np.arange(len(owner)), -weight, owner))
    main = np.zeros(len(owner), np.bool_)
    main[order[np.unique(owner[order], return_index=True)[1]]] = True
    return piece, main & (owner >= 0), weight


def enclave_pieces(graph: UnitGraph) -> NDArray[np.bool_]:
    """Mark the units in the smaller pieces of grids that are declared to lie in several."""
    if not graph.grid_is_enclave.any():
        return np.zeros(graph.n_units, np.bool_)
    piece, main, _ = _main_pieces(graph, graph.grid_now)
    declared = np.append(graph.grid_is_enclave, False)[graph.grid_now]
    small: NDArray[np.bool_] = declared & ~main[piece]
    return small


def attach_pieces(
    graph: UnitGraph,
    now: NDArray[np.int32],
    kin: NDArray[np.int32],
    keep: NDArray[np.bool_],
    is_locked: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """
    Start from today's zones: each keeps its largest piece, other pieces join a neighbour.

    A piece joins the neighbour with the longest open border, of the same kin if there is one,
    never across a street's limit. Ground that no zone of its street can reach gets a new
    number: it will be a zone of its own.

    Parameters
    ----------
    graph
        The town.
    now
        Today's zone of each unit, shape (n,); -1 for none.
    kin
        What a piece would rather stay in (its community), shape (n,).
    keep
        Units that stay where they are though they lie apart, shape (n,).
    is_locked
        Zones that nothing may join, by number.

    Returns
    -------
    NDArray[np.int32]
        Zone of each unit, shape (n,), every zone in one piece; numbers above the largest of
        `now` and the number of today's grids are new.
    """
    zone = now.copy()
    piece, main, weight = _main_pieces(graph, now)
    zone[~main[piece] & ~keep] = -1
    next_new = max(graph.n_grids, int(now.max()) + 1)
    while (zone < 0).any():
        if not _join_neighbours(graph, zone, piece, kin, is_locked):
            loose = np.flatnonzero(zone < 0)
            heaviest = loose[weight[piece[loose]].argmax()]
            zone[piece == piece[heaviest]] = next_new
            next_new += 1
    return zone


def _join_neighbours(
    graph: UnitGraph,
    zone: NDArray[np.int32],
    piece: NDArray[np.int32],
    kin: NDArray[np.int32],
    is_locked: NDArray[np.bool_],
) -> bool:
    source, target = sources(graph.indptr), graph.indices
    takes = ~np.append(is_locked, False)[np.minimum(zone, len(is_locked))]
    touch = (
        graph.is_open
        & (zone[source] < 0)
        & (zone[target] >= 0)
        & takes[target]
        & (graph.subdistrict[source] == graph.subdistrict[target])
    )
    if not touch.any():
        return False
    border = graph.border_m[touch] + 1e6 * (kin[source[touch]] == kin[target[touch]])
    width = int(zone.max()) + 1
    key = piece[source[touch]].astype(np.int64) * width + zone[target[touch]]
    pairs, inverse = np.unique(key, return_inverse=True)
    by_piece = pairs // width
    order = np.lexsort((pairs, -np.bincount(inverse, border), by_piece))
    best = order[np.unique(by_piece[order], return_index=True)[1]]
    goal = np.full(int(piece.max()) + 1, -1, np.int64)
    goal[by_piece[best]] = pairs[best] % width
    joins = (zone < 0) & (goal[piece] >= 0)
    zone[joins] = goal[piece[joins]]
    return True


def zone_count(households: int, lower: int, upper: int) -> int:
    """
    Give the number of zones that brings households nearest to the middle of the range.

    Examples
    --------
    >>> zone_count(1000, 300, 500), zone_count(120, 300, 500)
    (3, 1)
    """
    middle = (lower + upper) / 2
    few = max(1, int(households // middle))
    best = min((few, few + 1), key=lambda n: abs(households / n - middle))
    fewest, most = -(-households // upper), households // lower
    return int(min(max(best, fewest), max(most, 1)))


def cold_start(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    weight: NDArray[np.int64],
    label: NDArray[np.int32],
    *,
    band: tuple[int, int],
    seed: int,
) -> NDArray[np.int32]:
    """
    Cut each connected piece of equal label into zones in range, by random spanning trees.

    Parameters
    ----------
    indptr, indices
        Neighbours, CSR.
    weight
        Households of each node, shape (n,).
    label
        Zones do not cross labels (communities or streets), shape (n,).
    band
        Fewest and most households of a zone.
    seed
        Same seed, same zones.

    Returns
    -------
    NDArray[np.int32]
        Zone of each node, numbered from 0, every zone in one piece; sizes are as near the range
        as the trees allowed.
    """
    lower, upper = band
    zone = np.full(len(weight), -1, np.int32)
    rng = seeded(seed, 7)
    piece = pieces(indptr, indices, label)
    stack = [
        (nodes, zone_count(int(weight[nodes].sum()), lower, upper)) for nodes in groups_of(piece)
    ]
    next_zone = 0
    while stack:
        nodes, zones = stack.pop()
        side = np.zeros(len(weight), np.bool_)
        member = np.zeros(len(weight), np.bool_)
        member[nodes] = True
        first = 0
        if zones > 1 and len(nodes) > 1:
            first = cut_tree(
                indptr, indices, weight, member, int(nodes[0]), zones, lower, upper, 30, rng, side
            )
        if first:
            stack += [(nodes[~side[nodes]], zones - first), (nodes[side[nodes]], first)]
        else:
            zone[nodes] = next_zone
            next_zone += 1
    return zone
