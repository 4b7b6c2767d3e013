"""The review page in a real browser with the network cut: pick, give, undo, send back."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lingwu_grid.api import review
from lingwu_grid.maps.review_page import review_page
from lingwu_grid.planning.streets import streets_of
from lingwu_grid.revision.patch import read_patch
from tests.browsing import open_page
from tests.revision.test_patch import border_units

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    import lingwu_grid as lg


@pytest.fixture
def desk(browser: WebDriver, small_plan: lg.Plan, tmp_path: Path) -> WebDriver:
    """A review page, opened fresh, downloads into the test's folder."""
    path = tmp_path / "review.html"
    path.write_text(review_page(small_plan, streets_of(small_plan)[0]), encoding="utf-8")
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    assert open_page(browser, path) == []
    browser.execute_script("localStorage.clear()")
    assert open_page(browser, path) == []
    return browser


def number_of(desk: WebDriver, unit: str) -> int:
    return int(
        desk.execute_script("return lingwuReview.desk.town.unitIds.indexOf(arguments[0])", unit)
    )


def give(desk: WebDriver, unit: str, grid: str) -> None:
    """Do what a reviewer does: pick the unit, press the button of the grid."""
    desk.execute_script("lingwuReview.view.onSelect([arguments[0]], false)", number_of(desk, unit))
    g = desk.execute_script(
        "return lingwuReview.desk.grids.findIndex(function (g) { return g.id === arguments[0]; }"
        ".bind(null))".replace("arguments[0]", json.dumps(grid))
    )
    desk.find_element(By.CSS_SELECTOR, f"[data-give='{g}']").click()


def grid_of(desk: WebDriver, unit: str) -> str:
    return str(
        desk.execute_script(
            "var d = lingwuReview.desk; return d.grids[d.grid[arguments[0]]].id",
            number_of(desk, unit),
        )
    )


def verdict(desk: WebDriver) -> str:
    return desk.find_element(By.ID, "verdict").text


def point_of(desk: WebDriver, unit: str) -> tuple[int, int]:
    x, y = desk.execute_script(
        "var t = lingwuReview.desk.town, p = t.points[arguments[0]];"
        "var c = lingwuMap.latLngToContainerPoint([p[1] / 1e6, p[0] / 1e6]);"
        "return [Math.round(c.x), Math.round(c.y)];", number_of(desk, unit),
    )  # fmt: skip
    return x, y


def exported(desk: WebDriver, folder: Path) -> Path:
    before = set(folder.glob("*.json"))
    desk.find_element(By.ID, "export").click()
    end = time.monotonic() + 20
    while not (fresh := set(folder.glob("*.json")) - before):
        assert time.monotonic() < end, "nothing was exported"
        time.sleep(0.1)
    return fresh.pop()


def test_the_page_starts_lawful_and_counts_as_the_plan_does(
    desk: WebDriver, small_plan: lg.Plan
) -> None:
    assert "本次改动合规" in verdict(desk)
    moved = desk.find_element(By.ID, "moved").text
    assert "比方案改动 0 户" in moved
    if len(streets_of(small_plan)) == 1:
        assert f"共变动 {small_plan.summary['households_moved_grid']} 户" in moved


def test_three_units_go_out_and_come_back_in_the_new_plan(
    desk: WebDriver, small_study: lg.Study, small_plan: lg.Plan, tmp_path: Path
) -> None:
    street = streets_of(small_plan)[0]
    owner = small_plan.grids.set_index("grid_id")["community_id"]
    here = small_plan.communities.set_index("community_id")["subdistrict_id"]
    wishes: dict[str, tuple[str, str]] = {}
    size = small_plan.grids.set_index("grid_id")["households"].to_dict()
    homes = small_plan.units.set_index("unit_id")["households"]
    for unit, before, after in border_units(small_plan, lawful=True):
        left, grown = size[before] - homes[unit], size[after] + homes[unit]
        if here[owner[before]] == street and unit not in wishes and left >= 300 and grown <= 500:
            wishes[unit] = (before, after)
            size[before], size[after] = left, grown
    wishes = dict(list(wishes.items())[:3])
    assert len(wishes) == 3
    for unit, (_, after) in wishes.items():
        give(desk, unit, after)
    path = exported(desk, tmp_path)
    reviewed = review(small_study, small_plan, [read_patch(path)])
    assert reviewed.plan is not None
    now = reviewed.plan.units.set_index("unit_id")["grid_id"]
    assert all(now[unit] == after for unit, (_, after) in wishes.items())
    assert reviewed.plan.summary["grids_in_range"] >= small_plan.summary["grids_in_range"]


