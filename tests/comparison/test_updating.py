"""An adopted plan on a later file: every household accounted for, what is lawful left alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.audit.today import today
from lingwu_grid.comparison.arrivals import arrivals
from lingwu_grid.comparison.drift import _first_out
from lingwu_grid.comparison.updating import _beside, _held, _on_plan, _out_of_range, _unlawful
from lingwu_grid.contract.errors import InputError
from tests import commands
from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.comparison.updating import Updated
    from lingwu_grid.plan import Plan

LEFT, CAME, MOVED, RENAMED = 40, 240, 15, 25


def _rows(folder: Path) -> pd.DataFrame:
    homes = lg.read_study(folder).households.to_crs(4490)
    return pd.DataFrame(
        {
            "户编号": homes["household_id"].astype(str), "经度": homes.geometry.x,
            "纬度": homes.geometry.y, "楼栋编号": homes["building_id"],
            "地址": [f"灵州街{b}-{i}" for i, b in enumerate(homes["building_id"])],
        }
    )  # fmt: skip


def _folder(base: Path, rows: pd.DataFrame, target: Path) -> Path:
    shutil.copytree(base, target)
    shutil.rmtree(target / "households")
    (target / "households").mkdir()
    rows.to_csv(target / "households" / "居民户.csv", index=False)
    return target


def _made(place: Path, small_folder: Path, small_plan: Plan) -> tuple[Path, Path, Path, str]:
    """A plan, the file it was made from, and a later one: one grid fills far over its limit."""
    adopted = small_plan.save(place / "adopted")
    rows = _rows(small_folder)
    before = _folder(small_folder, rows, place / "before")
    grid_of = small_plan.assignment.set_index("household_id")["grid_id"]
    rows["grid"] = rows["户编号"].map(grid_of)
    full = str(small_plan.grids.sort_values("households")["grid_id"].iloc[-1])
    others = rows[rows["grid"] != full]
    rng = np.random.default_rng(2)
    gone = rng.choice(others.index, LEFT, replace=False)
    stay = rows.drop(gone)
    inside = stay[stay["grid"] == full]
    new = inside.sample(CAME, replace=True, random_state=3)
    new = new.assign(户编号=[f"N{i:04d}" for i in range(CAME)], 地址="")
    movers = stay[stay["grid"] != full].index[:MOVED]
    there = inside.iloc[:MOVED]
    for column in ("经度", "纬度", "楼栋编号"):
        stay.loc[movers, column] = there[column].to_numpy()
    again = stay[(stay["grid"] != full) & ~stay.index.isin(movers)].index[:RENAMED]
    stay.loc[again, "户编号"] = [f"R{i:04d}" for i in range(RENAMED)]
    later = pd.concat([stay, new], ignore_index=True).drop(columns="grid")
    return adopted, before, _folder(small_folder, later, place / "later"), full


@pytest.fixture(scope="module")
def story(
    small_folder: Path, small_plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, Path, str]:
    made: tuple[Path, Path, Path, str] = once(
        tmp_path_factory, "later", lambda place: _made(place, small_folder, small_plan)
    )
    return made


@pytest.fixture(scope="module")
def updated(
    story: tuple[Path, Path, Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Updated:
    adopted, before, later, _ = story
    made: Updated = once(
        tmp_path_factory, "updated",
        lambda _: lg.update(adopted, later, before=before, seed=1, time_limit=60),
    )  # fmt: skip
    return made


def test_every_household_of_both_files_is_counted_once(updated: Updated) -> None:
    counts = updated.found.counts
    assert counts["left"] == LEFT
    assert counts["came"] == CAME
    assert counts["moved_house"] == MOVED
    assert counts["found_by_2"] == RENAMED  # by address
    for _, zones in updated.drift.groupby("level"):
        come, go = zones["came"] + zones["moved_in"], zones["left"] + zones["moved_out"]
        assert (zones["adopted"] - go + come == zones["now"]).all()
        assert zones["now"].sum() == len(updated.plan.assignment)
        assert zones["came"].sum() == CAME
        assert zones["left"].sum() == LEFT


def test_without_the_file_before_a_new_number_is_a_new_household(
    story: tuple[Path, Path, Path, str], small_plan: Plan
) -> None:
    adopted, _, later, _ = story
    counts = arrivals(small_plan.assignment, _on_plan(later, None, adopted)).counts
    assert counts["came"] == CAME + RENAMED
    assert counts["left"] == LEFT + RENAMED


def test_what_became_unlawful_is_mended_and_the_plan_is_lawful(
    updated: Updated, story: tuple[Path, Path, Path, str], small_plan: Plan
) -> None:
    full = story[3]
    then = updated.drift.set_index("zone_id").loc[full]
    assert then["standing"] == "超上限"
    assert then["first_year_out"] == "0"
    assert not (updated.plan.grids["status"] == "超限").any()
    assert not (updated.plan.communities["status"] == "超限").any()
    assert 0 < updated.plan.summary["affected"] < small_plan.summary["affected"]
    rows = updated.plan.assignment
    old = dict(zip(small_plan.grids["grid_id"], small_plan.grids["community_id"], strict=True))
    moved = rows[(rows["previous_grid_id"] != rows["grid_id"]) & (rows["previous_grid_id"] != "")]
    assert set(moved["previous_grid_id"].map(old)) <= set(updated.opened)


def _drawn(grids: gpd.GeoDataFrame) -> list[bytes]:
    """Give each grid as bytes; a file may call one polygon a multipolygon."""
    return [
        shapely.to_wkb(shapely.multipolygons(shapely.get_parts(shape)))
        for shape in grids.geometry.to_numpy()
    ]


def test_a_community_that_is_lawful_stays_to_the_vertex(updated: Updated, small_plan: Plan) -> None:
    kept = set(small_plan.communities["community_id"]) - set(updated.opened)
    before = small_plan.grids.set_index("grid_id")
    after = updated.plan.grids.set_index("grid_id")
    same = before.index[before["community_id"].isin(kept)]
    assert _drawn(before.loc[same]) == _drawn(after.loc[same])
    # No code that was ever given is given anew to other ground.
    ever = small_plan.code_register
    retired = set(ever.loc[ever["status"] == "停用", "code"])
    assert not retired & set(updated.plan.grids["grid_id"])


def test_codes_last_from_year_to_year(updated: Updated, small_plan: Plan) -> None:
    """What was retired stays so, nothing is given twice, and a code tells the community."""
    first, second = small_plan.code_register, updated.plan.code_register
    assert set(first["code"]) <= set(second["code"])
    assert not second.duplicated(["level", "code"]).any()
    assert not second.duplicated(["level", "name"]).any()
    living = set(second.loc[second["status"] == "在用", "code"])
    assert living.isdisjoint(first.loc[first["status"] == "停用", "code"])
    grids = updated.plan.grids
    assert (grids["grid_id"].str[:-3] == grids["community_id"]).all()
    assert set(updated.plan.summary["grids_recoded"]).isdisjoint(living)


def test_nothing_changes_where_nothing_has_happened(
    story: tuple[Path, Path, Path, str], small_plan: Plan
) -> None:
    adopted, before, _, _ = story
    same = lg.update(adopted, before, seed=1, time_limit=5)
    assert same.opened == ()
    assert same.plan.summary["affected"] == 0
    pd.testing.assert_frame_equal(
        same.plan.assignment[["household_id", "grid_id"]],
        small_plan.assignment[["household_id", "grid_id"]],
    )
    now, then = same.plan.grids, small_plan.grids
    assert now["grid_id"].tolist() == then["grid_id"].tolist()
    assert _drawn(now) == _drawn(then)


def test_the_command_writes_plan_and_drift(
    story: tuple[Path, Path, Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adopted, before, _, _ = story
    out = tmp_path / "out"
    code = commands.update(
        [str(adopted), str(before), "-o", str(out), "--quiet", "--no-report", "--time-limit", "5"]
    )
    assert code == 0
    assert "新来 0 户，离开 0 户" in capsys.readouterr().out
    table = pd.read_csv(out / "drift.csv", dtype={"zone_id": str})
    assert set(table["level"]) == {"网格", "社区"}
    assert (out / "map.html").is_file()
    assert lg.read_plan(out).run["update"]["opened"] == []


@pytest.mark.parametrize("years", [0.0, -1.0])
def test_years_are_positive(years: float, story: tuple[Path, Path, Path, str]) -> None:
    with pytest.raises(InputError, match="年"):
        lg.update(story[0], story[1], years=years)


@pytest.mark.parametrize(
    ("now", "rate", "year"),
    [(499, 1.0, "2"), (500, 1.0, "1"), (500, 0.0, ""), (300, -1.0, "1"), (299, 5.0, "0"),
     (400, 9.9, ""), (400, 10.1, "10")],
)  # fmt: skip
def test_the_year_a_zone_leaves_its_range(now: int, rate: float, year: str) -> None:
    assert _first_out(now, rate, 300, 500) == year


def test_rings_open_one_after_another(story: tuple[Path, Path, Path, str]) -> None:
    adopted, _, later, full = story
    study = _on_plan(later, None, adopted)
    grids = study.table("grids").set_index("grid_id")["community_id"]
    opened = _unlawful(study, today(study).zones)
    assert grids[full] in opened
    assert opened <= _beside(study, opened)
    assert _beside(study, set()) == set()
    held = _held(study, opened).rules
    closed = set(study.table("communities")["community_id"]) - opened
    assert set(held.locked_communities) == closed
    assert set(held.locked_grids) == set(grids.index[grids.isin(closed)])


def test_an_address_that_two_have_tells_nothing(small_folder: Path, small_plan: Plan) -> None:
    study = lg.read_study(small_folder)
    homes = study.households
    twins = study.households.assign(
        address=["甲"] * len(homes), building_id="", household_id="x" + homes["household_id"]
    )
    later = replace(study, households=gpd.GeoDataFrame(twins, crs=study.crs))
    counts = arrivals(small_plan.assignment, later, study).counts
    assert counts["found_by_2"] == 0


def test_households_out_of_range_are_counted_by_community(small_plan: Plan) -> None:
    assert _out_of_range(small_plan) == {}
    usual = small_plan.grids["kind"] != "special"
    first = small_plan.grids.index[usual][0]
    grids = small_plan.grids.copy()
    grids.loc[first, ["households", "status"]] = [503, "超限"]
    owner = grids.loc[first, "community_id"]
    assert _out_of_range(replace(small_plan, grids=grids)) == {owner: 3}
    grids.loc[first, "households"] = 295
    assert _out_of_range(replace(small_plan, grids=grids)) == {owner: 5}


def test_what_no_ring_mends_opens_nobody(
    story: tuple[Path, Path, Path, str], small_plan: Plan, tmp_path: Path
) -> None:
    """A village that lost some homes is out of range whatever is done: others are left alone."""
    adopted, before, _, _ = story
    village = small_plan.communities.set_index("community_id")["kind"].eq("village")
    lone = village.index[village][0]
    rows = _rows(before)
    owner = small_plan.assignment.set_index("household_id")["community_id"]
    mine = rows.index[rows["户编号"].map(owner) == lone]
    later = _folder(before, rows.drop(mine[: len(mine) - 297]), tmp_path / "later")
    made = lg.update(adopted, later, seed=1, time_limit=4)
    assert made.opened == (lone,)
    assert made.plan.summary["affected"] == 0
