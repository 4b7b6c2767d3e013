"""Which premises to open: covering and median models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from lingwu_grid.circle.models import Demand, Rows, Sited, Start, Terms, improved, solved

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_SHARE = 0.7
"""Of the time of :func:`most_covered`: the rest is for leaving useless sites closed."""

HELD = 1e-3
"""Households that the second solve may lose to rounding: less than one, so none."""


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
    cover, weight = _patterns(demand)
    cost, rows = _sent(cover, weight, terms.capacity)
    first_seconds = seconds * FIRST_SHARE if sparing else seconds
    start = _start_of_cover(cover, weight, terms, len(cost))
    sited = solved(cost, rows, terms, first_seconds, start, sign=-1.0)
    if sparing and (sited.chosen & terms.new & ~terms.required).any():
        held = Rows(
            sp.csr_matrix(cost[None, :]), np.array([-np.inf]), np.array([HELD - sited.objective])
        )
        price = _price(terms, len(cost))
        spare = improved(price, [*rows, held], terms, seconds - first_seconds, sited)
        sited = sited._replace(chosen=spare.chosen, columns=spare.columns)
    return sited._replace(served=round(sited.objective))


def _price(terms: Terms, n_columns: int) -> NDArray[np.float64]:
    """Charge one for each site opened, and less than one for all their yuan together."""
    yuan = np.zeros(len(terms.required)) if terms.cost is None else np.nan_to_num(terms.cost)
    price = np.zeros(n_columns)
    price[: len(yuan)] = np.where(terms.new, 1.0 + yuan / (yuan.sum() + 1.0), 0.0)
    return price


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
        best = _best_affordable(gain, chosen, terms)
        if best >= 0:
            chosen[best] = True
    between = np.zeros(n_columns - len(chosen) - len(weight))
    columns = np.concatenate([chosen.astype(float), between, reached.astype(float)])
    return Start(columns, -float(weight.sum()))


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
        rows[0] = rows[0]._replace(low=np.ones(m))
        cost = np.concatenate([np.ones(n), np.zeros(len(served) - n)])
    else:
        cost, rows = np.ones(n), [Rows(cover, np.ones(m), np.full(m, np.inf))]
    everywhere = np.concatenate([np.ones(n), np.zeros(len(cost) - n)])
    start = Start(everywhere, float(terms.required.sum()))
    sited = solved(cost, rows, terms, seconds, start)
    return sited._replace(served=int(weight.sum())), lost


def least_walking(
    demand: Demand, terms: Terms, *, outside_m: float, seconds: float = 120.0
) -> Sited:
    """
    Choose sites so that people walk least in all (p-median: Hakimi 1964).

    Every household may also be sent nowhere; it then counts as walking `outside_m`. Without that
    a home whose only site within the limit stays closed would make every choice impossible.

    Parameters
    ----------
    demand
        Homes, and every site each may be sent to, with metres, none above `outside_m`.
    terms
        As for :func:`most_covered`.
    outside_m
        What a household walks that is sent nowhere: the distance at which `demand` was cut.
    seconds
        Time for the solver.

    Returns
    -------
    Sited
        Objective in household-metres; `served` without those sent nowhere.
    """
    demand = _worth_walking(demand, terms)
    n, pairs = demand.n_sites, len(demand.home)
    homes, row = np.unique(demand.home, return_inverse=True)
    households, people = demand.households[demand.home], demand.households[homes]
    # Columns: x of sites, z of pairs, then who of each home is sent nowhere.
    cost = np.concatenate([np.zeros(n), households * demand.metres, people * outside_m])
    once, only_open = _assignment(row.astype(np.int64), demand.site, len(homes), n)
    rows = [
        once._replace(matrix=sp.hstack([once.matrix, sp.identity(len(homes))], "csr")),
        _widened(only_open, len(homes)),
    ]
    if terms.capacity is not None:
        within = _within(demand.site, households, terms.capacity, pairs)
        rows.append(_widened(within, len(homes)))
    chosen = _greedy_median(demand, terms, outside_m)
    sent = _sent_near(demand, terms, chosen)
    left = 1.0 - np.bincount(row, weights=sent, minlength=len(homes))
    shortest = np.full(len(homes), outside_m)
    np.minimum.at(shortest, row, demand.metres)
    start = Start(np.concatenate([chosen.astype(float), sent, left]), float(people @ shortest))
    sited = solved(cost, rows, terms, seconds, start)
    # Homes without any pair walk as far whatever is opened.
    alone = float(demand.households.sum() - people.sum()) * outside_m
    return sited._replace(
        objective=sited.objective + alone,
        bound=sited.bound + alone,
        served=round(float(people @ (1.0 - sited.columns[n + pairs :]))),
    )


def _worth_walking(demand: Demand, terms: Terms) -> Demand:
    """Leave out sites farther from a home than one that is open anyway and has room for all."""
    always = terms.required & (True if terms.capacity is None else np.isinf(terms.capacity))
    sure = always[demand.site]
    nearest = np.full(len(demand.households), np.inf)
    np.minimum.at(nearest, demand.home[sure], demand.metres[sure])
    keep = demand.metres <= nearest[demand.home]
    return demand._replace(
        home=demand.home[keep], site=demand.site[keep], metres=demand.metres[keep]
    )


def _greedy_median(demand: Demand, terms: Terms, outside_m: float) -> NDArray[np.bool_]:
    """Open the site that saves most walking, again and again, whatever the rooms hold."""
    chosen = least_choice(terms)
    households = demand.households[demand.home]
    walk = np.full(len(demand.households), outside_m)
    while True:
        at = chosen[demand.site]
        np.minimum.at(walk, demand.home[at], demand.metres[at])
        saved = households * np.maximum(walk[demand.home] - demand.metres, 0.0)
        gain = np.bincount(demand.site, weights=saved, minlength=demand.n_sites)
        best = _best_affordable(gain.astype(np.float64), chosen, terms)
        if best < 0:
            return chosen
        chosen[best] = True


def _best_affordable(gain: NDArray[np.float64], chosen: NDArray[np.bool_], terms: Terms) -> int:
    """Give the site that gains most and may still be opened; -1 for none."""
    new = chosen & terms.new
    if terms.count is not None and new.sum() >= terms.count:
        return -1
    may = ~chosen & (gain > 0)
    if terms.budget is not None and terms.cost is not None:
        may &= terms.cost <= terms.budget - terms.cost[new].sum()
    return int(np.argmax(np.where(may, gain, -1.0))) if may.any() else -1


def _sent_near(demand: Demand, terms: Terms, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Send homes to open sites, the shortest walks first, while there is room; shares of pairs."""
    sent = np.zeros(len(demand.home))
    room = np.full(demand.n_sites, np.inf) if terms.capacity is None else terms.capacity.copy()
    left = demand.households.astype(float)
    open_pairs = np.flatnonzero(chosen[demand.site])
    for k in open_pairs[np.argsort(demand.metres[open_pairs], kind="stable")].tolist():
        home, site = demand.home[k], demand.site[k]
        going = min(left[home], room[site])
        if going > 0:
            sent[k] = going / demand.households[home]
            left[home] -= going
            room[site] -= going
    return sent


def _widened(rows: Rows, more: int) -> Rows:
    """Give rows columns at the right that they do not look at."""
    blank = sp.csr_matrix((rows.matrix.shape[0], more))
    return rows._replace(matrix=sp.hstack([rows.matrix, blank], "csr"))


def _assignment(
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
    once, only_open = _assignment(row, site, m, n)
    free = cover @ sp.diags((~limited).astype(float))
    unlimited = sp.hstack([-free, sp.csr_matrix((m, len(row))), sp.identity(m)], "csr")
    return cost, [
        Rows(sp.hstack([once.matrix, sp.identity(m)], "csr"), np.full(m, -np.inf), np.ones(m)),
        _widened(only_open, m),
        Rows(unlimited, np.full(m, -np.inf), np.zeros(m)),
        _widened(_within(site, weight[row], limit, len(row)), m),
    ]


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
