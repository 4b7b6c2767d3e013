"""What can be mended without asking, mended in a copy of the study, every change on record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from lingwu_grid.audit.areas import LEAST_M2, SLIVER_M, TABLES, mean_width
from lingwu_grid.audit.lines import NEARLY_M, TOUCHES_M
from lingwu_grid.contract.schema import TABLES as CONTRACT
from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.output import whole_folder, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.ingest.study import Study

WHILE_READING = {
    "text_restored": "乱码已还原",
    "coordinates_rewritten": "已换算为十进制度",
    "crs_wrong": "已按吻合的坐标系读取",
    "datum_converted": "已换算为 CGCS2000",
    "row_turned": "已交换经纬度",
    "shape_mended": "图形已修正",
    "ring_unclosed": "边线已闭合",
    "line_closed": "线已闭合成面",
    "height_dropped": "高程已略去",
    "placed_by_building": "已按楼栋放置",
    "duplicate_row": "只留第一行",
    "cells_merged": "已按合并的值填满",
}
"""Findings that reading itself puts right: the copy has the mended values."""

MARK = "repairs.csv"
DATUM_SECTION = re.compile(r"(?ms)^\[datum\].*?(?=^\[|\Z)")


class Change(NamedTuple):
    """One thing that was mended."""

    code: str
    table: str
    place: str
    done: str


def write_repaired(study: Study, folder: Path) -> int:
    """
    Write a copy of the study in which everything that is safe to mend is mended.

    Safe is what has one right answer: rows listed twice, codes and coordinates that were read
    through, strips under a metre between two zones, polygons of one id, road ends that miss their
    junction by a few metres. Rows that do not count are listed in ``excluded.csv``.

    Parameters
    ----------
    study
        As read; the files it came from are not touched.
    folder
        New, empty, or an earlier repaired copy.

    Returns
    -------
    int
        Changes made; each is a row of ``repairs.csv``.

    Raises
    ------
    OutputError
        If the copy cannot be written.
    """
    changes = [
        Change(f.code, f.table, f.place, WHILE_READING[f.code])
        for f in study.findings.rows
        if f.code in WHILE_READING
    ]
    tables = dict(study.tables)
    for name, key, _ in TABLES:
        if name in tables:
            tables[name], done = _zones_mended(tables[name], name, key, study)
            changes += done
    if "roads" in tables:
        tables["roads"], done = _roads_joined(tables["roads"])
        changes += done
    with whole_folder(folder.resolve(), mark=MARK) as draft:
        _write_tables(study, tables, draft)
        write_csv(pd.DataFrame(changes, columns=list(Change._fields)), draft / MARK)
        write_csv(study.excluded, draft / "excluded.csv")
    return len(changes)


def _write_tables(study: Study, tables: dict[str, gpd.GeoDataFrame], draft: Path) -> None:
    (draft / "households").mkdir()
    (draft / "boundaries").mkdir()
    rows = study.households
    degrees = rows.geometry.to_crs(DEGREES)
    columns = [c for c in CONTRACT["households"].columns if c in rows.columns]
    homes = pd.DataFrame(rows[columns])
    homes = homes.assign(lon=degrees.x.round(8), lat=degrees.y.round(8))
    if not rows["residents_given"].any():
        homes = homes.drop(columns="residents")
    # Not write_csv: its marks against formulas would change ids in a file that is read back.
    homes.to_csv(draft / "households" / "households.csv", index=False, encoding="utf-8-sig")
    for name, table in tables.items():
        plain = table.drop(columns=["origin", "geometry_out"], errors="ignore")
        if isinstance(plain, gpd.GeoDataFrame) and plain.active_geometry_name:
            pyogrio.write_dataframe(
                plain.to_crs(DEGREES),
                draft / "boundaries" / "boundaries.gpkg", layer=name, driver="GPKG",
            )  # fmt: skip
        else:
            plain = plain.drop(columns="geometry", errors="ignore")
            plain.to_csv(draft / "boundaries" / f"{name}.csv", index=False, encoding="utf-8-sig")
    if study.rules_text:
        text = DATUM_SECTION.sub("", study.rules_text)
        (draft / "rules.toml").write_text(text, encoding="utf-8", newline="\n")


def _zones_mended(
    zones: gpd.GeoDataFrame, table: str, key: str, study: Study
) -> tuple[gpd.GeoDataFrame, list[Change]]:
    changes: list[Change] = []
    twice = zones[key].duplicated(keep=False) & (zones[key] != "")
    if twice.any():
        ids = sorted(set(zones.loc[twice, key]))
        changes += [Change("id_twice", table, str(z), "同一编号的图形已合并") for z in ids]
        first = {c: "first" for c in zones.columns if c not in (key, "geometry")}
        zones = zones.dissolve(key, as_index=False, aggfunc=first)
    shapes = zones.geometry.to_numpy().copy()
    ids = zones[key].to_numpy(object)
    changes += _strips_cut(shapes, ids, table)
    changes += _strips_filled(shapes, ids, table, study)
    return zones.set_geometry(shapes, crs=zones.crs), changes


def _strips_cut(shapes: np.ndarray, ids: np.ndarray, table: str) -> list[Change]:
    """Give strips that two zones both have to the first; changes `shapes`."""
    a, b = shapely.STRtree(shapes).query(shapes, "intersects")
    a, b = a[a < b], b[a < b]
    both = shapely.intersection(shapes[a], shapes[b])
    thin = np.flatnonzero((shapely.area(both) > 0) & (mean_width(both) < SLIVER_M))
    changes = []
    for i in thin.tolist():
        cut = shapely.difference(shapes[b[i]], shapes[a[i]])
        if shapely.area(both[i]) > LEAST_M2 and not shapely.is_empty(cut):
            shapes[b[i]] = cut
            where = f"{ids[a[i]]} 与 {ids[b[i]]}"
            changes.append(Change("overlap_sliver", table, where, f"重叠的碎条归 {ids[a[i]]}"))
    return changes


def _strips_filled(shapes: np.ndarray, ids: np.ndarray, table: str, study: Study) -> list[Change]:
    """Give strips that no zone has to the neighbour with the longest border; changes `shapes`."""
    left = shapely.get_parts(shapely.difference(study.outline, shapely.union_all(shapes)))
    thin = left[(mean_width(left) < SLIVER_M) & (shapely.area(left) > LEAST_M2)]
    changes = []
    tree = shapely.STRtree(shapes)  # strips are apart: what one zone gains, no other looks for
    for strip in thin:
        near = tree.query(strip, "dwithin", distance=TOUCHES_M)
        if len(near):
            touch = shapely.length(
                shapely.intersection(
                    shapely.buffer(strip, TOUCHES_M), shapely.boundary(shapes[near])
                )
            )
            winner = int(near[int(np.argmax(touch))])
            shapes[winner] = shapely.union_all([shapes[winner], strip])
            changes.append(Change("gap_sliver", table, str(ids[winner]), "空出的碎条并入"))
    return changes


def _roads_joined(roads: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Change]]:
    """Move road ends onto the road they nearly meet."""
    shapes = roads.geometry.to_numpy().copy()
    single = np.flatnonzero(shapely.get_type_id(shapes) == 1)
    tree = shapely.STRtree(shapes)
    changes = []
    for end in (0, -1):
        ends = shapely.get_point(shapes[single], end)
        at, other = tree.query(ends, "dwithin", distance=NEARLY_M)
        foreign = other != single[at]
        at, other = at[foreign], other[foreign]
        away = shapely.distance(ends[at], shapes[other])
        order = np.lexsort((other, away, at))
        first = order[np.unique(at[order], return_index=True)[1]]
        for i in first[away[first] > TOUCHES_M].tolist():
            road = int(single[at[i]])
            xy = shapely.get_coordinates(shapes[road])
            meet = shapely.line_interpolate_point(
                shapes[other[i]], shapely.line_locate_point(shapes[other[i]], ends[at[i]])
            )
            xy[end] = shapely.get_coordinates(meet)[0]
            shapes[road] = shapely.linestrings(xy)
            origin = str(roads["origin"].iloc[road])
            changes.append(
                Change("road_nearly_meets", "roads", origin, f"端点移动 {away[i]:.1f} 米接上")
            )
    return roads.set_geometry(shapes, crs=roads.crs), changes
