"""Study: an office's folder as canonical tables in one projected system."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import pandas as pd

from lingwu_grid.contract.errors import InputError, NoHouseholdsError
from lingwu_grid.contract.findings import Finding, Findings, each
from lingwu_grid.contract.rules import Rules
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.contract.settings import read_rules
from lingwu_grid.ingest.batches import Rows, open_rows
from lingwu_grid.ingest.caged import open_stream, read_file
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.columns import recognised
from lingwu_grid.ingest.combining import SOURCE_COLUMNS, combined, outline_of, unknown_kinds
from lingwu_grid.ingest.counting import KINDS, counted
from lingwu_grid.ingest.delimited import EMPTY
from lingwu_grid.ingest.files import Limits
from lingwu_grid.ingest.folder import read_sources, streamable
from lingwu_grid.ingest.locating import locate
from lingwu_grid.ingest.recurring import recurring
from lingwu_grid.ingest.systems import work_crs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely
    from pyproj import CRS

    from lingwu_grid.ingest.tables import Source


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
    zone_word
        What a zone that is named anew is called after its number.
    streamed_rows
        Rows, about, in the household files that could be read a batch at a time: by them a
        study is solved whole or in parts, from its folder and from memory alike.
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
    zone_word: str = "网格"
    streamed_rows: int = 0

    def table(self, name: str) -> gpd.GeoDataFrame:
        """Give a table, empty where none came."""
        if name in self.tables:
            return self.tables[name]
        columns = [*TABLES[name].columns, "geometry"]
        return gpd.GeoDataFrame({c: [] for c in columns}, geometry="geometry", crs=self.crs)

    def __repr__(self) -> str:
        return (
            f"<Study {self.name}: {len(self.households)} households, "
            f"{len(self.excluded)} rows excluded, {len(self.tables)} tables>"
        )

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
    even_empty: bool = False,
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
        A file whose grids and communities stand in for the study's own, such as a ``plan.gpkg``;
        or the folder of a plan, whose register of codes counts too.
    even_empty
        Give a study of which no household counts too, with an error among its findings: for a
        check, which shows why.

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
    rules = rules or rules_of(folder)
    if datum is not None:
        rules = rules.with_(datum={"all": datum} | rules.datum)
    ground, rows, first = read_ground(folder, rules, zones=zones)
    table = combined(list(rows.first), list(first), ground.crs)["households"]
    households, excluded, found = counted(
        table, ground.tables.get("buildings"), ground.outline, rules.status_words,
        ground.tables.get("compounds"),
    )  # fmt: skip
    found += recurring(households, ground.tables.get("compounds"))
    lost, unread = unreadable_rows(list(rows.first))
    if not len(households):
        nothing = none_counts(folder, excluded, [*ground.findings.rows, *found])
        if not even_empty:
            raise nothing
        found.append(
            Finding("error", "none_counts", "households", "", nothing.what, nothing.remedy)
        )
    return replace(
        ground,
        households=households,
        excluded=pd.concat([excluded, lost], ignore_index=True),
        findings=ground.findings.plus(*found, *unread),
        streamed_rows=sum(streamable(folder, Claims.by(rules), Limits.of(rules)).values()),
    )


def open_study(
    study: Study | str | Path,
    rules: Rules | None = None,
    *,
    zones: str | Path | None = None,
    even_empty: bool = False,
) -> Study:
    """
    Give a study as it is, or read its folder.

    Parameters
    ----------
    study
        A study, or its folder.
    rules
        The settings; by default the study's own.
    zones, even_empty
        As for :func:`read_study`, of a folder.

    Raises
    ------
    TypeError
        If `zones` is given with a study that is read already.
    """
    if not isinstance(study, Study):
        return read_study(study, rules, zones=zones, even_empty=even_empty)
    if zones is not None:
        raise TypeError("zones goes with the folder of a study, not with one that is read")
    return study if rules is None else replace(study, rules=rules)


def read_ground(
    folder: Path,
    rules: Rules,
    *,
    streamed: Sequence[Path] = (),
    zones: str | Path | None = None,
) -> tuple[Study, Rows, list[gpd.GeoDataFrame]]:
    """
    Read every table of a study and place them together; household rows are not counted yet.

    Parameters
    ----------
    folder
        The study.
    rules
        The settings.
    streamed
        Household files of which only the first batch is read.
    zones
        As for :func:`read_study`.

    Returns
    -------
    tuple
        The study without households; its household files; their first batches in place, each in
        a system of its own.

    Raises
    ------
    InputError
        If a streamed file cannot be read, or no household file can be used.
    """
    limits = Limits.of(rules)
    sources, told = read_sources(folder, Claims.by(rules), limits, without=streamed)
    if zones is not None:
        sources = _with_zones(sources, _zone_sources(Path(zones), Claims.by(rules), limits))
    whole = [s for s in sources if s.table == "households"]
    rows = open_rows([open_stream(p, limits) for p in streamed], whole, rules, limits)
    located = locate([*(s for s in sources if s.table != "households"), *rows.first], rules)
    if not any(s.table == "households" for s in located.sources):
        raise _no_households(folder, [*told, *located.findings])
    spatial = [t for t in located.frames if isinstance(t, gpd.GeoDataFrame)]
    crs = work_crs_of([t for t in spatial if len(t)], rules.work_crs)
    pairs = list(zip(located.sources, located.frames, strict=True))
    others = [(s, f) for s, f in pairs if s.table != "households"]
    tables = combined([s for s, _ in others], [f for _, f in others], crs)
    first = [cast("gpd.GeoDataFrame", f) for s, f in pairs if s.table == "households"]
    sample = pd.concat([f.to_crs(crs) for f in first])
    own = rules_file(folder)
    study = Study(
        name=rules.study_name or folder.resolve().name,
        rules=rules,
        crs=crs,
        households=_nobody(crs),
        excluded=pd.DataFrame({c: [] for c in ("household_id", "origin", "status", "reason")}),
        tables=tables,
        outline=outline_of(tables, sample),
        findings=Findings((*told, *located.findings, *unknown_kinds(tables))),
        sources=tuple(told_of(s, located.datums, len(s.frame) + len(s.lost)) for s, _ in pairs),
        rules_text=own.read_text(encoding="utf-8-sig") if own else "",
    )
    return study, rows.placed(located), first


def _nobody(crs: CRS) -> gpd.GeoDataFrame:
    columns = [c for c in (*TABLES["households"].columns, "origin") if c not in SOURCE_COLUMNS]
    return gpd.GeoDataFrame({c: pd.Series([], dtype=object) for c in columns}, geometry=[], crs=crs)


def rules_of(folder: Path) -> Rules:
    """Read the folder's own settings; the policy's numbers where it has none."""
    own = rules_file(folder)
    return read_rules(own) if own else Rules()


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


def _zone_sources(zones: Path, claims: Claims, limits: Limits) -> list[Source]:
    """Read another map: a file, or the folder of a plan, which has its register of codes beside."""
    files = [zones / "plan.gpkg", zones / "code_register.csv"] if zones.is_dir() else [zones]
    read = [source for file in files for source in read_file(file, claims, limits)]
    return [_numbered(source, claims) for source in read]


def _numbered(source: Source, claims: Claims) -> Source:
    """Give the grids of a map that has no codes the number of their row, and say so."""
    own = claims.columns.get(source.table, {})
    if source.table != "grids" or "grid_id" in recognised(source, "grids", own).values():
        return source
    told = Finding(
        "notice", "grids_numbered", "grids", source.label,
        "这张图没有网格编码，按行的次序编为 图001、图002……",
        "只用来比较和核对；要采用它，请补上编码",
    )  # fmt: skip
    ids = [f"图{number:03d}" for number in range(1, len(source.frame) + 1)]
    frame = source.frame.assign(grid_id=ids)
    return replace(source, frame=frame, findings=(*source.findings, told))


def _with_zones(sources: list[Source], instead: list[Source]) -> list[Source]:
    """Put another map in the place of today's grids and communities, and its codes with it."""
    taken = [s for s in instead if s.table in ("grids", "communities", "levels", "code_register")]
    if not taken:
        raise InputError(
            "用来核对的文件里没有网格或社区图层",
            where="、".join(s.label for s in instead),
            remedy="给一个含 grids、communities 图层的 GPKG，例如结果里的 plan.gpkg",
        )
    replaced = {s.table for s in taken}
    return [s for s in sources if s.table not in replaced] + taken


