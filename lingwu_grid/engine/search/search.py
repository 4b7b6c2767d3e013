"""Local search inside one part: several starts, annealed moves, the best kept.

Each start after the first opens or closes grids at random where sizes ask for it, because moves
of a few buildings cannot found a grid of 300 households.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search._anneal import anneal
from lingwu_grid.engine.search._counts import TODAY, come_and_go
from lingwu_grid.engine.search._kernels import (
    Prices,
    State,
    Subproblem,
    rest_is_one_piece,
    whole_price,
    whole_short,
)
from lingwu_grid.engine.search.openings import varied
from lingwu_grid.graph import pieces
from lingwu_grid.lawful import short_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS_PER_UNIT = 150
REFINE_HEATS = (6.0, 12.0, 20.0)
REFINE_STEPS_PER_UNIT = 1500


class Draft(NamedTuple):
    """An assignment of a part."""

    zone: NDArray[np.int32]
    """Zone of each unit."""
    owner: NDArray[np.int32]
    """Owner (community) of each zone."""


def seeded(*numbers: int) -> NDArray[np.uint64]:
    """Make a state for the kernels' random numbers from a seed and a part's number."""
    word = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])
    # The generator has no way out of zero.
    return np.array([word | 1], np.uint64)


def state_of(part: Subproblem, draft: Draft) -> State:
    """
    Count an assignment: households, second measure and group members of each zone.

    Parameters
    ----------
    part
        Units and zones.
    draft
        Zone of each unit, owner of each zone; copied.
    """
    n_zones = len(part.lower)
    zone, zone_owner = draft.zone.astype(np.int32), draft.owner.astype(np.int32)
    size = _summed(part.counts, zone, n_zones)
    count = np.zeros((len(part.group_parts), n_zones), np.int32)
    grouped = part.group >= 0
    np.add.at(count, (part.group[grouped], zone[grouped]), 1)
    owner = zone_owner[zone]
    n_owners = len(part.owner_lower)
    return State(
        zone=zone,
        size=size,
        measure=np.bincount(zone, part.measure, minlength=n_zones).astype(np.float64),
        group_count=count,
        parts=(count > 0).sum(axis=1).astype(np.int32),
        zone_owner=zone_owner.copy(),
        owner=owner,
        owner_size=_summed(part.counts, owner, n_owners),
        owner_count=np.bincount(zone_owner[(size & TODAY) > 0], minlength=n_owners).astype(
            np.int64
        ),
    )


def _summed(count: NDArray[np.int64], label: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    """Sum packed counts by label; whole numbers all the way, which floats of 53 bits are not."""
    out = np.zeros(n, np.int64)
    np.add.at(out, label, count)
    return out


def short_of(
    count: NDArray[np.int64], lower: NDArray[np.int64], upper: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give the households that zones or owners of packed counts are out of range by, shape (n,)."""
    size, (rise, fall) = count & TODAY, come_and_go(count)
    return short_by(size - fall, size + rise, lower, upper) * (size > 0)


def can_leave(part: Subproblem, zone: NDArray[np.int32], unit: int) -> bool:
    """
    Tell whether the zone of `unit` stays contiguous without it.

    Parameters
    ----------
    part
        Units and their open borders.
    zone
        Zone of each unit, shape (n,).
    unit
        The unit that would leave.
    """
    queue = np.empty(len(zone), np.int32)
    seen = np.zeros(len(zone), np.bool_)
    return bool(rest_is_one_piece(part.indptr, part.indices, zone, unit, queue, seen))


def owners_short(part: Subproblem, draft: Draft) -> NDArray[np.int64]:
    """
    Count the households that each owner (community) is out of range by, shape (n_owners,).

    Parameters
    ----------
    part
        Units, zones and owners.
    draft
        The assignment.
    """
    return short_of(state_of(part, draft).owner_size, part.owner_lower, part.owner_upper)


