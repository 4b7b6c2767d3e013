"""Which household rows count, and why the others do not."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.contract.schema import MEASURES, STATUS_REASONS, STATUS_WORDS
from lingwu_grid.ingest.columns import as_whole, as_word
from lingwu_grid.ingest.housing import place_by_building
from lingwu_grid.ingest.turned import in_degrees

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

NO_WORDS: Mapping[str, str] = MappingProxyType({})

NO_ID = "没有户编号"
TOTAL = "合计行，不是一户"
TOTALS = ("合计", "总计", "小计", "共计", "总数")
NO_PLACE = "没有坐标，也没有可用的楼栋位置"
OUTSIDE = "位置在研究范围之外"
REPEATED = "户编号重复：与前面一行内容相同，只计一次"
CONFLICTING = "户编号重复：与前面一行编号相同、内容不同，计的是前面一行"
KINDS = {
    TOTAL: ("row_total", "不影响结果；可在原文件里删去"),
    NO_ID: ("id_missing", "补上户编号"),
    NO_PLACE: ("place_missing", "补上坐标，或填写楼栋编号（或小区和楼号），并放一份楼栋图"),
    OUTSIDE: ("outside_outline", "核对坐标；确在范围外的户请从文件里拿走"),
    REPEATED: ("duplicate_row", "删去重复的行"),
    CONFLICTING: ("duplicate_conflict", "核对是两户还是一户，改正编号或删去一行"),
}
COMPARED = ("building_id", "compound_id", "address", "residents", "grid_id", "community_id")


def counted(
    rows: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame | None,
    outline: shapely.Geometry,
    own_words: Mapping[str, str] = NO_WORDS,
    compounds: gpd.GeoDataFrame | None = None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, list[Finding]]:
    """
    Part the rows that count from those that do not.

    Parameters
    ----------
    rows
        Every household row, in the work CRS.
    buildings
        For rows without coordinates.
    outline
        The study area.
    own_words
        The office's own words for a status, and which of `STATUS_WORDS` each stands for.
    compounds
        For rows that name their compound where buildings have its code.

    Returns
    -------
    tuple
        Rows that count; rows that do not, with the reason; findings. Every row is in one of the
        two tables.
    """
    rows = rows.copy()
    findings: list[Finding] = []
    rows["status"] = as_word(rows["status"], status_words(own_words), "resident")
    for name in ("residents", *MEASURES):
        typed = rows[name]
        rows[name], wrong = as_whole(typed)
        if name == "residents":
            rows["residents_given"] = typed.astype(str).str.strip().ne("").to_numpy() & ~wrong
        findings += _bad_numbers(rows, name, wrong.to_numpy(bool))
    if buildings is not None and not has_place(rows).all():
        findings += place_by_building(rows, ~has_place(rows), buildings, compounds)
    findings += _unknown_status(rows)
    reason = rows["status"].map(STATUS_REASONS).fillna("").astype(object)
    missing = ~has_place(rows)
    reason = reason.mask((reason == "") & _totals(rows), TOTAL)
    reason = reason.mask((reason == "") & (rows["household_id"] == ""), NO_ID)
    reason = reason.mask((reason == "") & missing, NO_PLACE)
    shapely.prepare(outline)
    inside = shapely.intersects(outline, np.where(missing, None, rows.geometry.to_numpy()))
    reason = reason.mask((reason == "") & ~inside, OUTSIDE)
    reason = _repeated(rows, reason)
    findings += _excluded(rows, reason)
    out = (reason != "").to_numpy()
    excluded = pd.DataFrame(rows[["household_id", "origin", "status"]])[out].assign(
        reason=reason[out]
    )
    return rows[~out].reset_index(drop=True), excluded.reset_index(drop=True), findings


def status_words(own: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Give the words of every status, the office's own before the common ones."""
    mine = {word.strip().lower(): kind for word, kind in own.items()}
    return {
        kind: tuple(w for w in (*words, *mine) if mine.get(w, kind) == kind)
        for kind, words in STATUS_WORDS.items()
    }


def _totals(rows: gpd.GeoDataFrame) -> pd.Series:
    """Tell the rows that sum up the others: no household has such a name."""
    total = pd.Series(data=False, index=rows.index)
    for name in ("household_id", "building_id", "compound_id", "address", "grid_id"):
        if name in rows:
            word = rows[name].astype(str).str.replace(r"[\s:：]", "", regex=True)
            total |= word.isin(TOTALS)
    return total


def has_place(rows: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which rows have usable coordinates; 999 degrees becomes infinite in metres."""
    bounds = rows.geometry.bounds.to_numpy(float)
    usable: NDArray[np.bool_] = np.isfinite(bounds).all(axis=1)
    return usable


def _repeated(rows: gpd.GeoDataFrame, reason: pd.Series) -> pd.Series:
    open_rows = rows[(reason == "").to_numpy()]
    again = open_rows.duplicated("household_id")
    if not again.any():
        return reason
    ids = open_rows.loc[again, "household_id"]
    involved = open_rows[open_rows["household_id"].isin(ids)]
    xy = shapely.get_coordinates(involved.geometry.to_numpy())
    content = pd.DataFrame(involved[[c for c in COMPARED if c in involved]]).astype(str)
    content = content.assign(
        x=xy[:, 0].round(1), y=xy[:, 1].round(1), household_id=involved["household_id"]
    )
    same = content.duplicated(keep="first")
    told = np.where(same[again[again].index], REPEATED, CONFLICTING)
    reason = reason.copy()
    reason.loc[again[again].index] = told
    return reason


def _excluded(rows: gpd.GeoDataFrame, reason: pd.Series) -> list[Finding]:
    findings = []
    for words, count in reason[reason != ""].value_counts().sort_index().items():
        if words not in KINDS:
            findings.append(
                Finding("notice", "status_excluded", "households", f"{count} 行", str(words),
                        "逐行清单见 excluded.csv")
            )  # fmt: skip
            continue
        code, remedy = KINDS[str(words)]
        here = np.flatnonzero((reason == words).to_numpy())
        kind = Finding("warning", code, "households", "", str(words), remedy)
        findings += each(kind, places_of(rows, here), points=in_degrees(rows, here))
    return findings


def places_of(rows: pd.DataFrame, at: NDArray[np.int64]) -> list[str]:
    """Say where household rows stand: file, row and id."""
    chosen = rows[["origin", "household_id"]].iloc[at]
    return [
        f"{origin} 户编号 {key}" if key else str(origin)
        for origin, key in chosen.itertuples(index=False)
    ]


def _bad_numbers(rows: gpd.GeoDataFrame, name: str, wrong: NDArray[np.bool_]) -> list[Finding]:
    kind = Finding(
        "warning", "not_a_number", "households", "", f"列 {name} 不是数字，按 0 计", "改为整数"
    )
    return each(kind, places_of(rows, np.flatnonzero(wrong)))


def _unknown_status(rows: gpd.GeoDataFrame) -> list[Finding]:
    unknown = ~rows["status"].isin([*STATUS_WORDS]) & ~_totals(rows)
    return [
        Finding(
            "warning",
            "status_unknown",
            "households",
            f"{count} 行",
            f"不认识的状态“{word}”，按常住户计入",
            "改为：常住、空挂、空置、商铺、集体户",
        )
        for word, count in rows["status"][unknown].value_counts().sort_index().items()
    ]
