"""The check page in a real browser, with names that would do harm in every text column."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lingwu_grid.api import check
from lingwu_grid.ingest.study import read_study
from tests.audit.office import Office, office
from tests.browsing import open_page
from tests.commands import check as main

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

HOSTILE = (
    "<img src=x onerror=window.hurt=1>", "</script><script>window.hurt=1</script>",
    "=HYPERLINK(\"http://x.invalid\",\"点我\")", "+1+1", "@SUM(1)", "../../x", "\\..\\x", "😀㛃𠮷",
    "a" * 400, "'\";--", "${window.hurt=1}", "{{ 7*7 }}", "\u2028\u202e反",
)  # fmt: skip


def hostile_office() -> Office:
    """An office whose every text column has every harmful name in it."""
    made = office()
    count = len(HOSTILE)
    at = made.rows(count)
    for column in ("地址", "楼栋编号", "小区编号", "网格编码", "状态"):
        values = made.homes[column].astype(object).to_numpy().copy()
        for i, word in zip(at, HOSTILE, strict=True):
            values[i] = word
        made.homes = made.homes.assign(**{column: values})
    ids = made.homes["户编号"].astype(object).to_numpy().copy()
    for i, word in zip(at, HOSTILE, strict=True):
        ids[i] = word
    made.homes = made.homes.assign(户编号=ids)
    for table, columns in {
        "grids": ("grid_name",), "communities": ("community_name",), "roads": ("name",),
        "barriers": ("name",), "compounds": ("name", "manager", "compound_id"),
        "stations": ("name", "services"), "outline": ("name",), "subdistricts": ("name",),
        "premises": ("name", "premise_id"), "buildings": ("building_id",),
    }.items():  # fmt: skip
        for column in columns:
            words = [HOSTILE[i % count] for i in range(len(made.tables[table]))]
            if column.endswith("_id"):
                words = [f"{w}{i}" for i, w in enumerate(words)]
            made.tables[table] = made.tables[table].assign(**{column: words})
    return made


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("hostile") / "study"
    folder.mkdir()
    hostile_office().write(folder)
    return folder


def test_the_page_opens_offline_and_nothing_in_a_name_is_run(
    browser: WebDriver, hostile: Path, tmp_path: Path
) -> None:
    main([str(hostile), "-o", str(tmp_path / "out"), "--quiet"])
    assert open_page(browser, tmp_path / "out" / "check.html") == []
    assert browser.execute_script("return window.hurt") is None
    body = browser.find_element(By.TAG_NAME, "body").text
    assert "合成" not in body or "核对" in body
    assert browser.find_elements(By.CSS_SELECTOR, "#list li")
    for item in browser.find_elements(By.CSS_SELECTOR, "#list li.placed")[:25]:
        item.click()
    assert browser.find_elements(By.CSS_SELECTOR, ".leaflet-popup")
    assert browser.execute_script("return window.hurt") is None


def test_a_kind_and_a_word_narrow_the_list(browser: WebDriver, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    made = office()
    made.homes.loc[made.rows(3), "常住人口"] = 88
    made.write(study)
    check(read_study(study)).save(tmp_path / "out")
    assert open_page(browser, tmp_path / "out" / "check.html") == []
    every = len(browser.find_elements(By.CSS_SELECTOR, "#list li"))
    browser.find_element(By.CSS_SELECTOR, '[data-kind="warning/residents_many/households"]').click()
    assert len(browser.find_elements(By.CSS_SELECTOR, "#list li")) == 3 < every
    browser.find_element(By.CSS_SELECTOR, '[data-kind=""]').click()
    browser.find_element(By.ID, "find").send_keys("人口超过" + Keys.TAB)
    assert len(browser.find_elements(By.CSS_SELECTOR, "#list li")) == 3


def test_no_cell_of_a_table_begins_like_a_formula(hostile: Path, tmp_path: Path) -> None:
    main([str(hostile), "-o", str(tmp_path / "out"), "--quiet"])
    for name in ("findings.csv", "zones.csv"):
        table = pd.read_csv(tmp_path / "out" / name, dtype=str, keep_default_na=False)
        cells = table.stack() if len(table) else pd.Series([], dtype=str)
        assert not cells.str.startswith(("=", "+", "-", "@", "\t", "\r")).any()


def test_the_command_prints_a_table_and_tells_errors_by_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, out = tmp_path / "study", tmp_path / "out"
    study.mkdir()
    office().write(study)
    assert main([str(study), "-o", str(out), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "网格不足下限" in said
    assert "现状社区" in said
    summary = json.loads((out / "check.json").read_text("utf-8"))
    assert summary["findings"]["error"] == 0
    (study / "道路.csv").write_text("名称\n中山街\n", encoding="utf-8")
    assert main([str(study), "-o", str(out), "--quiet"]) == 2
    assert "整个文件用不了" in capsys.readouterr().out


def test_another_map_is_checked_in_todays_place(tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    made = office()
    made.write(study)
    one = (
        made.tables["communities"].dissolve().assign(grid_id="1", community_id="1", grid_name="全")
    )
    one[["grid_id", "grid_name", "community_id", "geometry"]].to_crs(4490).to_file(
        tmp_path / "other.gpkg", layer="grids"
    )
    found = check(read_study(study, zones=tmp_path / "other.gpkg"))
    grids = found.zones().query("level == '网格'")
    assert grids["zone_id"].tolist() == ["1"]
    assert grids["households"].tolist() == [len(found.study.households)]


def test_what_is_safe_to_mend_is_mended_in_a_copy_and_on_record(tmp_path: Path) -> None:
    study, mended = tmp_path / "study", tmp_path / "mended"
    study.mkdir()
    made = office()
    grids = made.tables["grids"]
    shapes = grids.geometry.to_numpy().copy()
    shapes[4] = shapes[4].buffer(0.3)
    made.tables["grids"] = grids.set_geometry(shapes, crs=grids.crs)
    again = made.homes.iloc[[made.rows(1)[0]]]
    made.homes = pd.concat([made.homes, again], ignore_index=True)
    made.write(study)
    before = {p.name: p.read_bytes() for p in study.iterdir()}
    out = ["-o", str(tmp_path / "out"), "--quiet"]
    main([str(study), *out, "--repair", str(mended)])
    assert {p.name: p.read_bytes() for p in study.iterdir()} == before
    log = pd.read_csv(mended / "repairs.csv", dtype=str)
    assert {"overlap_sliver", "duplicate_row"} <= set(log["code"])
    first, second = check(read_study(study)), check(read_study(mended))
    left = {f.code for f in second.findings}
    assert "overlap_sliver" not in left
    assert "duplicate_row" not in left
    assert len(first.study.households) == len(second.study.households)
    sizes = [c.zones().set_index("zone_id")["households"].sort_index() for c in (first, second)]
    assert (sizes[0] - sizes[1]).abs().max() <= 1


def test_a_check_of_which_no_household_counts_is_written_all_the_same(tmp_path: Path) -> None:
    study, out = tmp_path / "study", tmp_path / "out"
    study.mkdir()
    made = office()
    made.homes["状态"] = "空置"
    made.write(study)
    assert main([str(study), "-o", str(out), "--quiet"]) == 2
    found = pd.read_csv(out / "findings.csv", dtype=str)
    (why,) = found.loc[found["code"] == "none_counts", "message"]
    assert "空置" in why
    assert (out / "check.html").is_file()


def test_grids_that_are_only_a_column_are_on_the_map(browser: WebDriver, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    made = office()
    drawn = len(set(made.homes.loc[made.homes["状态"] == "常住", "网格编码"]) - {""})
    for name in ("grids", "communities"):
        del made.tables[name]
    made.write(study)
    found = check(read_study(study))
    zones = found.standing.zones
    grids = zones[zones["level"] == "网格"]
    assert len(grids) == drawn
    homes = found.study.households
    for zone, shape in zip(grids["zone_id"], grids.geometry, strict=True):
        assert homes.geometry[homes["grid_id"] == zone].within(shape).all()
    found.save(tmp_path / "out")
    assert open_page(browser, tmp_path / "out" / "check.html") == []
    shown = browser.execute_script(
        "var n = 0; lingwuMap.eachLayer(l => { n += l.feature && l._pxBounds ? 1 : 0; }); return n"
    )
    assert shown >= drawn
    assert "按住户位置示意" in browser.find_element(By.ID, "panel").text
    # The lowest severity is the quietest, and tables go by their Chinese names.
    weights = {
        kind: browser.execute_script(
            "return getComputedStyle(arguments[0]).fontWeight",
            browser.find_element(By.CSS_SELECTOR, f".kind.{kind}"),
        )
        for kind in ("warning", "notice")
    }
    assert int(weights["notice"]) <= int(weights["warning"]) < 600
    words = {e.text for e in browser.find_elements(By.CSS_SELECTOR, ".kind small")}
    assert "居民户" in words
    assert not {word for word in words if word.isascii() and word}
