"""The crew: results of every job, through workers that fail, die or hang."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lingwu_grid.engine.problem import never
from lingwu_grid.errors import LingwuError
from lingwu_grid.parts.crew import Crew, Failed, crew_of
from tests.parts.work import told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAID: list[str] = []


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with crew_of(2, SAID.append) as two:
        yield two


def done(crew: Crew, jobs: dict[str, tuple[str, Any]], stop: Any = never) -> dict[str, Any]:  # noqa: ANN401 - a test double
    return dict(crew.run(told, {name: lambda j=job: j for name, job in jobs.items()}, stop))


def test_every_job_has_its_result_and_a_failure_keeps_no_other_back(crew: Crew) -> None:
    jobs: dict[str, tuple[str, Any]] = {f"p{i}": ("value", i) for i in range(6)}
    found = done(crew, jobs | {"data": ("bad data", ""), "bug": ("bug", "")})
    assert {found[f"p{i}"] for i in range(6)} == set(range(6))
    assert found["data"] == Failed("经度超出范围（第 3 行）")
    assert isinstance(found["bug"], Failed)
    assert "ZeroDivisionError" in found["bug"].reason
    assert any("8/8 部分完成" in line for line in SAID)


def test_a_job_whose_worker_dies_is_done_by_another(crew: Crew, tmp_path: Path) -> None:
    mark = str(tmp_path / "died")
    assert done(crew, {"a": ("die once", mark), "b": ("value", 2)}) == {"a": mark, "b": 2}


def test_a_worker_that_hangs_is_started_anew(crew: Crew, tmp_path: Path) -> None:
    mark = str(tmp_path / "hung")
    impatient = replace(crew, silent_seconds=4.0, name="impatient")
    assert done(impatient, {"a": ("hang once", mark)}) == {"a": mark}
    assert any("没有反应" in line for line in SAID)


def test_an_interrupt_reaches_the_workers(crew: Crew) -> None:
    asked = iter([False, False])
    named = replace(crew, name="interrupted")
    found = done(named, {"a": ("until told", 7)}, stop=lambda: next(asked, True))
    assert found == {"a": 7}


def test_tasks_and_memory_are_on_the_dashboard(crew: Crew) -> None:
    from urllib.request import urlopen  # noqa: PLC0415 - this test only

    link = crew.client.dashboard_link
    assert any(link in line for line in SAID)
    with urlopen(link, timeout=10) as page:  # noqa: S310 - our own scheduler on loopback
        assert page.status == 200


def test_an_address_that_is_none_is_a_sentence() -> None:
    with pytest.raises(LingwuError, match="连不上 Dask 调度器"), crew_of("ftp://x", SAID.append):
        pass
