"""Every row is accounted for, whatever the encoding, the headers and the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lingwu_grid.api import partition
from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.schema import table_named
from lingwu_grid.ingest.columns import as_code
from lingwu_grid.ingest.study import read_study
from lingwu_grid.ingest.systems import readings_of

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "户编号,经度,纬度,状态,常住人口\n001,106.3400,38.1000,常住,3\n002,106.3410,38.1010,空置,0\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_reads_the_same_in_any_encoding(
    encoding: str, separator: str, tmp_path: Path
) -> None:
    text = ROWS.replace(",", separator)
    (tmp_path / "居民户.csv").write_bytes(text.encode(encoding))
    study = read_study(tmp_path)
    assert study.households.household_id.tolist() == ["001"]
    assert study.households.residents.tolist() == [3]
    assert study.excluded.reason.str.startswith("空置").all()
    assert study.crs.to_epsg() == 4544


def test_metres_with_a_zone_number_are_recognised(tmp_path: Path) -> None:
    (tmp_path / "households.csv").write_text("id,x,y\na,35440300,4218600\n", encoding="utf-8")
    study = read_study(tmp_path)
    point = study.households.geometry.iloc[0]
    assert (round(point.x), round(point.y)) == (440300, 4218600)
    assert "crs_assumed" in study.findings.columns()["code"]


@pytest.mark.parametrize(
    ("xy", "answer"),
    [
        ((106.3, 38.1), (4490, False)),
        ((35_440_000.0, 4_218_000.0), (4523, False)),
        ((4_218_000.0, 440_000.0), (4544, True)),
    ],
)
def test_the_system_is_told_by_magnitude(xy: tuple[float, float], answer: tuple[int, bool]) -> None:
    assert readings_of(*xy)[0] == answer


def test_numbers_of_no_system_are_of_none() -> None:
    assert readings_of(1e9, 1e9) == []


def test_codes_stay_text() -> None:
    codes = as_code(pd.Series([640181001001.0, np.nan]))
    assert codes.tolist() == ["640181001001", ""]
    assert as_code(pd.Series([" ００1 ", "A-1"])).tolist() == ["001", "A-1"]


def test_tables_are_known_by_their_chinese_names() -> None:
    assert [table_named(n) for n in ("居民户_城区", "道路", "邻里驿家", "别的")] == [
        "households", "roads", "stations", None,
    ]  # fmt: skip


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "households.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "grids.gpkg").write_bytes(b"not a database")
    (fault,) = read_study(tmp_path).findings.errors()
    assert fault.place == "grids.gpkg"
    with pytest.raises(InputError, match=r"grids\.gpkg"):
        partition(read_study(tmp_path))


WORDS = st.sampled_from(["常住", "空置", "空挂", "商铺", "集体户", "", "出租", "resident"])
DEGREES = st.one_of(
    st.floats(106.30, 106.36).map(lambda v: f"{v:.6f}"), st.sampled_from(["", "abc", "999"])
)
LINES = st.lists(st.tuples(st.integers(1, 12), DEGREES, WORDS), min_size=1, max_size=30)


@given(LINES)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_row_is_counted_or_excluded_with_a_reason(
    tmp_path: Path, lines: list[tuple[int, str, str]]
) -> None:
    text = "户编号,经度,纬度,状态\n" + "".join(f"{i},{lon},38.1,{w}\n" for i, lon, w in lines)
    anchor = "锚点,106.33,38.12,常住\n锚点二,106.34,38.13,常住\n"
    (tmp_path / "households.csv").write_text(text + anchor, encoding="utf-8")
    study = read_study(tmp_path)
    assert len(study.households) + len(study.excluded) == len(lines) + 2
    assert (study.excluded.reason != "").all()
    assert not study.households.household_id.duplicated().any()
