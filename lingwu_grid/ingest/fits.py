"""
Tell by fit whether a table lies in shifted degrees.

Households lie in their buildings and lines keep clear of houses; in shifted degrees they do not.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.findings import Finding
from lingwu_grid.ingest.datum import Datum, back
from lingwu_grid.ingest.systems import DEGREES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

SAMPLE = 1500
NEAR_M = 20.0
FEWEST = 20
"""So many houses are needed to tell anything by."""
FEW_POINTS = 30
"""Points of fewer rows fit better elsewhere by chance: a dozen stations in a small town do."""
CLEARLY = 0.3
CUTS = 0.05
"""Lines that run through houses, or leave houses outside them, by more than this are in doubt."""

METRE = 1 / 111_000
LINES = ("roads", "barriers", "grids", "communities", "outline", "compounds", "subdistricts")
POINTS = ("households", "stations", "premises")
WORDS = {"gcj02": "GCJ-02（高德、腾讯地图）", "bd09": "BD-09（百度地图）"}
SHIFTED: tuple[Datum, ...] = ("gcj02", "bd09")


class _Houses(NamedTuple):
    tree: shapely.STRtree
    ids: pd.Index
    sample: NDArray[np.float64]


class _Verdict(NamedTuple):
    """What a table says of itself and of the houses: the datum each would have to be taken from."""

    own: Datum
    houses: Datum


def take_back(frame: gpd.GeoDataFrame, datum: Datum) -> gpd.GeoDataFrame:
    """
    Take a table in shifted degrees back to CGCS2000.

    Parameters
    ----------
    frame
        Any CRS; projected metres are taken to degrees first.
    datum
        `gcj02`, `bd09`; `cgcs2000` changes nothing.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490, or the table itself.
    """
    if datum == "cgcs2000":
        return frame
    degrees = frame.geometry.to_crs(DEGREES).to_numpy()
    moved = shapely.transform(degrees, lambda c: back(c, datum))
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=DEGREES))


def suspect(
    tables: list[tuple[str, str, gpd.GeoDataFrame]], known: Mapping[str, str]
) -> dict[int, Datum]:
    """
    Tell which tables are in shifted degrees.

    Parameters
    ----------
    tables
        Name, label and content of each, any CRS.
    known
        Datum by table, where the rules settle it: such a table is not doubted.

    Returns
    -------
    dict
        Place in the list to `gcj02` or `bd09`; only where the fit is far better so. Of a table of
        fewer than 30 points it is worth a warning only (:func:`doubt`).
    """
    house_at = next(
        (i for i, (name, _, t) in enumerate(tables) if name == "buildings" and len(t) >= FEWEST),
        None,
    )
    if house_at is None:
        return {}
    houses = tables[house_at][2]

    @cache
    def shapes(datum: Datum) -> _Houses:
        return _houses(take_back(houses, datum))

    verdicts: dict[int, _Verdict] = {}
    for i, (name, _, table) in enumerate(tables):
        verdict = None if i == house_at else _verdict(name, table, shapes)
        if verdict is not None:
            verdicts[i] = verdict
    against: dict[Datum, list[int]] = {
        d: [i for i, v in verdicts.items() if v.houses == d] for d in SHIFTED
    }
    worst = max(SHIFTED, key=lambda d: len(against[d]))
    lines = [i for i in verdicts if tables[i][0] in LINES]
    if len(against[worst]) * 2 > max(len(lines), 1):
        agree = [i for i, v in verdicts.items() if v == _Verdict("cgcs2000", "cgcs2000")]
        found = {house_at: worst} | {i: worst for i in agree if tables[i][0] in POINTS}
    else:
        found = {i: v.own for i, v in verdicts.items() if v.own != "cgcs2000"}
    return {i: d for i, d in found.items() if tables[i][0] not in known and "all" not in known}


def doubt(name: str, label: str, datum: Datum, rows: int) -> Finding:
    """Say that a table looks shifted, and what to do; a few points alone stop nothing."""
    return Finding(
        "warning" if name in POINTS and rows < FEW_POINTS else "error",
        "datum_suspected",
        name,
        label,
        f"坐标像是 {WORDS[datum]}：换算后与楼栋、道路吻合，照原样读则整体偏移约 500 米",
        f'加 --datum auto 按判断换算，或在 rules.toml 写 [datum] {name} = "{datum}"；'
        f'确信没有偏移则写 {name} = "cgcs2000"',
    )


def _houses(table: gpd.GeoDataFrame) -> _Houses:
    shapes = table.geometry.to_crs(DEGREES).to_numpy()
    ids = table["building_id"] if "building_id" in table else np.arange(len(table)).astype(str)
    few = shapes[:: max(1, len(shapes) // SAMPLE)]
    middles = shapely.get_coordinates(shapely.centroid(few))
    return _Houses(shapely.STRtree(shapes), pd.Index(ids, dtype=object), middles)


def _verdict(
    name: str, table: gpd.GeoDataFrame, houses: Callable[[Datum], _Houses]
) -> _Verdict | None:
    """Compare five readings: as it is, this table taken back, the houses taken back."""
    if name not in LINES + POINTS or not len(table):
        return None
    sample = _sampled(name, table)
    if len(sample) < 5:
        return None
    lonlat = shapely.get_coordinates(sample.geometry.to_crs(DEGREES).to_numpy())
    own_house = (
        sample["building_id"].to_numpy(object)
        if name == "households" and "building_id" in sample
        else None
    )

    def near(way: _Verdict) -> float:
        return _misfit_or_share(back(lonlat, way.own), houses(way.houses), own_house, name)

    as_is = _Verdict("cgcs2000", "cgcs2000")
    share = near(as_is)
    if share > 1 - CLEARLY if name in POINTS else share < CUTS:
        return as_is
    ways = [_Verdict(d, "cgcs2000") for d in SHIFTED] + [_Verdict("cgcs2000", d) for d in SHIFTED]
    shares = [near(way) for way in ways]
    if name in POINTS:
        best = int(np.argmax(shares))
        clear = shares[best] - share >= CLEARLY
    else:
        best = int(np.argmin(shares))
        clear = shares[best] <= share / 4
    # A shift of the houses is the other way round of the table's: the other tables tell which.
    return ways[best] if clear else as_is


def _sampled(name: str, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    usable = table[table.geometry.notna() & ~table.geometry.is_empty]
    if name in POINTS:
        return usable.iloc[:: max(1, len(usable) // SAMPLE)]
    shapes = usable.geometry.to_crs(DEGREES).to_numpy()
    lines = np.where(np.isin(shapely.get_type_id(shapes), (3, 6)), shapely.boundary(shapes), shapes)
    lines = shapely.get_parts(lines)
    lines = lines[np.isin(shapely.get_type_id(lines), (1, 2))]
    length = shapely.length(lines)
    if not length.sum() > 0:
        return usable.iloc[:0]
    end = np.cumsum(length)
    at = (np.arange(SAMPLE) + 0.5) * end[-1] / SAMPLE
    line = np.searchsorted(end, at)
    points = shapely.line_interpolate_point(lines[line], at - (end - length)[line])
    return gpd.GeoDataFrame(geometry=points, crs=DEGREES)


def _misfit_or_share(
    lonlat: NDArray[np.float64],
    houses: _Houses,
    own_house: NDArray[np.object_] | None,
    name: str,
) -> float:
    """Give the share of points in or by their house; of lines, how badly they fit the houses."""
    points = shapely.points(lonlat)
    if name not in POINTS:
        point, _ = houses.tree.query(points, predicate="intersects")
        low, high = lonlat.min(axis=0), lonlat.max(axis=0)
        beyond = ((houses.sample < low) | (houses.sample > high)).any(axis=1).mean()
        return len(np.unique(point)) / len(points) + float(beyond)
    point, house = houses.tree.query(points, predicate="dwithin", distance=NEAR_M * METRE)
    if own_house is not None:
        named = pd.Index(own_house, dtype=object).isin(houses.ids) & (own_house != "")
        if named.sum() >= FEWEST:
            own = houses.ids.to_numpy(object)[house] == own_house[point]
            return len(np.unique(point[own])) / int(named.sum())
    return len(np.unique(point)) / len(points)
