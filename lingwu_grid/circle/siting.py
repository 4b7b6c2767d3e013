"""Which premises to open: covering and median models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from lingwu_grid.circle.models import Demand, Rows, Sited, Start, Terms, improved, lifted, solved

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_SHARE = 0.7
"""Of the time of :func:`most_covered`: the rest is for leaving useless sites closed."""

LIFT_AFTER = 0.3
"""Of the time for the fewest sites, before single numbers are refuted."""

HELD = 1e-3
"""Households or sites that a further solve may lose to rounding: less than one, so none."""

HELD_YUAN = 0.5
"""Yuan that it may lose: costs are whole yuan."""


def most_covered(
    demand: Demand, terms: Terms, *, seconds: float = 60.0, sparing: bool = True
) -> Sited:
    """
    Choose sites that bring the most households within reach (MCLP: Church, ReVelle 1974).

    Homes with the same sites in reach are one row of the model. With capacities it is the
    capacitated problem (Current, Storbeck 1988): households are sent to sites, no site takes
    more than it can serve, and the households of one place may be sent to several.

    Among choices that cover as many, a second solve looks for the one that opens the fewest
    sites, and among those for the cheapest; the coverage is held by a row, so that it cannot
    become less.

    Parameters
    ----------
    demand
        Homes, and the sites within reach.
    terms
        Number, budget, required sites, communities, capacities.
    seconds
        Time for the solver.
    sparing
        Whether to solve a second time.

    Returns
    -------
    Sited
        Objective in households.
    """
    cover, weight = patterns(demand.home, demand.site, demand.households, demand.n_sites)
    cost, rows = _sent(cover, weight, terms.capacity)
    first_seconds = seconds * FIRST_SHARE if sparing else seconds
    start = _start_of_cover(cover, weight, terms, len(cost))
    sited = solved(cost, rows, terms, first_seconds, start, sign=-1.0)
    if sparing:
        held = at_most(cost, HELD - sited.objective)
        sited = sparest([*rows, held], terms, seconds - first_seconds, sited)
    return sited._replace(served=round(sited.objective))


def at_most(cost: NDArray[np.float64], limit: float) -> Rows:
    """Hold what a cost comes to."""
    return Rows(sp.csr_matrix(cost[None, :]), np.array([-np.inf]), np.array([limit]))


def sparest(rows: list[Rows], terms: Terms, seconds: float, sited: Sited) -> Sited:
    """
    Look for an equal choice that costs least, and of these for one of fewest sites.

    Where not every candidate has a cost, the fewest come first, then what is known of the yuan.

    Parameters
    ----------
    rows
        Of the model, with one that holds what was reached.
    terms
        What the choice must respect.
    seconds
        Time for both solves.
    sited
        The choice; objective and bound stay those of what was asked for.
    """
    if not (sited.chosen & terms.new & ~terms.required).any():
        return sited
    yuan, number = yuan_of(terms, len(sited.columns)), number_of(terms, len(sited.columns))
    by_yuan = terms.priced and yuan.any()
    first, second = (yuan, number) if by_yuan else (number, yuan)
    slack = HELD_YUAN if by_yuan else HELD
    spare = improved(first, rows, terms, seconds / 2, sited)
    if second.any():
        held = at_most(first, float(first @ np.round(spare.columns, 6)) + slack)
        spare = improved(second, [*rows, held], terms, seconds / 2, spare)
    return sited._replace(chosen=spare.chosen, columns=spare.columns)


def yuan_of(terms: Terms, n_columns: int) -> NDArray[np.float64]:
    """Give the yuan of each column that must be opened."""
    yuan = np.zeros(n_columns)
    if terms.cost is not None:
        yuan[: len(terms.new)] = np.where(terms.new, np.nan_to_num(terms.cost), 0.0)
    return yuan


def number_of(terms: Terms, n_columns: int) -> NDArray[np.float64]:
    """Count each column that must be opened as one."""
    number = np.zeros(n_columns)
    number[: len(terms.new)] = terms.new
    return number


def least_choice(terms: Terms) -> NDArray[np.bool_]:
    """Open what must be, and the cheapest site of each community that would have none."""
    chosen = terms.required.copy()
    if terms.group is None:
        return chosen
    cost = np.zeros(len(chosen)) if terms.cost is None else np.nan_to_num(terms.cost)
    for group in np.unique(terms.group[terms.group >= 0]):
        own = np.flatnonzero(terms.group == group)
        if not chosen[own].any():
            chosen[own[int(np.argmin(cost[own]))]] = True
    return chosen


def _start_of_cover(
    cover: sp.csr_matrix, weight: NDArray[np.int64], terms: Terms, n_columns: int
) -> Start:
    """Open the site that adds most, again and again; send people to rooms without a limit only."""
    chosen = least_choice(terms)
    free = np.ones(len(chosen), bool) if terms.capacity is None else np.isinf(terms.capacity)
    best = 0
    while best >= 0:
        reached = (cover @ (chosen & free).astype(float)) > 0
        gain = ((weight * ~reached) @ cover).astype(np.float64) * free
        best = best_affordable(gain, chosen, terms)
        if best >= 0:
            chosen[best] = True
    between = np.zeros(n_columns - len(chosen) - len(weight))
    columns = np.concatenate([chosen.astype(float), between, reached.astype(float)])
    return Start(columns, -float(weight.sum()))


def fewest_sites(
    demand: Demand, terms: Terms, *, seconds: float = 60.0
) -> tuple[Sited, NDArray[np.int64]]:
    """
    Choose the sites that reach everybody who can be reached: the cheapest, of these the fewest.

    The location set covering problem (LSCP: Toregas, Swain, ReVelle, Bergman 1971); where not every
    candidate has a cost, the fewest.

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
        The choice, its objective in yuan where `terms.priced`, else in sites that are opened; and
        the homes that no site reaches.
    """
    cover, weight = patterns(demand.home, demand.site, demand.households, demand.n_sites)
    n, m = demand.n_sites, cover.shape[0]
    reached = np.zeros(len(demand.households), bool)
    reached[demand.home] = True
    lost = np.flatnonzero(~reached & (demand.households > 0))
    # A home that any site of another reaches too is reached with it.
    hard = cover[_least_patterns(cover)]
    rows = [Rows(hard, np.ones(hard.shape[0]), np.full(hard.shape[0], np.inf))]
    n_columns = n
    if terms.capacity is not None:
        served, rows = _sent(cover, weight, terms.capacity)
        rows[0] = rows[0]._replace(low=np.ones(m))
        n_columns = len(served)
    yuan = yuan_of(terms, n_columns)
    cost = yuan if terms.priced and yuan.any() else number_of(terms, n_columns)
    everywhere = np.concatenate([np.ones(n), np.zeros(n_columns - n)])
    start = Start(everywhere, float((cost[:n] * terms.required).sum()))
    by_yuan = cost is yuan
    # Of the fewest sites none are fewer: what is left to spare is yuan, where any are known.
    first = seconds * (FIRST_SHARE if yuan.any() else 1.0)
    sited = solved(cost, rows, terms, first * (1.0 if by_yuan else LIFT_AFTER), start)
    if not by_yuan:
        sited = lifted(cost, rows, terms, first * (1.0 - LIFT_AFTER), sited)
    if yuan.any():
        held = at_most(cost, sited.objective + (HELD_YUAN if by_yuan else HELD))
        sited = sparest([*rows, held], terms, seconds - first, sited)
    return sited._replace(served=int(weight.sum())), lost


def _least_patterns(cover: sp.csr_matrix) -> NDArray[np.int64]:
    """Give the rows of which no other is a part; of equal ones the first."""
    size = np.diff(cover.indptr)
    shared = (cover @ cover.T).tocoo()
    part = (shared.data == size[shared.row]) & (shared.row != shared.col)
    part &= (size[shared.row] < size[shared.col]) | (shared.row < shared.col)
    needless = np.unique(shared.col[part])
    return np.setdiff1d(np.arange(cover.shape[0]), needless)


def best_affordable(gain: NDArray[np.float64], chosen: NDArray[np.bool_], terms: Terms) -> int:
    """Give the site that gains most and may still be opened; -1 for none."""
    new = chosen & terms.new
    if terms.count is not None and new.sum() >= terms.count:
        return -1
    may = ~chosen & (gain > 0)
    if terms.budget is not None and terms.cost is not None:
        may &= terms.cost <= terms.budget - terms.cost[new].sum()
    return int(np.argmax(np.where(may, gain, -1.0))) if may.any() else -1


def widened(rows: Rows, more: int) -> Rows:
    """Give rows columns at the right that they do not look at."""
    blank = sp.csr_matrix((rows.matrix.shape[0], more))
    return rows._replace(matrix=sp.hstack([rows.matrix, blank], "csr"))


def assignment(
    row: NDArray[np.int64], site: NDArray[np.int64], n_rows: int, n_sites: int
) -> tuple[Rows, Rows]:
    """Send each row to sites that are open: columns x, then z of pairs; sum z = 1, z <= x."""
    pairs = len(row)
    k = np.arange(pairs)
    once = sp.csr_matrix((np.ones(pairs), (row, n_sites + k)), shape=(n_rows, n_sites + pairs))
    only_open = sp.csr_matrix(
        (np.r_[np.ones(pairs), -np.ones(pairs)], (np.r_[k, k], np.r_[n_sites + k, site])),
        shape=(pairs, n_sites + pairs),
    )
    return (
        Rows(once, np.ones(n_rows), np.ones(n_rows)),
        Rows(only_open, np.full(pairs, -np.inf), np.zeros(pairs)),
    )


def within(
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
    cover: sp.csr_matrix,
    weight: NDArray[np.int64],
    capacity: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64], list[Rows]]:
    """
    Send every pattern to sites in its reach within their capacities; gives costs and rows.

    Columns: x of sites; z of a pattern and a site with a limit; u of patterns, sent to any open
    site without one. Sites without a limit need no z each, since it does not matter which of them
    takes whom: buildings without a floor area by the hundred cost no more than the plain model.
    """
    m, n = cover.shape
    limit = np.full(n, np.inf) if capacity is None else capacity
    limited = np.isfinite(limit)
    pairs = cover.tocoo()
    one = limited[pairs.col]
    row, site = pairs.row[one].astype(np.int64), pairs.col[one].astype(np.int64)
    cost = -np.concatenate([np.zeros(n), weight[row], weight]).astype(float)
    once, only_open = assignment(row, site, m, n)
    free = cover @ sp.diags((~limited).astype(float))
    unlimited = sp.hstack([-free, sp.csr_matrix((m, len(row))), sp.identity(m)], "csr")
    return cost, [
        Rows(sp.hstack([once.matrix, sp.identity(m)], "csr"), np.full(m, -np.inf), np.ones(m)),
        widened(only_open, m),
        Rows(unlimited, np.full(m, -np.inf), np.zeros(m)),
        widened(within(site, weight[row], limit, len(row)), m),
    ]


def patterns(
    home: NDArray[np.int64], option: NDArray[np.int64], households: NDArray[np.int64], width: int
) -> tuple[sp.csr_matrix, NDArray[np.int64]]:
    """
    Join homes that have the same options.

    Parameters
    ----------
    home, option
        One pair a row: what would do for whom.
    households
        Of each home.
    width
        Options.

    Returns
    -------
    tuple
        One row of ones a pattern, and its households; patterns where nobody lives are left out.
    """
    pairs = pd.DataFrame({"home": home, "option": option}).sort_values(["home", "option"])
    key = pairs.groupby("home")["option"].agg(tuple)
    weight = pd.Series(households[key.index.to_numpy(np.int64)], dtype=np.int64)
    weight = weight.groupby(key.to_numpy()).sum()
    weight = weight[weight > 0].sort_index()
    columns = np.array([c for pattern in weight.index for c in pattern], np.int64)
    row = np.repeat(np.arange(len(weight)), [len(p) for p in weight.index])
    cover = sp.csr_matrix((np.ones(len(columns)), (row, columns)), shape=(len(weight), width))
    return cover, weight.to_numpy(np.int64)
