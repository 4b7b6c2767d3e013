"""Bring every table into the work CRS; say what was assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from lingwu_grid.errors import InputError
from lingwu_grid.findings import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEGREES = 4490
"""CGCS2000, what files in degrees are taken for when they do not say."""

LINGWU_CRS = 4544
"""CGCS2000 3-degree Gauss-Krüger CM 105E, the usual system at Lingwu (FACTS of the study area)."""

CHINA = (73.0, 3.0, 136.0, 54.0)


def locate(frame: pd.DataFrame, table: str, label: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Give a table its geometry and a CRS.

    Parameters
    ----------
    frame
        Canonical columns; geometry, or lon/lat in degrees, or x/y in metres. A row whose
        coordinates cannot be read gets no geometry.
    table, label
        Named in findings.

    Returns
    -------
    tuple
        The table with a CRS, and findings about what was assumed.

    Raises
    ------
    InputError
        If there is neither geometry nor a pair of coordinate columns, or metres whose system
        cannot be told.
    """
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name:
        table_frame = frame
        if table_frame.crs is not None:
            return table_frame, []
        return _guess(table_frame, table, label)
    for east, north in (("lon", "lat"), ("x", "y")):
        if {east, north} <= set(frame.columns):
            x, y = (pd.to_numeric(frame[c], errors="coerce").to_numpy(float) for c in (east, north))
            usable = np.isfinite(x) & np.isfinite(y)
            in_degrees = usable & (np.abs(x) <= 180) & (np.abs(y) <= 180)
            if east == "lon" and in_degrees.any():
                # 999 in a column of degrees is no place; metres under that name are another matter.
                usable = in_degrees
            points = shapely.points(x, y)
            points[~usable] = None
            made = gpd.GeoDataFrame(frame.drop(columns=[east, north]), geometry=points)
            return _guess(made, table, label)
    raise InputError(
        f"{label} 没有坐标",
        where=label,
        remedy="需要“经度、纬度”两列，或“x、y”两列，或带图形的文件",
    )


def _guess(
    frame: gpd.GeoDataFrame, table: str, label: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    has = frame.geometry.notna() & ~frame.geometry.is_empty
    if not has.any():
        return frame.set_crs(DEGREES), []
    middle = _middle_of(frame.geometry[has])
    epsg, swapped = _system_of(*middle)
    if epsg is None:
        raise InputError(
            f"{label} 的坐标（约 {middle[0]:.0f}, {middle[1]:.0f}）看不出属于哪个坐标系",
            where=label,
            remedy="改用经纬度（度），或另存为带坐标系说明的 GPKG",
        )
    if swapped:
        frame = frame.set_geometry(
            shapely.transform(frame.geometry.to_numpy(), lambda c: c[:, ::-1])
        )
    words = "，且横纵坐标写反，已交换" if swapped else ""
    return frame.set_crs(epsg), [
        Finding(
            "notice",
            "crs_assumed",
            table,
            label,
            f"坐标系未声明，按 EPSG:{epsg} 读取{words}",
            "如果不对，请在文件里声明坐标系",
        )
    ]


def _system_of(x: float, y: float) -> tuple[int | None, bool]:
    """Tell the CRS of a pair of coordinates by its magnitude, and whether it is swapped."""
    if abs(x) <= 180 and abs(y) <= 90:
        return DEGREES, False
    if abs(x) <= 90 and abs(y) <= 180:
        return DEGREES, True
    for a, b, swapped in ((x, y, False), (y, x, True)):
        is_northing = 300_000 < b < 6_000_000
        if is_northing and 25e6 < a < 46e6:
            # 3-degree zones 25–45 with the zone number before the easting: EPSG 4513–4533.
            return 4513 + int(a // 1e6) - 25, swapped
        if is_northing and 200_000 < a < 800_000 and b > 1_500_000:
            return LINGWU_CRS, swapped
    return None, False


def work_crs_of(tables: list[gpd.GeoDataFrame], wanted: int) -> CRS:
    """
    Choose the projected system to work in.

    Parameters
    ----------
    tables
        Located tables, any CRS.
    wanted
        EPSG code from the rules; 0 to choose.

    Returns
    -------
    CRS
        The wanted one; else CGCS2000 3-degree Gauss-Krüger inside China (EPSG:4544 where the
        study lies in or beside its zone), else UTM.

    Raises
    ------
    InputError
        If the wanted system is not projected in metres.
    """
    if wanted:
        crs = CRS.from_epsg(wanted)
        if not crs.is_projected or crs.axis_info[0].unit_name != "metre":
            raise InputError(
                f"EPSG:{wanted} 不是以米为单位的投影坐标系",
                where="rules.toml work_crs",
                remedy=f"例如填 {LINGWU_CRS}",
            )
        return crs
    lon, lat = _middle(tables)
    if CHINA[0] <= lon <= CHINA[2] and CHINA[1] <= lat <= CHINA[3]:
        if abs(lon - 105) <= 2:
            return CRS.from_epsg(LINGWU_CRS)
        # 3-degree zones 25–45 without the zone number in the easting: EPSG 4534–4554.
        return CRS.from_epsg(4534 + round(lon / 3) - 25)
    area = AreaOfInterest(lon, lat, lon, lat)
    info = query_utm_crs_info(datum_name="WGS 84", area_of_interest=area)[0]
    return CRS.from_authority(info.auth_name, info.code)


def _middle(tables: list[gpd.GeoDataFrame]) -> tuple[float, float]:
    middles: list[NDArray[np.float64]] = []
    for table in tables:
        has = table.geometry.notna() & ~table.geometry.is_empty
        if has.any():
            here = gpd.GeoSeries([shapely.Point(_middle_of(table.geometry[has]))], crs=table.crs)
            middles.append(shapely.get_coordinates(here.to_crs(DEGREES).to_numpy()))
    if not middles:
        raise InputError("所有文件里都没有一个可用的坐标", remedy="检查经纬度列")
    lon, lat = np.median(np.concatenate(middles), axis=0)
    return float(lon), float(lat)


def _middle_of(shapes: gpd.GeoSeries) -> tuple[float, float]:
    # The median shape: one slip of the pen far away must not decide for all.
    bounds = shapely.bounds(shapes.to_numpy())
    x, y = np.median((bounds[:, :2] + bounds[:, 2:]) / 2, axis=0)
    return float(x), float(y)
