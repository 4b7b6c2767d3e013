"""Networks as they are drawn: outlines over the street, gates beside the wall, ends that miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.circle.joints import joints
from lingwu_grid.circle.network import make_network
from lingwu_grid.circle.streets import streets_of
from lingwu_grid.circle.walls import compound_walls
from tests.circle.tiny import place, stations, street, table

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study

NONE = np.empty(0, object)
LINE = shapely.LineString


def block(over: float, gate: tuple[float, float] = (0, 50), **more: Any) -> Study:  # noqa: ANN401 - any table
    """
    Four streets round a compound of 100 m, a gate on its west side, a station on the east street.

    Streets run 8 m off the wall; the outline is drawn `over` metres too far out.
    """
    rim = shapely.box(-8, -8, 108, 108).exterior
    corner = [shapely.Point(c) for c in rim.coords]
    long = [
        shapely.LineString([(-60, -8), (160, -8)]), shapely.LineString([(-60, 108), (160, 108)]),
        shapely.LineString([(-8, -60), (-8, 160)]), shapely.LineString([(108, -60), (108, 160)]),
    ]  # fmt: skip
    assert len(corner) == 5
    return place(
        [(30, 50), (70, 60)],
        roads=table("roads", long, name="街"),
        compounds=table(
            "compounds", [shapely.box(-over, -over, 100 + over, 100 + over)], compound_id="C"
        ),
        gates=table("gates", [shapely.Point(gate)], compound_id="C"),
        stations=stations((110, 50)),
        **more,
    )


@pytest.mark.parametrize("over", [0.0, 5.0, 7.9, 8.1, 10.0, 15.0])
def test_an_outline_over_the_street_takes_nobody_off_it(over: float) -> None:
    measured = lg.coverage(block(over))
    assert measured.summary["unreachable"] == 0
    true = lg.coverage(block(0.0)).homes["metres"].to_numpy()
    assert np.abs(measured.homes["metres"].to_numpy() - true).max() < 25
    told = [note for note in measured.summary["notes"] if "小区边线里面" in note]
    assert len(told) == (over > 8)


def test_a_street_that_goes_through_a_compound_is_cut_at_its_walls() -> None:
    study = block(0.0)
    through = table("roads", [shapely.LineString([(50, -8), (50, 108)])], name="穿")
    inner = streets_of(place([(30, 50)], **{**study.tables, "roads": through})).network
    assert inner.pieces > 1
    walked = inner.line[inner.forward | inner.backward]
    assert not shapely.intersects(walked, shapely.Point(50, 0).buffer(0.001)).any()


@pytest.mark.parametrize("off", [(0, 50), (-8, 50), (15, 50), (-15, 50), (8, 60)])
def test_a_gate_beside_the_wall_opens_it(off: tuple[float, float]) -> None:
    assert lg.coverage(block(0.0, off)).summary["unreachable"] == 0


def test_a_gate_opens_its_own_wall_and_not_that_across_the_street() -> None:
    two = table(
        "compounds", [shapely.box(0, 0, 100, 100), shapely.box(-110, 0, -10, 100)],
        compound_id=["C", "D"],
    )  # fmt: skip
    gates = table("gates", [shapely.Point(0, 50), shapely.Point(-110, 50)], compound_id=["C", "D"])
    walls = compound_walls(
        place([(30, 50)], compounds=two, gates=gates, roads=street((0, 0), (1, 0)))
    )
    facing = shapely.LineString([(-10, 40), (-10, 60)])
    assert shapely.length(shapely.intersection(shapely.union_all(walls.lines), facing)) == 20


@pytest.mark.parametrize("wide", [0.0, 2.0, 16.0, 30.0])
def test_ground_that_two_outlines_claim_is_cut_in_the_middle(wide: float) -> None:
    half = wide / 2
    two = table(
        "compounds", [shapely.box(0, 0, 100 + half, 100), shapely.box(100 - half, 0, 200, 100)],
        compound_id=["C", "D"],
    )  # fmt: skip
    gates = table("gates", [shapely.Point(0, 50), shapely.Point(200, 50)], compound_id=["C", "D"])
    stand = compound_walls(place([(30, 50)], compounds=two, gates=gates)).compounds.geometry
    assert stand.iloc[0].bounds[2] == pytest.approx(100, abs=1.0)
    assert stand.iloc[1].bounds[0] == pytest.approx(100, abs=1.0)


@pytest.mark.parametrize("over", [-0.2, 0.0, 0.005, 0.3, 3.0])
def test_a_corner_that_hangs_over_a_street_does_not_cut_it(over: float) -> None:
    # The street runs at 45 degrees past the corner (100, 100), `over` metres inside it.
    at = 200 - over * np.sqrt(2)
    past = LINE([(at - 160, 160), (at / 2, at / 2), (160, at - 160)])
    study = place(
        [(50, 50)],
        compounds=table("compounds", [shapely.box(0, 0, 100, 100)], compound_id="C"),
        gates=table("gates", [shapely.Point(0, 50)], compound_id="C"),
        roads=table("roads", [past], name="街"),
    )
    walls = compound_walls(study)
    assert not shapely.intersects(walls.lines, past).any()
    assert shapely.area(walls.compounds.geometry.to_numpy()).sum() > 9980


@pytest.mark.parametrize("away", [0, 15, 39, 41])
def test_a_gate_is_where_the_way_meets_the_wall_if_that_is_near(away: float) -> None:
    way = table("roads", [LINE([(-8, 50), (50, 50)])], name="小区路")
    study = block(0.0, (0, 50 + away))
    walls = compound_walls(place([(30, 50)], **{**study.tables, "roads": way}))
    is_cut = shapely.intersects(walls.lines, way.geometry.iloc[0]).any()
    assert is_cut == (away > 40)
    assert walls.gates.geometry.iloc[0].y == pytest.approx(91 if away > 40 else 50)


def test_a_yard_that_a_street_cuts_off_from_the_gate_has_no_wall() -> None:
    # An L: the street along the inside of its arm leaves 60 x 100 m on the far side.
    ground = shapely.union_all([shapely.box(0, 0, 100, 100), shapely.box(100, 0, 160, 12)])
    arm = shapely.union_all([ground, shapely.box(160, 0, 220, 100)])
    roads = table("roads", [LINE([(130, -20), (130, 120)])], name="街")
    walls = compound_walls(
        place(
            [(30, 50)],
            compounds=table("compounds", [arm], compound_id="C"),
            gates=table("gates", [shapely.Point(0, 50)], compound_id="C"),
            roads=roads,
        )
    )
    assert walls.compounds.geometry.iloc[0].bounds[2] == pytest.approx(129.5)
    assert not shapely.intersects(walls.lines, shapely.box(131, -1, 230, 101)).any()


def test_no_ground_is_claimed_twice_round_a_corner() -> None:
    squares = [shapely.box(0, 0, 110, 110), shapely.box(95, 95, 200, 200)]
    names, gates = ["C", "D"], [shapely.Point(0, 50), shapely.Point(200, 150)]
    ground = compound_walls(
        place(
            [(30, 50)],
            compounds=table("compounds", squares, compound_id=names),
            gates=table("gates", gates, compound_id=names),
        )
    ).compounds.geometry
    assert shapely.area(shapely.union_all(ground.to_numpy())) == pytest.approx(ground.area.sum())


@pytest.mark.parametrize(
    ("gap", "count"), [(0.0, 0), (0.1, 1), (1.0, 1), (4.9, 1), (5.0, 1), (5.1, 0)]
)
def test_ends_that_nearly_meet_are_joined(gap: float, count: int) -> None:
    lines = np.array([LINE([(-50, 0), (50, 0)]), LINE([(0, gap), (0, 80)])], object)
    assert len(joints(lines, NONE, NONE)) == count


def test_an_end_before_a_wall_stays_loose() -> None:
    lines = np.array([LINE([(-50, 0), (50, 0)]), LINE([(0, 2), (0, 80)])], object)
    wall = np.array([LINE([(-9, 1), (9, 1)])], object)
    assert len(joints(lines, NONE, wall)) == 0


def test_two_spans_of_a_bridge_are_joined_at_their_ends_and_not_to_the_street_below() -> None:
    below = np.array([LINE([(0, -50), (0, 50)])], object)
    spans = np.array([LINE([(-40, 0), (19, 0)]), LINE([(20, 0), (60, 0)])], object)
    made = joints(below, spans, NONE)
    assert {round(shapely.length(link), 6) for link in made} == {1.0}


def test_two_roundings_of_one_crossing_are_one_place() -> None:
    lines = np.array([LINE([(0, 0), (10.0004, 0)]), LINE([(10.0006, 0), (20, 0)])], object)
    assert make_network(lines).pieces == 1
    apart = np.array([LINE([(0, 0), (10, 0)]), LINE([(10.002, 0), (20, 0)])], object)
    assert make_network(apart).pieces == 2


@pytest.mark.parametrize("seed", range(20))
def test_a_gate_is_on_its_street_whatever_the_street_runs_like(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bent = [(x, -9 + rng.uniform(-2, 2)) for x in np.linspace(-60, 160, 7).tolist()]
    study = block(0.0, (float(rng.uniform(10, 90)), 0.0))
    roads = street(*bent)
    network = streets_of(place([(30, 50)], **{**study.tables, "roads": roads})).network
    assert network.pieces == 1


@pytest.mark.parametrize(
    ("speed", "fits"), [(0.19, False), (0.2, True), (3.0, True), (3.01, False), (72.0, False)]
)
def test_a_speed_that_nobody_walks_at_is_refused(speed: float, fits: bool) -> None:  # noqa: FBT001
    if fits:
        assert lg.coverage(block(0.0), speed=speed).summary["speed_m_s"] == speed
    else:
        with pytest.raises(lg.InputError, match="步行速度"):
            lg.coverage(block(0.0), speed=speed)


def test_a_town_that_nobody_can_walk_in_is_doubted_loudly() -> None:
    study = block(0.0)
    shut = {**study.tables, "gates": table("gates", [shapely.Point(50, 50)], compound_id="C")}
    notes = lg.coverage(place([(30, 50), (70, 60)], **shut)).summary["notes"]
    assert any("走不到任何驿站：多半是图画错了" in note for note in notes)


@pytest.mark.parametrize(
    ("at", "pieces"), [((100, 0), 1), ((100, 8), 1), ((85, 0), 1), ((100, 45), 3), ((50, 0), 3)]
)
def test_a_crossing_marked_in_mid_river_or_beside_it_is_one(
    at: tuple[float, float], pieces: int
) -> None:
    river = table("barriers", [shapely.box(82, -500, 118, 500)], kind="river", name="河")
    study = place(
        [(30, 10)], roads=street((-50, 0), (300, 0)), barriers=river,
        crossings=table("crossings", [shapely.Point(at)]),
    )  # fmt: skip
    assert streets_of(study).network.pieces == pieces
