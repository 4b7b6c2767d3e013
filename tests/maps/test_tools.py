"""Every control of the planner's map and of the maps that leave the office, in a real browser."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lingwu_grid.disclosure.telling import FEW, window
from lingwu_grid.lawful import UNLAWFUL
from lingwu_grid.maps.layers import joined
from lingwu_grid.maps.lookup import lookup
from lingwu_grid.maps.page import planner_map
from lingwu_grid.maps.pages import write_maps, write_outgoing
from lingwu_grid.maps.sharing import Shared
from tests.browsing import open_page

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    from lingwu_grid.plan import Plan

HOSTILE = (
    '<img src=x onerror="window.hurt=1"></script><script>window.hurt=1</script>`${window.hurt=1}\\'
    "{{ 7*7 }}{% if %}{# gone #}"
)


@pytest.fixture(scope="module")
def pages(small_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("pages")
    write_maps(small_plan, folder)
    write_outgoing(small_plan, folder)
    return folder


def test_a_grid_is_found_by_code_and_tells_its_card(
    browser: WebDriver, pages: Path, small_plan: Plan
) -> None:
    assert open_page(browser, pages / "map.html") == []
    grid = small_plan.grids[small_plan.grids["lineage"] == "调整"].iloc[0]
    box = browser.find_element(By.ID, "search")
    box.send_keys(grid.grid_id)
    assert grid.grid_name in browser.find_element(By.ID, "found").text
    box.send_keys(Keys.ENTER)
    card = browser.find_element(By.ID, "card").text
    for word in (grid.grid_id, grid.grid_name, str(grid.households), "四至", "两委"):
        assert word in card
    browser.find_element(By.ID, "card-close").click()
    assert not browser.find_element(By.ID, "card").is_displayed()
    box.clear()
    box.send_keys("没有这个地方")
    assert "没有找到" in browser.find_element(By.ID, "found").text


def test_what_ends_is_found_too(browser: WebDriver, pages: Path, small_plan: Plan) -> None:
    """Today's grids and communities whose codes end, and waters, are asked for by name."""
    open_page(browser, pages / "map.html")
    today = small_plan.backdrop["grids"].set_index("grid_id")["grid_name"]
    ended = [code for code in today.index if code not in set(small_plan.grids["grid_id"])]
    assert ended
    box = browser.find_element(By.ID, "search")
    box.send_keys(ended[0])
    found = browser.find_element(By.CSS_SELECTOR, "#found button")
    assert found.text == f"{today[ended[0]]}（原网格 {ended[0]}）"
    box.send_keys(Keys.ENTER)
    assert f"现状 · {today[ended[0]]}" in browser.find_element(By.ID, "card").text
    assert browser.find_elements(By.CSS_SELECTOR, "#found button") == [], "the list is closed"
    water = small_plan.backdrop["barriers"]["name"].iloc[0]
    box.clear()
    box.send_keys(water)
    assert f"{water}（水系、铁路）" in browser.find_element(By.ID, "found").text


def test_a_compound_tells_what_becomes_of_it(
    browser: WebDriver, pages: Path, small_plan: Plan
) -> None:
    rows = small_plan.buildings[small_plan.buildings["compound_name"] != ""]
    name = rows["compound_name"].iloc[0]
    mine = rows[rows["compound_name"] == name]
    today = mine["previous_grid_id"].replace(small_plan.recoded)
    moved = mine[today != mine["grid_id"]]["households"].sum()
    open_page(browser, pages / "map.html")
    browser.find_element(By.ID, "search").send_keys(name, Keys.ENTER)
    card = browser.find_element(By.ID, "card").text
    assert name in card
    assert ("有住户换网格" if moved else "整体不变") in card
    assert f"{mine['households'].sum()} 户" in card or moved
    # The shared page tells it too, in fives.
    community = mine["community_id"].iloc[0]
    (path,) = (pages / "share").glob(f"{community}_*.html")
    open_page(browser, path)
    browser.find_element(By.ID, "search").send_keys(name, Keys.ENTER)
    assert "—" in browser.find_element(By.ID, "card").text


def test_the_view_of_today_tells_of_today(
    browser: WebDriver, pages: Path, small_plan: Plan
) -> None:
    grids = small_plan.grids
    grid = grids[(grids["lineage"] == "调整") & (grids["households_in"] > 0)].iloc[0]
    lived = small_plan.assignment["previous_grid_id"].eq(grid.grid_id).sum()
    assert lived != grid.households
    open_page(browser, pages / "map.html")
    browser.find_element(By.CSS_SELECTOR, "[data-show=before]").click()
    browser.execute_script(
        "var code = arguments[0]; lingwuMap.eachLayer(function (l) {"
        " if (l.feature && l.options.pane === 'now' && l.feature.properties.grid_id === code)"
        " { l.fire('click', {latlng: l.getBounds().getCenter()}); } });", grid.grid_id,
    )  # fmt: skip
    card = browser.find_element(By.ID, "card").text
    assert "现状 · " in card
    assert f"{lived} 户" in card
    assert f"{grid.households} 户" not in card


