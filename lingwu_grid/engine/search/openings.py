"""Open and close zones: at random where sizes ask for it, or until there are as many as wished.

Moves of a few buildings cannot found a grid of 300 households, nor close one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.search._trees import cut_tree
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.search._kernels import Subproblem

TRIES = 40
"""Spanning trees drawn for a cut."""

LESSER_SIDE = 0.3
"""Least share of the households that a side of a zone cut for the count's sake may have."""


def varied(
    part: Subproblem, zone: NDArray[np.int32], owner: NDArray[np.int32], rng: NDArray[np.uint64]
) -> NDArray[np.int32]:
    """
    Open and close zones at random where their sizes ask for it.

    Parameters
    ----------
    part
        Units and zones.
    zone, owner
        Zone of each unit and owner of each zone.
    rng
        State of the random numbers; advanced.

    Returns
    -------
    NDArray[np.int32]
        A new assignment, every zone in one piece.
    """
    zone = zone.copy()
    picks = np.random.Generator(np.random.PCG64(int(rng[0])))
    size = _sizes(part, zone)
    for z in picks.permutation(np.flatnonzero(size > 0)).tolist():
        if part.is_locked[z]:
            continue
        if size[z] > part.upper[z] and picks.random() < 0.6:
            _split(part, zone, owner, z, rng, (int(part.lower[z]), int(part.upper[z])))
        elif size[z] < part.lower[z] and picks.random() < 0.5:
            around = _around(part, zone, owner, z)
            if len(around):
                zone[zone == z] = picks.choice(around)
    return zone


def recounted(
    part: Subproblem, zone: NDArray[np.int32], owner: NDArray[np.int32], rng: NDArray[np.uint64]
) -> NDArray[np.int32]:
    """
    Close the lightest zones, or cut the largest, until each owner has as many as it should.

    Parameters
    ----------
    part
        Units and zones; `owner_zones` is the wish.
    zone, owner
        Zone of each unit and owner of each zone.
    rng
        State of the random numbers; advanced.

    Returns
    -------
    NDArray[np.int32]
        A new assignment, every zone in one piece; sizes are left to the search. Where no zone
        can be closed or cut, the number stays.
    """
    zone = zone.copy()
    for c in np.flatnonzero(part.owner_zones >= 0).tolist():
        while True:
            size = _sizes(part, zone)
            mine = np.flatnonzero((size > 0) & (owner == c))
            more = int(part.owner_zones[c]) - len(mine)
            free = mine[~part.is_locked[mine]]
            by_size = free[np.lexsort((free, -size[free] if more > 0 else size[free]))]
            if not more or not _change_one(part, zone, owner, by_size, rng, opens=more > 0):
                break
    return zone


def _change_one(
    part: Subproblem,
    zone: NDArray[np.int32],
    owner: NDArray[np.int32],
    by_size: NDArray[np.int64],
    rng: NDArray[np.uint64],
    *,
    opens: bool,
) -> bool:
    """Cut or close the first zone that can be; changes `zone`."""
    size = _sizes(part, zone)
    for z in by_size.tolist():
        if opens:
            band = (int(LESSER_SIDE * size[z]), int((1 - LESSER_SIDE) * size[z]) + 1)
            if _split(part, zone, owner, z, rng, band):
                return True
            continue
        around = _around(part, zone, owner, z)
        if len(around):
            zone[zone == z] = around[np.lexsort((around, size[around]))[0]]
            return True
    return False


def _sizes(part: Subproblem, zone: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.bincount(zone, part.households, minlength=len(part.lower)).astype(np.int64)


def _split(
    part: Subproblem,
    zone: NDArray[np.int32],
    owner: NDArray[np.int32],
    z: int,
    rng: NDArray[np.uint64],
    band: tuple[int, int],
) -> bool:
    # The larger side keeps the zone's number: fewer households change their grid.
    is_empty = np.bincount(zone, minlength=len(part.lower)) == 0
    spare = np.flatnonzero(is_empty & ~part.is_locked & (owner == owner[z]))
    member = (zone == z) & ~part.is_fixed
    if not len(spare) or member.sum() < 2:
        return False
    side = np.zeros(len(zone), np.bool_)
    root = int(member.argmax())
    if not cut_tree(
        part.indptr, part.indices, part.households, member, root, 2, *band, TRIES, rng, side
    ):
        return False
    rest = (zone == z) & ~side
    if part.households[side].sum() > part.households[rest].sum():
        side = rest
    if (side & part.is_fixed).any():
        return False
    zone[side] = spare[0]
    return True


def _around(
    part: Subproblem, zone: NDArray[np.int32], owner: NDArray[np.int32], z: int
) -> NDArray[np.int32]:
    """List the zones that could take all of a zone; none where a unit of it must stay."""
    if part.is_fixed[zone == z].any():
        return np.empty(0, np.int32)
    touching = zone[part.indices[zone[sources(part.indptr)] == z]]
    around = np.unique(touching[(touching != z) & ~part.is_locked[touching]])
    return np.asarray(around[owner[around] == owner[z]], np.int32)