def _no_households(folder: Path, findings: Sequence[Finding]) -> InputError:
    broken = next((f for f in findings if f.table == "households" and f.severity == "error"), None)
    if broken is not None:
        return InputError(broken.message, where=broken.place, remedy=broken.remedy)
    return NoHouseholdsError(
        f"{folder} 里没有居民户文件",
        where=str(folder),
        remedy="放一个名为“居民户”或 households 的 CSV、XLSX 或 GPKG 文件；文件另有名字时，"
        f"运行 python -m lingwu_grid.check {folder} --guess 认出各个文件",
    )


BY_STATUS = "核对状态列和坐标；状态为“常住”或空的户才计入"


def none_counts(folder: Path, excluded: pd.DataFrame, findings: list[Finding]) -> InputError:
    """Say why no household is left."""
    errors = [f for f in findings if f.severity == "error"]
    often = excluded["reason"].value_counts()
    why = f"（{often.index[0]}：{often.iloc[0]} 行）" if len(often) else ""
    return InputError(
        f"没有一户可以计入：所有行都被排除{why}" + "".join(f"；{e.message}" for e in errors[:3]),
        where=str(folder),
        remedy=errors[0].remedy
        if errors
        else KINDS.get(str(often.index[0]) if len(often) else "", ("", BY_STATUS))[1],
    )


def unreadable_rows(sources: list[Source]) -> tuple[pd.DataFrame, list[Finding]]:
    """Account for rows that could not be read as rows."""
    lost = [(s.table, where, why) for s in sources for where, why in s.lost]
    findings: list[Finding] = []
    for table in dict.fromkeys(name for name, _, _ in lost):
        here = [(where, why) for name, where, why in lost if name == table]
        broken = Finding(
            "warning", "row_broken", table, "", "这一行的列数不对",
            "文字里有分隔符时要加引号；在 Excel 里另存一次即可",
        )  # fmt: skip
        torn = [row for row in here if row[1] != EMPTY]
        findings += each(broken, [w for w, _ in torn], messages=[why for _, why in torn])
        empty = Finding("notice", "row_empty", table, "", EMPTY, "不影响结果；可在原文件里删去")
        findings += each(empty, [w for w, why in here if why == EMPTY])
    rows = [("", where, "", why) for name, where, why in lost if name == "households"]
    return pd.DataFrame(rows, columns=["household_id", "origin", "status", "reason"]), findings


def rules_file(folder: Path) -> Path | None:
    """Find the folder's own ``rules.toml``."""
    for sub in (".", "boundaries", "households"):
        path = folder / sub / "rules.toml"
        if path.is_file():
            return path
    return None
