"""The planner's map of the small plan, written once for all that look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lingwu_grid.maps.page import planner_map

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.plan import Plan


@pytest.fixture(scope="session")
def page(small_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "map.html"
    file.write_text(planner_map(small_plan), encoding="utf-8")
    return file
