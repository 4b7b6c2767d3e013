"""Stories: every household affected in exactly one, and a reason is what would be wrong without."""

from __future__ import annotations

import re
from dataclasses import replace
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
from lingwu_grid.contract.rules import Rules
from lingwu_grid.fabric.adjacency import Borders
from lingwu_grid.lawful import community_bands, grid_bands
from lingwu_grid.planning.empty_ground import LEAST_M2, bare_areas, moved_ground
from lingwu_grid.planning.reasons import Undoing
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


def _undoing(today: dict[str, int], plan: dict[str, int], units: list[str]) -> Undoing:
    n = len(units)
    line = np.arange(n - 1)
    borders = Borders(
        line, line + 1, np.full(n - 1, 40.0), np.full(n - 1, 40.0), np.full(n - 1, 40.0),
        np.zeros(n - 1, bool), np.zeros(n - 1),
    )  # fmt: skip
    return Undoing(
        np.array(units, object), np.full(n, 50), borders, today, plan,
        grid_bands(Rules(), ()), community_bands(Rules(), ()), {}, {}, {},
        {zone: min(n, today.get(zone, 0)) for zone, n in plan.items()},
        np.full(n, "", object), np.full(n, "c", object),
    )  # fmt: skip


def _story(old: str, new: str, n: int, was: str = "c", now: str = "c") -> SimpleNamespace:
    return SimpleNamespace(
        previous_grid_id=old, grid_id=new, previous_community_id=was, community_id=now, households=n
    )


@pytest.mark.parametrize(
    ("left", "goal", "words"),
    [
        (450, 350, []),
        (451, 350, ["如果不划出，a有 501 户，比上限多 1 户", "这里相邻的本社区网格只有b"]),
        (450, 349, ["如果不划入，b只有 299 户，比下限少 1 户"]),
        (
            451,
            349,
            ["如果不划出，a有 501 户，比上限多 1 户", "如果不划入，b只有 299 户，比下限少 1 户"],
        ),
    ],
)
def test_grids_at_the_edges_of_their_range(left: int, goal: int, words: list[str]) -> None:
    """Fifty households go from a to b; the plan's sizes are given."""
    undoing = _undoing({"a": left + 50, "b": goal - 50}, {"a": left, "b": goal}, list("aaaabbbb"))
    reason = undoing.reason(np.array([4]), _story("a", "b", 50))
    assert (reason.split("；") if words else []) == words
    if not words:
        # Undone, the border lies one pair on: as long, so nothing is saved and nothing claimed.
        assert reason == "单独不划也都合规：与别处的调整是一起定的"


@pytest.mark.parametrize(
    ("left", "goal", "words"),
    [
        (4950, 3050, "单独不改属，户数也都在范围内：与别处的调整是一起定的"),
        (4951, 3050, "如果不划出，c有 5001 户，比上限多 1 户；这里相邻的社区只有d"),
        (4950, 3049, "如果不划入，d只有 2999 户，比下限少 1 户"),
    ],
)
def test_communities_at_the_edges_of_their_range(left: int, goal: int, words: str) -> None:
    undoing = _undoing(
        {"c": left + 50, "d": goal - 50}, {"c": left, "d": goal, "a": 50}, list("aa")
    )
    assert undoing.reason(np.array([0, 1]), _story("a", "a", 50, "c", "d")) == words


