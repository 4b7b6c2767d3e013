"""
Pictures of the pages for the manual: the map, the review page, and a recording of the walk.

    python -m benchmarks.pictures outputs/data      # a written plan; writes docs/img/
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from lingwu_grid.maps.page import planner_map
from lingwu_grid.maps.review_page import review_page
from lingwu_grid.plan import read_plan
from lingwu_grid.planning.streets import streets_of
from tests.browsing import open_page, start_browser

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

IMAGES = Path(__file__).parents[1] / "docs" / "img"
SIZE = (1280, 760)
STEPS = 9
"""Stories in the recording."""

STILL = 1800
"""Milliseconds that a story stands."""

write = sys.stdout.write


def main(folder: str) -> None:
    """Draw the pages of a plan and take their pictures."""
    plan = read_plan(folder)
    street = max(streets_of(plan), key=lambda s: (plan.communities["subdistrict_id"] == s).sum())
    browser = start_browser()
    browser.set_window_size(*SIZE)
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "page.html"
        page.write_text(planner_map(plan), encoding="utf-8")
        open_page(browser, page)
        _recorded(browser, IMAGES / "walk.webp")
        _shot(browser).quantize(192).save(IMAGES / "map.png", optimize=True)
        page.write_text(review_page(plan, street), encoding="utf-8")
        open_page(browser, page)
        _shot(browser).quantize(192).save(IMAGES / "review.png", optimize=True)
    browser.quit()
    for path in sorted(IMAGES.iterdir()):
        write(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB\n")


def _recorded(browser: WebDriver, path: Path) -> None:
    frames = [_shot(browser)]
    for press in ("story-open", *["story-next"] * (STEPS - 1)):
        browser.find_element("id", press).click()
        frames.append(_shot(browser))
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=STILL, loop=0, quality=70, method=6
    )


def _shot(browser: WebDriver) -> Image.Image:
    time.sleep(1)
    return Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")


if __name__ == "__main__":
    main(sys.argv[1])
