"""House numbers that recur: "10号楼" of every compound is one building per place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.graph import linked

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

APART_M = 200.0
"""Homes of one house number over a wider stretch than this stand in several houses."""

TOGETHER_M = 40.0
"""Homes this near to each other, number and compound equal, stand in one house."""


def place_of_number(
    rows: gpd.GeoDataFrame, walls: gpd.GeoDataFrame | None = None
) -> NDArray[np.int64]:
    """
    Tell the places of house numbers that recur.

    Parameters
    ----------
    rows
        building_id, compound_id and points or footprints in metres; every row has a place.
    walls
        Compounds: a row that names none belongs to the one whose walls hold it.

    Returns
    -------
    NDArray[np.int64]
        0 for a number that stands in one place (and for no number); else the place, from 1,
        shape (n_rows,). Number and place together name one house.
    """
    return _places(rows, *_spans(rows), walls)


def _places(
    rows: gpd.GeoDataFrame,
    number: NDArray[np.int64],
    span: NDArray[np.float64],
    walls: gpd.GeoDataFrame | None,
) -> NDArray[np.int64]:
    place = np.zeros(len(rows), np.int64)
    row = np.flatnonzero((number >= 0) & (np.append(span, 0.0)[number] > APART_M))
    if not len(row):
        return place
    compound = pd.factorize(_compound_of(rows.iloc[row], walls))[0]
    pair = pd.factorize(pd.MultiIndex.from_arrays([number[row], compound]))[0]
    # Lifted to a height of its own, no pair is near another.
    xy = _middles(rows.iloc[row])
    spot, of_row = np.unique(np.column_stack([xy, pair * 1e6]), axis=0, return_inverse=True)
    near = cKDTree(spot).query_pairs(TOGETHER_M, output_type="ndarray")
    place[row] = linked(len(spot), near[:, 0], near[:, 1])[of_row] + 1
    return place


def _compound_of(rows: gpd.GeoDataFrame, walls: gpd.GeoDataFrame | None) -> NDArray[np.object_]:
    own = rows["compound_id"].to_numpy(object)
    if walls is None:
        return np.asarray(own)
    return np.where(own == "", walls_round(shapely.points(_middles(rows)), walls), own)


def walls_round(points: NDArray[np.object_], walls: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Give the id of the first compound that holds each point; empty for none."""
    inside = np.full(len(points), "", object)
    if len(walls):
        hit, wall = shapely.STRtree(walls.geometry.to_numpy()).query(points, predicate="within")
        inside[hit[::-1]] = walls["compound_id"].to_numpy(object)[wall[::-1]]
    return inside


def recurring(rows: gpd.GeoDataFrame, walls: gpd.GeoDataFrame | None = None) -> list[Finding]:
    """
    Tell which house numbers recur, and how far apart they stand.

    Parameters
    ----------
    rows, walls
        As for :func:`place_of_number`.

    Returns
    -------
    list[Finding]
        One for each number.
    """
    number, span = _spans(rows)
    place = _places(rows, number, span, walls)
    again = place > 0
    if not again.any():
        return []
    frame = pd.DataFrame({"number": number[again], "place": place[again]})
    counts = frame.drop_duplicates().groupby("number").size()
    names = pd.Series(rows["building_id"].to_numpy(object)[again], index=number[again])
    names = names[~names.index.duplicated()].reindex(counts.index)
    far = span[counts.index.to_numpy()]
    said = [
        f"楼栋“{name}”的户相距 {m / 1000:.1f} 公里，不是一栋楼：按小区和位置分成 {n} 栋"
        for name, m, n in zip(names, far, counts, strict=True)
    ]
    kind = Finding(
        "warning", "building_recurs", "households", "", "",
        "核对小区列；最好给每栋楼一个不重复的编号，例如“小区名+楼号”",
    )  # fmt: skip
    return each(kind, names.tolist(), messages=said)


def _spans(rows: gpd.GeoDataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the number of each row (-1 for none) and how wide each number is spread, metres."""
    ids = rows["building_id"].astype(object)
    number, names = pd.factorize(ids.where(ids != "", None))
    xy = pd.DataFrame(_middles(rows))
    held = number >= 0
    box = xy[held].groupby(number[held]).agg(["min", "max"]).to_numpy()
    span = np.zeros(len(names))
    span[:] = np.hypot(box[:, 1] - box[:, 0], box[:, 3] - box[:, 2]) if len(names) else span
    return number.astype(np.int64), span


def _middles(rows: gpd.GeoDataFrame) -> NDArray[np.float64]:
    shapes = rows.geometry.to_numpy()
    middles: NDArray[np.float64] = np.column_stack(
        [shapely.get_x(at := shapely.centroid(shapes)), shapely.get_y(at)]
    )
    return middles