def test_what_is_done_is_undone_kept_and_read_in_again(
    desk: WebDriver, small_plan: lg.Plan, tmp_path: Path
) -> None:
    unit, before, after = border_units(small_plan, lawful=True)[0]
    give(desk, unit, after)
    assert grid_of(desk, unit) == after
    desk.find_element(By.ID, "undo").click()
    assert grid_of(desk, unit) == before
    desk.find_element(By.TAG_NAME, "body").send_keys(Keys.CONTROL + "y")
    assert grid_of(desk, unit) == after
    desk.find_element(By.ID, "reviewer").send_keys("王主任")
    path = exported(desk, tmp_path)
    desk.refresh()
    end = time.monotonic() + 20
    while not desk.execute_script("return Boolean(window.lingwuReview)"):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert grid_of(desk, unit) == after, "the browser kept it"
    desk.execute_script("lingwuReview.desk.clear(); localStorage.clear()")
    desk.find_element(By.ID, "import").send_keys(str(path))
    end = time.monotonic() + 20
    while grid_of(desk, unit) != after:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert desk.find_element(By.ID, "reviewer").get_attribute("value") == "王主任"
    content = json.loads(path.read_text("utf-8"))
    content["reviewer"] = "别人"
    path.write_text(json.dumps(content), encoding="utf-8")
    desk.find_element(By.ID, "import").send_keys(str(path))
    time.sleep(0.5)
    assert "改动过" in desk.find_element(By.ID, "said").text


def test_an_unlawful_change_is_told_with_its_place(desk: WebDriver, small_plan: lg.Plan) -> None:
    shown = set(desk.execute_script("return lingwuReview.desk.town.unitIds"))
    most = small_plan.units.loc[small_plan.units["unit_id"].isin(shown), "grid_id"].value_counts()
    basic = small_plan.grids[small_plan.grids["kind"] == "basic"]
    basic = basic[basic["grid_id"].isin(most.index)]
    grid = basic.loc[basic["grid_id"].map(most).idxmax()]  # a grid of one unit has none to give
    inside = small_plan.units["unit_id"][small_plan.units["grid_id"] == grid.grid_id]
    numbers = [number_of(desk, u) for u in inside.iloc[:-1]]
    desk.execute_script("lingwuReview.view.onSelect(arguments[0], false)", numbers)
    desk.find_element(By.ID, "give-new").click()
    assert "不合规" in verdict(desk)
    items = desk.find_elements(By.CSS_SELECTOR, "#faults li.new")
    assert any("不足下限" in item.text for item in items)
    items[0].click()
    desk.find_element(By.TAG_NAME, "body").send_keys(Keys.CONTROL + "z")
    assert "本次改动合规" in verdict(desk)


