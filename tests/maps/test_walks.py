"""The service circle on a page: walks that are drawn, gaps to go to, stations that stand out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from selenium.webdriver.common.by import By

from lingwu_grid.maps.page import planner_map
from lingwu_grid.maps.walks import walk_tree
from tests.browsing import open_page

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    import lingwu_grid as lg


def ways(tree: dict) -> list[np.ndarray]:
    """Follow every unit's way, as the page does."""
    back = tree["from"]
    x, y = np.zeros(len(back)), np.zeros(len(back))
    for i, step in enumerate(back):
        x[i] = tree["x"][i] + (x[i - step] if step else 0)
        y[i] = tree["y"][i] + (y[i - step] if step else 0)
    found = []
    for at, *_ in tree["units"]:
        way = [at]
        while back[way[-1]]:
            way.append(way[-1] - back[way[-1]])
        found.append((np.stack([x[way], y[way]], 1) + tree["corner"]) / tree["scale"])
    return found


def test_the_tree_holds_every_way(small_plan: lg.Plan) -> None:
    assert small_plan.service is not None
    routes = small_plan.service.layers["routes"]
    tree = walk_tree(small_plan)
    assert tree is not None
    assert len(tree["units"]) == len(routes)
    for way, row, unit in zip(ways(tree), routes.itertuples(), tree["units"], strict=True):
        drawn = shapely.get_coordinates(row.geometry)
        assert np.abs(way[0] - drawn[0]).max() <= 1e-5
        assert np.abs(way[-1] - drawn[-1]).max() <= 1e-5
        assert shapely.hausdorff_distance(shapely.LineString(way), row.geometry) < 2e-5
        assert unit[1] == row.minutes
        assert tree["stations"][unit[3]] == row.station_name
    size = len(json.dumps(tree, separators=(",", ":")))
    assert size < 30 * len(routes) + 30 * len(tree["from"])


def test_a_click_draws_the_walk_and_a_gap_is_gone_to(
    browser: WebDriver, small_plan: lg.Plan, tmp_path: Path
) -> None:
    path = tmp_path / "map.html"
    path.write_text(planner_map(small_plan), encoding="utf-8")
    assert open_page(browser, path) == []
    browser.find_element(By.CSS_SELECTOR, "[data-show=service]").click()
    clicked = browser.execute_script(
        """
        var unit = window.lingwu.walks.units[7], way = window.lingwuWalks.wayOf(unit);
        window.lingwuMap.fire('click', {latlng: L.latLng(way[0]),
          containerPoint: window.lingwuMap.latLngToContainerPoint(way[0])});
        return [unit, window.lingwu.walks.stations[unit[3]]];
        """
    )
    card = browser.find_element(By.ID, "card").text
    assert f"步行 {clicked[0][1]:.1f} 分钟" in card
    assert f"{clicked[0][2]} 米，到{clicked[1]}" in card
    before = browser.execute_script("return window.lingwuMap.getCenter()")
    gap = browser.find_elements(By.CSS_SELECTOR, "[data-gap]")
    assert gap
    box = json.loads(gap[0].get_attribute("data-gap"))
    gap[0].click()
    view = browser.execute_script(
        "var b = window.lingwuMap.getBounds();"
        "return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]"
    )
    assert view[0] <= box[0] <= box[2] <= view[2]
    assert view[1] <= box[1] <= box[3] <= view[3]
    assert browser.execute_script("return window.lingwuMap.getCenter()") != before
    browser.find_element(By.CSS_SELECTOR, "[data-show=after]").click()
    assert not browser.find_element(By.ID, "card").is_displayed()


def test_stations_without_the_floor_stand_out(small_plan: lg.Plan) -> None:
    assert small_plan.service is not None
    stations = small_plan.service.layers["stations"]
    assert stations["overloaded"].any()
    text = planner_map(small_plan)
    assert text.count("#ffab00") >= int(stations["overloaded"].sum())
    assert text.count("不到每百户 30 平方米") == int(stations["overloaded"].sum())


def test_what_leaves_the_office_has_no_floor_by_household_and_no_door(
    small_plan: lg.Plan, tmp_path: Path
) -> None:
    out = small_plan.save(tmp_path / "out")
    pages = sorted((out / "share").glob("*.html"))
    assert pages
    assert small_plan.service is not None
    routes = small_plan.service.layers["routes"]
    doors = shapely.points([shapely.get_coordinates(line)[0] for line in routes.geometry])
    units = small_plan.units.set_index("unit_id")["households"]
    drawn = 0
    for page in pages:
        text = page.read_text("utf-8")
        assert "每百户平方米" not in text
        found = text.split("window.lingwu.walks = ")
        if len(found) == 1:
            continue  # a village of houses: no unit there is large enough
        tree = json.JSONDecoder().raw_decode(found[1])[0]
        drawn += len(tree["units"])
        starts = shapely.points([way[0] for way in ways(tree)])
        away = shapely.distance(starts, shapely.multipoints(doors)) * 1e5
        assert np.median(away) > 3, "a walk begins on the street, metres from the door"
    # Every page of a street and of a community has its own: each unit twice at most.
    many = routes["unit_id"].map(units) >= 10
    assert 0 < drawn <= 2 * many.sum() < 2 * len(routes)


@pytest.mark.parametrize("y", [5, 300])
def test_a_tooltip_at_the_upper_edge_opens_below(
    browser: WebDriver, small_plan: lg.Plan, tmp_path: Path, y: int
) -> None:
    path = tmp_path / "map.html"
    path.write_text(planner_map(small_plan), encoding="utf-8")
    open_page(browser, path)
    found = browser.execute_script(
        """
        var map = window.lingwuMap, tip = L.tooltip({sticky: true}).setContent('<p>a</p><p>b</p>');
        map.openTooltip(tip.setLatLng(map.containerPointToLatLng([700, arguments[0]])));
        map.fire('tooltipopen', {tooltip: tip});
        map.fire('mousemove', {containerPoint: L.point(700, arguments[0]),
          latlng: map.containerPointToLatLng([700, arguments[0]])});
        return tip.options.direction;
        """,
        y,
    )
    assert found == ("bottom" if y == 5 else "auto")
