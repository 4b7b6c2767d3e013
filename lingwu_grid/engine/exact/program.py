"""An exact written down as a mixed-integer program: columns and rows.

Contiguity is kept by *ordered* constraints: a node may join a zone only if one of its neighbours
nearer to the zone's core joins too. Order is counted inside the zone as it stands first, so that
the plan to start from is never excluded by its shape (Mehrotra, Johnson, Nemhauser 1998, for the
tree-like order; Zoltners, Sinha 1983). Or by cuts: what came out in pieces is cut off
(:func:`cut_off`), and the program solved again. Sizes, groups and pairs are elastic, at a price,
so that a program is never just "infeasible".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import highspy
import numpy as np

from lingwu_grid.engine.exact.model import order_from_core
from lingwu_grid.engine.search._kernels import FAULT
from lingwu_grid.graph import pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.exact.model import ExactModel

RINGS = 8
"""How far beyond the ground it starts from a zone may reach, in nodes; a new one, twice as far
from its core."""


@dataclass(slots=True)
class Rows:
    """Rows of a sparse matrix, as they are written down."""

    start: list[int] = field(default_factory=list)
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def add(self, columns: list[int], values: list[float], lower: float, upper: float) -> None:
        """Add a row: lower ≤ Σ value × column ≤ upper."""
        self.start.append(len(self.index))
        self.index.extend(columns)
        self.value.extend(values)
        self.lower.append(lower)
        self.upper.append(upper)


@dataclass(slots=True)
class Columns:
    """Columns of the program: price, upper bound, whole or not; all start at 0."""

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    is_whole: list[bool] = field(default_factory=list)

    def add(self, cost: float, upper: float, *, whole: bool) -> int:
        """Add a column and give its number."""
        self.cost.append(cost)
        self.upper.append(upper)
        self.is_whole.append(whole)
        return len(self.cost) - 1


class Program(NamedTuple):
    """A program, and which of its columns mean what."""

    x: NDArray[np.int64]
    """Column of node u in zone z, shape (n, k); -1 where it may not be."""
    opens: NDArray[np.int64]
    """Column that tells whether zone z is open, shape (k,); -1 where it always is."""
    transfers: NDArray[np.int64]
    """Column of each pair of `transfer`."""
    columns: Columns
    rows: Rows


def write_down(exact: ExactModel, *, ordered: bool, rings: int = RINGS) -> Program:
    """
    Write an exact down.

    Parameters
    ----------
    exact
        Nodes and zones.
    ordered
        Keep zones contiguous by orders from their cores; without, the caller cuts off what is
        not contiguous.
    rings
        Ordered: how far a zone may reach beyond the ground it starts from.

    Returns
    -------
    Program
        Ordered, a node has a column for each zone within reach of the zone's core.
    """
    columns, rows = Columns(), Rows()
    n, k = exact.cost.shape
    ranks = [order_from_core(exact, z) for z in range(k)] if ordered else []
    can = exact.allowed.copy()
    if ordered:
        can &= np.stack([_in_reach(exact, rank, z, rings) for z, rank in enumerate(ranks)], axis=1)
        can[np.arange(n), exact.now] |= exact.allowed[np.arange(n), exact.now]
    x = np.full((n, k), -1, np.int64)
    for u, z in zip(*np.nonzero(can), strict=True):
        x[u, z] = columns.add(float(exact.cost[u, z]), 1.0, whole=True)
    for u in range(n):
        own = [int(c) for c in x[u] if c >= 0]
        rows.add(own, [1.0] * len(own), 1.0, 1.0)
    opens = _open_columns(exact, x, columns, rows, ordered=ordered)
    program = Program(x, opens, np.empty(0, np.int64), columns, rows)
    program = program._replace(transfers=_transfer_columns(exact, program))
    is_bound = _needs_no_way(exact) if ordered else np.zeros((n, k), np.bool_)
    for z in range(k):
        _size_rows(exact, program, z)
        if ordered:
            _order_rows(exact, x, ranks[z], z, is_bound[:, z], rows)
        else:
            _company_rows(exact, program, z)
    if not ordered:
        _symmetry_rows(exact, program)
    _count_row(exact, program)
    _owner_rows(exact, x, columns, rows)
    _group_rows(exact, x, columns, rows)
    _apart_rows(exact, x, columns, rows)
    return program


def _open_columns(
    exact: ExactModel, x: NDArray[np.int64], columns: Columns, rows: Rows, *, ordered: bool
) -> NDArray[np.int64]:
    """Tell by a column each whether zones are open: ordered, it is the core's own."""
    opens = np.full(x.shape[1], -1, np.int64)
    for z in range(x.shape[1]):
        core = int(x[exact.core[z], z])
        if ordered:
            if not exact.may_close[z] and core >= 0:
                rows.add([core], [1.0], 1.0, 1.0)
            opens[z] = core if exact.may_close[z] else -1
        elif exact.may_close[z]:
            opens[z] = columns.add(0.0, 1.0, whole=True)
            for c in x[x[:, z] >= 0, z].tolist():
                rows.add([c, int(opens[z])], [1.0, -1.0], -highspy.kHighsInf, 0.0)
    return opens


