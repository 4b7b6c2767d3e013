"""A table comes out of its parcel as it went in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from lingwu_grid.contract.findings import Finding
from lingwu_grid.ingest.parcels import pack, unpack
from lingwu_grid.ingest.tables import Source

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS: dict[str, Any] = {
    "words": ["甲", None, ""],
    "mixed": pd.Series(["甲", 1, 2.5], dtype=object),
    "torn": pd.Series(["\ud800", None, "x"], dtype=object),
    "whole": np.array([1, -2, 2**62]),
    "small": np.array([1, 2, 3], np.int32),
    "real": [0.1, np.nan, -np.inf],
    "yes": [True, False, True],
    "day": pd.to_datetime(["2026-01-01", None, "1999-12-31"]),
    "hour": pd.to_datetime(["2026-01-01", None, "1999-12-31"]).tz_localize("Asia/Shanghai"),
    "kind": pd.Categorical(["a", "b", "a"]),
}
SAID = Finding("warning", "cpg_wrong", "roads", "x", "不符", "核对", point=(106.3, 38.1), count=2)
SHAPES = [shapely.Point(1, 2, 3), None, shapely.from_wkt("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))")]


@pytest.mark.parametrize("crs", [None, "EPSG:4490", "EPSG:4524", "ESRI:102100"])
def test_a_table_comes_out_of_its_parcel_as_it_went_in(crs: str | None, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(COLUMNS, geometry=SHAPES, crs=crs)
    for table in (
        frame,
        pd.DataFrame(COLUMNS),
        frame.iloc[:0].drop(columns="kind"),
        pd.DataFrame(index=range(2)),
    ):
        sent = Source(
            "roads", tmp_path, "x", table, "gbk", "abc", np.arange(len(table)), "行",
            (SAID,), (("第 3 行", "坏"),),
        )  # fmt: skip
        got = unpack(*pack(sent), tmp_path)
        assert type(got.frame) is type(table)
        pd.testing.assert_frame_equal(
            pd.DataFrame(got.frame), pd.DataFrame(table), check_column_type=bool(len(table.columns))
        )
        if isinstance(table, gpd.GeoDataFrame):
            assert isinstance(got.frame, gpd.GeoDataFrame)
            assert got.frame.crs == table.crs
            assert shapely.to_wkb(got.frame.geometry.array).tolist() == (
                shapely.to_wkb(table.geometry.array).tolist()
            )
        assert np.array_equal(got.rows, sent.rows)
        assert (got.findings, got.lost, got.encoding) == (sent.findings, sent.lost, "gbk")
