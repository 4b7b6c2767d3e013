"""四至 against what a clerk wrote by hand for each planted shape."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from lingwu_grid.planning.border_walk import Landmarks
from lingwu_grid.planning.boundary_text import (
    NAMELESS,
    boundary_texts,
    nameless_sides,
    traverses,
)

XY = tuple[float, float]


def street(x: float, low: float = -100, high: float = 900) -> list[XY]:
    """A line that runs north."""
    return [(x, low), (x, high)]


def lane(y: float, west: float = -100, east: float = 900) -> list[XY]:
    """A line that runs east."""
    return [(west, y), (east, y)]


AROUND = {"东路": street(400), "南街": lane(0), "西路": street(0), "北街": lane(400)}
"""Four streets round the square from 0 to 400."""

SQUARE = shapely.box(0, 0, 400, 400)


@dataclass(frozen=True)
class Case:
    """A zone, what lies around it, and what the clerk wrote."""

    zone: shapely.Geometry
    said: str
    lines: dict[str, list[XY]] = field(default_factory=dict)
    waters: dict[str, shapely.Geometry] = field(default_factory=dict)
    compounds: dict[str, shapely.Geometry] = field(default_factory=dict)
    others: dict[str, shapely.Geometry] = field(default_factory=dict)


def without(*names: str) -> dict[str, list[XY]]:
    return {name: line for name, line in AROUND.items() if name not in names}


def turned(shape: shapely.Geometry, degrees: float) -> shapely.Geometry:
    return affinity.rotate(shape, degrees, origin=(200, 200))


def turned_lines(lines: dict[str, list[XY]], degrees: float) -> dict[str, list[XY]]:
    return {
        name: list(turned(shapely.LineString(line), degrees).coords) for name, line in lines.items()
    }


STAIRS = [(400.0 + 15 * (k % 2), 20.0 * k) for k in range(21)]
RISERS = [(STAIRS[k][0], y) for k in range(20) for y in (STAIRS[k][1], STAIRS[k + 1][1])]
JAGGED = shapely.Polygon([(0, 0), *RISERS, (400, 400), (0, 400)])
ARC = [(400 + 60 * float(np.sin(np.pi * y / 400)), float(y)) for y in range(0, 401, 20)]

ZOO = {
    "square_between_streets": Case(SQUARE, "东至东路，南至南街，西至西路，北至北街", AROUND),
    "square_drawn_three_metres_off": Case(
        shapely.box(3, -3, 397, 403), "东至东路，南至南街，西至西路，北至北街", AROUND
    ),
    "nothing_in_the_south": Case(
        SQUARE, f"东至东路，南至{NAMELESS}，西至西路，北至北街", without("南街")
    ),
    "compound_across_the_lane": Case(
        SQUARE, "东至阳光城，南至南街，西至西路，北至北街", without("东路"),
        compounds={"阳光城": shapely.box(406, 0, 700, 400)},
    ),
    "grid_next_door": Case(
        SQUARE, "东至第二网格，南至南街，西至西路，北至北街", without("东路"),
        others={"第二网格": shapely.box(400, 0, 800, 400)},
    ),
    "wall_of_its_own_compound": Case(
        SQUARE, "东至龙凤佳苑围墙，南至南街，西至西路，北至北街", without("东路"),
        compounds={"龙凤佳苑": shapely.box(100, -10, 397, 410)},
    ),
    "compound_before_grid_next_door": Case(
        SQUARE, "东至林秀苑，南至南街，西至西路，北至北街", without("东路"),
        compounds={"林秀苑": shapely.box(401, -20, 700, 420)},
        others={"第二网格": shapely.box(400, 0, 800, 400)},
    ),
    "road_before_compound": Case(
        SQUARE, "东至东路，南至南街，西至西路，北至北街", AROUND,
        compounds={"阳光城": shapely.box(406, 0, 700, 400)},
    ),
    "two_names_from_the_north": Case(
        SQUARE, "东至短路、长路，南至南街，西至西路，北至北街",
        without("东路") | {"长路": street(400, 0, 290), "短路": street(400, 290, 400)},
    ),
    "three_names_along_the_line": Case(
        SQUARE, "东至丙路、乙路、甲路，南至南街，西至西路，北至北街",
        without("东路") | {
            "甲路": street(400, 0, 130), "乙路": street(400, 130, 220),
            "丙路": street(400, 220, 400),
        },
    ),
    "named_half_nameless_half": Case(
        SQUARE, f"东至{NAMELESS}、半路，南至南街，西至西路，北至北街",
        without("东路") | {"半路": street(400, 0, 250)},
    ),
    "canal_in_the_west": Case(
        SQUARE, "东至东路，南至南街，西至秦渠，北至北街", without("西路"),
        waters={"秦渠": shapely.LineString(street(0))},
    ),
    "railway_in_the_north": Case(
        SQUARE, "东至东路，南至南街，西至西路，北至铁路", without("北街"),
        waters={"铁路": shapely.LineString(lane(405))},
    ),
    "river_with_banks": Case(
        SQUARE, "东至东路，南至黄河，西至西路，北至北街", without("南街"),
        waters={"黄河": shapely.box(-100, -60, 900, -2)},
    ),
    "road_that_only_crosses": Case(
        SQUARE, f"东至{NAMELESS}，南至南街，西至西路，北至北街",
        without("东路") | {"横街": lane(200)},
    ),
    "two_carriageways_of_one_name": Case(
        SQUARE, "东至东路，南至南街，西至西路，北至北街",
        without("东路") | {"东路": [*street(395), *street(405)[::-1]]},
    ),
    "L_with_a_notch_in_the_north_east": Case(
        shapely.Polygon([(0, 0), (400, 0), (400, 200), (180, 200), (180, 400), (0, 400)]),
        "东至中路、东路，南至南街，西至西路，北至北街、中街",
        AROUND | {"中路": street(180, 200, 420), "中街": lane(200, 170, 420)},
    ),
    "L_with_a_long_foot": Case(
        shapely.Polygon([(0, 0), (800, 0), (800, 150), (200, 150), (200, 400), (0, 400)]),
        "东至中路、远路，南至南街，西至西路，北至北街、中街",
        {
            "南街": lane(0), "西路": street(0), "北街": lane(400), "远路": street(800),
            "中路": street(200, 150, 400), "中街": lane(150, 190, 900),
        },
    ),
    "U_open_to_the_north": Case(
        shapely.Polygon(
            [(0, 0), (560, 0), (560, 400), (450, 400), (450, 150), (150, 150), (150, 400), (0, 400)]
        ),
        "东至东路、左弄，南至南街，西至西路、右弄，北至北街、中街",
        {
            "南街": lane(0), "西路": street(0), "东路": street(560), "北街": lane(400),
            "左弄": street(150, 160, 400), "右弄": street(450, 160, 400),
            "中街": lane(150, 150, 450),
        },
    ),
    "hook": Case(
        shapely.Polygon([
            (0, 0), (500, 0), (500, 300), (350, 300), (350, 150), (150, 150), (150, 600), (0, 600),
        ]),
        "东至柄路、东路，南至南街，西至西路、钩路，北至北街、中街、钩街",
        {
            "南街": lane(0), "西路": street(0), "东路": street(500, -50, 300), "北街": lane(600),
            "柄路": street(150, 160, 600), "钩路": street(350, 150, 300),
            "钩街": lane(300, 360, 520), "中街": lane(150, 150, 350),
        },
    ),
    "T": Case(
        shapely.Polygon([
            (200, 0), (400, 0), (400, 300), (600, 300), (600, 450), (0, 450), (0, 300), (200, 300),
        ]),
        "东至东路、柄东路，南至肩街、南街，西至西路、柄西路，北至北街",
        {
            "南街": lane(0), "肩街": lane(300), "北街": lane(450), "东路": street(600),
            "西路": street(0), "柄东路": street(400, 0, 290), "柄西路": street(200, 0, 290),
        },
    ),
    "cross": Case(
        shapely.union(shapely.box(200, 0, 400, 600), shapely.box(0, 200, 600, 400)),
        "东至臂东路、东路，南至臂南街、南街，西至臂西路、西路，北至臂北街、北街",
        {
            "南街": lane(0), "臂南街": lane(200), "臂北街": lane(400), "北街": lane(600),
            "东路": street(600), "臂东路": street(400), "臂西路": street(200), "西路": street(0),
        },
    ),
    "hole_with_a_grid_in_it": Case(
        shapely.difference(SQUARE, shapely.box(150, 150, 250, 250)),
        "东至东路，南至南街，西至西路，北至北街（其内的市场网格除外）", AROUND,
        others={"市场网格": shapely.box(150, 150, 250, 250)},
    ),
    "hole_with_nothing_in_it": Case(
        shapely.difference(SQUARE, shapely.box(150, 150, 250, 250)),
        "东至东路，南至南街，西至西路，北至北街（其内有一处不属于它）", AROUND,
    ),
    "enclave": Case(
        shapely.union(SQUARE, shapely.box(600, 0, 900, 300)),
        "东至东路、远路，南至南街，西至西路、近路，北至北街、小街（另有飞地1处）",
        AROUND | {"近路": street(600), "远路": street(900), "小街": lane(300, 590, 910)},
    ),
    "leaning_thirty_degrees": Case(
        turned(SQUARE, 30), "东至东路，南至南街，西至西路，北至北街", turned_lines(AROUND, 30)
    ),
    "leaning_forty_degrees_the_other_way": Case(
        turned(SQUARE, -40), "东至东路，南至南街，西至西路，北至北街", turned_lines(AROUND, -40)
    ),
    "triangle_that_points_south": Case(
        shapely.Polygon([(0, 400), (200, 0), (400, 400)]),
        "东至斜东路，南至斜西路与斜东路交汇处，西至斜西路，北至北街",
        {"北街": lane(400), "斜西路": [(-20, 440), (200, 0)], "斜东路": [(200, 0), (420, 440)]},
    ),
    "narrow_strip": Case(
        shapely.box(0, 0, 700, 40), "东至东路，南至南街，西至西路，北至北街",
        {"东路": street(700), "南街": lane(0), "西路": street(0), "北街": lane(40)},
    ),
    "ribbon_round_the_next_block": Case(
        # The zone holds an eight-metre lane in the south of the next block and in its east: its
        # own east is the street between the two.
        shapely.union_all([SQUARE, shapely.box(400, 0, 700, 8), shapely.box(692, 0, 700, 400)]),
        "东至东路，南至南街，西至西路，北至北街", AROUND | {"远路": street(700)},
        others={"第二网格": shapely.box(400, 8, 692, 400)},
    ),
    "two_blocks_joined_by_a_lane": Case(
        shapely.union_all([SQUARE, shapely.box(400, 0, 600, 8), shapely.box(600, 0, 900, 400)]),
        "东至东路、远路，南至南街，西至西路、近路，北至北街",
        AROUND | {"近路": street(600), "远路": street(900), "北街": lane(400, -100, 1000),
                  "南街": lane(0, -100, 1000)},
    ),
    "half_of_a_compound": Case(
        SQUARE, "东至第二网格，南至南街，西至西路，北至北街", without("东路"),
        compounds={"阳光城": shapely.box(100, 40, 700, 360)},
        others={"第二网格": shapely.box(400, 0, 800, 400)},
    ),
    "half_of_a_compound_and_nothing_beyond": Case(
        SQUARE, "东至阳光城内，南至南街，西至西路，北至北街", without("东路"),
        compounds={"阳光城": shapely.box(100, -20, 700, 420)},
    ),
    "compound_next_door_drawn_three_metres_over": Case(
        SQUARE, "东至阳光城，南至南街，西至西路，北至北街", without("东路"),
        compounds={"阳光城": shapely.box(397, -20, 700, 420)},
        others={"第二网格": shapely.box(400, 0, 800, 400)},
    ),
    "jagged_side_along_a_neighbour": Case(
        JAGGED, "东至第二网格，南至南街，西至西路，北至北街", without("东路"),
        others={"第二网格": shapely.difference(shapely.box(395, 0, 800, 400), JAGGED)},
    ),
    "small_notch_is_no_side": Case(
        shapely.difference(SQUARE, shapely.box(390, 190, 401, 202)),
        "东至东路，南至南街，西至西路，北至北街", AROUND,
    ),
    "curved_road": Case(
        shapely.Polygon([(0, 0), *ARC, (0, 400)]), "东至弯路，南至南街，西至西路，北至北街",
        without("东路") | {"弯路": [(400.0, -60.0), *ARC, (400.0, 460.0)]},
    ),
    "tail_along_the_road": Case(
        shapely.union(shapely.box(-8, 0, 400, 180), shapely.box(-8, -50, 10, 0)),
        "东至东路，南至南街，西至西路，北至中街", {**without("北街"), "中街": lane(180)},
    ),
    "plot_on_the_far_side_of_the_road": Case(
        shapely.union(shapely.box(0, 0, 400, 180), shapely.box(-120, 0, 0, 60)),
        "东至东路，南至南街，西至西路、近路，北至小街、中街",
        {**without("北街"), "中街": lane(180), "近路": street(-120), "小街": lane(60, -130, 0)},
    ),
    "small_and_nameless_in_the_east_and_west": Case(
        shapely.box(0, 0, 50, 50), f"东至{NAMELESS}，南至乙路，西至{NAMELESS}，北至甲路",
        {"甲路": lane(50), "乙路": lane(0)},
    ),
    "road_without_a_name": Case(
        SQUARE, "东至第二网格，南至南街，西至西路，北至北街", without("东路") | {"": street(400)},
        others={"第二网格": shapely.box(400, 0, 800, 400)},
    ),
}  # fmt: skip


def _table(shapes: dict[str, shapely.Geometry]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": list(shapes)}, geometry=list(shapes.values()), crs=4544)


def _zones(case: Case) -> tuple[np.ndarray, list[str], Landmarks]:
    landmarks = Landmarks.of(
        {
            "roads": _table({name: shapely.LineString(xy) for name, xy in case.lines.items()}),
            "barriers": _table(case.waters),
            "compounds": _table(case.compounds),
        }
    )
    return np.array([case.zone, *case.others.values()]), ["本网格", *case.others], landmarks


@pytest.mark.parametrize("name", ZOO)
def test_a_planted_shape_reads_as_the_clerk_wrote_it(name: str) -> None:
    case = ZOO[name]
    assert boundary_texts(*_zones(case))[0] == case.said


@pytest.mark.parametrize("name", ZOO)
def test_where_it_lies_and_how_finely_it_is_drawn_change_nothing(name: str) -> None:
    case = ZOO[name]

    def moved(shape: shapely.Geometry) -> shapely.Geometry:
        return shapely.segmentize(affinity.translate(shape, 512_345.678, 4_200_123.456), 7.0)

    again = Case(
        moved(case.zone), case.said,
        {n: list(moved(shapely.LineString(xy)).coords) for n, xy in case.lines.items()},
        *({n: moved(s) for n, s in t.items()} for t in (case.waters, case.compounds, case.others)),
    )  # fmt: skip
    assert boundary_texts(*_zones(again))[0] == case.said


def test_a_nameless_stretch_is_told_by_its_side() -> None:
    assert nameless_sides(boundary_texts(*_zones(ZOO["nothing_in_the_south"]))[0]) == ["南"]
    assert nameless_sides(boundary_texts(*_zones(ZOO["named_half_nameless_half"]))[0]) == ["东"]
    assert nameless_sides(boundary_texts(*_zones(ZOO["square_between_streets"]))[0]) == []


@settings(max_examples=40, deadline=None)
@given(
    angles=st.lists(st.floats(0, 6.28), min_size=3, max_size=12, unique=True),
    size=st.floats(60, 2_000),
)
def test_no_side_of_any_shape_is_empty_without_a_flag(angles: list[float], size: float) -> None:
    ring = [(size * float(np.cos(a)), size * float(np.sin(a))) for a in sorted(angles)]
    zone = shapely.Polygon(ring)
    if not zone.is_valid or zone.area < 100:
        return
    said = boundary_texts(np.array([zone]), ["本网格"], Landmarks.of({}))[0]
    assert said == "，".join(f"{side}至{NAMELESS}" for side in "东南西北")


def test_a_traverse_walks_clockwise_from_the_north_east_and_comes_back() -> None:
    said = traverses(*_zones(ZOO["square_between_streets"]))[0]
    sides = "沿东路向南约X米，沿南街向西约X米，沿西路向北约X米，沿北街向东约X米"
    assert re.sub("(?<=约)(390|400|410)(?=米)", "X", said) == f"自东北角起，{sides}，回到起点。"
    assert "沿无名界线（待补）向西" in traverses(*_zones(ZOO["nothing_in_the_south"]))[0]