def _transfer_columns(exact: ExactModel, program: Program) -> NDArray[np.int64]:
    """Add a column per pair; only open zones give and take."""
    out = []
    for pair in exact.transfer.tolist():
        most = exact.transfer_most
        column = program.columns.add(exact.transfer_price, most, whole=False)
        out.append(column)
        for z in pair:
            if program.opens[z] >= 0:
                program.rows.add(
                    [column, int(program.opens[z])], [1.0, -most], -highspy.kHighsInf, 0.0
                )
    return np.array(out, np.int64)


def _company_rows(exact: ExactModel, program: Program, z: int) -> None:
    """No node is alone in a zone that it could not fill alone."""
    is_light = (program.x[:, z] >= 0) & (exact.weight < exact.lower[z])
    for u in np.flatnonzero(is_light & (exact.allowed.sum(axis=1) > 1)):
        node = np.array([u])
        cut_off(exact, program, node, (node, z))


def _symmetry_rows(exact: ExactModel, program: Program) -> None:
    """Of new zones that nothing tells apart, the first open first."""
    fresh = np.flatnonzero(np.bincount(exact.now, minlength=len(program.opens)) == 0)
    for a, b in pairwise(fresh.tolist()):
        alike = exact.owner[a] == exact.owner[b] and exact.lower[a] == exact.lower[b]
        if alike and (exact.cost[:, a] == exact.cost[:, b]).all():
            columns = [int(program.opens[a]), int(program.opens[b])]
            program.rows.add(columns, [1.0, -1.0], 0.0, highspy.kHighsInf)


def cut_off(
    exact: ExactModel,
    program: Program,
    nodes: NDArray[np.int64],
    piece: tuple[NDArray[np.int64], int],
) -> None:
    """
    Let nodes of a piece into a zone only with one of the nodes around the piece.

    It holds for every contiguous zone that the piece alone cannot fill: the zone has nodes
    outside, and a path to them leaves the piece.

    Parameters
    ----------
    exact
        Nodes and zones.
    program
        Receives one row a node.
    nodes
        Nodes of the piece that are to have a way out.
    piece
        All nodes of the piece, which together weigh less than the zone's minimum; the zone.
    """
    inside, z = piece
    x = program.x
    ring = [int(c) for c in x[np.setdiff1d(exact.around(inside), inside), z] if c >= 0]
    for c in x[nodes, z].tolist():
        if c >= 0:
            program.rows.add([c, *ring], [1.0] + [-1.0] * len(ring), -highspy.kHighsInf, 0.0)


def _count_row(exact: ExactModel, program: Program) -> None:
    if exact.wanted_zones < 0 or not exact.count_price:
        return
    inf = highspy.kHighsInf
    less, more = (program.columns.add(exact.count_price, inf, whole=False) for _ in range(2))
    opens = program.opens[program.opens >= 0].tolist()
    wanted = float(exact.wanted_zones - (program.opens < 0).sum())
    program.rows.add([*opens, less, more], [1.0] * len(opens) + [1.0, -1.0], wanted, wanted)


def _in_reach(exact: ExactModel, rank: NDArray[np.int32], z: int, rings: int) -> NDArray[np.bool_]:
    inside = rank[exact.now == z]
    farthest = int(inside.max()) + rings if len(inside) else 2 * rings
    reach: NDArray[np.bool_] = (rank >= 0) & (rank <= farthest)
    return reach


