"""Study: an office's folder as canonical tables in one projected system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.errors import InputError
from lingwu_grid.findings import Finding, Findings
from lingwu_grid.ingest.columns import as_claim, as_whole, as_word, canonical
from lingwu_grid.ingest.coordinates import DEGREES, locate, work_crs_of
from lingwu_grid.ingest.repair import mend_shapes
from lingwu_grid.ingest.tables import Source, read_sources
from lingwu_grid.rules import Rules, read_rules
from lingwu_grid.schema import (
    BARRIER_KINDS,
    COMMUNITY_KINDS,
    GRID_KINDS,
    STATUS_REASONS,
    STATUS_WORDS,
    TABLES,
)

if TYPE_CHECKING:
    from pyproj import CRS

HULL_MARGIN_M = 60.0
"""How far the study area reaches beyond the outermost household when no outline is given."""


@dataclass(frozen=True)
class Study:
    """
    What an office sent, ready to work on.

    Parameters
    ----------
    name
        Printed on maps and reports.
    rules
        The settings.
    crs
        The projected system of every geometry, metres.
    households
        Rows that count: household_id, geometry, building_id, compound_id, residents, elderly,
        grid_id, community_id, origin (file and row).
    excluded
        Rows that do not: household_id, origin, status, reason.
    tables
        The other tables that came, by canonical name; `grids` and `communities` also carry
        ``geometry_out``: their polygons in EPSG:4490 as they came, vertex for vertex.
    outline
        The study area.
    findings
        What the data did.
    sources
        File, table, rows, encoding and SHA-256 of everything read.
    """

    name: str
    rules: Rules
    crs: CRS
    households: gpd.GeoDataFrame
    excluded: pd.DataFrame
    tables: dict[str, gpd.GeoDataFrame]
    outline: shapely.Geometry
    findings: Findings
    sources: tuple[dict[str, Any], ...]

    def table(self, name: str) -> gpd.GeoDataFrame:
        """Give a table, empty where none came."""
        if name in self.tables:
            return self.tables[name]
        columns = [*TABLES[name].columns, "geometry"]
        return gpd.GeoDataFrame({c: [] for c in columns}, geometry="geometry", crs=self.crs)

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{s['table']}</td><td>{s['rows']}</td></tr>" for s in self.sources)
        return (
            f"<p>{len(self.households)} 户常住，{len(self.excluded)} 行不计入</p>"
            f"<table><tr><th>表</th><th>行数</th></tr>{rows}</table>"
        )


def read_study(folder: str | Path, rules: Rules | None = None) -> Study:
    """
    Read a study folder.

    Parameters
    ----------
    folder
        `households/` and `boundaries/`, or one folder of files.
    rules
        The settings; by default ``rules.toml`` in the folder, else the policy's numbers.

    Returns
    -------
    Study
        Canonical tables. Every household row is in ``households`` or, with a reason, in
        ``excluded``.

    Raises
    ------
    InputError
        If a file cannot be used, or no household remains.
    RulesError
        If ``rules.toml`` is wrong.
    """
    folder = Path(folder)
    sources = read_sources(folder)
    rules = rules or _own_rules(folder)
    if not any(s.table == "households" for s in sources):
        raise InputError(
            f"{folder} 里没有居民户文件",
            where=str(folder),
            remedy="放一个名为“居民户”或 households 的 CSV、XLSX 或 GPKG 文件",
        )
    findings: list[Finding] = []
    located = [_located(source, rules, findings) for source in sources]
    spatial = [t for t in located if isinstance(t, gpd.GeoDataFrame)]
    crs = work_crs_of([t for t in spatial if len(t)], rules.work_crs)
    tables = _combined(sources, located, crs)
    rows = tables.pop("households")
    outline = _outline(tables, rows)
    households, excluded, more = _counted(rows, tables, outline)
    if not len(households):
        raise InputError(
            "没有一户可以计入：所有行都被排除",
            where=str(folder),
            remedy="核对状态列和坐标；状态为“常住”或空的户才计入",
        )
    return Study(
        name=rules.study_name or folder.resolve().name,
        rules=rules,
        crs=crs,
        households=households,
        excluded=excluded,
        tables=tables,
        outline=outline,
        findings=Findings(tuple(findings)).plus(*more),
        sources=tuple(
            {
                "file": s.label,
                "table": s.table,
                "rows": len(s.frame),
                "encoding": s.encoding,
                "sha256": s.sha256,
            }
            for s in sources
        ),
    )


def _own_rules(folder: Path) -> Rules:
    for sub in (".", "boundaries", "households"):
        path = folder / sub / "rules.toml"
        if path.is_file():
            return read_rules(path)
    return Rules()


def _located(source: Source, rules: Rules, findings: list[Finding]) -> pd.DataFrame:
    frame, found = canonical(source, rules.columns.get(source.table, {}))
    findings += found
    frame["origin"] = [f"{source.label} 第 {n + 2} 行" for n in range(len(frame))]
    if TABLES[source.table].geometry == "none":
        return frame
    located, found = locate(frame, source.table, source.label)
    findings += found
    if source.encoding.lower().startswith("gb"):
        findings.append(
            Finding("notice", "encoding", source.table, source.label, "按 GB18030 编码读取")
        )
    if source.table == "households":
        return located
    mended, found = mend_shapes(located, source.table, source.label)
    findings += found
    if source.table in ("grids", "communities"):
        mended["geometry_out"] = mended.geometry.to_crs(DEGREES).to_numpy()
    return mended


def _combined(
    sources: list[Source], located: list[pd.DataFrame], crs: CRS
) -> dict[str, gpd.GeoDataFrame]:
    by_table: dict[str, list[pd.DataFrame]] = {}
    for source, table in zip(sources, located, strict=True):
        in_crs = table.to_crs(crs) if isinstance(table, gpd.GeoDataFrame) else table
        by_table.setdefault(source.table, []).append(in_crs)
    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in by_table.items()}
    for name, table in tables.items():
        for column in TABLES[name].columns:
            if column not in table.columns and column not in ("lon", "lat", "x", "y"):
                table[column] = ""
    _canonical_words(tables)
    return tables


def _canonical_words(tables: dict[str, gpd.GeoDataFrame]) -> None:
    """Give flags, kinds and numbers their canonical values, in place: the tables are ours."""
    for name, words, default in (
        ("grids", GRID_KINDS, "basic"),
        ("communities", COMMUNITY_KINDS, "urban"),
        ("barriers", BARRIER_KINDS, "wall"),
    ):
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


def _outline(tables: dict[str, gpd.GeoDataFrame], rows: gpd.GeoDataFrame) -> shapely.Geometry:
    if "outline" in tables:
        return shapely.union_all(tables["outline"].geometry.to_numpy())
    shapes = [
        tables[name].geometry.to_numpy()
        for name in ("grids", "communities", "subdistricts")
        if name in tables
    ]
    if shapes:
        return _without_holes(shapely.union_all(np.concatenate(shapes)))
    points = rows.geometry[_has_place(rows)].to_numpy()
    hull = shapely.concave_hull(
        shapely.multipoints(np.unique(shapely.get_coordinates(points), axis=0)), ratio=0.3
    )
    return shapely.simplify(shapely.buffer(hull, HULL_MARGIN_M), 1.0)


def _has_place(rows: gpd.GeoDataFrame) -> pd.Series:
    """Tell which rows have usable coordinates; 999 degrees becomes infinite in metres."""
    bounds = rows.geometry.bounds.to_numpy(float)
    return pd.Series(np.isfinite(bounds).all(axis=1), index=rows.index)


def _without_holes(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))


def _counted(
    rows: gpd.GeoDataFrame, tables: dict[str, gpd.GeoDataFrame], outline: shapely.Geometry
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, list[Finding]]:
    rows = rows.copy()
    findings: list[Finding] = []
    rows["status"] = as_word(rows["status"], STATUS_WORDS, "resident")
    for name in ("residents", "elderly", "party_members"):
        rows[name], wrong = as_whole(rows[name])
        findings += _bad_numbers(rows, name, wrong)
    _place_by_building(rows, tables, findings)
    reason = rows["status"].map(STATUS_REASONS).fillna("")
    unknown = ~rows["status"].isin([*STATUS_WORDS])
    for word, count in rows["status"][unknown].value_counts().sort_index().items():
        findings.append(
            Finding(
                "warning",
                "status_unknown",
                "households",
                f"{count} 行",
                f"不认识的状态“{word}”，按常住户计入",
                "改为：常住、空挂、空置、商铺、集体户",
            )
        )
    missing = ~_has_place(rows)
    reason = reason.mask((reason == "") & (rows["household_id"] == ""), "没有户编号")
    reason = reason.mask((reason == "") & missing, "没有坐标，也没有可用的楼栋位置")
    shapely.prepare(outline)
    placed = np.where(missing, None, rows.geometry.to_numpy())
    inside = shapely.intersects(outline, placed)
    reason = reason.mask((reason == "") & ~inside, "位置在研究范围之外")
    repeated = rows[reason == ""].duplicated("household_id")
    reason.loc[repeated.index[repeated]] = "户编号重复：同一编号在前面已计入一次"
    out = reason != ""
    findings += [
        Finding(
            "warning",
            "row_excluded",
            "households",
            f"{count} 行",
            str(words),
            "逐行清单见 excluded.csv",
        )
        for words, count in reason[out].value_counts().sort_index().items()
    ]
    excluded = pd.DataFrame(rows[["household_id", "origin", "status"]])[out].assign(
        reason=reason[out]
    )
    return rows[~out].reset_index(drop=True), excluded.reset_index(drop=True), findings


def _bad_numbers(rows: gpd.GeoDataFrame, name: str, wrong: pd.Series) -> list[Finding]:
    return [
        Finding(
            "warning",
            "not_a_number",
            "households",
            f"{origin} 户编号 {key}",
            f"列 {name} 不是数字，按 0 计",
            "改为整数",
        )
        for origin, key in rows.loc[wrong, ["origin", "household_id"]].itertuples(index=False)
    ]


def _place_by_building(
    rows: gpd.GeoDataFrame, tables: dict[str, gpd.GeoDataFrame], findings: list[Finding]
) -> None:
    """Give a household without coordinates a point in its building; changes `rows`."""
    missing = ~_has_place(rows)
    if not missing.any() or "buildings" not in tables:
        return
    known = tables["buildings"].drop_duplicates("building_id").set_index("building_id").geometry
    found = rows["building_id"].map(known.representative_point())
    use = missing & found.notna()
    if use.any():
        rows.loc[use, "geometry"] = found[use]
        findings.append(
            Finding(
                "notice",
                "placed_by_building",
                "households",
                f"{int(use.sum())} 行",
                "没有坐标，按楼栋位置放置",
            )
        )
