"""Settle the coordinate system of every table: declared, told by its numbers, or by the others."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEGREES = 4490
"""CGCS2000, what files in degrees are taken for when they do not say."""

LINGWU_CRS = 4544
"""CGCS2000 3-degree Gauss-Krüger CM 105E, the usual system at Lingwu (FACTS of the study area)."""

WEB = 3857
CHINA = (73.0, 3.0, 136.0, 54.0)
FAR_DEGREES = 0.5
"""A table whose middle is this far from the others', some 50 km, is in the wrong place."""

SAMPLE = 2000
INSIDE = 0.8
"""Share of a table that must lie on the others' ground for a guessed system to be believed."""


SLIVER = 1e-6
"""Share of a shape that is lost with what turned over: a needle of ground under a millimetre."""


def in_degrees(shapes: NDArray[np.object_], crs: object) -> NDArray[np.object_]:
    """
    Give areas in degrees, each a sound polygon as it was in metres.

    Parameters
    ----------
    shapes
        Polygons, metres, shape (n,).
    crs
        Their system.

    Returns
    -------
    NDArray[np.object_]
        In EPSG:4490. A needle of ground so thin that it crosses itself in degrees is taken off.
    """
    out: NDArray[np.object_] = gpd.GeoSeries(shapes, crs=crs).to_crs(DEGREES).to_numpy(object)
    for i in np.flatnonzero(~shapely.is_valid(out)).tolist():
        parts = shapely.get_parts(shapely.make_valid(out[i], method="structure"))
        large = parts[shapely.area(parts) > SLIVER * shapely.area(parts).sum()]
        out[i] = large[0] if len(large) == 1 else shapely.multipolygons(large)
    return out


class Placed(NamedTuple):
    """A table with numbers whose system is still open."""

    frame: gpd.GeoDataFrame
    table: str
    label: str


class Reading(NamedTuple):
    """One way to read a pair of numbers."""

    epsg: int
    swapped: bool


def settle(tables: list[Placed]) -> tuple[list[gpd.GeoDataFrame], list[Finding]]:
    """
    Give every table a CRS.

    A declared system is believed where its numbers can be of it and lie with the other tables;
    else the reading that fits the others best is taken, and told.

    Parameters
    ----------
    tables
        Located tables.

    Returns
    -------
    tuple
        The same tables with a CRS, in the same order, and findings. A table whose numbers are of
        no system known here loses its geometry, which is an error among the findings.
    """
    ways = [_ways(placed) for placed in tables]
    ground = _common_ground(tables, ways)
    settled, findings = [], []
    for placed, readings in zip(tables, ways, strict=True):
        frame, told = _settled(placed, readings, ground)
        settled.append(frame)
        findings += told
    return settled, findings


