"""The editor in a real JupyterLab, driven by a browser that can reach this machine only."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import nbformat
import pandas as pd
import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

import lingwu_grid as lg
from lingwu_grid.editing import Editor
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.streets import streets_of
from lingwu_grid.revision.patch import SCHEMA, digest
from lingwu_grid.revision.steps import Reviewed
from tests.browsing import asked, start_browser
from tests.revision.test_patch import border_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver


TOKEN = "only-this-test"  # noqa: S105 - of a server that lives as long as the test


def sealed(
    plan: lg.Plan, edits: list[tuple[str, str, str]], locks: list[str] | None = None
) -> dict[str, Any]:
    content = {
        "schema": SCHEMA, "plan": plan_of(plan), "street": streets_of(plan)[0], "reviewer": "",
        "edits": [{"unit": u, "from": a, "to": b} for u, a, b in edits],
        "new_grids": [], "locks": locks or [], "comments": [],
    }  # fmt: skip
    return content | {"hash": digest(content)}


@pytest.fixture
def editor(small_plan: lg.Plan, small_study: lg.Study) -> Editor:
    return small_plan.edit(small_study, seed=1)


def test_what_is_drawn_becomes_the_newest_plan_and_back(
    editor: Editor, small_plan: lg.Plan
) -> None:
    unit, before, after = border_units(small_plan, lawful=True)[0]
    first = editor.page
    editor.solve(sealed(small_plan, [(unit, before, after)]))
    assert editor.plan.units.set_index("unit_id")["grid_id"][unit] == after
    assert editor.page != first
    assert plan_of(editor.plan) in editor.page
    assert "求解完成" in editor.told["text"]
    assert editor.told["steps"] == 1
    assert editor.back() is small_plan
    assert editor.page == first
    assert editor.told["steps"] == 0
    assert editor.back() is small_plan, "the first one stays"


def test_what_cannot_be_is_told_and_the_plan_stays(editor: Editor, small_plan: lg.Plan) -> None:
    own = small_plan.communities["subdistrict_id"] == streets_of(small_plan)[0]
    here = small_plan.communities.loc[own, "community_id"]
    grids = small_plan.grids.loc[small_plan.grids["community_id"].isin(here), "grid_id"]
    first, last = grids.iloc[0], grids.iloc[-1]
    mine = small_plan.units.loc[small_plan.units["grid_id"] == first, "unit_id"]
    wish = sealed(small_plan, [(unit, first, last) for unit in mine], locks=sorted(grids))
    editor.solve(wish)
    assert "不能照办" in editor.told["text"]
    assert editor.told["faults"]
    assert editor.plan is small_plan


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda patch: patch | {"hash": "0" * 64}, "校验和不符"),
        (lambda patch: {}, "不是审议意见文件"),  # noqa: ARG005
        (lambda patch: None, "不是审议意见文件"),  # noqa: ARG005
    ],
)
def test_a_page_that_was_tampered_with_is_refused_and_can_ask_again(
    editor: Editor, small_plan: lg.Plan, spoil: Callable[[dict[str, Any]], object], words: str
) -> None:
    editor.asked = {"what": "solve", "patch": spoil(sealed(small_plan, [])), "number": 1}
    end = time.monotonic() + 60
    while editor.told["busy"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert words in editor.told["text"]
    assert editor.plan is small_plan


def test_units_are_given_from_code_as_by_hand(editor: Editor, small_plan: lg.Plan) -> None:
    unit, _, after = border_units(small_plan, lawful=True)[0]
    came = editor.give([unit], after)
    assert came.plan is editor.plan
    assert "1 steps" in repr(editor)
    assert len(repr(editor)) < 200, "not the page"
    assert editor.plan.units.set_index("unit_id")["grid_id"][unit] == after
    with pytest.raises(lg.InputError, match="没有单元 nothing"):
        editor.give(["nothing"], after)


def test_what_changes_nothing_is_no_step(editor: Editor, small_plan: lg.Plan) -> None:
    unit, before, _ = border_units(small_plan, lawful=True)[0]
    for units in ([], [unit], unit):
        with pytest.raises(lg.InputError, match="没有改动"):
            editor.give(units, before)
    assert editor.plans == [small_plan]
    assert "没有改动" in editor.told["text"]
    assert editor.told["busy"] is False


def test_an_older_page_is_refused_with_a_remedy_for_here(
    editor: Editor, small_plan: lg.Plan
) -> None:
    unit, before, after = border_units(small_plan, lawful=True)[0]
    old = sealed(small_plan, [(unit, before, after)])
    editor.solve(old)
    with pytest.raises(lg.InputError, match="重新划，再求解"):
        editor.solve(old)
    assert len(editor.plans) == 2


def test_going_back_waits_for_what_is_solved(small_plan: lg.Plan) -> None:
    seen = []

    def slow(plan: lg.Plan, _: object) -> object:
        seen.append(editor.back() is plan)
        seen.append(editor.told["busy"])
        return Reviewed(None, pd.DataFrame(), pd.DataFrame(), ("不行",), ())

    editor = Editor(small_plan, slow)
    unit, before, after = border_units(small_plan, lawful=True)[0]
    editor.solve(sealed(small_plan, [(unit, before, after)]))
    assert seen == [True, True]
    assert "不能照办" in editor.told["text"]


def test_an_unknown_street_is_refused(small_plan: lg.Plan, small_study: lg.Study) -> None:
    with pytest.raises(lg.InputError, match="没有街道 nowhere"):
        small_plan.edit(small_study, street="nowhere")
    editor = small_plan.edit(small_study)
    with pytest.raises(lg.InputError, match="没有街道 nowhere"):
        editor.street = "nowhere"
    assert editor.street == streets_of(small_plan)[0]


@pytest.fixture
def lab(tmp_path: Path, small_plan: lg.Plan, small_folder: Path) -> Iterator[str]:
    """JupyterLab with one notebook that opens the editor on a written plan."""
    small_plan.save(tmp_path / "plan")
    cells = [
        f"import lingwu_grid as lg\nplan = lg.read_plan({str(tmp_path / 'plan')!r})\n"
        f"editor = plan.edit({str(small_folder)!r}, seed=1)\neditor",
        f"editor.plan.save({str(tmp_path / 'edited')!r})",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python",
        "language": "python",
    }
    nbformat.write(book, tmp_path / "edit.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path / "lab.log").open("wb")
    server = subprocess.Popen(  # noqa: S603 - our own interpreter
        [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
            f"--port={port}", f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={tmp_path}", "--ServerApp.port_retries=0",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        stdout=log, stderr=log,
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}/lab/tree/edit.ipynb?token={TOKEN}"
    server.terminate()
    server.wait(timeout=30)
    log.close()


@pytest.fixture
def window() -> Iterator[WebDriver]:
    window = start_browser(this_machine=True)
    yield window
    window.quit()


def inside(window: WebDriver, script: str, *values: object) -> Any:  # noqa: ANN401 - a script's value
    """Run a script inside the review page, which sits in a frame of the notebook."""
    window.switch_to.default_content()
    frame = window.find_element(By.CSS_SELECTOR, "iframe[title='网格方案审议']")
    window.switch_to.frame(frame)
    try:
        return window.execute_script(script, *values)
    finally:
        window.switch_to.default_content()


def told(window: WebDriver, words: str) -> None:
    script = "var t = document.getElementById('host-told'); return t ? t.textContent : ''"
    WebDriverWait(window, 240, ignored_exceptions=[WebDriverException]).until(
        lambda w: words in inside(w, script)
    )


def run_cell(window: WebDriver, wait: WebDriverWait[WebDriver], number: int) -> None:
    """Run a cell: JupyterLab draws cells anew while it starts, so each try finds it afresh."""

    def ran(_: WebDriver) -> bool:
        cells = window.find_elements(By.CSS_SELECTOR, ".jp-CodeCell .cm-content")
        if len(cells) <= number:
            return False
        cells[number].click()
        cells[number].send_keys(Keys.SHIFT + Keys.ENTER)
        return True

    wait.until(ran)


def test_a_planner_edits_solves_and_saves_in_jupyterlab(
    lab: str, window: WebDriver, small_plan: lg.Plan, tmp_path: Path
) -> None:
    wait = WebDriverWait(window, 240, ignored_exceptions=[WebDriverException])
    wait.until(lambda w: w.get(lab) or True)
    ready = ".jp-Notebook-ExecutionIndicator[data-status='idle']"
    wait.until(lambda w: w.find_element(By.CSS_SELECTOR, ready))
    run_cell(window, wait, 0)
    wait.until(lambda w: inside(w, "return Boolean(window.lingwuReview)"))
    # A move.
    unit, _, after = border_units(small_plan, lawful=True)[0]
    give = (
        "var d = lingwuReview.desk, u = d.town.unitIds.indexOf(arguments[0]);"
        "var g = d.grids.findIndex(function (x) { return x.id === arguments[1].valueOf(); });"
        "lingwuReview.view.onSelect([u], false);"
        "document.querySelector('[data-give=\"' + g + '\"]').click();"
        "return d.grids[d.grid[u]].id"
    ).replace("x.id === arguments[1].valueOf()", f"x.id === {json.dumps(after)}")
    assert inside(window, give, unit) == after
    # A re-solve.
    inside(window, "document.getElementById('host-solve').click()")
    told(window, "求解完成")
    plan = "return document.body.innerText.match(/方案 ([0-9a-f]{12})/)[1]"
    wait.until(lambda w: inside(w, plan) != plan_of(small_plan))
    told(window, "求解完成")
    # A conflict: what nobody can make lawful is told, and the plan stays.
    inside(
        window,
        "var d = lingwuReview.desk, mine = [];"
        "d.grid.forEach(function (g, u) { if (g === 0) { mine.push(u); } });"
        "d.give(mine, d.beside(mine)[0]);"
        "d.grids.forEach(function (_, g) { d.toggleLock(g); });"
        "document.getElementById('host-solve').click()",
    )
    told(window, "不能照办")
    assert inside(window, "return document.querySelectorAll('#host-faults li').length") > 0
    # A saved plan.
    run_cell(window, wait, 1)
    wait.until(lambda _: (tmp_path / "edited" / "summary.json").is_file())
    edited = lg.read_plan(tmp_path / "edited")
    assert edited.units.set_index("unit_id")["grid_id"][unit] == after
    assert asked(window, ("http://127.0.0.1:", "data:", "blob:", "chrome:")) == []
