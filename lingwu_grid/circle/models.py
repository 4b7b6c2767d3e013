"""Mixed-integer models over sites, solved to proven optimality (HiGHS)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np
import scipy.sparse as sp

from lingwu_grid.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENOUGH_GAP = 1e-6


class Demand(NamedTuple):
    """Homes and the sites within reach of each, as pairs."""

    households: NDArray[np.int64]
    """Of each home, shape (n_homes,)."""
    home: NDArray[np.int64]
    site: NDArray[np.int64]
    metres: NDArray[np.float64]
    """One pair a row, shape (n_pairs,)."""
    n_sites: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a choice of sites must respect; every array has shape (n_sites,)."""

    required: NDArray[np.bool_]
    """Open whatever happens: today's stations, and what the office insists on."""
    count: int | None = None
    """Sites to open beside the required ones, at most."""
    cost: NDArray[np.float64] | None = None
    """Of opening, yuan; 0 for what is open."""
    budget: float | None = None
    """Yuan for all sites opened."""
    group: NDArray[np.int64] | None = None
    """Community of each site; each of those named must have one open. -1 for none."""
    capacity: NDArray[np.float64] | None = None
    """Households each can serve; infinite where no floor area is known."""


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
        over_sites(np.ones(n), 0.0, float(min(int(terms.required.sum()) + terms.count, n)))
    if terms.budget is not None and terms.cost is not None:
        over_sites(np.where(terms.required, 0.0, terms.cost), 0.0, terms.budget)
    if terms.group is not None:
        for group in np.unique(terms.group[terms.group >= 0]):
            over_sites((terms.group == group).astype(float), 1.0, np.inf)
    return rows


def solved(
    cost: NDArray[np.float64],
    rows: list[Rows],
    terms: Terms,
    seconds: float,
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
    sign
        -1 where the objective is to be read as something made most.

    Raises
    ------
    InputError
        If the terms cannot be met together, or time ran out before a first answer.
    """
    n_sites, columns = len(terms.required), len(cost)
    rows = [*rows, *rows_of_terms(terms, columns)]
    matrix = sp.vstack([r.matrix for r in rows], format="csr")
    model: Any = highspy.HighsLp()
    lower = np.zeros(columns)
    lower[:n_sites] = terms.required
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
    ):  # fmt: skip
        solver.setOptionValue(option, setting)
    solver.passModel(model)
    solver.run()
    return _read(solver, n_sites, columns, sign)


def _read(solver: Any, n_sites: int, columns: int, sign: float) -> Sited:  # noqa: ANN401 - untyped
    info, status = solver.getInfo(), solver.getModelStatus()
    value = np.array(solver.getSolution().col_value, np.float64)
    if status == highspy.HighsModelStatus.kInfeasible:
        raise InputError(
            "这些条件不能同时满足：个数、预算、每社区至少一处、容量",
            where="选址条件",
            remedy="多开几处，提高预算，或去掉每社区一处、容量的要求",
        )
    if len(value) != columns or not info.primal_solution_status:
        raise InputError(
            "在给定时间内没有求得选址方案", remedy="放宽时间，或减少备选用房和驿站个数"
        )
    is_optimal = status == highspy.HighsModelStatus.kOptimal
    return Sited(
        chosen=value[:n_sites] > 0.5,
        objective=sign * info.objective_function_value,
        bound=sign * (info.objective_function_value if is_optimal else info.mip_dual_bound),
        status="optimal" if is_optimal else "feasible",
    )
