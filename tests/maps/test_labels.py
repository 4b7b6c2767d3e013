"""Names on the map, in a real browser: what matters most, in its zone, never one over another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lingwu_grid.contract.kinds import STATUSES
from lingwu_grid.maps.labels import labels
from lingwu_grid.maps.page import planner_map
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


@pytest.fixture(scope="module")
def page(small_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("labels") / "map.html"
    file.write_text(planner_map(small_plan), encoding="utf-8")
    return file


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
