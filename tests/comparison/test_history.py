"""Adopted plans by their days: who had a building on a day, equal to the plans themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid import history as command
from lingwu_grid.comparison.history import INDEX
from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    from pathlib import Path

DAYS = ("2027-01-01", "2028-07-01", "2030-01-01")


def turned(plan: lg.Plan, number: int) -> lg.Plan:
    """Another plan of the same town: every building one grid on, under another name."""
    grids = plan.grids["grid_id"].tolist()
    on = {g: grids[(k + number) % len(grids)] for k, g in enumerate(grids)}
    owner = plan.grids.set_index("grid_id")["community_id"]
    buildings = plan.buildings.assign(grid_id=plan.buildings["grid_id"].map(on))
    buildings["community_id"] = buildings["grid_id"].map(owner)
    units = plan.units.assign(grid_id=plan.units["grid_id"].map(on))
    return lg.Plan.of(plan.with_long(buildings=buildings, units=units))


@pytest.fixture
def three(small_plan: lg.Plan, tmp_path: Path) -> tuple[lg.History, list[lg.Plan]]:
    plans = [small_plan, turned(small_plan, 1), turned(small_plan, 2)]
    assert len({plan_of(plan) for plan in plans}) == 3
    history = lg.open_history(tmp_path / "档案")
    for number in (1, 0, 2):  # kept in any order
        history = history.add(plans[number], DAYS[number], basis=f"第{number}号")
    return history, plans


def test_every_building_is_answered_as_its_plan_has_it(
    three: tuple[lg.History, list[lg.Plan]],
) -> None:
    history, plans = lg.open_history(three[0].folder), three[1]
    days = {
        "2027-01-01": 0, "2028-06-30": 0, "2028-07-01": 1, "2029-12-31": 1, "2030-01-01": 2,
        "2040-05-05": 2,
    }  # fmt: skip
    checked = 0
    for day, number in days.items():
        plan = plans[number]
        homes = plan.buildings[plan.buildings["building_id"] != ""]
        asked = homes["building_id"].drop_duplicates().iloc[:250].tolist()
        told = history.on(day, asked).set_index("asked")
        wanted = homes.drop_duplicates("building_id").set_index("building_id")
        assert (told.loc[asked, "grid_id"] == wanted.loc[asked, "grid_id"]).all()
        assert (told.loc[asked, "community_id"] == wanted.loc[asked, "community_id"]).all()
        size = homes.groupby("building_id")["households"].sum()
        assert (told.loc[asked, "households"] == size[asked]).all()
        assert set(told["plan"]) == {plan_of(plan)}
        checked += len(asked)
    assert checked >= 1000


def test_a_compound_a_name_and_what_is_not_there(
    three: tuple[lg.History, list[lg.Plan]],
) -> None:
    history, plans = three
    homes = plans[0].buildings
    compound = homes.loc[homes["compound_name"] != "", "compound_name"].iloc[0]
    told = history.on("2027-05-01", [compound, "没有的楼"])
    here = homes[homes["compound_name"] == compound]
    assert set(told["building_id"]) - {""} == set(here["building_id"])
    assert told["households"].sum() == here["households"].sum()
    last = told.iloc[-1]
    assert (last["asked"], last["grid_id"]) == ("没有的楼", "")
    assert last["said"] == "2027-05-01：没有的楼 不在当天的方案里（自 2027-01-01 起的）"


def test_a_place_is_in_the_grid_that_has_its_ground(
    three: tuple[lg.History, list[lg.Plan]],
) -> None:
    history, plans = three
    grids = plans[0].grids
    for row in grids.iloc[:5].itertuples(index=False):
        point = shapely.point_on_surface(row.geometry)
        told = history.at("2027-05-01", point.x, point.y).iloc[0]
        assert (told["grid_id"], told["community_name"]) == (row.grid_id, row.community_name)
    nowhere = history.at("2027-05-01", 0.0, 0.0).iloc[0]
    assert nowhere["grid_id"] == ""


def test_no_household_is_kept(three: tuple[lg.History, list[lg.Plan]]) -> None:
    history, plans = three
    ids = plans[0].assignment["household_id"].iloc[:50].tolist()
    files = [path for path in history.folder.rglob("*") if path.is_file()]
    assert len(files) == 7
    for path in files:
        content = path.read_bytes()
        assert not any(str(one).encode() in content for one in ids), path


def test_what_cannot_be_kept_or_asked_is_a_sentence(
    three: tuple[lg.History, list[lg.Plan]], tmp_path: Path
) -> None:
    history, plans = three
    before = (history.folder / INDEX).read_bytes()
    for day, words in (("2026-12-31", "没有存着的方案.*2027-01-01"), ("2027-13-01", "不是日期")):
        with pytest.raises(lg.InputError, match=words) as error:
            history.on(day, ["B000001"])
        assert str(error.value)
    with pytest.raises(lg.InputError, match="2027-01-01 起已有采纳的方案"):
        history.add(plans[1], "2027-01-01")
    unfinished = lg.Plan.of(replace(plans[0], run=plans[0].run | {"unfinished": True}))
    with pytest.raises(lg.InputError, match="没有算完"):
        history.add(unfinished, "2031-01-01")
    assert (history.folder / INDEX).read_bytes() == before
    assert len(history.add(plans[0], "2027-01-01", basis="改了文号").plans) == 3, "the same again"
    with pytest.raises(lg.InputError, match="没有存着的方案"):
        lg.open_history(tmp_path / "空").on("2027-01-01", ["x"])
    (tmp_path / "别的").mkdir()
    (tmp_path / "别的" / "a.txt").write_text("x")
    with pytest.raises(lg.InputError, match="不是方案档案"):
        lg.open_history(tmp_path / "别的")
    (history.folder / f"{DAYS[0]}_{plan_of(plans[0])}" / "buildings.csv").unlink()
    with pytest.raises(lg.InputError, match="读不出 2027-01-01 起的方案"):
        history.on("2027-05-01", ["x"])
    (history.folder / INDEX).write_text("plan,folder\nx,y\n", encoding="utf-8")
    with pytest.raises(lg.InputError, match="读不出档案的清单"):
        lg.open_history(history.folder)


def test_from_the_command_line(
    small_plan: lg.Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, place = tmp_path / "结果", str(tmp_path / "档案")
    small_plan.save(out)
    assert command.main([place, "--add", str(out), "--from", "2027-01-01", "--basis", "一号"]) == 0
    assert "自 2027-01-01 起：方案" in capsys.readouterr().out
    homes = small_plan.buildings
    building = homes.loc[homes["building_id"] != "", "building_id"].iloc[0]
    table = tmp_path / "答复.csv"
    asked = [place, "--on", "2027-03-01", "--of", building, "--csv", str(table)]
    assert command.main(asked) == 0
    said = capsys.readouterr().out
    grid = homes.loc[homes["building_id"] == building, "grid_id"].iloc[0]
    assert f"{small_plan.names[grid]}（{grid}）" in said
    assert pd.read_csv(table, dtype=str)["grid_id"].tolist() == [grid]
    point = small_plan.grids.geometry.iloc[0].representative_point()
    at = f"{point.x},{point.y}"
    assert command.main([place, "--on", "2027-03-01", "--at", at]) == 0
    assert small_plan.grids["grid_id"].iloc[0] in capsys.readouterr().out
    for words, wrong in (
        (["--of", building], "没有写查哪一天"), (["--on", "2027-03-01"], "没有写查什么"),
        (["--on", "2027-03-01", "--at", "x"], "不是地点"), (["--add", str(out)], "哪一天起生效"),
    ):  # fmt: skip
        assert command.main([place, *words]) == 2
        told = capsys.readouterr()
        assert wrong in told.out + told.err


def test_a_building_of_two_entries_counts_once(small_plan: lg.Plan, tmp_path: Path) -> None:
    """Households of one building that come from two grids are one row of the answer."""
    homes = small_plan.buildings
    history = lg.open_history(tmp_path / "档案").add(small_plan, "2027-01-01")
    often = homes[homes["building_id"] != ""].groupby("building_id")["grid_id"].size()
    building = str(often.idxmax())
    told = history.on("2027-01-02", [building])
    assert len(told) == homes.loc[homes["building_id"] == building, "grid_id"].nunique()
    assert (
        told["households"].sum() == homes.loc[homes["building_id"] == building, "households"].sum()
    )
    assert np.all(told["grid_id"] != "")
