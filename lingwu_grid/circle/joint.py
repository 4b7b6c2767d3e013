"""Rooms, gates, bridges and open compounds chosen together under one budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from lingwu_grid.circle.models import Rows, Sited, Start, Terms, solved
from lingwu_grid.circle.siting import FIRST_SHARE, HELD, at_most, patterns, sparest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.options import Needs, Options


def most_brought(
    options: Options,
    households: NDArray[np.int64],
    terms: Terms,
    *,
    seconds: float = 60.0,
) -> Sited:
    """
    Choose rooms and remedies that bring the most households within reach.

    The covering model (MCLP: Church, ReVelle 1974) with conjunctions: a home counts where some
    room within its reach is open, or a room and all the remedies on the way to it are. Among
    choices that bring as many, the cheapest, and among those the one of fewest parts.

    Parameters
    ----------
    options
        Of the homes that are beyond reach today; sites and remedies numbered as the columns are.
    households
        Of each home.
    terms
        Over sites, then remedies: those of today required, cost, budget, number of rooms.
    seconds
        Time for the solver.

    Returns
    -------
    Sited
        Objective in households brought within reach; `chosen` over sites, then remedies.
    """
    n, n_sites = len(terms.required), int(terms.is_room.sum())
    pairs = [
        _parts(site, needs, n_sites)
        for site, needs in zip(options.site.tolist(), options.needs, strict=True)
    ]
    number = {frozenset([c]): c for c in range(n)}
    for parts in pairs:
        number.setdefault(parts, len(number))
    both = [parts for parts in number if len(parts) > 1]
    of = np.array([number[parts] for parts in pairs], np.int64)
    cover, weight = patterns(options.home, of, households, len(number))
    m, width = cover.shape[0], len(number) + cover.shape[0]
    rows = [
        _only_with(both, n, width),
        Rows(
            sp.hstack([-cover, sp.identity(m)], "csr"), np.full(m, -np.inf), np.zeros(m)
        ),
    ]  # fmt: skip
    cost = np.concatenate([np.zeros(len(number)), -weight.astype(float)])
    start = _greedy(both, cover, weight, terms)
    sited = solved(cost, rows, terms, seconds * FIRST_SHARE, start, sign=-1.0)
    held = at_most(cost, HELD - sited.objective)
    sited = sparest([*rows, held], terms, seconds * (1 - FIRST_SHARE), sited)
    return sited._replace(served=round(sited.objective))


def brought_by(
    options: Options, households: NDArray[np.int64], chosen: NDArray[np.bool_], n_sites: int
) -> int:
    """Count the households that a choice brings within reach."""
    rows = zip(options.home.tolist(), options.site.tolist(), options.needs, strict=True)
    homes = {
        home
        for home, site, needs in rows
        if (site < 0 or chosen[site]) and all(chosen[n_sites + r] for r in needs)
    }
    return int(households[sorted(homes)].sum())


def _parts(site: int, needs: Needs, n_sites: int) -> frozenset[int]:
    """Give the columns that must be one for an option."""
    parts = frozenset(n_sites + r for r in needs)
    return parts if site < 0 else parts | {site}


def _only_with(both: list[frozenset[int]], n: int, width: int) -> Rows:
    """Allow a conjunction only where each of its parts is chosen: z <= x."""
    z = np.repeat(np.arange(len(both)), [len(parts) for parts in both])
    part = np.array([p for parts in both for p in sorted(parts)], np.int64)
    k = np.arange(len(part))
    matrix = sp.csr_matrix(
        (np.r_[np.ones(len(k)), -np.ones(len(k))], (np.r_[k, k], np.r_[n + z, part])),
        shape=(len(k), width),
    )
    return Rows(matrix, np.full(len(k), -np.inf), np.zeros(len(k)))


def _greedy(
    both: list[frozenset[int]], cover: sp.csr_matrix, weight: NDArray[np.int64], terms: Terms
) -> Start:
    """Take the option that brings most for its yuan, again and again, while the terms allow."""
    n = len(terms.required)
    cost = np.zeros(n) if terms.cost is None else terms.cost
    chosen = terms.required.copy()
    ways = [frozenset([c]) for c in range(n)] + both
    by_way = cover.tocsc()

    def is_open() -> NDArray[np.bool_]:
        return np.array([all(chosen[p] for p in parts) for parts in ways])

    while True:
        reached = (cover @ is_open().astype(float)) > 0
        gain = (weight * ~reached) @ by_way
        best, ratio = -1, 0.0
        for c in np.flatnonzero(gain > 0).tolist():
            more = [p for p in ways[c] if not chosen[p]]
            if more and _affordable(chosen, more, terms):
                worth = float(gain[c]) / (float(cost[more].sum()) + 1.0)
                if worth > ratio:
                    best, ratio = c, worth
        if best < 0:
            break
        chosen[list(ways[best])] = True
    open_ = is_open()
    columns = np.concatenate([chosen.astype(float), open_[n:].astype(float), reached.astype(float)])
    return Start(columns, -float(weight.sum()))


def _affordable(chosen: NDArray[np.bool_], more: list[int], terms: Terms) -> bool:
    trial = chosen.copy()
    trial[more] = True
    new = trial & terms.new
    if terms.count is not None and (new & terms.is_room).sum() > terms.count:
        return False
    return terms.budget is None or terms.cost is None or terms.cost[new].sum() <= terms.budget
