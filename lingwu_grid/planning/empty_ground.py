"""Ground where nobody lives that changes its grid: it moves nobody, and is told all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.lawful import followed
from lingwu_grid.planning.drawn import communities_of_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.planning.drawn import Drawn

LEAST_M2 = 500.0
"""Less ground without homes is not worth a word: a verge, a yard."""


def bare_areas(drawn: Drawn, table: pd.DataFrame) -> NDArray[np.float64]:
    """Give the square metres without homes of each story; one row a story, `unit_numbers`."""
    units = drawn.fabric.units
    bare = np.where(units["households"].to_numpy() == 0, units.geometry.area.to_numpy(), 0.0)
    return np.array([bare[np.asarray(numbers)].sum() for numbers in table["unit_numbers"]])


def moved_ground(drawn: Drawn, ways: pd.DataFrame) -> pd.DataFrame:
    """
    Give the units without homes whose grid changes, and those of grids that pass as a whole.

    Parameters
    ----------
    drawn
        A plan and the day before it.
    ways
        Grids and communities, today and in the plan, that households go between. Ground between
        two grids that households go between goes with them, whatever its community.
    """
    fabric, names = drawn.fabric, drawn.names
    communities = np.array([*fabric.places.community_ids, ""], object)
    was, now = fabric.codes_today(), np.array(names.grid_of_unit, object)
    ground = pd.DataFrame(
        {
            "unit": np.arange(len(now)),
            "previous_grid_id": was,
            "grid_id": now,
            "previous_community_id": communities[fabric.community_now],
            "community_id": communities_of_units(drawn),
        }
    )
    ground = ground[(fabric.units["households"].to_numpy() == 0) & (was != "") & (was != now)]
    keys = ["previous_grid_id", "grid_id"]
    shared = ground[["unit", *keys]].merge(ways.drop_duplicates(), on=keys)
    other = ground[~ground["unit"].isin(shared["unit"])]
    stays = followed(other["previous_grid_id"], names.recoded) == other["grid_id"].to_numpy(object)
    return pd.concat([shared, other[~stays]], ignore_index=True).assign(households=0)
