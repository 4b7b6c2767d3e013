"""Buildings: where each stands in the plan, counted from its households."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.planning.lookups import named

if TYPE_CHECKING:
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

KEYS = (
    "building_id", "compound_id", "community_id", "grid_id", "previous_community_id",
    "previous_grid_id",
)  # fmt: skip


def make_buildings(study: Study, fabric: Fabric, assignment: pd.DataFrame) -> pd.DataFrame:
    """
    Count the households of every building, with its compound and its zones.

    Parameters
    ----------
    study
        Households and compounds.
    fabric
        Units: a household without a building stands under its unit.
    assignment
        Zones of each household, in the order of ``study.households``.

    Returns
    -------
    pandas.DataFrame
        building_id, building_name, compound_id, compound_name, community_id, grid_id,
        previous_community_id, previous_grid_id, households. A building that today's map cuts has
        a row for each of its parts.
    """
    people = study.households
    unit = fabric.unit_of_household
    compound = fabric.units["compound_id"].to_numpy(object)[unit]
    building = people["building_id"].fillna("").to_numpy(object)
    table = assignment[list(KEYS[2:])].assign(
        building_id=np.where(building == "", assignment["unit_id"].to_numpy(object), building),
        compound_id=np.where(pd.isna(compound), "", compound),
    )
    rows = table.groupby(list(KEYS)).size().rename("households").reset_index()
    names = {
        key: study.table(name).drop_duplicates(key).set_index(key)["name"]
        for name, key in (("buildings", "building_id"), ("compounds", "compound_id"))
    }
    for key, known in names.items():
        rows[key.replace("_id", "_name")] = named(rows[key], known)
    return rows[
        ["building_id", "building_name", "compound_id", "compound_name", *KEYS[2:], "households"]
    ]
