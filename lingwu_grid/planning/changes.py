"""The change register: who changes zone, by compound or building."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.lawful import affected

if TYPE_CHECKING:
    import pandas as pd

    from lingwu_grid.planning.drawn import Drawn

ZONES = ["previous_grid_id", "grid_id", "previous_community_id", "community_id"]


def make_changes(drawn: Drawn) -> pd.DataFrame:
    """
    List who changes, by compound or building: old and new grid and community, households.

    Parameters
    ----------
    drawn
        A plan with its stories: a row has the reason of the story most of it is in.
    """
    fabric, table = drawn.fabric, drawn.assignment
    table = table.assign(
        compound_id=fabric.units["compound_id"].to_numpy()[fabric.unit_of_household],
        building_id=drawn.study.households["building_id"].to_numpy(),
    )
    gone = table[affected(table, drawn.names.recoded)]
    gone = gone.assign(building_id=gone["building_id"].where(gone["compound_id"] == "", ""))
    told = drawn.stories[[*ZONES, "reason", "units"]]
    told = told.assign(unit_id=told["units"].str.split(" ")).explode("unit_id")
    gone = gone.merge(told.drop(columns="units"), on=[*ZONES, "unit_id"])
    keys = ["compound_id", "building_id", *ZONES]
    rows = gone.groupby([*keys, "reason"]).size().rename("households").reset_index()
    rows = rows.sort_values(
        [*keys, "households", "reason"], ascending=[True] * len(keys) + [False, True]
    )
    out = rows.groupby(keys).agg(households=("households", "sum"), reason=("reason", "first"))
    return out.reset_index()
