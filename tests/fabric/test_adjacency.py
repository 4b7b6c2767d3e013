"""Borders of three strips of ground, worked out by hand: length, off a line, clear, crossed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lingwu_grid.fabric.adjacency import (
    Borders,
    crossing_points,
    find_borders,
    without_corridors,
)
from lingwu_grid.fabric.enclosures import Lines
from lingwu_grid.graph import Runs

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study

X, Y = 440_000.0, 4_218_000.0
CELLS = np.array(
    [
        shapely.box(X, Y, X + 10, Y + 30),
        shapely.box(X + 10, Y, X + 25, Y + 30),
        shapely.box(X + 25, Y, X + 45, Y + 30),
    ],
    object,
)
CANAL = shapely.LineString([(X + 25, Y - 5), (X + 25, Y + 35)])


class Drawn:
    """Roads, crossings and houses, and nothing else."""

    def __init__(
        self,
        crossings: list[shapely.Geometry] | None = None,
        *,
        bridge: shapely.Geometry | None = None,
        road: shapely.Geometry | None = None,
        tunnel: shapely.Geometry | None = None,
        houses: list[shapely.Geometry] | None = None,
    ) -> None:
        ways = [way for way in (bridge, road, tunnel) if way is not None]
        roads = gpd.GeoDataFrame(
            {
                "bridge": [way is bridge for way in ways],
                "tunnel": [way is tunnel for way in ways],
            },
            geometry=ways,
        )
        self.tables = {
            "roads": roads,
            "crossings": gpd.GeoDataFrame(geometry=crossings or []),
            "buildings": gpd.GeoDataFrame(geometry=houses or []),
        }

    def table(self, name: str) -> gpd.GeoDataFrame:
        """Give a table."""
        return self.tables[name]

    @property
    def study(self) -> Study:
        """As the study it stands for."""
        return cast("Study", self)


def lines(*shapes: shapely.Geometry, kind: Runs = Runs.BARRIER) -> Lines:
    """Lines of one kind."""
    return Lines(
        np.array(shapes, object),
        np.full(len(shapes), kind, np.int8),
        np.full(len(shapes), "", object),
    )


def found(drawn: Drawn, of: Lines) -> Borders:
    """Find the borders of the three strips: two of thirty metres."""
    borders = find_borders(CELLS, of, drawn.study)
    assert borders.a.tolist() == [0, 1]
    assert borders.b.tolist() == [1, 2]
    assert borders.length_m.tolist() == [30.0, 30.0]
    return borders


def test_borders_on_open_ground_on_a_road_and_on_a_canal() -> None:
    """Off a line: everything; on a road: clear; on a canal: neither."""
    on_road, on_canal = found(Drawn(), lines(CANAL, kind=Runs.ROAD)), found(Drawn(), lines(CANAL))
    assert on_road.off_line_m.tolist() == [30.0, 0.0]
    assert on_road.clear_m.tolist() == [30.0, 30.0]
    assert on_road.is_open.tolist() == [True, True]
    assert on_canal.off_line_m.tolist() == [30.0, 0.0]
    assert on_canal.clear_m.tolist() == [30.0, 0.0]
    assert on_canal.is_open.tolist() == [True, False]


@pytest.mark.parametrize(
    ("drawn", "crossed"),
    [
        (Drawn([shapely.Point(X + 26.4, Y + 9)]), True),
        (Drawn([shapely.Point(X + 26.6, Y + 9)]), False),
        (Drawn([shapely.MultiPoint([(X + 90, Y), (X + 25, Y + 9)])]), True),
        (Drawn([shapely.LineString([(X + 20, Y + 9), (X + 30, Y + 9)])]), True),
        (Drawn([shapely.LineString([(X + 20, Y + 9), (X + 24, Y + 9)])]), False),
        (Drawn(bridge=shapely.LineString([(X + 20, Y + 9), (X + 30, Y + 9)])), True),
        (Drawn(tunnel=shapely.LineString([(X + 20, Y + 9), (X + 30, Y + 9)])), True),
        (Drawn(road=shapely.LineString([(X + 20, Y + 9), (X + 30, Y + 9)])), False),
        (Drawn([shapely.Point(X + 10, Y + 9)]), False),
    ],
)
def test_what_crosses_a_canal(drawn: Drawn, *, crossed: bool) -> None:
    """Points within a metre and a half, bridges and tunnels over it; a plain road does not."""
    borders = found(drawn, lines(CANAL))
    assert borders.has_crossing.tolist() == [False, crossed]
    assert borders.is_open.tolist() == [True, crossed]


def test_points_of_crossings() -> None:
    """Without a barrier a bridge crosses nothing; every part of a listed point counts."""
    over = shapely.LineString([(X + 20, Y + 9), (X + 30, Y + 9)])
    assert len(crossing_points(Drawn(bridge=over).study, lines())) == 0
    assert len(crossing_points(Drawn().study, lines(CANAL))) == 0
    assert len(crossing_points(Drawn([over]).study, lines())) == 0
    met = crossing_points(Drawn(bridge=over).study, lines(CANAL))
    assert [(p.x, p.y) for p in met] == [(X + 25, Y + 9)]
    listed = shapely.MultiPoint([(X, Y), (X + 1, Y)])
    assert len(crossing_points(Drawn([listed]).study, lines(CANAL))) == 2


@pytest.mark.parametrize(("clear_m", "is_open"), [(0.99, False), (1.0, True), (1.01, True)])
def test_a_metre_of_clear_ground_joins(clear_m: float, *, is_open: bool) -> None:
    """Shorter contact joins nothing."""
    metres = np.array([clear_m])
    borders = Borders(
        np.array([0]), np.array([1]), metres, np.zeros(1), metres, np.zeros(1, np.bool_),
        np.zeros(1),
    )  # fmt: skip
    assert borders.is_open.tolist() == [is_open]


def test_a_slanting_border_has_its_own_length() -> None:
    """Three east, four north: five; found from a corner far from zero."""
    a = shapely.Polygon([(X, Y), (X + 3, Y + 4), (X, Y + 4)])
    b = shapely.Polygon([(X, Y), (X + 3, Y), (X + 3, Y + 4)])
    borders = find_borders(np.array([a, b], object), lines(CANAL), Drawn().study)
    assert borders.length_m == pytest.approx([5.0], abs=1e-9)


def test_a_border_of_two_stretches_is_one() -> None:
    """Ten metres on the canal and twenty on open ground: thirty, twenty of them clear."""
    cells = [
        shapely.Polygon([(X, Y), (X + 25, Y), (X + 25, Y + 10), (X + 25, Y + 30), (X, Y + 30)]),
        shapely.Polygon(
            [(X + 25, Y), (X + 45, Y), (X + 45, Y + 30), (X + 25, Y + 30), (X + 25, Y + 10)]
        ),
    ]
    short = shapely.LineString([(X + 25, Y - 9), (X + 25, Y + 10)])
    borders = find_borders(np.array(cells, object), lines(short), Drawn().study)
    assert (borders.length_m.tolist(), borders.clear_m.tolist()) == ([30.0], [20.0])
    assert borders.off_line_m.tolist() == [20.0]


@pytest.mark.parametrize(
    ("clear", "girth", "grid", "is_open"),
    [
        (10.0, (400.0, 900.0), (0, 1), True),  # ten metres are a way
        (9.9, (400.0, 900.0), (0, 1), False),
        (4.0, (40.0, 900.0), (0, 1), True),  # a tenth of the smaller girth is
        (3.9, (40.0, 900.0), (0, 1), False),
        (3.9, (900.0, 40.0), (0, 1), False),  # whichever of the two is the smaller
        (1.0, (400.0, 900.0), (1, 1), True),  # one grid today
        (0.9, (400.0, 900.0), (1, 1), False),
        (9.9, (400.0, 900.0), (-1, -1), False),  # no grid is not one grid
    ],
)
def test_s9_a_corridor_is_no_way_through(
    clear: float, girth: tuple[float, float], grid: tuple[int, int], *, is_open: bool
) -> None:
    one = np.array([clear])
    borders = Borders(np.array([0]), np.array([1]), one, one, one, np.array([False]), one)
    found = without_corridors(borders, np.array(girth), np.array(grid))
    assert found.is_open.tolist() == [is_open]
    crossed = without_corridors(
        borders._replace(has_crossing=np.array([True])), np.array(girth), np.array(grid)
    )
    assert crossed.is_open.tolist() == [True]


@pytest.mark.parametrize(
    ("gap", "party"),
    [(0.0, 30.0), (0.75, 30.0), (0.76, 0.0)],
    ids=["party wall", "nearly", "a way between"],
)
def test_a_border_between_houses_that_touch_is_told(gap: float, party: float) -> None:
    """Two houses each so far from the border of the first two strips; nobody at the other."""
    houses = [
        shapely.box(X + 1, Y, X + 10 - gap, Y + 30),
        shapely.box(X + 10 + gap, Y, X + 20, Y + 30),
    ]
    borders = found(Drawn(houses=cast("list[shapely.Geometry]", houses)), lines(CANAL))
    assert borders.party_m.tolist() == [party, 0.0]
    assert borders.off_line_m.tolist() == [30.0, 0.0]


def test_one_house_at_a_border_is_no_party_wall() -> None:
    house = shapely.box(X + 1, Y, X + 10, Y + 30)
    assert found(Drawn(houses=[house]), lines(CANAL)).party_m.tolist() == [0.0, 0.0]


def test_a_line_between_two_houses_is_a_line() -> None:
    houses = [shapely.box(X + 15, Y, X + 25, Y + 30), shapely.box(X + 25, Y, X + 35, Y + 30)]
    drawn = Drawn(houses=cast("list[shapely.Geometry]", houses))
    assert found(drawn, lines(CANAL)).party_m.tolist() == [0.0, 0.0]
