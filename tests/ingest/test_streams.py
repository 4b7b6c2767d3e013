"""Household files in batches: the rows and their numbers are those of the whole file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from lingwu_grid.ingest.caged import batches_of, open_stream
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.files import Limits
from lingwu_grid.ingest.folder import streamable
from lingwu_grid.ingest.tables import read_file

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(100, 10_000, 10_000)


def rows(count: int = 25) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "户编号": [f"H{i:03d}" for i in range(count)],
            "经度": [f"{106.3 + i / 1e4:.4f}" for i in range(count)],
            "纬度": ["38.1"] * count,
            "楼栋": ["" if i % 7 == 0 else f"B{i // 5}" for i in range(count)],
        }
    )


def spatial(count: int = 25) -> gpd.GeoDataFrame:
    points = shapely.points(np.linspace(106.3, 106.4, count), 38.1)
    return gpd.GeoDataFrame({"户编号": rows(count)["户编号"]}, geometry=points, crs=4490)


def utf8(path: Path) -> Path:
    rows().to_csv(path / "居民户.csv", index=False)
    return path / "居民户.csv"


def gbk_with_a_title_and_a_blank_line(path: Path) -> Path:
    text = rows().to_csv(index=False).splitlines()
    text.insert(9, "")
    file = path / "居民户.csv"
    file.write_text("\n".join(["某街道居民户", "", *text]) + "\n", encoding="gb18030")
    return file


def one_row_too_long(path: Path) -> Path:
    text = rows().to_csv(index=False).splitlines()
    text[18] += ",多出来的,一列"
    file = path / "居民户.csv"
    file.write_text("\n".join(text) + "\n", encoding="utf-8")
    return file


def gzipped(path: Path) -> Path:
    rows().to_csv(path / "居民户.csv.gz", index=False)
    return path / "居民户.csv.gz"


def geoparquet(path: Path) -> Path:
    spatial().to_parquet(path / "居民户.parquet")
    return path / "居民户.parquet"


def folder_of_geoparquet(path: Path) -> Path:
    folder = path / "居民户.parquet"
    for street, part in (("640181001", spatial().iloc[:14]), ("640181002", spatial().iloc[14:])):
        (folder / f"街道={street}").mkdir(parents=True)
        part.to_parquet(folder / f"街道={street}" / "part.parquet")
    return folder


def geopackage(path: Path) -> Path:
    spatial().to_file(path / "居民户.gpkg", layer="居民户")
    return path / "居民户.gpkg"


@pytest.mark.parametrize(
    "write",
    [
        utf8, gbk_with_a_title_and_a_blank_line, one_row_too_long, gzipped, geoparquet,
        folder_of_geoparquet, geopackage,
    ],
)  # fmt: skip
def test_batches_are_the_whole_file(write: object, tmp_path: Path) -> None:
    path = write(tmp_path)  # type: ignore[operator]
    assert list(streamable(tmp_path, Claims(), LIMITS)) == [path]
    (whole,) = read_file(path, Claims(), LIMITS)
    batches = list(batches_of(open_stream(path, LIMITS), Claims(), LIMITS, size=7))
    assert len(batches) > 3
    assert max(len(b.frame) for b in batches) <= 7
    together = pd.concat([b.frame for b in batches], ignore_index=True)
    assert together.astype(str).equals(whole.frame.astype(str))
    assert np.concatenate([b.rows for b in batches]).tolist() == whole.rows.tolist()
    assert [x for b in batches for x in b.lost] == list(whole.lost)
    assert {b.sha256 for b in batches} == {whole.sha256}
    assert [f.code for f in batches[0].findings] == [f.code for f in whole.findings]


def test_what_holds_little_is_read_whole(tmp_path: Path) -> None:
    rows().to_excel(tmp_path / "居民户.xlsx", index=False)
    spatial().to_file(tmp_path / "居民户_2.geojson")
    assert streamable(tmp_path, Claims(), LIMITS) == {}
