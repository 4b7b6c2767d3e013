"""Give every table its points and lines as numbers; say what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.numbers import as_number, as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONLAT = 4490
PAIRS = (("lon", "lat"), ("x", "y"))


def place(frame: pd.DataFrame, table: str, label: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Give a table its geometry, in whatever system its numbers are.

    Parameters
    ----------
    frame
        Canonical columns; geometry, or lon/lat, or x/y, or both in one column, or WKT. A row
        whose coordinates cannot be read gets no geometry.
    table, label
        Named in findings.

    Returns
    -------
    tuple
        The table, with the CRS it declares or none, and findings.

    Raises
    ------
    InputError
        If there is neither geometry nor coordinates, nor households that name their buildings.
    """
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name:
        if frame.active_geometry_name != "geometry":
            frame = frame.rename_geometry("geometry")
        return frame, []
    if "lonlat" in frame.columns and not {"lon", "lat"} <= set(frame.columns):
        frame = _parted(frame)
    for east, north in PAIRS:
        if {east, north} <= set(frame.columns):
            return _points(frame, east, north, table, label)
    if "wkt" in frame.columns:
        shapes = shapely.from_wkt(as_text(frame["wkt"]).to_numpy(object), on_invalid="ignore")
        shapes = np.array([s if s is not None and not s.is_empty else None for s in shapes], object)
        return gpd.GeoDataFrame(frame.drop(columns="wkt"), geometry=shapes), []
    if table == "households" and "building_id" in frame.columns:
        # Nobody has a place yet: the buildings give it, once they are read.
        return gpd.GeoDataFrame(frame, geometry=[None] * len(frame), crs=LONLAT), []
    wanted = "“经度、纬度”两列，或“x、y”两列" if TABLES[table].geometry == "point" else "图形"
    raise InputError(
        f"{label} 没有坐标",
        where=label,
        remedy=f"需要{wanted}，或带图形的文件（GPKG、GeoJSON、Shapefile）",
    )


def _parted(frame: pd.DataFrame) -> pd.DataFrame:
    parts = as_text(frame["lonlat"]).str.strip("()[]").str.split(r"[,;\s]+", n=1, expand=True)
    parts = parts.reindex(columns=[0, 1]).fillna("")
    return frame.drop(columns="lonlat").assign(lon=parts[0], lat=parts[1])


def _points(
    frame: pd.DataFrame, east: str, north: str, table: str, label: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    x, wrong_x = as_number(frame[east], degrees=True)
    y, wrong_y = as_number(frame[north], degrees=True)
    usable = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0))
    in_degrees = usable & (np.abs(x) <= 180) & (np.abs(y) <= 180)
    if in_degrees.any() and (east == "lon" or 2 * in_degrees.sum() > usable.sum()):
        # 999 in a column of degrees is no place; metres under that name are another matter.
        usable = in_degrees
    points = shapely.points(x, y)
    points[~usable] = None
    made = gpd.GeoDataFrame(frame.drop(columns=[east, north]), geometry=points)
    return made, _told(frame[east], x, wrong_x | wrong_y, table, label)


def _told(
    typed: pd.Series, x: NDArray[np.float64], wrong: NDArray[np.bool_], table: str, label: str
) -> list[Finding]:
    findings = []
    as_typed = pd.to_numeric(typed, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    rewritten = int((np.isfinite(x) & ~np.isfinite(as_typed)).sum())
    if rewritten:
        findings.append(
            Finding(
                "notice", "coordinates_rewritten", table, label,
                f"{rewritten} 行的坐标是度分秒、全角或逗号小数，已换算", "抽查几行",
            )
        )  # fmt: skip
    if wrong.any():
        findings.append(
            Finding(
                "warning", "coordinates_unreadable", table, label,
                f"{int(wrong.sum())} 行的坐标不是数字", "改为十进制的度或米",
            )
        )  # fmt: skip
    return findings