def violation(part: Subproblem, draft: Draft) -> int:
    """
    Count the households that zones and owners are out of range by, and faults.

    Parameters
    ----------
    part
        Units and zones.
    draft
        The assignment.

    Returns
    -------
    int
        0 exactly when every zone and owner is in range, no group is in too many parts, every
        pin holds and every pair is apart (each fault counts as 100 households).
    """
    return int(whole_short(part, state_of(part, draft)))


def price_of(part: Subproblem, draft: Draft, prices: Prices) -> float:
    """Price an assignment, violations included, in households."""
    return float(whole_price(part, state_of(part, draft), prices))


def rank(part: Subproblem, draft: Draft, prices: Prices) -> tuple[int, float]:
    """Rank an assignment, less is better: what is out of range first, then the price."""
    return violation(part, draft), round(price_of(part, draft, prices), 6)


def annealed(
    part: Subproblem,
    draft: Draft,
    prices: Prices,
    *,
    heats: tuple[float, float],
    steps: int,
    seed: tuple[int, ...],
) -> Draft:
    """
    Anneal once.

    Parameters
    ----------
    part
        Units and zones.
    draft
        Where to start, every zone in one piece.
    prices
        What the search pays for.
    heats
        First and last heat, households.
    steps
        Moves tried.
    seed
        The same numbers give the same result.

    Returns
    -------
    Draft
        The best assignment met: the least out of range, then the cheapest.
    """
    found = Draft(np.empty_like(draft.zone), np.empty_like(draft.owner))
    state = state_of(part, draft)
    anneal(part, state, prices, heats, max(1, steps), seeded(*seed), found.zone, found.owner)
    return found


def improve(
    part: Subproblem,
    draft: Draft,
    prices: Prices,
    *,
    starts: int,
    seed: tuple[int, ...],
    effort: int,
    until_lawful: bool = False,
) -> Draft:
    """
    Search for a better assignment from several starts; never gives a worse one.

    Parameters
    ----------
    part
        Units and zones; zones without units are spare.
    draft
        The assignment to start from, every zone in one piece.
    prices
        What the search pays for.
    starts
        How many; the first two begin as it stands, others open and close zones.
    seed
        Seed and number of the part: the same give the same result on any machine.
    effort
        Per cent of the default number of steps.
    until_lawful
        Leave out the starts after the first that ends in range.

    Returns
    -------
    Draft
        Every zone in one piece.
    """
    steps = len(draft.zone) * STEPS_PER_UNIT * effort // 100
    best = draft
    for number in range(starts):
        start = draft
        if number >= 2:
            zone = varied(part, draft.zone, draft.owner, seeded(*seed, number))
            start = Draft(zone, draft.owner)
        heats = (40.0 if number % 2 else 12.0, 0.05)
        found = annealed(part, start, prices, heats=heats, steps=steps, seed=(*seed, number))
        best = best_of(part, prices, best, found)
        if until_lawful and not violation(part, best):
            break
    return best


def refine(
    part: Subproblem, draft: Draft, prices: Prices, *, seed: tuple[int, ...], effort: int
) -> Draft:
    """Anneal at several heats from where it stands; never gives a worse assignment."""
    steps = len(draft.zone) * REFINE_STEPS_PER_UNIT * effort // 100
    best = draft
    for number, hot in enumerate(REFINE_HEATS):
        found = annealed(
            part, best, prices, heats=(hot, 0.05), steps=steps, seed=(*seed, 50 + number)
        )
        best = best_of(part, prices, best, found)
    return best


def best_of(part: Subproblem, prices: Prices, *drafts: Draft) -> Draft:
    """Give the assignment that ranks best; the first of equals."""
    ranks = [rank(part, draft, prices) for draft in drafts]
    return drafts[ranks.index(min(ranks))]


def breaks_owner(part: Subproblem, before: Draft, after: Draft) -> bool:
    """Tell whether an owner lies in more pieces after than before; one owner alone cannot."""
    if len(part.owner_lower) < 2:
        return False
    count = [
        int(pieces(part.indptr, part.indices, draft.owner[draft.zone]).max())
        for draft in (before, after)
    ]
    return count[1] > count[0]
