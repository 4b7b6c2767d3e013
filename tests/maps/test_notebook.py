"""A plan in a notebook: maps in colours of a column, charts by name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid.contract.kinds import STATUSES
from lingwu_grid.maps.notebook import column_page
from tests.browsing import asked

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver


def opened(browser: WebDriver, page: str, folder: Path) -> list[list[str]]:
    """Open a page; give the rows of its legend."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    browser.get_log("performance")
    browser.get(file.as_uri())
    assert asked(browser) == []
    assert [e for e in browser.get_log("browser") if e["level"] == "SEVERE"] == []
    rows: list[list[str]] = browser.execute_script(
        "return Array.from(document.querySelectorAll('.panel tr')).slice(1).map(function (r) {"
        " return Array.from(r.children).map(function (c) { return c.textContent; }); });"
    )
    return rows


def test_classes_of_a_number_hold_every_grid_once(
    browser: WebDriver, small_plan: lg.Plan, tmp_path: Path
) -> None:
    rows = opened(browser, column_page(small_plan, "households"), tmp_path)
    assert len(rows) == 5
    sizes = small_plan.grids["households"]
    for words, count in rows:
        low, *more = (int(n) for n in words.split(" 至 "))
        high = more[0] if more else low
        assert int(count) == sizes.between(low, high).sum()
    assert sum(int(count) for _, count in rows) == len(sizes)
    shapes = browser.execute_script(
        "return document.querySelectorAll('.leaflet-overlay-pane canvas').length"
    )
    assert shapes > 0


def test_words_have_a_colour_each_those_of_a_status_their_own(small_plan: lg.Plan) -> None:
    page = column_page(small_plan, "status")
    for word in small_plan.grids["status"].unique():
        assert STATUSES[word].colour in page


def legend(plan: lg.Plan, values: object) -> dict[str, int]:
    """Give the classes of a column that has such values, with their counts."""
    grids = plan.grids.assign(score=pd.Series(values, index=plan.grids.index))
    page = column_page(lg.Plan.of(replace(plan, grids=grids)), "score")
    rows = re.findall(r"</span>([^<]*)</td><td>(\d+)</td>", page)
    return {word: int(count) for word, count in rows}


def test_odd_columns_are_told_as_they_are(small_plan: lg.Plan) -> None:
    n = len(small_plan.grids)
    assert legend(small_plan, [1.5] + [np.nan] * (n - 1)) == {"1.5": 1, "缺": n - 1}
    assert legend(small_plan, [True] * 3 + [False] * (n - 3)) == {"否": n - 3, "是": 3}
    assert legend(small_plan, [np.inf] + [2.0] * (n - 1)) == {"2": n - 1, "缺": 1}
    # Most have one value: what differs is not lost in a class with it.
    assert legend(small_plan, [7, 8, 9] + [0] * (n - 3)) == {"0": n - 3, "7": 1, "8": 1, "9": 1}
    few = [0] * 8 + [1] * (n - 11) + [2, 3, 4]  # five values are five classes, however uneven
    assert legend(small_plan, few) == {"0": 8, "1": n - 11, "2": 1, "3": 1, "4": 1}
    many = list(range(10, 17)) + [0] * (n - 7)
    assert next(iter(legend(small_plan, many).items())) == ("0", n - 7)
    far = legend(small_plan, [-1e7 * k for k in range(n)])
    assert sum(far.values()) == n
    assert next(iter(far)) == "-170,000,000 至 -140,000,000"
    days = pd.date_range("2026-01-01", periods=n)
    told = legend(small_plan, days)
    assert sum(told.values()) == n
    assert next(iter(told)).startswith("2026-01-01 至 2026-01-0")


def test_an_empty_column_is_refused_and_a_chinese_name_is_known(small_plan: lg.Plan) -> None:
    with pytest.raises(lg.InputError, match="全是空的"):
        legend(small_plan, np.nan)
    for column in ("常住户数", "households"):
        assert "<h1>合成示例城镇 常住户数</h1>" in column_page(small_plan, column)


def test_hostile_words_of_a_column_are_text(
    browser: WebDriver, small_plan: lg.Plan, tmp_path: Path
) -> None:
    bad = "<img src=x onerror=alert(1)>"
    grids = small_plan.grids.assign(lineage=bad)
    record = lg.Plan.of(replace(small_plan, grids=grids))
    assert opened(browser, column_page(record, "lineage"), tmp_path)[0][0] == bad


def test_a_column_that_cannot_be_told_is_refused_with_a_remedy(small_plan: lg.Plan) -> None:
    with pytest.raises(lg.InputError, match=r"没有“nothing”这一列.*households"):
        small_plan.explore("nothing")
    words = pd.Series([f"w{k}" for k in range(len(small_plan.grids))])
    grids = small_plan.grids.assign(word=words.to_numpy())
    with pytest.raises(lg.InputError, match="颜色分不清"):
        column_page(lg.Plan.of(replace(small_plan, grids=grids)), "word")


def test_the_planners_map_is_shown_without_a_column(small_plan: lg.Plan) -> None:
    assert "逐项看变动" in small_plan.explore()._repr_html_()


def test_charts_are_drawn_by_name(small_plan: lg.Plan, tmp_path: Path) -> None:
    small_plan.draw("service").save(tmp_path / "service.png")
    with pytest.raises(lg.InputError, match="不是比选出来的"):
        small_plan.draw("frontier")
    rows = [
        {
            "方案": name, "受影响户数": n, "不沿线的边界（公里）": km, "有瓶颈的网格": 0,
            "贴近上下限": 1,
        }
        for name, n, km in (("变动最少", 100, 3.0), ("边界清晰", 120, 1.0))
    ]  # fmt: skip
    run = small_plan.run | {"frontier": {"chosen": "边界清晰", "rows": rows}}
    figure = lg.Plan.of(replace(small_plan, run=run)).draw("frontier").figure
    told = [text.get_text() for text in figure.axes[0].texts]
    assert any("120 户，1 公里" in text for text in told)
    with pytest.raises(lg.InputError, match=r"没有“map”这种图.*service"):
        small_plan.draw("map")


def test_a_check_is_drawn_and_shown(small_study: lg.Study) -> None:
    found = lg.check(small_study)
    zones = found.zones()
    grids = zones[zones["level"] == "网格"]
    axes = found.draw().figure.axes[0]
    heights = [bar.get_height() for group in axes.containers for bar in group]
    assert sorted(heights) == sorted(grids["households"].tolist())
    told = {c.get_label() for c in axes.containers}
    assert told == {f"{w} {n} 个" for w, n in grids["standing"].value_counts().items()}
    assert "srcdoc" in found.explore()._repr_html_()