def test_a_grid_that_ends_a_new_one_and_one_in_pieces() -> None:
    gone = _undoing({"a": 299, "b": 400}, {"b": 450}, list("bbbb"))
    assert gone.reason(np.array([0]), _story("a", "b", 50)) == (
        "a现状只有 299 户，不足下限 300 户，撤销，各户划入相邻网格；这里相邻的本社区网格只有b"
    )
    enough = _undoing({"a": 300, "b": 400}, {"b": 450}, list("bbbb"))
    reason = enough.reason(np.array([0]), _story("a", "b", 50))
    assert reason == "a撤销，各户划入相邻网格；这里相邻的本社区网格只有b"
    new = _undoing({"a": 800}, {"a": 400, "b": 340}, list("aaaabbbb"))
    assert "新设b" in new.reason(np.array([4]), _story("a", "b", 50))
    # b b [b] b b: without the middle one b is two pieces; a takes it back far from its own.
    cut = _undoing({"a": 400, "b": 400}, {"a": 400, "b": 400}, list("aaabbbbb"))
    reason = cut.reason(np.array([5]), _story("a", "b", 50))
    assert reason == "如果不划，b就不再连片；如果不划，a就不再连片"
    # Where a grid is in two pieces today, nothing falls apart that was whole.
    parted = replace(cut, grid_today=np.array(list("aaabbabb"), object))
    reason = parted.reason(np.array([5]), _story("a", "b", 50))
    assert reason == "b现状就不连片，如果不划，仍不连片；a现状就不连片，如果不划，仍不连片"


@pytest.mark.parametrize(
    ("other", "metres", "said"),
    [
        (451, 40.0, "如果改划入x，那里有 501 户，比上限多 1 户"),
        (450, 44.9, "如果改划入x，户数也合规"),
        (450, 45.0, "如果改划入x，网格界多 5 米"),
        (450, 35.0, "如果改划入x，户数也合规"),
    ],
)
def test_why_to_this_grid_and_not_to_another_beside_it(
    other: int, metres: float, said: str
) -> None:
    """Fifty households leave a, which ends, for b; x is on their other side: a a [b] x x."""
    undoing = _undoing({"a": 299, "b": 400, "x": other}, {"b": 450, "x": other}, list("bbbxx"))
    borders = undoing.borders._replace(
        length_m=np.array([40.0, metres, 40.0, 40.0]), off_line_m=np.zeros(4)
    )
    undoing = replace(undoing, borders=borders)
    story = _story("a", "b", 50)
    assert undoing.reason(np.array([2]), story).split("；")[1] == said
    if other == 450:  # nor does it matter that nobody lives there
        empty = replace(undoing, today={"a": 299, "b": 400}, plan={"b": 450})
        assert empty.reason(np.array([2]), story).split("；")[1] == said
    # A grid of another community is no choice; nor is one across a canal.
    apart = replace(undoing, community_of_unit=np.array(list("cccdd"), object))
    only = "这里相邻的本社区网格只有b"
    assert apart.reason(np.array([2]), story).split("；")[1] == only
    shut = replace(undoing, borders=borders._replace(clear_m=np.array([40.0, 40.0, 0.0, 40.0])))
    assert shut.reason(np.array([2]), story).split("；")[1] == only
    # Off a line counts before the length.
    off = replace(undoing, borders=borders._replace(off_line_m=np.array([0.0, 30.0, 20.0, 0.0])))
    if other == 450:
        assert "不沿路、墙、水的网格界多 10 米" in off.reason(np.array([2]), story)
    # A zone that is short today needs them, and that is enough; one that other moves alone would
    # leave short is no reason for these.
    worse = said if other == 451 else "如果改划入x，b只有 299 户，比下限少 1 户"
    for today, told in ((299, "如果不划入，b只有 299 户，比下限少 1 户"), (300, worse)):
        short = replace(
            undoing, today={"a": 299, "b": today, "x": other}, plan={"b": 349, "x": other}
        )
        assert short.reason(np.array([2]), story).split("；")[1].startswith(told)


