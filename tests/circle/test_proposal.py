"""What an office asks of a siting, and what it is told: ids, money, floors, curves, bands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import lingwu_grid as lg
from lingwu_grid.circle import serving
from lingwu_grid.cli import ids_of
from lingwu_grid.maps.page import planner_map
from tests.audit.office import office
from tests.circle.tiny import place, premises, stations, street, table
from tests.commands import coverage as main

if TYPE_CHECKING:
    from pathlib import Path

ROAD = street((-9000, 0), (9000, 0))
SPREAD = [(0, 10), (2500, 10), (5000, 10), (7500, 10)]
"""Four buildings, each out of reach of the premises of another."""


def town(**tables: object) -> lg.Study:
    known = {"roads": ROAD, "stations": stations((0, 0), floor_area_m2=[60.0])}
    rooms = premises((2500, 0), (5000, 0), (7500, 0), cost=[60.0, 50.0, 30.0])
    return place(SPREAD, **({"premises": rooms} | known | tables))


def test_what_is_insisted_on_alone_may_be_too_much() -> None:
    measured = lg.coverage(town())
    with pytest.raises(lg.InputError, match="有 2 处（YF0、YF1），新开 1 处不够"):
        lg.site_stations(measured, count=1, required=("YF0", "YF1"))
    with pytest.raises(lg.InputError, match="共需 110 元，预算只有 100 元"):
        lg.site_stations(measured, count=3, required=("YF0", "YF1"), budget=100.0)
    paid = lg.site_stations(measured, count=3, required=("YF0",), budget=100.0)
    assert sorted(paid.sites["site_id"]) == ["YF0", "YF2"]
    assert paid.sites["cost"].sum() <= 100


def test_the_curve_has_the_terms_of_the_choice() -> None:
    """With 100 yuan and YF0 insisted on, two stations are the most, three cost 140."""
    measured = lg.coverage(town())
    paid = lg.site_stations(measured, count=3, required=("YF0",), budget=100.0)
    assert paid.curve["households_covered"].tolist()[:3] == [20, 40, 60]
    assert paid.curve["households_covered"].max() == 60
    assert lg.site_stations(measured, count=3).curve["households_covered"].max() == 80


def test_one_time_budget_covers_all_solves() -> None:
    measured = lg.coverage(town())
    hurried = lg.site_stations(measured, count=3, seconds=0.01)
    assert hurried.curve["new_stations"].tolist() == [0]
    assert any("覆盖曲线只算到新开 0 处" in note for note in hurried.notes)
    assert hurried.covered <= 80
    with pytest.raises(lg.InputError, match="选址的时间须是大于 0"):
        lg.site_stations(measured, seconds=float("nan"))


def test_money_must_be_numbers() -> None:
    measured = lg.coverage(town())
    for wrong in (0.0, -5.0, float("nan"), float("inf")):
        with pytest.raises(lg.InputError, match="预算须是大于 0"):
            lg.site_stations(measured, budget=wrong)
    rooms = premises((2500, 0), (5000, 0), cost=[-1.0, 50.0])
    with pytest.raises(lg.InputError, match="费用小于 0：YF0"):
        lg.site_stations(lg.coverage(town(premises=rooms)))


def test_a_floor_below_nothing_is_unknown_and_said() -> None:
    sites = stations((0, 0), (2500, 0), (5000, 0), floor_area_m2=[-40.0, 0.0, 90.0])
    rooms = premises((7500, 0), floor_area_m2=[-1.0])
    measured = lg.coverage(town(stations=sites, premises=rooms))
    assert measured.stations["floor_area_m2"].isna().tolist() == [True, True, False]
    assert any("2 处驿站的面积不是大于 0" in note for note in measured.summary["notes"])
    assert not measured.stations["overloaded"].any()
    proposal = lg.site_stations(measured, capacity=True)
    assert any("1 处备选用房的面积" in note for note in proposal.notes)
    assert proposal.covered == 80


def test_served_and_covered_are_told_apart() -> None:
    """A room of 3 m2 is enough for ten of the twenty households that it covers."""
    rooms = premises((2500, 0), floor_area_m2=[3.0])
    measured = lg.coverage(town(premises=rooms))
    narrow = lg.site_stations(measured, capacity=True)
    assert (narrow.covered, narrow.served) == (40, 30)
    assert narrow.curve["households_covered"].tolist() == [20, 30]
    assert narrow.sites["added_households"].tolist() == [10]
    assert "现有驿站按面积能服务 20 户" in narrow.notes


def test_a_room_beside_a_crowded_station_adds_those_it_has_the_floor_for() -> None:
    """The station has room for ten of its twenty; a room at the same door takes the others."""
    rooms = premises((0, 5), floor_area_m2=[90.0])
    crowded = stations((0, 0), floor_area_m2=[3.0])
    narrow = lg.site_stations(lg.coverage(town(stations=crowded, premises=rooms)), capacity=True)
    assert narrow.sites["added_households"].tolist() == [10]
    assert "现有驿站按面积能服务 10 户" in narrow.notes


def test_best_of_the_largest_buildings_is_told_to_be_that() -> None:
    many = [(8.0 * i, 10.0) for i in range(501)]
    study = place(many, each=1, roads=ROAD, stations=stations((0, 0)))
    told = lg.site_stations(lg.coverage(study)).notes
    assert any("只在户数最多的 500 栋楼（共 501 栋）里选" in note for note in told)
    study = place(many[:500], each=1, roads=ROAD, stations=stations((0, 0)))
    told = lg.site_stations(lg.coverage(study)).notes
    assert not any("只在户数最多的" in note for note in told)


def test_buildings_without_a_floor_do_not_stop_the_choice() -> None:
    measured = lg.coverage(town(premises=table("premises", [])))
    proposal = lg.site_stations(measured, count=2, capacity=True)
    assert proposal.optimum["status"] == "optimal"
    assert proposal.covered == proposal.served == 60


def test_who_stays_uncovered_is_too_far_or_has_no_way() -> None:
    """One lives three kilometres along the street, one on a street of its own."""
    alone = street((0, 2000), (10, 2000))
    roads = table("roads", [*ROAD.geometry, *alone.geometry], name="街")
    study = place(
        [(0, 10), (3000, 10), (5, 2010)], roads=roads, stations=stations((0, 0)),
        premises=premises((100, 0)),
    )  # fmt: skip
    left = lg.site_stations(lg.coverage(study), model="all").uncovered
    assert (left["households"], left["too_far"], left["no_way"]) == (40, 20, 20)
    assert left["reason"] == "太远 20 户、没有路相通 20 户"


def test_the_median_tells_who_has_nowhere_to_go() -> None:
    """The second building has one site in four radii, and it stays closed."""
    rooms = premises((0, 5), (8900, 0))
    study = place([(0, 10), (8900, 10)], roads=ROAD, premises=rooms, stations=table("stations", []))
    found = lg.site_stations(lg.coverage(study), count=1, model="median")
    assert (found.served, found.households) == (20, 40)
    assert any("20 户步行 60 分钟仍没有去处" in note for note in found.notes)


def test_ids_that_come_twice_are_told_apart() -> None:
    sites = stations((0, 0), (5000, 0), station_id=["A", "A"])
    rooms = premises((2500, 0), (7500, 0), premise_id=["B", "B"])
    measured = lg.coverage(town(stations=sites, premises=rooms))
    assert measured.stations["station_id"].tolist() == ["A", "A-2"]
    assert measured.stations["households"].tolist() == [40, 40]
    assert any("驿站编号有重复：A" in note for note in measured.summary["notes"])
    proposal = lg.site_stations(measured, count=2)
    assert sorted(proposal.sites["site_id"]) == ["B", "B-2"]
    assert any("备选用房编号有重复：B" in note for note in proposal.notes)


def test_ids_of_the_command_may_have_any_comma_and_blanks() -> None:
    assert ids_of(" YF001, YF002、YF003，YF004 ,") == ("YF001", "YF002", "YF003", "YF004")


def test_bands_of_the_map_are_those_of_the_summary(
    small_study: lg.Study, small_plan: lg.Plan
) -> None:
    """At a speed that puts a home four centimetres beyond a band, rounding would take it in."""
    walks = np.sort(lg.coverage(small_study).homes["metres"].to_numpy())
    metre = next(m for m in walks if m > 500 and 0.01 < m * 10 % 1 < 0.45)
    speed = (np.floor(metre * 10) / 10 + 0.001) / 900
    measured = lg.coverage(small_study, small_plan, speed=float(speed))
    service = serving.served(small_plan, measured, lg.site_stations(measured)).service
    assert all("method" in layer for layer in service.layers.values())
    bands = service.layers["bands"]
    within = bands[bands["band"] <= 2]["households"].sum()
    assert within == measured.summary["within"]["15"]


def test_a_plan_without_a_station_has_a_map_all_the_same(
    small_study: lg.Study, small_plan: lg.Plan
) -> None:
    known = {name: t for name, t in small_study.tables.items() if name != "stations"}
    measured = lg.coverage(replace(small_study, tables=known), small_plan)
    plan = small_plan.served(measured)
    assert "还没有邻里驿家" in planner_map(plan)
    assert (plan.grids["station_id"] == "").all()
    assert not {"stations", "catchments", "circles", "isochrones"} & set(plan.service.layers)


def test_without_roads_the_coverage_is_written_before_siting_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    made = office()
    made.tables.pop("roads")
    made.tables["stations"] = made.tables["stations"].assign(station_id="ZJ")
    made.write(folder)
    out = lg.partition(lg.read_study(folder), seed=1, time_limit=1).save(tmp_path / "out")
    code = main([str(out), "--study", str(folder), "--stations", "1", "--quiet", "--no-report"])
    told = capsys.readouterr()
    assert code == 2
    assert "没有道路，不能选址" in told.err
    assert "其实要绕行" not in told.out
    assert (out / "coverage.json").is_file()
    for option in ("--speed", "--elderly-speed"):
        wrong = [str(out), "--study", str(folder), "--quiet", option, "nan"]
        assert main(wrong) == 2, option
        assert "每秒 0.2—3.0 米之间" in capsys.readouterr().err
    page = (out / "map.html").read_text("utf-8")
    assert "直线画圈会多算的户</td>" not in page
    again = lg.read_plan(out)
    assert again.service is not None
    assert again.service.layers["stations"]["station_id"].is_unique
