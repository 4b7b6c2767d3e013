"""History: the plans an office adopted, each from its day; who had a building on a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.output import whole_folder, write_csv, write_layer
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lingwu_grid.planning.record import PlanRecord

INDEX = "history.csv"
COLUMNS = ("adopted_from", "plan", "study", "basis", "households", "grids", "communities", "folder")
ZONES, BUILDINGS = "zones.gpkg", "buildings.csv"
KEYS = ("building_id", "building_name", "compound_id", "compound_name")
"""What a building can be asked for by."""

ANSWER = (
    "asked", "day", "building_id", "building_name", "compound_name", "grid_id", "grid_name",
    "community_id", "community_name", "street", "households", "plan", "adopted_from", "said",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class History:
    """
    A folder of adopted plans.

    Parameters
    ----------
    folder
        Where they are kept, without a household's row: zones, and buildings with their counts.
    plans
        One row a plan, the earliest first: adopted_from, plan, study, basis, households, grids,
        communities, folder.

    Examples
    --------
    >>> import lingwu_grid as lg
    >>> history = lg.open_history("档案")                             # doctest: +SKIP
    >>> history.add(plan, "2027-01-01", basis="灵政发〔2027〕1号")    # doctest: +SKIP
    >>> history.on("2027-03-01", ["B000123"])                         # doctest: +SKIP
    """

    folder: Path
    plans: pd.DataFrame

    def add(self, plan: PlanRecord, adopted_from: str, *, basis: str = "") -> History:
        """
        Keep a plan as in force from a day, until the next one's.

        Parameters
        ----------
        plan
            The plan that was adopted.
        adopted_from
            The day, as 2027-01-01.
        basis
            What it was adopted by, any words.

        Returns
        -------
        History
            With the plan in it.

        Raises
        ------
        InputError
            If the day is none, another plan is kept from it, or the plan is unfinished.
        OutputError
            If it cannot be written; the history is then as it was.
        """
        day, name = day_of(adopted_from), plan_of(plan)
        if plan.run.get("unfinished"):
            raise InputError(
                f"方案 {name} 没有算完，不能存为采纳的方案", remedy="算完再存：再运行一次划分"
            )
        there = self.plans.loc[self.plans["adopted_from"] == day, "plan"]
        if len(there) and there.iloc[0] != name:
            raise InputError(
                f"{day} 起已有采纳的方案 {there.iloc[0]}",
                where=str(self.folder / INDEX),
                remedy="核对日期；确要换掉的，先删去那一行和它的文件夹",
            )
        place = f"{day}_{name}"
        row = {
            "adopted_from": day, "plan": name, "study": str(plan.summary.get("study", "")),
            "basis": basis, "households": int(plan.summary["households"]),
            "grids": len(plan.grids), "communities": len(plan.communities), "folder": place,
        }  # fmt: skip
        kept = self.plans[self.plans["adopted_from"] != day]
        plans = pd.concat([kept, pd.DataFrame([row], columns=list(COLUMNS))], ignore_index=True)
        plans = plans.sort_values("adopted_from", ignore_index=True)
        with whole_folder(self.folder, mark=INDEX, adds=True) as draft:
            (draft / place).mkdir(exist_ok=True)
            for layer, table in _zones(plan).items():
                write_layer(table, draft / place / ZONES, layer)
            write_csv(plan.buildings, draft / place / BUILDINGS)
            write_csv(plans, draft / INDEX)
        return History(self.folder, plans)

    def in_force(self, day: str) -> pd.Series:
        """
        Give the row of the plan that was in force on a day.

        Raises
        ------
        InputError
            If the day is none, or before the first plan.
        """
        when = day_of(day)
        earlier = self.plans[self.plans["adopted_from"] <= when]
        if not len(earlier):
            first = self.plans["adopted_from"].min() if len(self.plans) else ""
            remedy = f"最早的方案自 {first} 起" if first else "先用 add 存入采纳的方案"
            raise InputError(f"{when} 没有存着的方案", where=str(self.folder), remedy=remedy)
        return earlier.iloc[-1]

    def on(self, day: str, asked: Sequence[str]) -> pd.DataFrame:
        """
        Say which grid and community had buildings on a day.

        Parameters
        ----------
        day
            As 2027-03-01.
        asked
            Numbers or names of buildings, codes or names of compounds.

        Returns
        -------
        pandas.DataFrame
            One row a building and grid, in the order of `asked`; one that the plan of that day
            has not is told, with no grid. `said` is the whole in one sentence.

        Raises
        ------
        InputError
            If no plan was in force that day.
        """
        plan = self.in_force(day)
        table = self._read(plan)
        text = table[list(KEYS)].fillna("").astype(str)
        rows: list[dict[str, Any]] = []
        for word in asked:
            hits = table[(text == str(word)).any(axis=1)]
            found = hits.to_dict("records") or [{}]
            rows += [{"asked": str(word), "day": day_of(day), **row} for row in found]
        return self._answers(rows, plan)

    def at(self, day: str, lon: float, lat: float) -> pd.DataFrame:
        """
        Say which grid and community had a place on a day, as :meth:`on` does.

        Parameters
        ----------
        day
            As 2027-03-01.
        lon, lat
            The place, degrees (CGCS2000).
        """
        plan = self.in_force(day)
        grids = gpd.read_file(self.folder / plan["folder"] / ZONES, layer="grids")
        hit = grids[shapely.intersects(grids.geometry.to_numpy(), shapely.Point(lon, lat))]
        row = hit.drop(columns="geometry").iloc[0].to_dict() if len(hit) else {}
        asked = {"asked": f"{lon},{lat}", "day": day_of(day)}
        return self._answers([asked | row], plan)

    def _read(self, plan: pd.Series) -> pd.DataFrame:
        """Give the buildings of a plan with the names of their zones."""
        place = self.folder / plan["folder"]
        try:
            buildings = pd.read_csv(place / BUILDINGS, dtype=str, encoding="utf-8-sig")
            grids = gpd.read_file(place / ZONES, layer="grids").drop(columns="geometry")
        except (OSError, ValueError) as error:
            raise InputError(
                f"读不出 {plan['adopted_from']} 起的方案",
                where=str(place), remedy="从备份恢复这个文件夹，或重新存入这个方案",
            ) from error  # fmt: skip
        named = grids[["grid_id", "grid_name", "community_id", "community_name", "street"]]
        kept = buildings[[*KEYS, "grid_id", "households"]].fillna("")
        kept["households"] = kept["households"].astype(int)
        homes = kept.groupby([*KEYS, "grid_id"], sort=False)["households"].sum().reset_index()
        return homes.merge(named, on="grid_id", how="left")

    def _answers(self, rows: list[dict[str, Any]], plan: pd.Series) -> pd.DataFrame:
        table = pd.DataFrame(rows, columns=list(ANSWER[:-3]))
        texts = [name for name in table.columns if name != "households"]
        table[texts] = table[texts].astype(object).where(table[texts].notna(), "")
        table["households"] = table["households"].astype("Int64")
        table["plan"], table["adopted_from"] = plan["plan"], plan["adopted_from"]
        table["said"] = [_said(row) for row in table.to_dict("records")]
        return table

    def _repr_html_(self) -> str:
        text: str = self.plans.to_html(index=False, escape=True)
        return text


def open_history(folder: str | Path) -> History:
    """
    Open a folder of adopted plans; one that is not there is empty.

    Parameters
    ----------
    folder
        Where they are kept.

    Raises
    ------
    InputError
        If the folder holds something else, or its list cannot be read.
    """
    place = Path(folder).resolve()
    index = place / INDEX
    if not index.exists():
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise InputError(
                "这里不是方案档案",
                where=str(place),
                remedy=f"档案文件夹里有 {INDEX}；新建的给空文件夹",
            )
        return History(place, pd.DataFrame(columns=list(COLUMNS)))
    try:
        plans = pd.read_csv(index, dtype={"plan": str, "folder": str}, encoding="utf-8-sig")
        missing = set(COLUMNS) - set(plans.columns)
        days = plans["adopted_from"].map(day_of)
    except (OSError, ValueError, KeyError, InputError) as error:
        raise InputError("读不出档案的清单", where=str(index), remedy="从备份恢复它") from error
    if missing:
        raise InputError(
            f"档案的清单少了 {'、'.join(sorted(missing))}", where=str(index), remedy="从备份恢复它"
        )
    plans["basis"] = plans["basis"].fillna("").astype(str)
    return History(place, plans.assign(adopted_from=days).sort_values("adopted_from"))


def day_of(text: str) -> str:
    """
    Give a day as the list has it.

    Examples
    --------
    >>> day_of("2027-01-01")
    '2027-01-01'

    Raises
    ------
    InputError
        If it is no day.
    """
    try:
        return dt.date.fromisoformat(str(text).strip()).isoformat()
    except ValueError as error:
        raise InputError(f"“{text}”不是日期", remedy="写成 2027-01-01") from error


def _zones(plan: PlanRecord) -> dict[str, gpd.GeoDataFrame]:
    """Give the grids with the names of what holds them, and the communities."""
    street = plan.communities.set_index("community_id")["subdistrict_id"].astype(str)
    called = {code: street_name(plan, code) for code in set(street)}
    grids = plan.grids[["grid_id", "grid_name", "community_id", "community_name", "geometry"]]
    of = grids["community_id"].map(street).map(called).fillna("")
    communities = plan.communities[["community_id", "community_name", "geometry"]]
    return {"grids": grids.assign(street=of), "communities": communities}


def _said(row: dict[str, Any]) -> str:
    """Say an answer in one sentence."""
    if not row["grid_id"]:
        return f"{row['day']}：{row['asked']} 不在当天的方案里（自 {row['adopted_from']} 起的）"
    what = row["building_name"] or row["building_id"] or row["asked"]
    where = f"{row['compound_name']} " if row["compound_name"] else ""
    return (
        f"{row['day']}：{where}{what} 属{row['grid_name']}（{row['grid_id']}），"
        f"{row['community_name']}（{row['community_id']}）"
    )
