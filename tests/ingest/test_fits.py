"""Shifted degrees, told by the fit of points to houses: few points tell less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from lingwu_grid.ingest.datum import to_gcj02
from lingwu_grid.ingest.study import read_study

if TYPE_CHECKING:
    from pathlib import Path

STEP = 0.0013
"""Houses stand so far apart, degrees (some 110 m): a point moved by 400 m is seldom by one."""


def _town(folder: Path, stations: int) -> None:
    """A hundred houses, a home in each; the stations are in houses too, but in shifted degrees."""
    spot = np.arange(100)
    jitter = np.random.default_rng(3).uniform(-0.0003, 0.0003, (100, 2))
    middle = np.column_stack([106.33 + STEP * (spot % 10), 38.09 + STEP * (spot // 10)]) + jitter
    boxes = shapely.buffer(shapely.points(middle), 0.00008, cap_style="square")
    ids = [f"L{i}" for i in spot]
    pyogrio.write_dataframe(
        gpd.GeoDataFrame({"building_id": ids}, geometry=boxes, crs=4490),
        folder / "buildings.gpkg", layer="buildings",
    )  # fmt: skip
    homes = {"户编号": ids, "经度": middle[:, 0], "纬度": middle[:, 1], "楼栋编号": ids}
    pd.DataFrame(homes).to_csv(folder / "居民户.csv", index=False)
    moved = to_gcj02(middle[:stations])
    sites = {"驿站编号": ids[:stations], "经度": moved[:, 0], "纬度": moved[:, 1]}
    pd.DataFrame(sites).to_csv(folder / "邻里驿家.csv", index=False)


@pytest.mark.parametrize(("stations", "severity"), [(6, "warning"), (29, "warning"), (30, "error")])
def test_few_points_in_shifted_degrees_are_a_warning_many_an_error(
    tmp_path: Path, stations: int, severity: str
) -> None:
    _town(tmp_path, stations)
    told = [f for f in read_study(tmp_path).findings.rows if f.code == "datum_suspected"]
    assert [(f.table, f.severity) for f in told] == [("stations", severity)]
    assert "GCJ-02" in told[0].message


def test_few_points_are_still_taken_back_where_the_office_asks_for_it(tmp_path: Path) -> None:
    _town(tmp_path, 6)
    study = read_study(tmp_path, datum="auto")
    assert [s["datum"] for s in study.sources if s["table"] == "stations"] == ["gcj02"]
    near = shapely.union_all(study.table("buildings").geometry.to_numpy())
    assert (shapely.distance(study.table("stations").geometry.to_numpy(), near) < 1).all()
