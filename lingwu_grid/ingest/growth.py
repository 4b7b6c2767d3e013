"""Growth as offices write it: what is delivered or pulled down, where, when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.contract.findings import Finding
from lingwu_grid.ingest.columns import as_whole

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study

COLUMNS = ["compound_id", "households", "date"]
HOW = "写小区编码、户数（拆除写负数）、日期（如 2027-06-30）"


def read_growth(study: Study) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Read what is known of deliveries and demolitions.

    Parameters
    ----------
    study
        Its table ``growth``; there may be none.

    Returns
    -------
    tuple
        Rows that can be used, by date: compound_id, households (negative for a demolition), date
        (a day). And what is wrong with the others, row by row.
    """
    table = study.table("growth")
    if not len(table):
        return pd.DataFrame(columns=COLUMNS), []
    known = {
        str(code)
        for name in ("compounds", "buildings")
        for code in study.table(name).get("compound_id", pd.Series(dtype=object)).dropna()
    } | set(study.households["compound_id"].dropna().astype(str))
    households, unread = as_whole(table["households"])
    days = pd.to_datetime(_plain(table["date"]), format="ISO8601", errors="coerce")
    compound = table["compound_id"].fillna("").astype(str)
    away = ~compound.isin(known - {""})
    wrong = unread | (households == 0) | days.isna() | away
    rows = pd.DataFrame(
        {"compound_id": compound, "households": households, "date": days.dt.date}
    )  # fmt: skip
    findings = [
        Finding(
            "warning", "growth_unread", "growth", str(table["origin"].iloc[i]),
            _why(away[i], days.isna()[i], (compound[i], table["date"].iloc[i])), HOW,
        )
        for i in np.flatnonzero(wrong).tolist()
    ]  # fmt: skip
    return rows[~wrong].sort_values(
        ["date", "compound_id", "households"], ignore_index=True
    ), findings


def _plain(days: pd.Series) -> pd.Series:
    """
    Write days of any common form as ISO 8601.

    Examples
    --------
    >>> _plain(pd.Series(["2027年6月3日", "2027/6/30", "2027.12.1", "待定"])).tolist()
    ['2027-06-03', '2027-06-30', '2027-12-01', '待定']
    """
    text = days.fillna("").astype(str).str.strip().str.replace("日", "")
    parts = text.str.extract(r"^(\d{4})[年/.-](\d{1,2})[月/.-](\d{1,2})(?: .*)?$")
    iso = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].str.zfill(2)
    return iso.where(parts[0].notna(), text)


def _why(away: bool, undated: bool, said: tuple[str, object]) -> str:  # noqa: FBT001
    """Say why a row cannot be used."""
    if away:
        return f"没有小区 {said[0] or '（空）'}，这一行没有计入"
    if undated:
        return f"日期“{said[1]}”读不出，这一行没有计入"
    return "户数不是不为零的整数，这一行没有计入"
