"""No border of a unit runs through a house: party walls, schools, passages, torn houses."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from lingwu_grid.contract.findings import Findings
from lingwu_grid.contract.rules import Rules
from lingwu_grid.fabric.units import Fabric, build_fabric
from lingwu_grid.ingest.study import Study

WORK = CRS("EPSG:4544")
GROUND = shapely.box(0, 0, 200, 100)


def _house(x: float, y: float, w: float = 8.0, h: float = 14.0) -> shapely.Geometry:
    return shapely.box(x, y, x + w, y + h)


def _study(
    houses: dict[str, shapely.Geometry],
    empty: dict[str, shapely.Geometry] | None = None,
    points: list[tuple[str, float, float]] | None = None,
    **tables: gpd.GeoDataFrame,
) -> Study:
    """Give a study with one home at the middle of each house, or those listed."""
    if points is None:
        points = [(k, *shapely.get_coordinates(shapely.centroid(g))[0]) for k, g in houses.items()]
    n = len(points)
    homes = gpd.GeoDataFrame(
        {
            "household_id": [f"H{i}" for i in range(n)],
            "building_id": [p[0] for p in points],
            "compound_id": "",
            "residents": 2,
            "elderly": 0,
            "party_members": 0,
            "grid_id": "",
            "community_id": "",
            "origin": "t",
        },
        geometry=gpd.points_from_xy([p[1] for p in points], [p[2] for p in points]),
        crs=WORK,
    )
    built = {**houses, **(empty or {})}
    buildings = gpd.GeoDataFrame(
        {"building_id": list(built), "name": "", "compound_id": "", "levels": 6},
        geometry=list(built.values()),
        crs=WORK,
    )
    nothing = pd.DataFrame({c: [] for c in ("household_id", "origin", "status", "reason")})
    return Study(
        "t", Rules(), WORK, homes, nothing, {"buildings": buildings, **tables}, GROUND,
        Findings(()), (),
    )  # fmt: skip


def _roads(*lines: list[tuple[float, float]], tunnel: bool = False) -> gpd.GeoDataFrame:
    n = len(lines)
    return gpd.GeoDataFrame(
        {
            "name": ["路"] * n,
            "class": "residential",
            "bridge": False,
            "tunnel": tunnel,
            "foot": True,
        },
        geometry=[shapely.LineString(line) for line in lines],
        crs=WORK,
    )


def _grids(x: float) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"grid_id": ["A", "B"], "grid_name": ["甲", "乙"], "community_id": "C", "kind": "basic",
         "locked": False},
        geometry=[shapely.box(0, 0, x, 100), shapely.box(x, 0, 200, 100)],
        crs=WORK,
    )  # fmt: skip


def _entered(fabric: Fabric, study: Study) -> list[str]:
    """Give the houses that the border of any unit enters by more than half a metre."""
    table = study.table("buildings")
    inner = shapely.buffer(table.geometry.to_numpy(), -0.5)
    edges = shapely.boundary(fabric.units.geometry.to_numpy())
    entered = shapely.STRtree(inner).query(edges, "intersects")[1]
    return table["building_id"].iloc[np.unique(entered)].tolist()


def _tiles(fabric: Fabric) -> bool:
    shapes = fabric.units.geometry.to_numpy()
    return bool(
        shapely.is_valid(shapes).all()
        and (shapely.get_num_geometries(shapes) == 1).all()
        and abs(shapely.area(shapes).sum() - shapely.area(GROUND)) < 0.01
    )


def test_s1_party_walls_lie_between() -> None:
    row = {f"R{i}": _house(10 + 8 * i, 40, h=11 + 3 * (i % 3)) for i in range(20)}
    back = {f"B{i}": _house(10 + 8 * i, 56.5, h=9) for i in range(20)}
    study = _study({**row, **back})
    fabric = build_fabric(study)
    assert _entered(fabric, study) == []
    assert _tiles(fabric)
    assert (fabric.units["households"] > 0).sum() == 40


@pytest.mark.parametrize("every", [2, 3])
def test_s1_the_wall_to_an_empty_house_lies_between_too(every: int) -> None:
    row = {f"R{i}": _house(10 + 8 * i, 40, h=11 + 3 * (i % 3)) for i in range(20)}
    lived = {k: h for n, (k, h) in enumerate(row.items()) if n % every}
    empty = {k: h for n, (k, h) in enumerate(row.items()) if not n % every}
    study = _study(lived, empty)
    fabric = build_fabric(study)
    assert _entered(fabric, study) == []
    assert _tiles(fabric)


def test_s2_a_school_without_homes_is_no_air() -> None:
    houses = {"L": _house(20, 40), "R": _house(170, 40), "T": _house(90, 85, h=6)}
    school = {"学校": shapely.box(40, 20, 160, 70)}
    study = _study(houses, school)
    fabric = build_fabric(study)
    assert _entered(fabric, study) == []
    assert _tiles(fabric)


@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_s3_a_passage_and_a_wall_go_round(offset: float) -> None:
    houses = {"L": _house(60, 40), "M": _house(96, 40), "R": _house(130, 40)}
    study = _study(houses, roads=_roads([(100 + offset, 0), (100 + offset, 100)]))
    fabric = build_fabric(study)
    assert _entered(fabric, study) == []
    assert _tiles(fabric)
    home = fabric.unit_of_household
    assert len(set(home.tolist())) == 3


@pytest.mark.parametrize("in_parts", [False, True])
def test_s3_a_tunnel_cuts_nothing(*, in_parts: bool) -> None:
    houses = {"L": _house(60, 40), "R": _house(130, 40)}
    roads = _roads([(0, 80), (200, 80)], tunnel=True)
    if in_parts:
        both = shapely.MultiLineString([[(0, 80), (200, 80)], [(0, 20), (200, 20)]])
        roads = roads.set_geometry([both], crs=WORK)
    study = _study(houses, roads=roads)
    fabric = build_fabric(study)
    assert len(fabric.units) == 2


def test_s7_the_border_goes_round_a_house_with_homes_on_both_sides() -> None:
    houses = {"L": _house(60, 40), "M": _house(96, 40), "R": _house(130, 40)}
    points = [("L", 64, 45), ("M", 97, 45), ("M", 97, 46), ("M", 103, 45), ("R", 134, 45)]
    study = _study(houses, points=points, grids=_grids(100.0))
    fabric = build_fabric(study)
    assert _entered(fabric, study) == []
    middle = fabric.units.geometry.to_numpy()[fabric.unit_of_household[1]]
    assert shapely.covers(middle, study.households.geometry.to_numpy()[1:4]).all()
    # Two of three homes are in A: the house stands with A.
    assert fabric.places.grid_ids[fabric.grid_now[fabric.unit_of_household[1]]] == "A"
    assert [fabric.places.grid_ids[g] for g in fabric.grid_of_household] == [
        "A",
        "A",
        "A",
        "B",
        "B",
    ]


def test_s7_todays_border_stays_where_all_homes_are_on_one_side() -> None:
    houses = {"L": _house(60, 40), "M": _house(96, 40), "R": _house(130, 40)}
    points = [("L", 64, 45), ("M", 97, 45), ("R", 134, 45)]
    study = _study(houses, points=points, grids=_grids(100.0))
    fabric = build_fabric(study)
    shapes = fabric.units.geometry.to_numpy()
    left = shapely.union_all(shapes[fabric.grid_now == 0])
    assert np.isclose(
        shapely.area(shapely.symmetric_difference(left, shapely.box(0, 0, 100, 100))), 0
    )


@pytest.mark.parametrize(("off", "moves"), [(1.0, False), (4.0, False), (12.0, True)])
def test_a_border_drawn_a_metre_off_a_shared_wall_stays_where_it_was(
    off: float, *, moves: bool
) -> None:
    """Two compounds share the wall at x = 100; today's border runs a little west of it."""
    walls = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)]
    compounds = gpd.GeoDataFrame(
        {"compound_id": ["P", "Q"], "name": "", "manager": ""}, geometry=walls, crs=WORK
    )
    study = _study(
        {"P1": _house(40, 40), "P2": _house(60, 40), "Q1": _house(140, 40)},
        grids=_grids(100.0 - off),
        compounds=compounds,
    )
    fabric = build_fabric(study)
    east = fabric.units.geometry.to_numpy()[fabric.unit_of_household[0]].bounds[2]
    # Ground of a whole compound that is more than a strip is the compound's.
    assert east == pytest.approx(100.0 if moves else 100.0 - off)


