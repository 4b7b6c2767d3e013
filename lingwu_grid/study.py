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
from lingwu_grid.findings import Finding, Findings, each
from lingwu_grid.ingest.columns import as_claim, as_word
from lingwu_grid.ingest.counting import counted, has_place
from lingwu_grid.ingest.files import Limits
from lingwu_grid.ingest.locating import locate
from lingwu_grid.ingest.systems import work_crs_of
from lingwu_grid.ingest.tables import Source, read_file, read_sources
from lingwu_grid.rules import Rules, read_rules
from lingwu_grid.schema import BARRIER_KINDS, COMMUNITY_KINDS, GRID_KINDS, TABLES

if TYPE_CHECKING:
    from pyproj import CRS

SOURCE_COLUMNS = ("lon", "lat", "x", "y", "lonlat", "wkt")
"""Columns that became geometry."""

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
        File, table, rows, encoding, datum and SHA-256 of everything read.
    rules_text
        The folder's own ``rules.toml``, as written.
    part
        Stands in the unit ids of a part of a larger study, so that no two parts share one.
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
    rules_text: str = ""
    part: str = ""

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


def read_study(
    folder: str | Path,
    rules: Rules | None = None,
    *,
    datum: str | None = None,
    zones: str | Path | None = None,
) -> Study:
    """
    Read a study folder.

    Parameters
    ----------
    folder
        `households/` and `boundaries/`, or one folder of files.
    rules
        The settings; by default ``rules.toml`` in the folder, else the policy's numbers.
    datum
        `auto`, `gcj02`, `bd09` or `cgcs2000` for every table the rules do not name.
    zones
        A file whose grids and communities stand in for the study's own, such as a ``plan.gpkg``.

    Returns
    -------
    Study
        Canonical tables. Every household row is in ``households`` or, with a reason, in
        ``excluded``. Findings of severity `error` forbid a plan.

    Raises
    ------
    InputError
        If no household file can be used, or no household remains.
    RulesError
        If ``rules.toml`` is wrong.
    """
    folder = Path(folder)
    own = rules_file(folder)
    rules = rules or (read_rules(own) if own else Rules())
    if datum is not None:
        rules = rules.with_(datum={"all": datum} | rules.datum)
    limits = Limits(rules.max_file_mb, rules.max_rows, rules.max_vertices)
    sources, findings = read_sources(folder, rules.columns, limits)
    if zones is not None:
        sources = _with_zones(sources, read_file(Path(zones), rules.columns, limits))
    sources, located, datums, told = locate(sources, rules)
    findings += told
    if not any(s.table == "households" for s in sources):
        raise _no_households(folder, findings)
    spatial = [t for t in located if isinstance(t, gpd.GeoDataFrame)]
    crs = work_crs_of([t for t in spatial if len(t)], rules.work_crs)
    tables = combined(sources, located, crs)
    rows = tables.pop("households")
    outline = outline_of(tables, rows)
    households, excluded, more = counted(rows, tables.get("buildings"), outline)
    lost, unread = unreadable_rows(sources)
    if not len(households):
        raise none_counts(folder, excluded, [*findings, *more])
    return Study(
        name=rules.study_name or folder.resolve().name,
        rules=rules,
        crs=crs,
        households=households,
        excluded=pd.concat([excluded, lost], ignore_index=True),
        tables=tables,
        outline=outline,
        findings=Findings(tuple(findings)).plus(*more, *unread),
        sources=tuple(told_of(s, datums, len(s.frame) + len(s.lost)) for s in sources),
        rules_text=own.read_text(encoding="utf-8-sig") if own else "",
    )


def told_of(source: Source, datums: dict[str, str], rows: int) -> dict[str, Any]:
    """Say what a file was, for ``run.json``."""
    return {
        "file": source.label,
        "table": source.table,
        "rows": rows,
        "encoding": source.encoding,
        "datum": datums.get(source.label, "cgcs2000"),
        "sha256": source.sha256,
    }


def _with_zones(sources: list[Source], instead: list[Source]) -> list[Source]:
    """Put another map in the place of today's grids and communities."""
    taken = [s for s in instead if s.table in ("grids", "communities")]
    if not taken:
        raise InputError(
            "用来核对的文件里没有网格或社区图层",
            where="、".join(s.label for s in instead),
            remedy="给一个含 grids、communities 图层的 GPKG，例如结果里的 plan.gpkg",
        )
    replaced = {s.table for s in taken}
    return [s for s in sources if s.table not in replaced] + taken


def _no_households(folder: Path, findings: list[Finding]) -> InputError:
    broken = next((f for f in findings if f.table == "households" and f.severity == "error"), None)
    if broken is not None:
        return InputError(broken.message, where=broken.place, remedy=broken.remedy)
    return InputError(
        f"{folder} 里没有居民户文件",
        where=str(folder),
        remedy="放一个名为“居民户”或 households 的 CSV、XLSX 或 GPKG 文件",
    )


def none_counts(folder: Path, excluded: pd.DataFrame, findings: list[Finding]) -> InputError:
    """Say why no household is left."""
    errors = [f for f in findings if f.severity == "error"]
    often = excluded["reason"].value_counts()
    why = f"（{often.index[0]}：{often.iloc[0]} 行）" if len(often) else ""
    return InputError(
        f"没有一户可以计入：所有行都被排除{why}" + "".join(f"；{e.message}" for e in errors[:3]),
        where=str(folder),
        remedy=errors[0].remedy if errors else "核对状态列和坐标；状态为“常住”或空的户才计入",
    )


def unreadable_rows(sources: list[Source]) -> tuple[pd.DataFrame, list[Finding]]:
    """Account for rows that could not be read as rows."""
    lost = [(s.table, where, why) for s in sources for where, why in s.lost]
    findings: list[Finding] = []
    for table in dict.fromkeys(name for name, _, _ in lost):
        here = [(where, why) for name, where, why in lost if name == table]
        kind = Finding(
            "warning", "row_broken", table, "", "这一行的列数不对",
            "文字里有分隔符时要加引号；在 Excel 里另存一次即可",
        )  # fmt: skip
        findings += each(kind, [w for w, _ in here], messages=[why for _, why in here])
    rows = [("", where, "", why) for name, where, why in lost if name == "households"]
    return pd.DataFrame(rows, columns=["household_id", "origin", "status", "reason"]), findings


def rules_file(folder: Path) -> Path | None:
    """Find the folder's own ``rules.toml``."""
    for sub in (".", "boundaries", "households"):
        path = folder / sub / "rules.toml"
        if path.is_file():
            return path
    return None


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
        return _without_holes(shapely.union_all(np.concatenate(shapes)))
    points = rows.geometry[has_place(rows)].to_numpy()
    hull = shapely.concave_hull(
        shapely.multipoints(np.unique(shapely.get_coordinates(points), axis=0)), ratio=0.3
    )
    return shapely.simplify(shapely.buffer(hull, HULL_MARGIN_M), 1.0)


def _without_holes(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
