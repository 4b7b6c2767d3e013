"""Borders between units, for the review page: how long, and how much of it follows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.fabric.adjacency import what_runs_here
from lingwu_grid.fabric.enclosures import Lines
from lingwu_grid.fabric.segments import matched, segments_of
from lingwu_grid.graph import Runs

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.planning.record import PlanRecord

LAYERS = {"roads": Runs.ROAD, "barriers": Runs.BARRIER, "compounds": Runs.WALL}
ZONES = ("grids", "communities")


def ground_of(record: PlanRecord, units: gpd.GeoDataFrame) -> dict[str, list[int]]:
    """
    Give what the clearness of borders is reckoned from, as ``score.js`` reads it.

    Parameters
    ----------
    record
        The plan.
    units
        Those of one street.

    Returns
    -------
    dict
        `pairs`: two units that touch, the metres of their border, and those that follow neither
        road, barrier, wall nor a border of today, and again; `rim`: metres of each unit's outline
        that borders no unit here; `area`: square metres of each.
    """
    shapes = units.to_crs(record.work_crs).geometry.to_numpy()
    segments, owner = segments_of(shapes)
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    a, b, which = matched(segments, owner)
    middle = shapely.points((segments[which, :2] + segments[which, 2:]) / 2)
    is_off = what_runs_here(middle, _lines(record)) == Runs.NOTHING
    shared = length[which]
    table = pd.DataFrame(
        {
            "a": np.minimum(a, b), "b": np.maximum(a, b),
            "length": shared, "off": np.where(is_off, shared, 0.0),
        }
    )  # fmt: skip
    pairs = table[table["a"] != table["b"]].groupby(["a", "b"], sort=True).sum().reset_index()
    rim: NDArray[np.float64] = np.bincount(owner, length, len(shapes)).astype(np.float64)
    for side in (a, b):
        rim -= np.bincount(side, shared, len(shapes))
    return {
        "pairs": _whole(pairs.to_numpy(np.float64).ravel()),
        "rim": _whole(rim),
        "area": _whole(shapely.area(shapes)),
    }


def _whole(values: NDArray[np.float64]) -> list[int]:
    whole: list[int] = np.round(values).astype(np.int64).tolist()
    return whole


def _lines(record: PlanRecord) -> Lines:
    """Collect what a border may run on, today's borders among it."""
    shapes, kinds = [], []
    for name, kind in [*LAYERS.items(), *((zone, Runs.OLD_BORDER) for zone in ZONES)]:
        table = record.backdrop.get(name)
        if table is None or not len(table):
            continue
        found = table.to_crs(record.work_crs).geometry.to_numpy()
        is_area = shapely.get_dimensions(found) == 2
        parts = shapely.get_parts(np.where(is_area, shapely.boundary(found), found))
        shapes.append(parts)
        kinds.append(np.full(len(parts), kind, np.int8))
    none = np.zeros(0, object)
    shape = np.concatenate(shapes) if shapes else none
    kind_of = np.concatenate(kinds) if kinds else np.zeros(0, np.int8)
    return Lines(shape, kind_of, np.full(len(shape), "", object))