def _old_quarter() -> tuple[dict[str, shapely.Geometry], list[list[tuple[float, float]]]]:
    """
    Give 2,480 houses wall to wall and back to back, and the ways among them.

    Twenty double rows with lanes between; every twelfth house leaves an alley of 1.5 m, every
    third alley is built over, and the whole is turned by eleven degrees.
    """
    rng = np.random.default_rng(18)
    houses, ways = {}, []
    for row in range(20):
        y, x = 36.0 * row, 0.0
        ways.append([(-10.0, y - 3.0), (600.0, y - 3.0)])
        for i in range(62):
            wide = float(rng.uniform(6, 9))
            front, back = rng.uniform(10, 14.5, 2)
            middle = y + 15.0
            houses[f"F{row}-{i}"] = shapely.box(x, middle - front, x + wide, middle)
            houses[f"B{row}-{i}"] = shapely.box(x, middle, x + wide, middle + back)
            x += wide
            if i % 12 == 11:
                ways.append([(x + 0.75, y - 3.0), (x + 0.75, y + 33.0)])
                x += 0.0 if i % 36 == 35 else 1.5
    turned = dict(
        zip(houses, shapely.affinity.rotate(shapely.geometrycollections(list(houses.values())), 11,
                                            origin=(0, 0)).geoms, strict=True)
    )  # fmt: skip
    lines = shapely.affinity.rotate(shapely.multilinestrings(ways), 11, origin=(0, 0)).geoms
    return turned, [list(line.coords) for line in lines]


