"""Drift: how the zones of an adopted plan fill and empty, and when they leave their range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.lawful import community_bands, grid_bands

if TYPE_CHECKING:
    from lingwu_grid.comparison.arrivals import Arrivals
    from lingwu_grid.contract.rules import Rules

AHEAD = 10
"""Years that are looked ahead."""
TOLD = 3
"""Years of which the expected households are told."""
NOBODYS = "（不属任何网格）"


def drift(found: Arrivals, zones: pd.DataFrame, rules: Rules, years: float = 1.0) -> pd.DataFrame:
    """
    Count what has become of every grid and community of an adopted plan.

    Parameters
    ----------
    found
        The households of the plan and of the later file, matched.
    zones
        The plan's zones with the later households, as :func:`~lingwu_grid.audit.today.today` has
        them.
    rules
        What zones may have.
    years
        Between the two.

    Returns
    -------
    pandas.DataFrame
        level, zone_id, name, adopted, left, moved_out, came, moved_in, now (adopted − left −
        moved_out + came + moved_in, to the household), standing, per_year, expected_1 … 3, and
        first_year_out: whole years until the zone leaves its range if it goes on so; 0 where it
        is out already, empty where not within ten years. A straight line through two counts: it
        knows nothing of what is being built.
    """
    tables = [_level(found, zones, rules, level, key, years) for level, key in
              (("网格", "grid"), ("社区", "community"))]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def _level(
    found: Arrivals, zones: pd.DataFrame, rules: Rules, level: str, key: str, years: float
) -> pd.DataFrame:
    rows = found.rows
    old, new = rows[f"old_{key}_id"], rows[f"new_{key}_id"]
    was, is_now = rows["old_id"] != "", rows["new_id"] != ""
    mine = zones[zones["level"] == level]
    ids = sorted({*mine["zone_id"], *old[was], *new[is_now]})

    def count(of: pd.Series, chosen: pd.Series) -> np.ndarray:
        counted: np.ndarray = (
            of[chosen].value_counts().reindex(ids, fill_value=0).to_numpy(np.int64)
        )
        return counted

    is_moved = was & is_now & (old != new)
    table = pd.DataFrame(
        {
            "level": level, "zone_id": ids,
            "adopted": count(old, was), "left": count(old, was & ~is_now),
            "moved_out": count(old, is_moved), "came": count(new, ~was & is_now),
            "moved_in": count(new, is_moved), "now": count(new, is_now),
        }
    )  # fmt: skip
    called = mine.drop_duplicates("zone_id").set_index("zone_id")
    table.insert(2, "name", [NOBODYS if not z else called["name"].get(z, "") for z in ids])
    table["standing"] = [called["standing"].get(z, "") for z in ids]
    table["per_year"] = ((table["now"] - table["adopted"]) / years).round(1)
    for year in range(1, TOLD + 1):
        expected = table["now"] + year * (table["now"] - table["adopted"]) / years
        table[f"expected_{year}"] = expected.clip(lower=0).round().astype(np.int64)
    free = mine.loc[mine["kind"].isin(("special", "village")), "zone_id"]
    bands = (grid_bands if key == "grid" else community_bands)(rules, free)
    table["first_year_out"] = [
        "" if not z else _first_out(n, (n - before) / years, *bands.of(z)[:2])
        for z, n, before in zip(ids, table["now"].tolist(), table["adopted"].tolist(), strict=True)
    ]
    return table


def _first_out(now: int, per_year: float, lower: int, upper: int) -> str:
    """
    Tell in how many years a count leaves its range on a straight line.

    Examples
    --------
    >>> [_first_out(n, 10.0, 300, 500) for n in (480, 490, 491, 501, 100)]
    ['3', '2', '1', '0', '0']
    >>> _first_out(480, 0.0, 300, 500), _first_out(305, -3.0, 300, 500)
    ('', '2')
    """
    for year in range(AHEAD + 1):
        if not lower <= now + year * per_year <= upper:
            return str(year)
    return ""
