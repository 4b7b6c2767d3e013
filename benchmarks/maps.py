"""
Pages by the browser's own marks: size, first paint, a story and an edit to their next frame.

    python -m benchmarks.maps outputs/data      # a written plan
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lingwu_grid.maps.page import planner_map
from lingwu_grid.maps.review_page import review_page
from lingwu_grid.plan import read_plan
from lingwu_grid.planning.streets import streets_of
from tests.browsing import open_page, start_browser

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

EDITS = 30
write = sys.stdout.write
FIRST_PAINT = (
    "var p = performance.getEntriesByName('first-contentful-paint')[0];"
    "return p ? p.startTime : null"
)
LOADED = "return performance.timing.loadEventEnd - performance.timing.navigationStart"


def main(folder: str) -> None:
    """Measure the planner's map and the largest review page of a plan."""
    plan = read_plan(folder)
    street = max(streets_of(plan), key=lambda s: (plan.communities["subdistrict_id"] == s).sum())
    browser = start_browser()
    with tempfile.TemporaryDirectory() as name:
        for title, page in (
            ("planner", planner_map(plan)),
            ("review", review_page(plan, street)),
        ):
            path = Path(name) / f"{title}.html"
            path.write_text(page, encoding="utf-8")
            faults = open_page(browser, path)
            time.sleep(3)
            paint, loaded = browser.execute_script(FIRST_PAINT), browser.execute_script(LOADED)
            write(
                f"{title}: {path.stat().st_size / 1e6:.2f} MB, {len(plan.units)} units, "
                f"first paint {paint:.0f} ms, loaded {loaded:.0f} ms, "
                f"{len(faults)} requests or complaints\n"
            )
            if title == "planner":
                told = [_story(browser) for _ in range(EDITS)]
                write(
                    f"story to next frame: median {statistics.median(told):.0f} ms, "
                    f"worst {max(told):.0f} ms of {EDITS}\n"
                )
        timed = [_edit(browser, k) for k in range(EDITS)]
        for what, taken in zip(("selection", "edit"), zip(*timed, strict=True), strict=True):
            write(
                f"{what} to next frame: median {statistics.median(taken):.0f} ms, "
                f"worst {max(taken):.0f} ms of {EDITS}\n"
            )
    browser.quit()


def _story(browser: WebDriver) -> float:
    """Go on to the next story; read how long until the frame that shows it."""
    return float(
        browser.execute_async_script(
            "var done = arguments[0], open = document.getElementById('story-open');"
            "if (document.getElementById('story').hidden) { open.click(); }"
            "requestAnimationFrame(function () {"
            " var began = performance.now();"
            " document.getElementById('story-next').click();"
            " requestAnimationFrame(function () { setTimeout(function () {"
            "  done(performance.now() - began); }, 0); }); });"
        )
    )


def _edit(browser: WebDriver, k: int) -> tuple[float, float]:
    """Select a unit, give it to a neighbour; read how long each took until the next frame."""
    run = browser.execute_async_script
    selected, edited = run(
        "var done = arguments[1], r = lingwuReview;"
        "var u = (arguments[0] * 97) % r.desk.grid.length;"
        "var to = r.desk.beside([u])[0]; if (to === undefined) { to = 0; }"
        "performance.clearMeasures();"
        "r.view.onSelect([u], false);"
        "var b = document.querySelector('[data-give]') || document.getElementById('give-new');"
        "b.click();"
        "setTimeout(function () {"
        " done(['select-to-frame', 'edit-to-frame'].map(function (name) {"
        "  return performance.getEntriesByName(name)[0].duration; })); }, 300);",
        k,
    )
    return float(selected), float(edited)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "outputs/data")