def readings_of(x: float, y: float) -> list[Reading]:
    """
    Tell in which systems a pair of numbers may be, the likeliest first.

    Parameters
    ----------
    x, y
        A typical pair of a table, in the order of its columns.

    Examples
    --------
    >>> readings_of(38.1, 106.3)[0]
    Reading(epsg=4490, swapped=True)
    >>> readings_of(35_440_000, 4_218_000)[0].epsg, readings_of(11_840_000, 4_590_000)[0].epsg
    (4523, 3857)
    """
    if abs(x) <= 180 and abs(y) <= 180:
        return _degrees(x, y) if min(abs(x), abs(y)) <= 90 else []
    found: list[Reading] = []
    for a, b, swapped in ((x, y, False), (y, x, True)):
        is_northing = 300_000 < b < 6_000_000
        zone = int(a // 1e6)
        if is_northing and 25 <= zone <= 45 and 200_000 < a % 1e6 < 800_000:
            # 3-degree zones 25–45 with the zone number before the easting: EPSG 4513–4533.
            found.append(Reading(4513 + zone - 25, swapped))
        if 8.1e6 < a < 15.2e6 and 3e5 < b < 7.3e6:
            found.append(Reading(WEB, swapped))
        if is_northing and 13 <= zone <= 23 and 100_000 < a % 1e6 < 900_000:
            # 6-degree zones 13–23 with the zone number: EPSG 4491–4501.
            found.append(Reading(4491 + zone - 13, swapped))
        if is_northing and 200_000 < a < 800_000 and b > 1_500_000:
            found.append(Reading(LINGWU_CRS, swapped))
            # The same numbers in the other 3-degree zones, EPSG 4534–4554, and in UTM.
            found += [Reading(e, swapped) for e in range(4534, 4555) if e != LINGWU_CRS]
            found += [Reading(32643 + i, swapped) for i in range(11)]
    return found


def _degrees(x: float, y: float) -> list[Reading]:
    straight, turned = Reading(DEGREES, swapped=False), Reading(DEGREES, swapped=True)
    if abs(y) > 90 or (not _in_china(x, y) and _in_china(y, x)):
        return [turned]
    return [straight]


def _in_china(lon: float, lat: float) -> bool:
    return CHINA[0] <= lon <= CHINA[2] and CHINA[1] <= lat <= CHINA[3]


def _ways(placed: Placed) -> list[Reading]:
    """Give the readings of a table, the declared one first where its numbers allow it."""
    corners = _sample(placed.frame)
    if not len(corners):
        return []
    x, y = np.median(corners, axis=0)
    guessed = readings_of(float(x), float(y))
    declared = placed.frame.crs
    if declared is not None and _may_be(declared, float(x), float(y)):
        code = declared.to_epsg()
        return [Reading(code if code is not None else 0, swapped=False), *guessed]
    return guessed


def _may_be(crs: CRS, x: float, y: float) -> bool:
    in_degrees = abs(x) <= 180 and abs(y) <= 90
    if crs.is_geographic:
        return in_degrees and _degrees(x, y)[0].swapped is False
    return not (abs(x) <= 180 and abs(y) <= 180)


def _sample(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Give middles of up to two thousand shapes, shape (n, 2)."""
    shapes = frame.geometry[frame.geometry.notna() & ~frame.geometry.is_empty].to_numpy()
    step = max(1, len(shapes) // SAMPLE)
    bounds = shapely.bounds(shapes[::step])
    middles: NDArray[np.float64] = (bounds[:, :2] + bounds[:, 2:]) / 2
    return middles[np.isfinite(middles).all(axis=1)]


def _in_degrees(
    corners: NDArray[np.float64], reading: Reading, declared: CRS | None
) -> NDArray[np.float64]:
    crs = declared if reading.epsg == 0 else CRS.from_epsg(reading.epsg)
    xy = corners[:, ::-1] if reading.swapped else corners
    return np.column_stack(to_degrees(crs).transform(xy[:, 0], xy[:, 1]))


@cache
def to_degrees(crs: CRS) -> Transformer:
    """Give the transformer to longitude and latitude; making one takes longer than using it."""
    return Transformer.from_crs(crs, DEGREES, always_xy=True)


def _common_ground(
    tables: list[Placed], ways: list[list[Reading]]
) -> tuple[float, float, float, float] | None:
    """Give the box on which most of the tables lie whose first reading is hardly a guess."""
    spans = []
    for placed, readings in zip(tables, ways, strict=True):
        if not readings:
            continue
        is_sure = readings[0].epsg in (0, DEGREES) or (
            placed.frame.crs is not None and readings[0].epsg == placed.frame.crs.to_epsg()
        )
        is_zoned = len([r for r in readings if r.swapped == readings[0].swapped]) == 1
        if not (is_sure or is_zoned):
            continue
        here = _in_degrees(_sample(placed.frame), readings[0], placed.frame.crs)
        low, high = np.percentile(here, (2, 98), axis=0)
        spans.append((*low, *high))
    if not spans:
        return None
    box = np.array(spans)
    middle = (box[:, :2] + box[:, 2:]) / 2
    near = (np.abs(middle - np.median(middle, axis=0)) < FAR_DEGREES).all(axis=1)
    if not np.any(near):
        near = np.arange(len(spans)) == 0
    west, south = box[near, :2].min(axis=0)
    east, north = box[near, 2:].max(axis=0)
    margin = 0.1 * max(east - west, north - south, 0.01)
    return float(west - margin), float(south - margin), float(east + margin), float(north + margin)


def _share_inside(here: NDArray[np.float64], ground: tuple[float, float, float, float]) -> float:
    west, south, east, north = ground
    inside = (here[:, 0] >= west) & (here[:, 0] <= east)
    inside &= (here[:, 1] >= south) & (here[:, 1] <= north)
    return float(inside.mean())


def _settled(
    placed: Placed, readings: list[Reading], ground: tuple[float, float, float, float] | None
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    frame = placed.frame
    if not readings:
        told = [_unknown(placed)] if len(_sample(frame)) else []
        return frame.set_geometry([None] * len(frame), crs=DEGREES), told
    declared = frame.crs
    chosen = readings[0]
    is_declared = declared is not None and chosen.epsg in (0, declared.to_epsg())
    if ground is not None:
        corners = _sample(frame)
        fit = _share_inside(_in_degrees(corners, chosen, declared), ground)
        others = readings[1:] if fit < INSIDE else []
        fits = [_share_inside(_in_degrees(corners, r, declared), ground) for r in others]
        if fits and max(fits) >= INSIDE:
            chosen = others[int(np.argmax(fits))]
            is_declared = False
        elif fit == 0:
            return _in_system(frame, chosen), [_far(placed, corners, chosen, ground)]
    if is_declared:
        return frame, []
    return _in_system(frame, chosen), [_assumed(placed, chosen)]


def _in_system(frame: gpd.GeoDataFrame, reading: Reading) -> gpd.GeoDataFrame:
    if reading.swapped:
        frame = frame.set_geometry(
            shapely.transform(frame.geometry.to_numpy(), lambda c: c[:, ::-1])
        )
    if reading.epsg == 0:
        return frame
    return frame.set_crs(reading.epsg, allow_override=True)


def _assumed(placed: Placed, reading: Reading) -> Finding:
    words = "，且横纵坐标写反，已交换" if reading.swapped else ""
    if placed.frame.crs is None:
        return Finding(
            "notice",
            "crs_assumed",
            placed.table,
            placed.label,
            f"坐标系未声明，按 EPSG:{reading.epsg} 读取{words}",
            "如果不对，请在文件里声明坐标系",
        )
    return Finding(
        "warning",
        "crs_wrong",
        placed.table,
        placed.label,
        f"声明的坐标系 {placed.frame.crs.to_string()} 与数字或其他表不符，"
        f"按 EPSG:{reading.epsg} 读取{words}",
        "核对地图上的位置；请在原文件里改正坐标系声明",
    )


def _unknown(placed: Placed) -> Finding:
    x, y = np.median(_sample(placed.frame), axis=0)
    return Finding(
        "error",
        "crs_unknown",
        placed.table,
        placed.label,
        f"坐标（约 {x:.0f}, {y:.0f}）看不出属于哪个坐标系",
        "改用经纬度（度），或另存为带坐标系说明的 GPKG",
    )


def _far(
    placed: Placed,
    corners: NDArray[np.float64],
    reading: Reading,
    ground: tuple[float, float, float, float],
) -> Finding:
    here = np.median(_in_degrees(corners, reading, placed.frame.crs), axis=0)
    away = np.hypot(
        (here[0] - (ground[0] + ground[2]) / 2) * 88, (here[1] - (ground[1] + ground[3]) / 2) * 111
    )
    return Finding(
        "error",
        "table_far",
        placed.table,
        placed.label,
        f"整张表离其他表约 {away:.0f} 公里，换几种坐标系读都对不上",
        "核对坐标系和坐标列；不是本地的数据请拿走",
    )


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
    if _in_china(lon, lat):
        if abs(lon - 105) <= 2:
            return CRS.from_epsg(LINGWU_CRS)
        # 3-degree zones 25–45 without the zone number in the easting: EPSG 4534–4554.
        return CRS.from_epsg(4534 + round(lon / 3) - 25)
    area = AreaOfInterest(lon, lat, lon, lat)
    zones = query_utm_crs_info(datum_name="WGS 84", area_of_interest=area)
    if not zones:
        raise InputError(
            f"数据在经度 {lon:.1f}、纬度 {lat:.1f}，那里没有通用的投影坐标系",
            where="经纬度列",
            remedy="核对经纬度；确实无误则在 rules.toml 写明 work_crs",
        )
    return CRS.from_authority(zones[0].auth_name, zones[0].code)


def _middle(tables: list[gpd.GeoDataFrame]) -> tuple[float, float]:
    # The median shape of the median table: one slip of the pen far away must not decide for all.
    middles = []
    for table in tables:
        corners = _sample(table)
        if len(corners):
            x, y = np.median(corners, axis=0)
            middles.append(to_degrees(table.crs).transform(x, y))
    if not middles:
        raise InputError("所有文件里都没有一个可用的坐标", remedy="检查经纬度列")
    lon, lat = np.median(np.array(middles), axis=0)
    return float(lon), float(lat)
