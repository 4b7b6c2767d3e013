"""The service circle of a town: what circles hide, sentences for what cannot be, files whole."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from selenium.webdriver.common.by import By

import lingwu_grid as lg
from lingwu_grid.maps.page import planner_map
from tests.audit.office import office
from tests.browsing import layers_on, open_page
from tests.commands import coverage as main

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver


def test_walks_are_never_shorter_than_straight_lines(small_study: lg.Study) -> None:
    measured = lg.coverage(small_study)
    homes = measured.homes
    assert (homes["metres"] >= homes["straight_m"] - 1e-6).all()
    summary = measured.summary
    assert summary["households"] == len(small_study.households) == homes["households"].sum()
    assert summary["within_15_by_straight_circles"] >= summary["within"]["15"]
    assert summary["within"]["5"] <= summary["within"]["10"] <= summary["within"]["15"]
    far = homes["households"][homes["metres"] > 1080].sum()
    assert measured.gaps["households"].sum() == far
    town = measured.zones[measured.zones["level"] == "全部"].iloc[0]
    for level in ("社区", "网格"):
        rows = measured.zones[measured.zones["level"] == level]
        assert rows["within_15"].sum() == town["within_15"]
        assert rows["elderly"].sum() == town["elderly"]
    assert len(measured.households) == len(small_study.households)
    rings = measured.isochrones.set_index("minutes").geometry
    assert rings[5].area < rings[10].area < rings[15].area
    for minutes, ring in rings.items():
        inside = shapely.intersects(ring, homes.geometry.to_numpy())
        agrees = inside == (homes["metres"] <= minutes * 72).to_numpy()
        assert homes["households"][agrees].sum() >= 0.99 * homes["households"].sum()
    beyond = shapely.union_all(measured.gaps.geometry.to_numpy())
    inside = shapely.intersects(beyond, homes.geometry.to_numpy())
    agrees = inside == (homes["metres"] > 1080).to_numpy()
    assert homes["households"][agrees].sum() >= 0.99 * homes["households"].sum()
    assert measured.stations["households"].sum() + summary["unreachable"] == len(
        small_study.households
    )


def test_a_canal_without_its_bridge_is_a_gap_that_circles_miss(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    office().write(whole)
    made = office()
    made.tables.pop("crossings")
    made.tables["roads"] = made.tables["roads"].assign(bridge="")
    made.write(cut)
    before, after = lg.coverage(lg.read_study(whole)), lg.coverage(lg.read_study(cut))
    assert after.summary["network_pieces"] > before.summary["network_pieces"]
    assert after.summary["within"]["15"] <= before.summary["within"]["15"]
    assert after.summary["hidden_by_circles"] > before.summary["hidden_by_circles"]
    causes = after.summary["hidden_causes"]
    assert sum(causes.values()) >= after.summary["hidden_by_circles"], "one may have several"
    assert max(causes.values()) <= after.summary["hidden_by_circles"]
    rest = {"街道绕行", "没有路相通", "几处障碍合起来"}
    assert all(cause.endswith("隔断") for cause in set(causes) - rest)
    assert {"示例渠隔断", "示例铁路隔断"} & set(causes)
    assert any(cause.endswith("隔断") for cause in after.gaps["cause"])


def test_a_home_in_a_walled_compound_leaves_by_the_gate(tmp_path: Path) -> None:
    made = office()
    compound = made.tables["gates"]["compound_id"].iloc[0]
    made.write(tmp_path)
    study = lg.read_study(tmp_path)
    measured = lg.coverage(study)
    yard = study.table("compounds").set_index("compound_id").geometry[compound]
    inside = shapely.within(measured.homes.geometry.to_numpy(), yard)
    assert inside.any()
    assert np.isfinite(measured.homes["metres"][inside]).all()


def test_no_roads_is_said_loudly(tmp_path: Path) -> None:
    made = office()
    made.tables.pop("roads")
    made.write(tmp_path)
    measured = lg.coverage(lg.read_study(tmp_path))
    assert "没有道路" in measured.summary["method"]
    assert "没有道路" in measured._repr_html_()
    np.testing.assert_allclose(measured.homes["metres"], 1.3 * measured.homes["straight_m"])
    with pytest.raises(lg.InputError, match="没有道路"):
        lg.site_stations(measured, count=1)


def test_what_cannot_be_measured_is_a_sentence(small_study: lg.Study) -> None:
    for wrong in (0, -1.0, float("nan"), float("inf")):
        with pytest.raises(lg.InputError, match="步行速度须在每秒"):
            lg.coverage(small_study, speed=wrong)
        with pytest.raises(lg.InputError, match="老年人步行速度须在每秒"):
            lg.coverage(small_study, elderly_speed=wrong)
    with pytest.raises(lg.InputError, match="至少为 1"):
        lg.site_stations(lg.coverage(small_study), count=0)


def test_a_station_off_the_network_serves_nobody(tmp_path: Path) -> None:
    made = office()
    stations = made.tables["stations"]
    west, south, _, _ = made.tables["outline"].total_bounds
    shapes = stations.geometry.to_numpy().copy()
    shapes[0] = shapely.Point(west - 3000, south - 3000)
    made.tables["stations"] = stations.set_geometry(shapes, crs=stations.crs)
    made.write(tmp_path)
    measured = lg.coverage(lg.read_study(tmp_path))
    assert measured.stations["households"].iloc[0] == 0
    assert any("不在步行网络上" in note for note in measured.summary["notes"])


def test_more_stations_cover_more_and_the_optimum_is_proven(small_study: lg.Study) -> None:
    measured = lg.coverage(small_study)
    proposal = lg.site_stations(measured, count=2)
    assert proposal.optimum["status"] == "optimal"
    assert proposal.optimum["objective"] == pytest.approx(proposal.covered)
    assert proposal.covered >= measured.summary["within"]["15"]
    assert proposal.curve["households_covered"].is_monotonic_increasing
    gained = proposal.covered - proposal.curve["households_covered"].iloc[0]
    assert proposal.sites["added_households"].sum() == gained
    every = lg.site_stations(measured, model="all")
    assert every.covered == every.households - every.uncovered["households"]
    least = lg.site_stations(measured, count=2, model="median")
    assert least.optimum["gap"] <= 1e-6


def test_the_command_adds_to_the_plan_and_refuses_other_data(
    small_folder: Path, small_plan: lg.Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = small_plan.save(tmp_path / "out")
    before = (out / "assignment.csv").read_bytes()
    arguments = [str(out), "--study", str(small_folder), "--stations", "2", "--quiet"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "15 分钟" in said
    assert "HiGHS" not in said
    layers = set(pyogrio.list_layers(out / "plan.gpkg")[:, 0])
    assert {"grids", "units", "stations", "proposed_stations"} <= layers
    summary = json.loads((out / "coverage.json").read_text("utf-8"))
    assert summary["synthetic"] is True
    assert summary["proposal"]["optimum"]["status"] == "optimal"
    rows = pd.read_csv(out / "coverage.csv", dtype=str)
    assert len(rows) == summary["households"] == len(small_plan.assignment)
    assert (out / "assignment.csv").read_bytes() == before
    again = lg.read_plan(out)
    assert again.service is not None
    assert again.service.summary == summary
    grids = again.grids
    assert set(grids["station_id"]) <= {*again.service.layers["stations"]["station_id"], ""}
    # The middle walk of a grid, counted again from the private rows.
    walks = rows.merge(again.assignment, on="household_id")
    # A home without a way is farther than any other.
    minutes = pd.to_numeric(walks["minutes"]).fillna(np.inf)
    middle = minutes.groupby(walks["grid_id"]).median().replace(np.inf, np.nan)
    told = grids.set_index("grid_id")["walk_minutes"]
    np.testing.assert_allclose(told[middle.index], middle, atol=0.01)
    assert "，界 " in said
    bands = again.service.layers["bands"]
    assert bands["households"].sum() == len(rows)
    assert len(list((out / "figures").glob("*.png"))) == 2
    assert main(arguments) == 0, "measuring again replaces what was there"
    other = tmp_path / "other"
    shutil.copytree(small_folder, other)
    roads = other / "boundaries" / "roads.geojson"
    roads.write_text(roads.read_text("utf-8").replace("0.1", "0.2", 1) + "\n", encoding="utf-8")
    assert main([str(out), "--study", str(other), "--quiet"]) == 2
    assert "roads.geojson" in capsys.readouterr().err


def test_a_plan_is_measured_before_and_after(small_study: lg.Study, small_plan: lg.Plan) -> None:
    zones = lg.coverage(small_study, small_plan, catchment=True).zones
    today = lg.coverage(small_study).zones
    names = zones.set_index(["level", "zone_id"])["zone_name"]
    assert names["全部", ""] == "全部"
    told = small_plan.grids.set_index("grid_id")["grid_name"]
    assert all(names["网格", grid] == told[grid] != "" for grid in told.index)
    assert (today.loc[today["level"] == "社区", "zone_name"] != "").all()
    for level in ("街道", "社区", "网格"):
        rows = zones[zones["level"] == level]
        assert (
            rows["households"].sum()
            == rows["households_before"].sum()
            == len(small_study.households)
        )
    moved = small_plan.grids.loc[small_plan.grids["lineage"] == "调整", "grid_id"].iloc[0]
    now = zones[(zones["level"] == "网格") & (zones["zone_id"] == moved)].iloc[0]
    then = today[(today["level"] == "网格") & (today["zone_id"] == moved)].iloc[0]
    assert now["share_15_before"] == pytest.approx(then["share_15"], abs=0.01)
    assert now["share_15_change"] == pytest.approx(now["share_15"] - now["share_15_before"])
    assert (zones["floor_m2_per_100"].dropna() >= 0).all()
    assert zones["floor_m2_per_100"].max() > 0


def test_what_the_office_insists_on_is_opened(small_study: lg.Study) -> None:
    measured = lg.coverage(small_study)
    free = lg.site_stations(measured, count=2)
    premises = small_study.table("premises")["premise_id"]
    other = next(p for p in premises if p not in set(free.sites["site_id"]))
    bound = lg.site_stations(measured, count=2, required=(other,))
    assert other in set(bound.sites["site_id"])
    assert len(bound.sites) <= 2
    assert bound.covered <= free.covered
    with pytest.raises(lg.InputError, match="没有编号为"):
        lg.site_stations(measured, required=("没有这个",))
    narrow = lg.site_stations(measured, count=2, capacity=True)
    assert narrow.optimum["objective"] <= free.optimum["objective"]


def test_the_map_shows_the_service_circle(
    browser: WebDriver, small_study: lg.Study, small_plan: lg.Plan, tmp_path: Path
) -> None:
    measured = lg.coverage(small_study, small_plan)
    plan = small_plan.served(measured, lg.site_stations(measured, count=1))
    path = tmp_path / "map.html"
    path.write_text(planner_map(plan), encoding="utf-8")
    assert open_page(browser, path) == []
    panel = browser.find_element(By.ID, "panel")
    assert "步行到最近驿站" not in panel.text
    browser.find_element(By.CSS_SELECTOR, "[data-show=service]").click()
    assert "步行到最近驿站" in panel.text
    assert str(measured.summary["hidden_by_circles"]) in panel.text
    for cause, households in measured.summary["hidden_causes"].items():
        assert f"{cause} {households}" in panel.text
    for gap in measured.summary["gaps"][:6]:
        assert gap["cause"] in panel.text
    on = layers_on(browser)
    assert {"步行分钟", "建议新开的驿站", "邻里驿家（负荷）", "方案社区"} <= on
    assert not {"方案网格", "现状网格", "等时圈"} & on
    text = path.read_text("utf-8")
    assert not any(code in text for code in small_plan.assignment["household_id"].iloc[::50])


@pytest.mark.parametrize("swapped", [1, 2, 3])
def test_stations_turned_round_are_turned_back_however_few(swapped: int, tmp_path: Path) -> None:
    office().write(tmp_path)
    study = lg.read_study(tmp_path)
    sites = study.table("stations").to_crs(4490)
    some = sites.iloc[[0] * 3] if len(sites) < 3 else sites.iloc[:3]
    for path in tmp_path.rglob("*"):
        if path.stem.startswith(("stations", "邻里驿家")):
            path.unlink()
    rows = pd.DataFrame(
        {"station_id": ["a", "b", "c"], "lon": some.geometry.x, "lat": some.geometry.y}
    ).reset_index(drop=True)
    right = rows.copy()
    rows.loc[: swapped - 1, ["lon", "lat"]] = right.loc[: swapped - 1, ["lat", "lon"]].to_numpy()
    rows.to_csv(tmp_path / "stations.csv", index=False)
    again = lg.read_study(tmp_path)
    found = again.table("stations").to_crs(4490).geometry
    assert np.allclose(found.x, right["lon"], atol=1e-6)
    assert np.allclose(found.y, right["lat"], atol=1e-6)
    assert lg.coverage(again).summary["stations"] == 3


def test_a_place_off_the_globe_is_no_place_and_told(tmp_path: Path) -> None:
    office().write(tmp_path)
    for path in tmp_path.rglob("*"):
        if path.stem.startswith(("stations", "邻里驿家")):
            path.unlink()
    sites = lg.read_study(tmp_path).households.to_crs(4490).geometry.iloc[[0]]
    pd.DataFrame(
        {"station_id": ["a", "b"], "lon": [sites.x.iloc[0], 160.0], "lat": [sites.y.iloc[0], 120.0]}
    ).to_csv(tmp_path / "stations.csv", index=False)
    study = lg.read_study(tmp_path)
    assert len(study.table("stations")) == 1
    assert "shape_missing" in study.findings.columns()["code"]
    lg.coverage(study)
