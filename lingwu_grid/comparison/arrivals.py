"""Arrivals: who came, who left and who moved house since a plan was adopted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study

SAME_PLACE_M = 1.0
"""Homes are compared by places rounded so: two drawings of one point."""

WAYS = ("户编号", "地址", "位置")
"""How a household is found again, the surest first."""


@dataclass(frozen=True)
class Arrivals:
    """
    Households of an adopted plan and of a later file, matched.

    Parameters
    ----------
    rows
        One row a household of either: old_id, new_id (empty for none), how (of `WAYS`, empty for
        no match), old_grid_id, new_grid_id, old_community_id, new_community_id: where it was in
        the adopted plan, and whose ground of that plan it is on now.
    """

    rows: pd.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """How many stayed, moved house, came and left; and how those that stayed were found."""
        rows = self.rows
        both = (rows["old_id"] != "") & (rows["new_id"] != "")
        moved = both & (rows["old_grid_id"] != rows["new_grid_id"])
        found = {f"found_by_{i + 1}": int((rows["how"] == way).sum()) for i, way in enumerate(WAYS)}
        return {
            "stayed": int((both & ~moved).sum()),
            "moved_house": int(moved.sum()),
            "came": int((rows["old_id"] == "").sum()),
            "left": int((rows["new_id"] == "").sum()),
        } | found


def arrivals(adopted: pd.DataFrame, study: Study, before: Study | None = None) -> Arrivals:
    """
    Find the households of an adopted plan again in a later file.

    Parameters
    ----------
    adopted
        ``assignment.csv`` of the plan.
    study
        The later file, with the plan's grids as today's: its households know whose ground they
        are on (columns grid_id, community_id).
    before
        The file the plan was made from. With it a household whose number changed is found by its
        address, then by its place; an address or place that two have tells nothing.

    Returns
    -------
    Arrivals
        Every household of both, once.
    """
    old = adopted[["household_id", "grid_id", "community_id"]].astype(str)
    new = pd.DataFrame(study.households[["household_id", "grid_id", "community_id"]]).astype(str)
    pairs = pd.DataFrame({"old": old["household_id"], "new": old["household_id"], "how": WAYS[0]})
    pairs = pairs[pairs["new"].isin(new["household_id"])]
    if before is not None:
        for way, key in ((WAYS[1], _addresses), (WAYS[2], _places)):
            left = ~old["household_id"].isin(pairs["old"])
            free = ~new["household_id"].isin(pairs["new"])
            was, now = key(before), key(study)
            was = was[was.index.isin(old.loc[left, "household_id"])]
            now = now[now.index.isin(new.loc[free, "household_id"])]
            found = _alike(was, now)
            pairs = pd.concat([pairs, found.assign(how=way)], ignore_index=True)
    every = pairs.merge(old, left_on="old", right_on="household_id", how="outer")
    every["old"] = every["household_id"].fillna("")
    every = every.drop(columns="household_id").merge(
        new, left_on="new", right_on="household_id", how="outer", suffixes=("_old", "_new")
    )
    rows = pd.DataFrame(
        {
            "old_id": every["old"], "new_id": every["household_id"], "how": every["how"],
            "old_grid_id": every["grid_id_old"], "new_grid_id": every["grid_id_new"],
            "old_community_id": every["community_id_old"],
            "new_community_id": every["community_id_new"],
        }
    ).fillna("")  # fmt: skip
    return Arrivals(rows.sort_values(["old_id", "new_id"]).reset_index(drop=True))


def _addresses(study: Study) -> pd.Series:
    homes = study.households
    text = homes["address"].fillna("").astype(str).str.replace(r"\s", "", regex=True)
    return _once(pd.Series(text.to_numpy(object), homes["household_id"].astype(str)))


def _places(study: Study) -> pd.Series:
    homes = study.households
    xy = np.round(shapely.get_coordinates(homes.geometry.to_numpy()) / SAME_PLACE_M).astype(
        np.int64
    )
    key = pd.DataFrame(xy, index=homes.index).astype(str)
    text = homes["building_id"].fillna("").astype(str) + " " + key[0] + " " + key[1]
    return _once(pd.Series(text.to_numpy(object), homes["household_id"].astype(str)))


def _once(keys: pd.Series) -> pd.Series:
    """Keep what only one household has."""
    return keys[(keys != "") & ~keys.duplicated(keep=False)]


def _alike(was: pd.Series, now: pd.Series) -> pd.DataFrame:
    """Pair the households that have one key."""
    old = pd.DataFrame({"key": was.to_numpy(object), "old": was.index})
    new = pd.DataFrame({"key": now.to_numpy(object), "new": now.index})
    return old.merge(new, on="key")[["old", "new"]]