def test_units_are_picked_brushed_and_boxed(desk: WebDriver, small_plan: lg.Plan) -> None:
    def selected() -> list[int]:
        return list(desk.execute_script("return [...lingwuReview.view.selected]"))

    lived = small_plan.units[small_plan.units["households"] > 4].to_crs(4544)
    unit = lived["unit_id"].iloc[lived.geometry.area.to_numpy().argmin()]
    desk.execute_script("lingwuReview.view.showUnits([arguments[0]])", number_of(desk, unit))
    desk.execute_script("lingwuMap.setZoom(16, {animate: false})")
    x, y = point_of(desk, unit)
    chain = ActionChains(desk)
    chain.w3c_actions.pointer_action.move_to_location(x, y).click()
    chain.perform()
    assert selected() == [number_of(desk, unit)]
    desk.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
    assert selected() == []
    for mode, key in (("brush", "b"), ("box", "x")):
        desk.find_element(By.TAG_NAME, "body").send_keys(key)
        chain = ActionChains(desk)
        pointer = chain.w3c_actions.pointer_action
        pointer.move_to_location(x - 60, y - 60).pointer_down()
        pointer.move_to_location(x + 60, y + 60).pointer_up()
        chain.perform()
        got = selected()
        assert number_of(desk, unit) in got, mode
        assert len(got) > 1, mode
        desk.find_element(By.ID, "unselect").click()


def test_locks_and_remarks_go_into_the_file(
    desk: WebDriver, small_plan: lg.Plan, tmp_path: Path
) -> None:
    unit, before, _ = border_units(small_plan, lawful=True)[0]
    desk.execute_script("lingwuReview.view.onSelect([arguments[0]], false)", number_of(desk, unit))
    desk.find_element(By.CSS_SELECTOR, "[data-lock]").click()
    desk.execute_script("lingwuReview.view.showUnits([arguments[0]])", number_of(desk, unit))
    desk.find_element(By.CSS_SELECTOR, "button[data-mode=remark]").click()
    x, y = point_of(desk, unit)
    chain = ActionChains(desk)
    chain.w3c_actions.pointer_action.move_to_location(x, y).click()
    chain.perform()
    desk.find_element(By.ID, "remark-text").send_keys('<b onclick="x">此处有坡</b>')
    desk.find_element(By.CSS_SELECTOR, "#remark button").click()
    assert "此处有坡" in desk.find_element(By.ID, "remarks").text
    patch = read_patch(exported(desk, tmp_path))
    assert patch.locks == (before,)
    assert patch.comments[0].text.startswith("<b")
    assert patch.comments[0].grid == before


def test_the_page_fits_a_small_screen_and_a_phone(desk: WebDriver, tmp_path: Path) -> None:
    size = desk.get_window_size()
    try:
        for width, height in ((1093, 614), (500, 800)):  # 1366 x 768 at 125 %; a phone
            desk.set_window_size(width, height)
            panel: dict[str, Any] = desk.find_element(By.ID, "panel").rect
            assert panel["width"] <= width
            assert desk.execute_script(
                "return document.documentElement.scrollWidth <= innerWidth"
            ), (width, height)
            assert desk.find_element(By.ID, "search").is_displayed()
    finally:
        desk.set_window_size(size["width"], size["height"])
    assert tmp_path.exists()


def test_the_page_opens_on_the_stories_and_answers_go_back(
    desk: WebDriver, small_plan: lg.Plan, tmp_path: Path
) -> None:
    stories = small_plan.stories
    box = desk.find_element(By.ID, "stories")
    assert f"1 / {len(stories)}" in box.text
    assert stories["reason"].iloc[0] in box.text
    assert f"未表态 {len(stories)} 项" in box.text
    desk.find_element(By.ID, "story-yes").click()
    desk.find_element(By.ID, "story-next").click()
    assert stories["reason"].iloc[1] in box.text
    desk.find_element(By.ID, "story-no").click()
    desk.find_element(By.ID, "story-reason").send_keys("离驿家太远")
    desk.find_element(By.CSS_SELECTOR, "#story-why button").click()
    assert f"已表态 2 项，未表态 {len(stories) - 2} 项" in box.text
    said = [c.text for c in read_patch(exported(desk, tmp_path)).comments]
    assert [text.split("：")[0] for text in said] == ["同意", "不同意"]
    assert f"{stories['households'].iloc[0]} 户" in said[0]
    assert said[1].endswith("离驿家太远")
    # An answer is changed, not added to; it is kept when the page is opened again.
    desk.find_element(By.ID, "story-yes").click()
    desk.refresh()
    answers = desk.execute_script("return lingwuReview.desk.comments.map(c => c.text)")
    assert [text.split("：")[0] for text in answers] == ["同意", "同意"]


