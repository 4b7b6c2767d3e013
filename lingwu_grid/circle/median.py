"""The median model: sites for which people walk least in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from lingwu_grid.circle.models import Demand, Sited, Start, Terms, solved
from lingwu_grid.circle.siting import assignment, best_affordable, least_choice, widened, within

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    once, only_open = assignment(row.astype(np.int64), demand.site, len(homes), n)
    rows = [
        once._replace(matrix=sp.hstack([once.matrix, sp.identity(len(homes))], "csr")),
        widened(only_open, len(homes)),
    ]
    if terms.capacity is not None:
        room = within(demand.site, households, terms.capacity, pairs)
        rows.append(widened(room, len(homes)))
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
        best = best_affordable(gain.astype(np.float64), chosen, terms)
        if best < 0:
            return chosen
        chosen[best] = True


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
