"""Compounds: which stay whole, in how many units, and what ground is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.fabric.enclosures import label_by
from lingwu_grid.lawful import grid_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.buildings import Buildings
    from lingwu_grid.fabric.places import Places
    from lingwu_grid.ingest.study import Study


def today_of_buildings(study: Study, places: Places, buildings: Buildings) -> NDArray[np.int64]:
    """Tell today's grid of each building; -1 for none."""
    if len(study.table("grids")):
        return places.of_points(study, buildings.point)[0]
    grid = np.full(len(buildings.point), -1, np.int64)
    grid[buildings.of_household] = places.grid_code(study.households["grid_id"])
    return grid


def compound_keys(
    study: Study, buildings: Buildings, today: NDArray[np.int64]
) -> tuple[NDArray[np.int64], dict[str, dict[int, int]]]:
    """
    Give equal keys to the buildings of a compound kept whole, those in each grid of today.

    The second result has the keys of each such compound, by grid. A compound that lies in two
    grids today is two units: to gather it is for the planner to ask.
    """
    n = len(buildings.point)
    households = np.bincount(buildings.of_household, minlength=n)
    code, names = pd.factorize(pd.Series(buildings.compound))
    total = np.bincount(code, households)
    upper = grid_bands(study.rules, ()).wanted.upper
    keep = (total <= upper) & (np.asarray(names) != "") & study.rules.compounds_whole
    keep &= ~np.isin(np.asarray(names, str), study.rules.split_compounds)
    pairs, number = np.unique(np.stack([code, today], axis=1), axis=0, return_inverse=True)
    key = np.where(keep[code], n + number, np.arange(n))
    whole: dict[str, dict[int, int]] = {}
    for i, (c, grid) in enumerate(pairs.tolist()):
        if keep[c]:
            whole.setdefault(str(names[c]), {})[grid] = n + i
    return key, whole


def yards(
    study: Study,
    ground: tuple[NDArray[np.object_], NDArray[np.int64]],
    key: NDArray[np.int64],
    theirs: tuple[dict[str, dict[int, int]], NDArray[np.bool_]],
) -> NDArray[np.int64]:
    """
    Give the ground inside the wall of a whole compound to its part in the same grid.

    A strip in another grid stays there: today's border was drawn a metre off the wall.
    """
    whole, strip = theirs
    walls = study.table("compounds")
    inside = label_by(ground[0], walls.geometry.to_numpy())
    ids = walls["compound_id"].astype(str).tolist()
    yard = np.flatnonzero((key < 0) & (inside >= 0))
    out = key.copy()
    for cell, wall, grid in zip(
        yard.tolist(), inside[yard].tolist(), ground[1][yard].tolist(), strict=True
    ):
        parts = whole.get(ids[wall], {})
        alone = len(parts) == 1 and not strip[cell]
        out[cell] = parts.get(grid, next(iter(parts.values())) if alone else -1)
    return out


def compound_groups(
    study: Study, unit_of_building: NDArray[np.int64], buildings: Buildings, n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group the units of each compound that lies in several of them."""
    code, names = pd.factorize(pd.Series(buildings.compound))
    households = np.bincount(buildings.of_household)
    pairs = np.unique(np.stack([code, unit_of_building], axis=1), axis=0)
    several = np.bincount(pairs[:, 0], minlength=len(names)) > 1
    several &= (np.asarray(names) != "") & study.rules.compounds_whole
    several &= ~np.isin(np.asarray(names, str), study.rules.split_compounds)
    number = np.where(several, np.cumsum(several) - 1, -1)
    group = np.full(n, -1, np.int64)
    group[pairs[:, 1]] = number[pairs[:, 0]]
    total = np.bincount(code, households, minlength=len(names)).astype(np.int64)
    return group, total[several]
