"""The walk through the change, in a real browser: who, where, why, from the page alone."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import polyline
import pytest
import shapely
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from shapely import LineString, Point, Polygon

from lingwu_grid.contract.kinds import MOVED
from lingwu_grid.maps.lookup import PASSES, lookup
from lingwu_grid.maps.page import planner_map
from lingwu_grid.maps.sharing import Shared
from lingwu_grid.maps.stories import drawn_cards, story_cards
from lingwu_grid.maps.story_lines import Lines
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
        assert story.reason in card
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


def test_ground_without_homes_is_drawn_apart_from_homes(small_plan: Plan) -> None:
    units = small_plan.units.set_index("unit_id")
    # A park that goes with the homes of a story that does not pass as a whole.
    stories = small_plan.stories.copy()
    stays = stories["previous_grid_id"].replace(small_plan.recoded) == stories["grid_id"]
    row = stories.index[~stays][0]
    stories.loc[row, "units"] += f" {units.index[units['households'] == 0][0]}"
    plan = replace(small_plan, tables=small_plan.tables | {"stories": stories})
    parks = 0
    for card, story in zip(drawn_cards(plan), stories.itertuples(index=False), strict=True):
        mine = units.loc[story.units.split(" ")]
        # Of a grid that passes all ground passes, and nothing of it is drawn apart.
        passes = plan.recoded.get(story.previous_grid_id) == story.grid_id
        is_bare = (mine["households"] == 0) & (not passes)
        parks += is_bare.sum()
        for rings, shapes in (
            (card["rings"], mine.geometry[~is_bare]), (card["parks"], mine.geometry[is_bare])
        ):  # fmt: skip
            ground = shapely.union_all(
                [Polygon(polyline.decode(ring, 6, geojson=True)) for ring in rings]
            )
            # Holes are not drawn: nothing of the ground is missing, and nothing lies outside it.
            filled = [Polygon(part.exterior) for part in shapely.get_parts(shapes.union_all())]
            assert shapely.symmetric_difference(ground, shapely.union_all(filled)).area < 5e-9
    assert parks


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
    dotted = browser.find_elements(
        By.CSS_SELECTOR, ".leaflet-marks-pane path[stroke-dasharray='1 8']"
    )
    assert any(path.get_attribute("d") != "M0 0" for path in dotted)


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


def test_a_grid_that_passes_to_another_community_has_a_mark(small_plan: Plan) -> None:
    marks = lookup(small_plan)["marks"]["after"]
    passing = set(small_plan.recoded.values())
    assert passing
    assert {code for code, mark in marks.items() if mark.endswith(PASSES)} == passing


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


def test_a_card_counts_all_of_a_compound_that_is_parted(small_plan: Plan) -> None:
    rows = small_plan.buildings
    rows = rows.assign(way=rows["previous_grid_id"] + rows["grid_id"])
    rows = rows[rows["compound_name"] != ""]
    ways = rows.groupby("compound_name")["way"].nunique()
    built = rows.groupby("compound_name")["building_id"].nunique()
    for card, story in zip(story_cards(small_plan), small_plan.stories.itertuples(), strict=True):
        named = [c for c in ways.index if c in story.place and ways[c] > 1]
        here = rows[rows["way"] == f"{story.previous_grid_id}{story.grid_id}"]
        named = [c for c in named if c in set(here["compound_name"])]
        assert card["shared"] == "、".join(f"{c}共 {built[c]} 栋" for c in sorted(named))


def test_who_stays_where_the_rest_of_a_grid_leaves_is_told(small_plan: Plan) -> None:
    grids, names = small_plan.grids, small_plan.names
    stories = small_plan.stories
    row = stories[
        (stories["previous_community_id"] == stories["community_id"])
        & (stories["previous_grid_id"] != "")
    ].iloc[0]
    other = next(c for c in small_plan.communities["community_id"] if c != row["community_id"])
    new = f"{other}777"
    moved = grids.iloc[:1].assign(grid_id=new, community_id=other)
    recoded = small_plan.recoded | {row["previous_grid_id"]: new}
    plan = replace(
        small_plan,
        grids=pd.concat([grids, moved], ignore_index=True),
        summary=small_plan.summary | {"grids_recoded": recoded},
    )
    card = story_cards(plan, stories.loc[[row.name]])[0]
    here, there = names[row["community_id"]], names[other]
    assert card["still"] == f"不变，仍属{here}；原网格的其余部分改属{there}"
    assert story_cards(small_plan, stories.loc[[row.name]])[0]["still"] == ""


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


def test_no_story_leaves_the_office(small_plan: Plan) -> None:
    shared = Shared(small_plan)
    for community in small_plan.communities["community_id"]:
        shown = planner_map(shared.part("community_id", community))
        assert "story-open" not in shown
        assert "lingwu.stories" not in shown


def test_a_card_counts_both_communities_and_names_what_the_border_runs_along(
    small_plan: Plan,
) -> None:
    rows, names = small_plan.assignment, small_plan.names
    today = rows["previous_community_id"].value_counts()
    after = rows["community_id"].value_counts()
    units = small_plan.units.set_index("unit_id").geometry
    crossing, named = 0, 0
    cards = drawn_cards(small_plan)
    for card, story in zip(cards, small_plan.stories.itertuples(index=False), strict=True):
        was, now = story.previous_community_id, story.community_id
        if was in ("", now):
            assert card["across"] == ""
        else:
            told = []
            for c, own in ((was, -story.households), (now, story.households)):
                if c not in after:
                    told.append(f"{names[c]}（{today[c]} → 撤销）")
                    continue
                rest = int(after[c]) - int(today.get(c, 0)) - own
                parts = f"本项 {own:+d}" + (f"，其他各项 {rest:+d}" if rest else "")
                told.append(f"{names[c]}（{today.get(c, 0)} → {after[c]} 户：{parts}）")
            assert card["across"].replace("−", "-") == " → ".join(told)
            crossing += 1
        ground = units[story.units.split(" ")].union_all()
        for _, name, lat, lng, _ in card["along"]:
            far = ground.distance(Point(lng, lat))
            # A border runs along it within some 30 m, or the place is told by it within 250.
            assert far < (3e-4 if name in story.border else 2.5e-3)
            assert name in f"{story.border}、{story.place}"
            named += 1
    assert crossing
    assert named
    # An end that has a new code is called by both names, on either side of an arrow.
    for old, new in small_plan.recoded.items():
        for card in cards:
            if card["goal"]["code"] == new and (card["left"] or {}).get("code") != new:
                assert card["goal"]["name"] == f"{names[new]}（原{names[old]}）"


def test_new_border_parts_what_was_together_and_what_ends_parted_what_is_one(
    small_plan: Plan,
) -> None:
    """Told anew, from the units on both sides of the middle of every line."""
    units = small_plan.units
    shapes = units.geometry.to_numpy()
    plan = small_plan.grids.set_index("grid_id")["community_id"]
    today = small_plan.backdrop["grids"].set_index("grid_id")["community_id"]
    seen = {"fresh": 0, "ended": 0}
    for card, story in zip(
        drawn_cards(small_plan), small_plan.stories.itertuples(index=False), strict=True
    ):
        is_whole = small_plan.recoded.get(story.previous_grid_id) == story.grid_id
        for what in seen:
            for text in card[what]:
                line = LineString(polyline.decode(text, 6, geojson=True))
                beside = units[
                    shapely.dwithin(shapes, line.interpolate(0.5, normalized=True), 3e-6)
                ]
                was, now = beside["previous_grid_id"], beside["grid_id"]
                if is_whole:
                    was, now = was.map(today), now.map(plan)
                before, after = (now, was) if what == "ended" else (was, now)
                assert before.duplicated().any(), "two of one zone"
                assert after.nunique() > 1, "in two"
                seen[what] += 1
    assert all(seen.values())


@pytest.mark.parametrize(("width", "lines"), [(2.9e-5, 0), (3.1e-5, 1)])
def test_a_border_that_only_shifts_is_neither_new_nor_gone(width: float, lines: int) -> None:
    """A strip beside the border of a and b goes from b to a: the border is a strip farther."""
    edges = [0.0, 1e-3, 1e-3 + width, 2e-3]
    units = gpd.GeoDataFrame(
        {"unit_id": ["A", "S", "B"], "grid_id": list("aab"), "previous_grid_id": list("abb")},
        geometry=[shapely.box(w, 0, e, 1e-3) for w, e in pairwise(edges)],
    )
    grids = pd.DataFrame({"grid_id": ["a", "b"], "community_id": ["c", "c"]})
    strip = Lines(SimpleNamespace(units=units, grids=grids, backdrop={}))
    found = strip.of(["S"], units.geometry[1], is_whole=False)
    assert {what: len(told) for what, told in found.items()} == {"fresh": lines, "ended": lines}


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
    browser.find_element(By.ID, "story-next").click()
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