@pytest.mark.parametrize(
    ("goal", "other", "said"),
    [
        (3299, 4701, "这个网格（300 户）如果改属别的社区，d只有 2999 户，比下限少 1 户"),
        (3300, 4701, "如果改划入x，那里有 5001 户，比上限多 1 户"),
        (3300, 4700, "如果改划入x，户数也合规"),
    ],
)
def test_why_a_grid_passes_to_this_community_and_not_to_another(
    goal: int, other: int, said: str
) -> None:
    """Grid n passes from c, which ends, to d with 200 households and has 300 in the plan."""
    undoing = _undoing({"c": 2000}, {"d": goal, "x": other, "n": 300}, list("enx"))
    undoing = replace(undoing, community_of_unit=np.array(list("ddx"), object), recoded={"a": "n"})
    story = _story("a", "n", 200, "c", "d")
    ended = "c现状只有 2000 户，不足下限 3000 户，撤销，各户划入相邻社区"
    assert undoing.reason(np.array([1]), story) == f"{ended}；{said}"
    # What only joins a grid of another community goes where the grid is.
    part = _story("b", "n", 50, "c", "d")
    assert said not in undoing.reason(np.array([1]), part)


def test_a_clearer_border_is_a_reason_only_where_it_is_clearer() -> None:
    undoing = _undoing({"a": 400, "b": 400}, {"a": 400, "b": 400}, list("aaabbb"))
    borders = undoing.borders._replace(off_line_m=np.array([40.0, 40.0, 0.0, 40.0, 40.0]))
    clear = Undoing(**{**undoing.__dict__, "borders": borders})
    reason = clear.reason(np.array([3]), _story("a", "b", 50))
    assert reason == "不划也都合规；划了以后，不沿路、墙、水的边界少 40 米"


def test_a_border_of_grids_that_is_one_of_communities_now_is_told_from_ten_metres() -> None:
    def along(*steps: tuple[str, float]) -> pd.DataFrame:
        return pd.DataFrame(steps, columns=["name", "length_m"])

    none, short, long = along(), along(("育才街", 9.9)), along(("育才街", 10.0))
    assert _rank_said(none, none, set()) == _rank_said(short, short, set()) == ""
    assert _rank_said(long, none, set()) == "；育才街一段网格界改作社区界"
    assert _rank_said(none, along(("甲苑", 5.0), ("甲苑", 5.0)), {"甲苑"}) == (
        "；甲苑围墙一段社区界改作网格界"
    )
    assert _rank_said(along(("", 30.0)), none, set()) == "；楼栋之间一段网格界改作社区界"


def test_what_ends_between_buildings_is_said_beside_what_has_a_name() -> None:
    def ended(off: float) -> str:
        old = pd.DataFrame({"name": ["育才街", ""], "length_m": [100.0 - off, off]})
        return _change_said(old.iloc[:0], old, set(), is_whole=False)

    assert ended(15.0) == "原沿育才街的界线取消"
    assert ended(15.1) == "原沿育才街、楼栋之间的界线取消"
    # Twenty metres are told however long the border is: a line of that length is seen.
    for off, said in ((19.9, "原沿育才街的界线取消"), (20.0, "原沿育才街、楼栋之间的界线取消")):
        old = pd.DataFrame({"name": ["育才街", ""], "length_m": [500.0, off]})
        assert _change_said(old.iloc[:0], old, set(), is_whole=False) == said


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


def test_what_else_changes_a_zone_is_told_where_another_move_is_why() -> None:
    """Fifty households go from a to b; ten come to a, twenty leave b, by other moves."""
    units = list("aaaabbbb")
    for today, said in (
        (491, "（现状 491 户，另有 10 户划入）"),
        (493, "（现状 493 户，另有 10 户划入、2 户划出）"),
    ):
        undoing = _undoing({"a": today, "b": 350}, {"a": 451, "b": 350}, units)
        undoing = replace(undoing, stayed={"a": 441, "b": 300})
        words = f"如果不划出，a有 501 户，比上限多 1 户{said}；这里相邻的本社区网格只有b"
        assert undoing.reason(np.array([4]), _story("a", "b", 50)) == words
    for today, stayed, said in (
        (319, 299, "（现状 319 户，另有 20 户划出）"),
        (319, 296, "（现状 319 户，另有 3 户划入、23 户划出）"),
        (299, 299, ""),
    ):
        undoing = _undoing({"a": 400, "b": today}, {"a": 400, "b": 349}, units)
        undoing = replace(undoing, stayed={"a": 400, "b": stayed})
        words = f"如果不划入，b只有 299 户，比下限少 1 户{said}"
        assert undoing.reason(np.array([4]), _story("a", "b", 50)) == words


