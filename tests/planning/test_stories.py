"""Stories: every household affected in exactly one, and a reason is what would be wrong without."""

from __future__ import annotations

import re
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.planning.empty_ground import LEAST_M2, bare_areas, moved_ground
from lingwu_grid.planning.story_ground import (
    _beside,
    _change_said,
    _place,
    _rank_said,
    _shifted,
    side_of,
)

if TYPE_CHECKING:
    from lingwu_grid.plan import Plan

KEYS = ["previous_grid_id", "grid_id", "previous_community_id", "community_id"]


def test_every_household_affected_is_in_exactly_one_story(small_plan: Plan) -> None:
    stories, rows = small_plan.stories, small_plan.assignment
    today = rows["previous_grid_id"].replace(small_plan.recoded)
    grid = (today != rows["grid_id"]) & (today != "")
    community = (rows["previous_community_id"] != rows["community_id"]) & (
        rows["previous_community_id"] != ""
    )
    moved = rows[grid | community]
    told: list[str] = []
    for story in stories.itertuples(index=False):
        units = set(story.units.split(" "))
        way = (moved[KEYS] == [getattr(story, k) for k in KEYS]).all(axis=1)
        inside = moved[way & moved["unit_id"].isin(units)]
        assert len(inside) == story.households > 0
        told += inside["household_id"].tolist()
    assert len(told) == len(set(told)) == len(moved) == small_plan.summary["affected"]
    is_move = stories["previous_grid_id"].replace(small_plan.recoded) != stories["grid_id"]
    sum_moved = int(stories.loc[is_move, "households"].sum())
    assert sum_moved == small_plan.summary["households_moved_grid"]
    assert stories["households"].is_monotonic_decreasing


def test_a_story_hangs_together(small_plan: Plan) -> None:
    units = small_plan.units
    pairs = units[["unit_id", "geometry"]].sjoin(
        units[["unit_id", "geometry"]], predicate="touches"
    )
    graph = nx.from_pandas_edgelist(pairs, "unit_id_left", "unit_id_right")
    for story in small_plan.stories.itertuples(index=False):
        today = story.previous_grid_id
        if small_plan.recoded.get(today, today) != story.grid_id:
            assert nx.is_connected(graph.subgraph(story.units.split(" ")))


def test_the_counts_in_a_reason_are_those_of_the_plan_without_the_story(small_plan: Plan) -> None:
    """Counted anew: the households of a story put back, everybody else as planned."""
    rows, names = small_plan.assignment, small_plan.names
    code = {name: c for c, name in names.items()}
    checked = 0
    for story in small_plan.stories.itertuples(index=False):
        units = set(story.units.split(" "))
        way = (rows[KEYS] == [getattr(story, k) for k in KEYS]).all(axis=1)
        mine = (way & rows["unit_id"].isin(units)).to_numpy()
        for level, bounds in (("grid", (300, 500)), ("community", (3000, 5000))):
            back = np.where(mine, rows[f"previous_{level}_id"], rows[f"{level}_id"])
            size = pd.Series(back).value_counts()
            pattern = r"不划[出入]，([^，；]+?)(?:只有|有) (\d+) 户，比(上|下)限[多少] (\d+) 户"
            for said, count, side, off in re.findall(pattern, story.reason):
                name, _, old = said.removesuffix("）").partition("（原")
                if code[name] in set(
                    getattr(small_plan, f"{level.replace('y', 'ie')}s")[f"{level}_id"]
                ):
                    # What stays in a grid with a new code is counted under both.
                    assert size[code[name]] + size.get(code.get(old), 0) == int(count)
                    limit = bounds[side == "上"]
                    assert abs(int(count) - limit) == int(off) > 0
                    checked += 1
    assert checked >= 5


def test_a_border_of_grids_that_is_one_of_communities_now_is_told_from_ten_metres() -> None:
    def along(*steps: tuple[str, float]) -> pd.DataFrame:
        return pd.DataFrame(steps, columns=["name", "length_m"])

    none, short, long = along(), along(("育才街", 9.9)), along(("育才街", 10.0))
    assert _rank_said(none, none, set()) == _rank_said(short, short, set()) == ""
    assert _rank_said(long, none, set()) == "；育才街一段网格界改作社区界"
    assert _rank_said(none, along(("甲苑", 5.0), ("甲苑", 5.0)), {"甲苑"}) == (
        "；甲苑围墙一段社区界改作网格界"
    )
    assert _rank_said(along(("", 30.0)), none, set()) == "；没有名称处一段网格界改作社区界"


def test_a_wall_with_a_name_of_its_own_is_named_once() -> None:
    old = pd.DataFrame({"name": ["甲苑", "甲苑围墙", "育才街"], "length_m": [60.0, 50.0, 40.0]})
    said = _change_said(old, old.iloc[:0], old.iloc[:0], {"甲苑"}, is_whole=False)
    assert said == "改沿甲苑围墙、育才街"
    assert _rank_said(old, old.iloc[:0], {"甲苑"}) == "；甲苑围墙、育才街一段网格界改作社区界"


