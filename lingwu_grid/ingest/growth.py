"""Growth as offices write it: what is delivered or pulled down, where, when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.findings import Finding
from lingwu_grid.ingest.numbers import as_number

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study

COLUMNS = ["compound_id", "households", "date"]
HOW = "写小区编码、户数（拆除写负数）、日期（如 2027-06-30）"
MOST = 100_000
"""Households of one row: more is no delivery."""


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
        (``2027-06-30``). And what is wrong with the others, row by row. What was before the plan
        takes effect is in the households already.
    """
    table = study.table("growth").reset_index(drop=True)
    if not len(table):
        return pd.DataFrame(columns=COLUMNS), []
    number, wrong = as_number(table["households"])
    no_count = wrong | (number == 0) | (number != np.round(number)) | (np.abs(number) > MOST)
    days = _days(table["date"])
    compound = table["compound_id"].fillna("").astype(str)
    start = str(study.rules.effective_date)
    why = np.select(
        [~compound.isin(_known(study)), no_count, days == "", days < start],
        [
            "没有小区 " + compound.where(compound != "", "（空）") + "，或它不在范围里",
            "户数不是不为零的整数",
            "日期“" + table["date"].fillna("").astype(str) + "”读不出",
            f"在启用日期 {start} 之前，应已在居民户表里",
        ],
        "",
    )
    findings = [
        Finding("warning", "growth_unread", "growth", str(table["origin"].iloc[i]),
                f"{why[i]}，这一行没有计入", HOW)
        for i in np.flatnonzero(why != "").tolist()
    ]  # fmt: skip
    rows = pd.DataFrame({"compound_id": compound, "households": number, "date": days})[why == ""]
    rows = rows.astype({"households": np.int64})
    return rows.sort_values([COLUMNS[2], *COLUMNS[:2]], ignore_index=True), findings


def _known(study: Study) -> set[str]:
    """Give the compounds that have residents, or lie in the town."""
    drawn = study.table("compounds")
    places = shapely.point_on_surface(drawn.geometry.to_numpy())
    inside = shapely.intersects(places, study.outline)
    known = set(drawn["compound_id"].astype(str).to_numpy()[inside]) if len(drawn) else set()
    homes, buildings = study.households, study.table("buildings")
    if "compound_id" in homes:
        known |= set(homes["compound_id"].dropna().astype(str))
    if len(buildings):
        # The ground of a large town comes without its households: any building counts there.
        lived = buildings["building_id"].isin(homes.get("building_id", buildings["building_id"]))
        known |= set(buildings.loc[lived, "compound_id"].dropna().astype(str))
    return known - {""}


def _days(said: pd.Series) -> pd.Series:
    """
    Write days of any common form as ISO 8601; nothing for what is no day of this century.

    Examples
    --------
    >>> _days(pd.Series(["2027年6月3日", "2027/6/30", "20271201", "2027-6-31", "待定"])).tolist()
    ['2027-06-03', '2027-06-30', '2027-12-01', '', '']
    """
    text = said.fillna("").astype(str).str.strip()
    parts = text.str.extract(
        r"^(20\d{2})(?:[年/.-](\d{1,2})[月/.-](\d{1,2})日?|(\d{2})(\d{2}))(?:[T ].*)?$"
    )
    month, day = parts[1].fillna(parts[3]), parts[2].fillna(parts[4])
    iso = parts[0] + "-" + month.str.zfill(2) + "-" + day.str.zfill(2)
    real = pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce").notna()
    return iso.where(real, "").astype(object)
