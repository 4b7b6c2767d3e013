"""Households without coordinates stand in the building they name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.audit.people import people
from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.housing import place_by_building

if TYPE_CHECKING:
    from pathlib import Path


def buildings(*rows: tuple[str, str, str, float]) -> gpd.GeoDataFrame:
    """building_id, compound_id, name, west edge."""
    return gpd.GeoDataFrame(
        {"building_id": [r[0] for r in rows], "compound_id": [r[1] for r in rows],
         "name": [r[2] for r in rows]},
        geometry=[shapely.box(r[3], 0, r[3] + 10, 10) for r in rows], crs=4544,
    )  # fmt: skip


TOWN = buildings(
    ("B1", "X1", "", 0), ("1", "X1", "", 100), ("1", "X2", "甲楼", 1000), ("2", "X2", "乙楼", 1100),
    ("B5", "X2", "5号楼", 1200), ("B6", "X2", "丙楼", 1300), ("B7", "X2", "丙楼", 1400),
    ("8", "X3", "", 3000), ("8", "X3", "", 4000), ("8", "X4", "", 5000), ("8", "X4", "", 5012),
)  # fmt: skip
WALLS = gpd.GeoDataFrame(
    {"compound_id": ["X1", "X2", "X3", "X4"], "name": ["阳光城", "佳苑", "", "佳苑"]},
    geometry=[shapely.box(0, 0, 1, 1)] * 4, crs=4544,
)  # fmt: skip


CITY = buildings(
    ("1号楼", "甲", "", 0), ("1号楼", "乙", "", 120), ("5号楼", "甲", "", 900),
    ("3号楼", "丙", "", 2000), ("3栋", "丙", "", 2900), ("1", "丁", "2号楼", 4000),
    ("2", "丁", "1号楼", 4100), ("77", "", "", 5000), ("A座", "戊", "", 6000),
)  # fmt: skip
"""House numbers side by side, twice in one compound, and serial ids that are not the numbers."""


@pytest.mark.parametrize(
    ("building", "compound", "west"),
    [
        ("B1", "", 0),
        ("B1", "没有的小区", 0),  # a compound without buildings says nothing
        ("B1", "X2", None),  # that number is another compound's
        ("1", "", None),  # a number of two places alone is none
        ("1", "X1", 100),
        ("1", "X2", 1000),
        ("1号楼", "X1", 100),
        ("０１栋", "阳光城", 100),
        ("第 1 号楼", " 阳光城", 100),
        ("1.0", "阳光城", 100),
        ("1号楼2单元", "阳光城", 100),
        ("1", "佳苑", None),  # two compounds of that name
        ("甲楼", "X2", 1000),
        ("5幢", "X2", 1200),
        ("丙楼", "X2", None),  # two houses of that name
        ("8", "X3", None),  # two places in one compound
        ("8", "X4", 5000),  # two footprints of one house
        ("9", "X1", None),
        ("", "X1", None),
    ],
)
def test_a_house_is_found_by_number_or_compound(
    building: str, compound: str, west: float | None
) -> None:
    placed_at(TOWN, building, compound, west)


@pytest.mark.parametrize(
    ("building", "compound", "west"),
    [
        ("1号楼", "甲", 0),
        ("1号楼", "乙", 120),  # next door, under 200 m: the compound tells them apart
        ("1号楼", "", None),
        ("5号楼", "乙", None),  # not drawn there; the only one stands elsewhere
        ("5号楼", "", 900),
        ("3", "丙", None),  # 3号楼 and 3栋 are two houses
        ("2号楼", "丁", None),  # the number says one house, the name another
        ("77", "甲", 5000),  # of no compound
        ("a座", "戊", 6000),
    ],
)
def test_a_compound_is_never_overruled(building: str, compound: str, west: float | None) -> None:
    placed_at(CITY, building, compound, west)


def placed_at(houses: gpd.GeoDataFrame, building: str, compound: str, west: float | None) -> None:
    rows = gpd.GeoDataFrame(
        {"building_id": [building], "compound_id": [compound]}, geometry=[None], crs=4544
    )
    told = place_by_building(rows, np.array([True]), houses, WALLS)
    at = rows.geometry.iloc[0]
    assert (at is None) if west is None else west < at.x < west + 10
    assert [f.place for f in told] == ([] if west is None else ["1 行"])


def test_who_has_a_place_keeps_it_and_it_is_told_by_what_others_got_theirs() -> None:
    here = shapely.Point(7, 7)
    rows = gpd.GeoDataFrame(
        {"building_id": ["B1", "B1", "1", "甲楼"], "compound_id": ["", "", "X2", "X2"]},
        geometry=[here, None, None, None], crs=4544,
    )  # fmt: skip
    (told,) = place_by_building(rows, rows.geometry.isna().to_numpy(), TOWN, None)
    assert rows.geometry.iloc[0] == here
    assert rows.geometry.notna().all()
    assert told.place == "3 行"
    assert "2 行按小区和楼号（楼名）、1 行按楼栋编号" in told.message


def _office(folder: Path, homes: pd.DataFrame, *, with_buildings: bool) -> Path:
    folder.mkdir()
    homes.to_csv(folder / "居民户.csv", index=False, encoding="gb18030")
    x, y = 440_000.0, 4_218_000.0
    shapes = [shapely.box(x + 50 * i, y, x + 50 * i + 20, y + 20) for i in range(4)]
    table = {"building_id": ["1", "2", "1", "2"], "compound_id": ["甲"] * 2 + ["乙"] * 2}
    if with_buildings:
        gpd.GeoDataFrame(table, geometry=shapes, crs=4544).to_file(folder / "buildings.gpkg")
    ground = shapely.box(x - 50, y - 50, x + 300, y + 100)
    outline = gpd.GeoDataFrame({"name": ["城"]}, geometry=[ground], crs=4544)
    outline.to_file(folder / "outline.gpkg")
    return folder


HOMES = pd.DataFrame(
    {"户编号": ["H1", "H2", "H3", "H4"], "小区": ["甲", "甲", "乙", "丙"],
     "楼栋": ["1号楼", "2号楼", "1号楼", "1号楼"]}
)  # fmt: skip


def test_a_list_without_any_coordinates_is_placed_by_its_buildings(tmp_path: Path) -> None:
    study = lg.read_study(_office(tmp_path / "a", HOMES, with_buildings=True))
    assert study.households["household_id"].tolist() == ["H1", "H2", "H3"]
    assert study.excluded["household_id"].tolist() == ["H4"]
    assert "楼栋位置" in study.excluded["reason"].iloc[0]
    gaps = np.diff(np.sort(study.households.geometry.x.to_numpy()))
    assert gaps.tolist() == pytest.approx([50.0, 50.0], abs=0.01)
    assert "placed_by_building" in {f.code for f in study.findings.rows}


def test_without_buildings_it_is_said_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="没有一户可以计入") as said:
        lg.read_study(_office(tmp_path / "a", HOMES, with_buildings=False))
    assert "楼栋图" in said.value.remedy
    bare = _office(tmp_path / "b", HOMES.drop(columns="楼栋"), with_buildings=True)
    with pytest.raises(InputError, match="没有坐标"):
        lg.read_study(bare)


def test_numbers_that_recur_raise_no_false_alarm(tmp_path: Path) -> None:
    """Each stands in its own house, placed there; the first house of the number is far away."""
    plain = HOMES[:3].assign(楼栋=["1", "2", "1"])
    study = lg.read_study(_office(tmp_path / "b", plain, with_buildings=True))
    assert not {f.code for f in people(study)} & {"far_from_building", "building_unknown"}
    study = lg.read_study(_office(tmp_path / "a", HOMES[:3], with_buildings=True))
    codes = {f.code for f in people(study)}
    assert not codes & {"far_from_building", "building_unknown"}
    moved = study.households.copy()
    moved["geometry"] = moved.geometry.translate(0, 80)
    told = {f.code for f in people(replace(study, households=moved))}
    assert "building_unknown" in told
