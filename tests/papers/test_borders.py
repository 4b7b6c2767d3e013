"""Borders as points, bearings and metres: what is written can be drawn again by somebody else."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import docx
import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely

from lingwu_grid.papers.borders import bearing_said
from lingwu_grid.planning.border_walk import Landmarks
from lingwu_grid.planning.traverse import make_traverse

if TYPE_CHECKING:
    from pathlib import Path

    import lingwu_grid as lg

Ring = list[tuple[float, float]]


def degrees(text: str) -> float:
    found = re.fullmatch(r"(\d+)°(\d\d)′(\d\d)″", text)
    assert found, text
    d, m, s = map(int, found.groups())
    assert m < 60
    assert s < 60
    return d + m / 60 + s / 3600


def walked(start: tuple[float, float], legs: list[tuple[str, str]]) -> Ring:
    """Walk from a point (north, east) by bearings and metres; the walk must come home."""
    x, y = start
    ring = []
    for bearing, metres in legs:
        ring.append((y, x))
        angle = math.radians(degrees(bearing))
        x, y = x + float(metres) * math.cos(angle), y + float(metres) * math.sin(angle)
    assert math.hypot(x - start[0], y - start[1]) < 0.3
    return ring


def drawn_again(book: openpyxl.Workbook, word: str) -> dict[str, shapely.Geometry]:
    """Draw zones from two sheets alone: where each ring begins, then bearings and metres."""
    points = {
        row[0]: (float(row[1]), float(row[2]))
        for row in book[f"{word}界址点"].iter_rows(min_row=4, max_col=3, values_only=True)
        if row[0]
    }
    rings: dict[tuple[str, int, str], list[tuple[str, str, str]]] = defaultdict(list)
    for row in book[f"{word}界线走向"].iter_rows(min_row=4, max_col=9, values_only=True):
        if row[0]:
            rings[row[0], row[2], row[3]].append((row[4], row[6], row[7]))
    shapes: dict[str, shapely.Geometry] = {}
    for (code, _, inside), legs in sorted(rings.items(), key=lambda item: item[0][2] == "内"):
        ring = shapely.make_valid(
            shapely.Polygon(walked(points[legs[0][0]], [leg[1:] for leg in legs]))
        )
        before = shapes.get(code, shapely.Polygon())
        shapes[code] = before.difference(ring) if inside == "内" else before.union(ring)
    return shapes


def likeness(a: shapely.Geometry, b: shapely.Geometry) -> float:
    b = shapely.make_valid(b)
    return float(a.intersection(b).area / a.union(b).area)


@pytest.mark.parametrize(("word", "layer"), [("网格", "grids"), ("社区", "communities")])
def test_every_zone_is_drawn_again_from_the_workbook(
    kit: Path, small_plan: lg.Plan, word: str, layer: str
) -> None:
    book = openpyxl.load_workbook(kit / "borders.xlsx", read_only=True)
    shapes = drawn_again(book, word)
    zones = getattr(small_plan, layer).to_crs(small_plan.work_crs)
    assert sorted(shapes) == sorted(zones.iloc[:, 0])
    alike = [likeness(shapes[z], g) for z, g in zip(zones.iloc[:, 0], zones.geometry, strict=True)]
    assert min(alike) > 0.995
    assert shapely.area(list(shapes.values())).sum() == pytest.approx(zones.area.sum(), rel=1e-4)


def test_a_notice_has_the_walk_round_its_community(kit: Path, small_plan: lg.Plan) -> None:
    zones = small_plan.communities.to_crs(small_plan.work_crs).set_index("community_id").geometry
    drawn = 0
    for path in sorted((kit / "notices").glob("*.docx")):
        paper = docx.Document(str(path))
        if path.stem not in zones.index:
            assert not paper.tables  # dissolved: nothing to walk round
            continue
        rows = [[cell.text for cell in row.cells] for row in paper.tables[0].rows][1:]
        assert all(row[5] for row in rows)
        if len(shapely.get_rings(zones[path.stem])) == 1:
            start = (float(rows[0][1]), float(rows[0][2]))
            ring = shapely.Polygon(walked(start, [(row[3], row[4]) for row in rows]))
            assert likeness(shapely.make_valid(ring), zones[path.stem]) > 0.995
            drawn += 1
    assert drawn


def test_a_square_and_its_hole_are_walked_the_right_way_round() -> None:
    """A square of 200 m with a yard of 100 m in it, which is another zone; two roads name it."""
    yard = shapely.box(50, 50, 150, 150)
    town = np.array([shapely.box(0, 0, 200, 200).difference(yard), yard], object)
    road = gpd.GeoDataFrame(
        {"name": ["东街"]}, geometry=[shapely.LineString([(205, -50), (205, 250)])], crs=4544
    )
    made = make_traverse(town, ["甲", "乙"], Landmarks.of({"roads": road}))
    assert made.points["number"].tolist() == list(range(1, 9))
    assert made.points[["x", "y"]].iloc[0].tolist() == [200, 0]  # from the north and the west
    outer = made.legs[(made.legs["zone"] == 0) & ~made.legs["is_hole"]]
    assert outer["bearing"].tolist() == [180, 270, 0, 90]
    assert outer["metres"].tolist() == [200] * 4
    assert outer["name"].iloc[0] == "东街"
    assert (outer["start"].tolist()[1:], outer["end"].iloc[-1]) == (
        outer["end"].tolist()[:-1], outer["start"].iloc[0],
    )  # fmt: skip
    hole = made.legs[(made.legs["zone"] == 0) & made.legs["is_hole"]]
    assert hole["bearing"].tolist() == [270, 180, 90, 0]
    inner = made.legs[made.legs["zone"] == 1]
    assert set(inner["start"]) == set(hole["start"])
    assert inner["name"].unique().tolist() == ["甲"]


def test_a_leg_too_short_for_a_step_has_the_name_of_the_one_before() -> None:
    """A step of 3 m in a street's side is the street's too; 100 m that nothing names are not."""
    zone = shapely.Polygon([(0, 0), (0, 200), (200, 200), (200, 100), (197, 100), (197, 0)])
    road = gpd.GeoDataFrame(
        {"name": ["东街"]}, geometry=[shapely.LineString([(203, -50), (203, 250)])], crs=4544
    )
    made = make_traverse(np.array([zone], object), ["甲"], Landmarks.of({"roads": road}))
    short = made.legs[made.legs["metres"] == 3]
    assert short["name"].tolist() == ["东街"]
    assert made.legs["name"].tolist() == ["东街"] * 3 + [""] * 3


def test_neighbours_have_their_points_in_common() -> None:
    """A stair of 2 cm between two zones goes, and goes from both; one of 20 cm stays in both."""
    stair = [(100.0 + 0.02 * (i % 2), 10.0 * i) for i in range(11)]
    west = shapely.Polygon([(0, 0), *stair, (0, 100)])
    east = shapely.box(0, 0, 200, 100).difference(west)
    made = make_traverse(np.array([west, east], object), ["西", "东"], Landmarks.of({}))
    sides = [set(made.legs.loc[made.legs["zone"] == z, "start"]) for z in (0, 1)]
    assert len(sides[0] & sides[1]) == 2
    assert len(made.points) == 6
    stair = [(100.0 + 0.2 * (i % 2), 10.0 * i) for i in range(11)]
    west = shapely.Polygon([(0, 0), *stair, (0, 100)])
    east = shapely.box(0, 0, 200, 100).difference(west)
    made = make_traverse(np.array([west, east], object), ["西", "东"], Landmarks.of({}))
    assert len(made.points) == 15


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0°00′00″"), (89.9999, "90°00′00″"), (359.99999, "0°00′00″"), (45.5, "45°30′00″"),
     (193.772273, "193°46′20″")],
)  # fmt: skip
def test_a_bearing_carries_its_minutes_and_seconds(value: float, said: str) -> None:
    assert bearing_said(value) == said
