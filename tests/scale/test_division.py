"""Division: streets, and pieces of a street that nothing crosses between."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.scale.division import Division, divide

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.ingest.study import Study

CRS = 4544
EAST, NORTH = 617_000.0, 4_219_000.0


def square(i: int, j: int) -> shapely.Polygon:
    """A block of one kilometre."""
    x, y = EAST + 1000 * i, NORTH + 1000 * j
    return shapely.box(x, y, x + 1000, y + 1000)


def town_of(folder: Path, blocks: dict[str, tuple[str, int, int]], **lines: list) -> Study:
    """A community a block: its street, column and row; a hundred households in each."""
    folder.mkdir()
    table = pd.DataFrame(
        [(c, f"{c}社区", s) for c, (s, _, _) in blocks.items()],
        columns=["community_id", "community_name", "subdistrict_id"],
    )
    shapes = [square(i, j) for _, i, j in blocks.values()]
    gpd.GeoDataFrame(table, geometry=shapes, crs=CRS).to_file(folder / "communities.gpkg")
    points = [
        shapely.Point(s.centroid.x + k % 10, s.centroid.y + k // 10)
        for s in shapes
        for k in range(100)
    ]
    homes = gpd.GeoDataFrame(
        {"household_id": [f"H{i}" for i in range(len(points))]}, geometry=points, crs=CRS
    )
    homes.to_file(folder / "households.gpkg")
    for name, shapes_of in lines.items():
        gpd.GeoDataFrame(
            {"name": [name] * len(shapes_of), "kind": "river"}, geometry=shapes_of, crs=CRS
        ).to_file(folder / f"{name}.gpkg")
    study = lg.read_study(folder)
    return replace(study, households=study.households.assign(weight=1))


TWO_STREETS = {"C1": ("S1", 0, 0), "C2": ("S1", 1, 0), "C3": ("S2", 2, 0), "C4": ("S2", 3, 0)}


def communities(division: Division | None) -> list[tuple[str, ...]]:
    assert division is not None
    return [part.communities for part in division.parts]


def test_each_street_is_a_part_and_the_parts_tile(tmp_path: Path) -> None:
    study = town_of(tmp_path / "t", TWO_STREETS)
    division = divide(study, limit=1000)
    assert communities(division) == [("C1", "C2"), ("C3", "C4")]
    assert division is not None
    assert [part.name for part in division.parts] == ["S1", "S2"]
    areas = division.areas
    assert shapely.area(areas).sum() == pytest.approx(shapely.area(study.outline))
    assert shapely.coverage_is_valid(areas)


def test_one_street_is_not_divided(tmp_path: Path) -> None:
    study = town_of(tmp_path / "t", {"C1": ("S1", 0, 0), "C2": ("S1", 1, 0)})
    assert divide(study, limit=1000) is None
    assert divide(study, limit=150) is None, "a household may cross between its communities"


def test_a_large_street_is_divided_where_only_a_river_joins_its_communities(tmp_path: Path) -> None:
    """The river runs along the border of C1 and C2; the second town has a bridge over it."""
    blocks = {"C1": ("S1", 0, 0), "C2": ("S1", 1, 0)}
    river = [shapely.LineString([(EAST + 1000, NORTH - 9), (EAST + 1000, NORTH + 1009)])]
    study = town_of(tmp_path / "river", blocks, barriers=river)
    assert communities(divide(study, limit=150)) == [("C1",), ("C2",)]
    bridge = [shapely.Point(EAST + 1000, NORTH + 500)]
    study = town_of(tmp_path / "bridge", blocks, barriers=river, crossings=bridge)
    assert divide(study, limit=150) is None


def test_fixed_communities_of_a_large_street_are_parts(tmp_path: Path) -> None:
    study = town_of(tmp_path / "t", TWO_STREETS)
    study = replace(study, rules=study.rules.with_(communities="fixed"))
    assert communities(divide(study, limit=150)) == [("C1",), ("C2",), ("C3",), ("C4",)]
    assert communities(divide(study, limit=200)) == [("C1", "C2"), ("C3", "C4")]


def test_a_street_where_nobody_lives_goes_with_its_neighbour(tmp_path: Path) -> None:
    study = town_of(tmp_path / "t", TWO_STREETS | {"C5": ("S3", 4, 0)})
    inside = shapely.intersects(study.households.geometry.to_numpy(), square(4, 0))
    study = replace(study, households=study.households[~inside])
    assert communities(divide(study, limit=1000)) == [("C1", "C2"), ("C3", "C4", "C5")]
