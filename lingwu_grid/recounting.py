"""Bounds worked out again, from the assignment and the rules alone: no solver, no engine."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS = 1000
"""A weight is a whole number of thousandths."""

MOST_SHORT = 12
"""Grids under their minimum, those in most want, that a community is counted with and without."""


def global_bound(rows: pd.DataFrame, rules: dict[str, Any], weight: int) -> int:
    """
    Bound the households whose grid or community changes, for one weight of those who leave.

    Those affected are counted by the community they are in today, and by the one they end in; each
    community closes, gives away or keeps its small grids, or is dissolved, as is cheapest.

    Parameters
    ----------
    rows
        ``assignment.csv``, or the rows of one part.
    rules
        Of the certificate.
    weight
        Of those who leave, thousandths; those who come have the rest.

    Returns
    -------
    int
        Households; a bound for every weight from 0 to 1,000.
    """
    counted = [unconditional_bound(rows, rules, set())]
    if rules["communities"] == "redraw":
        return counted[0]
    counted.append(unconditional_bound(rows, rules, set(), "community"))
    known = rows[(rows["previous_grid_id"] != "") & (rows["previous_community_id"] != "")]
    of_grids = rows[rows["previous_grid_id"] != ""]
    homes = of_grids.groupby("previous_grid_id")["previous_community_id"].nunique()
    whole = known[known["previous_grid_id"].isin(homes.index[homes == 1])]
    total = 0
    for community, inside in whole.groupby("previous_community_id"):
        grids = [
            _need(units, str(grid), rules, "grid")
            for grid, units in inside.groupby("previous_grid_id")
        ]
        lived = rows[rows["previous_community_id"] == community]
        own = _need(lived, str(community), rules, "community")
        total += min(
            weight * leave + (WEIGHTS - weight) * lack for leave, lack in _choices(own, grids)
        )
    # Households of no grid or no community today may come unaffected.
    total -= (WEIGHTS - weight) * (len(rows) - len(known))
    return max(*counted, -(-total // WEIGHTS))


def _choices(
    community: tuple[int, int, int], grids: list[tuple[int, int, int]]
) -> list[tuple[int, int]]:
    size, leave, lack = community
    short = sorted((g for g in grids if g[2]), key=lambda g: -g[2])[:MOST_SHORT]
    out = sum(g[1] for g in grids)
    choices = [(size, 0)] if lack else []
    for k in range(len(short) + 1):
        for kept in combinations(range(len(short)), k):
            gone = sum(g[0] for i, g in enumerate(short) if i not in kept)
            come = sum(short[i][2] for i in kept)
            choices.append((max(leave, out + gone), max(lack, come)))
    return choices


def _need(rows: pd.DataFrame, zone: str, rules: dict[str, Any], level: str) -> tuple[int, int, int]:
    """Give the households of a zone, the fewest that must leave it, and what it lacks."""
    lower, upper = _band(zone, rules, level)
    units = rows.groupby("unit_id").size().tolist()
    size = sum(units)
    if upper is None or size <= upper:
        return size, 0, max(0, lower - size)
    return size, least_to_leave(units, size - upper), 0


def _band(zone: str, rules: dict[str, Any], level: str) -> tuple[int, int | None]:
    lower, upper = rules["own"][level].get(
        zone, (rules[level][0] + rules["margin"], rules[level][1] - rules["margin"])
    )
    return lower, upper


def least_to_leave(units: list[int], excess: int) -> int:
    """Give the least sum of whole units that is at least `excess` households."""
    sums = np.zeros(sum(units) + 1, np.bool_)
    sums[0] = True
    for n in units:
        sums[n:] |= sums[:-n].copy()
    return int(np.flatnonzero(sums[excess:])[0]) + excess


def unconditional_bound(
    rows: pd.DataFrame, rules: dict[str, Any], special: set[str], level: str = "grid"
) -> int:
    """
    Bound the households that change grid or community, from the assignment alone.

    Whole units leave a grid over its maximum; a grid under its minimum receives what it lacks or
    is closed. The least of ``max(leave + closed, lack)`` over the sets of grids to close is found
    by a table over the households closed.

    Parameters
    ----------
    rows
        ``assignment.csv``.
    rules
        Bands and margin of the certificate.
    special
        Grids or communities of any size: not counted.
    level
        `grid` or `community`.
    """
    today = f"previous_{level}_id"
    known = rows[rows[today] != ""]
    units = known.groupby([today, "unit_id"]).size()
    leave, short = 0, []
    for grid, of_grid in units.groupby(level=0):
        size = int(of_grid.sum())
        lower, upper = _band(str(grid), rules, level)
        if str(grid) in special:
            continue
        if upper is not None and size > upper:
            leave += least_to_leave(of_grid.tolist(), size - upper)
        elif size < lower:
            short.append((size, lower - size))
    # spared[c]: the most lack that closing grids of c households in all does away with.
    spared = np.full(sum(size for size, _ in short) + 1, -1, np.int64)
    spared[0] = 0
    for size, lack in short:
        grown = np.where(spared >= 0, spared + lack, -1)
        spared[size:] = np.maximum(spared[size:], grown[:-size])
    closed = np.flatnonzero(spared >= 0)
    free = len(rows) - len(known)  # of no zone today: they come without changing any
    come = sum(lack for _, lack in short) - spared[closed] - free
    return int(np.maximum(leave + closed, come).min())
