"""Two plans of the same households side by side: who differs, what became of what, what it buys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array, diags_array, hstack
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from lingwu_grid.comparison.two_maps import two_maps
from lingwu_grid.contract.errors import InputError
from lingwu_grid.maps.compare_page import compare_page
from lingwu_grid.output import require_place, whole_folder, write_csv, write_json
from lingwu_grid.papers.picture import save_figure
from lingwu_grid.plan import Plan, read_plan
from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lingwu_grid.planning.record import PlanRecord

SAME_LINE_M = 1.0
"""Borders of two plans this near to each other are one border, metres."""

SAME_CODE = 1e-6
"""What one code is worth, households: it decides only between as many."""

LEVELS = {"grid": "网格", "community": "社区"}

NOTICE = "供本单位内部比选；含少于五户的数，不外发"


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    What two plans have in common and where they differ.

    Parameters
    ----------
    first, second
        The plans.
    figures
        Main figures of both and their difference, one row each.
    households
        Households in both plans, in one of them only, and those whose grid, community or either
        differs.
    pairs
        Households by zone of the first and zone of the second plan: columns level, first, second,
        households, same (the two are one zone).
    borders
        Grid borders that only one of the plans has: columns plan, km, geometry; EPSG:4490.
    """

    first: Plan
    second: Plan
    figures: pd.DataFrame
    households: dict[str, int]
    pairs: pd.DataFrame
    borders: gpd.GeoDataFrame

    def table(self) -> pd.DataFrame:
        """Give the main figures of both plans, in Chinese."""
        return self.figures

    def draw(self) -> Figure:
        """Draw both plans; units that differ and borders that only one has stand out."""
        return two_maps(self.first, self.second, self.differing_units(), self.borders)

    def differing_units(self) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
        """Give the units of each plan that hold a household whose grid differs."""
        told = _of_both(self.first, self.second)
        there = told[~_is_same(told, self.pairs, "grid")]
        first, second = self.first.units, self.second.units
        return (
            first[first["unit_id"].isin(there["unit_id"])],
            second[second["unit_id"].isin(there["unit_id_other"])],
        )

    def page(self) -> str:
        """Draw both plans on one page, wiped over each other; for the office only."""
        return compare_page(
            (self.first, self.second), self.differing_units(), self.borders, self.figures,
            notice=NOTICE,
        )  # fmt: skip

    def save(self, folder: str | Path) -> Path:
        """
        Write tables, page and picture; no household row is among them.

        Raises
        ------
        OutputError
            If it cannot be written; an older comparison is then as it was.
        """
        target = Path(folder).resolve()
        with whole_folder(target, mark="compare.json") as draft:
            write_csv(self.figures, draft / "figures.csv")
            write_csv(_in_words(self.pairs), draft / "pairs.csv")
            (draft / "compare.html").write_text(self.page(), encoding="utf-8")
            (draft / "figures").mkdir()
            save_figure(self.draw(), draft / "figures" / "compare.png", dpi=200)
            write_json(
                {
                    "notice": NOTICE,
                    "plans": [plan_of(self.first), plan_of(self.second)],
                    "synthetic": bool(self.first.summary["synthetic"]),
                    "households": self.households,
                    "border_only_km": dict(
                        zip(("first", "second"), self.borders["km"].tolist(), strict=True)
                    ),
                },
                draft / "compare.json",
            )
        return target

    def _repr_html_(self) -> str:
        table: str = self.figures.to_html(index=False, escape=True)
        return table


def compare(
    first: PlanRecord | str | Path,
    second: PlanRecord | str | Path,
    *,
    out: str | Path | None = None,
) -> Comparison:
    """
    Set two plans side by side, household by household.

    Households are matched by their id. Zones of the two plans are matched so that the most
    households are in the same one (a largest assignment, Kuhn 1955): a code that one plan gives
    to other ground is not taken for the same grid.

    Parameters
    ----------
    first, second
        Plans, or their folders.
    out
        Where the comparison will be saved: refused at once where something else lies.

    Returns
    -------
    Comparison
        Figures, who differs, which zone became which, and borders that only one has.

    Raises
    ------
    InputError
        If one is no plan, or the two have no household in common.
    """
    if out is not None:
        require_place(Path(out), mark="compare.json")
    mine, theirs = (
        read_plan(plan) if isinstance(plan, (str, Path)) else Plan.of(plan)
        for plan in (first, second)
    )
    told = _of_both(mine, theirs)
    if told.empty:
        raise InputError(
            "两个方案没有共同的住户，比不了",
            remedy="两个方案要用同一套户编号（household_id）；没有编号的数据，编号取自文件名和行号",
        )
    pairs = pd.concat([_pairs(told, level) for level in LEVELS], ignore_index=True)
    differs = {level: ~_is_same(told, pairs, level) for level in LEVELS}
    counts = {
        "both": len(told),
        "first_only": len(mine.assignment) - len(told),
        "second_only": len(theirs.assignment) - len(told),
        "grid_differs": int(differs["grid"].sum()),
        "community_differs": int(differs["community"].sum()),
        "either_differs": int((differs["grid"] | differs["community"]).sum()),
    }
    borders = _only_one_has(mine, theirs)
    return Comparison(mine, theirs, _figures(mine, theirs, borders), counts, pairs, borders)


