"""Mend geometry where there is one right way, and say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.findings import Finding
from lingwu_grid.schema import TABLES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

WANTED = {"polygon": (3, 6), "line": (1, 5), "point": (0, 4), "any": tuple(range(8))}


def mend_shapes(
    frame: gpd.GeoDataFrame, table: str, label: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Drop Z and M, make invalid polygons valid, drop rows without a usable shape.

    Parameters
    ----------
    frame
        A located table in the work CRS.
    table, label
        Named in findings.

    Returns
    -------
    tuple
        The mended table and one finding for each row touched.
    """
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    findings = []
    invalid = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if invalid.any():
        reasons = shapely.is_valid_reason(shapes[invalid])
        shapes[invalid] = shapely.make_valid(shapes[invalid])
        findings += [
            Finding(
                "warning",
                "shape_mended",
                table,
                f"{label} 第 {row + 1} 个图形",
                f"图形不合法（{reason}），已自动修正",
                "请在原数据中核对该图形",
            )
            for row, reason in zip(np.flatnonzero(invalid), reasons, strict=True)
        ]
    shapes = _only_wanted(shapes, table)
    lost = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    findings += [
        Finding(
            "warning",
            "shape_missing",
            table,
            f"{label} 第 {row + 1} 个图形",
            "没有可用的图形，这一行不参与计算",
            "补上图形，或删去这一行",
        )
        for row in np.flatnonzero(lost)
    ]
    return frame.set_geometry(shapes, crs=frame.crs)[~lost].reset_index(drop=True), findings


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
