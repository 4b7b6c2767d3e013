"""
Names on finished pages, as a browser draws them: how many overlap, how many zones are named.

    python -m benchmarks.names outputs/data      # a written plan with its pages
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from tests.browsing import open_page, start_browser

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

SIZES = ((1366, 768), (1920, 1080), (390, 844))
ZOOMS = 5
IN_VIEW = """
var m = lingwuMap, r = m.getContainer().getBoundingClientRect(), size = m.getSize();
var panel = document.getElementById('panel').getBoundingClientRect();
var mine = window.lingwu && window.lingwu.labels;
var zones = mine ? mine.after : lingwuReview.desk.town.labels;
return zones.filter(function (z) {
  var p = m.latLngToContainerPoint([z[3], z[4]]), x = p.x + r.left, y = p.y + r.top;
  var hidden = x > panel.left && x < panel.right && y > panel.top && y < panel.bottom;
  return p.x > 20 && p.y > 20 && p.x < size.x - 20 && p.y < size.y - 20 && !hidden;
}).map(function (z) { return z[0]; });
"""
NAMES = """
return Array.from(document.querySelectorAll('.name span')).map(function (e) {
  var b = e.getBoundingClientRect();
  return [e.dataset.kind, b.left, b.top, b.right, b.bottom];
});
"""
PANEL = (
    "var b = document.getElementById('panel').getBoundingClientRect();"
    "return [b.left, b.top, b.right, b.bottom];"
)
write = sys.stdout.write


def main(folder: str) -> None:
    """Open the map, the largest shared page and the largest review page of a plan."""
    out = Path(folder)
    pages = [out / "map.html", *(_largest(out / name) for name in ("share", "review"))]
    browser = start_browser()
    for page in pages:
        for size in SIZES:
            browser.set_window_size(*size)
            open_page(browser, page)
            told = [_measured(browser, zoom) for zoom in range(ZOOMS)]
            write(json.dumps({"page": page.name, "size": size, "zooms": told}, ensure_ascii=False))
            write("\n")
    browser.quit()


def _largest(folder: Path) -> Path:
    return max(folder.glob("*.html"), key=lambda page: page.stat().st_size)


def _measured(browser: WebDriver, zoom: int) -> dict[str, Any]:
    if zoom:
        browser.execute_script("lingwuMap.setZoom(lingwuMap.getZoom() + 1, {animate: false})")
    there, names = browser.execute_script(IN_VIEW), browser.execute_script(NAMES)
    left, top, right, bottom = browser.execute_script(PANEL)
    boxes = np.array([name[1:] for name in names]).reshape(-1, 4)
    shapes = shapely.box(*boxes.T)
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    lapped = shapely.area(shapely.intersection(shapes[a[a < b]], shapes[b[a < b]]))
    panel = shapely.box(left, top, right, bottom)
    seen = [
        name[0] for name, box in zip(names, shapes, strict=True) if not panel.contains(box.centroid)
    ]
    return {
        "overlaps": int((lapped > 1).sum()),
        **{kind: [seen.count(kind), there.count(kind)] for kind in ("社区", "网格")},
    }


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "outputs/data")