def test_a_story_is_drawn_otherwise_by_its_own_units(desk: WebDriver, small_plan: lg.Plan) -> None:
    """改划 takes the units of a story in hand; giving them back is foretold as any other wish."""
    stories = small_plan.stories
    today = stories["previous_grid_id"].replace(small_plan.recoded)
    k = int((today != stories["grid_id"]).to_numpy().argmax())
    desk.execute_script("lingwuReview.stories.go(arguments[0])", k)
    desk.find_element(By.ID, "story-change").click()
    units = desk.execute_script(
        "var r = lingwuReview; return [...r.view.selected].map(u => r.desk.town.unitIds[u])"
    )
    assert sorted(units) == sorted(stories["units"].iloc[k].split(" "))
    offered = desk.find_element(By.ID, "selection").text
    assert small_plan.names[stories["previous_grid_id"].iloc[k]] in offered


def test_today_is_one_press_away(desk: WebDriver, small_plan: lg.Plan) -> None:
    fills = "return lingwuReview.view.polygons.map(p => p.options.fillColor)"
    plan = desk.execute_script(fills)
    desk.find_element(By.CSS_SELECTOR, "[data-today='1']").click()
    today = desk.execute_script(fills)
    ids = desk.execute_script("return lingwuReview.desk.town.unitIds")
    differ = {u for u, a, b in zip(ids, plan, today, strict=True) if a != b}
    rows = small_plan.assignment
    today = rows["previous_grid_id"].replace(small_plan.recoded)
    moved = rows[(today != rows["grid_id"]) & (today != "")]
    assert differ
    assert differ <= set(moved["unit_id"])
    desk.find_element(By.CSS_SELECTOR, "[data-today='']").click()
    assert desk.execute_script(fills) == plan


def test_zones_have_names_and_counts_that_follow_and_never_overlap(
    desk: WebDriver, small_plan: lg.Plan
) -> None:
    boxes = (
        "return [...document.querySelectorAll('.name span')].map(e => {"
        "var b = e.getBoundingClientRect();"
        "return [e.dataset.kind, e.innerText, b.left, b.top, b.right, b.bottom]; })"
    )
    mine = small_plan.communities["subdistrict_id"] == streets_of(small_plan)[0]
    communities = set(small_plan.communities.loc[mine, "community_name"])
    for zoom in range(4):
        desk.execute_script("lingwuMap.setZoom(lingwuMap.getZoom() + arguments[0],"
                            "{ animate: false })", int(zoom > 0))  # fmt: skip
        found = desk.execute_script(boxes)
        shapes = [shapely.box(*row[2:]) for row in found]
        pairs = [(a, b) for k, a in enumerate(shapes) for b in shapes[k + 1 :]]
        assert not [1 for a, b in pairs if a.intersection(b).area > 1]
        if zoom == 0:
            assert communities <= {row[1] for row in found if row[0] == "社区"}
    # The count on the map is that of the desk, as soon as something is given.
    unit, _, other = border_units(small_plan, lawful=True)[0]
    give(desk, unit, other)
    desk.execute_script(
        "var d = lingwuReview.desk, u = arguments[0], p = d.town.points[u];"
        "lingwuMap.setView([p[1] / 1e6, p[0] / 1e6], 16.5, { animate: false })",
        number_of(desk, unit),
    )
    sizes = desk.execute_script(
        "var d = lingwuReview.desk, s = d.check().sizes;"
        "return Object.fromEntries(d.grids.map((g, k) => [g.name, s[k]]))"
    )
    told = [row[1].split("\n") for row in desk.execute_script(boxes) if row[0] == "网格"]
    assert told
    for name, count in told:
        assert count == f"{sizes[name]} 户"
