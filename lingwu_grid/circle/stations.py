"""Stations: their ids, their load, and what a planner must be told about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lingwu_grid.policy import FLOOR_M2_PER_100_HOUSEHOLDS, SERVICE_MINUTES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.circle.reach import Attachment


def station_ids(sites: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Give every station an id: its own, else its number in the table."""
    own = sites["station_id"].fillna("").astype(str)
    number = pd.Series([f"驿站{i + 1}" for i in range(len(sites))], index=sites.index)
    ids: NDArray[np.object_] = own.where(own != "", number).to_numpy(object)
    return ids


def station_table(
    sites: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, speed: float
) -> gpd.GeoDataFrame:
    """Count the households of each station and set its floor area beside them."""
    ids = station_ids(sites)
    served = homes.groupby("station_id")["households"].sum()
    near = homes[homes["metres"] <= SERVICE_MINUTES * 60 * speed]
    close = near.groupby("station_id")["households"].sum()
    table = sites.assign(station_id=ids)
    table["households"] = table["station_id"].map(served).fillna(0).astype(np.int64)
    table["households_15"] = table["station_id"].map(close).fillna(0).astype(np.int64)
    area = pd.to_numeric(table["floor_area_m2"], errors="coerce")
    table["floor_area_m2"] = area
    table["m2_per_100"] = (100 * area / table["households"].where(table["households"] > 0)).round(1)
    table["overloaded"] = (table["m2_per_100"] < FLOOR_M2_PER_100_HOUSEHOLDS).fillna(value=False)
    wanted = ["station_id", "name", "floor_area_m2", "households", "households_15", "m2_per_100",
              "overloaded", "geometry"]  # fmt: skip
    return table[wanted]


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
    notes = []
    if not has_roads:
        notes.append(f"{summary['method']}；河渠、铁路、围墙都没有算进去，补上道路后须重算")
    off = stations[at_site.edge < 0] if has_roads else stations.iloc[:0]
    notes += [
        f"驿站 {row.name or row.station_id} 不在步行网络上（800 米内没有走得到的道路），"
        "没有计入；核对它的坐标，或补画门前的路"
        for row in off.itertuples(index=False)
    ]
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
