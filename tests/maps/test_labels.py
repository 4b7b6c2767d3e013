"""Names on the map, in a real browser: what matters most, in its zone, never one over another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lingwu_grid.contract.kinds import STATUSES
from lingwu_grid.maps.labels import labels, named_lines
from tests.browsing import open_page

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    from lingwu_grid.plan import Plan

BOXES = """
return Array.from(document.querySelectorAll('.name span')).map(function (e) {
  var b = e.getBoundingClientRect();
  return { kind: e.dataset.kind, said: e.innerText, box: [b.left, b.top, b.right, b.bottom] };
});
"""


def _overlaps(boxes: list[list[float]]) -> int:
    if not boxes:
        return 0
    shapes = shapely.box(*np.array(boxes).T)
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    return sum(
        shapely.intersection(shapes[i], shapes[j]).area > 1
        for i, j in zip(a, b, strict=True)
        if i < j
    )


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (390, 844)])
def test_names_never_lie_over_one_another_and_communities_are_named(
    browser: WebDriver, page: Path, small_plan: Plan, size: tuple[int, int]
) -> None:
    browser.set_window_size(*size)
    assert open_page(browser, page) == []
    grids = set()
    for zoom in range(5):
        browser.execute_script(
            "var m = window.lingwuMap; if (arguments[0]) { m.setZoom(m.getZoom() + 1,"
            " {animate: false}); }",
            zoom,
        )
        told: list[dict[str, Any]] = browser.execute_script(BOXES)
        assert _overlaps([t["box"] for t in told]) == 0, (size, zoom)
        if zoom == 0:
            named = {t["said"] for t in told if t["kind"] == "社区"}
            assert named == {
                f"{STATUSES[status].mark} {name}".strip()
                for name, status in zip(
                    small_plan.communities["community_name"],
                    small_plan.communities["status"],
                    strict=True,
                )
            }
        grids |= {t["said"] for t in told if t["kind"] == "网格"}
    assert any("户" in said for said in grids)
    browser.set_window_size(1366, 768)


def test_today_is_named_in_the_view_of_today(browser: WebDriver, page: Path) -> None:
    assert open_page(browser, page) == []
    after = {t["said"] for t in browser.execute_script(BOXES)}
    browser.execute_script("window.lingwuShow('before')")
    before = {t["said"] for t in browser.execute_script(BOXES)}
    assert before
    assert before != after


def test_a_name_stands_in_its_zone_however_that_bends(small_plan: Plan) -> None:
    bent = shapely.Polygon([(0, 0), (9, 0), (9, 9), (8, 9), (8, 1), (1, 1), (1, 9), (0, 9)])
    grids = small_plan.grids.iloc[:1].set_geometry(
        gpd.GeoSeries([bent], index=small_plan.grids.index[:1], crs=small_plan.grids.crs)
    )
    assert not bent.contains(bent.centroid)
    for kind, code, name, lat, lon, _ in labels(replace(small_plan, grids=grids))["after"]:
        assert name
        if kind == "网格":
            assert code == grids["grid_id"].iloc[0]
            assert bent.contains(shapely.Point(lon, lat))


def test_names_run_along_their_lines_and_come_again_far_off(small_plan: Plan) -> None:
    backdrop = small_plan.backdrop
    named = {kind: set(backdrop[layer]["name"]) for layer, kind in
             (("barriers", "水系、铁路"), ("roads", "道路"))}  # fmt: skip
    found = named_lines(backdrop)
    for kind, names in named.items():
        assert {line[1] for line in found if line[0] == kind} == names - {""}
    for kind, name, lat, lng, slope in found:
        layer = backdrop["barriers" if kind != "道路" else "roads"]
        lines = layer.loc[layer["name"] == name].to_crs(small_plan.work_crs)
        place = gpd.GeoSeries([shapely.Point(lng, lat)], crs=4490).to_crs(small_plan.work_crs)[0]
        assert lines.distance(place).min() < 0.2
        # Ten metres on, along the slope that is told, the line is still there.
        turn = np.radians(-slope)
        ahead = shapely.Point(place.x + 2 * np.cos(turn), place.y + 2 * np.sin(turn))
        assert lines.distance(ahead).min() < 0.3, (name, slope)


def test_a_slope_is_told_as_the_page_turns_text() -> None:
    def slope(x: float, y: float) -> int:
        line = shapely.LineString([(0, 0), (x, y)])
        roads = gpd.GeoDataFrame({"name": ["街"]}, geometry=[line], crs=4490)
        return int(named_lines({"roads": roads})[0][4])

    assert slope(0.001, 0) == slope(-0.001, 0) == 0
    assert slope(0.001, 0.001) == -45  # to the north-east: text rises
    assert slope(0.001, -0.001) == 45
    assert abs(slope(0, 0.001)) == 90
