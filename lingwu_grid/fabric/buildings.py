"""Buildings: homes grouped by the house they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.ingest.recurring import place_of_number, walls_round

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study


class Buildings(NamedTuple):
    """Homes grouped by building; a household without a building id counts by its place."""

    point: NDArray[np.object_]
    footprint: NDArray[np.object_]
    """None where there is none."""
    compound: NDArray[np.object_]
    """Compound id; empty for none."""
    of_household: NDArray[np.int64]


def gather_buildings(study: Study) -> Buildings:
    """
    Group households into buildings.

    Parameters
    ----------
    study
        Households; buildings give footprints and compounds where they have the same id.

    Returns
    -------
    Buildings
        In the order of their first household.
    """
    homes = study.households
    xy = np.round(shapely.get_coordinates(homes.geometry.to_numpy())).astype(np.int64)
    # One place to the metre is one building, where the office has no building numbers.
    place = pd.Series(xy[:, 0]).astype(str) + "," + pd.Series(xy[:, 1]).astype(str)
    key = homes["building_id"].where(homes["building_id"] != "", "@" + place)
    walls = study.table("compounds")
    again = place_of_number(homes, walls)
    of_household, pairs = pd.factorize(pd.MultiIndex.from_arrays([key, again]))
    names, at = pairs.get_level_values(0), pairs.get_level_values(1).to_numpy()
    first = np.unique(of_household, return_index=True)[1]
    known = study.table("buildings").drop_duplicates("building_id").set_index("building_id")
    footprint = known.geometry.reindex(names).to_numpy()
    point = homes.geometry.to_numpy()[first]
    footprint[at > 0] = None
    if len(known) and (at > 0).any():
        # A number that recurs names no footprint: the one under its homes is theirs.
        shapes = study.table("buildings").geometry.to_numpy()
        several = np.flatnonzero(at > 0)
        house, shape = shapely.STRtree(shapes).query(point[several], "intersects")
        footprint[several[house[::-1]]] = shapes[shape[::-1]]
    compound = homes["compound_id"].to_numpy(object)[first]
    if len(known):
        theirs = known["compound_id"].reindex(names).fillna("").to_numpy(object)
        compound = np.where((compound == "") & (at == 0), theirs, compound)
    compound = np.where(compound == "", walls_round(point, walls), compound)
    return Buildings(point, footprint, compound, of_household)
