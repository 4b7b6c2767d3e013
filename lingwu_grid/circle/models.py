"""Mixed-integer models over sites, solved to proven optimality (HiGHS)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np
import scipy.sparse as sp

from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENOUGH_GAP = 1e-6

MOST_COLUMNS = 2_000_000
"""A larger model is not given to the solver, which looks at no clock while it reads one."""


class Demand(NamedTuple):
    """Homes and the sites within reach of each, as pairs."""

    households: NDArray[np.int64]
    """Of each home, shape (n_homes,)."""
    home: NDArray[np.int64]
    site: NDArray[np.int64]
    metres: NDArray[np.float64]
    """One pair a row, shape (n_pairs,)."""
    n_sites: int

    def covered(self, is_open: NDArray[np.bool_]) -> int:
        """Count the households with an open site within reach."""
        return int(self.households[np.unique(self.home[is_open[self.site]])].sum())


@dataclass(frozen=True, slots=True)
class Terms:
    """What a choice of sites must respect; every array has shape (n_sites,)."""

    required: NDArray[np.bool_]
    """Open whatever happens: today's stations, and what the office insists on."""
    today: NDArray[np.bool_] | None = None
    """Open already: neither counted nor paid for. None for none."""
    count: int | None = None
    """Sites to open beside today's, those insisted on among them, at most."""
    cost: NDArray[np.float64] | None = None
    """Of opening, yuan."""
    budget: float | None = None
    """Yuan for all sites opened, those insisted on among them."""
    group: NDArray[np.int64] | None = None
    """Community of each site; each of those named must have one open. -1 for none."""
    capacity: NDArray[np.float64] | None = None
    """Whole households each can serve; infinite where no floor area is known."""
    room: NDArray[np.bool_] | None = None
    """Which are rooms, and count among `count`; None for all."""
    priced: bool = False
    """Whether every site that could be opened has a cost."""

    @property
    def is_room(self) -> NDArray[np.bool_]:
        """Sites that are rooms: gates, bridges and open compounds are none."""
        return np.ones(len(self.required), bool) if self.room is None else self.room

    @property
    def new(self) -> NDArray[np.bool_]:
        """Sites that would have to be opened."""
        return np.ones(len(self.required), bool) if self.today is None else ~self.today

    @property
    def asked(self) -> dict[str, str]:
        """What was asked for, and how to ask for less; nothing that was not."""
        insisted = (self.required & self.new).any()
        words = (
            (self.count is not None, "个数", "多开几处"),
            (insisted, "一定要开的用房", "少列几处一定要开的用房"),
            (self.budget is not None, "预算", "提高预算"),
            (self.group is not None, "每社区至少一处", "去掉每社区一处的要求"),
            (self.capacity is not None, "容量", "去掉容量的要求"),
        )
        return {word: remedy for is_asked, word, remedy in words if is_asked}


class Sited(NamedTuple):
    """The answer of a siting model."""

    chosen: NDArray[np.bool_]
    """Of each site, those that must stay open included."""
    objective: float
    """Households covered, sites opened, or household-metres."""
    bound: float
    """What no choice can better."""
    status: str
    """`optimal`, or `feasible` where time ran out."""
    columns: NDArray[np.float64]
    """Value of every column of the model."""
    served: int = 0
    """Households that are sent to a site."""

    @property
    def gap(self) -> float:
        """Share by which the answer may fall short of the bound."""
        return abs(self.objective - self.bound) / max(abs(self.objective), 1e-9)


