"""Shared towns: made once, read by many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lingwu_grid.partition import partition
from lingwu_grid.sample import make_town, write_town
from lingwu_grid.study import read_study
from tests.browsing import start_browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    from lingwu_grid.plan import Plan
    from lingwu_grid.study import Study


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of 9,000 households, as files."""
    folder: Path = tmp_path_factory.mktemp("small") / "town"
    write_town(make_town(households=9_000, communities=2, seed=4), folder)
    return folder


@pytest.fixture(scope="session")
def small_study(small_folder: Path) -> Study:
    """The same town, read."""
    return read_study(small_folder)


@pytest.fixture(scope="session")
def small_plan(small_study: Study) -> Plan:
    """A plan of the same town."""
    return partition(small_study, seed=1)


@pytest.fixture(scope="session")
def browser() -> Iterator[WebDriver]:
    """Chromium with the network cut."""
    window = start_browser()
    yield window
    window.quit()
