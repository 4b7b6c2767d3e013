"""Which premises to open: covering and median models, solved to proven optimality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np
import pandas as pd
import scipy.sparse as sp

from lingwu_grid.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENOUGH_GAP = 1e-6


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


class Demand(NamedTuple):
    """Homes and the sites within reach of each, as pairs."""

    households: NDArray[np.int64]
    """Of each home, shape (n_homes,)."""
    home: NDArray[np.int64]
    site: NDArray[np.int64]
    metres: NDArray[np.float64]
    """One pair a row, shape (n_pairs,)."""
    n_sites: int


def most_covered(
    demand: Demand, count: int, *, required: NDArray[np.bool_], seconds: float = 60.0
) -> Sited:
    """
    Choose sites that bring the most households within reach (MCLP: Church, ReVelle 1974).

    Homes with the same sites in reach are one row of the model.

    Parameters
    ----------
    demand
        Homes, and the sites within reach.
    count
        Sites to open beside the required ones.
    required
        Sites that are open whatever happens, shape (n_sites,).
    seconds
        Time for the solver.

    Returns
    -------
    Sited
        Objective in households.
    """
    cover, weight = _patterns(demand)
    n, m = demand.n_sites, cover.shape[0]
    # Columns: x of sites, then y of patterns; y <= sum of x in reach; sum x = required + count.
    cost = np.concatenate([np.zeros(n), -weight.astype(float)])
    rows = sp.hstack([-cover, sp.identity(m, format="csr")], format="csr")
    total = sp.csr_matrix(np.concatenate([np.ones(n), np.zeros(m)])[None, :])
    matrix = sp.vstack([rows, total], format="csr")
    open_sites = float(min(int(required.sum()) + count, n))
    low = np.concatenate([np.full(m, -np.inf), [0.0]])
    high = np.concatenate([np.zeros(m), [open_sites]])
    return _solved(cost, matrix, (low, high), n, required, seconds, sign=-1.0)


def fewest_sites(
    demand: Demand, *, required: NDArray[np.bool_], seconds: float = 60.0
) -> tuple[Sited, NDArray[np.int64]]:
    """
    Choose the fewest sites that reach everybody who can be reached (LSCP: Toregas 1971).

    Parameters
    ----------
    demand
        Homes, and the sites within reach.
    required
        Sites that are open whatever happens.
    seconds
        Time for the solver.

    Returns
    -------
    tuple
        The choice, with the number of sites as its objective; and the homes that no site reaches.
    """
    cover, _ = _patterns(demand)
    n = demand.n_sites
    reached = np.zeros(len(demand.households), bool)
    reached[demand.home] = True
    lost = np.flatnonzero(~reached & (demand.households > 0))
    bounds = (np.ones(cover.shape[0]), np.full(cover.shape[0], np.inf))
    return _solved(np.ones(n), cover, bounds, n, required, seconds), lost


def least_walking(
    demand: Demand, count: int, *, required: NDArray[np.bool_], seconds: float = 120.0
) -> Sited:
    """
    Choose sites so that people walk least in all (p-median: Hakimi 1964).

    Parameters
    ----------
    demand
        Homes, and every site each may be sent to, with metres; homes with no pair are left out.
    count
        Sites to open beside the required ones.
    required
        Sites that are open whatever happens.
    seconds
        Time for the solver.

    Returns
    -------
    Sited
        Objective in household-metres.
    """
    n, pairs = demand.n_sites, len(demand.home)
    homes, row = np.unique(demand.home, return_inverse=True)
    w = demand.households[demand.home] * demand.metres
    cost = np.concatenate([np.zeros(n), w])
    # Columns: x of sites, then z of pairs; sum z = 1 for each home; z <= x.
    k = np.arange(pairs)
    once = sp.csr_matrix((np.ones(pairs), (row, n + k)), shape=(len(homes), n + pairs))
    only_open = sp.csr_matrix(
        (np.r_[np.ones(pairs), -np.ones(pairs)], (np.r_[k, k], np.r_[n + k, demand.site])),
        shape=(pairs, n + pairs),
    )
    total = sp.csr_matrix(np.r_[np.ones(n), np.zeros(pairs)][None, :])
    matrix = sp.vstack([once, only_open, total], format="csr")
    open_sites = float(min(int(required.sum()) + count, n))
    low = np.concatenate([np.ones(len(homes)), np.full(pairs, -np.inf), [0.0]])
    high = np.concatenate([np.ones(len(homes)), np.zeros(pairs), [open_sites]])
    return _solved(cost, matrix, (low, high), n, required, seconds)


def _patterns(demand: Demand) -> tuple[sp.csr_matrix, NDArray[np.int64]]:
    """Join homes that have the same sites in reach; give one row of ones a pattern."""
    pairs = pd.DataFrame({"home": demand.home, "site": demand.site}).sort_values(["home", "site"])
    key = pairs.groupby("home")["site"].agg(tuple)
    weight = pd.Series(demand.households[key.index.to_numpy()]).groupby(key.to_numpy()).sum()
    weight = weight[weight > 0].sort_index()
    sites = np.array([s for pattern in weight.index for s in pattern], np.int64)
    row = np.repeat(np.arange(len(weight)), [len(p) for p in weight.index])
    cover = sp.csr_matrix((np.ones(len(sites)), (row, sites)), shape=(len(weight), demand.n_sites))
    return cover, weight.to_numpy(np.int64)


def _solved(
    cost: NDArray[np.float64],
    matrix: sp.csr_matrix,
    row_bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    n_sites: int,
    required: NDArray[np.bool_],
    seconds: float,
    *,
    sign: float = 1.0,
) -> Sited:
    """Solve a model whose first columns are sites, open or not; the others lie in 0..1."""
    model: Any = highspy.HighsLp()
    columns = len(cost)
    lower = np.zeros(columns)
    lower[:n_sites] = required
    model.num_col_, model.num_row_ = columns, matrix.shape[0]
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, np.ones(columns)
    model.row_lower_, model.row_upper_ = row_bounds
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
    info, status = solver.getInfo(), solver.getModelStatus()
    solution: Any = solver.getSolution()
    value = np.array(solution.col_value, np.float64)
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