def test_on_a_phone_the_panel_folds(browser: WebDriver, pages: Path) -> None:
    size = browser.get_window_size()
    review = next((pages / "review").glob("*.html"))
    for page in (pages / "map.html", review):
        open_page(browser, page)
        assert not browser.find_element(By.ID, "fold").is_displayed(), "a screen has room"
    try:
        browser.set_window_size(500, 844)
        for page in (pages / "map.html", review):
            open_page(browser, page)
            panel, fold = browser.find_element(By.ID, "panel"), browser.find_element(By.ID, "fold")
            tall = panel.rect["height"]
            fold.click()
            assert panel.rect["height"] < min(90, tall / 3)
            assert not browser.find_element(By.ID, "search").is_displayed()
            fold.click()
            assert panel.rect["height"] == tall
            assert browser.find_element(By.ID, "search").is_displayed()
    finally:
        browser.set_window_size(size["width"], size["height"])


def test_on_a_phone_the_town_is_above_the_panel(browser: WebDriver, pages: Path) -> None:
    size = browser.get_window_size()
    browser.set_window_size(500, 844)
    try:
        open_page(browser, pages / "map.html")
        told = browser.execute_script(
            "var b = window.lingwu.bounds, s = lingwuMap.getSize();"
            "var nw = lingwuMap.latLngToContainerPoint([b[3], b[0]]);"
            "var se = lingwuMap.latLngToContainerPoint([b[1], b[2]]);"
            "var panel = document.getElementById('panel').getBoundingClientRect();"
            "return [nw.x, nw.y, se.x, se.y, s.x, panel.top];"
        )
        left, top, right, bottom, width, panel = told
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= panel + 20
        assert right - left > width / 2 or bottom - top > panel / 2
    finally:
        browser.set_window_size(size["width"], size["height"])


def test_a_grid_tells_its_card_on_a_press(
    browser: WebDriver, pages: Path, small_plan: Plan
) -> None:
    open_page(browser, pages / "map.html")
    # Also after today was shown and hidden again: its canvas must not take the pointer.
    browser.find_element(By.CSS_SELECTOR, "[data-show=before]").click()
    browser.find_element(By.CSS_SELECTOR, "[data-show=after]").click()
    grid = small_plan.grids[small_plan.grids["kind"] == "basic"].iloc[5]
    point = grid.geometry.representative_point()
    x, y = browser.execute_script(
        "var p = lingwuMap.latLngToContainerPoint([arguments[0], arguments[1]]);"
        "return [Math.round(p.x), Math.round(p.y)];", point.y, point.x,
    )  # fmt: skip
    ActionChains(browser).move_by_offset(0, 0).perform()
    chain = ActionChains(browser)
    chain.w3c_actions.pointer_action.move_to_location(x, y).click()
    chain.perform()
    assert grid.grid_id in browser.find_element(By.ID, "card").text


def test_today_is_wiped_over_the_plan(browser: WebDriver, pages: Path, small_plan: Plan) -> None:
    open_page(browser, pages / "map.html")
    browser.find_element(By.CSS_SELECTOR, "[data-show=swipe]").click()
    clip = (
        "return [lingwuMap.getPane('now').style.clip, lingwuMap.getPane('overlayPane').style.clip]"
    )
    half = browser.execute_script(clip)
    assert all(half)
    # Each side is told by its own names and counts.
    now = small_plan.assignment["previous_grid_id"].value_counts()
    for side, sizes in (
        ("left", now),
        ("right", small_plan.grids.set_index("grid_id")["households"]),
    ):
        told = browser.execute_script(
            "var bar = document.getElementById('swipe-bar').getBoundingClientRect().left;"
            "return Array.from(document.querySelectorAll('.name span[data-kind=网格]')).filter("
            "function (e) { var b = e.getBoundingClientRect();"
            " return arguments[0] === 'left' ? b.right < bar : b.left > bar; }.bind(null))"
            ".map(function (e) { return e.textContent; })".replace("arguments[0]", f"'{side}'")
        )
        counts = {int(n) for text in told for n in re.findall(r"(\d+) 户", text)}
        assert counts, side
        assert counts <= set(sizes), side
    browser.execute_script(
        "var i = document.getElementById('swipe-at'); i.value = 20;"
        "i.dispatchEvent(new Event('input'));"
    )
    fifth = browser.execute_script(clip)
    assert [float(v) for v in re.findall(r"-?[\d.]+", fifth[0])][1] < [
        float(v) for v in re.findall(r"-?[\d.]+", half[0])
    ][1]
    # By hand: the bar follows the pointer, and stays beside the panel.
    grip = browser.find_element(By.CSS_SELECTOR, ".swipe .grip")
    panel = browser.find_element(By.ID, "panel").rect
    assert grip.rect["x"] > panel["x"] + panel["width"]
    start = grip.rect["x"]
    ActionChains(browser).drag_and_drop_by_offset(grip, 300, 0).perform()
    assert grip.rect["x"] == pytest.approx(start + 300, abs=15)
    # What moves is drawn on both sides, in the pane that is not wiped.
    marked = browser.execute_script(
        "return document.querySelectorAll('.leaflet-marks-pane path[stroke=\"#e65100\"]').length"
    )
    assert marked == len(small_plan.moves)
    browser.find_element(By.CSS_SELECTOR, "[data-show=after]").click()
    assert browser.execute_script(clip) == ["", ""]
    assert not browser.find_element(By.ID, "swipe").is_displayed()


