"""The register of codes: what is retired stays used, and a code stays on its ground."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from lingwu_grid.audit.sites import codes
from lingwu_grid.contract.findings import Findings
from lingwu_grid.contract.rules import Rules
from lingwu_grid.ingest.study import Study, read_study
from lingwu_grid.output import write_csv
from lingwu_grid.planning.lineage import new_codes
from lingwu_grid.planning.naming import _of_own_ground
from lingwu_grid.planning.register import COLUMNS, GRID, make_register, registered, used_codes

if TYPE_CHECKING:
    from pathlib import Path

WEST, EAST = shapely.box(440_000, 4_218_000, 440_400, 4_218_400), shapely.box(
    440_400, 4_218_000, 440_800, 4_218_400
)  # fmt: skip
BOTH = shapely.union(WEST, EAST)
HOME = "640181001001"
ONE, TWO, THREE = f"{HOME}001", f"{HOME}002", f"{HOME}003"


def _study(**tables: gpd.GeoDataFrame) -> Study:
    homes = gpd.GeoDataFrame({"grid_id": [""]}, geometry=[WEST.centroid], crs=4544)
    return Study(
        "甲", Rules(), CRS.from_epsg(4544), homes, pd.DataFrame(), tables, BOTH, Findings(), ()
    )


def _zones(level: str, shapes: dict[str, shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    ids = list(shapes)
    table = {f"{level}_id": ids, f"{level}_name": ids, "community_id": HOME} | columns
    table = {"recoded_from": ""} | table if level == "grid" else table
    return gpd.GeoDataFrame(table, geometry=list(shapes.values()), crs=4544)


def _merged_plan() -> tuple[Study, pd.DataFrame]:
    """Two grids of today, one of the plan: the eastern code is retired."""
    study = _study(
        grids=_zones("grid", {ONE: WEST, TWO: EAST}),
        communities=_zones("community", {HOME: BOTH}),
    )
    grids = _zones("grid", {ONE: BOTH}, lineage="合并", previous_grid_ids=f"{ONE}、{TWO}")
    communities = _zones("community", {HOME: BOTH}, lineage="不变")
    moved = pd.DataFrame(
        {
            "previous_grid_id": [ONE, TWO], "grid_id": [ONE, ONE],
            "previous_community_id": [HOME, HOME], "community_id": [HOME, HOME],
        }
    )  # fmt: skip
    return study, make_register(study, grids.to_crs(4490), communities.to_crs(4490), moved)


def _folder(register: pd.DataFrame, folder: Path) -> Study:
    """A study of one household and the register, read from files."""
    point = gpd.GeoSeries([WEST.centroid], crs=4544).to_crs(4490).iloc[0]
    home = f"户编号,经度,纬度\n1,{point.x:.6f},{point.y:.6f}\n"
    (folder / "居民户.csv").write_text(home, encoding="utf-8")
    write_csv(register, folder / "编码登记.csv")
    return read_study(folder)


def test_a_code_retired_from_todays_map_alone_has_a_point_of_its_ground() -> None:
    _, register = _merged_plan()
    row = register.set_index("code").loc[TWO]
    assert (row["status"], row["successors"]) == ("停用", ONE)
    point = gpd.GeoSeries(gpd.points_from_xy([row["lon"]], [row["lat"]]), crs=4490).to_crs(4544)
    assert point.within(EAST).all()


@pytest.mark.parametrize("is_bare", [False, True])
def test_a_retired_code_comes_back_as_used_with_its_point_or_without(
    tmp_path: Path, *, is_bare: bool
) -> None:
    """Serials 001 and 002 were given, so the next grid is 003, point or no point."""
    _, register = _merged_plan()
    bare = register["code"] == TWO if is_bare else register["code"] == ""
    register = register.assign(
        lon=register["lon"].mask(bare, ""), lat=register["lat"].mask(bare, "")
    )
    study = _folder(register, tmp_path)
    assert sorted(used_codes(study, GRID)) == [ONE, TWO]
    assert new_codes([HOME], used_codes(study, GRID), [False]) == [THREE]
    told = [f for f in study.findings.rows if f.code == "shape_missing"]
    assert [f.severity for f in told] == ["notice"] * is_bare


def test_a_register_with_a_row_without_a_point_keeps_the_points_of_the_others() -> None:
    known = gpd.GeoDataFrame(
        dict.fromkeys(COLUMNS, "") | {"level": GRID, "code": [TWO, THREE], "status": "停用"},
        geometry=[EAST.centroid, None], crs=4544,
    )  # fmt: skip
    study = _study(code_register=known)
    grids = _zones("grid", {ONE: WEST}, lineage="不变", previous_grid_ids=ONE).to_crs(4490)
    communities = _zones("community", {HOME: WEST}, lineage="不变").to_crs(4490)
    moved = pd.DataFrame(
        {"previous_grid_id": [f"{HOME}009"], "grid_id": [ONE], "previous_community_id": [HOME],
         "community_id": [HOME]}
    )  # fmt: skip
    register = make_register(study, grids, communities, moved).set_index("code")
    assert register.loc[TWO, "lon"].startswith("104.3")
    assert register.loc[THREE, "lon"] == ""
    # A code that only households carried is retired as well, and never given again.
    assert register.loc[f"{HOME}009", "status"] == "停用"


def _claimed(
    points: dict[str, tuple[float, float]], zones: list[int], home: str = HOME
) -> dict[int, str]:
    """Who gets which code: two units, side by side, of 400 m each."""
    table = gpd.GeoDataFrame(
        {"level": GRID, "code": list(points), "status": "在用", "community_id": HOME},
        geometry=[shapely.Point(440_000 + x, 4_218_000 + y) for x, y in points.values()], crs=4544,
    )  # fmt: skip
    fabric: Any = SimpleNamespace(
        units=gpd.GeoDataFrame(geometry=[WEST, EAST], crs=4544),
        places=SimpleNamespace(grid_ids=(), community_ids=()),
    )
    return registered(
        _study(code_register=table),
        fabric,
        GRID,
        np.array(zones, np.int64),
        dict.fromkeys(zones, home),
    )


def test_of_several_points_in_a_zone_the_nearest_to_its_middle_gives_the_code() -> None:
    """
    One zone of 800 × 400 m; its own point is in its middle, (400, 200).

    001 lies 350 m off at (50, 200), 002 lies 10 m off at (410, 200): the zone is 002, not the
    lowest. With one zone a unit, (200, 200) and (600, 200), each has the code that lies in it.
    """
    points = {ONE: (50.0, 200.0), TWO: (410.0, 200.0)}
    assert _claimed(points, [7, 7]) == {7: TWO}
    assert _claimed(points, [7, 8]) == {7: ONE, 8: TWO}
    assert _claimed({ONE: (450.0, 200.0), TWO: (350.0, 200.0)}, [7, 7]) == {7: ONE}
    # In another community than the register has it in, a code would tell the wrong one.
    assert _claimed(points, [7, 8], home="640181001002") == {}


def test_a_register_without_grids_is_told_of_and_one_with_grids_is_not() -> None:
    study, register = _merged_plan()
    table = gpd.GeoDataFrame(
        register, geometry=gpd.points_from_xy(register["lon"], register["lat"]), crs=4490
    ).to_crs(4544)
    (told,) = codes(_study(code_register=table))
    assert told.severity == "notice"
    assert "有编码登记而没有现状网格" in told.message
    assert codes(_study(code_register=table, grids=study.table("grids").iloc[:1])) == []
    assert codes(_study()) == []


def test_a_retired_code_that_is_still_drawn_is_told() -> None:
    study, register = _merged_plan()
    table = gpd.GeoDataFrame(
        register, geometry=gpd.points_from_xy(register["lon"], register["lat"]), crs=4490
    ).to_crs(4544)
    drawn = {name: study.table(name) for name in ("grids", "communities")}
    (told,) = codes(_study(code_register=table, **drawn))
    assert (told.code, told.severity, told.place) == ("code_retired", "warning", TWO)
    assert "停用" in told.message
    left = {**drawn, "grids": drawn["grids"].iloc[:1]}
    assert codes(_study(code_register=table, **left)) == []


@pytest.mark.parametrize(
    ("zone", "kept"),
    [
        ([0, 0, 1, 1], [0, 1]),
        ([1, 1, 0, 0], [2, 2]),  # each on the other's ground
        ([1, 0, 1, 1], [0, 1]),  # 100 of its 300 households stay
        ([0, 1, 0, 0], [0, 2]),  # all households of B went over to A, and all its ground
    ],
)
def test_a_code_is_lost_with_the_last_household_and_most_of_the_ground(
    zone: list[int], kept: list[int]
) -> None:
    """Four units side by side; grid 0 had 200 and 100 households, grid 1 had 200 and 100."""
    units = [shapely.box(100 * i, 0, 100 * i + 100, 100) for i in range(4)]
    fabric: Any = SimpleNamespace(
        places=SimpleNamespace(grid_ids=("A", "B")),
        homes=pd.DataFrame(
            {"unit": range(4), "grid": [0, 0, 1, 1], "households": [200, 100, 200, 100]}
        ),
        grid_now=np.array([0, 0, 1, 1]),
        units=gpd.GeoDataFrame(geometry=units, crs=4544),
    )
    assert _of_own_ground(fabric, np.array(zone), np.arange(2)).tolist() == kept


@pytest.mark.parametrize(("zone", "kept"), [([0, 1, 1], [0, 1]), ([1, 0, 1], [2, 1])])
def test_empty_ground_keeps_its_code_by_its_ground(zone: list[int], kept: list[int]) -> None:
    """Grid 0 had 300 and 100 metres without a home, grid 1 all households."""
    units = [
        shapely.box(0, 0, 300, 100),
        shapely.box(300, 0, 400, 100),
        shapely.box(400, 0, 500, 9),
    ]
    fabric: Any = SimpleNamespace(
        places=SimpleNamespace(grid_ids=("A", "B")),
        homes=pd.DataFrame({"unit": [2], "grid": [1], "households": [200]}),
        grid_now=np.array([0, 0, 1]),
        units=gpd.GeoDataFrame(geometry=units, crs=4544),
    )
    assert _of_own_ground(fabric, np.array(zone), np.arange(2)).tolist() == kept
