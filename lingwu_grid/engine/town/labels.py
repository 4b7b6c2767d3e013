"""Which zone keeps which of today's numbers: the matching that moves the fewest households."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from lingwu_grid.engine.town.levels import Town
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance


def relabel(instance: Instance, town: Town) -> Town:
    """
    Give today's numbers to the zones that hold most of their households.

    When a grid is divided, the search does not care which part keeps the number; the households
    do. Numbers with a lock or bounds of their own stay where they are.

    Parameters
    ----------
    instance
        Today's grids.
    town
        An assignment; zones 0 … n_grids − 1 carry today's numbers.

    Returns
    -------
    Town
        The same zones under numbers that move the fewest households (largest bipartite
        matching).
    """
    graph = instance.graph
    n = len(town.community)
    is_plain = np.zeros(n, np.bool_)
    is_plain[: graph.n_grids] = (
        (instance.lower == instance.new_lower)
        & (instance.upper == instance.new_upper)
        & ~graph.grid_is_locked
        & ~graph.grid_is_enclave
        & (np.bincount(graph.pin[graph.pin >= 0], minlength=graph.n_grids) == 0)
    )
    is_plain[graph.n_grids :] = True
    owner = sources(graph.home_indptr)
    zone, home = town.zone[owner].astype(np.int64), graph.home_grid.astype(np.int64)
    use = is_plain[zone] & is_plain[home]
    number = _matched(zone[use], home[use], graph.home_households[use], n, is_plain)
    community = town.community.copy()
    community[number] = town.community
    return Town(number[town.zone].astype(np.int32), community)


def _matched(
    zone: NDArray[np.int64],
    home: NDArray[np.int64],
    weight: NDArray[np.int64],
    n: int,
    is_plain: NDArray[np.bool_],
) -> NDArray[np.int64]:
    # Costs are positive; a zone may also stay without any old number (the slack columns).
    pair, inverse = np.unique(zone * n + home, return_inverse=True)
    shared = np.bincount(inverse, weight)
    most = float(shared.max(initial=0.0)) + 2.0
    # Between equals a zone keeps the number it has.
    bonus = 0.5 * (pair // n == pair % n)
    rows = np.concatenate([pair // n, np.arange(n)])
    columns = np.concatenate([pair % n, n + np.arange(n)])
    cost = np.concatenate([most - shared - bonus, np.full(n, most)])
    table = coo_array((cost, (rows, columns)), shape=(n, 2 * n)).tocsr()
    row, column = min_weight_full_bipartite_matching(table)
    number = np.full(n, -1, np.int64)
    taken = column < n
    number[row[taken]] = column[taken]
    number[~is_plain] = np.flatnonzero(~is_plain)
    # The rest take the free numbers, their own first.
    free = np.setdiff1d(np.arange(n), number)
    loose = np.flatnonzero(number < 0)
    keeps = np.intersect1d(loose, free)
    number[keeps] = keeps
    number[np.flatnonzero(number < 0)] = np.setdiff1d(free, keeps)
    return number