def test_what_ends_between_buildings_is_said_beside_what_has_a_name() -> None:
    def ended(off: float) -> str:
        old = pd.DataFrame({"name": ["育才街", ""], "length_m": [100.0 - off, off]})
        return _change_said(old.iloc[:0], old, old.iloc[:0], set(), is_whole=False)

    assert ended(15.0) == "原沿育才街的界线取消"
    assert ended(15.1) == "原沿育才街、没有名称处的界线取消"
    # Twenty metres are told however long the border is: a line of that length is seen.
    for off, said in ((19.9, "原沿育才街的界线取消"), (20.0, "原沿育才街、没有名称处的界线取消")):
        old = pd.DataFrame({"name": ["育才街", ""], "length_m": [500.0, off]})
        assert _change_said(old.iloc[:0], old, old.iloc[:0], set(), is_whole=False) == said


def test_of_a_street_that_is_a_border_still_only_a_stretch_ends() -> None:
    street = pd.DataFrame({"name": ["育才街"], "length_m": [90.0]})
    none = street.iloc[:0]
    for new, kept, gone in (
        (none, none, "育才街"), (none, street, "育才街一段"), (street, none, "育才街另一段"),
        (street, street, "育才街另一段"),
    ):  # fmt: skip
        said = _change_said(new, street, kept, set(), is_whole=True)
        assert said.endswith(f"原沿{gone}的社区界不再是社区界")


def test_what_is_said_of_a_place() -> None:
    assert _place(["甲苑"], 1, "民生路旁") == "甲苑 1 栋"
    assert _place(["甲苑", "乙苑"], 2, "") == "甲苑、乙苑 2 栋"
    assert _place(["甲苑", "乙苑", "丙苑"], 3, "") == "甲苑、乙苑等 3 个小区 3 栋"
    assert _place([], 4, "") == "4 栋"
    assert _place([], 4, "", "", "甲网格") == "甲网格内 4 栋"
    assert _place([], 4, "", "育才街以北", "甲网格") == "育才街以北 4 栋"
    assert _place([], 4, "民生路南侧", "育才街附近", "甲网格") == "民生路南侧 4 栋"


@pytest.mark.parametrize(
    ("way", "side"),
    [
        ((50, 0), "东"), ((0, 50), "北"), ((-50, 0), "西"), ((0, -50), "南"),
        ((40, 40), "东北"), ((-40, 40), "西北"), ((-40, -40), "西南"), ((40, -40), "东南"),
        ((50, 20), "东"), ((50, 21), "东北"), ((0, 4.9), ""), ((0, 5.1), "北"),
    ],
)  # fmt: skip
def test_on_which_side_of_a_street(way: tuple[float, float], side: str) -> None:
    assert side_of(np.array(way, float)) == side


def test_a_place_beside_a_street_tells_its_side() -> None:
    rim = pd.DataFrame(
        {"x": [0.0, 50.0, 100.0], "y": 0.0, "length_m": 40.0, "name": ["民生路", "民生路", ""]}
    )
    assert _beside(rim, shapely.box(0, 0, 100, 60)) == "民生路北侧"
    assert _beside(rim, shapely.box(0, -60, 50, 0)) == "民生路南侧"
    assert _beside(rim, shapely.box(0, -60, 50, 60)) == "民生路旁"
    assert _beside(rim.assign(name=""), shapely.box(0, 0, 9, 9)) == ""


def test_stories_come_back_from_the_folder(small_plan: Plan, tmp_path: object) -> None:
    folder = small_plan.save(f"{tmp_path}/out")
    again = lg.read_plan(folder)
    pd.testing.assert_frame_equal(again.stories, small_plan.stories, check_dtype=False)


def test_what_becomes_of_a_border(small_plan: Plan) -> None:
    """Told from the units: parted from what was with it, along what; or nothing is left to part."""
    units = small_plan.units.to_crs(32648)
    community = small_plan.grids.set_index("grid_id")["community_id"]
    before = small_plan.backdrop["grids"].set_index("grid_id")["community_id"]
    ended, moved, passed = 0, 0, 0
    for story in small_plan.stories.itertuples(index=False):
        old, new = story.previous_grid_id, story.grid_id
        is_whole = small_plan.recoded.get(old, old) == new
        if is_whole:
            mine = (units["previous_grid_id"] == old) & (units["grid_id"] == new)
            was_with = units["previous_grid_id"].map(before) == story.previous_community_id
            goes_on = units["grid_id"].map(community) != story.community_id
        else:
            mine = units["unit_id"].isin(story.units.split(" "))
            was_with, goes_on = units["previous_grid_id"] == old, units["grid_id"] != new
        ground = units.geometry[mine].union_all()
        rest = units.geometry[was_with & goes_on & ~mine].union_all()
        met = units.geometry[~was_with & ~goes_on & ~mine].union_all()
        is_parted, is_joined = (
            ground.intersection(other.buffer(0.01)).area > 0.02 for other in (rest, met)
        )
        word = "不再是社区界" if is_whole else "取消"
        assert (word in story.border) == (is_joined or not (is_parted or is_whole))
        if is_whole:
            assert story.border.startswith("各户不换网格")
            assert ("；社区界" in story.border) == is_parted
            passed += 1
        else:
            assert story.border.startswith(("改", "大部分改")) == is_parted
            assert story.border.startswith(("原沿", "两网格之间的原界线取消")) == (not is_parted)
            moved, ended = moved + is_parted, ended + (not is_parted)
        assert story.said.count(f"；界线：{story.border}") == 1
    assert moved
    assert ended or passed


