"""New borders drawn straight: what bends, what stays, what is never crossed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from lingwu_grid.fabric import straight as drawing
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.straight import straightened
from lingwu_grid.fabric.taut import PAST_M, straight
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.graph import pieces

if TYPE_CHECKING:
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

CRS = "EPSG:4544"


def _path(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, np.float64)


def test_a_zigzag_through_free_ground_becomes_a_line() -> None:
    zigzag = _path((0, 0), (10, 6), (20, -6), (30, 6), (40, 0))
    path = straight(zigzag, shapely.box(-5, -20, 45, 20), np.empty(0, object))
    assert path.tolist() == [[0, 0], [40, 0]]


def test_a_house_stays_on_its_side() -> None:
    # The course goes round a house; the straight line would pass it on the other side.
    house = shapely.box(15, -3, 25, 8)
    course = _path((0, 0), (10, 5), (15, 12), (25, 12), (30, 5), (40, 0))
    path = straight(course, shapely.box(-5, -20, 45, 20), np.array([house], object))
    line = shapely.LineString(path)
    assert len(path) < len(course)
    assert not shapely.intersects(line, house)
    assert shapely.Polygon([*path, (40, -19), (0, -19)]).contains(house)


def test_a_house_that_the_line_does_not_touch_stays_on_its_side_too() -> None:
    # Between the old course and the straight line, touching neither.
    house = shapely.box(18, 4, 22, 6)
    course = _path((0, 0), (20, 20), (40, 0))
    path = straight(course, shapely.box(-5, -20, 45, 40), np.array([house], object))
    assert len(path) > 2
    assert shapely.Polygon([*path, (40, -19), (0, -19)]).contains(house)


def test_the_line_stays_on_the_ground_of_its_two_sides() -> None:
    ground = shapely.box(-5, -20, 45, 20) - shapely.box(18, -20, 22, 4)
    course = _path((0, 0), (15, 8), (25, 8), (40, 0))
    path = straight(course, ground, np.empty(0, object))
    assert ground.covers(shapely.LineString(path))


def test_a_course_is_pulled_taut_to_the_corner_it_goes_round() -> None:
    # The cells meet far from the house; the string goes round its corner, on the same side.
    house = shapely.box(15, -3, 25, 4)
    course = _path((0, 0), (20, 18), (40, 0))
    ground = shapely.box(-5, -20, 45, 40)
    path = straight(course, ground, np.array([house], object))
    line = shapely.LineString(path)
    assert line.length < shapely.LineString(course).length - 5
    assert 0 < line.distance(house) < 1
    assert shapely.Polygon([*path, (40, -19), (0, -19)]).contains(house)


def test_the_taut_string_does_not_pass_another_house_on_the_other_side() -> None:
    # The second house lies between the course and the corner of the first.
    houses = np.array([shapely.box(15, -3, 25, 4), shapely.box(19, 8, 21, 10)], object)
    course = _path((0, 0), (20, 18), (40, 0))
    path = straight(course, shapely.box(-5, -20, 45, 40), houses)
    below = shapely.Polygon([*path, (40, -19), (0, -19)])
    assert all(below.contains(house) for house in houses)
    assert shapely.LineString(path).distance(houses[1]) > 0


def test_the_taut_string_keeps_to_its_ground() -> None:
    house = shapely.box(15, -3, 25, 4)
    ground = shapely.box(-5, -20, 45, 40) - shapely.box(14, 3.9, 26, 12)
    course = _path((0, 0), (20, 18), (40, 0))
    path = straight(course, ground | house, np.array([house], object))
    assert (ground | house).covers(shapely.LineString(path))
    assert shapely.LineString(path).distance(house) > 5


def test_one_sharp_bend_less_is_worth_fifteen_metres() -> None:
    # By the box's corner the way is shorter than the old one and turns gently.
    house = shapely.box(0, -30, 60, -1)
    course = _path((-60, -31), (-2, 30), (62, 30), (120, -31))
    path = straight(course, shapely.box(-100, -60, 160, 60), np.array([house], object))
    steps = np.diff(path, axis=0)
    turned = np.degrees(np.abs(np.diff(np.arctan2(steps[:, 1], steps[:, 0]))))
    assert (turned <= 30).all()


def test_a_long_course_is_straightened_piece_by_piece() -> None:
    x = np.linspace(0, 1000, 401)
    course = np.stack([x, 2.0 * (np.arange(401) % 2)], axis=1)
    course[-1] = (1000, 0)
    path = straight(course, shapely.box(-5, -20, 1005, 20), np.empty(0, object))
    assert len(path) <= 12


def test_a_new_bend_is_none_of_what_lies_beyond_the_ground() -> None:
    # The corner that the course goes round is on the edge of its ground.
    house = shapely.box(15, -3, 25, 4)
    ground = shapely.box(-5, -20, 45, 4 + PAST_M) | shapely.Polygon([(0, 0), (20, 40), (40, 0)])
    course = _path((0, 0), (20, 18), (40, 0))
    path = straight(course, ground, np.array([house], object))
    edge = shapely.boundary(ground)
    assert all(shapely.Point(p).distance(edge) > PAST_M for p in path[1:-1].tolist())


def test_drawing_ends_where_a_zone_was_in_pieces_before(
    cut_fabric: tuple[Study, Fabric, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, fabric, zone = cut_fabric
    calls: list[int] = []

    def torn(*_: object) -> set[int]:
        calls.append(1)
        return {0, 1}

    monkeypatch.setattr(drawing, "_torn", torn)
    straightened(study, fabric, zone)
    assert len(calls) == 2


@pytest.fixture(scope="module")
def cut_fabric(small_study: Study) -> tuple[Study, Fabric, np.ndarray]:
    """The small town, with one grid of it cut in two along cells."""
    fabric = build_fabric(small_study)
    zone = fabric.grid_now.astype(np.int32).copy()
    sizes = pd.Series(zone).value_counts()
    grid = int(sizes.index[0])
    inside = np.flatnonzero(zone == grid)
    graph = build_graph(fabric, small_study.rules)
    x = graph.x[inside]
    zone[inside[x > np.median(x)]] = zone.max() + 1
    return small_study, fabric, zone


def _solid(study: Study) -> np.ndarray:
    return study.table("buildings").geometry.to_numpy()


def test_units_tile_as_before_and_hold_what_they_held(
    cut_fabric: tuple[Study, Fabric, np.ndarray],
) -> None:
    study, fabric, zone = cut_fabric
    drawn = straightened(study, fabric, zone)
    before, after = fabric.units.geometry.to_numpy(), drawn.units.geometry.to_numpy()
    changed = ~shapely.equals_identical(before, after)
    assert changed.any()
    assert shapely.coverage_is_valid(after)
    assert set(shapely.get_type_id(after).tolist()) == {3}
    assert shapely.area(after).sum() == pytest.approx(shapely.area(before).sum(), abs=0.01)
    homes = shapely.points(shapely.get_coordinates(study.households.geometry.to_numpy()))
    held = after[fabric.unit_of_household]
    was = shapely.covers(before[fabric.unit_of_household], homes)
    assert shapely.covers(held, homes)[was].all()
    # Every border of today's grids keeps its vertices.
    for z in np.unique(zone).tolist():
        mine = zone == z
        if len(np.unique(fabric.grid_now[zone == z])) == 1 and not changed[mine].any():
            a, b = (shapely.coverage_union_all(s[mine]) for s in (before, after))
            assert shapely.equals_identical(a, b)


def test_no_new_border_runs_through_a_building(
    cut_fabric: tuple[Study, Fabric, np.ndarray],
) -> None:
    study, fabric, zone = cut_fabric
    drawn = straightened(study, fabric, zone)
    after = drawn.units.geometry.to_numpy()
    new = zone.max()
    mine = shapely.coverage_union_all(after[zone == new])
    old = shapely.coverage_union_all(fabric.units.geometry.to_numpy()[zone == new])
    solid = _solid(study)
    shrunk = shapely.buffer(solid, -0.3)
    for ground in (old, mine):
        cut = shapely.intersects(shapely.boundary(ground), shrunk)
        assert cut.sum() == shapely.intersects(shapely.boundary(old), shrunk).sum()
    assert shapely.length(mine) < shapely.length(old)


def test_a_zone_hangs_together_by_the_joins_that_are_left(
    cut_fabric: tuple[Study, Fabric, np.ndarray],
) -> None:
    study, fabric, zone = cut_fabric
    drawn = straightened(study, fabric, zone)
    counts = []
    for each in (fabric, drawn):
        graph = build_graph(each, study.rules)
        from lingwu_grid.engine.search.start import open_borders  # noqa: PLC0415

        counts.append(len(np.unique(pieces(*open_borders(graph), zone))))
    assert counts[1] <= counts[0]


def test_today_s_map_is_not_touched(small_study: Study) -> None:
    fabric = build_fabric(small_study)
    same = straightened(small_study, fabric, fabric.grid_now.astype(np.int32))
    assert shapely.equals_identical(
        fabric.units.geometry.to_numpy(), same.units.geometry.to_numpy()
    ).all()


def test_a_home_without_a_building_is_an_obstacle(
    cut_fabric: tuple[Study, Fabric, np.ndarray],
) -> None:
    study, fabric, zone = cut_fabric
    bare = replace(
        study,
        tables=dict(study.tables)
        | {"buildings": gpd.GeoDataFrame(study.table("buildings").iloc[:0], crs=study.crs)},
    )
    drawn = straightened(bare, fabric, zone)
    homes = shapely.points(shapely.get_coordinates(study.households.geometry.to_numpy()))
    was = shapely.covers(fabric.units.geometry.to_numpy()[fabric.unit_of_household], homes)
    now = shapely.covers(drawn.units.geometry.to_numpy()[fabric.unit_of_household], homes)
    assert now[was].all()
