"""The change register: who changes zone, by compound or building."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.lawful import moves
from lingwu_grid.planning.lineage import NEW

if TYPE_CHECKING:
    import pandas as pd

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study


def make_changes(study: Study, fabric: Fabric, assignment: pd.DataFrame) -> pd.DataFrame:
    """
    List who changes, by compound or building: old and new grid and community, households.

    Parameters
    ----------
    study, fabric
        Compounds and buildings.
    assignment
        Zones of each household, before and now, in the order of ``study.households``.
    """
    keys = ["compound_id", "previous_grid_id", "grid_id", "previous_community_id", "community_id"]
    table = assignment.assign(
        compound_id=fabric.units["compound_id"].to_numpy()[fabric.unit_of_household],
        building_id=study.households["building_id"].to_numpy(),
    )
    gone = table[moves(table, "grid") | moves(table, "community")]
    gone = gone.assign(building_id=gone["building_id"].where(gone["compound_id"] == "", ""))
    rows = gone.groupby(["compound_id", "building_id", *keys[1:]]).size()
    out = rows.rename("households").reset_index()
    is_new = ~out["grid_id"].isin(fabric.places.grid_ids)
    same_grid = out["previous_grid_id"] == out["grid_id"]
    out["reason"] = np.select(
        [same_grid, is_new],
        ["网格整体划入另一社区，使社区户数合规", f"原网格超限，{NEW}网格"],
        "调整后新旧网格户数合规",
    )
    return out
