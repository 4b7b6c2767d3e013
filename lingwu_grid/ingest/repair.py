"""Mend geometry where there is one right way, and say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.turned import in_degrees

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.findings import Severity
    from lingwu_grid.ingest.tables import Source

WANTED = {"polygon": (3, 6), "line": (1, 5), "point": (0, 4), "any": tuple(range(8))}

OPEN_SHARE = 0.02
"""A line whose ends are nearer than this share of its length was meant to be closed."""

COUNTS_ANYWHERE = ("code_register",)
"""Tables whose rows say something without a place: a code is used wherever its ground was."""

ODD_SHARE = 0.1
"""Rings that run the other way than nine tenths of their table were turned by hand."""


def mend_shapes(frame: gpd.GeoDataFrame, source: Source) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Drop Z and M, close lines drawn for areas, make invalid polygons valid, drop what has no shape.

    Parameters
    ----------
    frame
        A located table.
    source
        Where its rows are from.

    Returns
    -------
    tuple
        The mended table, and findings.
    """
    table = source.table
    given = frame.geometry.to_numpy()
    findings = _flat(given, source)
    if table == "roads" and shapely.has_z(given).any():
        frame = frame.assign(grade=_grades(frame, given))
    shapes = shapely.force_2d(given)
    findings += _odd_rings(frame, shapes, source)
    if TABLES[table].geometry == "polygon":
        shapes, found = _closed(frame, shapes, source)
        findings += found
    finite = np.isfinite(shapely.bounds(shapes)).all(axis=1)
    shapes[~finite] = None
    invalid = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if invalid.any():
        reasons = shapely.is_valid_reason(shapes[invalid])
        shapes[invalid] = shapely.make_valid(shapes[invalid])
        kind = Finding(
            "warning", "shape_mended", table, "", "图形不合法，已自动修正", "请在原数据中核对该图形"
        )
        at = np.flatnonzero(invalid)
        findings += each(
            kind,
            [source.place_of(int(i)) for i in at],
            messages=[f"图形不合法（{reason}），已自动修正" for reason in reasons],
            points=in_degrees(frame.set_geometry(shapes, crs=frame.crs), at),
        )
    shapes = _only_wanted(shapes, table)
    lost = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    findings += _without_shape(lost, source)
    mended = frame.set_geometry(shapes, crs=frame.crs)
    return mended if table in COUNTS_ANYWHERE else mended[~lost].reset_index(drop=True), findings


def _without_shape(lost: NDArray[np.bool_], source: Source) -> list[Finding]:
    """Tell of rows without a shape: set aside, or kept for what else they say."""
    severity, said, remedy = (
        ("notice", "没有登记点：编码仍算用过、不再新给，只是认不出它的地", "补上经度、纬度")
        if source.table in COUNTS_ANYWHERE
        else ("warning", "没有可用的图形，这一行不参与计算", "补上图形，或删去这一行")
    )
    kind = Finding(cast("Severity", severity), "shape_missing", source.table, "", said, remedy)
    return each(kind, [source.place_of(int(i)) for i in np.flatnonzero(lost)])


def _flat(shapes: NDArray[np.object_], source: Source) -> list[Finding]:
    count = int((shapely.has_z(shapes) | shapely.has_m(shapes)).sum())
    if not count:
        return []
    kept = "，道路的坡度由两端高程算得，其余" if source.table == "roads" else "，"
    return [
        Finding(
            "notice", "height_dropped", source.table, source.label,
            f"{count} 个图形带高程或测量值（Z/M）{kept}已略去",
        )
    ]  # fmt: skip


def _grades(frame: gpd.GeoDataFrame, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Give the grade of roads in per cent, uphill as drawn: as told, else from end to end."""
    given = frame["grade"] if "grade" in frame else pd.Series("", index=frame.index)
    told: NDArray[np.object_] = given.fillna("").to_numpy(object)
    is_line = np.isin(shapely.get_type_id(shapes), WANTED["line"])
    if not is_line.any():
        return told
    lines = np.where(is_line, shapely.line_merge(shapes), shapely.LineString())
    first, last = (shapely.get_z(shapely.get_point(lines, end)) for end in (0, -1))
    drawn = gpd.GeoSeries(shapely.force_2d(lines), crs=frame.crs)
    finite = np.isfinite(drawn.total_bounds).all()
    if frame.crs is not None and frame.crs.is_geographic and finite:
        drawn = drawn.to_crs(drawn.estimate_utm_crs())
    length = shapely.length(drawn.to_numpy())
    grade = np.divide(100 * (last - first), length, out=np.zeros(len(lines)), where=length > 0)
    known = np.isfinite(grade) & (told == "")
    grades: NDArray[np.object_] = np.where(known, grade.round(2), told)
    return grades


def _odd_rings(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], source: Source
) -> list[Finding]:
    areas = np.flatnonzero(np.isin(shapely.get_type_id(shapes), (3, 6)))
    if len(areas) < 10:
        return []
    left = shapely.is_ccw(shapely.get_exterior_ring(shapely.get_geometry(shapes[areas], 0)))
    odd = areas[left if left.mean() < 0.5 else ~left]
    if not 0 < len(odd) <= ODD_SHARE * len(areas):
        return []
    kind = Finding(
        "notice", "ring_reversed", source.table, "", "边线的方向与同表其他图形相反，不影响计算",
        "如由手工绘制，请核对该图形",
    )  # fmt: skip
    return each(kind, [source.place_of(int(i)) for i in odd], points=in_degrees(frame, odd))


def _closed(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], source: Source
) -> tuple[NDArray[np.object_], list[Finding]]:
    """Make areas of lines that were drawn round them, as drawing programs do."""
    lines = np.flatnonzero(shapely.get_type_id(shapes) == 1)
    if not len(lines):
        return shapes, []
    ends = shapely.distance(
        shapely.get_point(shapes[lines], 0), shapely.get_point(shapes[lines], -1)
    )
    near = (ends <= OPEN_SHARE * shapely.length(shapes[lines])) & (
        shapely.get_num_points(shapes[lines]) >= 4
    )
    done = lines[near]
    shapes = shapes.copy()
    for i in done:
        ring = shapely.get_coordinates(shapes[i])
        shapes[i] = shapely.polygons(np.vstack([ring, ring[:1]]))
    kind = Finding(
        "warning",
        "line_closed",
        source.table,
        "",
        "边界画成了线，首尾已相接成面",
        "核对该图形是否完整",
    )
    return shapes, each(
        kind, [source.place_of(int(i)) for i in done], points=in_degrees(frame, done)
    )


def _only_wanted(shapes: NDArray[np.object_], table: str) -> NDArray[np.object_]:
    kinds = WANTED[TABLES[table].geometry]
    mixed = shapely.get_type_id(shapes) == 7
    if mixed.any() and 7 not in kinds:
        # make_valid may leave stray lines beside the polygon; only the wanted kind stays.
        for i in np.flatnonzero(mixed):
            parts = shapely.get_parts(shapes[i])
            good = parts[np.isin(shapely.get_type_id(parts), kinds)]
            shapes[i] = shapely.union_all(good) if len(good) else None
    wrong = ~np.isin(shapely.get_type_id(shapes), kinds)
    shapes[wrong] = None
    return shapes
