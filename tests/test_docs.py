"""The manual: it builds, asks nobody for anything, and every example in it runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

import lingwu_grid as lg
from lingwu_grid.__main__ import COMMANDS
from lingwu_grid.contract.settings import rules_from
from tests.browsing import asked

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
STUDY = "我的数据"
QUICK = "prove = false\neffort = 20\n"
"""A reader waits longer; that the commands run does not depend on it."""


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    lines = [line for block in blocks(page, "console") for line in block.splitlines()]
    return [shlex.split(line[2:]) for line in lines if line.startswith("$ ")]


def run_all(page: Path, folder: Path) -> None:
    """Run the commands of a page in their order, then its Python, as a reader would."""
    for words in commands(page):
        assert words[0] == "python"
        done = subprocess.run(  # noqa: S603 - our own manual
            [sys.executable, *words[1:]], cwd=folder, capture_output=True, check=False, timeout=600,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stderr.decode("utf-8", "replace")[-2000:])
    before = Path.cwd()
    os.chdir(folder)
    try:
        names: dict[str, object] = {}
        for block in blocks(page, "python"):
            exec(compile(block, page.name, "exec"), names)  # noqa: S102 - our own manual
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the manual; a link that leads nowhere fails."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return folder


def test_the_site_builds_and_asks_no_other_machine(site: Path) -> None:
    for page in site.rglob("*.html"):
        asks = re.findall(
            r'(?:<(?:script|img)[^>]*src|<link[^>]*href)="?(https?://[^"\s>]*)',
            page.read_text("utf-8"),
        )
        assert asks == [], page


def test_chinese_is_found_in_the_site_as_a_file(browser: WebDriver, site: Path) -> None:
    browser.set_window_size(1366, 900)
    browser.get_log("performance")
    browser.get((site / "index.html").as_uri())
    browser.find_element(By.CSS_SELECTOR, "[data-md-component=search] .md-search__form").click()
    ActionChains(browser).send_keys("登记例外").perform()
    heads = ".md-search-result__item :is(h1, h2)"
    wait = WebDriverWait(browser, 20)
    wait.until(lambda b: "符合条件" in b.find_element(By.CLASS_NAME, "md-search-result__meta").text)
    found = [head.text for head in browser.find_elements(By.CSS_SELECTOR, heads)]
    assert any("例外" in head for head in found), found
    assert asked(browser) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_settings_in_the_manual_can_be_read(page: Path) -> None:
    for block in blocks(page, "toml"):
        rules_from(tomllib.loads(block))


def test_the_tutorial_alone_leads_from_a_csv_to_a_plan(
    small_study: lg.Study, tmp_path: Path
) -> None:
    """An office's own list, in GBK: id, longitude, latitude, and nothing else."""
    points = small_study.households.geometry.to_crs(4490)
    rows = pd.DataFrame(
        {"户编号": small_study.households["household_id"], "经度": points.x, "纬度": points.y}
    )
    (tmp_path / STUDY).mkdir()
    rows.to_csv(tmp_path / STUDY / "居民户.csv", index=False, encoding="gb18030")
    page = DOCS / "tutorial.md"
    settings = blocks(page, "toml")
    assert len(settings) == 1
    (tmp_path / STUDY / "rules.toml").write_text(QUICK + settings[0], encoding="utf-8")
    run_all(page, tmp_path)
    plan = lg.read_plan(tmp_path / "结果")
    assert plan.grids["households"].between(310, 490).all()
    assert plan.summary["households"] == len(rows)
    for name in ("map.html", "report.docx", "ledger.xlsx", "atlas.pdf"):
        assert (tmp_path / "结果" / name).stat().st_size > 10_000
    assert (tmp_path / "outputs" / f"{STUDY}_核对" / "check.html").is_file()


def test_every_task_of_the_how_to_runs(small_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(small_folder, tmp_path / STUDY)
    rules = tmp_path / STUDY / "boundaries" / "rules.toml"
    rules.write_text(QUICK + rules.read_text("utf-8"), encoding="utf-8")
    run_all(DOCS / "howto.md", tmp_path)
    assert (tmp_path / "修好的数据").is_dir()
    words = (tmp_path / "结果" / "coverage.json").read_text("utf-8")
    assert "proposal" in words


def test_every_command_is_in_the_manual() -> None:
    told = (DOCS / "files.md").read_text("utf-8")
    assert set(COMMANDS) == set(re.findall(r"python -m lingwu_grid\.(\w+)", told))
