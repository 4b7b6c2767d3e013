"""ExactModel: nodes to be given to zones, as a solver needs it; and the order from a core."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ExactModel:
    """
    Nodes to be given to zones.

    Parameters
    ----------
    indptr, indices
        Open neighbours of each node, CSR.
    weight
        Households of each node, shape (n,).
    now
        Zone of each node in the plan to start from, shape (n,); every zone in one piece.
    cost
        Price of node u in zone z, shape (n, k).
    allowed
        Whether node u may be in zone z, shape (n, k).
    lower, upper
        Households of an open zone, shape (k,).
    may_close
        Zones that may end empty, shape (k,).
    core
        The node a zone grows from, shape (k,); it may lie in another zone for a new one.
    group, group_parts
        Nodes that should share zones, and in how many each group may be.
    owner
        A larger zone (community) that each zone belongs to, shape (k,); -1 for none.
    owner_lower, owner_upper
        Households that the nodes of an owner may have together.
    apart
        Pairs of nodes that must not share a zone, shape (m, 2).
    short_price
        Price of a household out of range: above any move that could mend it.
    deviation_price
        Price of a household that an open zone is away from the middle of its range.
    transfer
        Pairs of zones between which households may pass otherwise than by whole nodes, shape
        (p, 2), with a price each and the most of them.
    wanted_zones, count_price
        How many zones should be open, -1 for any number; price of one too many or too few.
    rise, fall
        The most households that come to a node, and that go, in the years a zone is to stay in
        range for, shape (n,); zeros by default.
    is_loose
        Nodes that may be in one zone only ask for no way to its core: fewer shapes are ruled out
        by orders, and an answer may come out in pieces.
    """

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    weight: NDArray[np.int64]
    now: NDArray[np.int32]
    cost: NDArray[np.float64]
    allowed: NDArray[np.bool_]
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    may_close: NDArray[np.bool_]
    core: NDArray[np.int32]
    group: NDArray[np.int32]
    group_parts: NDArray[np.int32]
    owner: NDArray[np.int32]
    owner_lower: NDArray[np.int64]
    owner_upper: NDArray[np.int64]
    apart: NDArray[np.int32]
    short_price: float
    deviation_price: float = 0.0
    transfer: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))
    transfer_price: float = 0.0
    transfer_most: float = 0.0
    wanted_zones: int = -1
    count_price: float = 0.0
    is_loose: bool = False
    rise: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    fall: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def most(self) -> NDArray[np.int64]:
        """The most households that each node will have, shape (n,)."""
        return self.weight + self.rise if len(self.rise) else self.weight

    @property
    def least(self) -> NDArray[np.int64]:
        """The fewest households that each node will have, shape (n,)."""
        return self.weight - self.fall if len(self.fall) else self.weight

    def price(self, zone: NDArray[np.int32]) -> float:
        """Price an assignment by its nodes alone, sizes left out."""
        return float(self.cost[np.arange(len(zone)), zone].sum())

    def around(self, nodes: Iterable[int]) -> NDArray[np.int32]:
        """List the neighbours of some nodes, as often as they touch one of them."""
        near = [self.indices[self.indptr[u] : self.indptr[u + 1]] for u in nodes]
        return np.concatenate([np.empty(0, np.int32), *near])


def order_from_core(exact: ExactModel, zone: int) -> NDArray[np.int32]:
    """
    Rank the nodes by how far they are from the core of a zone, today's members first.

    Parameters
    ----------
    exact
        The nodes.
    zone
        Whose core to start from.

    Returns
    -------
    NDArray[np.int32]
        Rank of each node, shape (n,); -1 where the core cannot be reached.
    """
    rank = np.full(len(exact.weight), -1, np.int32)
    core = int(exact.core[zone])
    rank[core] = 0
    frontier = [core]
    level = 0
    for inside_only in (True, False):
        while frontier:
            level += 1
            frontier = _next_ring(exact, rank, frontier, level, zone if inside_only else -1)
        frontier = np.flatnonzero(rank >= 0).tolist()
    return rank


def _next_ring(
    exact: ExactModel, rank: NDArray[np.int32], frontier: list[int], level: int, inside: int
) -> list[int]:
    ring = []
    for v in exact.around(frontier).tolist():
        if rank[v] < 0 and (inside < 0 or exact.now[v] == inside):
            rank[v] = level
            ring.append(v)
    return ring
