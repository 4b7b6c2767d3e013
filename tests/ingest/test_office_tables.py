"""Tables as offices have them: what a clerk's ordinary file must not be told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from pyproj import CRS

import lingwu_grid as lg
from lingwu_grid.fabric.buildings import gather_buildings
from lingwu_grid.ingest.counting import TOTAL
from lingwu_grid.ingest.garbled import looks_garbled, restore
from lingwu_grid.ingest.headers import headers_of
from lingwu_grid.ingest.recurring import APART_M, place_of_number, recurring

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = pd.DataFrame(
        {
            "编号": [f"{i:03d}" for i in range(40)],
            "经度": np.tile([106.34, 106.35], 20),
            "纬度": np.repeat([38.10, 38.11], 20),
            "是否常住": ["是"] * 35 + ["空挂"] * 3 + ["否"] * 2,
            "60岁以上": "1",
        }
    )
    (tmp_path / "households").mkdir()
    rows.to_csv(tmp_path / "households" / "居民户.csv", index=False, encoding="gb18030")
    return tmp_path


def test_a_healthy_table_of_a_clerk_is_read(folder: Path) -> None:
    study = lg.read_study(folder)
    assert len(study.households) == 35
    assert study.excluded["reason"].str.startswith("空挂户").sum() == 5
    assert study.households["elderly"].sum() == 35
    assert not {f.code for f in study.findings.rows} & {
        "text_lost",
        "text_restored",
        "status_unused",
    }


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_title_two_rows_of_headers_and_a_total_are_read(folder: Path, ending: str) -> None:
    path = folder / "households" / "居民户.csv"
    rows = pd.read_csv(path, encoding="gb18030", dtype=str)[["编号", "经度", "纬度", "是否常住"]]
    rows["人口情况"], rows["备用"] = "3", "x"
    path.unlink()
    cells = [
        ["某街道居民户台账", "", "", "", "", ""],
        ["编号", "坐标", "", "是否常住", "人口情况", ""],
        ["", "经度", "纬度", "", "男", "女"],
        *rows.to_numpy().tolist(),
        ["合计", "", "", "", "40", ""],
    ]
    if ending == "csv":
        pd.DataFrame(cells).to_csv(path, index=False, header=False, encoding="gb18030")
    else:
        book = openpyxl.Workbook()
        for row in cells:
            book.active.append([c or None for c in row])
        book.active.merge_cells("A1:F1")
        for area in ("A2:A3", "B2:C2", "D2:D3", "E2:F2"):
            book.active.merge_cells(area)
        book.save(path.with_suffix(".xlsx"))
    study = lg.read_study(folder)
    assert len(study.households) == 35
    assert (study.excluded["reason"] == TOTAL).sum() == 1
    assert len(study.excluded) == 6


def test_a_plain_row_of_headers_stays_one_row() -> None:
    known = frozenset(["户编号", "经度", "纬度"])
    rows = [["户编号", "经度", "纬度"], ["1", "106", "38"]]
    assert headers_of(rows, known) == (0, rows[0])
    assert headers_of([["户编号"], *rows], known) == (1, rows[0]), "a title of a known word"


@pytest.mark.parametrize("header", ["60岁以上", "编号", "地址", "序号", "备注", "2020年户数"])
def test_headers_that_are_whole_are_not_called_garbled(header: str) -> None:
    assert not looks_garbled([header], "households")


def test_a_foreign_name_is_no_garbled_chinese() -> None:
    names = ["Hämeentie", "Mäkelänkatu", "Työpajankatu", "Väinölänkatu", "Rue Grimaldi é"]
    frame, found = restore(pd.DataFrame({"name": names}), "roads", "t")
    assert frame["name"].tolist() == names
    assert found == []


def test_garbled_chinese_is_restored_still() -> None:
    good = ["文化东街", "人民路（北段）", "建设路"]
    spoiled = [w.encode("utf-8").decode("latin-1") for w in good]
    frame, found = restore(pd.DataFrame({"name": spoiled}), "roads", "t")
    assert frame["name"].tolist() == good
    assert [f.code for f in found] == ["text_restored"]


def test_an_unused_column_with_words_of_a_status_is_a_warning(folder: Path) -> None:
    path = folder / "households" / "居民户.csv"
    pd.read_csv(path, encoding="gb18030", dtype=str).rename(
        columns={"是否常住": "摸排情况"}
    ).to_csv(path, index=False, encoding="gb18030")
    found = [f for f in lg.read_study(folder).findings.rows if f.code == "status_unused"]
    assert len(found) == 1
    assert "摸排情况" in found[0].message
    remedy = folder / "rules.toml"
    remedy.write_text('[columns.households]\nstatus = "摸排情况"\n', encoding="utf-8")
    assert len(lg.read_study(folder).households) == 35


def test_a_file_with_an_unknown_name_is_told_with_a_guess(folder: Path) -> None:
    square = gpd.GeoDataFrame({"no": ["1"]}, geometry=[shapely.box(106.3, 38.1, 106.4, 38.2)])
    square.set_crs(4490).to_file(folder / "current_grids.geojson")
    shutil.copy(folder / "households" / "居民户.csv", folder / "households" / "old_grids.csv")
    found = [f for f in lg.read_study(folder).findings.rows if f.code == "file_unused"]
    # By its name where its columns tell nothing; what holds no polygons is no table of grids.
    assert {f.place: (f.table, f.severity) for f in found} == {
        "current_grids.geojson": ("grids", "warning"),
        "old_grids.csv": ("households", "warning"),
    }


def _homes(numbers: list[str], compounds: list[str], x: list[float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"building_id": numbers, "compound_id": compounds},
        geometry=gpd.points_from_xy(x, [0.0] * len(x)),
        crs=CRS("EPSG:4544"),
    )


@pytest.mark.parametrize(("far", "places"), [(APART_M, 1), (APART_M + 1, 2)])
def test_a_number_is_one_house_up_to_the_limit(far: float, places: int) -> None:
    rows = _homes(["3号楼"] * 3, [""] * 3, [0.0, 5.0, far])
    assert len(set(place_of_number(rows).tolist())) == places
    assert len(recurring(rows)) == places - 1


def test_equal_numbers_of_neighbouring_compounds_are_two_houses() -> None:
    rows = _homes(["3号楼"] * 3 + [""], ["A", "B", "C", ""], [0.0, 20.0, 900.0, 0.0])
    assert place_of_number(rows).tolist()[3] == 0
    assert len(set(place_of_number(rows)[:3].tolist())) == 3


def test_equal_numbers_either_side_of_a_wall_are_two_houses() -> None:
    # The households name no compound: the walls they stand in tell them apart.
    rows = _homes(["1号楼"] * 3, ["", "", ""], [0.0, 20.0, 900.0])
    walls = gpd.GeoDataFrame(
        {"compound_id": ["A", "B"]},
        geometry=[shapely.box(-9, -9, 9, 9), shapely.box(11, -9, 30, 9)],
        crs=rows.crs,
    )
    assert len(set(place_of_number(rows).tolist())) == 2
    assert len(set(place_of_number(rows, walls).tolist())) == 3
    assert "分成 3 栋" in recurring(rows, walls)[0].message


def test_recurring_numbers_on_the_sample_are_the_houses_they_were() -> None:
    """Every compound numbers its houses from 1: the same units, of the same households."""
    study = lg.read_study("data")
    true = gather_buildings(study)
    table = study.table("buildings")
    own = table["compound_id"] != ""
    number = (table.groupby("compound_id").cumcount() + 1).astype(str) + "号楼"
    renamed = table["building_id"].mask(own, number)
    homes = study.households.copy()
    homes["building_id"] = homes["building_id"].map(
        dict(zip(table["building_id"], renamed, strict=True))
    )
    again = gather_buildings(
        lg.Study(**{**study.__dict__, "households": homes,
                    "tables": {**study.tables, "buildings": table.assign(building_id=renamed)}})
    )  # fmt: skip
    pairs = np.unique(np.stack([true.of_household, again.of_household]), axis=1)
    # One to one: no house in two, no two in one.
    assert pairs.shape[1] == len(true.point) == len(again.point)
    assert (true.compound == again.compound).all()
    assert shapely.equals(true.footprint, again.footprint).all()
    assert len(recurring(homes, study.table("compounds"))) > 20