def test_metres_are_measured(browser: WebDriver, pages: Path) -> None:
    open_page(browser, pages / "map.html")
    browser.find_element(By.ID, "tool-measure").click()
    browser.execute_script(
        "var c = lingwuMap.getCenter();"
        "lingwuMap.fire('click', {latlng: c});"
        "lingwuMap.fire('click', {latlng: L.latLng(c.lat + 0.001, c.lng)});"
    )
    told = [e.text for e in browser.find_elements(By.CSS_SELECTOR, ".leaflet-tooltip.metres")]
    assert told == ["起点", "111 米"]
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
    time.sleep(0.5)  # they fade away
    assert browser.find_elements(By.CSS_SELECTOR, ".leaflet-tooltip.metres") == []


def test_words_are_english_on_a_press_and_names_stay(
    browser: WebDriver, pages: Path, small_plan: Plan
) -> None:
    open_page(browser, pages / "map.html")
    button = browser.find_element(By.ID, "tool-language")
    button.click()
    panel = browser.find_element(By.ID, "panel").text
    assert "Resident households" in panel
    assert "常住户数" not in panel
    assert str(small_plan.summary["study"]) in panel
    # Sentences with numbers, too: the numbers stay what they were.
    browser.find_element(By.ID, "story-open").click()
    story = small_plan.stories.iloc[0]
    card = browser.find_element(By.ID, "story").text
    size = small_plan.grids.set_index("grid_id")["households"][story.grid_id]
    assert re.search(rf"(today \d+ households|new) → {size}", card)
    assert (
        f"{len(small_plan.stories)} changes, {small_plan.stories['households'].sum()} households"
        in (browser.find_element(By.ID, "story-sum").get_attribute("textContent") or "")
    )
    browser.find_element(By.ID, "story-close").click()
    button.click()
    assert "常住户数" in browser.find_element(By.ID, "panel").text


def test_every_card_is_english_but_for_names(
    browser: WebDriver, pages: Path, small_plan: Plan
) -> None:
    open_page(browser, pages / "map.html")
    browser.find_element(By.ID, "tool-language").click()
    browser.find_element(By.ID, "story-open").click()
    table = small_plan.stories
    known = {
        *small_plan.names.values(),
        *(str(name) for table in small_plan.backdrop.values() for name in table.get("name", ())),
        *(str(name) for name in small_plan.buildings["compound_name"]),
    }
    names = re.compile("|".join(sorted(map(re.escape, known - {""}), key=len, reverse=True)))
    for number in range(len(table)):
        browser.execute_script(f"lingwuStory({number})")
        card = browser.find_element(By.ID, "story").text
        assert re.findall(r"[^\x00-\u2fff]+", names.sub("", card).replace("、", "")) == [], card
    assert small_plan.stories["reason"].str.contains("不划").any()


def test_the_printed_page_has_no_buttons(browser: WebDriver, pages: Path) -> None:
    open_page(browser, pages / "map.html")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not browser.find_element(By.ID, "tool-print").is_displayed()
        assert browser.find_element(By.ID, "panel").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_every_page_that_leaves_the_office_starts_and_asks_nobody(
    browser: WebDriver, pages: Path
) -> None:
    shared, reviewed = list((pages / "share").iterdir()), list((pages / "review").iterdir())
    assert len(shared) > len(reviewed) >= 1
    for path in [*shared, *reviewed]:
        assert open_page(browser, path) == [], path.name
        text = browser.find_element(By.ID, "panel").text
        assert "合成数据" in text
        is_shared = path.parent.name == "share"
        assert ("内部工作用图" in text) != is_shared, "what leaves is not headed as what stays"
        assert ("给居民看的图" in text) == is_shared


