"""Papers of one town, written once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import lingwu_grid as lg
from tests.commands import report
from tests.once import once

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def papers(
    small_study: lg.Study, small_plan: lg.Plan, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An output folder with service circle and papers."""

    def write(place: Path) -> Path:
        measured = lg.coverage(small_study, small_plan)
        plan = small_plan.served(measured, lg.site_stations(measured, count=1))
        return plan.report(place / "out")

    folder: Path = once(tmp_path_factory, "papers", write)
    return folder


@pytest.fixture(scope="session")
def kit(papers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit of the same town, by the command."""

    def write(place: Path) -> Path:
        out = shutil.copytree(papers, place / "out")
        assert report([str(out), "--kit", "--quiet"]) == 0
        return out / "kit"

    folder: Path = once(tmp_path_factory, "kit", write)
    return folder
