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


def needs_of(rows: pd.DataFrame, rules: dict[str, Any]) -> dict[str, Any]:
    """
    Write down what the bounds are worked out from, as whole numbers and codes.

    Parameters
    ----------
    rows
        ``assignment.csv``, or the rows of one part.
    rules
        Of the certificate.

    Returns
    -------
    dict
        `grid` and `community`: those of today that are out of range, by code: `size`, and `lack`
        or `excess` with the households of each of its `units`. `free`: households of no grid, and
        of no community, today; `nowhere`, of either. `grids_of`: for each community with a grid
        that is wholly in it, those of them that are out of range.
    """
    is_redrawn = rules["communities"] == "redraw"
    levels: dict[str, Any] = {
        level: {} if is_redrawn and level == "community" else _zones_out(rows, rules, level)
        for level in ("grid", "community")
    }
    known = rows[(rows["previous_grid_id"] != "") & (rows["previous_community_id"] != "")]
    of_grids = rows[rows["previous_grid_id"] != ""]
    homes = of_grids.groupby("previous_grid_id")["previous_community_id"].nunique()
    whole = known[known["previous_grid_id"].isin(homes.index[homes == 1])]
    inside = whole.groupby("previous_community_id")["previous_grid_id"].unique()
    return levels | {
        "free": {level: int((rows[f"previous_{level}_id"] == "").sum()) for level in levels},
        "nowhere": len(rows) - len(known),
        "grids_of": {
            str(c): sorted(str(g) for g in grids if str(g) in levels["grid"])
            for c, grids in ({} if is_redrawn else inside).items()
        },
    }


def _zones_out(rows: pd.DataFrame, rules: dict[str, Any], level: str) -> dict[str, Any]:
    today = f"previous_{level}_id"
    zones: dict[str, Any] = {}
    units = rows[rows[today] != ""].groupby([today, "unit_id"]).size()
    for zone, of_zone in units.groupby(level=0):
        size = int(of_zone.sum())
        lower, upper = _band(str(zone), rules, level)
        if size < lower:
            zones[str(zone)] = {"size": size, "lack": lower - size}
        elif upper is not None and size > upper:
            there = sorted(int(n) for n in of_zone)
            zones[str(zone)] = {"size": size, "excess": size - upper, "units": there}
    return zones


def global_bound(needs: dict[str, Any], weight: int) -> int:
    """
    Bound the households whose grid or community changes, for one weight of those who leave.

    Those affected are counted by the community they are in today, and by the one they end in; each
    community closes, gives away or keeps its small grids, or is dissolved, as is cheapest. The page
    of the map does the same sum (``proof.js``).

    Parameters
    ----------
    needs
        As :func:`needs_of` gives them.
    weight
        Of those who leave, thousandths; those who come have the rest.

    Returns
    -------
    int
        Households; a bound for every weight from 0 to 1,000.
    """
    # Households of no grid or no community today may come unaffected.
    total = -(WEIGHTS - weight) * int(needs["nowhere"])
    for community, grids in needs["grids_of"].items():
        choices = _choices(needs["community"].get(community), [needs["grid"][g] for g in grids])
        total += min(weight * leave + (WEIGHTS - weight) * lack for leave, lack in choices)
    return max(
        *(level_bound(needs, level) for level in ("grid", "community")), -(-total // WEIGHTS)
    )


def _choices(own: dict[str, Any] | None, grids: list[dict[str, Any]]) -> list[tuple[int, int]]:
    size, leave, lack = _need(own or {"size": 0})
    needs = [_need(grid) for grid in grids]
    short = sorted((n for n in needs if n[2]), key=lambda n: -n[2])[:MOST_SHORT]
    out = sum(n[1] for n in needs)
    choices = [(size, 0)] if lack else []
    for k in range(len(short) + 1):
        for kept in combinations(range(len(short)), k):
            gone = sum(n[0] for i, n in enumerate(short) if i not in kept)
            come = sum(short[i][2] for i in kept)
            choices.append((max(leave, out + gone), max(lack, come)))
    return choices


def _need(zone: dict[str, Any]) -> tuple[int, int, int]:
    """Give the households of a zone, the fewest that must leave it, and what it lacks."""
    leave = least_to_leave(zone["units"], zone["excess"]) if "units" in zone else 0
    return zone["size"], leave, zone.get("lack", 0)


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
    zones = {z: n for z, n in _zones_out(rows, rules, level).items() if z not in special}
    free = int((rows[f"previous_{level}_id"] == "").sum())
    return level_bound({level: zones, "free": {level: free}}, level)


def level_bound(needs: dict[str, Any], level: str) -> int:
    """
    Bound the households that change their grid, or their community.

    Whole units leave a zone over its maximum; a zone under its minimum receives what it lacks or
    is closed. The least of ``max(leave + closed, lack)`` over the sets of zones to close is found
    by a table over the households closed.

    Parameters
    ----------
    needs
        As :func:`needs_of` gives them.
    level
        `grid` or `community`.
    """
    zones = [_need(zone) for zone in needs[level].values()]
    leave = sum(zone[1] for zone in zones)
    short = [(size, lack) for size, _, lack in zones if lack]
    # spared[c]: the most lack that closing grids of c households in all does away with.
    spared = np.full(sum(size for size, _ in short) + 1, -1, np.int64)
    spared[0] = 0
    for size, lack in short:
        grown = np.where(spared >= 0, spared + lack, -1)
        spared[size:] = np.maximum(spared[size:], grown[:-size])
    closed = np.flatnonzero(spared >= 0)
    # Those of no zone today come without changing any.
    come = sum(lack for _, lack in short) - spared[closed] - needs["free"][level]
    return int(np.maximum(leave + closed, come).min())
