"""Every table to its place on the ground: columns, points, system, datum, sound shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import geopandas as gpd

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.columns import canonical
from lingwu_grid.ingest.coordinates import place
from lingwu_grid.ingest.fits import doubt, suspect, take_back
from lingwu_grid.ingest.headers import plain
from lingwu_grid.ingest.repair import mend_shapes
from lingwu_grid.ingest.systems import DEGREES, Placed, settle
from lingwu_grid.ingest.tables import unusable
from lingwu_grid.ingest.turned import turn_back

if TYPE_CHECKING:
    import pandas as pd

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.ingest.datum import Datum
    from lingwu_grid.ingest.tables import Source


class Located(NamedTuple):
    """Tables in their place."""

    sources: list[Source]
    """Those that could be used."""
    frames: list[pd.DataFrame]
    """One a source, with a CRS where the table has geometry."""
    datums: dict[str, str]
    """What was taken back, by label."""
    findings: list[Finding]


def locate(sources: list[Source], rules: Rules) -> Located:
    """
    Give every table canonical columns and its place on the ground.

    Parameters
    ----------
    sources
        Tables as read.
    rules
        The office's columns, and the datum of tables.

    Returns
    -------
    Located
        A table that lacks a column or coordinates is left out, with an error among the findings.
    """
    findings: list[Finding] = []
    used: list[Source] = []
    frames: list[pd.DataFrame] = []
    headers: dict[str, set[str]] = {}
    for source in sources:
        headers.setdefault(source.table, set()).update(map(plain, source.frame.columns))
    for source in sources:
        try:
            frames.append(_named(source, rules, headers[source.table], findings))
            used.append(source)
        except InputError as error:
            findings.append(unusable(error, source.table, source.label))
    at = [i for i, frame in enumerate(frames) if isinstance(frame, gpd.GeoDataFrame)]
    given = [Placed(cast("gpd.GeoDataFrame", frames[i]), used[i].table, used[i].label) for i in at]
    settled, found = settle(given)
    findings += found
    named = [(p.table, p.label, t) for p, t in zip(given, settled, strict=True)]
    datums = _datums(named, rules, findings)
    for number, i in enumerate(at):
        frames[i] = _sound(used[i], take_back(settled[number], datums[number]), findings)
    by_label = {used[i].label: str(datums[number]) for number, i in enumerate(at)}
    return Located(used, frames, by_label, findings)


def _named(
    source: Source, rules: Rules, elsewhere: set[str], findings: list[Finding]
) -> pd.DataFrame:
    """Give a table canonical columns and its numbers as geometry."""
    findings += source.findings
    frame, found = canonical(source, rules.columns.get(source.table, {}), elsewhere)
    findings += found
    frame["origin"] = [f"{source.label} 第 {n} {source.row_word}" for n in source.rows.tolist()]
    if TABLES[source.table].geometry != "none":
        frame, found = place(frame, source.table, source.label)
        findings += found
    if source.encoding.lower().startswith("gb"):
        findings.append(
            Finding("notice", "encoding", source.table, source.label, "按 GB18030 编码读取")
        )
    return frame


def _datums(
    tables: list[tuple[str, str, gpd.GeoDataFrame]], rules: Rules, findings: list[Finding]
) -> list[Datum]:
    """Give the datum each table is taken back from: what the rules say, else what is told."""
    known = {name: d for name, d in rules.datum.items() if d != "auto"}
    suspects = suspect(tables, known)
    chosen: list[Datum] = []
    for i, (name, label, table) in enumerate(tables):
        said = rules.datum.get(name, rules.datum.get("all", ""))
        datum: Datum = "cgcs2000"
        if said == "auto" and i in suspects:
            datum = suspects[i]
        elif said not in ("", "auto"):
            datum = cast("Datum", said)
        elif i in suspects:
            findings.append(doubt(name, label, suspects[i], len(table)))
        if datum != "cgcs2000":
            findings.append(
                Finding(
                    "notice", "datum_converted", name, label,
                    f"坐标由 {datum.upper()} 换算为 CGCS2000", "在地图上核对位置",
                )
            )  # fmt: skip
        chosen.append(datum)
    return chosen


def _sound(source: Source, table: gpd.GeoDataFrame, findings: list[Finding]) -> gpd.GeoDataFrame:
    table, turned = turn_back(table)
    kind = Finding(
        "warning",
        "row_turned",
        source.table,
        "",
        "经纬度（或横纵坐标）写反，已交换",
        "请在原数据中改正",
    )
    findings += each(kind, [source.place_of(int(row)) for row in turned])
    if source.table == "households":
        return table
    mended, found = mend_shapes(table, source)
    findings += found
    if source.table in ("grids", "communities"):
        mended["geometry_out"] = mended.geometry.to_crs(DEGREES).to_numpy()
    return mended
