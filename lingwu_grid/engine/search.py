"""Local search inside one part: several starts, annealed flips, the best kept.

Each start after the first opens or closes grids at random where sizes ask for it, because flips
alone cannot found a grid of 300 households one building at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine._kernels import (
    Part,
    Prices,
    State,
    anneal,
    cut_tree,
    rest_is_one_piece,
    whole_price,
    whole_short,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

STARTS = 8
STEPS_PER_UNIT = 500
REFINE_HEATS = (6.0, 12.0, 20.0)
REFINE_STEPS_PER_UNIT = 1500


def seeded(*numbers: int) -> NDArray[np.uint64]:
    """Make a state for the kernels' random numbers from a seed and a part's number."""
    word = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])
    # The generator has no way out of zero.
    return np.array([word | 1], np.uint64)


def state_of(part: Part, zone: NDArray[np.int32]) -> State:
    """
    Count an assignment: households and group members of each zone.

    Parameters
    ----------
    part
        Units and zones.
    zone
        Zone of each unit, shape (n,).
    """
    n_zones = len(part.lower)
    size = np.bincount(zone, part.households, minlength=n_zones).astype(np.int64)
    count = np.zeros((len(part.group_parts), n_zones), np.int32)
    grouped = part.group >= 0
    np.add.at(count, (part.group[grouped], zone[grouped]), 1)
    parts = (count > 0).sum(axis=1).astype(np.int32)
    return State(zone.astype(np.int32), size, count, parts)


def can_leave(part: Part, zone: NDArray[np.int32], unit: int) -> bool:
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


def violation(part: Part, zone: NDArray[np.int32]) -> int:
    """
    Count the households that zones are out of range by, and parts too many of groups.

    Parameters
    ----------
    part
        Units and zones.
    zone
        Zone of each unit, shape (n,).

    Returns
    -------
    int
        0 exactly when every zone is in range and no group is in too many parts (each part too
        many counts as 100 households).
    """
    return int(whole_short(part, state_of(part, zone)))


def price_of(part: Part, zone: NDArray[np.int32], prices: Prices) -> float:
    """Price an assignment, violations included, in households."""
    return float(whole_price(part, state_of(part, zone), prices))


def rank(part: Part, zone: NDArray[np.int32], prices: Prices) -> tuple[int, float]:
    """Rank an assignment, less is better: what is out of range first, then the price."""
    return violation(part, zone), round(price_of(part, zone, prices), 6)


def improve(
    part: Part, zone: NDArray[np.int32], prices: Prices, *, seed: tuple[int, ...], effort: int
) -> NDArray[np.int32]:
    """
    Search for a better assignment; never gives a worse one.

    Parameters
    ----------
    part
        Units and zones; zones without units are spare.
    zone
        The assignment to start from, every zone in one piece.
    prices
        What the search pays for.
    seed
        Seed and number of the part: the same give the same result on any machine.
    effort
        Per cent of the default number of steps.

    Returns
    -------
    NDArray[np.int32]
        Zone of each unit, every zone in one piece.
    """
    best, best_rank = zone.copy(), rank(part, zone, prices)
    steps = max(1, len(zone) * STEPS_PER_UNIT * effort // 100)
    for number in range(STARTS):
        rng = seeded(*seed, number)
        start = zone.copy() if number < 2 else vary(part, zone, rng)
        found = np.empty_like(start)
        hot = 40.0 if number % 2 else 12.0
        anneal(part, state_of(part, start), prices, hot, 0.05, steps, rng, found)
        best, best_rank = _better(part, prices, found, (best, best_rank))
    return best


def refine(
    part: Part, zone: NDArray[np.int32], prices: Prices, *, seed: tuple[int, ...], effort: int
) -> NDArray[np.int32]:
    """Anneal at several heats from where it stands; never gives a worse assignment."""
    best, best_rank = zone, rank(part, zone, prices)
    steps = max(1, len(zone) * REFINE_STEPS_PER_UNIT * effort // 100)
    for number, hot in enumerate(REFINE_HEATS):
        found = np.empty_like(zone)
        rng = seeded(*seed, 50 + number)
        anneal(part, state_of(part, zone.copy()), prices, hot, 0.05, steps, rng, found)
        best, best_rank = _better(part, prices, found, (best, best_rank))
    return best


def polish(
    part: Part, zone: NDArray[np.int32], prices: Prices, *, seed: tuple[int, ...], effort: int
) -> NDArray[np.int32]:
    """Anneal once more from cold: small gains after another method has spoken."""
    found = np.empty_like(zone)
    steps = max(1, len(zone) * STEPS_PER_UNIT * effort // 200)
    anneal(part, state_of(part, zone.copy()), prices, 3.0, 0.02, steps, seeded(*seed, 99), found)
    return _better(part, prices, found, (zone, rank(part, zone, prices)))[0]


def _better(
    part: Part,
    prices: Prices,
    found: NDArray[np.int32],
    best: tuple[NDArray[np.int32], tuple[int, float]],
) -> tuple[NDArray[np.int32], tuple[int, float]]:
    found_rank = rank(part, found, prices)
    return (found, found_rank) if found_rank < best[1] else best


def vary(part: Part, zone: NDArray[np.int32], rng: NDArray[np.uint64]) -> NDArray[np.int32]:
    """
    Open and close zones at random where their sizes ask for it.

    Parameters
    ----------
    part
        Units and zones.
    zone
        Zone of each unit, shape (n,).
    rng
        State of the random numbers; advanced.

    Returns
    -------
    NDArray[np.int32]
        A new assignment, every zone in one piece.
    """
    zone = zone.copy()
    picks = np.random.Generator(np.random.PCG64(int(rng[0])))
    size = state_of(part, zone).size
    for z in picks.permutation(np.flatnonzero(size > 0)).tolist():
        if part.is_locked[z]:
            continue
        if size[z] > part.upper[z] and picks.random() < 0.6:
            _split(part, zone, z, rng)
        elif size[z] < part.lower[z] and picks.random() < 0.5:
            _close(part, zone, z, picks)
    return zone


def _split(part: Part, zone: NDArray[np.int32], z: int, rng: NDArray[np.uint64]) -> None:
    # The larger side keeps the zone's number: fewer households change their grid.
    spare = np.flatnonzero((np.bincount(zone, minlength=len(part.lower)) == 0) & ~part.is_locked)
    member = (zone == z) & ~part.is_fixed
    if not len(spare) or member.sum() < 2:
        return
    side = np.zeros(len(zone), np.bool_)
    root = int(member.argmax())
    zones = 2
    lower, upper = int(part.lower[z]), int(part.upper[z])
    if not cut_tree(
        part.indptr, part.indices, part.households, member, root, zones, lower, upper, 40, rng, side
    ):
        return
    rest = (zone == z) & ~side
    if part.households[side].sum() > part.households[rest].sum():
        side = rest
    if not (side & part.is_fixed).any():
        zone[side] = spare[0]


def _close(part: Part, zone: NDArray[np.int32], z: int, picks: np.random.Generator) -> None:
    members = np.flatnonzero(zone == z)
    if part.is_fixed[members].any():
        return
    source = np.repeat(np.arange(len(zone)), np.diff(part.indptr))
    touching = zone[part.indices[zone[source] == z]]
    around = np.unique(touching[(touching != z) & ~part.is_locked[touching]])
    if len(around):
        zone[members] = picks.choice(around)
