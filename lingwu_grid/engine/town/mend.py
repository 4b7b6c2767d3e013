"""Mend what the search leaves out of range: exact models on a few zones round each fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.exact.branching import Limits, solve_exact
from lingwu_grid.engine.exact.extract import SHORT_PRICE, placed, zones_model
from lingwu_grid.engine.search._kernels import FAULT
from lingwu_grid.engine.search.search import (
    Draft,
    breaks_owner,
    owners_short,
    rank,
    short_of,
    state_of,
)
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.exact.model import ExactModel
    from lingwu_grid.engine.instance import Stop
    from lingwu_grid.engine.search._kernels import Prices, Subproblem

FIRST = 2


class Patience(NamedTuple):
    """How hard to try before a fault is left standing."""

    zones: tuple[int, ...]
    """Zones of an exact model: the small one first, a larger one where it does not help."""
    most_pairs: int
    """Units times zones of an exact model; the smallest neighbourhood may have `FIRST` times as
    many."""
    limits: Limits
    searches: int
    """Searches before that, at most, while owners are out of range."""
    steps_per_unit: int
    """Of each search."""
    kicks: int
    """Kicks without gain after which they are given up."""
    is_thorough: bool
    """Solve models for owners out of range too, which are many, large, and rarely of use after a
    search."""


# What is wanted is an answer in range, soon: presolving takes longer than finding one.
HASTY = Patience(
    (4, 6, 9), 500, Limits(nodes=2, gap=1e-3, presolve="off"), 6, 300, 0, is_thorough=False
)
KICKING = HASTY._replace(searches=0, kicks=200)
PATIENT = Patience(
    (4, 6, 9), 4000, Limits(nodes=60, gap=1e-3, presolve="off"), 6, 1000, 600, is_thorough=True
)
BROAD = Patience(
    (24,), 12_000, Limits(nodes=10, gap=1e-3, presolve="off"), 0, 0, 0, is_thorough=False
)


def faulty_zones(part: Subproblem, draft: Draft, *, of_owners: bool) -> list[int]:
    """
    List the zones that are out of range or hold a fault.

    Parameters
    ----------
    part
        Units and zones.
    draft
        The assignment.
    of_owners
        And those on the rim of an owner that is out of range.

    Returns
    -------
    list[int]
        Worst first.
    """
    state = state_of(part, draft)
    fault = short_of(state.size, part.lower, part.upper)
    for g in np.flatnonzero(state.parts > part.group_parts):
        fault[state.group_count[g] > 0] += FAULT
    missed = (part.pin >= 0) & (part.pin != draft.zone)
    np.add.at(fault, draft.zone[missed], FAULT)
    near = draft.zone[sources(part.apart_indptr)]
    np.add.at(fault, near[near == draft.zone[part.apart]], FAULT // 2)
    if of_owners:
        fault += owners_short(part, draft)[draft.owner] * _on_the_rim(part, draft)
    order = np.lexsort((np.arange(len(fault)), -fault))
    return [int(z) for z in order if fault[z] > 0]


def _on_the_rim(part: Subproblem, draft: Draft) -> NDArray[np.int64]:
    """Mark the zones that touch another owner."""
    owner = draft.owner[draft.zone]
    source = sources(part.indptr)
    rim = np.zeros(len(part.lower), np.int64)
    rim[draft.zone[source[owner[source] != owner[part.indices]]]] = 1
    return rim


def mend(part: Subproblem, draft: Draft, prices: Prices, patience: Patience, stop: Stop) -> Draft:
    """
    Solve small exact models round each fault until none is left or none helps.

    Parameters
    ----------
    part
        Units and zones.
    draft
        The assignment to mend, every zone in one piece.
    prices
        What a move costs.
    patience
        How hard to try.
    stop
        Asked between models.

    Returns
    -------
    Draft
        Ranks at least as well, every zone in one piece.
    """
    given_up: set[int] = set()
    while not stop():
        faults = faulty_zones(part, draft, of_owners=patience.is_thorough)
        faults = [z for z in faults if z not in given_up]
        if not faults:
            break
        better = _mend_one(part, draft, prices, faults[0], patience, stop)
        if better is None:
            given_up.add(faults[0])
        else:
            draft = better
    return draft


def _mend_one(
    part: Subproblem, draft: Draft, prices: Prices, fault: int, patience: Patience, stop: Stop
) -> Draft | None:
    before = rank(part, draft, prices)
    tried, spare = 0, 2 if len(part.owner_lower) == 1 else 1
    for most in patience.zones:
        zones = zones_around(part, draft, fault, most)
        pairs = int(np.isin(draft.zone, zones).sum()) * len(zones)
        if len(zones) == tried or pairs > (
            patience.most_pairs if tried else FIRST * patience.most_pairs
        ):
            return None
        tried = len(zones)
        model = zones_model(part, draft, prices, zones, spare=spare)
        limits = patience.limits._replace(enough=_enough(model.exact))
        solved = solve_exact(model.exact, limits, stop)
        if solved is not None:
            found = placed(draft, model, solved.zone)
            if rank(part, found, prices) < before and not breaks_owner(part, draft, found):
                return found
    return None


def _enough(exact: ExactModel) -> float:
    """Give a price that only an assignment without a fault has, moves being about as many."""
    price = exact.cost[np.arange(len(exact.now)), exact.now]
    return float(price[price < FAULT * SHORT_PRICE].sum()) + SHORT_PRICE - 1


def zones_around(part: Subproblem, draft: Draft, centre: int, most: int) -> NDArray[np.int64]:
    """List up to `most` unlocked zones round a zone, nearest ring first, then by number."""
    a, b = draft.zone[sources(part.indptr)], draft.zone[part.indices]
    pairs = np.unique(np.stack([a, b], axis=1), axis=0)
    chosen, ring = [centre], [centre]
    while ring and len(chosen) < most:
        near = np.unique(pairs[np.isin(pairs[:, 0], ring), 1])
        ring = [int(z) for z in near if z not in chosen and not part.is_locked[z]]
        chosen += ring[: most - len(chosen)]
    return np.array(chosen, np.int64)