def test_an_office_s_own_notice_stands_on_what_leaves_too(small_plan: Plan) -> None:
    part = Shared(small_plan).part("community_id", small_plan.communities["community_id"].iloc[0])
    assert "征求意见稿" in planner_map(part, notice="征求意见稿")


def test_no_household_is_in_a_page_that_leaves_the_office(pages: Path, small_plan: Plan) -> None:
    ids = small_plan.assignment["household_id"].tolist()
    for path in [*(pages / "share").iterdir(), *(pages / "review").iterdir()]:
        words = set(re.findall(r"[\w-]+", path.read_text("utf-8")))
        assert not words & set(ids), path.name


def test_counts_are_told_in_tens_and_sums_are_those_of_the_part(small_plan: Plan) -> None:
    community = small_plan.communities["community_id"].iloc[0]
    part = Shared(small_plan).part("community_id", community)
    rows = small_plan.assignment[small_plan.assignment["community_id"] == community]
    low, high = window(part.summary["households"])
    assert low <= len(rows) <= high
    assert high - low == 9
    sizes = small_plan.grids.set_index("grid_id")
    for row in part.grids.itertuples():
        for name in ("households", "households_in", "households_out"):
            low, high = window(getattr(row, name))
            assert low <= sizes.loc[row.grid_id, name] <= high, (row.grid_id, name)
            assert high == 0 or high - low >= 8
    assert len(part.assignment) == len(part.units) == len(part.changes) == 0
    assert "inputs" not in part.run
    inside = set(rows["grid_id"])
    moved = small_plan.moves
    here = moved["grid_id"].isin(inside) | moved["previous_grid_id"].isin(inside)
    sums = moved[here].groupby(["previous_grid_id", "grid_id"])["households"].sum()
    drawn = part.moves.set_index(["previous_grid_id", "grid_id"])["households"]
    assert set(drawn.index) == set(sums.index[sums >= 10])
    assert all(
        window(drawn[pair])[0] <= sums[pair] <= window(drawn[pair])[1] for pair in drawn.index
    )


def test_a_flow_of_few_is_not_drawn_and_its_count_not_told(small_plan: Plan) -> None:
    pair = ["previous_grid_id", "grid_id"]
    first = small_plan.moves[pair].drop_duplicates().iloc[0].tolist()
    buildings = small_plan.buildings
    here = (buildings[pair] == first).all(axis=1)
    few = buildings.assign(households=buildings["households"].where(~here, 0))
    few.loc[here.idxmax(), "households"] = 4
    part = Shared(small_plan.with_long(buildings=few))
    community = small_plan.grids.set_index("grid_id")["community_id"][first[1]]
    page = part.part("community_id", community)
    assert first not in page.moves[pair].to_numpy().tolist()
    assert part.figures.text("flow", *first) == FEW


def test_a_zone_of_few_has_no_count_and_a_reason_no_number(small_plan: Plan) -> None:
    grid = small_plan.grids["grid_id"].iloc[0]
    rows = small_plan.buildings
    few = rows[(rows["grid_id"] != grid)]
    few = pd.concat([few, rows[rows["grid_id"] == grid].iloc[:1].assign(households=3)])
    grids = small_plan.grids.assign(status=UNLAWFUL, reason="不足下限 300 户，差 297 户")
    record = replace(small_plan.with_long(buildings=few), grids=grids)
    part = Shared(record).part("community_id", grids["community_id"].iloc[0])
    told = part.grids.set_index("grid_id")
    assert told.loc[grid, "households"] == FEW
    assert set(told["reason"]) == {"不足下限 300 户"}


def test_todays_zones_of_a_retired_community_are_on_the_page_of_their_ground(
    small_plan: Plan,
) -> None:
    """A community of today that is gone: who has its ground now shows its grids."""
    back = small_plan.backdrop
    gone = {name: back[name].assign(community_id="gone") for name in ("grids", "communities")}
    record = replace(small_plan, backdrop=back | gone)
    part = Shared(record).part("community_id", small_plan.communities["community_id"].iloc[0])
    assert len(part.backdrop["grids"]) > 3
    assert set(part.backdrop["grids"]["community_id"]) == {"gone"}


