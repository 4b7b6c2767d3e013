"""A gap names what stands in the way: the line to the station meets it, or it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.circle.attaching import Attachment
from lingwu_grid.circle.ground import isochrones
from lingwu_grid.circle.network import make_network
from tests.circle.tiny import CANAL, HERE, place, premises, round_canal, stations, street, table

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study

FAR = [(700, 10), (800, 10), (400, 10)]
"""Two homes beyond the canal, and one before it."""


def across(**tables: Any) -> Study:  # noqa: ANN401 - any table
    """Homes on both sides of where the canal is."""
    return round_canal(FAR, **tables)


def test_a_barrier_is_the_cause_where_its_absence_brings_within_reach() -> None:
    measured = lg.coverage(across(barriers=CANAL))
    assert measured.summary["within"]["15"] == 20
    assert measured.summary["hidden_causes"] == {"秦渠隔断": 40}
    assert lg.coverage(across()).summary["within"]["15"] == 60, "taken away, forty more"
    bridged = across(barriers=CANAL, crossings=table("crossings", [shapely.Point(500, 0)]))
    assert lg.coverage(bridged).summary["hidden_causes"] == {}


def test_what_no_barrier_makes_is_a_detour_of_the_streets() -> None:
    """The street runs round: 700 m by air are 3,400 m on foot, with the canal between or not."""
    roads = street((0, 0), (0, 1700), (700, 1700), (700, 0))
    streets = table(
        "subdistricts", [shapely.box(-5000, -5000, 5000, 5000)], subdistrict_id="1", name="东街道"
    )
    canal = place(
        [(0, 10), (700, 10)], barriers=CANAL, subdistricts=streets,
        stations=stations((0, 0)), roads=roads,
    )  # fmt: skip
    measured = lg.coverage(canal)
    assert measured.summary["hidden_by_circles"] == 20
    assert measured.summary["hidden_causes"] == {"街道绕行": 20}
    assert measured.gaps["reason"].tolist() == ["街道绕行 20 户"]
    assert measured.summary["gaps"][0]["place"] == "东街道直街附近"
    assert measured.summary["gaps"][0]["cause_households"] == 20


def test_two_barriers_one_behind_the_other_are_a_cause_together() -> None:
    rail = shapely.LineString([(600, -900), (600, 900)])
    two = table("barriers", [CANAL.geometry[0], rail], name=["秦渠", ""], kind=["canal", "rail"])
    assert lg.coverage(across(barriers=two)).summary["hidden_causes"] == {"无名铁路和秦渠隔断": 40}


def test_a_compound_across_the_street_is_a_cause_alone_and_with_the_canal() -> None:
    yard = table("compounds", [shapely.box(650, -200, 750, 200)], compound_id="X", name="西苑")
    gates = table("gates", [shapely.Point(750, 0)], compound_id="X")
    walled = lg.coverage(across(compounds=yard, gates=gates)).summary
    assert walled["hidden_causes"] == {"西苑围墙隔断": 40}
    both = lg.coverage(across(compounds=yard, gates=gates, barriers=CANAL)).summary
    assert both["hidden_causes"] == {"秦渠和西苑围墙隔断": 40}


def test_a_wall_with_its_gate_behind_is_a_cause() -> None:
    yard = table("compounds", [shapely.box(600, -200, 800, 200)], compound_id="X", name="西苑")
    gates = table("gates", [shapely.Point(800, 0)], compound_id="X")
    roads = table(
        "roads",
        [shapely.LineString([(0, 0), (590, 0)]),
         shapely.LineString([(0, 0), (0, 1700), (820, 1700), (820, 0)])],
        name="街",
    )  # fmt: skip
    study = place([(620, 10)], compounds=yard, gates=gates, stations=stations((0, 0)), roads=roads)
    assert lg.coverage(study).summary["hidden_causes"] == {"西苑围墙隔断": 20}
    free = place([(620, 10)], stations=stations((0, 0)), roads=roads)
    assert lg.coverage(free).summary["within"]["15"] == 20


@pytest.mark.parametrize("name", ["秦渠", "示例铁路", "示例渠"])
def test_every_printed_number_is_that_of_walking_again(small_study: lg.Study, name: str) -> None:
    """Coverage of the town without a barrier, against what is printed of it."""
    measured = lg.coverage(small_study)
    barriers = small_study.table("barriers")
    without = replace(
        small_study,
        tables={**small_study.tables, "barriers": barriers[barriers["name"] != name]},
    )
    again = lg.coverage(without).homes["metres"].to_numpy()
    before = measured.homes["metres"].to_numpy()
    circle = measured.homes["straight_m"].to_numpy() <= 1080
    gained = measured.homes["households"].to_numpy()[(before > 1080) & (again <= 1080) & circle]
    told = measured.summary["hidden_causes"].get(f"{name}隔断", 0)
    assert told == gained.sum()


def test_without_a_station_all_is_measured_and_the_first_can_be_sited() -> None:
    study = place(
        [(0, 10), (300, 10), (5000, 10)],
        roads=street((0, 0), (5000, 0)),
        premises=premises((150, 0), (4990, 0)),
    )
    measured = lg.coverage(study)
    assert np.isinf(measured.homes["metres"]).all()
    assert measured.summary["within"]["15"] == 0
    assert [note for note in measured.summary["notes"] if "还没有邻里驿家" in note]
    assert len(measured.summary["notes"]) == 1
    assert set(measured.gaps["cause"]) == {"还没有邻里驿家"}
    first = lg.site_stations(measured, count=1)
    assert first.sites["site_id"].tolist() == ["YF0"]
    assert first.covered == 40


def test_a_station_in_the_middle_of_a_long_street_covers_it_there() -> None:
    network = make_network(np.array([shapely.LineString([(0, 0), (10_000, 0)])]))
    middle = Attachment(np.array([0]), np.array([5000.0]), np.array([0.0]))
    nobody = (np.empty(0, object), np.empty(0))
    rings = isochrones(network, middle, [(5, 360.0), (15, 1080.0)], HERE, nobody)
    rings = rings.set_index("minutes")
    west, _, east, _ = rings.geometry[15].bounds
    assert (west, east) == (5000 - 1080 - 40, 5000 + 1080 + 40)
    one_way = make_network(network.line, one_way=np.array([True]))
    west, _, east, _ = isochrones(one_way, middle, [(15, 1080.0)], HERE, nobody).geometry[0].bounds
    assert (west, east) == (5000 - 1080 - 40, 5000 + 40), "nobody walks back against the street"


def test_no_roads_tells_no_detour() -> None:
    study = place([(0, 10), (1000, 10)], stations=stations((0, 0)))
    measured = lg.coverage(study)
    assert measured.homes["metres"].max() > 1080 > measured.homes["straight_m"].max()
    assert measured.summary["hidden_by_circles"] == 0
    assert measured.summary["hidden_causes"] == {}
    assert measured.gaps["cause"].tolist() == ["太远"]
