"""Which rows count: one table of edges."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.coordinates import place
from lingwu_grid.ingest.counting import (
    CONFLICTING,
    NO_ID,
    NO_PLACE,
    OUTSIDE,
    REPEATED,
    counted,
    has_place,
)
from lingwu_grid.ingest.delimited import read_delimited
from lingwu_grid.ingest.files import Limits, check_rows, check_zip
from lingwu_grid.ingest.headers import known_headers

if TYPE_CHECKING:
    from pathlib import Path

OUTLINE = shapely.box(0, 0, 100, 100)
FIRST: dict[str, Any] = {
    "household_id": "H1", "building_id": "B1", "compound_id": "C1", "address": "人民街1号",
    "status": "", "residents": "3", "elderly": "1", "party_members": "0", "grid_id": "G1",
    "community_id": "", "at": (10.0, 10.0),
}  # fmt: skip


def rows_of(*changes: dict[str, Any]) -> gpd.GeoDataFrame:
    rows = [FIRST | change for change in changes]
    points = [None if r["at"] is None else shapely.Point(*r["at"]) for r in rows]
    table = pd.DataFrame(rows).drop(columns="at")
    table["origin"] = [f"户.csv 第 {n + 2} 行" for n in range(len(rows))]
    return gpd.GeoDataFrame(table, geometry=points, crs=4544)


@pytest.mark.parametrize(
    ("again", "reason"),
    [
        ({}, REPEATED),
        ({"at": (10.04, 10.0)}, REPEATED),  # the same to a decimetre
        ({"at": (10.2, 10.0)}, CONFLICTING),
        ({"at": (10.0, 10.2)}, CONFLICTING),
        ({"address": "人民街2号"}, CONFLICTING),
        ({"building_id": "B2"}, CONFLICTING),
        ({"residents": "4"}, CONFLICTING),
        ({"household_id": "H2"}, ""),
    ],
)
def test_a_row_that_comes_again(again: dict[str, Any], reason: str) -> None:
    kept, excluded, findings = counted(rows_of({}, again), None, OUTLINE)
    assert excluded["reason"].tolist() == ([reason] if reason else [])
    assert len(kept) + len(excluded) == 2
    assert kept["origin"].iloc[0] == "户.csv 第 2 行", "the first one counts"
    assert len(findings) == len(excluded)
    if reason:
        assert "第 3 行 户编号 H1" in findings[0].place


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"at": (0.0, 0.0)}, ""),  # on the border is inside
        ({"at": (100.0, 50.0)}, ""),
        ({"at": (100.01, 50.0)}, OUTSIDE),
        ({"at": None}, NO_PLACE),
        ({"at": (np.inf, 5.0)}, NO_PLACE),
        ({"household_id": ""}, NO_ID),
        ({"household_id": "", "at": None}, NO_ID),
        ({"status": "空置"}, "空置"),
        ({"status": "空置", "at": None}, "空置"),
        ({"status": "常住"}, ""),
        ({"status": "别的"}, ""),
    ],
)
def test_a_row_counts_or_has_one_reason(change: dict[str, Any], reason: str) -> None:
    kept, excluded, _ = counted(rows_of(change), None, OUTLINE)
    assert len(kept) + len(excluded) == 1
    assert bool(len(kept)) == (reason == "")
    assert all(reason in words for words in excluded["reason"])


def test_a_household_without_a_place_is_put_into_its_building() -> None:
    homes = gpd.GeoDataFrame(
        {"building_id": ["B1", "B1"], "compound_id": "", "name": ""},
        geometry=[shapely.box(20, 20, 30, 30), shapely.box(60, 60, 70, 70)], crs=4544,
    )  # fmt: skip
    rows = rows_of({"at": None}, {"household_id": "H2", "at": None, "building_id": "B9"},
                   {"household_id": "H3"})  # fmt: skip
    kept, excluded, findings = counted(rows, homes, OUTLINE)
    assert kept["household_id"].tolist() == ["H1", "H3"]
    assert OUTLINE.contains(kept.geometry.iloc[0])
    assert shapely.box(20, 20, 30, 30).contains(kept.geometry.iloc[0]), "the first of its name"
    assert excluded["reason"].tolist() == [NO_PLACE]
    placed = [f for f in findings if f.code == "placed_by_building"]
    assert [f.place for f in placed] == ["1 行"]


def test_numbers_that_are_none_count_as_nothing_and_are_told() -> None:
    rows = rows_of({"residents": "三"}, {"household_id": "H2", "residents": ""},
                   {"household_id": "H3", "residents": "0"})  # fmt: skip
    kept, _, findings = counted(rows, None, OUTLINE)
    assert kept["residents"].tolist() == [0, 0, 0]
    assert kept["residents_given"].tolist() == [False, False, True]
    assert [f.code for f in findings] == ["not_a_number"]
    assert kept["elderly"].tolist() == [1, 1, 1]


def test_places_are_those_with_numbers() -> None:
    rows = rows_of({}, {"at": None}, {"at": (np.inf, 1.0)}, {"at": (1.0, np.nan)})
    assert has_place(rows).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("east", "north", "has"),
    [
        ("106.33", "38.1", True), ("180", "38.1", True), ("180.1", "38.1", False),
        ("106.33", "90", True), ("0", "0", False), ("0", "38.1", True), ("106.33", "0", True),
        ("", "38.1", False), ("abc", "38.1", False), ("1０6.33", "38.1", True),
        ("-180", "-38", True), ("-180.5", "-38", False),
    ],
)  # fmt: skip
def test_degrees_that_are_a_place(east: str, north: str, *, has: bool) -> None:
    frame = pd.DataFrame({"lon": ["106.3", east], "lat": ["38.2", north]})
    table, _ = place(frame, "households", "户.csv")
    assert (table.geometry.notna().tolist()) == [True, has]


def test_metres_under_x_and_y_and_both_in_one_cell_are_places() -> None:
    metres, told = place(pd.DataFrame({"x": ["440000"], "y": ["4218000"]}), "households", "户.csv")
    assert metres.geometry.iloc[0].equals(shapely.Point(440000, 4218000))
    assert told == []
    both, _ = place(pd.DataFrame({"lonlat": ["(106.3, 38.1)"]}), "households", "户.csv")
    assert both.geometry.iloc[0].equals(shapely.Point(106.3, 38.1))
    shape, _ = place(pd.DataFrame({"wkt": ["POINT (1 2)", "POINT EMPTY", "x"]}), "roads", "路.csv")
    assert shape.geometry.notna().tolist() == [True, False, False]
    with pytest.raises(InputError, match="没有坐标"):
        place(pd.DataFrame({"name": ["x"]}), "households", "户.csv")


def test_what_was_rewritten_or_could_not_be_read_is_counted() -> None:
    frame = pd.DataFrame(
        {"lon": ["106°19'48\"", "１０６.3", "abc", "106.3"], "lat": ["38.1", "38.1", "38.1", "x"]}
    )
    _, told = place(frame, "households", "户.csv")
    words = {f.code: f.message for f in told}
    assert words["coordinates_rewritten"].startswith("2 行")
    assert words["coordinates_unreadable"].startswith("2 行")


@pytest.mark.parametrize(("bad", "fits"), [(20, True), (21, False)])
def test_twenty_characters_may_be_unreadable(tmp_path: Path, bad: int, *, fits: bool) -> None:
    path = tmp_path / "户.csv"
    path.write_bytes("户编号,经度,纬度\n".encode() + b"1,106.3,38.1\n" + b"\xff" * bad + b",1,1\n")
    limits = Limits(file_mb=1, rows=10, vertices=10)
    if fits:
        assert len(
            read_delimited(path, "households", known_headers("households", {}), limits).frame
        )
        return
    with pytest.raises(InputError, match="既不是 UTF-8 也不是 GB18030"):
        read_delimited(path, "households", known_headers("households", {}), limits)


def test_a_zip_is_refused_for_either_sign(tmp_path: Path) -> None:
    def zipped(name: str, content: bytes, how: int) -> Path:
        with zipfile.ZipFile(tmp_path / name, "w", how) as made:
            made.writestr("a.shp", content)
        return tmp_path / name

    grows = zipped("grows.zip", b"\0" * (20 << 20), zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="20 MB，不予解开"):
        check_zip(grows, Limits(file_mb=1000, rows=1, vertices=1))
    large = zipped("large.zip", np.random.default_rng(1).bytes(2 << 20), zipfile.ZIP_STORED)
    with pytest.raises(InputError, match="2 MB，不予解开"):
        check_zip(large, Limits(file_mb=1, rows=1, vertices=1))
    check_zip(large, Limits(file_mb=2, rows=1, vertices=1))
    check_zip(zipped("small.zip", b"\0" * 1000, zipfile.ZIP_DEFLATED), Limits(1, 1, 1))


def test_as_many_rows_as_the_limit_and_not_one_more() -> None:
    check_rows(10, "户.csv", Limits(1, 10, 1))
    with pytest.raises(InputError, match="11 行，超过上限 10 行"):
        check_rows(11, "户.csv", Limits(1, 10, 1))
