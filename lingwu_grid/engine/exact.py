"""Min-change assignment as a mixed-integer program, elastic in the sizes, solved by HiGHS.

One model serves both levels: units into grids, and grids into communities. Contiguity is kept by
*ordered* constraints: a node may join a zone only if one of its neighbours nearer to the zone's
core joins too. Order is counted inside today's zone first, so that today's map is never excluded
by its shape. (Mehrotra, Johnson, Nemhauser 1998, for the tree-like order; Zoltners, Sinha 1983.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTS_PRICE = 3000.0
"""Price of one part too many of a group."""


@dataclass(frozen=True, slots=True)
class Instance:
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
    short_price: float
    """Price of a household out of range: above any move that could mend it."""


@dataclass(slots=True)
class _Rows:
    """Rows of a sparse matrix, as they are written down."""

    start: list[int] = field(default_factory=list)
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def add(self, columns: list[int], values: list[float], lower: float, upper: float) -> None:
        self.start.append(len(self.index))
        self.index.extend(columns)
        self.value.extend(values)
        self.lower.append(lower)
        self.upper.append(upper)


@dataclass(slots=True)
class _Columns:
    """Columns of the program: price, upper bound, whole or not; all start at 0."""

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    is_whole: list[bool] = field(default_factory=list)

    def add(self, cost: float, upper: float, *, whole: bool) -> int:
        self.cost.append(cost)
        self.upper.append(upper)
        self.is_whole.append(whole)
        return len(self.cost) - 1


LAST_RESORT_S = 900.0
"""Against an instance that does not end; the node limit comes long before on any machine."""

OUTSIDE_RINGS = 8
"""How far beyond its ground today a zone may reach, in nodes."""

NEW_RINGS = 16
"""How far from its core a new zone may reach, in nodes."""


def order_from_core(instance: Instance, zone: int) -> NDArray[np.int32]:
    """
    Rank the nodes by how far they are from the core of a zone, today's members first.

    Parameters
    ----------
    instance
        The nodes.
    zone
        Whose core to start from.

    Returns
    -------
    NDArray[np.int32]
        Rank of each node, shape (n,); -1 where the core cannot be reached.
    """
    rank = np.full(len(instance.weight), -1, np.int32)
    core = int(instance.core[zone])
    rank[core] = 0
    frontier = [core]
    level = 0
    for inside_only in (True, False):
        while frontier:
            level += 1
            frontier = _next_ring(instance, rank, frontier, level, zone if inside_only else -1)
        frontier = np.flatnonzero(rank >= 0).tolist()
    return rank


def _next_ring(
    instance: Instance, rank: NDArray[np.int32], frontier: list[int], level: int, inside: int
) -> list[int]:
    ring = []
    for u in frontier:
        for v in instance.indices[instance.indptr[u] : instance.indptr[u + 1]].tolist():
            if rank[v] < 0 and (inside < 0 or instance.now[v] == inside):
                rank[v] = level
                ring.append(v)
    return ring


def solve_exact(instance: Instance, *, node_limit: int, gap: float) -> NDArray[np.int32] | None:
    """
    Give every node a zone at the least price; sizes may be missed at a high price.

    Parameters
    ----------
    instance
        What to solve.
    node_limit
        Branch-and-bound nodes: the limit that keeps results the same on any machine.
    gap
        Relative gap at which an assignment is good enough.

    Returns
    -------
    NDArray[np.int32] | None
        Zone of each node, shape (n,); None where no assignment was found in the limits.
    """
    x, columns, rows = _write_down(instance)
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call] # highspy has no types
    for key, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 1),
        ("mip_max_nodes", node_limit),
        ("time_limit", LAST_RESORT_S),
        ("mip_rel_gap", gap),
    ):
        highs.setOptionValue(key, value)
    if highs.passModel(_as_model(columns, rows)) == highspy.HighsStatus.kError:
        raise ValueError("the model was refused: two entries of a row share a column")
    start = highspy.HighsSolution()
    start.col_value = _start_values(instance, x, len(columns.cost))
    highs.setSolution(start)
    highs.run()
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    values = np.asarray(highs.getSolution().col_value)
    chosen = np.where(x >= 0, values[x], -1.0)
    zone: NDArray[np.int32] = chosen.argmax(axis=1).astype(np.int32)
    return zone


def _start_values(instance: Instance, x: NDArray[np.int64], count: int) -> list[float]:
    # Only the x of today's plan: HiGHS completes the rest.
    start = np.full(count, highspy.kHighsInf)
    start[x[x >= 0]] = 0.0
    n = np.arange(len(instance.now))
    at = x[n, instance.now]
    start[at[at >= 0]] = 1.0
    values: list[float] = start.tolist()
    return values


def _write_down(instance: Instance) -> tuple[NDArray[np.int64], _Columns, _Rows]:
    columns, rows = _Columns(), _Rows()
    n, k = instance.cost.shape
    ranks = [order_from_core(instance, z) for z in range(k)]
    can = instance.allowed & np.stack(
        [_in_reach(instance, rank, z) for z, rank in enumerate(ranks)], axis=1
    )
    can[np.arange(n), instance.now] |= instance.allowed[np.arange(n), instance.now]
    x = np.full((n, k), -1, np.int64)
    for u, z in zip(*np.nonzero(can), strict=True):
        x[u, z] = columns.add(float(instance.cost[u, z]), 1.0, whole=True)
    for u in range(n):
        own = [int(c) for c in x[u] if c >= 0]
        rows.add(own, [1.0] * len(own), 1.0, 1.0)
    for z in range(k):
        _size_rows(instance, x, z, columns, rows)
        _order_rows(instance, x, ranks[z], z, rows)
    _owner_rows(instance, x, columns, rows)
    _group_rows(instance, x, columns, rows)
    return x, columns, rows


def _in_reach(instance: Instance, rank: NDArray[np.int32], z: int) -> NDArray[np.bool_]:
    inside = rank[instance.now == z]
    farthest = int(inside.max()) + OUTSIDE_RINGS if len(inside) else NEW_RINGS
    reach: NDArray[np.bool_] = (rank >= 0) & (rank <= farthest)
    return reach


def _size_rows(
    instance: Instance, x: NDArray[np.int64], z: int, columns: _Columns, rows: _Rows
) -> None:
    members = np.flatnonzero(x[:, z] >= 0)
    index = x[members, z].tolist()
    weight = instance.weight[members].astype(float).tolist()
    short = columns.add(instance.short_price, float(instance.lower[z]), whole=False)
    over = columns.add(instance.short_price, highspy.kHighsInf, whole=False)
    core = int(x[instance.core[z], z])
    low, high = float(instance.lower[z]), float(instance.upper[z])
    if instance.may_close[z] and core >= 0:
        # Open exactly when the core is in it: the bound hangs on the core's own column.
        at = index.index(core)
        less, more = weight.copy(), weight.copy()
        less[at] -= low
        more[at] -= high
        rows.add([*index, short], [*less, 1.0], 0.0, highspy.kHighsInf)
        rows.add([*index, over], [*more, -1.0], -highspy.kHighsInf, 0.0)
        return
    rows.add([*index, short], [*weight, 1.0], low, highspy.kHighsInf)
    rows.add([*index, over], [*weight, -1.0], -highspy.kHighsInf, high)
    if core >= 0:
        rows.add([core], [1.0], 1.0, 1.0)


def _order_rows(
    instance: Instance, x: NDArray[np.int64], rank: NDArray[np.int32], z: int, rows: _Rows
) -> None:
    for u in np.flatnonzero(x[:, z] >= 0).tolist():
        if u == instance.core[z]:
            continue
        neighbours = instance.indices[instance.indptr[u] : instance.indptr[u + 1]]
        nearer = [int(x[v, z]) for v in neighbours.tolist() if x[v, z] >= 0 and rank[v] < rank[u]]
        rows.add([int(x[u, z]), *nearer], [1.0] + [-1.0] * len(nearer), -highspy.kHighsInf, 0.0)


def _owner_rows(instance: Instance, x: NDArray[np.int64], columns: _Columns, rows: _Rows) -> None:
    for owner in range(len(instance.owner_lower)):
        zones = np.flatnonzero(instance.owner == owner)
        if not len(zones):
            continue
        u, z = np.nonzero(x[:, zones] >= 0)
        index = x[u, zones[z]].tolist()
        weight = instance.weight[u].astype(float).tolist()
        short = columns.add(instance.short_price, highspy.kHighsInf, whole=False)
        over = columns.add(instance.short_price, highspy.kHighsInf, whole=False)
        rows.add(
            [*index, short], [*weight, 1.0], float(instance.owner_lower[owner]), highspy.kHighsInf
        )
        rows.add(
            [*index, over], [*weight, -1.0], -highspy.kHighsInf, float(instance.owner_upper[owner])
        )


def _group_rows(instance: Instance, x: NDArray[np.int64], columns: _Columns, rows: _Rows) -> None:
    for g in np.unique(instance.group[instance.group >= 0]).tolist():
        members = np.flatnonzero(instance.group == g)
        uses = []
        for z in range(x.shape[1]):
            inside = [int(c) for c in x[members, z] if c >= 0]
            if not inside:
                continue
            use = columns.add(0.0, 1.0, whole=True)
            uses.append(use)
            for c in inside:
                rows.add([c, use], [1.0, -1.0], -highspy.kHighsInf, 0.0)
        extra = columns.add(PARTS_PRICE, highspy.kHighsInf, whole=False)
        rows.add(
            [*uses, extra],
            [1.0] * len(uses) + [-1.0],
            -highspy.kHighsInf,
            float(instance.group_parts[g]),
        )


def _as_model(columns: _Columns, rows: _Rows) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(columns.cost), len(rows.lower)
    lp.col_cost_ = np.array(columns.cost)
    lp.col_lower_ = np.zeros(lp.num_col_)
    lp.col_upper_ = np.array(columns.upper)
    lp.row_lower_, lp.row_upper_ = np.array(rows.lower), np.array(rows.upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.array([*rows.start, len(rows.index)])
    lp.a_matrix_.index_ = np.array(rows.index)
    lp.a_matrix_.value_ = np.array(rows.value)
    kinds = {True: highspy.HighsVarType.kInteger, False: highspy.HighsVarType.kContinuous}
    lp.integrality_ = [kinds[whole] for whole in columns.is_whole]
    return lp
