"""What deliveries and demolitions make of zones: by hand, by invariants, by a second program."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.fabric.growth import _shared, rise_and_fall, unit_growth
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.ingest.growth import read_growth
from lingwu_grid.planning.outlook import COLUMNS, leaving, make_outlook, told_ahead

if TYPE_CHECKING:
    from lingwu_grid.fabric.units import Fabric


def _with(study: lg.Study, rows: list[tuple[object, object, object]]) -> lg.Study:
    table = pd.DataFrame(rows, columns=["compound_id", "households", "date"]).astype(str)
    table["origin"] = [f"growth.csv 第 {i + 2} 行" for i in range(len(table))]
    return replace(study, tables={**study.tables, "growth": table})


@pytest.fixture(scope="module")
def fabric(small_study: lg.Study) -> Fabric:
    return build_fabric(small_study)


def _drawn(study: lg.Study, plan: lg.Plan, fabric: Fabric) -> Any:  # noqa: ANN401 - a stand-in
    ids = study.households["household_id"]
    rows = plan.assignment.set_index("household_id").loc[ids].reset_index()
    rules = plan.certificate["rules"]
    names = SimpleNamespace(
        special_grids=plan.certificate["special_grids"], villages=plan.certificate["villages"],
        grid_of_unit=plan.units.set_index("unit_id").loc[fabric.units["unit_id"], "grid_id"]
        .to_numpy(object),
    )  # fmt: skip
    assert set(rules["own"]) == {"grid", "community"}
    return SimpleNamespace(
        study=study, fabric=fabric, grids=plan.grids, communities=plan.communities,
        assignment=rows, names=names,
    )  # fmt: skip


def test_what_cannot_be_used_is_told_row_by_row(small_study: lg.Study) -> None:
    compound = str(small_study.table("compounds")["compound_id"].iloc[0])
    study = _with(
        small_study,
        [
            (compound, "120", "2027-06-30"), (compound, "-60", "2026年7月1日"),
            ("没有的", "5", "2027-06-30"), (compound, "约五十", "2027-06-30"),
            (compound, "0", "2027-06-30"), (compound, "7", "明年"), ("", "7", "2027-06-30"),
            (compound, "８", "2028/1/2"), (compound, "10.5", "2028/1/2"),
        ],
    )  # fmt: skip
    rows, findings = read_growth(study)
    assert rows[["households", "date"]].astype(str).to_numpy().tolist() == [
        ["-60", "2026-07-01"], ["120", "2027-06-30"], ["8", "2028-01-02"],
    ]  # fmt: skip
    assert [f.place for f in findings] == [f"growth.csv 第 {i} 行" for i in (4, 5, 6, 7, 8, 10)]
    said = [f.message for f in findings]
    assert "没有小区 没有的" in said[0]
    assert "户数不是不为零的整数" in said[1]
    assert "户数不是不为零的整数" in said[2]
    assert "日期“明年”读不出" in said[3]
    assert "没有小区 （空）" in said[4]
    assert {f.code for f in lg.check(study).findings} >= {"growth_unread"}


@pytest.mark.parametrize(
    ("date", "start", "counts"),
    [
        ("2027-06-30", "", True), ("20270630", "", True), ("2027-06-30 08:00:00", "", True),
        ("2027-06-30T00:00:00+08:00", "", True), ("2027-6-31", "", False), ("2027", "", False),
        ("2027-06", "", False), ("9999-12-31", "", False), ("1999-01-01", "", False),
        ("2026-12-31", "2027-01-01", False), ("2027-01-01", "2027-01-01", True),
    ],
)  # fmt: skip
def test_a_day_is_read_or_told(
    small_study: lg.Study,
    date: str,
    start: str,
    counts: bool,  # noqa: FBT001
) -> None:
    compound = str(small_study.table("compounds")["compound_id"].iloc[0])
    study = _with(small_study, [(compound, "1,000", date)])
    rows, findings = read_growth(replace(study, rules=study.rules.with_(effective_date=start)))
    assert (len(rows), len(findings)) == ((1, 0) if counts else (0, 1))
    assert rows["households"].tolist() == [1000] * counts


def test_a_compound_nobody_can_place_is_told(small_study: lg.Study) -> None:
    compounds = small_study.table("compounds")
    far = compounds.iloc[:1].assign(compound_id="FAR")
    far = far.set_geometry([shapely.box(0, 0, 10, 10)], crs=compounds.crs)
    tables = {**small_study.tables, "compounds": pd.concat([compounds, far], ignore_index=True)}
    study = _with(replace(small_study, tables=tables), [("FAR", "5", "2027-01-01")])
    assert [f.code for f in read_growth(study)[1]] == ["growth_unread"]


@pytest.mark.parametrize("rows", [[(-5,), (5,)], [(-(10**5) + 1,)], []])
def test_what_changes_nothing_leaves_nothing_to_tell(
    small_study: lg.Study, small_plan: lg.Plan, fabric: Fabric, rows: list[tuple[int]]
) -> None:
    """Rows that cancel on a day, and a demolition where nobody lives."""
    compounds = small_study.table("compounds")
    lived = fabric.units.loc[fabric.units["households"] > 0, "compound_id"]
    code = "EMPTY" if len(rows) == 1 else str(lived[lived != ""].iloc[0])
    spot = small_study.outline.representative_point().buffer(3)
    empty = compounds.iloc[:1].assign(compound_id="EMPTY").set_geometry([spot], crs=compounds.crs)
    tables = {**small_study.tables, "compounds": pd.concat([compounds, empty], ignore_index=True)}
    study = replace(small_study, tables=tables)
    study = _with(study, [(code, n, "2027-01-01") for (n,) in reversed(rows)])
    outlook = make_outlook(_drawn(study, small_plan, fabric))
    assert list(outlook.columns) == COLUMNS
    assert len(outlook) == 0
    # Joined to the rows of another part its numbers stay numbers, a demolition too.
    assert (outlook[["change", "households", "limit"]].dtypes == np.int64).all()


def _event(compound: str, households: int, day: str) -> dict[str, object]:
    return {"compound_id": compound, "households": households, "date": day}


def test_who_comes_is_shared_as_the_compound_is_and_nobody_leaves_who_is_not_there() -> None:
    holders = pd.DataFrame(
        [("C", 1, 30), ("C", 2, 60), ("C", 3, 10), ("E", 1, 0)],
        columns=["compound_id", "unit", "held"],
    )
    events = pd.DataFrame(
        [_event("C", 7, "1"), _event("E", 5, "2"), _event("C", -90, "3"), _event("C", -90, "4"),
         _event("elsewhere", 9, "4"), _event("C", 3, "5")]
    )  # fmt: skip
    out = _shared(events, holders).groupby(["date", "unit"])["change"].sum().unstack(0)
    assert out.loc[[1, 2, 3], "1"].tolist() == [2, 4, 1]  # 2.1, 4.2, 0.7
    assert out["2"].dropna().to_dict() == {1: 5}
    assert out["3"].sum() == -90
    assert out["4"].sum() == -17  # a hundred and seven were there


@pytest.mark.parametrize("seed", range(4))
def test_zones_add_up_whatever_comes_and_goes(
    small_study: lg.Study, small_plan: lg.Plan, fabric: Fabric, seed: int
) -> None:
    dice = np.random.default_rng(seed)
    compounds = small_study.table("compounds")["compound_id"].astype(str).tolist()
    rows: list[tuple[object, object, object]] = [
        (dice.choice(compounds), int(dice.integers(-200, 300)) or 1,
         f"20{dice.integers(26, 31)}-{dice.integers(1, 13):02d}-15")
        for _ in range(25)
    ]  # fmt: skip
    study = _with(small_study, rows)
    outlook = make_outlook(_drawn(study, small_plan, fabric))
    assert list(outlook.columns) == COLUMNS
    grids, communities = (outlook[outlook["level"] == level] for level in ("网格", "社区"))
    by_grid = grids.groupby(["community_id", "date"])["change"].sum()
    by_community = communities.set_index(["zone_id", "date"])["change"]
    assert by_grid[by_grid != 0].sort_index().tolist() == by_community.sort_index().tolist()
    for level, layer in (("grid", small_plan.grids), ("community", small_plan.communities)):
        part = outlook[outlook["level"] == ("网格" if level == "grid" else "社区")]
        now = layer.set_index(f"{level}_id")["households"]
        for zone, mine in part.groupby("zone_id"):
            assert (now[zone] + mine["change"].cumsum()).tolist() == mine["households"].tolist()
            assert mine["date"].is_monotonic_increasing
            assert (mine["households"] >= 0).all()


@pytest.mark.parametrize(
    ("households", "date", "status", "start", "leaves"),
    [
        (500, "2027-01-01", "合规", "", False),
        (501, "2027-01-01", "合规", "", True),
        (300, "2027-01-01", "合规", "", False),
        (299, "2027-01-01", "合规", "", True),
        (501, "2027-01-01", "例外", "", False),
        (501, "2030-01-01", "合规", "2027-01-01", True),
        (501, "2030-01-02", "合规", "2027-01-01", False),
    ],
)
def test_who_leaves_its_range_within_three_years(
    households: int,
    date: str,
    status: str,
    start: str,
    leaves: bool,  # noqa: FBT001
) -> None:
    band = lg.Rules().grid
    is_out = not band.lower <= households <= band.upper
    rows = pd.DataFrame(
        [("网格", "g", "甲", "c", date, 9, households,
          "在范围内" if not is_out else "超上限" if households > 500 else "不足下限",
          0 if not is_out else 500 if households > 500 else 300)],
        columns=COLUMNS,
    )  # fmt: skip
    layers = {
        "grid": pd.DataFrame({"grid_id": ["g"], "status": [status]}),
        "community": pd.DataFrame({"community_id": [], "status": []}),
    }
    found = told_ahead(leaving(rows, layers, start))
    assert [f.place for f in found] == (["g"] if leaves else [])
    if leaves:
        limit, word = (500, "超上限") if households > 500 else (300, "不足下限")
        said = f"{date} 起预计 {households} 户，{word} {limit} 户，差 1 户"
        assert found[0].message.endswith(said)


def test_without_a_growth_table_there_is_nothing_to_tell(small_plan: lg.Plan) -> None:
    assert list(small_plan.tables["outlook"].columns) == COLUMNS
    assert leaving(small_plan.tables["outlook"].iloc[:0], {}, "").empty


def test_the_worst_days_are_of_the_years_that_count() -> None:
    growth = pd.DataFrame(
        [(0, "2027-01-01", 80), (0, "2028-01-01", -100), (1, "2027-06-01", -5),
         (1, "2029-01-01", 9), (1, "2031-01-01", 500), (2, "2027-01-01", -9)],
        columns=["unit", "date", "change"],
    )  # fmt: skip
    rise, fall = rise_and_fall(growth, np.array([60, 7, 4]), pd.Timestamp("2030-12-31"))
    assert rise.tolist() == [80, 4, 0]  # +80, then -20; -5, then +4
    assert fall.tolist() == [20, 5, 4]  # nobody leaves who is not there


def test_the_growth_of_units_adds_up_to_that_of_their_compounds(
    small_study: lg.Study, fabric: Fabric
) -> None:
    compound = fabric.units.loc[fabric.units["households"] > 60, "compound_id"]
    codes = sorted(set(compound) - {""})[:3]
    study = _with(small_study, [(code, 50, "2027-01-01") for code in codes])
    growth = unit_growth(study, fabric)
    of = fabric.units["compound_id"].to_numpy(object)[growth["unit"]]
    assert growth.groupby(of)["change"].sum().to_dict() == dict.fromkeys(codes, 50)


def test_a_plan_with_foresight_stays_lawful_where_that_of_today_does_not(
    small_study: lg.Study, small_plan: lg.Plan, fabric: Fabric
) -> None:
    units = small_plan.units.assign(
        compound_id=fabric.units.set_index("unit_id").loc[
            small_plan.units["unit_id"], "compound_id"
        ].to_numpy(object)
    )  # fmt: skip
    size = units.groupby("grid_id")["households"].sum()
    lived = units[(units["compound_id"] != "") & (units["households"].between(40, 150))]
    lived = lived[lived["grid_id"].map(size).between(400, 480)]
    row = lived.drop_duplicates("compound_id").iloc[0]
    more = 510 - int(size[row["grid_id"]])
    study = _with(small_study, [(row["compound_id"], more, "2027-06-01")])
    today = lg.partition(study, seed=1)
    ahead = lg.partition(study, study.rules.with_(horizon=3), seed=1)
    assert today.summary["zones_leaving"] == 1
    assert "horizon" not in today.summary
    assert ahead.summary["zones_leaving"] == 0
    about = ahead.summary["horizon"]
    assert (about["years"], about["leaving_without"], about["leaving"]) == (3, 1, 0)
    assert about["affected_without"] == today.summary["affected"]
    assert about["lower_bound"] <= ahead.summary["affected"]
    assert ahead.summary["status"] in ("feasible", "optimal")
    assert ahead.summary["lower_bound"] == today.summary["lower_bound"] | {"within_plan": None}
    said_of = [f for f in ahead.findings["code"] if f.startswith("growth")]
    assert said_of == []
