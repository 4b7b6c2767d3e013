"""One run at a time on an output, and what dead runs left beside it is put right."""

from __future__ import annotations

import errno
import json
import logging
import os
import platform
import shutil
import stat
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from lingwu_grid.contract.errors import OutputError
from lingwu_grid.occupancy import HOST, beside, not_written, occupied, recover
from lingwu_grid.output import require_place, whole_folder

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDER = """
    import sys, time
    from pathlib import Path
    from lingwu_grid.occupancy import occupied
    with occupied(Path(sys.argv[1])):
        print("has it", flush=True)
        time.sleep(60)
"""


def held_by_another(out: Path) -> subprocess.Popen[str]:
    """Start a process that has an output."""
    command = [sys.executable, "-c", textwrap.dedent(HOLDER), str(out)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert holder.stdout is not None
    assert holder.stdout.readline() == "has it\n"
    return holder


@pytest.mark.parametrize("there", [True, False])
def test_another_run_is_refused_with_the_name_of_the_first(there: bool, tmp_path: Path) -> None:  # noqa: FBT001
    out = tmp_path / "out"
    if there:
        with whole_folder(out) as draft:
            (draft / "plan.gpkg").write_text("old")
    with held_by_another(out) as holder:
        for entered in (require_place, lambda folder: whole_folder(folder).__enter__()):
            with pytest.raises(OutputError) as said:
                entered(out)
            assert f"电脑 {platform.node()} 上的进程 {holder.pid}（" in said.value.what
            assert "-o" in said.value.remedy
        holder.kill()
    require_place(out)
    with whole_folder(out) as draft:
        (draft / "plan.gpkg").write_text("new")
    assert (out / "plan.gpkg").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_same_run_may_ask_again_and_has_it_to_the_end(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with occupied(out):
        require_place(out)
        with whole_folder(out) as draft:
            (draft / "plan.gpkg").write_text("x")
        locks = {p.name for p in out.parent.iterdir()}
        assert locks == {"out", ".out.lock", ".out.owner"}
        told = json.loads((out.parent / ".out.owner").read_text("utf-8"))
        assert told["process"] == os.getpid()
    assert [p.name for p in out.parent.iterdir()] == ["out"]


def test_folders_made_for_a_result_that_never_came_are_gone(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), occupied(tmp_path / "a" / "b" / "out"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_an_output_is_the_same_output(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with held_by_another(tmp_path / "real") as holder:
        with pytest.raises(OutputError, match=str(holder.pid)), occupied(tmp_path / "link"):
            pass
        holder.kill()


def test_what_another_computer_has_not_finished_is_named_and_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    theirs = tmp_path / ".out.draft-OFFICE.7-999999998"
    mine = tmp_path / f".out.draft-{HOST}-999999999"
    for draft in (theirs, mine):
        draft.mkdir()
    with caplog.at_level(logging.WARNING):
        recover(out)
    assert [p.name for p in tmp_path.iterdir()] == [theirs.name]
    assert str(theirs) in caplog.text
    assert "电脑 OFFICE.7" in caplog.text


def test_nothing_is_put_right_under_a_run_that_is_at_work(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / f".out.old-{HOST}-999999999").mkdir()
    with held_by_another(out) as holder:
        recover(out)
        assert not out.exists()
        holder.kill()
    recover(out)
    assert out.is_dir()


def test_a_clock_set_back_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 10**6)
    with occupied(tmp_path / "out"), whole_folder(tmp_path / "out") as draft:
        (draft / "plan.gpkg").write_text("x")
    assert (tmp_path / "out" / "plan.gpkg").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_rows_of_households_are_for_the_owner_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as draft:
        assert stat.S_IMODE(draft.stat().st_mode) == 0o700
        for name in ("assignment.csv", "excluded.csv", "findings.csv", "coverage.csv", "plan.gpkg"):
            (draft / name).write_text("x")
        (draft / "assignment").mkdir()
        (draft / "share").mkdir()
    usual = (tmp_path / "usual").mkdir() or (tmp_path / "usual").stat().st_mode
    assert out.stat().st_mode == (out / "share").stat().st_mode == usual
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in out.iterdir()}
    assert modes.pop("share") == stat.S_IMODE(usual)
    assert modes.pop("plan.gpkg") & 0o044
    assert modes.pop("assignment") == 0o700
    assert set(modes.values()) == {0o600}


def test_the_names_beside_an_output_tell_whose_they_are(tmp_path: Path) -> None:
    assert beside(tmp_path / "out", "draft").name == f".out.draft-{HOST}-{os.getpid()}"


@pytest.mark.parametrize("there", [True, False])
def test_an_old_result_that_another_computer_left_is_never_called_waste(
    there: bool,  # noqa: FBT001
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    out = tmp_path / "out"
    if there:
        out.mkdir()
    (tmp_path / ".out.old-container1-17").mkdir()
    with caplog.at_level(logging.WARNING):
        recover(out)
    assert (tmp_path / ".out.old-container1-17").exists()
    assert ("把它改名为 out 就恢复了" in caplog.text) is not there
    assert ("请删去" in caplog.text) is there


@pytest.mark.parametrize("what", ["old", "draft"])
def test_the_number_of_a_living_process_keeps_nothing_dead(what: str, tmp_path: Path) -> None:
    """Numbers come again: who has the lock knows that nobody else writes."""
    left = tmp_path / f".out.{what}-{HOST}-{os.getppid()}"
    left.mkdir()
    recover(tmp_path / "out")
    assert not left.exists()
    assert (tmp_path / "out").exists() is (what == "old")


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_a_result_is_not_the_folder_one_works_in(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for entered in (require_place, lambda folder: whole_folder(folder).__enter__()):
        with pytest.raises(OutputError, match=r"不能就是当前文件夹|挂载点|有别的东西"):
            entered(Path(name))
    require_place(Path("result"))


def test_a_working_folder_that_is_gone_does_not_keep_a_result_from_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Path:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "cwd", gone)
    with occupied(tmp_path / "out") as is_ours:
        assert is_ours


def test_a_link_to_a_result_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with whole_folder(tmp_path / "link") as draft:
        (draft / "plan.gpkg").write_text("x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "plan.gpkg").exists()


def test_two_threads_of_one_process_are_two_runs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said: list[str] = []

    def other() -> None:
        try:
            require_place(out)
        except OutputError as error:
            said.append(error.what)

    with whole_folder(out) as draft:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        (draft / "plan.gpkg").write_text("x")
    assert len(said) == 1
    assert f"进程 {os.getpid()}（" in said[0]
    assert (out / "plan.gpkg").exists()


def refusing(number: int) -> Callable[..., None]:
    def acquire(*_: object, **__: object) -> None:
        raise OSError(number, "no locks")

    return acquire


def test_a_share_that_knows_no_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the number of the process has to say whether somebody still writes."""
    monkeypatch.setattr(FileLock, "acquire", refusing(errno.ENOLCK))
    alive, dead = (tmp_path / f".out.draft-{HOST}-{n}" for n in (os.getppid(), 999_999_999))
    for draft in (alive, dead):
        draft.mkdir()
    with occupied(tmp_path / "out") as is_ours:
        assert not is_ours
    with whole_folder(tmp_path / "out") as draft:
        (draft / "plan.gpkg").write_text("x")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([alive.name, "out"])
    monkeypatch.setattr(FileLock, "acquire", refusing(errno.EIO))
    with pytest.raises(OutputError, match="写不出结果：no locks"), occupied(tmp_path / "out"):
        pass


def test_what_this_process_is_writing_is_not_cleared_away_under_it(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "out") as draft:
        (draft / "plan.gpkg").write_text("x")
        recover(tmp_path / "out")
        assert (draft / "plan.gpkg").exists()


def test_what_is_somebodys_comes_along_and_what_is_ours_does_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as draft:
        for name in ("plan.gpkg", "summary.json"):
            (draft / name).write_text("old")
    (out / "备忘.txt").write_text("mine")
    (out / "both.txt").write_text("old")
    with whole_folder(out) as draft:
        (draft / "plan.gpkg").write_text("new")
        (draft / "both.txt").write_text("new")
    told = {p.name: p.read_text() for p in out.iterdir()}
    assert told == {"plan.gpkg": "new", "both.txt": "new", "备忘.txt": "mine"}


def test_a_full_disk_is_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    for free, said in ((2**20 - 1, "磁盘已满"), (2**20, "坏了")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, n=free: usage._replace(free=n))
        assert f"写不出结果：{said}" in not_written(tmp_path, OSError(5, "坏了")).what
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "写不出结果：话" in not_written(tmp_path, ValueError("话")).what
