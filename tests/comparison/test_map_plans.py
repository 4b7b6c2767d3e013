"""A map beside a plan: today's, and an office's own file without codes."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lingwu_grid as lg
from lingwu_grid import cli

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

    from lingwu_grid.plan import Plan


@pytest.fixture(scope="module")
def drawn(small_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan's grids as a street's drawing: a Shapefile, metres, no codes, another name."""
    place = tmp_path_factory.mktemp("map") / "jiedao.shp"
    small_plan.grids[["geometry"]].to_crs(small_plan.run["crs"]).to_file(place)
    return place


def test_today_beside_a_plan_is_what_the_plan_moves(small_folder: Path, small_plan: Plan) -> None:
    today = lg.plan_of_map(small_folder)
    told = lg.compare(today, small_plan).households
    assert told["grid_differs"] == small_plan.summary["households_moved_grid"]
    assert told["either_differs"] == small_plan.summary["affected"]
    assert today.summary["affected"] == 0
    now = small_plan.tables["impact"]
    grids = now.loc[now["when"] == "现状", "grids"].sum()
    assert len(today.grids) == grids


def test_a_drawing_without_codes_is_the_plan_it_was_drawn_from(
    small_folder: Path, small_plan: Plan, drawn: Path
) -> None:
    theirs = lg.plan_of_map(small_folder, drawn)
    found = lg.compare(theirs, small_plan)
    assert found.households["both"] == len(small_plan.assignment)
    assert found.households["grid_differs"] == 0
    of_grids = found.pairs[found.pairs["level"] == "grid"]
    assert of_grids["households"].sum() == len(small_plan.assignment)
    assert sorted(theirs.grids["households"]) == sorted(small_plan.grids["households"])
    assert (theirs.findings["code"] == "grids_numbered").sum() == 1
    figures = found.figures.set_index("指标")
    assert figures.loc["受影响的户数（与现状比）", "甲"] == "未算"
    assert figures.loc["其中合规", "乙减甲"] == 0


def test_the_command_takes_a_map_or_today(
    small_folder: Path, small_plan: Plan, drawn: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    main = runpy.run_path(str(Path(lg.__file__).parent / "compare.py"))["main"]
    small_plan.save(tmp_path / "plan")
    both = [str(drawn), str(tmp_path / "plan")]
    assert main([*both, "--study", str(small_folder), "-o", str(tmp_path / "a")]) == cli.DONE
    assert "网格不同 0 户" in capsys.readouterr().out
    assert main(["现状", both[1], "-o", str(tmp_path / "b")]) == cli.BAD_INPUT
    assert "--study" in capsys.readouterr().err
    gone = [str(tmp_path / "gone.shp"), both[1], "--study", str(small_folder)]
    assert main([*gone, "-o", str(tmp_path / "c")]) == cli.BAD_INPUT
    assert "找不到这张图" in capsys.readouterr().err


def test_the_page_wipes_one_plan_over_the_other(
    small_folder: Path, small_plan: Plan, tmp_path: Path, browser: WebDriver
) -> None:
    lg.compare(lg.plan_of_map(small_folder), small_plan).save(tmp_path / "out")
    browser.get((tmp_path / "out" / "compare.html").as_uri())
    clips = "return ['first','second'].map(p => window.lingwuMap.getPane(p).style.clip)"
    for at, share in ((50, 0.5), (25, 0.25)):
        browser.execute_script(
            "const at = document.getElementById('at'); at.value = arguments[0];"
            "at.dispatchEvent(new Event('input'))", at,
        )  # fmt: skip
        left, right = browser.execute_script(clips)
        wide = browser.execute_script("return window.lingwuMap.getSize().x")
        edges = [
            [float(x.strip().removesuffix("px")) for x in clip[5:-1].split(",")]
            for clip in (left, right)
        ]
        assert abs(edges[0][1] - edges[1][3]) < 1
        assert abs((edges[0][1] - edges[0][3]) / wide - share) < 0.01
    assert [m for m in browser.get_log("browser") if m["level"] == "SEVERE"] == []
