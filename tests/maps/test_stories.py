"""The walk through the change, in a real browser: who, where, why, from the page alone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lingwu_grid.contract.kinds import MOVED
from lingwu_grid.maps.page import planner_map
from tests.browsing import open_page

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    from lingwu_grid.plan import Plan


def _card(browser: WebDriver) -> str:
    return str(browser.find_element(By.ID, "story").text)


def test_each_story_is_one_screen_and_keys_lead_through_all(
    browser: WebDriver, page: Path, small_plan: Plan
) -> None:
    browser.set_window_size(1366, 768)
    assert open_page(browser, page) == []
    stories = small_plan.stories
    browser.find_element(By.ID, "story-open").click()
    body = browser.find_element(By.TAG_NAME, "body")
    for number, story in enumerate(stories.itertuples(index=False), start=1):
        card = _card(browser)
        assert f"{number} / {len(stories)}" in card
        assert f"{story.households} 户" in card
        assert story.reason.replace("；", "\n") in card
        today = story.previous_grid_id
        if small_plan.recoded.get(today, today) != story.grid_id:
            assert story.place in card
            assert small_plan.names[story.grid_id] in card
        # A grid's count is told whole: what this story does to it, and what all the others do.
        goal = small_plan.grids.set_index("grid_id")["households"][story.grid_id]
        now = small_plan.assignment["previous_grid_id"].replace(small_plan.recoded)
        rest = goal - (now == story.grid_id).sum()
        if small_plan.recoded.get(today, today) != story.grid_id:
            assert f"本项 +{story.households} 户" in card
            rest -= story.households
        if rest:
            assert f"其他各项 {'+' if rest > 0 else '−'}{abs(rest)} 户" in card
        moved = story.previous_community_id not in ("", story.community_id)
        assert ("社区 不变" in " ".join(card.split())) == (not moved)
        inside = browser.execute_script(
            "var s = window.lingwu.stories[arguments[0]];"
            "return [s.from, s.to].every(p => lingwuMap.getBounds().contains(p))", number - 1
        )  # fmt: skip
        assert inside
        body.send_keys(Keys.ARROW_RIGHT)
    assert f"1 / {len(stories)}" in _card(browser)  # round again
    body.send_keys(Keys.ARROW_LEFT)
    assert f"{len(stories)} / {len(stories)}" in _card(browser)
    body.send_keys(Keys.ESCAPE)
    assert not browser.find_element(By.ID, "story").is_displayed()
    asked = browser.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    assert [name for name in asked if not name.startswith("data:")] == []


def test_the_ground_of_a_story_and_both_borders_are_drawn(
    browser: WebDriver, page: Path, small_plan: Plan
) -> None:
    assert open_page(browser, page) == []
    browser.find_element(By.ID, "story-open").click()
    told = small_plan.stories
    # Between two grids that both go on, so that a new border parts them.
    both = told[["previous_grid_id", "grid_id"]].isin(set(small_plan.grids["grid_id"])).all(axis=1)
    moves = both & (told["previous_grid_id"] != told["grid_id"])
    arrows = 0
    for number in np.flatnonzero(moves.to_numpy())[:8].tolist():
        browser.execute_script("window.lingwuStory(arguments[0])", number)
        marks = browser.find_elements(By.CSS_SELECTOR, ".leaflet-marks-pane path")
        strokes = {mark.get_attribute("stroke") for mark in marks}
        assert {"#5d4037", "#000"} <= strokes
        # The ground lies below the lines that part it.
        fills = [mark.get_attribute("fill") for mark in marks]
        ground = fills.index(MOVED)
        thick = {m.get_attribute("stroke"): k for k, m in enumerate(marks)
                 if m.get_attribute("stroke-width") in ("4", "5")}  # fmt: skip
        assert ground < min(thick["#000"], thick["#5d4037"])
        # No arrow where the ground is all but in its new grid on the screen.
        arrows += "#b71c1c" in strokes
    assert arrows > 0


def test_ground_alone_is_a_story_on_the_map(
    browser: WebDriver, small_plan: Plan, tmp_path: Path
) -> None:
    """A story of a park: no households to tell, its ground is drawn, and the keys lead to it."""
    stories, units = small_plan.stories.copy(), small_plan.units
    last = stories.iloc[-1].to_dict()
    park = units.loc[units["households"] == 0, "unit_id"].iloc[0]
    last |= {
        "households": 0,
        "elderly": 0,
        "buildings": 0,
        "units": park,
        "place": "无户的地（甲街旁）",
    }
    stories.loc[len(stories)] = last
    page = tmp_path / "map.html"
    plan = replace(small_plan, tables=small_plan.tables | {"stories": stories})
    page.write_text(planner_map(plan), "utf-8")
    assert open_page(browser, page) == []
    browser.find_element(By.ID, "story-open").click()
    browser.find_element(By.ID, "story-back").click()
    card = _card(browser)
    assert "无户的地（甲街旁）" in card
    assert "本项" not in card.split("原因")[0]
    assert f"{len(stories)} 项，{small_plan.stories['households'].sum()} 户" in card
    pale = browser.find_elements(By.CSS_SELECTOR, ".leaflet-marks-pane path[fill='#ffdcb8']")
    assert any(path.get_attribute("d") != "M0 0" for path in pale)


def test_a_story_has_the_screen_and_its_names_stand_on_white(
    browser: WebDriver, page: Path, small_plan: Plan
) -> None:
    browser.set_window_size(1366, 768)
    assert open_page(browser, page) == []
    figures = browser.find_element(By.CSS_SELECTOR, ".panel .of-plan")
    assert figures.is_displayed()
    assert not browser.find_elements(By.CSS_SELECTOR, "[data-told]")
    browser.find_element(By.ID, "story-open").click()
    assert not figures.is_displayed()
    told = [span.text for span in browser.find_elements(By.CSS_SELECTOR, "[data-told]")]
    goal = small_plan.names[small_plan.stories["grid_id"].iloc[0]]
    assert any(goal in text for text in told)
    ground = browser.execute_script(
        "return getComputedStyle(document.querySelector('[data-told]')).backgroundColor"
    )
    assert ground == "rgba(255, 255, 255, 0.8)"
    browser.find_element(By.ID, "story-close").click()
    assert figures.is_displayed()


def test_a_community_narrows_the_list_and_its_sum(
    browser: WebDriver, page: Path, small_plan: Plan
) -> None:
    assert open_page(browser, page) == []
    browser.find_element(By.ID, "story-open").click()
    stories = small_plan.stories
    assert f"{len(stories)} 项，{stories['households'].sum()} 户" in _card(browser)
    names = small_plan.names
    code = stories["community_id"].iloc[-1]
    browser.execute_script(
        "var s = document.getElementById('story-of'); s.value = arguments[0];"
        "s.dispatchEvent(new Event('change'))", names[code]
    )  # fmt: skip
    mine = stories[(stories["community_id"] == code) | (stories["previous_community_id"] == code)]
    assert f"1 / {len(mine)}" in _card(browser)
    assert f"{len(mine)} 项，{mine['households'].sum()} 户" in _card(browser)


def test_the_card_fits_a_phone_and_leaves_room_for_the_map(browser: WebDriver, page: Path) -> None:
    browser.set_window_size(390, 844)
    assert open_page(browser, page) == []
    browser.execute_script("document.getElementById('story-open').click()")
    box = browser.find_element(By.ID, "story").rect
    assert box["width"] <= 390
    assert box["height"] <= 0.5 * browser.execute_script("return innerHeight")
    browser.set_window_size(1366, 768)


def test_the_plots_of_the_houses_that_move_are_drawn(browser: WebDriver, page: Path) -> None:
    assert open_page(browser, page) == []
    browser.execute_script("document.getElementById('story-open').click()")
    drawn = """
      var n = 0;
      window.lingwuMap.eachLayer(function (l) {
        if (l.feature && l.options.pane === 'marks' && l.options.fill === false) { n += 1; }
      });
      return n"""
    count = browser.execute_script("return window.lingwu.stories.length")
    seen = []
    for at in range(count):
        browser.execute_script("window.lingwuStory(arguments[0])", at)
        seen.append(browser.execute_script(drawn))
    assert max(seen) > 1


def test_today_is_seen_below_a_story_and_the_walk_goes_on(browser: WebDriver, page: Path) -> None:
    assert open_page(browser, page) == []
    browser.find_element(By.ID, "story-open").click()
    panel, today = (browser.find_element(By.ID, name) for name in ("panel", "story-today"))
    black = ".leaflet-marks-pane path[stroke='#000']"
    assert panel.get_attribute("data-view") == "story"
    today.click()
    assert panel.get_attribute("data-view") == "before"
    assert today.get_attribute("aria-pressed") == "true"
    assert browser.find_element(By.ID, "story").is_displayed()
    assert browser.find_elements(By.CSS_SELECTOR, black)
    browser.execute_script("document.getElementById('card').hidden = false")  # of what is pressed
    browser.find_element(By.ID, "story-next").click()
    assert not browser.find_element(By.ID, "card").is_displayed()
    assert panel.get_attribute("data-view") == "story"
    assert today.get_attribute("aria-pressed") == "false"
    assert "2 / " in _card(browser)
    today.click()
    today.click()
    assert panel.get_attribute("data-view") == "story"
    today.click()
    browser.find_element(By.ID, "story-close").click()
    assert panel.get_attribute("data-view") == "after"
    assert not browser.find_elements(By.CSS_SELECTOR, black)


def test_a_card_names_the_other_changes_of_its_grids_and_leads_to_them(
    browser: WebDriver, page: Path, small_plan: Plan
) -> None:
    assert open_page(browser, page) == []
    browser.find_element(By.ID, "story-open").click()
    told = browser.execute_script(
        "return window.lingwu.stories.map(s => "
        "[s.left, s.goal].concat(s.communities).filter(Boolean).map(g => g.code))"
    )
    shared = [
        {n for n, other in enumerate(told) if n != at and set(other) & set(mine)}
        for at, mine in enumerate(told)
    ]
    assert any(shared)
    at = next(n for n, others in enumerate(shared) if others)
    browser.execute_script(f"lingwuStory({at})")
    for folded in browser.find_elements(By.CSS_SELECTOR, "#story-body .others summary"):
        inside = folded.find_elements(By.XPATH, "../button")
        assert folded.text == f"也涉及它的 {len(inside)} 项"
        # A few stand open.
        is_open = folded.find_element(By.XPATH, "..").get_attribute("open") is not None
        assert is_open == (len(inside) <= 3)
        if not is_open:
            folded.click()
    buttons = browser.find_elements(By.CSS_SELECTOR, "#story-body .others button")
    effects = [re.fullmatch(r"(\d+)（(改属|地|[+−]\d+)）", button.text) for button in buttons]
    assert {int(effect[1]) - 1 for effect in effects if effect} == shared[at]
    # What the others do to a grid adds up to what the card says of them all.
    for side in browser.find_elements(By.CSS_SELECTOR, "#story-body .side"):
        rest = re.search(r"其他各项 ([+−]\d+)", side.text)
        amounts = re.findall(r"\d+（([+−]\d+)）", side.text)
        signed = [int(amount.replace("−", "-")) for amount in amounts]
        assert sum(signed) == (int(rest[1].replace("−", "-")) if rest else 0)
    limits = browser.find_elements(By.CSS_SELECTOR, "#story-body .limit")
    assert {limit.text for limit in limits} in ({"300", "500"}, {"300", "500", "3000", "5000"})
    first = int(buttons[0].text.partition("（")[0])
    buttons[0].click()
    assert f"{first} / {len(small_plan.stories)}" in _card(browser)


def test_both_grids_of_a_story_are_named_where_they_are_seen(
    browser: WebDriver, page: Path
) -> None:
    assert open_page(browser, page) == []
    browser.find_element(By.ID, "story-open").click()
    stories = browser.execute_script("return window.lingwu.stories")
    moves = [
        n for n, s in enumerate(stories) if s["left"] and s["left"]["code"] != s["goal"]["code"]
    ]
    assert len(moves) > 3
    for number in moves:
        browser.execute_script(f"lingwuStory({number})")
        said = browser.execute_script(
            "return [...document.querySelectorAll('.leaflet-labels-pane .name')]"
            ".filter(e => { const b = e.getBoundingClientRect();"
            " return b.left > 300 && b.right < innerWidth; }).map(e => e.innerText)"
        )
        ends = [stories[number]["goal"]]
        if stories[number]["left"]["plan"] is not None and stories[number]["back"]:
            ends.append(stories[number]["left"])
        for end in ends:
            name = end["name"].partition("（")[0]
            assert any(name in word for word in said), (number, name, said)


def test_the_walk_goes_on_where_one_left_it_to_look_at_today(
    browser: WebDriver, page: Path
) -> None:
    assert open_page(browser, page) == []
    browser.find_element(By.ID, "story-open").click()
    browser.execute_script("lingwuStory(2)")
    browser.execute_script("window.lingwuShow('before')")
    assert not browser.find_element(By.ID, "story").is_displayed()
    browser.find_element(By.ID, "story-open").click()
    assert browser.find_element(By.ID, "story-at").text.startswith("3 / ")
