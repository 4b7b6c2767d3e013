"""Combining: files of one table put together, words made canonical, the study area drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.contract.kinds import BARRIERS
from lingwu_grid.contract.schema import COMMUNITY_KINDS, GRID_KINDS, TABLES
from lingwu_grid.ingest.columns import as_claim, as_word
from lingwu_grid.ingest.counting import has_place

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from lingwu_grid.ingest.tables import Source

SOURCE_COLUMNS = ("lon", "lat", "x", "y", "lonlat", "wkt")
"""Columns that became geometry."""

KINDS = {
    "grids": (GRID_KINDS, "basic"),
    "communities": (COMMUNITY_KINDS, "urban"),
    "barriers": ({kind: item.words for kind, item in BARRIERS.items()}, "wall"),
}
"""Words for the kinds of a table, and what an empty cell means."""

CRACK_M = 5.0
"""Ground no wider than this between two of today's zones was left by the drawing."""

TOUCHING_M = 0.01
POLYGON = 3

HULL_MARGIN_M = 60.0
"""How far the study area reaches beyond the outermost household when no outline is given."""


def combined(
    sources: list[Source], located: list[pd.DataFrame], crs: CRS
) -> dict[str, gpd.GeoDataFrame]:
    """
    Put files of one table together, with every column of the contract.

    Parameters
    ----------
    sources
        The files.
    located
        Their frames, each in a system of its own.
    crs
        The system to work in.
    """
    by_table: dict[str, list[pd.DataFrame]] = {}
    for source, table in zip(sources, located, strict=True):
        in_crs = table.to_crs(crs) if isinstance(table, gpd.GeoDataFrame) else table
        by_table.setdefault(source.table, []).append(in_crs)
    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in by_table.items()}
    for name, table in tables.items():
        for column in TABLES[name].columns:
            if column not in table.columns and column not in SOURCE_COLUMNS:
                table[column] = ""
    _canonical_words(tables)
    return tables


def _canonical_words(tables: dict[str, gpd.GeoDataFrame]) -> None:
    """Give flags, kinds and numbers their canonical values, in place: the tables are ours."""
    for name, (words, default) in KINDS.items():
        if name in tables:
            tables[name]["kind"] = as_word(tables[name]["kind"], words, default)
    for name, columns in (
        ("grids", ["locked"]),
        ("communities", ["locked"]),
        ("roads", ["bridge", "tunnel"]),
    ):
        for column in columns if name in tables else []:
            tables[name][column] = as_claim(tables[name][column])
    for table in tables.values():
        for column in ("name", "grid_name", "community_name"):
            if column in table.columns:
                table[column] = table[column].fillna("").astype(str)


def unknown_kinds(tables: dict[str, gpd.GeoDataFrame]) -> list[Finding]:
    """Tell of kinds that nobody knows: they are kept, and count as the plainest of their table."""
    found: list[Finding] = []
    for name, (words, default) in KINDS.items():
        table = tables.get(name)
        if table is None:
            continue
        strange = table[~table["kind"].isin(list(words))]
        known = "、".join((aliases or (kind,))[0] for kind, aliases in words.items())
        treated = "按障碍处理" if name == "barriers" else f"按{words[default][0]}处理"
        kind = Finding("warning", "kind_unknown", name, "", "", f"改为其中之一：{known}")
        said = [f"类型“{word}”不认识，{treated}" for word in strange["kind"]]
        found += each(kind, strange["origin"].astype(str).tolist(), messages=said)
    return found


def outline_of(tables: dict[str, gpd.GeoDataFrame], rows: gpd.GeoDataFrame) -> shapely.Geometry:
    """Give the study area: drawn, else the ground of today's zones, else round the households."""
    if "outline" in tables:
        return shapely.union_all(tables["outline"].geometry.to_numpy())
    shapes = [
        tables[name].geometry.to_numpy()
        for name in ("grids", "communities", "subdistricts")
        if name in tables
    ]
    if shapes:
        whole = shapely.union_all(np.concatenate(shapes))
        return _without_holes(_without_cracks(whole, shapes[0]))
    points = rows.geometry[has_place(rows)].to_numpy()
    hull = shapely.concave_hull(
        shapely.multipoints(np.unique(shapely.get_coordinates(points), axis=0)), ratio=0.3
    )
    return shapely.simplify(shapely.buffer(hull, HULL_MARGIN_M), 1.0)


def _without_cracks(whole: shapely.Geometry, zones: NDArray[np.object_]) -> shapely.Geometry:
    """Close what two zones leave open between them; what is not between two stays as drawn."""
    wide = shapely.buffer(whole, CRACK_M / 2, join_style="mitre")
    shut = shapely.buffer(wide, -CRACK_M / 2, join_style="mitre")
    cracks = shapely.get_parts(shapely.difference(shut, whole))
    cracks = cracks[shapely.get_type_id(cracks) == POLYGON]
    crack, _ = shapely.STRtree(zones).query(cracks, "dwithin", distance=TOUCHING_M)
    between = cracks[np.bincount(crack, minlength=len(cracks)) > 1]
    return shapely.union_all([whole, *between])


def _without_holes(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
