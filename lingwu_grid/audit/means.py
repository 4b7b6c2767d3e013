"""Means near a bound: told before a plan is drawn, with what another number of zones would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.fabric.enclosures import label_by
from lingwu_grid.lawful import is_tight

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.ingest.study import Study
    from lingwu_grid.lawful import Bands

WHOLE = "全部"


def tight_means(
    study: Study, zones: gpd.GeoDataFrame, table: str, level: str, bands: Bands
) -> list[Finding]:
    """
    Tell of the streets whose zones cannot but stand near a bound, or do so by their number today.

    Parameters
    ----------
    study
        Its subdistricts part the town: no zone passes from one to another.
    zones
        Today's zones of a level: zone_id, households, polygon.
    table, level
        What the level is called in the data, and in Chinese.
    bands
        What zones may have; those with an exception on record are left out.
    """
    streets = study.table("subdistricts")
    rows = zones[~zones["zone_id"].isin(list(bands.own))]
    there = rows.geometry.notna().all() and len(rows)
    at = (
        label_by(shapely.point_on_surface(rows.geometry.to_numpy()), streets.geometry.to_numpy())
        if there and len(streets)
        else np.full(len(rows), -1)
    )
    places, said = [], []
    for street in np.unique(at).tolist():
        mine = rows["households"].to_numpy()[at == street]
        told = _told(int(mine.sum()), len(mine), bands, level)
        if told:
            places.append(str(streets["name"].iloc[street]) if street >= 0 else WHOLE)
            said.append(told)
    kind = Finding("notice", "mean_tight", table, "", "", "留意登记增减；方案里贴近上下限的会点名")
    return each(kind, places, messages=said)


def _told(households: int, now: int, bands: Bands, level: str) -> str:
    """Say what a street is in for; nothing where its mean has room."""
    low, high = bands.usual.lower, bands.usual.upper
    if not households:
        return ""
    numbers = range(-(-households // high), households // low + 1)

    def mean(zones: int) -> int:
        return round(households / zones)

    def tight(zones: int) -> bool:
        return is_tight(mean(zones), low, high)

    if not numbers:
        return ""
    if all(map(tight, numbers)):
        said = "、".join(f"{n} 个平均 {mean(n)} 户" for n in numbers)
        return f"{households} 户怎么分{level}都贴近上下限：{said}"
    if now not in numbers or not tight(now):
        return ""
    other = min((n for n in numbers if not tight(n)), key=lambda n: (abs(n - now), n))
    return (
        f"按现有 {now} 个{level}，平均 {mean(now)} 户，贴近上下限；"
        f"分 {other} 个平均 {mean(other)} 户，求解时各种个数都试"
    )
