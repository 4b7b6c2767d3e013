"""What nobody has told of a walk: each assumption changes what it should, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.circle.assumptions import WAIT_S
from lingwu_grid.contract.settings import rules_from
from lingwu_grid.contract.walking import FASTEST, SLOWEST
from tests.circle.tiny import across_yard, place, settled, stations, street, table

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study


def metres(study: Study) -> list[float]:
    """Walks of the buildings, in their order."""
    return lg.coverage(study).homes["metres"].round(3).tolist()


def test_strangers_go_round_a_closed_compound_and_its_people_do_not() -> None:
    through, inside, near = 910.0, 510.0, 430.0
    assert metres(settled(across_yard(), compounds="open")) == [through, inside, near]
    closed = metres(settled(across_yard(), compounds="closed"))
    assert closed == [10 + 100 + 2600, inside, near], "who lives there walks as before"


def test_whoever_lives_inside_leaves_by_any_gate() -> None:
    """The station lies beyond the far gate: people of the compound walk through their own yard."""
    study = settled(across_yard(stations=stations((1000, 0))), compounds="closed")
    assert metres(study) == [110.0, 510.0, 590.0]


def test_what_a_column_tells_is_believed_before_the_setting() -> None:
    for word, passed in (("是", True), ("开放", True), ("否", False), ("封闭", False)):
        yard = across_yard().table("compounds").assign(open=word)
        for setting in ("open", "closed", "unknown"):
            study = settled(across_yard(compounds=yard), compounds=setting)
            assert (metres(study)[0] == 910.0) == passed, (word, setting)
            assert "外人不得穿行有门的小区" not in lg.coverage(study).summary["within_15_if"]


def test_a_compound_with_a_station_is_open() -> None:
    study = settled(across_yard(stations=stations((500, 5))), compounds="closed")
    assert metres(study)[0] == 415.0


def test_unknown_is_counted_open_and_shown_as_an_interval() -> None:
    summary = lg.coverage(across_yard()).summary
    assert summary["within"]["15"] == 60
    assert summary["share_15_range"] == [pytest.approx(2 / 3), 1.0]
    assert summary["within_15_if"] == {"外人不得穿行有门的小区": 40}, "no wide road here"
    known = lg.coverage(settled(across_yard(), compounds="open", crossing_s=dict.fromkeys(
        ("trunk", "primary", "secondary"), 0.0))).summary  # fmt: skip
    assert known["within_15_if"] == {}
    assert known["share_15_range"] == [1.0, 1.0]
    zones = lg.coverage(across_yard()).zones
    assert (zones["share_15_least"] <= zones["share_15"]).all()


@pytest.mark.parametrize("gate_at", [1, 2, 3, 8, 11, 30])
def test_a_way_along_the_wall_is_no_way_in(gate_at: float) -> None:
    """The street is off the side: from the gate one walks along the outline, and out."""
    study = place(
        [(50, 50)], roads=street((-30, -300), (-30, 900)), stations=stations((-30, 300)),
        compounds=table("compounds", [shapely.box(0, 0, 100, 100)], compound_id="C", name="院"),
        gates=table("gates", [shapely.Point(gate_at, 0)], compound_id="C"),
    )  # fmt: skip
    assert metres(settled(study, compounds="closed")) == metres(settled(study, compounds="open"))
    assert lg.coverage(study).summary["share_15_range"] == [1.0, 1.0]


def test_words_nobody_knows_leave_a_compound_unknown_and_are_told() -> None:
    for word, believed in (("开放式", True), ("允许", True), ("封闭式", False), ("部分开放", None)):
        measured = lg.coverage(
            across_yard(compounds=across_yard().table("compounds").assign(open=word))
        )
        told = [n for n in measured.summary["notes"] if "看不懂小区“开放”列的“部分开放”" in n]
        assert len(told) == (believed is None)
        assert measured.summary["within"]["15"] == (40 if believed is False else 60)
        assert bool(measured.summary["within_15_if"]) == (believed is None)


@pytest.mark.parametrize(
    ("grade", "told", "factor"),
    [("5%", False, np.exp(0.175)), ("50", False, np.exp(1.75)), ("50.1", True, 1.0),
     ("-1000", True, 1.0), ("陡", True, 1.0), ("", False, 1.0)],
)  # fmt: skip
def test_grades_have_a_limit(grade: str, told: bool, factor: float) -> None:  # noqa: FBT001 - a table
    study = place([(0, 0.0)], roads=street((0, 0), (500, 0)).assign(grade=grade),
                  stations=stations((500, 0)))  # fmt: skip
    measured = lg.coverage(study)
    assert measured.homes["metres"].iloc[0] == pytest.approx(500 * factor)
    assert any("不是 50% 以内的数" in note for note in measured.summary["notes"]) == told
    assert ("折合" in str(measured.route("H0"))) == (factor != 1.0)


# Waits --------------------------------------------------------------------------------------
def crossing(kind: str = "primary") -> Study:
    """A lane over a wide road at 500 m; one home beyond it, one before, one on the wide road."""
    roads = table(
        "roads",
        [shapely.LineString([(0, 0), (1000, 0)]), shapely.LineString([(500, -600), (500, 600)])],
        **{"name": "路", "class": ["residential", kind]},
    )
    return place([(900, 10), (300, 10), (510, 300)], roads=roads, stations=stations((0, 0)))


def test_a_wait_is_paid_in_full_by_who_crosses_and_half_by_who_turns() -> None:
    study = crossing()
    free = np.array(metres(study))
    for speed in (1.2, 0.8):
        waits = settled(study, crossing_s={"primary": 30.0}, speed_m_s=speed)
        assert (np.array(metres(waits)) - free).tolist() == pytest.approx(
            [30 * speed, 0.0, 15 * speed]
        )
    assert metres(settled(study, crossing_s={"secondary": 30.0})) == free.tolist()
    assert metres(settled(crossing("residential"), crossing_s={"primary": 30.0})) == free.tolist()


def test_the_worst_is_a_wait_before_every_wide_road() -> None:
    assert WAIT_S == 30
    # 1,056 m: within with no wait, 36 m too far with one.
    study = crossing()
    study = place([(1046, 10), (300, 10)], roads=study.table("roads"), stations=stations((0, 0)))
    roads = study.table("roads")
    longer = roads.set_geometry(
        [shapely.LineString([(0, 0), (1100, 0)]), roads.geometry[1]], crs=roads.crs
    )
    study = replace(study, tables={**study.tables, "roads": longer})
    summary = lg.coverage(study).summary
    assert summary["within"]["15"] == 40
    assert summary["within_15_if"]["过主次干路各等 30 秒"] == 20


def test_the_elderly_lose_fewer_metres_to_a_wait() -> None:
    """720 m are 15 minutes at 0.8 m/s: a wait of 30 s is 24 m, not 36 m."""
    study = place([(690, 5)], roads=crossing().table("roads"), stations=stations((0, 0)))
    waits = lg.coverage(settled(study, crossing_s={"primary": 30.0})).summary
    assert waits["elderly_share"]["15"] == 1.0  # 695 + 24 = 719
    longer = lg.coverage(settled(study, crossing_s={"primary": 33.0})).summary
    assert longer["elderly_share"]["15"] == 0.0  # 695 + 26.4


# Stairs and slopes ------------------------------------------------------------------------------
def test_stairs_count_for_more() -> None:
    roads = table(
        "roads", [shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(100, 0), (150, 0)])],
        **{"name": "路", "class": ["footway", "steps"]},
    )  # fmt: skip
    study = place([(150, 0.0)], roads=roads, stations=stations((0, 0)))
    assert metres(study) == [200.0]
    assert metres(settled(study, stairs=1.0)) == [150.0]
    assert metres(settled(study, stairs=3.0)) == [250.0]


def test_uphill_is_slower_than_downhill() -> None:
    """Tobler 1993: 10 % up takes exp(0.35) of the level, 5 % down is the fastest of all."""
    for drawn, sign in (((0, 0), (500, 0)), 1.0), (((500, 0), (0, 0)), -1.0):
        roads = street(*drawn).assign(grade=10.0 * sign)
        up = place([(0, 0.0)], roads=roads, stations=stations((500, 0)))
        down = place([(500, 0.0)], roads=roads, stations=stations((0, 0)))
        assert metres(up) == [pytest.approx(500 * np.exp(3.5 * 0.10), abs=0.01)]
        assert metres(down) == [pytest.approx(500 * np.exp(3.5 * 0.0), abs=0.01)]
    level = place([(0, 0.0)], roads=street((0, 0), (500, 0)), stations=stations((500, 0)))
    assert metres(level) == [500.0]


# Gates with hours -------------------------------------------------------------------------------
def gated(hours: str, second: str = "否") -> Study:
    """A compound round its station; its gate towards the home has hours."""
    yard = table("compounds", [shapely.box(400, -100, 600, 100)], compound_id="X", name="西苑")
    gates = table(
        "gates", [shapely.Point(400, 0), shapely.Point(600, 0)], compound_id="X",
        hours=[hours, second],
    )  # fmt: skip
    return place(
        [(100, 10)], compounds=yard, gates=gates, roads=street((0, 0), (390, 0)),
        stations=stations((500, 0)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "at", "opens"),
    [
        ("", "", True), ("全天", "03:00", True), ("否", "", False), ("常闭", "", False),
        ("06:00-22:00", "", True), ("06:00-22:00", "05:59", False),
        ("06:00-22:00", "06:00", True), ("06:00-22:00", "21:59", True),
        ("06:00-22:00", "22:00", False), ("22:00—06:00", "23:00", True),
        ("22:00—06:00", "06:00", False), ("6:30至8:30、17:00至19:00", "18:00", True),
        ("6:30至8:30、17:00至19:00", "12:00", False),
        ("不开", "", False),
    ],
)  # fmt: skip
def test_a_gate_is_open_in_its_hours(hours: str, at: str, opens: bool) -> None:  # noqa: FBT001 - a table
    study = settled(gated(hours), at=at)
    measured = lg.coverage(study)
    assert np.isfinite(measured.homes["metres"].iloc[0]) == opens
    if not opens:
        assert measured.summary["unreachable"] == 20
        assert any("没有路通到" in note for note in measured.summary["notes"])
        assert measured.summary["hidden_causes"] == {"西苑围墙隔断": 20}


@pytest.mark.parametrize("hours", ["早上开", "12:75-13:00", "08:00-08:00", "06:00-25:00"])
def test_hours_nobody_can_read_are_told_and_counted_open(hours: str) -> None:
    measured = lg.coverage(settled(gated(hours), at="09:00"))
    assert measured.summary["unreachable"] == 0
    told = [note for note in measured.summary["notes"] if f"看不懂大门的开放时间：{hours}" in note]
    assert len(told) == 1


# Settings ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("speed_m_s", [SLOWEST, 1, 1.2, FASTEST],
         [0.19, 3.01, 4.5, 0, -1, "快", True, float("nan")]),
        ("elderly_speed_m_s", [0.8], [0.1, 5.0]),
        ("compounds", ["open", "closed", "unknown"], ["开", 1, True]),
        ("crossing_s", [{}, {"primary": 0}, {"primary": 300}],
         [{"primary": 301}, {"primary": -1}, 30, {"primary": "半分钟"}]),
        ("stairs", [1, 2.5, 10], [0.99, 10.1, "二"]),
        ("at", ["", "00:00", "23:59", "8:30"], ["24:00", "8点", 8, "12:60"]),
        ("gate_yuan", [0, 50_000.0], [-1, "五万"]),
        ("bridge_yuan", [0], [-0.5]),
        ("opening_yuan", [1], [None]),
    ],
)  # fmt: skip
def test_every_setting_of_a_walk_has_its_limits(key: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        made = getattr(rules_from({"walking": {key: value}}).walking, key)
        assert made == value
    for value in bad:
        with pytest.raises(lg.RulesError, match=f"设置 walking.{key}"):
            rules_from({"walking": {key: value}})


def test_kilometres_an_hour_are_asked_back() -> None:
    with pytest.raises(lg.RulesError, match=r"4\.5 是不是公里/小时？那是每秒 1\.25 米，写成 1\.25"):
        rules_from({"walking": {"speed_m_s": 4.5}})
    with pytest.raises(
        lg.InputError, match=r"步行速度须在每秒 0\.2—3\.0 米之间，现在是 4\.5"
    ) as told:
        lg.coverage(crossing(), speed=4.5)
    assert "写成 1.25" in str(told.value)
    with pytest.raises(lg.RulesError, match="没有名为 speed 的设置"):
        rules_from({"walking": {"speed": 1.2}})


def test_the_speeds_of_the_settings_are_taken_and_options_go_before() -> None:
    study = settled(crossing(), speed_m_s=0.5, elderly_speed_m_s=0.4)
    assert lg.coverage(study).summary["speed_m_s"] == 0.5
    assert lg.coverage(study, speed=1.0).summary["speed_m_s"] == 1.0
    assert lg.coverage(study, speed=1.0).summary["elderly_speed_m_s"] == 0.4


# A river -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("off", [0.0, 5.0])
def test_a_crossing_beside_its_river_opens_it(off: float) -> None:
    river = table("barriers", [shapely.box(480, -900, 520, 900)], name="东河", kind="river")
    point = table("crossings", [shapely.Point(520 + off, off)])
    study = place([(900, 10)], roads=street((0, 0), (1000, 0)), stations=stations((0, 0)),
                  barriers=river, crossings=point)  # fmt: skip
    assert metres(study) == [910.0]
    shut = replace(study, tables={k: v for k, v in study.tables.items() if k != "crossings"})
    assert np.isinf(metres(shut)[0])