def test_ground_where_nobody_lives_goes_with_homes_or_alone() -> None:
    """Units: a stays; park a→b as homes go; park c→b alone; e is new code of d, with its park."""
    was = np.array(["a", "a", "a", "c", "d", "d", ""], object)
    now = np.array(["a", "b", "b", "b", "e", "e", "b"], object)
    homes = np.array([50, 50, 0, 0, 50, 0, 0])
    fabric = SimpleNamespace(
        codes_today=lambda: was,
        units=pd.DataFrame({"households": homes}),
        places=SimpleNamespace(community_ids=["x", "y"]),
        community_now=np.array([0, 0, 0, 1, 0, 0, 2]),
    )
    grids = pd.DataFrame({"grid_id": ["a", "b", "e"], "community_id": ["x", "x", "y"]})
    names = SimpleNamespace(recoded={"d": "e"}, grid_of_unit=now)
    drawn = SimpleNamespace(fabric=fabric, names=names, grids=grids)
    # Homes from a to b were of another community than the park beside them: it goes with them.
    ways = pd.DataFrame([["a", "b", "z", "x"], ["d", "e", "x", "y"]], columns=KEYS)
    ground = moved_ground(drawn, ways).set_index("unit")
    assert ground[KEYS].T.to_dict("list") == {
        2: ["a", "b", "z", "x"], 5: ["d", "e", "x", "y"], 3: ["c", "b", "y", "x"],
    }  # fmt: skip
    # Of a grid that keeps all households under a new code, a park is no change.
    assert list(moved_ground(drawn, ways[:1])["unit"]) == [2, 3]


def test_ground_that_changes_alone_is_a_story_without_households(small_plan: Plan) -> None:
    stories, units = small_plan.stories, small_plan.units.to_crs(small_plan.work_crs)
    alone = stories[stories["households"] == 0]
    assert (alone["place"].str.startswith("无户的地")).all()
    assert (alone[["elderly", "buildings"]] == 0).all(axis=None)
    assert list(stories.index[-len(alone) :]) == list(alone.index) or not len(alone)
    told = {unit for row in stories["units"] for unit in row.split(" ")}
    was = units["previous_grid_id"].replace(small_plan.recoded)
    moved = units[(units["households"] == 0) & (was != units["grid_id"]) & (was != "")]
    left = moved[~moved["unit_id"].isin(told)]
    assert (left.geometry.area < LEAST_M2).all()


def test_the_ground_without_homes_of_a_story_is_measured() -> None:
    units = gpd.GeoDataFrame(
        {"households": [3, 0, 0]},
        geometry=[
            shapely.box(0, 0, 90, 90), shapely.box(90, 0, 100, 49.9), shapely.box(0, 0, 1, 1)
        ],
    )  # fmt: skip
    table = pd.DataFrame({"unit_numbers": [[0, 1], [0, 1, 2], [0]]})
    drawn = SimpleNamespace(fabric=SimpleNamespace(units=units))
    assert bare_areas(drawn, table).tolist() == pytest.approx([499.0, 500.0, 0.0])


@pytest.mark.parametrize(("width", "is_shift"), [(2.9, True), (3.1, False)])
def test_a_border_that_only_shifts_is_told_by_both_days(width: float, is_shift: bool) -> None:  # noqa: FBT001
    """Grids a and b; a strip beside their border goes from b to a."""
    edges = [0.0, 100.0, 100.0 + width, 200.0]
    units = gpd.GeoDataFrame(geometry=[shapely.box(w, 0, e, 100) for w, e in pairwise(edges)])
    fabric = SimpleNamespace(
        units=units, grid_now=np.array([0, 1, 1]), community_now=np.array([0, 0, 0])
    )
    grids = pd.DataFrame({"grid_id": ["a", "b"], "community_id": ["c", "c"]})
    names = SimpleNamespace(grid_of_unit=["a", "a", "b"])
    drawn = SimpleNamespace(fabric=fabric, grids=grids, names=names)
    steps = pd.DataFrame({"x": [100.0, 100.0 + width, 50.0], "y": [50.0, 50.0, 50.0]})
    (today, plan), communities = _shifted(drawn, steps)
    assert today.tolist() == [True, is_shift, False]
    assert plan.tolist() == [is_shift, True, False]
    assert not np.any(communities)
