"""How narrow a zone gets, and what that costs."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lingwu_grid.fabric.outlines import Outlines, is_necked, openings


def _two_rooms(width: float) -> shapely.Geometry:
    """Two squares of 100 m, joined by a corridor of 60 m."""
    rooms = [shapely.box(0, 0, 100, 100), shapely.box(160, 0, 260, 100)]
    return shapely.union_all([*rooms, shapely.box(100, 40, 160, 40 + width)])


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
    price = Outlines(units, 60.0)
    assert 0 <= price(np.array([0])) < 15
    # One neck, the piece it parts, and the share of the corridor.
    assert 90 <= price(np.array([0, 1, 2])) <= 210
    assert price(np.array([0, 1, 2])) == price(np.array([0, 1, 2]))
    assert Outlines(units, 0.0)(np.array([0, 1, 2])) == 0