class Rows(NamedTuple):
    """Rows of a model: low <= matrix x <= high."""

    matrix: sp.csr_matrix
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def rows_of_terms(terms: Terms, n_columns: int) -> list[Rows]:
    """
    Write number, budget and communities as rows over the first columns, the sites.

    Parameters
    ----------
    terms
        What must be respected; capacity is a matter of who goes where, not of this.
    n_columns
        Columns of the model.
    """
    n = len(terms.required)
    rows = []

    def over_sites(weights: NDArray[np.float64], low: float, high: float) -> None:
        wide = np.zeros(n_columns)
        wide[:n] = weights
        rows.append(Rows(sp.csr_matrix(wide[None, :]), np.array([low]), np.array([high])))

    if terms.count is not None:
        over_sites((terms.new & terms.is_room).astype(float), 0.0, float(terms.count))
    if terms.budget is not None and terms.cost is not None:
        over_sites(np.where(terms.new, terms.cost, 0.0), 0.0, terms.budget)
    if terms.group is not None:
        for group in np.unique(terms.group[terms.group >= 0]):
            over_sites((terms.group == group).astype(float), 1.0, np.inf)
    return rows


class Start(NamedTuple):
    """Where a solver begins."""

    columns: NDArray[np.float64]
    """An answer that meets all rows, if any does so easily."""
    least: float
    """No cost of any answer is below it."""


def solved(
    cost: NDArray[np.float64],
    rows: list[Rows],
    terms: Terms,
    seconds: float,
    start: Start,
    *,
    sign: float = 1.0,
) -> Sited:
    """
    Solve a model whose first columns are sites, open or not; the others lie in 0..1.

    Parameters
    ----------
    cost
        Of each column, to be made least.
    rows
        Of the model; those of the terms are added here.
    terms
        What the choice must respect.
    seconds
        Time for the solver.
    start
        The answer where time runs out before a better one.
    sign
        -1 where the objective is to be read as something made most.

    Raises
    ------
    InputError
        If the terms cannot be met together, or time ran out before a first answer.
    """
    every = [*rows, *rows_of_terms(terms, len(cost))]
    sited = None
    if len(cost) <= MOST_COLUMNS:
        solver = _run(cost, every, terms.required, seconds, start.columns)
        if solver.getModelStatus() in (
            highspy.HighsModelStatus.kInfeasible,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        ):
            raise _not_together(terms)
        sited = _read(solver, len(terms.required), len(cost))
    if sited is None and _meets(start.columns, every, terms.required):
        chosen = start.columns[: len(terms.required)] > 0.5
        worth = float(cost @ start.columns)
        sited = Sited(chosen, worth, start.least, "feasible", start.columns)
    if sited is None:
        raise InputError(
            "在给定时间内没有求得选址方案", remedy="放宽时间，或减少备选用房和驿站个数"
        )
    bound = max(sited.bound, start.least)
    return sited._replace(objective=sign * sited.objective, bound=sign * bound)


def improved(
    cost: NDArray[np.float64], rows: list[Rows], terms: Terms, seconds: float, start: Sited
) -> Sited:
    """
    Solve a model from an answer to it; give that answer back where nothing better is found.

    Parameters
    ----------
    cost, rows, terms, seconds
        As for :func:`solved`.
    start
        Meets all rows.
    """
    every = [*rows, *rows_of_terms(terms, len(cost))]
    solver = _run(cost, every, terms.required, seconds, start.columns)
    found = _read(solver, len(terms.required), len(cost))
    worse = found is not None and found.objective > float(cost @ start.columns) + ENOUGH_GAP
    return start if found is None or worse else found


