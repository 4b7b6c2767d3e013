"""Levels: zones inside grids, one inside the other, and zones made of communities."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lingwu_grid.contract.errors import RulesError
from lingwu_grid.contract.levels import levels_from
from lingwu_grid.contract.settings import rules_from
from lingwu_grid.engine.instance import never, silent
from lingwu_grid.ingest.study import read_study
from lingwu_grid.lawful import EXEMPT, LAWFUL
from lingwu_grid.plan import Plan, read_plan
from lingwu_grid.scale.levels import _fitted, _Parent, carried, with_levels
from lingwu_grid.scale.upper_levels import with_upper_levels
from lingwu_grid.verification import verify
from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.ingest.study import Study

MICRO = {"id": "micro", "name": "微网格", "lower": 30, "upper": 100}
ROWS = {"id": "row", "name": "楼组", "lower": 8, "upper": 60, "inside": "micro"}
STREET = {"id": "street", "name": "街道", "lower": 3000, "upper": 5500, "made_of": "community"}


def drawn(plan: Plan, study: Study, *levels: dict[str, object]) -> Plan:
    """Draw levels of a plan."""
    study = replace(study, rules=study.rules.with_(levels=levels_from(levels, "rules.toml")))
    made = with_levels(plan, study, seed=0, stop=never, threads=1, watch=silent)
    return Plan.of(with_upper_levels(made, study, seed=0))


@pytest.fixture(scope="module")
def levelled(
    small_plan: Plan, small_study: Study, tmp_path_factory: pytest.TempPathFactory
) -> Plan:
    """The small plan with micro-grids, groups of houses in them, and streets."""
    plan: Plan = once(
        tmp_path_factory, "levels", lambda _: drawn(small_plan, small_study, MICRO, ROWS, STREET)
    )
    return plan


@pytest.mark.parametrize(("level", "inside"), [("micro", "grid"), ("row", "micro")])
def test_zones_are_in_range_nested_and_tile(
    levelled: Plan, small_study: Study, level: str, inside: str
) -> None:
    """A judge that knows nothing of us: counts, nesting, pieces, ground, by pandas and shapely."""
    zones = levelled.levels[levelled.levels["level"] == level].set_index("zone_id")
    rows = levelled.assignment
    count = rows.groupby(f"{level}_id").size()
    assert set(count.index) == set(zones.index)
    assert (count.reindex(zones.index) == zones["households"]).all()
    low, high = (30, 100) if level == "micro" else (8, 60)
    fits = count.reindex(zones.index).between(low, high)
    assert (fits == (zones["status"] == LAWFUL)).all()
    assert (zones.loc[~fits, "status"] == EXEMPT).all(), zones.loc[~fits, ["households", "reason"]]
    assert fits.mean() > 0.97
    assert rows.groupby(f"{level}_id")[f"{inside}_id"].nunique().max() == 1
    above = (
        levelled.grids.set_index("grid_id")
        if inside == "grid"
        else levelled.levels[levelled.levels["level"] == inside].set_index("zone_id")
    )
    metres = zones.geometry.to_crs(small_study.crs)
    assert (shapely.get_num_geometries(metres.to_numpy()) == 1).all()
    union = metres.groupby(zones["parent_id"]).agg(lambda s: shapely.union_all(s.to_numpy()))
    whole = above.geometry.to_crs(small_study.crs)
    assert set(union.index) == set(whole.index)
    off = shapely.area(shapely.symmetric_difference(union.reindex(whole.index), whole.to_numpy()))
    assert off.max() < 1.0
    assert abs(metres.area.sum() - whole.area.sum()) < 1.0


def test_no_border_of_a_level_runs_through_a_building(levelled: Plan, small_study: Study) -> None:
    homes = small_study.households.assign(zone=levelled.assignment["micro_id"].to_numpy())
    homes = homes[homes["building_id"] != ""]
    assert homes.groupby("building_id")["zone"].nunique().max() == 1
    zones = levelled.levels[levelled.levels["level"] == "micro"].to_crs(small_study.crs)
    inner = shapely.buffer(small_study.table("buildings").geometry.to_numpy(), -0.5)
    today = levelled.grids.to_crs(small_study.crs).boundary.union_all()
    new = shapely.difference(shapely.union_all(zones.boundary.to_numpy()), today.buffer(0.5))
    assert shapely.length(shapely.intersection(new, shapely.union_all(inner))) == 0.0


def test_streets_are_made_of_whole_communities(levelled: Plan) -> None:
    streets = levelled.levels[levelled.levels["level"] == "street"]
    members = streets["made_of"].str.split("、").explode()
    assert sorted(members) == sorted(levelled.communities["community_id"])
    size = levelled.communities.set_index("community_id")["households"]
    assert (size.reindex(members).groupby(members.index).sum() == streets["households"]).all()
    told = next(x for x in levelled.summary["levels"] if x["id"] == "street")
    assert told["in_range"] == streets["households"].between(3000, 5500).sum()


def test_codes_are_of_the_grid_and_registered(levelled: Plan) -> None:
    zones = levelled.levels[levelled.levels["level"] == "micro"]
    assert all(z.startswith(p) for z, p in zip(zones["zone_id"], zones["parent_id"], strict=True))
    assert all("微网格" in name for name in zones["zone_name"])
    register = levelled.code_register
    mine = register[register["level"] == "微网格"]
    assert sorted(mine["code"]) == sorted(zones["zone_id"])
    assert register["code"].is_unique


def test_what_is_written_is_verified_and_a_lie_is_found(levelled: Plan, tmp_path: Path) -> None:
    levelled.save(tmp_path / "out")
    assert verify(tmp_path / "out").faults == []
    again = read_plan(tmp_path / "out")
    with closing(sqlite3.connect(tmp_path / "out" / "plan.gpkg")) as package:
        styled = package.execute("select f_table_name from layer_styles").fetchall()
    assert ("levels",) in styled
    assert again.summary["levels"] == levelled.summary["levels"]
    assert sorted(again.levels["zone_id"]) == sorted(levelled.levels["zone_id"])
    rows = levelled.assignment.copy()
    other = rows.loc[rows["micro_id"] != rows["micro_id"].iloc[0], "micro_id"].iloc[-1]
    rows.loc[rows.index[0], "micro_id"] = other
    levelled.with_long(assignment=rows).save(tmp_path / "lie")
    assert any("微网格" in fault for fault in verify(tmp_path / "lie").faults)


def test_what_leaves_the_office_has_no_levels(levelled: Plan, tmp_path: Path) -> None:
    levelled.save(tmp_path / "out")
    for page in sorted((tmp_path / "out" / "share").glob("*.html")):
        assert "微网格" not in page.read_text(encoding="utf-8")


def test_the_folder_of_a_plan_brings_its_levels_into_a_later_study(
    levelled: Plan, small_folder: Path, tmp_path: Path
) -> None:
    levelled.save(tmp_path / "adopted")
    table = read_study(small_folder, zones=tmp_path / "adopted").table("levels")
    assert sorted(table["zone_id"]) == sorted(levelled.levels["zone_id"])


def test_next_year_begins_from_the_zones_of_this(levelled: Plan, small_study: Study) -> None:
    study = carried(small_study, levelled.levels[levelled.levels["level"] == "micro"])
    again = drawn(levelled, study, MICRO)
    told = again.summary["levels"][-1]
    assert told["households_moved"] <= 0.02 * told["zones"] * 65
    before = set(levelled.levels.loc[levelled.levels["level"] == "micro", "zone_id"])
    after = again.levels[again.levels["level"] == "micro"]
    assert len(before & set(after["zone_id"])) >= 0.95 * len(before)


def test_a_place_of_more_households_than_a_zone_may_have_is_an_exception(
    small_plan: Plan, small_study: Study
) -> None:
    most = small_study.households.groupby("building_id").size().max()
    tight = MICRO | {"lower": 1, "upper": int(most) - 1}
    made = drawn(small_plan, small_study, tight)
    over = made.levels[made.levels["households"] > most - 1]
    assert len(over) >= 1
    assert (over["status"] == EXEMPT).all()
    assert over["reason"].str.contains("楼不拆分").all()


def test_zones_that_miss_the_line_above_are_fitted_to_it() -> None:
    # A building on the line bent two zones: one sticks out, one falls short, a hair runs along.
    above, left, right, tab = shapely.transform(
        [
            shapely.box(0, 0, 40, 20),
            shapely.box(0, 0, 20, 20),
            shapely.Polygon([(20, 0), (35, 0), (35, 10), (45, 10), (45, 20), (20, 20)]),
            shapely.box(40, -10, 45, 10),
        ],
        lambda xy: xy * 1e-4 + (106.3, 38.1),
    )
    places = gpd.GeoDataFrame(
        {"zone_id": ["p"], "zone_name": ["甲"], "community_id": ["c"]}, geometry=[above], crs=4490
    )
    zones = gpd.GeoDataFrame({"community_id": ["p", "p"]}, geometry=[left, right], crs=4490)
    parent = _Parent(places, np.array([], object))
    made = _fitted(zones, parent, 4544).geometry.to_numpy()
    assert shapely.get_type_id(made).tolist() == [3, 3]
    assert shapely.area(shapely.symmetric_difference(made[0], left)) < 1e-10
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(made), above)) < 1e-10
    assert shapely.area(shapely.intersection(*made)) < 1e-10
    # What touches the zone above along a line only leaves no line behind.
    spur = shapely.union(right, tab)
    again = _fitted(zones.set_geometry([left, spur], crs=4490), parent, 4544).geometry.to_numpy()
    assert shapely.get_type_id(again).tolist() == [3, 3]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"id": "micro"}, "缺"),
        (MICRO | {"id": "grid"}, "id"),
        (MICRO | {"lower": 101}, "不成立"),
        (MICRO | {"lower": 0}, "不成立"),
        (MICRO | {"inside": "nothing"}, "上一级"),
        (MICRO | {"made_of": "grid"}, "made_of"),
        (MICRO | {"colour": 1}, "没有名为"),
    ],
)
def test_a_wrong_level_gets_a_sentence(said: dict[str, object], wrong: str) -> None:
    with pytest.raises(RulesError, match=wrong):
        rules_from({"levels": [said]})


def test_two_levels_of_one_name_are_refused() -> None:
    with pytest.raises(RulesError, match="写了两次"):
        rules_from({"levels": [MICRO, MICRO | {"id": "other"}]})
    assert len(rules_from({"levels": [MICRO, ROWS, STREET]}).levels) == 3
