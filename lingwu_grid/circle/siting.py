"""Which premises to open: covering and median models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from lingwu_grid.circle.models import Demand, Rows, Sited, Terms, solved

if TYPE_CHECKING:
    from numpy.typing import NDArray


def most_covered(demand: Demand, terms: Terms, *, seconds: float = 60.0) -> Sited:
    """
    Choose sites that bring the most households within reach (MCLP: Church, ReVelle 1974).

    Homes with the same sites in reach are one row of the model. With capacities it is the
    capacitated problem (Current, Storbeck 1988): households are sent to sites, no site takes
    more than it can serve, and the households of one place may be sent to several.

    Parameters
    ----------
    demand
        Homes, and the sites within reach.
    terms
        Number, budget, required sites, communities, capacities.
    seconds
        Time for the solver.

    Returns
    -------
    Sited
        Objective in households.
    """
    cover, weight = _patterns(demand)
    n, m = demand.n_sites, cover.shape[0]
    if terms.capacity is not None:
        cost, rows = _sent(cover, weight, terms.capacity)
        rows[0] = rows[0]._replace(low=np.full(m, -np.inf))
        return solved(cost, rows, terms, seconds, sign=-1.0)
    # Columns: x of sites, then y of patterns; y <= sum of x in reach.
    cost = np.concatenate([np.zeros(n), -weight.astype(float)])
    matrix = sp.hstack([-cover, sp.identity(m, format="csr")], format="csr")
    reached = Rows(matrix, np.full(m, -np.inf), np.zeros(m))
    return solved(cost, [reached], terms, seconds, sign=-1.0)


def fewest_sites(
    demand: Demand, terms: Terms, *, seconds: float = 60.0
) -> tuple[Sited, NDArray[np.int64]]:
    """
    Choose the fewest sites that reach everybody who can be reached (LSCP: Toregas 1971).

    Parameters
    ----------
    demand
        Homes, and the sites within reach.
    terms
        As for :func:`most_covered`.
    seconds
        Time for the solver.

    Returns
    -------
    tuple
        The choice, with the number of sites as its objective; and the homes that no site reaches.
    """
    cover, weight = _patterns(demand)
    n, m = demand.n_sites, cover.shape[0]
    reached = np.zeros(len(demand.households), bool)
    reached[demand.home] = True
    lost = np.flatnonzero(~reached & (demand.households > 0))
    if terms.capacity is not None:
        served, rows = _sent(cover, weight, terms.capacity)
        cost = np.concatenate([np.ones(n), np.zeros(len(served) - n)])
        return solved(cost, rows, terms, seconds), lost
    everybody = Rows(cover, np.ones(m), np.full(m, np.inf))
    return solved(np.ones(n), [everybody], terms, seconds), lost


def least_walking(demand: Demand, terms: Terms, *, seconds: float = 120.0) -> Sited:
    """
    Choose sites so that people walk least in all (p-median: Hakimi 1964).

    Parameters
    ----------
    demand
        Homes, and every site each may be sent to, with metres; homes with no pair are left out.
    terms
        As for :func:`most_covered`.
    seconds
        Time for the solver.

    Returns
    -------
    Sited
        Objective in household-metres.
    """
    n, pairs = demand.n_sites, len(demand.home)
    homes, row = np.unique(demand.home, return_inverse=True)
    households = demand.households[demand.home]
    cost = np.concatenate([np.zeros(n), households * demand.metres])
    rows = _assignment(row.astype(np.int64), demand.site, len(homes), n)
    if terms.capacity is not None:
        rows.append(_within(demand.site, households, terms.capacity, pairs))
    return solved(cost, rows, terms, seconds)


def _assignment(
    row: NDArray[np.int64], site: NDArray[np.int64], n_rows: int, n_sites: int
) -> list[Rows]:
    """Send each row to sites that are open: columns x, then z of pairs; sum z = 1, z <= x."""
    pairs = len(row)
    k = np.arange(pairs)
    once = sp.csr_matrix((np.ones(pairs), (row, n_sites + k)), shape=(n_rows, n_sites + pairs))
    only_open = sp.csr_matrix(
        (np.r_[np.ones(pairs), -np.ones(pairs)], (np.r_[k, k], np.r_[n_sites + k, site])),
        shape=(pairs, n_sites + pairs),
    )
    return [
        Rows(once, np.ones(n_rows), np.ones(n_rows)),
        Rows(only_open, np.full(pairs, -np.inf), np.zeros(pairs)),
    ]


def _within(
    site: NDArray[np.int64],
    households: NDArray[np.int64],
    capacity: NDArray[np.float64],
    pairs: int,
) -> Rows:
    """Give no site more households than it can serve; nothing is asked of an unknown capacity."""
    n = len(capacity)
    known = np.flatnonzero(np.isfinite(capacity))
    place = np.full(n, -1)
    place[known] = np.arange(len(known))
    k = np.flatnonzero(place[site] >= 0)
    matrix = sp.csr_matrix(
        (
            np.r_[households[k].astype(float), -capacity[known]],
            (np.r_[place[site[k]], np.arange(len(known))], np.r_[n + k, known]),
        ),
        shape=(len(known), n + pairs),
    )
    return Rows(matrix, np.full(len(known), -np.inf), np.zeros(len(known)))


def _sent(
    cover: sp.csr_matrix, weight: NDArray[np.int64], capacity: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[Rows]]:
    """Send every pattern to sites in its reach within their capacities; gives costs and rows."""
    pairs = cover.tocoo()
    row, site = pairs.row.astype(np.int64), pairs.col.astype(np.int64)
    households = weight[row]
    cost = np.concatenate([np.zeros(cover.shape[1]), -households.astype(float)])
    rows = _assignment(row, site, cover.shape[0], cover.shape[1])
    return cost, [*rows, _within(site, households, capacity, len(row))]


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
