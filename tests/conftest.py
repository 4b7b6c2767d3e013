"""Shared towns: made once, read by many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from lingwu_grid.api import partition
from lingwu_grid.ingest.study import read_study
from lingwu_grid.sample_town.town import make_town
from lingwu_grid.sample_town.writing import write_town
from tests.browsing import start_browser
from tests.once import once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    from lingwu_grid.ingest.study import Study
    from lingwu_grid.plan import Plan


def _town(place: Path) -> Path:
    write_town(make_town(households=9_000, communities=2, seed=4), place / "town")
    return place / "town"


# What README and CI run is the same every time; ``make search`` looks for cases at random, and
# what it finds is kept as an @example.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile(
    "search", derandomize=False, database=None, deadline=None, print_blob=True
)
settings.load_profile("same")


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of 9,000 households, as files."""
    folder: Path = once(tmp_path_factory, "town", _town)
    return folder


@pytest.fixture(scope="session")
def small_study(small_folder: Path) -> Study:
    """The same town, read."""
    return read_study(small_folder)


@pytest.fixture(scope="session")
def small_plan(small_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A plan of the same town; made once for all test processes."""
    plan: Plan = once(tmp_path_factory, "plan", lambda _: partition(small_study, seed=1))
    return plan


@pytest.fixture(scope="session")
def browser() -> Iterator[WebDriver]:
    """Chromium with the network cut."""
    window = start_browser()
    yield window
    window.quit()
