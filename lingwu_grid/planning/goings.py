"""Who goes where, by zone, and how that is said beside a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.lawful import followed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def goals_of(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count the households of each grid and community of today by where they go."""
    goals: dict[str, dict[str, int]] = {}
    for level in ("grid", "community"):
        count = rows.groupby([f"previous_{level}_id", f"{level}_id"]).size()
        for (old, new), n in count.items():
            goals.setdefault(str(old), {})[str(new)] = int(n)
    return goals


def stayed_in(rows: pd.DataFrame, recoded: Mapping[str, str]) -> dict[str, int]:
    """Count the households of every grid and community that have it today and in the plan."""
    stayed: dict[str, int] = {}
    for before, after in (
        (followed(rows["previous_grid_id"], recoded), rows["grid_id"]),
        (rows["previous_community_id"], rows["community_id"]),
    ):
        same = after[after.to_numpy(object) == np.asarray(before, object)]
        stayed |= {str(code): int(n) for code, n in same.value_counts().items() if code}
    return stayed


def besides(today: int, joined: int, left: int) -> str:
    """
    Tell what other moves bring a zone and take from it: why a count is not that of today.

    Examples
    --------
    >>> besides(480, 60, 0), besides(480, 60, 20), besides(480, 0, 0)
    ('（现状 480 户，另有 60 户划入）', '（现状 480 户，另有 60 户划入、20 户划出）', '')
    """
    ways = [f"{n} 户划{way}" for n, way in ((joined, "入"), (left, "出")) if n]
    return f"（现状 {today} 户，另有 {'、'.join(ways)}）" if ways else ""