def lifted(
    cost: NDArray[np.float64], rows: list[Rows], terms: Terms, seconds: float, sited: Sited
) -> Sited:
    """
    Refute one whole number after another, from the bound up, till one can be reached.

    Whether so few suffice, without an objective, is settled far sooner than the best of all
    (destructive bounds: Klein, Scholl 1999).

    Parameters
    ----------
    cost, rows, terms
        As for :func:`solved`; costs are whole numbers.
    seconds
        Time for all of it.
    sited
        An answer and its bound.
    """
    ends = time.perf_counter() + seconds
    every = [*rows, *rows_of_terms(terms, len(cost))]
    while sited.objective - sited.bound > ENOUGH_GAP and time.perf_counter() < ends:
        number = math.ceil(sited.bound - ENOUGH_GAP)
        so_few = Rows(sp.csr_matrix(cost[None, :]), np.array([-np.inf]), np.array([float(number)]))
        left = max(ends - time.perf_counter(), 0.1)
        nothing = np.zeros(len(cost))
        solver = _run(nothing, [*every, so_few], terms.required, left, sited.columns)
        if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            sited = sited._replace(bound=min(float(number + 1), sited.objective))
            continue
        found = _read(solver, len(terms.required), len(cost))
        if found is None:
            break
        reached = float(cost @ np.round(found.columns, 6))
        sited = found._replace(objective=reached, bound=sited.bound)
    is_closed = sited.objective - sited.bound <= ENOUGH_GAP
    return sited._replace(status="optimal" if is_closed else "feasible")


def _meets(columns: NDArray[np.float64], rows: list[Rows], required: NDArray[np.bool_]) -> bool:
    """Tell whether an answer meets every row."""
    if (columns[: len(required)] < required).any():
        return False
    sums = [(r, r.matrix @ columns) for r in rows]
    return all(
        bool((total >= r.low - ENOUGH_GAP).all() and (total <= r.high + ENOUGH_GAP).all())
        for r, total in sums
    )


def _not_together(terms: Terms) -> InputError:
    asked = terms.asked
    what = "、".join(asked)
    return InputError(
        f"这些条件不能同时满足：{what}" if len(asked) > 1 else f"这个条件不能满足：{what}",
        where="选址条件",
        remedy="，或".join(asked.values()),
    )


def _run(
    cost: NDArray[np.float64],
    rows: list[Rows],
    required: NDArray[np.bool_],
    seconds: float,
    start: NDArray[np.float64],
) -> Any:  # noqa: ANN401 - highspy has no types
    n_sites, columns = len(required), len(cost)
    matrix = sp.vstack([r.matrix for r in rows], format="csr")
    model: Any = highspy.HighsLp()
    lower = np.zeros(columns)
    lower[:n_sites] = required
    model.num_col_, model.num_row_ = columns, matrix.shape[0]
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, np.ones(columns)
    model.row_lower_ = np.concatenate([r.low for r in rows])
    model.row_upper_ = np.concatenate([r.high for r in rows])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = matrix.indptr
    model.a_matrix_.index_ = matrix.indices
    model.a_matrix_.value_ = matrix.data
    kinds = [highspy.HighsVarType.kInteger] * n_sites
    model.integrality_ = kinds + [highspy.HighsVarType.kContinuous] * (columns - n_sites)
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call] # highspy has no types
    for option, setting in (
        ("output_flag", False),
        ("threads", 1), ("random_seed", 0),
        ("mip_rel_gap", ENOUGH_GAP), ("time_limit", seconds),
        # Covering models of 20,000 homes: 5 s, with the simplex method 45 s.
        ("mip_lp_solver", "ipm"),
    ):  # fmt: skip
        solver.setOptionValue(option, setting)
    solver.passModel(model)
    known: Any = highspy.HighsSolution()
    known.col_value = start
    solver.setSolution(known)
    solver.run()
    return solver


def _read(solver: Any, n_sites: int, columns: int) -> Sited | None:  # noqa: ANN401 - untyped
    """Read the best answer; None where there is none."""
    info, status = solver.getInfo(), solver.getModelStatus()
    value = np.array(solver.getSolution().col_value, np.float64)
    feasible = highspy.SolutionStatus.kSolutionStatusFeasible
    if len(value) != columns or info.primal_solution_status != feasible:
        return None
    is_optimal = status == highspy.HighsModelStatus.kOptimal
    objective = info.objective_function_value
    return Sited(
        chosen=value[:n_sites] > 0.5,
        objective=objective,
        bound=objective if is_optimal else info.mip_dual_bound,
        status="optimal" if is_optimal else "feasible",
        columns=value,
    )
