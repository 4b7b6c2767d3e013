"""Papers of one town, written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import lingwu_grid as lg
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
