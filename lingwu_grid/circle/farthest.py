"""Two further questions of a siting: who walks farthest, and who has a second station."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from lingwu_grid.circle.models import Demand, Rows, Sited, Start, Terms, solved
from lingwu_grid.circle.siting import (
    FIRST_SHARE,
    HELD,
    at_most,
    fewest_sites,
    least_choice,
    patterns,
    sparest,
)
from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def least_farthest(demand: Demand, terms: Terms, *, seconds: float = 60.0) -> Sited:
    """
    Choose sites so that the farthest walk is as short as can be (p-center: Hakimi 1964).

    Halving over the distances that occur: whether so many sites reach everybody within one is a
    covering problem (Minieka 1970). Homes that no site reaches are left out.

    Parameters
    ----------
    demand
        Homes, and every site each could be sent to.
    terms
        With a number of sites.
    seconds
        Time for all solves.

    Returns
    -------
    Sited
        Objective in metres: the farthest walk.

    Raises
    ------
    InputError
        If the terms cannot be met, or time ran out before a first answer.
    """
    ends = time.perf_counter() + seconds
    reached = np.unique(demand.home[demand.households[demand.home] > 0])
    shortest = np.full(len(demand.households), np.inf)
    np.minimum.at(shortest, demand.home, demand.metres)
    steps = np.unique(demand.metres)
    # Nobody can walk less than to the nearest site of all.
    low = int(np.searchsorted(steps, shortest[reached].max())) if len(reached) else 0
    beaten, high, best = low, len(steps) - 1, None
    while low <= high:
        middle = (low + high) // 2
        left = max(ends - time.perf_counter(), 0.2)
        answer, is_certain = _so_near(demand, terms, float(steps[middle]), reached, left)
        if answer is not None:
            best, high = answer, middle - 1
        else:
            low = middle + 1
            beaten = max(beaten, low) if is_certain else beaten
    if best is None:
        raise InputError(
            "这些站数或费用够不到所有能到达的户", where="选址条件", remedy="多开几处，或提高预算"
        )
    bound = min(float(steps[beaten]), best.objective)
    return best._replace(bound=bound, status="optimal" if bound == best.objective else "feasible")


def _so_near(
    demand: Demand, terms: Terms, metres: float, reached: NDArray[np.int64], seconds: float
) -> tuple[Sited | None, bool]:
    """Find sites within the terms from which nobody is farther; and whether none is certain."""
    near = demand.metres <= metres
    inside = demand._replace(
        home=demand.home[near], site=demand.site[near], metres=demand.metres[near]
    )
    if len(np.setdiff1d(reached, inside.home)):
        return None, True
    try:
        sited, _ = fewest_sites(inside, replace(terms, count=None, priced=False), seconds=seconds)
    except InputError:
        return None, True
    if terms.count is not None and (sited.chosen & terms.new).sum() > terms.count:
        return None, sited.bound > terms.count + HELD
    walk = np.full(len(demand.households), np.inf)
    is_open = sited.chosen[demand.site]
    np.minimum.at(walk, demand.home[is_open], demand.metres[is_open])
    farthest = float(walk[reached].max()) if len(reached) else 0.0
    return sited._replace(objective=farthest), True


def twice_covered(demand: Demand, terms: Terms, *, seconds: float = 60.0) -> Sited:
    """
    Choose sites so that people have a station within reach, and a second (Hogan, ReVelle 1986).

    Every household counts once for one open site within its reach and twice for two or more.

    Parameters
    ----------
    demand
        Homes, and the sites within reach.
    terms
        As for :func:`~lingwu_grid.circle.siting.most_covered`, without capacities.
    seconds
        Time for the solver.

    Returns
    -------
    Sited
        Objective: households with one, and again those with two; `served` are those with one.
    """
    cover, weight = patterns(demand.home, demand.site, demand.households, demand.n_sites)
    n, m = demand.n_sites, cover.shape[0]
    # Columns: x of sites, then for each pattern whether one, and whether two are open.
    once = sp.hstack([-cover, sp.identity(m), sp.identity(m)], "csr")
    cost = -np.concatenate([np.zeros(n), weight, weight]).astype(float)
    rows = [Rows(once, np.full(m, -np.inf), np.zeros(m))]
    chosen = least_choice(terms)
    open_ = cover @ chosen.astype(float)
    columns = np.concatenate([chosen.astype(float), open_ >= 1, open_ >= 2]).astype(float)
    start = Start(columns, -2.0 * float(weight.sum()))
    sited = solved(cost, rows, terms, seconds * FIRST_SHARE, start, sign=-1.0)
    held = at_most(cost, HELD - sited.objective)
    sited = sparest([*rows, held], terms, seconds * (1 - FIRST_SHARE), sited)
    served = weight[(cover @ sited.chosen.astype(float)) > 0.5].sum()
    return sited._replace(served=int(served))
