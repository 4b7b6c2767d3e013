"""The synthetic town: the same seed gives the same files, and the planted difficulties stand."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from lingwu_grid.contract.errors import RulesError
from lingwu_grid.sample_town.town import make_town
from lingwu_grid.sample_town.writing import write_town
from tests.commands import sample as main

DATA = Path(__file__).parents[2] / "data"


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert main([str(tmp_path / name), "--households", "6000", "--seed", "3"]) == 0
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*"))
    assert len(files) > 15
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_the_committed_sample_is_what_the_generator_writes(tmp_path: Path) -> None:
    write_town(make_town(), tmp_path)
    for file in ("households/households_chengqu.csv", "boundaries/roads.geojson"):
        assert (tmp_path / file).read_bytes() == (DATA / file).read_bytes(), file


def test_the_committed_sample_holds_the_planted_difficulties() -> None:
    town = pd.read_csv(DATA / "households/households_chengqu.csv", dtype=str, encoding="gb18030")
    villages = pd.read_excel(
        DATA / "households/households_dongta.xlsx", dtype=str, engine="openpyxl"
    )
    homes = pd.concat([town, villages])
    assert set(homes["来源"]) == {"合成"}
    assert {"常住", "空置", "空挂", "商铺"} <= set(homes["状态"])
    assert homes.duplicated(["经度", "纬度"]).mean() > 0.3
    lived = homes[homes["状态"] == "常住"]
    buildings = gpd.read_file(DATA / "boundaries/buildings.gpkg").set_index("building_id")
    size = lived["楼栋编号"].map(buildings.compound_id).value_counts()
    size = size[size.index != ""]
    assert size.between(501, 599).any()
    assert (size > 1000).any()
    grids = gpd.read_file(DATA / "boundaries/grids.gpkg").to_crs(4490)
    assert len(grids) == 129
    assert (grids.explode().groupby("grid_id").size() > 1).sum() == 1, "one enclave"
    assert (grids["kind"] == "专属").sum() == 1
    point = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(lived["经度"].astype(float), lived["纬度"].astype(float)),
        crs=4490,
    )
    count = gpd.sjoin(point, grids, predicate="within").groupby("grid_id").size()
    out = ((count < 300) | (count > 500)).mean()
    assert 0.25 < out < 0.4
    # A few borders are drawn twice: two cracks, two overlaps, a hand's breadth wide.
    shapes = grids.to_crs(4544).geometry.to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, "intersects")
    assert (shapely.area(shapely.intersection(shapes[a], shapes[b]))[a < b] > 0.5).sum() == 2
    weight = sum(p.stat().st_size for p in DATA.rglob("*") if p.is_file())
    assert weight <= 8_000_000


@pytest.mark.parametrize("households", [4_999, 5_000_001])
def test_a_size_out_of_range_is_refused(households: int) -> None:
    with pytest.raises(RulesError, match="超出"):
        make_town(households=households)


def test_too_many_communities_are_refused() -> None:
    with pytest.raises(RulesError, match="不够"):
        make_town(households=9_000, communities=9)
