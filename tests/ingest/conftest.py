"""Keepers of reading processes, one for a test."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from lingwu_grid.ingest import caged, keeper
from lingwu_grid.ingest.keeper import Warden

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def warden(monkeypatch: pytest.MonkeyPatch) -> Iterator[Warden]:
    """A keeper of its own, in the place of the one that all share."""
    own = Warden()
    monkeypatch.setattr(caged, "WARDEN", own)
    yield own
    own.close()


@pytest.fixture(params=["forked", "one for all"])
def way(request: pytest.FixtureRequest, warden: Warden, monkeypatch: pytest.MonkeyPatch) -> str:
    """How processes are started: as on Linux, and as elsewhere."""
    if request.param == "forked" and sys.platform != "linux":
        pytest.skip("processes are forked on Linux only")
    _ = warden
    monkeypatch.setattr(keeper, "FORKS", request.param == "forked")
    return str(request.param)