def _of_both(first: PlanRecord, second: PlanRecord) -> pd.DataFrame:
    wanted = ["household_id", "grid_id", "community_id", "unit_id"]
    return first.assignment[wanted].merge(
        second.assignment[wanted], on="household_id", suffixes=("", "_other")
    )


def _pairs(told: pd.DataFrame, level: str) -> pd.DataFrame:
    count = (
        told.groupby([f"{level}_id", f"{level}_id_other"], observed=True)
        .size()
        .rename("households")
        .reset_index()
        .set_axis(["first", "second", "households"], axis=1)
    )
    one, other = (pd.Categorical(count[key]) for key in ("first", "second"))
    n, m = len(one.categories), len(other.categories)
    worth = count["households"] + SAME_CODE * (count["first"] == count["second"])
    shared = coo_array((worth, (one.codes, other.codes)), shape=(n, m))
    # A zone may stay without a partner: half a household is less than any that two share.
    alone = diags_array(np.full(n, 0.5))
    table = hstack([shared, alone]).tocsr()
    rows, columns = min_weight_full_bipartite_matching(table, maximize=True)
    partner = np.full(n, -1)
    partner[rows] = np.where(columns < m, columns, -1)
    return count.assign(same=partner[one.codes] == other.codes).assign(level=level)[
        ["level", "first", "second", "households", "same"]
    ]


def _is_same(told: pd.DataFrame, pairs: pd.DataFrame, level: str) -> pd.Series:
    here = pairs[(pairs["level"] == level) & pairs["same"]]
    partner = dict(zip(here["first"], here["second"], strict=True))
    return told[f"{level}_id"].map(partner) == told[f"{level}_id_other"]


def _only_one_has(first: PlanRecord, second: PlanRecord) -> gpd.GeoDataFrame:
    crs = first.work_crs
    lines = [
        shapely.union_all(shapely.boundary(plan.grids.geometry.to_crs(crs).to_numpy()))
        for plan in (first, second)
    ]
    only = [
        shapely.difference(lines[a], shapely.buffer(lines[b], SAME_LINE_M))
        for a, b in ((0, 1), (1, 0))
    ]
    km = [round(line.length / 1000, 2) for line in only]
    table = gpd.GeoDataFrame({"plan": ["first", "second"], "km": km}, geometry=only, crs=crs)
    return table.to_crs(first.grids.crs)


def _figures(first: PlanRecord, second: PlanRecord, borders: gpd.GeoDataFrame) -> pd.DataFrame:
    columns = [_of_one(plan, km) for plan, km in zip((first, second), borders["km"], strict=True)]
    mine, theirs = ({k: "未算" if v is None else v for k, v in c.items()} for c in columns)
    return pd.DataFrame(
        {
            "指标": list(mine),
            "甲": pd.Series(list(mine.values()), dtype=object),
            "乙": pd.Series(list(theirs.values()), dtype=object),
            "乙减甲": pd.Series(
                [_less(theirs[key], mine[key]) for key in mine], dtype=object
            ),
        }
    )  # fmt: skip


def _of_one(plan: PlanRecord, only_km: float) -> dict[str, Any]:
    s = plan.summary
    return {
        "常住户数": s["households"],
        "网格": s["grids"],
        "其中合规": s["grids_in_range"],
        "社区": s["communities"],
        "其中合规的社区": s["communities_in_range"],
        "例外": s["exceptions"],
        "受影响的户数（与现状比）": s["affected"],
        "换网格的户数": s["households_moved_grid"],
        "换社区的户数": s["households_moved_community"],
        "任何合规方案至少须变动的户数": s["lower_bound"]["global"],
        "离上下限不到 1% 的网格和社区": s["tight_zones"],
        "网格边界（公里）": round(s["border_m"]["after"] / 1000, 2),
        "边界沿线的份额": s["border_on_line_share"]["after"],
        "平均紧凑度（Polsby-Popper）": s["polsby_popper"]["after"],
        "只有本方案有的网格边界（公里）": only_km,
        "两委职数": int(plan.communities["seats"].sum()),
        "服务经费（元）": int(plan.communities["service_fund"].sum()),
        "15 分钟走得到驿家的份额": (
            "未测" if plan.service is None else round(plan.service.summary["share"]["15"], 4)
        ),
    }


def _less(theirs: object, mine: object) -> object:
    if isinstance(theirs, (int, float)) and isinstance(mine, (int, float)):
        return round(theirs - mine, 4)
    return ""


def _in_words(pairs: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "层级": pairs["level"].map(LEVELS),
            "甲": pairs["first"],
            "乙": pairs["second"],
            "户数": pairs["households"],
            "视为同一个": np.where(pairs["same"], "是", "否"),
        }
    )
