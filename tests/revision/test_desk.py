"""What the review page offers who draws: a table of all grids, a look ahead, versions, a score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from lingwu_grid.maps.review_ground import ground_of
from lingwu_grid.maps.review_page import review_page
from lingwu_grid.planning.streets import streets_of
from tests.browsing import open_page
from tests.revision.test_page import give, grid_of, number_of
from tests.revision.test_patch import border_units

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from selenium.webdriver.chrome.webdriver import WebDriver

    import lingwu_grid as lg


@pytest.fixture
def desk(browser: WebDriver, small_plan: lg.Plan, tmp_path: Path) -> WebDriver:
    path = tmp_path / "review.html"
    path.write_text(review_page(small_plan, streets_of(small_plan)[0]), encoding="utf-8")
    assert open_page(browser, path) == []
    browser.execute_script("localStorage.clear()")
    assert open_page(browser, path) == []
    return browser


def own(plan: lg.Plan) -> gpd.GeoDataFrame:
    """Grids of the first street."""
    here = plan.communities["subdistrict_id"].astype(str) == streets_of(plan)[0]
    mine = plan.grids["community_id"].isin(plan.communities.loc[here, "community_id"])
    return plan.grids[mine]


def opened(desk: WebDriver, part: str) -> None:
    desk.find_element(By.CSS_SELECTOR, f"#{part} > summary").click()
    filled = {"zones": "#zone-list tr", "versions": "#version-list li"}[part]
    WebDriverWait(desk, 20).until(lambda d: d.find_elements(By.CSS_SELECTOR, filled))


def rows(desk: WebDriver) -> dict[str, list[str]]:
    """The table of grids, by name."""
    found: list[list[str]] = desk.execute_script(
        "return Array.from(document.querySelectorAll('#zone-list tr')).map(function (r) {"
        " return Array.from(r.children).map(function (c) { return c.textContent; }); });"
    )
    return {row[0]: row[1:] for row in found}


def test_every_grid_has_a_row_with_its_count_and_a_bar(
    desk: WebDriver, small_plan: lg.Plan
) -> None:
    opened(desk, "zones")
    told = rows(desk)
    grids = own(small_plan)
    wanted = dict(zip(grids["grid_name"], grids["households"].astype(str), strict=True))
    assert {name: row[1] for name, row in told.items()} == wanted
    assert all(row[2] == "" for row in told.values()), "nothing is changed yet"
    widths = desk.execute_script(
        "return Array.from(document.querySelectorAll('#zone-list .fill')).map("
        "function (f) { return parseFloat(f.style.width); })"
    )
    # The upper limit stands at 100 / 1.3 of the bar.
    sizes = [int(row[1]) for row in told.values()]
    assert widths == pytest.approx([100 * n / (500 * 1.3) for n in sizes], abs=0.01)


def test_a_change_is_told_in_the_table_and_what_is_out_of_range_comes_first(
    desk: WebDriver, small_plan: lg.Plan
) -> None:
    opened(desk, "zones")
    unit, before, after = border_units(small_plan, lawful=True)[0]
    homes = int(small_plan.units.set_index("unit_id")["households"][unit])
    name = small_plan.names
    give(desk, unit, after)
    told = rows(desk)
    assert told[name[before]][2] == f"-{homes}"
    assert told[name[after]][2] == f"+{homes}"
    everything = [
        number_of(desk, u) for u in small_plan.units.query("grid_id == @after")["unit_id"]
    ]
    desk.execute_script(
        "lingwuReview.desk.give(arguments[0], arguments[1]);"
        "lingwuReview.zones.tell();", everything,
        desk.execute_script("return lingwuReview.desk.grid[arguments[0]]", number_of(
            desk, small_plan.units.loc[small_plan.units["grid_id"] == before, "unit_id"].iloc[-1]
        )),
    )  # fmt: skip
    first = next(iter(rows(desk)))
    assert first == f"▲ {name[before]}"


def ground(desk: WebDriver) -> dict[str, Any]:
    found: dict[str, Any] = desk.execute_script(
        "return lingwuReview.zones.scoreOf(lingwuReview.desk.grid)"
    )
    return found


def test_the_score_is_what_the_polygons_give(desk: WebDriver, small_plan: lg.Plan) -> None:
    shapes = own(small_plan).to_crs(small_plan.work_crs).geometry.to_numpy()
    told = ground(desk)
    girth, area = shapely.length(shapes), shapely.area(shapes)
    assert told["compact"] == pytest.approx((4 * np.pi * area / girth**2).tolist(), rel=0.01)
    outer = shapely.length(shapely.union_all(shapes, grid_size=0.01))
    assert told["border"] == pytest.approx((girth.sum() - outer) / 2, rel=0.01)
    assert 0 <= told["off"] <= told["border"]
    before = told["off"]
    # The border of a unit in the middle of a grid follows what is there, or nothing: by hand.
    units = small_plan.units
    here = units[units["grid_id"].isin(own(small_plan)["grid_id"])].reset_index(drop=True)
    pairs = np.array(ground_of(small_plan, here)["pairs"]).reshape(-1, 4)
    grid = here["grid_id"].to_numpy()
    inner = next(
        u for u in range(len(here))
        if (grid[pairs[(pairs[:, 0] == u) | (pairs[:, 1] == u)][:, :2]] == grid[u]).all()
    )  # fmt: skip
    round_it = pairs[(pairs[:, 0] == inner) | (pairs[:, 1] == inner)]
    other = next(g for g in own(small_plan)["grid_id"] if g != grid[inner])
    desk.execute_script(
        "var d = lingwuReview.desk, u = d.town.unitIds.indexOf(arguments[0]);"
        "d.grid[u] = d.grids.map(function (g) { return g.id; }).indexOf(arguments[1]);",
        here["unit_id"][inner], other,
    )  # fmt: skip
    assert ground(desk)["off"] - before == round_it[:, 3].sum()


def test_a_move_is_shown_before_it_is_made(desk: WebDriver, small_plan: lg.Plan) -> None:
    unit, _, after = border_units(small_plan, lawful=True)[0]
    number = number_of(desk, unit)
    desk.execute_script("lingwuReview.view.onSelect([arguments[0]], false)", number)
    style = "return lingwuReview.view.polygons[arguments[0]].options.fillColor"
    selected = desk.execute_script(style, number)
    button = next(
        b for b in desk.find_elements(By.CSS_SELECTOR, "[data-give]")
        if small_plan.names[after] in b.text
    )  # fmt: skip
    ActionChains(desk).move_to_element(button).perform()
    wanted = desk.execute_script(
        "return lingwuReview.view.colour(Number(arguments[0]))", button.get_attribute("data-give")
    )
    assert desk.execute_script(style, number) == wanted != selected
    ActionChains(desk).move_to_element(desk.find_element(By.ID, "search")).perform()
    assert desk.execute_script(style, number) == selected
    # And over the map: the grid under the pointer tells what would become of it.
    text = desk.execute_script(
        "var d = lingwuReview.desk, g = arguments[0];"
        "var at = lingwuReview.view.town.points[d.grid.indexOf(g)];"
        "lingwuMap.fire('mousemove', { latlng: L.latLng(at[1] / 1e6, at[0] / 1e6) });"
        "var tip = document.querySelector('.leaflet-tooltip'); return tip ? tip.textContent : ''",
        int(button.get_attribute("data-give") or 0),
    )
    assert text == button.text


def test_versions_are_kept_compared_and_opened_again(desk: WebDriver, small_plan: lg.Plan) -> None:
    (unit, before, after), *_ = border_units(small_plan, lawful=True)
    homes = int(small_plan.units.set_index("unit_id")["households"][unit])
    opened(desk, "versions")

    def save(name: str) -> None:
        desk.find_element(By.ID, "version-name").send_keys(name)
        desk.find_element(By.CSS_SELECTOR, "#version-save button").click()

    save("<b>甲</b>")
    give(desk, unit, after)
    save("乙")
    names = [item.text.split("\n")[0] for item in listed(desk)]
    assert names == ["原方案", "本页现在", "<b>甲</b>", "乙"], "a name is text"
    for name in ("<b>甲</b>", "乙"):
        next(i for i in listed(desk) if i.text.startswith(name)).find_element(
            By.TAG_NAME, "input"
        ).click()
    told = desk.find_element(By.ID, "version-compare").text
    assert f"两版有 1 个单元、{homes} 户归属不同" in told
    desk.refresh()
    opened(desk, "versions")
    assert len(listed(desk)) == 4, "they are kept"
    press(desk, "<b>甲", "打开")
    assert grid_of(desk, unit) == before
    # What was on the desk is no version yet, and is kept all the same.
    give(desk, unit, after)
    desk.execute_script(
        "lingwuReview.desk.comments.push({ x: 1, y: 1, grid: '', text: '一句话' });"
        "lingwuReview.versions.tell()"
    )
    press(desk, "<b>甲", "打开")
    assert grid_of(desk, unit) == before
    assert "之前的改动存为“打开之前”" in desk.find_element(By.ID, "said").text
    press(desk, "打开之前", "打开")
    assert grid_of(desk, unit) == after
    assert desk.execute_script("return lingwuReview.desk.comments.length") == 1


def test_a_damaged_store_of_versions_is_empty_and_works(desk: WebDriver) -> None:
    for damaged in ("null", "{}", '"x"', "[1]", '[{"name": "丙", "patch": {}}]', "{"):
        desk.execute_script(
            "localStorage.setItem(lingwuReview.versions.shelf, arguments[0])", damaged
        )
        desk.refresh()
        opened(desk, "versions")
        assert len(listed(desk)) == 2, damaged
        desk.find_element(By.ID, "version-name").send_keys("丁")
        desk.find_element(By.CSS_SELECTOR, "#version-save button").click()
        assert len(listed(desk)) == 3
    assert [e for e in desk.get_log("browser") if e["level"] == "SEVERE"] == []


def test_the_mean_of_a_version_does_not_depend_on_what_lies_on_the_desk(
    desk: WebDriver, small_plan: lg.Plan
) -> None:
    opened(desk, "versions")
    (unit, _, _), *_ = border_units(small_plan, lawful=True)
    desk.execute_script("lingwuReview.view.onSelect([arguments[0]], false)", number_of(desk, unit))
    desk.find_element(By.ID, "give-new").click()
    desk.find_element(By.ID, "version-name").send_keys("新网格")
    desk.find_element(By.CSS_SELECTOR, "#version-save button").click()
    mean = (
        "var v = lingwuReview.versions, d = v.desked('新网格');"
        "return v.zones.scoreOf(d.grid, d.grids.length).mean"
    )
    with_new = desk.execute_script(mean)
    wanted = desk.execute_script("return lingwuReview.zones.scoreOf(lingwuReview.desk.grid).mean")
    press(desk, "新网格", "打开")
    desk.find_element(By.ID, "undo").click()
    desk.execute_script("lingwuReview.desk.clear()")
    assert desk.execute_script(mean) == with_new == wanted


def test_units_of_a_locked_grid_are_offered_to_nobody(desk: WebDriver, small_plan: lg.Plan) -> None:
    unit, before, _ = border_units(small_plan, lawful=True)[0]
    desk.execute_script(
        "var d = lingwuReview.desk; d.toggleLock(d.grids.findIndex(function (g) {"
        " return g.id === arguments[0]; }.bind(null)));".replace("arguments[0]", f"'{before}'")
    )
    desk.execute_script("lingwuReview.view.onSelect([arguments[0]], false)", number_of(desk, unit))
    buttons = desk.find_elements(By.CSS_SELECTOR, "[data-give]")
    assert buttons
    assert not any(button.is_enabled() for button in buttons)
    assert (
        f"{small_plan.names[before]} 锁定，其单元不动" in desk.find_element(By.ID, "selection").text
    )


def press(desk: WebDriver, version: str, word: str) -> None:
    item = next(i for i in listed(desk) if i.text.startswith(version))
    next(b for b in item.find_elements(By.TAG_NAME, "button") if b.text == word).click()


def listed(desk: WebDriver) -> list[Any]:
    return desk.find_elements(By.CSS_SELECTOR, "#version-list li")


def test_the_table_is_sorted_by_a_press_on_a_heading(desk: WebDriver, small_plan: lg.Plan) -> None:
    opened(desk, "zones")
    grids = own(small_plan)
    counts = sorted(grids["households"].tolist(), reverse=True)
    press = {b.text: b for b in desk.find_elements(By.CSS_SELECTOR, "#zone-heads button")}
    assert list(press) == ["网格", "超限", "户数", "变化"]

    def told() -> tuple[list[int], list[str | None]]:
        listed = [int(row[1]) for row in rows(desk).values()]
        heads = desk.find_elements(By.CSS_SELECTOR, "#zone-heads th")
        return listed, [head.get_attribute("aria-sort") for head in heads]

    assert told()[1] == ["none"] * 4
    press["户数"].click()
    assert told() == (counts, ["none", "none", "descending", "none"])
    press["户数"].click()
    assert told() == (counts[::-1], ["none", "none", "ascending", "none"])
    press["网格"].click()
    assert told()[1] == ["ascending", "none", "none", "none"]
    number = [int(name.split("第")[-1].removesuffix("网格")) for name in rows(desk)]
    community = [name.split("第")[0] for name in rows(desk)]
    runs = [c for k, c in enumerate(community) if not k or c != community[k - 1]]
    assert len(runs) == len(set(runs)), "grids of a community stand together"
    for one in runs:
        inside = [n for n, c in zip(number, community, strict=True) if c == one]
        assert inside == sorted(inside), "9 before 10"
    press["网格"].click()
    assert told()[1][0] == "descending"
    # A change is told first where changes are asked for.
    unit, before, after = border_units(small_plan, lawful=True)[0]
    give(desk, unit, after)
    press["变化"].click()
    assert set(list(rows(desk))[:2]) == {small_plan.names[before], small_plan.names[after]}