def test_who_would_be_short_without_the_households_of_one_that_ends() -> None:
    """Community x of 2,000 ends: y needs what it gets, z does not."""
    today, plan = {"x": 2000, "y": 2500, "z": 3000}, {"y": 3499, "z": 4001}
    undoing = _undoing(today, plan, list("aabb"))
    undoing = replace(
        undoing,
        goals={"x": {"y": 999, "z": 1001}},
        called={"y": "乙", "x": "甲"},
        community_of_unit=np.full(4, "z", object),
    )
    story = _story("a", "a", 50, was="x", now="z")
    ended = "甲现状只有 2000 户，不足下限 3000 户，撤销，各户划入相邻社区"
    said = f"{ended}，其中乙没有甲划入的户就不足下限"
    only = "；这里相邻的社区只有z"
    assert undoing.reason(np.array([0]), story) == said + only
    enough = replace(undoing, goals={"x": {"y": 499, "z": 1001}})
    assert enough.reason(np.array([0]), story) == ended + only


def test_stories_come_back_from_the_folder(small_plan: Plan, tmp_path: object) -> None:
    folder = small_plan.save(f"{tmp_path}/out")
    again = lg.read_plan(folder)
    pd.testing.assert_frame_equal(again.stories, small_plan.stories, check_dtype=False)


def test_ground_beyond_a_barrier_does_not_join() -> None:
    """Of b's two units that stay, the border between them is a canal."""
    undoing = _undoing({"a": 400, "b": 400}, {"a": 400, "b": 400}, list("aaabbb"))
    borders = undoing.borders._replace(clear_m=np.array([40.0, 40.0, 40.0, 40.0, 0.0]))
    cut = Undoing(**{**undoing.__dict__, "borders": borders})
    assert cut.reason(np.array([3]), _story("a", "b", 50)) == "如果不划，b就不再连片"


def test_a_grid_with_a_new_code_is_called_by_both_names() -> None:
    plain = _undoing({"a": 678, "n": 678, "b": 299}, {"n": 451, "b": 349}, list("nnbb"))
    undoing = Undoing(**{**plain.__dict__, "called": {"a": "旧", "n": "新"}, "recoded": {"a": "n"}})
    assert undoing.counted("a") == undoing.counted("n") == "新（原旧）（678→451 户）"
    reason = undoing.reason(np.array([1]), _story("a", "b", 50))
    assert reason.startswith("如果不划出，新（原旧）有 501 户，比上限多 1 户")


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


def test_why_ground_without_homes_changes() -> None:
    """A row a a b P b: without the park, b falls apart; at its end only the border counts."""
    called = {"a": "甲", "b": "乙"}

    def why(units: str, park: int, **metres: list[float]) -> str:
        plain = _undoing({}, {"a": 100, "b": 100}, list(units))
        homes = np.where(np.arange(len(units)) == park, 0, 50)
        lengths = {key: np.array(value) for key, value in metres.items()}
        borders = plain.borders._replace(**lengths)
        fields = {"borders": borders, "households": homes, "called": called}
        return replace(plain, **fields).ground_reason(np.array([park]), "a", "b")

    assert why("aabbb", 3) == "如果不划，乙就不再连片"
    # The border goes from between a and the park to between the park and b.
    even, saved, less = [40.0] * 4, [40.0, 40.0, 45.0, 40.0], [40.0, 40.0, 44.9, 40.0]
    clearer, shorter = "如果不划，不沿路、墙、水的网格界多 5 米", "如果不划，网格界多 5 米"
    together = "与相邻住户的调整是一起定的"
    assert why("aabbb", 2, off_line_m=saved) == clearer
    assert why("aabbb", 2, off_line_m=less, length_m=saved) == shorter
    assert why("aabbb", 2, off_line_m=even, length_m=less) == together


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
