"""Packed places: the browser opens what was written, and draws each corner once a jump."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polyline

from lingwu_grid.maps.layers import GRID_FIELDS, as_geojson
from lingwu_grid.maps.packing import MICRO, packed
from tests.browsing import open_page

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    from lingwu_grid.plan import Plan


def test_the_browser_opens_what_was_packed(browser: WebDriver, page: Path) -> None:
    open_page(browser, page)
    rng = np.random.default_rng(5)
    far = np.column_stack([rng.uniform(-180, 180, 60), rng.uniform(-90, 90, 60)])
    near = 106.3 + np.cumsum(rng.integers(-40, 40, (60, 2)), axis=0) / 1e6
    for line in (far, near, np.array([[0.0, 0.0], [180, 90], [-180, -90]])):
        places = np.round(line, MICRO).tolist()
        text = packed(places)
        assert browser.execute_script("return lingwuOpened(arguments[0])", text) == places
        # A reader that is not ours reads the same.
        assert [list(p) for p in polyline.decode(text, MICRO, geojson=True)] == places
    assert browser.execute_script("return lingwuOpened(arguments[0])", [1.5, 2.5]) == [1.5, 2.5]
    assert packed(()) == ()


def test_what_is_drawn_is_what_the_plan_has(
    browser: WebDriver, page: Path, small_plan: Plan
) -> None:
    open_page(browser, page)
    drawn = browser.execute_script(
        "var found = {}; lingwuMap.eachLayer(function (shape) {"
        " var own = shape.feature && shape.feature.properties;"
        " if (own && own.boundary_text !== undefined) {"
        "  found[own.grid_id] = shape.feature.geometry.coordinates; } });"
        "return found"
    )
    told = as_geojson(small_plan.grids, GRID_FIELDS)["features"]
    assert len(drawn) == len(told)
    for feature in told:
        at = drawn[feature["properties"]["grid_id"]]
        assert _listed(feature["geometry"]["coordinates"]) == at


def _listed(places: object) -> object:
    return [_listed(p) for p in places] if isinstance(places, list | tuple) else places


def test_a_jump_projects_each_corner_once_and_to_where_it_is(
    browser: WebDriver, page: Path
) -> None:
    open_page(browser, page)
    count, moved, anew = browser.execute_script(
        """
        var map = lingwuMap, some = null, count = 0;
        map.eachLayer(function (l) {
          if (l._rings && l._renderer instanceof L.Canvas) { some = l; }
        });
        var own = some._project;
        some._project = function () { count += 1; own.call(this); };
        function corner() { return some._rings[0][0].clone(); }
        var before = corner(), at = map.getCenter();
        map.setView([at.lat + 0.001, at.lng], map.getZoom() + 1.5, { animate: false });
        var once = count, after = corner();
        function picture() { return some._renderer._container.toDataURL(); }
        var first = picture();
        some._renderer._clear();
        var blank = picture();
        map.fire('viewreset');  // Leaflet's own word for "all anew": nothing ended just before it
        var anew = corner();
        return [once, before.distanceTo(after) > 5,
          [after.distanceTo(anew), count - once, first === picture(), first === blank]];
        """
    )
    assert count == 1
    assert moved
    assert anew == [0, 1, True, False]
