"""The crew: results of every job, through workers that fail, die or hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.scale.crew import SILENT_SECONDS, Crew
from lingwu_grid.scale.jobs import Failed
from tests.scale.work import told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAID: list[str] = []


def said(phase: str, violations: int | None = None, moved: int | None = None) -> None:
    _ = violations, moved
    SAID.append(phase)


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with Crew(2, said) as two:
        yield two


def done(crew: Crew, jobs: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    return dict(crew.each(told, {name: lambda j=job: j for name, job in jobs.items()}))


def test_the_only_job_is_done_here_on_all_threads() -> None:
    alone = Crew(3)
    assert done(alone, {"a": ("threads", None)}) == {"a": 3}
    assert alone._cluster is None, "no process is started for it"


def test_the_only_job_that_fails_is_the_planners_error() -> None:
    with pytest.raises(LingwuError, match="经度超出范围"):
        done(Crew(2), {"data": ("bad data", "")})


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
    crew.silent_seconds = 4.0
    assert done(crew, {"a": ("hang once", mark), "b": ("value", 1)}) == {"a": mark, "b": 1}
    crew.silent_seconds = SILENT_SECONDS
    assert any("没有反应" in line for line in SAID)


def test_an_interrupt_reaches_the_workers() -> None:
    asked = iter([False, False])

    def stop(*, is_lawful: bool = True) -> bool:
        return is_lawful and next(asked, True)

    with Crew(1, said, stop) as one:
        assert done(one, {"a": ("until told", 7), "b": ("until told", 8)}) == {"a": 7, "b": 8}


def test_tasks_and_memory_are_on_the_dashboard(crew: Crew) -> None:
    from urllib.request import urlopen  # noqa: PLC0415 - this test only

    link = crew.cluster().client.dashboard_link
    assert any(link in line for line in SAID)
    with urlopen(link, timeout=10) as page:  # noqa: S310 - our own scheduler on loopback
        assert page.status == 200


def test_without_dask_parts_are_done_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with Crew(2, said) as alone:
        found = done(alone, {"a": ("value", 1), "data": ("bad data", ""), "b": ("value", 2)})
    assert found == {"a": 1, "data": Failed("经度超出范围（第 3 行）"), "b": 2}
    with Crew("tcp://127.0.0.1:1", said) as far, pytest.raises(LingwuError, match="没有装 Dask"):
        done(far, {"a": ("value", 1)})


def test_an_address_that_is_none_is_a_sentence() -> None:
    with pytest.raises(LingwuError, match="连不上 Dask 调度器"), Crew("ftp://x", said) as crew:
        done(crew, {"a": ("value", 1)})
