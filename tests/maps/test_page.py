"""The map in a real browser with the network cut, and names that would do harm."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import shapely
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.by import By

from lingwu_grid.maps.layers import cause_table
from lingwu_grid.maps.page import planner_map
from tests.browsing import layers_on, open_page

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    from lingwu_grid.plan import Plan

HOSTILE = (
    '<img src=x onerror="window.hurt=1"></script><script>window.hurt=1</script>`${window.hurt=1}\\'
    "{{ 7*7 }}{% if %}{# gone #}"
)


def _open(browser: WebDriver, page: str, folder: Path) -> list[str]:
    path = folder / "map.html"
    path.write_text(page, encoding="utf-8")
    return open_page(browser, path)


def test_the_map_shows_the_plan_and_asks_nobody(
    browser: WebDriver, small_plan: Plan, tmp_path: Path
) -> None:
    assert _open(browser, planner_map(small_plan), tmp_path) == []
    assert [e for e in browser.get_log("browser") if e["level"] == "SEVERE"] == []
    panel = browser.find_element(By.ID, "panel").text
    assert "合成数据" in panel
    assert str(small_plan.summary["households_moved_grid"]) in panel
    assert {"方案网格", "方案社区", "变动单元", "道路", "水系与铁路", "邻里驿家"} <= layers_on(
        browser
    )


def test_before_and_after_are_swapped_by_a_press(
    browser: WebDriver, small_plan: Plan, tmp_path: Path
) -> None:
    _open(browser, planner_map(small_plan), tmp_path)
    browser.find_element(By.CSS_SELECTOR, "[data-show=before]").click()
    assert {"现状网格", "现状社区"} <= layers_on(browser)
    assert not {"方案网格", "变动单元"} & layers_on(browser)
    browser.find_element(By.CSS_SELECTOR, "[data-show=after]").click()
    assert {"方案网格", "变动单元"} <= layers_on(browser)
    assert "现状网格" not in layers_on(browser)


def test_a_grid_tells_its_code_name_and_households_on_hover(
    browser: WebDriver, small_plan: Plan, tmp_path: Path
) -> None:
    _open(browser, planner_map(small_plan), tmp_path)
    grids = small_plan.grids
    kept = grids[(grids.lineage == "不变") & (grids.kind == "basic")]
    middle = shapely.centroid(shapely.union_all(grids.geometry.to_numpy()))
    # The one nearest the middle of the map: a card at the edge is cut off there.
    far = shapely.distance(kept.geometry.to_numpy(), middle)
    grid = kept.iloc[int(far.argmin())]
    point = grid.geometry.representative_point()
    x, y = browser.execute_script(
        "var p = lingwuMap.latLngToContainerPoint([arguments[0], arguments[1]]);"
        "return [Math.round(p.x), Math.round(p.y)];",
        point.y,
        point.x,
    )
    pointer = ActionBuilder(browser)
    pointer.pointer_action.move_to_location(x - 3, y).move_to_location(x, y)
    pointer.perform()
    told = browser.find_element(By.CSS_SELECTOR, ".leaflet-tooltip.card").text
    assert grid.grid_id in told
    assert grid.grid_name in told
    assert str(grid.households) in told
    assert "四至" in told


def test_hostile_names_are_shown_as_text(
    browser: WebDriver, small_plan: Plan, tmp_path: Path
) -> None:
    record = replace(
        small_plan,
        grids=small_plan.grids.assign(grid_name=HOSTILE, reason=HOSTILE),
        summary=small_plan.summary | {"study": HOSTILE},
        backdrop={
            name: table.assign(**{c: HOSTILE for c in ("name", "grid_name") if c in table})
            for name, table in small_plan.backdrop.items()
        },
    )
    assert _open(browser, planner_map(record), tmp_path) == []
    browser.execute_script(
        "lingwuMap.eachLayer(function (l) { if (l.getTooltip && l.getTooltip()) l.openTooltip(); })"
    )
    time.sleep(0.5)
    assert browser.execute_script("return window.hurt") is None
    assert "{{ 7*7 }}{% if %}{# gone #}" in browser.find_element(By.ID, "panel").text
    assert HOSTILE[:10] in browser.find_element(By.ID, "panel").text


def test_what_cannot_be_lawful_is_drawn_and_told(
    browser: WebDriver, small_plan: Plan, tmp_path: Path
) -> None:
    unit = small_plan.units["unit_id"].iloc[0]
    told = {
        "cause": "pinch_point", "households": 700, "communities": [], "message": HOSTILE,
        "remedy": "允许拆分", "repairs": [{"text": HOSTILE, "households_moved": 42}],
    }  # fmt: skip
    items = [
        told | {"units": [unit], "grids": []},
        told | {"units": [], "grids": [small_plan.grids["grid_id"].iloc[0]]},
        told | {"units": [], "grids": []},
    ]
    record = replace(small_plan, summary=small_plan.summary | {"explanations": items})
    assert len(cause_table(record)) == 2
    assert cause_table(record).geometry.iloc[0].equals(small_plan.units.geometry.iloc[0])
    assert _open(browser, planner_map(record), tmp_path) == []
    assert "未能合规之处" in layers_on(browser)
    panel = browser.find_element(By.ID, "panel").text
    assert f"1. {HOSTILE}" in panel
    assert "变动 42 户" in panel
    browser.execute_script(
        "lingwuMap.eachLayer(function (l) { if (l.getTooltip && l.getTooltip()) l.openTooltip(); })"
    )
    assert browser.execute_script("return window.hurt") is None


def test_no_household_is_in_the_map(small_plan: Plan) -> None:
    page = planner_map(small_plan)
    assert not any(code in page for code in small_plan.assignment.household_id.iloc[::50])