def _size_rows(exact: ExactModel, program: Program, z: int) -> None:
    x, columns, rows = program.x, program.columns, program.rows
    members = np.flatnonzero(x[:, z] >= 0)

    def entry(counts: NDArray[np.int64]) -> dict[int, float]:
        own = counts[members].astype(float).tolist()
        row = dict(zip(x[members, z].tolist(), own, strict=True))
        for column, (a, b) in zip(program.transfers, exact.transfer.tolist(), strict=True):
            if z in (a, b):
                row[int(column)] = -1 if z == a else 1
        return row

    low, high = int(exact.lower[z]), int(exact.upper[z])
    inf = highspy.kHighsInf
    short = columns.add(exact.short_price, float(low), whole=False)
    over = columns.add(exact.short_price, inf, whole=False)
    wanted: list[tuple[float, int, bool, NDArray[np.int64]]] = [
        (low, short, True, exact.least), (high, over, False, exact.most)
    ]  # fmt: skip
    if exact.deviation_price:
        wanted += [
            ((low + high) / 2, columns.add(exact.deviation_price, inf, whole=False), above,
             exact.weight)
            for above in (True, False)
        ]  # fmt: skip
    opens = int(program.opens[z])
    for target, slack, above, counts in wanted:
        row = entry(counts)
        edge = float(target)
        if opens >= 0:
            # What an open zone must have hangs on the column that opens it.
            row[opens] = row.get(opens, 0.0) - target
            edge = 0.0
        row[slack] = 1 if above else -1
        rows.add(
            list(row), list(row.values()), edge if above else -inf,
            inf if above else edge,
        )  # fmt: skip


def _needs_no_way(exact: ExactModel) -> NDArray[np.bool_]:
    """
    Tell which nodes need no way to the core of which zone, shape (n, k): they cannot leave it.

    What lies apart from the core today (a declared enclave), and what hangs on it by such nodes
    alone. What others hold on to the core does need one: they may go.
    """
    stays = exact.allowed.sum(axis=1) == 1
    single = -1 - np.arange(len(stays), dtype=np.int32)
    piece = pieces(exact.indptr, exact.indices, exact.now)
    firm = pieces(exact.indptr, exact.indices, np.where(stays, exact.now, single))
    is_free = piece[:, None] != piece[exact.core][None, :]
    is_free |= firm[:, None] == firm[exact.core][None, :]
    needless: NDArray[np.bool_] = stays[:, None] & (is_free | exact.is_loose)
    return needless


def _order_rows(
    exact: ExactModel,
    x: NDArray[np.int64],
    rank: NDArray[np.int32],
    z: int,
    is_bound: NDArray[np.bool_],
    rows: Rows,
) -> None:
    for u in np.flatnonzero(x[:, z] >= 0).tolist():
        if u == exact.core[z] or is_bound[u]:
            continue
        near = exact.around([u]).tolist()
        nearer = [int(x[v, z]) for v in near if x[v, z] >= 0 and rank[v] < rank[u]]
        rows.add([int(x[u, z]), *nearer], [1.0] + [-1.0] * len(nearer), -highspy.kHighsInf, 0.0)


def _owner_rows(exact: ExactModel, x: NDArray[np.int64], columns: Columns, rows: Rows) -> None:
    for owner in range(len(exact.owner_lower)):
        zones = np.flatnonzero(exact.owner == owner)
        if not len(zones):
            continue
        u, z = np.nonzero(x[:, zones] >= 0)
        index = x[u, zones[z]].tolist()
        least, most = exact.least[u].astype(float).tolist(), exact.most[u].astype(float).tolist()
        short = columns.add(exact.short_price, highspy.kHighsInf, whole=False)
        over = columns.add(exact.short_price, highspy.kHighsInf, whole=False)
        rows.add([*index, short], [*least, 1.0], float(exact.owner_lower[owner]), highspy.kHighsInf)
        rows.add([*index, over], [*most, -1.0], -highspy.kHighsInf, float(exact.owner_upper[owner]))


def _group_rows(exact: ExactModel, x: NDArray[np.int64], columns: Columns, rows: Rows) -> None:
    for g in np.unique(exact.group[exact.group >= 0]).tolist():
        members = np.flatnonzero(exact.group == g)
        uses = []
        for z in range(x.shape[1]):
            inside = [int(c) for c in x[members, z] if c >= 0]
            if not inside:
                continue
            use = columns.add(0.0, 1.0, whole=True)
            uses.append(use)
            for c in inside:
                rows.add([c, use], [1.0, -1.0], -highspy.kHighsInf, 0.0)
        extra = columns.add(FAULT * exact.short_price, highspy.kHighsInf, whole=False)
        rows.add(
            [*uses, extra],
            [1.0] * len(uses) + [-1.0],
            -highspy.kHighsInf,
            float(exact.group_parts[g]),
        )


def _apart_rows(exact: ExactModel, x: NDArray[np.int64], columns: Columns, rows: Rows) -> None:
    for a, b in exact.apart.tolist():
        extra = columns.add(FAULT * exact.short_price, highspy.kHighsInf, whole=False)
        for z in np.flatnonzero((x[a] >= 0) & (x[b] >= 0)).tolist():
            rows.add([int(x[a, z]), int(x[b, z]), extra], [1.0, 1.0, -1.0], -highspy.kHighsInf, 1.0)


def as_model(columns: Columns, rows: Rows) -> highspy.HighsLp:
    """Give columns and rows as HiGHS takes them."""
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
