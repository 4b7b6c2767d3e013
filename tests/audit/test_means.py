"""Means near a bound are told before a plan is drawn."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.audit.means import tight_means
from lingwu_grid.contract.rules import Band, Exemption
from lingwu_grid.lawful import grid_bands


def _with(study: lg.Study, streets: gpd.GeoDataFrame) -> lg.Study:
    return replace(study, tables={**study.tables, "subdistricts": streets})


ALL = "，求解时各种个数都试"
BANDS = grid_bands(lg.Rules(), ())


def _zones(sizes: list[int]) -> gpd.GeoDataFrame:
    ground = [shapely.box(100 * i, 0, 100 * i + 100, 100) for i in range(len(sizes))]
    ids = [f"G{i}" for i in range(len(sizes))]
    return gpd.GeoDataFrame({"zone_id": ids, "households": sizes}, geometry=ground, crs=4544)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([500], "500 户怎么分网格都贴近上下限：1 个平均 500 户"),
        ([495], "495 户怎么分网格都贴近上下限：1 个平均 495 户"),
        ([494], ""),
        ([300], "300 户怎么分网格都贴近上下限：1 个平均 300 户"),
        ([303], "303 户怎么分网格都贴近上下限：1 个平均 303 户"),
        ([304], ""),
        ([299], ""),  # nothing is lawful: another finding's business
        ([250, 350], "600 户怎么分网格都贴近上下限：2 个平均 300 户"),
        ([600], "600 户怎么分网格都贴近上下限：2 个平均 300 户"),
        ([700, 290], "按现有 2 个网格，平均 495 户，贴近上下限；分 3 个平均 330 户" + ALL),
        ([700, 287], ""),
        ([700, 305], ""),  # two are not lawful anyway
        ([300, 301, 302], "按现有 3 个网格，平均 301 户，贴近上下限；分 2 个平均 452 户" + ALL),
        ([], ""),
        ([0, 0], ""),
    ],
)  # fmt: skip
def test_what_is_told(small_study: lg.Study, sizes: list[int], said: str) -> None:
    whole = _with(small_study, small_study.table("subdistricts").iloc[:0])
    found = tight_means(whole, _zones(sizes), "grids", "网格", BANDS)
    assert [f.message for f in found] == ([said] if said else [])
    assert {f.place for f in found} <= {"全部"}


def test_streets_are_told_apart_and_exceptions_left_out(small_study: lg.Study) -> None:
    streets = gpd.GeoDataFrame(
        {"subdistrict_id": ["a", "b"], "name": ["甲街道", "乙街道"]},
        geometry=[shapely.box(0, 0, 100, 100), shapely.box(100, 0, 300, 100)], crs=4544,
    )  # fmt: skip
    study = _with(small_study, streets)
    found = tight_means(study, _zones([500, 400, 90]), "grids", "网格", BANDS)
    assert [(f.place, f.code) for f in found] == [("甲街道", "mean_tight")]
    rules = lg.Rules(exceptions=(Exemption("market", "市场", grid_id="G2"),))
    found = tight_means(study, _zones([500, 500, 90]), "grids", "网格", grid_bands(rules, ()))
    assert [f.place for f in found] == ["甲街道", "乙街道"]


def test_a_check_says_so(small_study: lg.Study) -> None:
    study = _with(small_study, small_study.table("subdistricts").iloc[:0])
    zones = lg.check(study).zones()
    grids = zones[(zones["level"] == "网格") & (zones["standing"] != "例外")]
    total = int(grids["households"].sum())
    most = -(-total // len(grids))
    tight = replace(study, rules=study.rules.with_(grid=Band(300, most)))
    found = [f for f in lg.check(tight).findings if f.code == "mean_tight"]
    assert [f.table for f in found] == ["grids"]
    assert found[0].message.startswith(
        f"按现有 {len(grids)} 个网格，平均 {round(total / len(grids))} 户"
    )
