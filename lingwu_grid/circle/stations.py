"""Stations: their ids, their load, and what a planner must be told about them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.policy import FLOOR_M2_PER_100_HOUSEHOLDS, SERVICE_MINUTES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.circle.attaching import Attachment
    from lingwu_grid.ingest.study import Study


LOST_SHARE = 0.05
"""Share of households without any way above which the drawing is in doubt, not the town."""


def require_positive(word: str, value: float, remedy: str) -> None:
    """
    Refuse a setting that is no positive number.

    Raises
    ------
    InputError
        If it is zero, negative, infinite or no number.
    """
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{word}须是大于 0 的数，现在是 {value}", remedy=remedy)


def unique_ids(given: pd.Series, stem: str) -> tuple[NDArray[np.object_], list[str]]:
    """
    Give every row an id of its own: the given one, else its number in the table.

    Parameters
    ----------
    given
        Ids; empty or missing for none.
    stem
        Stands before the number of a row without an id.

    Returns
    -------
    tuple
        Ids, a second one of a kind with "-2" behind it; and those that came more than once.

    Examples
    --------
    >>> ids, doubled = unique_ids(pd.Series(["A", " A ", "", "A-2"]), "驿站")
    >>> ids.tolist(), doubled
    (['A', 'A-3', '驿站3', 'A-2'], ['A'])
    """
    own = given.fillna("").astype(str).str.strip().tolist()
    wanted = [name or f"{stem}{i + 1}" for i, name in enumerate(own)]
    taken, seen = set(wanted), set[str]()
    ids, doubled = [], []
    for name in wanted:
        free, number = name, 2
        while free in seen or (free != name and free in taken):
            free, number = f"{name}-{number}", number + 1
        if free != name:
            doubled.append(name)
        seen.add(free)
        ids.append(free)
    return np.array(ids, object), sorted(set(doubled))


def known_floor(given: pd.Series) -> tuple[NDArray[np.float64], int]:
    """Give floor areas, unknown where they are no positive number; and how many were wrong."""
    area = pd.to_numeric(given, errors="coerce").to_numpy(float)
    good = np.isfinite(area) & (area > 0)
    return np.where(good, area, np.nan), int((~good & ~np.isnan(area)).sum())


def told_of_rows(word: str, table: str, doubled: list[str], wrong: int) -> tuple[str, ...]:
    """Say in sentences what was mended in the rows of stations or premises."""
    notes = []
    if doubled:
        notes.append(
            f"{word}编号有重复：{'、'.join(doubled[:8])}；后面的加了“-2”等以示区别，"
            f"在 {table} 表里改成各不相同的编号"
        )
    if wrong:
        notes.append(
            f"{wrong} 处{word}的面积不是大于 0 的数，按不知道面积算；改正 {table} 表的面积列"
        )
    return tuple(notes)


def stations_of(study: Study) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Give the stations with an id of their own and the floor that is known; and what to say."""
    sites = study.table("stations")
    ids, doubled = unique_ids(sites["station_id"], "驿站")
    floor, wrong = known_floor(sites["floor_area_m2"])
    told = told_of_rows("驿站", "stations", doubled, wrong)
    return sites.assign(station_id=ids, floor_area_m2=floor), told


def station_table(
    sites: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, station: NDArray[np.int64], speed: float
) -> gpd.GeoDataFrame:
    """
    Count the households of each station and set its floor area beside them.

    Parameters
    ----------
    sites
        What :func:`stations_of` gave.
    homes
        With households and metres.
    station
        Row in `sites` of the nearest station of each home; -1 for none.
    speed
        Metres a second.
    """
    households = homes["households"].to_numpy(np.int64)
    near = homes["metres"].to_numpy(float) <= SERVICE_MINUTES * 60 * speed
    table = sites.assign(
        households=_counted(station, households, len(sites)),
        households_15=_counted(station[near], households[near], len(sites)),
    )
    crowd = table["households"].where(table["households"] > 0)
    table["m2_per_100"] = (100 * table["floor_area_m2"] / crowd).round(1)
    table["overloaded"] = (table["m2_per_100"] < FLOOR_M2_PER_100_HOUSEHOLDS).fillna(value=False)
    wanted = ["station_id", "name", "floor_area_m2", "households", "households_15", "m2_per_100",
              "overloaded", "geometry"]  # fmt: skip
    return table[wanted]


def _counted(
    station: NDArray[np.int64], households: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    known = station >= 0
    total = np.bincount(station[known], weights=households[known], minlength=count)
    return total.astype(np.int64)


def notes_on(
    summary: dict[str, Any], stations: gpd.GeoDataFrame, at_site: Attachment, *, has_roads: bool
) -> list[str]:
    """
    Say in sentences what makes the figures less than they seem.

    Parameters
    ----------
    summary
        Counts of the coverage.
    stations
        With their load.
    at_site
        Where each joins the streets.
    has_roads
        Whether any street is known.
    """
    if not len(stations):
        return [
            "还没有邻里驿家：所有住户都算作 15 分钟以外；补上 stations（邻里驿家）的点，"
            "或用 --stations 选第一处的位置"
        ]
    notes = []
    if not has_roads:
        notes.append(f"{summary['method']}；河渠、铁路、围墙都没有算进去，补上道路后须重算")
    off = stations[~at_site.is_joined] if has_roads else stations.iloc[:0]
    notes += [
        f"驿站 {row.name or row.station_id} 不在步行网络上（800 米内没有走得到的道路），"
        "没有计入；核对它的坐标，或补画门前的路"
        for row in off.itertuples(index=False)
    ]
    if summary["unreachable"] > LOST_SHARE * summary["households"]:
        notes.append(
            f"有 {summary['unreachable'] / summary['households']:.0%} 的户走不到任何驿站："
            "多半是图画错了（围墙没有门、桥没有标、道路没有接上），"
            "先运行 python -m lingwu_grid.check 核对，再用这些数"
        )
    if summary["unreachable"]:
        notes.append(
            f"{summary['unreachable']} 户没有路通到任何驿站；核对小区大门、桥和断头路是否漏画"
        )
    if summary["network_pieces"] > 1:
        notes.append(f"道路分成互不相通的 {summary['network_pieces']} 片")
    crowded = stations[stations["overloaded"]].sort_values("m2_per_100")
    if len(crowded):
        each = "、".join(
            f"{row.name or row.station_id} {row.m2_per_100}"
            for row in crowded.itertuples(index=False)
        )
        notes.append(
            f"{len(crowded)} 个驿站每百户不足 {FLOOR_M2_PER_100_HOUSEHOLDS} 平方米：{each}"
        )
    unknown = int(stations["floor_area_m2"].isna().sum())
    if unknown:
        notes.append(f"{unknown} 个驿站没有填面积，不能判断是否超载")
    return notes