@pytest.mark.parametrize("tunnel", [False, True])
def test_an_old_quarter_of_houses_that_touch_is_cut_nowhere(tunnel: bool) -> None:  # noqa: FBT001
    houses, ways = _old_quarter()
    ground = shapely.envelope(shapely.union_all(list(houses.values()))).buffer(40)
    lived = {k: h for n, (k, h) in enumerate(houses.items()) if n % 5}
    empty = {k: h for n, (k, h) in enumerate(houses.items()) if not n % 5}
    study = replace(_study(lived, empty, roads=_roads(*ways, tunnel=tunnel)), outline=ground)
    fabric = build_fabric(study)
    shapes = fabric.units.geometry.to_numpy()
    assert len(houses) == 2480
    assert _entered(fabric, study) == []
    assert shapely.is_valid(shapes).all()
    assert abs(shapely.area(shapes).sum() - shapely.area(ground)) < 0.1
    assert fabric.units["households"].sum() == len(lived)
    # Where no tunnel is told, the four or five houses round a built-over alley stay together.
    alone = (fabric.units["households"] == 1).sum()
    assert alone == len(lived) if tunnel else alone > 0.9 * len(lived)


@pytest.mark.parametrize(("gap", "turn"), [(0.0, 0), (0.0, 11), (4.0, 11)])
def test_the_border_of_two_walls_runs_straight_along_their_middle(gap: float, turn: int) -> None:
    # Walls of unequal length whose corners do not face each other.
    pair = [_house(90 - 8.3, 40, 8.3, 14), _house(90 + gap, 36.7, 8, 25.2)]
    west, east = (shapely.affinity.rotate(house, turn, origin=(90, 47)) for house in pair)
    fabric = build_fabric(_study({"w": west, "e": east}))
    a, b = fabric.units.geometry.to_numpy()
    middle = shapely.LineString([(90 + gap / 2, 40.5), (90 + gap / 2, 53.5)])
    middle = shapely.affinity.rotate(middle, turn, origin=(90, 47))
    # What is nearer to the middle of the walls than to their ends, where the border may turn.
    border = shapely.intersection(shapely.intersection(a, b), middle.buffer(1.0, cap_style="flat"))
    assert border.length == pytest.approx(middle.length, abs=0.01)
    assert shapely.hausdorff_distance(border, middle) < 0.02