def test_hostile_names_are_text_in_every_page(
    browser: WebDriver, small_plan: Plan, tmp_path: Path
) -> None:
    record = replace(
        small_plan,
        grids=small_plan.grids.assign(grid_name=HOSTILE, reason=HOSTILE, boundary_text=HOSTILE),
        communities=small_plan.communities.assign(community_name=HOSTILE),
        summary=small_plan.summary | {"study": HOSTILE},
        backdrop={
            name: table.assign(**{c: HOSTILE for c in ("name", "grid_name") if c in table})
            for name, table in small_plan.backdrop.items()
        },
    )
    write_maps(record, tmp_path)
    write_outgoing(record, tmp_path)
    assert {p.parent.name for p in tmp_path.rglob("*.html")} == {tmp_path.name, "share", "review"}
    for path in tmp_path.rglob("*.html"):
        assert open_page(browser, path) == []
        browser.execute_script(
            "var s = document.getElementById('search'); s.value = 'img';"
            "s.dispatchEvent(new Event('input'));"
            "var b = document.querySelector('#found button'); if (b) { b.click(); }"
            "if (window.lingwuReview) { lingwuReview.view.onSelect([0, 1, 2], true); }"
        )
        assert browser.execute_script("return window.hurt") is None, path.name


def test_the_map_says_which_plan_it_shows(small_plan: Plan) -> None:
    page = planner_map(small_plan, notice="<b>勿外传</b>")
    assert "&lt;b&gt;勿外传" in page
    assert re.search(r"方案 [0-9a-f]{12}", page)


def test_tiles_are_asked_for_only_where_they_are_wanted(
    browser: WebDriver, small_plan: Plan, tmp_path: Path
) -> None:
    path = tmp_path / "tiles.html"
    page = planner_map(small_plan, tiles="https://tiles.example/{z}/{x}/{y}.png")
    path.write_text(page, encoding="utf-8")
    asked = [a for a in open_page(browser, path) if a.startswith("http")]
    time.sleep(0.5)
    assert all("tiles.example" in a for a in asked)
    wanted = browser.execute_script(
        "return [...document.querySelectorAll('img.leaflet-tile')].map(function (i) {"
        "return i.src; })"
    )
    assert wanted
    assert all(src.startswith("https://tiles.example/") for src in wanted)


def test_areas_are_joined_though_a_sliver_has_turned_over() -> None:
    """A bow tie beside a square: what rounding leaves of a sliver in degrees."""
    bow = shapely.Polygon([(0, 0), (1e-9, 1e-9), (1e-9, 0), (0, 1e-9)])
    square = shapely.box(0, 0, 1, 1)
    made = joined(gpd.GeoSeries([bow, square, shapely.box(1, 0, 2, 1)]))
    assert made.is_valid
    assert made.area == pytest.approx(2)


def test_a_compound_that_changes_community_with_its_grid_is_told_so(small_plan: Plan) -> None:
    """All of a compound's households keep their grid; the grid goes to another community."""
    flows = small_plan.buildings[small_plan.buildings["compound_id"] != ""].iloc[:1]
    code, grid = flows["compound_id"].iloc[0], flows["grid_id"].iloc[0]
    other = small_plan.communities["community_id"].iloc[-1]
    rows = flows.assign(previous_grid_id=grid, previous_community_id="C-old", community_id=other)
    card = lookup(small_plan.with_long(buildings=rows))["compounds"][code]
    assert card["said"] == "小区：整体改属另一社区"
    assert "社区改属" in card["rows"][0][1]
    stays = rows.assign(previous_community_id=other)
    assert lookup(small_plan.with_long(buildings=stays))["compounds"][code]["said"] == (
        "小区：整体不变"
    )


def test_a_street_is_found_by_its_name(small_plan: Plan) -> None:
    streets = small_plan.backdrop["subdistricts"]["name"].tolist()
    found = {name for name, kind, *_ in lookup(small_plan)["places"] if kind == "街道"}
    assert found == set(streets)


def test_the_whole_view_is_on_the_printed_sheet(browser: WebDriver, pages: Path) -> None:
    """What is in view stays inside the sheet: 281 by 193 mm, at 96 dots an inch."""
    for path in (pages / "map.html", next((pages / "review").glob("*.html"))):
        open_page(browser, path)
        browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
        size = browser.execute_script(
            "var m = window.lingwuMap, b = m.getBounds(), s = m.getSize(); return [s.x, s.y];"
        )
        assert size == [
            pytest.approx(281 / 25.4 * 96, abs=2),
            pytest.approx(193 / 25.4 * 96, abs=2),
        ]
        sheet = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
        pdf = base64.b64decode(sheet["data"])
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
        browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
        assert browser.execute_script("return window.lingwuMap.getSize().x") > 1200
