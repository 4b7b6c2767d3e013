"""A gap names what stands in the way: the line to the station meets it, or it does not."""

from __future__ import annotations

import numpy as np
import shapely

import lingwu_grid as lg
from lingwu_grid.circle.causes import causes_of
from lingwu_grid.circle.isochrones import isochrones
from lingwu_grid.circle.network import make_network
from lingwu_grid.circle.reach import Attachment
from tests.circle.tiny import HERE, place, premises, stations, street, table

CANAL = table(
    "barriers", [shapely.LineString([(500, -900), (500, 900)])], name="秦渠", kind="canal"
)


def test_the_barrier_on_the_straight_line_is_named() -> None:
    """Homes at 700 m stand behind the canal, one at 400 m only has no street, one is too far."""
    study = place(
        [(700, 0), (720, 0), (400, 500), (3000, 0)],
        barriers=CANAL,
        stations=stations((0, 0)),
        roads=street((0, 0), (1, 0)),
    )
    homes = lg.coverage(study).homes.assign(metres=[np.inf, 2000.0, 1500.0, 3300.0])
    at = study.table("stations").geometry.to_numpy()
    cause, in_circle = causes_of(study, homes, np.array([0, 0, 1, 2]), at, 1080.0)
    assert cause.tolist() == ["秦渠隔断", "秦渠隔断", "街道绕行", "太远"]
    assert in_circle.tolist() == [True, True, True, False]


def test_a_bridge_on_the_line_is_no_barrier_and_most_met_is_named() -> None:
    rail = shapely.LineString([(600, -900), (600, 10)])
    barriers = table(
        "barriers", [CANAL.geometry[0], rail], name=["秦渠", ""], kind=["canal", "rail"]
    )
    study = place(
        [(700, 0), (710, 300), (720, 320)],
        barriers=barriers,
        stations=stations((0, 0)),
        roads=street((0, 0), (1, 0)),
    )
    homes = lg.coverage(study).homes.assign(metres=2000.0)
    at = study.table("stations").geometry.to_numpy()
    cause, _ = causes_of(study, homes, np.zeros(3, np.int64), at, 1080.0)
    assert cause.tolist() == ["秦渠隔断"] * 3, "the first meets both; the canal stops more"
    bridged = place(
        [(700, 0)], barriers=CANAL, stations=stations((0, 0)),
        roads=street((0, 0), (1, 0)),
        crossings=table("crossings", [shapely.Point(500, 0)]),
    )  # fmt: skip
    homes = lg.coverage(bridged).homes.assign(metres=2000.0)
    cause, _ = causes_of(bridged, homes, np.zeros(1, np.int64), at, 1080.0)
    assert cause.tolist() == ["街道绕行"]


def test_gaps_and_what_circles_hide_are_counted_by_cause() -> None:
    """The street runs round: 700 m by air are 3,400 m on foot, with the canal between or not."""
    roads = street((0, 0), (0, 1700), (700, 1700), (700, 0))
    streets = table(
        "subdistricts", [shapely.box(-5000, -5000, 5000, 5000)], subdistrict_id="1", name="东街道"
    )
    with_canal = place(
        [(0, 10), (700, 10)], barriers=CANAL, subdistricts=streets,
        stations=stations((0, 0)), roads=roads,
    )  # fmt: skip
    measured = lg.coverage(with_canal)
    summary = measured.summary
    assert summary["hidden_by_circles"] == 20
    assert summary["hidden_causes"] == {"秦渠隔断": 20}
    assert measured.gaps["cause"].tolist() == ["秦渠隔断"]
    assert measured.gaps["reason"].tolist() == ["秦渠隔断 20 户"]
    assert summary["gaps"][0]["place"] == "东街道直街附近"
    assert summary["gaps"][0]["cause_households"] == 20
    without = place([(0, 10), (700, 10)], stations=stations((0, 0)), roads=roads)
    assert lg.coverage(without).summary["hidden_causes"] == {"街道绕行": 20}


def test_a_wall_with_its_gate_behind_is_named_after_barriers() -> None:
    yard = table("compounds", [shapely.box(600, -200, 800, 200)], compound_id="X", name="西苑")
    gates = table("gates", [shapely.Point(800, 0)], compound_id="X")
    roads = street((0, 0), (0, 1700), (820, 1700), (820, 0))
    study = place([(700, 10)], compounds=yard, gates=gates, stations=stations((0, 0)), roads=roads)
    assert lg.coverage(study).summary["hidden_causes"] == {"小区围墙绕行": 20}


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
    assert set(measured.gaps["cause"]) == {"还没有驿站"}
    first = lg.site_stations(measured, count=1)
    assert first.sites["site_id"].tolist() == ["YF0"]
    assert first.covered == 40


def test_a_station_in_the_middle_of_a_long_street_covers_it_there() -> None:
    network = make_network(np.array([shapely.LineString([(0, 0), (10_000, 0)])]))
    middle = Attachment(np.array([0]), np.array([5000.0]), np.array([0.0]))
    rings = isochrones(network, middle, [(5, 360.0), (15, 1080.0)], HERE).set_index("minutes")
    west, _, east, _ = rings.geometry[15].bounds
    assert (west, east) == (5000 - 1080 - 40, 5000 + 1080 + 40)
    one_way = make_network(network.line, one_way=np.array([True]))
    west, _, east, _ = isochrones(one_way, middle, [(15, 1080.0)], HERE).geometry[0].bounds
    assert (west, east) == (5000 - 1080 - 40, 5000 + 40), "nobody walks back against the street"


def test_no_roads_tells_no_detour() -> None:
    study = place([(0, 10), (1000, 10)], stations=stations((0, 0)))
    measured = lg.coverage(study)
    assert measured.homes["metres"].max() > 1080 > measured.homes["straight_m"].max()
    assert measured.summary["hidden_by_circles"] == 0
    assert measured.summary["hidden_causes"] == {}
    assert measured.gaps["cause"].tolist() == ["太远"]
