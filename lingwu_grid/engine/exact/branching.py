"""Min-change assignment solved by HiGHS: one model for grids of units and communities of grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np

from lingwu_grid.engine.exact.program import RINGS, Program, as_model, cut_off, write_down
from lingwu_grid.engine.instance import Stop, never
from lingwu_grid.graph import lesser_pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.exact.model import ExactModel

FEW_PIECES = 8
"""With more pieces than this to cut off, many rounds more would be needed: too many."""


class Limits(NamedTuple):
    """When branch and bound ends."""

    nodes: int
    gap: float
    """Relative gap at which an assignment is good enough."""
    enough: float = -np.inf
    """Price that is good enough."""
    presolve: str = "choose"
    rings: int = RINGS


class Solved(NamedTuple):
    """The best assignment of an exact, and what no assignment of it can be under."""

    zone: NDArray[np.int32]
    price: float
    bound: float
    """Dual bound of the price, within the exact's candidates and orders."""
    received: NDArray[np.float64]
    """Households passed over each pair of `transfer`."""
    is_contiguous: bool = True


def solve_exact(exact: ExactModel, limits: Limits, stop: Stop = never) -> Solved | None:
    """
    Give every node a zone at the least price; sizes may be missed at a high price.

    Contiguity is kept by orders from the cores: fast, but a zone must then grow from its core
    in the order of the plan it starts from.

    Parameters
    ----------
    exact
        What to solve.
    limits
        The node limit keeps results the same on any machine; the seconds do not.
    stop
        Asked while solving; when it says so, the best so far is given.

    Returns
    -------
    Solved | None
        None where no assignment was found in the limits.
    """
    return _run(write_down(exact, ordered=True, rings=limits.rings), limits, stop, exact.now)


def solve_connected(
    exact: ExactModel, limits: Limits, *, rounds: int, stop: Stop = never
) -> Solved:
    """
    Give every node a zone at the least price, with no rule but contiguity itself.

    What comes out in pieces is cut off and solved again (Carvajal, Constantino, Goycoolea,
    Vielma, Weintraub 2013), so the bound holds for every contiguous assignment.

    Parameters
    ----------
    exact
        What to solve.
    limits
        Of each solution.
    rounds
        Solutions at most; each cuts off what the last had in pieces.
    stop
        Asked while solving.

    Returns
    -------
    Solved
        The best assignment, and a bound of every contiguous one. What was still in pieces when
        the rounds were over has its small pieces joined to what touches them most.
    """
    program = write_down(exact, ordered=False)
    answer, bound = Solved(exact.now, np.inf, 0.0, np.empty(0), is_contiguous=False), 0.0
    for _ in range(rounds):
        solved = _run(program, limits, stop, exact.now)
        if solved is None:
            break
        bound = max(bound, solved.bound)
        broken = lesser_pieces(exact.indptr, exact.indices, solved.zone, exact.weight)
        answer = solved._replace(zone=_joined(exact, solved.zone, broken), is_contiguous=not broken)
        if not broken:
            break
        if len(broken) > FEW_PIECES * rounds:
            break
        for nodes in broken:
            _cut_off_everywhere(exact, program, nodes, int(solved.zone[nodes[0]]))
        if stop():
            break
    return answer._replace(bound=bound)


def _joined(
    exact: ExactModel, zone: NDArray[np.int32], broken: list[NDArray[np.int64]]
) -> NDArray[np.int32]:
    """Give each small piece to the zone that touches it in most places."""
    zone = zone.copy()
    loose = np.zeros(len(zone), np.bool_)
    loose[np.concatenate([*broken, np.empty(0, np.int64)]).astype(np.int64)] = True
    left = list(broken)
    while left:
        waiting = []
        for nodes in left:
            near = exact.around(nodes)
            firm = near[~loose[near]]
            if len(firm):
                zone[nodes] = np.bincount(zone[firm]).argmax()
                loose[nodes] = False
            else:
                waiting.append(nodes)
        if len(waiting) == len(left):
            break
        left = waiting
    return zone


def _cut_off_everywhere(
    exact: ExactModel, program: Program, nodes: NDArray[np.int64], zone: int
) -> None:
    """Cut a piece off in every zone, and in its own each wider ring round it that is too light."""
    weight = int(exact.weight[nodes].sum())
    for z in np.flatnonzero(exact.lower > weight).tolist():
        cut_off(exact, program, nodes, (nodes, z))
    wider = nodes
    while True:
        ring = np.unique(exact.around(wider))
        ring = ring[program.x[ring, zone] >= 0]
        grown = np.union1d(wider, ring)
        if len(grown) == len(wider) or exact.weight[grown].sum() >= exact.lower[zone]:
            return
        wider = grown
        cut_off(exact, program, nodes, (wider, zone))


def _run(program: Program, limits: Limits, stop: Stop, begin: NDArray[np.int32]) -> Solved | None:
    x, columns = program.x, program.columns
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call] # highspy has no types
    for key, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 1),
        ("mip_max_nodes", limits.nodes),
        ("objective_target", limits.enough),
        ("presolve", limits.presolve),
        ("mip_rel_gap", limits.gap),
    ):
        highs.setOptionValue(key, value)
    if highs.passModel(as_model(columns, program.rows)) == highspy.HighsStatus.kError:
        raise ValueError("the model was refused: two entries of a row share a column")
    start = highspy.HighsSolution()
    start.col_value = _start_values(begin, x, len(columns.cost))
    highs.setSolution(start)
    if stop is not never:
        highs.cbMipInterrupt.subscribe(lambda event: event.interrupt(stop()))
    highs.run()
    info = highs.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    values = np.asarray(highs.getSolution().col_value)
    chosen = np.where(x >= 0, values[x], -1.0)
    return Solved(
        zone=chosen.argmax(axis=1).astype(np.int32),
        price=float(info.objective_function_value),
        bound=max(0.0, float(info.mip_dual_bound)),
        received=values[program.transfers],
    )


def _start_values(begin: NDArray[np.int32], x: NDArray[np.int64], count: int) -> list[float]:
    # Only the x of today's plan: HiGHS completes the rest.
    start = np.full(count, highspy.kHighsInf)
    start[x[x >= 0]] = 0.0
    at = x[np.arange(len(begin)), begin]
    start[at[at >= 0]] = 1.0
    values: list[float] = start.tolist()
    return values
