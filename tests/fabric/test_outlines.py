"""How narrow a zone gets, and what that costs."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lingwu_grid.fabric.outlines import BEND_M, Bends, Outlines, is_necked, openings


def _two_rooms(width: float) -> shapely.Geometry:
    """Two squares of 100 m, joined by a corridor of 60 m."""
    rooms = [shapely.box(0, 0, 100, 100), shapely.box(160, 0, 260, 100)]
    return shapely.union_all([*rooms, shapely.box(100, 40, 160, 40 + width)])


NOWHERE = np.array([shapely.LineString([(1e6, 1e6), (1e6, 1e6 + 1)])], object)


def _with_finger(length: float) -> shapely.Geometry:
    """A square of 200 m with a finger 15 m wide."""
    return shapely.union(shapely.box(0, 0, 200, 200), shapely.box(200, 90, 200 + length, 105))


@pytest.mark.parametrize(("width", "necked"), [(19.0, True), (21.0, False)])
def test_a_neck_is_narrower_than_twenty_metres(width: float, *, necked: bool) -> None:
    assert is_necked(np.array([_two_rooms(width)], object)).tolist() == [necked]


@pytest.mark.parametrize(("length", "necked"), [(40.0, False), (60.0, True)])
def test_fingers_count_from_a_fiftieth_of_the_ground(length: float, *, necked: bool) -> None:
    # 15 m wide: 600 m2 or 900 m2 of 40,000, less the corners that any square loses (86 m2).
    shape = np.array([_with_finger(length)], object)
    assert is_necked(shape).tolist() == [necked]
    assert openings(shape)[0, 1] == pytest.approx(
        (15 * length + 86) / (40_000 + 15 * length), rel=0.2
    )


def test_a_zone_already_in_pieces_is_not_necked_for_that() -> None:
    rooms = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(160, 0, 260, 100)])
    assert is_necked(np.array([rooms], object)).tolist() == [False]


def test_a_neck_costs_its_weight_and_nothing_costs_less_than_nothing() -> None:
    units = np.array(
        [shapely.box(0, 0, 100, 100), shapely.box(100, 40, 160, 55), shapely.box(160, 0, 260, 100)],
        object,
    )
    price = Outlines(units, 60.0, NOWHERE, 0.0)
    assert 0 <= price(np.array([0])) < 15
    # One neck, the piece it parts, and the share of the corridor.
    assert 90 <= price(np.array([0, 1, 2])) <= 210
    assert price(np.array([0, 1, 2])) == price(np.array([0, 1, 2]))
    assert Outlines(units, 0.0, NOWHERE, 0.0)(np.array([0, 1, 2])) == 0


def bends(shape: shapely.Polygon, *lines: shapely.LineString) -> int:
    return Bends(np.array([shape], object), np.array([*lines, *NOWHERE], object)).of(shape)


def _turned(degrees: float) -> shapely.Polygon:
    """Draw a ground of 100 m whose right side bends once, half way up."""
    off = 50 * np.tan(np.radians(degrees))
    return shapely.Polygon([(0, 0), (100, 0), (100, 50), (100 + off, 100), (0, 100)])


@pytest.mark.parametrize(("degrees", "count"), [(0, 4), (29, 4), (31, 5), (-31, 5)])
def test_a_bend_is_a_turn_of_more_than_30_degrees(degrees: float, count: int) -> None:
    assert bends(_turned(degrees)) == count


@pytest.mark.parametrize(("far", "count"), [(2.9, 3), (3.1, 5)])
def test_a_bend_on_a_line_is_the_lines(far: float, count: int) -> None:
    # A line beside the right side has the corners below and above as well as the bend.
    line = shapely.LineString([(100 + far, -50), (100 + far, 60)])
    assert bends(_turned(31), line) == count


@pytest.mark.parametrize(("far", "count"), [(2.9, 0), (3.1, 1)])
def test_a_course_may_bend_where_no_polygon_has_a_corner(far: float, count: int) -> None:
    lines = np.array([shapely.LineString([(-50, -far), (50, -far)]), *NOWHERE], object)
    path = np.array([(-20.0, 0.0), (3.21, 0.0), (30.0, 20.0)])
    assert Bends(np.array([_turned(0)], object), lines).along(path) == count


@pytest.mark.parametrize(("deep", "count"), [(3.9, 4), (4.5, 7)])
def test_a_bend_of_cells_that_drawing_takes_away_does_not_count(deep: float, count: int) -> None:
    tooth = [(100, 46), (100 + deep, 50), (100, 54)]
    shape = shapely.Polygon([(0, 0), (100, 0), *tooth, (100, 100), (0, 100)])
    assert bends(shape) == count


def test_a_bend_costs_what_border_costs() -> None:
    units = np.array([_turned(0), _turned(31)], object)
    price = Outlines(units, 0.0, NOWHERE, 300.0)
    more = price(np.array([1])) - price(np.array([0]))
    assert more == pytest.approx(300.0 * BEND_M / 1000)
