"""Whatever breaks a run off, the old output or the new one is whole, never a mix."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyogrio
import pytest

import lingwu_grid as lg
from lingwu_grid import output
from lingwu_grid.contract.errors import OutputError
from lingwu_grid.occupancy import DRAFT, beside, recover
from lingwu_grid.output import require_place, whole_folder

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = ("assignment.csv", "changes.csv", "excluded.csv", "plan.gpkg")
RULES = "study_name = '很小的一份'\nmargin = {margin}\n"
RULES += "prove = false\neffort = 20\n[community]\nlower = 500\nupper = 5000\n"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="signals and limits of Linux")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine hundred households in a field: a run of a few seconds."""
    folder: Path = tmp_path_factory.mktemp("field") / "study"
    folder.mkdir()
    rng = np.random.default_rng(1)
    lon, lat = 106.33 + rng.random(900) * 0.010, 38.10 + rng.random(900) * 0.008
    rows = "".join(f"H{i},{a:.6f},{b:.6f}\n" for i, (a, b) in enumerate(zip(lon, lat, strict=True)))
    (folder / "households.csv").write_text("户编号,经度,纬度\n" + rows, encoding="utf-8")
    for name, margin in (("old", 0), ("new", 40)):
        (folder.parent / f"{name}.toml").write_text(RULES.format(margin=margin), encoding="utf-8")
    return folder


def _command(study: Path, out: Path, rules: str) -> list[str]:
    return [
        sys.executable, "-m", "lingwu_grid.partition", str(study), "-o", str(out), "--quiet",
        "--rules", str(study.parent / f"{rules}.toml"), "--workers", "1", "--no-report",
    ]  # fmt: skip


def _run(study: Path, out: Path, rules: str) -> str:
    subprocess.run(_command(study, out, rules), check=True, capture_output=True)  # noqa: S603
    return _digest(out)


def _digest(out: Path) -> str:
    whole = hashlib.sha256()
    for name in FILES:
        whole.update((out / name).read_bytes())
    return whole.hexdigest()


@pytest.fixture(scope="module")
def old_output(study: Path) -> Path:
    """An output folder to be replaced."""
    out = study.parent / "output"
    _run(study, out, "old")
    return out


@LINUX
def test_a_run_that_is_killed_while_it_writes_leaves_the_old_plan(
    study: Path, old_output: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(old_output, out)
    old = _digest(out)
    with subprocess.Popen(_command(study, out, "new")) as run:  # noqa: S603
        # A trial folder comes and goes: Path.glob fails where one goes while it looks, this not.
        while run.poll() is None and not glob(".out.draft-*/*", root_dir=tmp_path):  # noqa: PTH207
            time.sleep(0.005)
        run.kill()
        run.wait()
    assert len(lg.read_plan(out).assignment) == 900
    assert _digest(out) == old
    assert _run(study, out, "new") != old
    assert [p.name for p in tmp_path.iterdir()] == ["out"], "drafts are cleared away"


class Killed(BaseException):
    """The process is gone: nothing after this runs."""


class Steps:
    """Every step of a writing that may fail, counted; one of them fails, or is the last."""

    def __init__(self, fails_at: int, error: BaseException) -> None:
        self.done, self._fails_at, self._error = 0, fails_at, error
        self.kills = isinstance(error, Killed)
        self.is_dead = False

    def wrapped(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Count a step whenever it is taken, and break it off when its turn has come."""

        def tried(*given: Any, **options: Any) -> Any:  # noqa: ANN401 - any step
            if self.is_dead:
                return None  # a dead process clears nothing away
            self.done += 1
            if self.done == self._fails_at:
                self.is_dead = self.kills
                raise self._error
            return step(*given, **options)

        return tried


STEPS = (
    (pyogrio, "write_dataframe"), (pd.DataFrame, "to_csv"), (Path, "write_text"),
    (Path, "rename"), (Path, "mkdir"), (shutil, "rmtree"), (shutil, "copytree"),
)  # fmt: skip


FALLIBLE = tuple(step for step in STEPS if step[1] != "rmtree")
"""Clearing away is told to ignore errors."""


def _saved(plan: lg.Plan, out: Path, steps: Steps) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in STEPS if steps.kills else FALLIBLE:
            patch.setattr(owner, name, steps.wrapped(getattr(owner, name)))
        patch.setattr("lingwu_grid.plan.draw", _one_page)
        plan.save(out)


def _one_page(_plan: lg.Plan, folder: Path, *_: Any, **__: Any) -> None:  # noqa: ANN401 - not asked
    (folder / "map.html").write_text("<html></html>", encoding="utf-8")


@pytest.fixture(scope="module")
def plans(study: Path) -> tuple[lg.Plan, lg.Plan]:
    """Two plans of the field."""
    old, new = (lg.settings(study, study.parent / f"{n}.toml") for n in ("old", "new"))
    return lg.partition(study, old), lg.partition(study, new)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), Killed()], ids=repr)
def test_whatever_step_of_writing_fails_the_old_plan_or_the_new_is_whole(
    error: BaseException, plans: tuple[lg.Plan, lg.Plan], tmp_path: Path
) -> None:
    old, new = plans
    _saved(old, tmp_path / "whole", Steps(-1, error))
    _saved(new, tmp_path / "whole", counted := Steps(-1, error))
    assert counted.done > 15
    wanted = {_digest(tmp_path / "whole")}
    seen, ended = set(), set()
    for step in range(1, counted.done + 2):
        place = tmp_path / f"{step}"
        place.mkdir()
        out = place / "out"
        _saved(old, out, Steps(-1, error))
        before = _digest(out)
        try:
            _saved(new, out, Steps(step, error))
        except (OutputError, Killed) as told:
            ended.add(type(told).__name__)
        read = lg.read_plan(out)  # puts right what a killed run has left
        assert len(read.assignment) == read.summary["households"] == 900
        assert _digest(out) in wanted | {before}
        seen.add(_digest(out))
        _saved(new, out, Steps(-1, error))
        assert {_digest(out)} == wanted
        left = {p.name for p in place.iterdir()}
        assert left <= {"out", beside(out, "draft").name}, left
    assert ended == {"Killed" if isinstance(error, Killed) else "OutputError"}
    assert len(seen) == 2, "some steps come before the new plan is in place, some after"


def test_a_run_killed_between_the_two_renames_is_put_right(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as draft:
        (draft / "plan.gpkg").write_text("old")
    (tmp_path / ".out.old-999999999").mkdir()
    out.rename(tmp_path / ".out.old-999999999" / "x")
    (tmp_path / ".out.old-999999999" / "x").rename(tmp_path / "y")
    (tmp_path / ".out.old-999999999").rmdir()
    (tmp_path / "y").rename(tmp_path / ".out.old-999999999")
    (tmp_path / ".out.draft-999999998").mkdir()
    recover(out)
    assert (out / "plan.gpkg").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@LINUX
@pytest.mark.parametrize("kilobytes", [60, 250])
def test_a_full_disk_is_a_sentence_and_the_old_output_stays(
    kilobytes: int, study: Path, old_output: Path, tmp_path: Path
) -> None:
    import resource  # noqa: PLC0415 - not on Windows

    out = tmp_path / "out"
    shutil.copytree(old_output, out)
    old = _digest(out)
    done = subprocess.run(  # noqa: S603
        _command(study, out, "new"),
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024,) * 2),
    )
    told = done.stderr.decode()
    assert done.returncode == 2
    assert "写不出结果" in told
    assert "Traceback" not in told
    assert _digest(out) == old
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@LINUX
def test_a_real_full_disk(study: Path, old_output: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3000k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("a small disk needs the right to mount; the quota test stands for it")
    try:
        shutil.copytree(old_output, disk / "out")
        old = _digest(disk / "out")
        command = _command(study, disk / "out", "new")
        done = subprocess.run(command, check=False, capture_output=True)  # noqa: S603
        assert done.returncode == 2
        assert "磁盘已满" in done.stderr.decode()
        assert _digest(disk / "out") == old
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607


def test_a_folder_that_cannot_be_renamed_keeps_its_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as draft:
        (draft / "plan.gpkg").write_text("old")
    monkeypatch.setattr(Path, "rename", _refuse)
    with pytest.raises(OutputError, match="另一个程序"), whole_folder(out) as draft:
        (draft / "plan.gpkg").write_text("new")
    monkeypatch.undo()
    assert (out / "plan.gpkg").read_text() == "old"


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_solved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as draft:
        (draft / "plan.gpkg").write_text("old")
    require_place(out)
    require_place(tmp_path / "not" / "yet" / "there")
    assert [p.name for p in tmp_path.iterdir()] == ["out"], "nothing is left of the trial"
    monkeypatch.setattr(Path, "rename", _refuse)
    with pytest.raises(OutputError, match="另一个程序"):
        require_place(out)
    monkeypatch.undo()
    monkeypatch.setattr(Path, "is_mount", lambda path: path == out)
    with pytest.raises(OutputError, match="挂载点"):
        require_place(out)
    monkeypatch.undo()
    assert (out / "plan.gpkg").read_text() == "old"


@LINUX
def test_a_disk_that_takes_nothing_is_refused_before_anything_is_solved() -> None:
    with pytest.raises(OutputError, match="写不出结果"):
        require_place(Path("/proc/out"))


def _refuse(_path: Path, _target: Path) -> None:
    raise PermissionError(13, "另一个程序正在使用此文件")


@LINUX
def test_input_that_vanishes_while_it_is_read_is_a_sentence(study: Path, tmp_path: Path) -> None:
    copy = tmp_path / "study"
    copy.mkdir()
    (copy / "households.csv").write_bytes((study / "households.csv").read_bytes())
    (copy / "道路.csv").symlink_to(tmp_path / "unplugged" / "道路.csv")
    with pytest.raises(lg.InputError, match=r"道路\.csv"):
        lg.partition(lg.read_study(copy))


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="it imports nothing in such a folder")
def test_a_working_folder_that_is_gone_is_a_sentence(study: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        "import os, sys; os.chdir(sys.argv.pop(1)); os.rmdir(os.getcwd());"
        "from lingwu_grid.partition import main; sys.exit(main())"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, str(gone), str(study), "-o", str(tmp_path / "out")],
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "当前文件夹已被删去" in done.stderr.decode()


@LINUX
def test_a_file_that_may_not_be_read_is_named(study: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(study, tmp_path / "study")
    (copy / "roads.geojson").write_text("{}", encoding="utf-8")
    (copy / "roads.geojson").chmod(0)
    (copy / "households.csv").chmod(0)
    command = [sys.executable, "-m", "lingwu_grid.check", str(copy), "-o", str(tmp_path / "out")]
    if not os.geteuid():  # root reads everything, until it gives that up
        if shutil.which("setpriv") is None:
            pytest.skip("root cannot give up its right to read everything")
        command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    said = done.stderr.decode()
    assert done.returncode == 2
    assert "households.csv" in said
    assert "Traceback" not in said
    assert "Permission denied" in said


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_a_path_too_long_for_windows_is_refused_at_the_start(
    more: int,
    refused: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output, "IS_WINDOWS", True)
    taken = len(str(beside(tmp_path / "x", DRAFT))) - 1 + output.INSIDE
    out = tmp_path / ("x" * (output.LONGEST_PATH - taken + more))
    if refused:
        with pytest.raises(OutputError, match="路径太长：里面的文件名会有 260 个字"):
            require_place(out)
    else:
        require_place(out)


@LINUX
def test_two_runs_at_once_end_as_one_alone(study: Path, tmp_path: Path) -> None:
    """One of two has the output, the other is told so; the bytes are those of a run alone."""
    alone = _run(study, tmp_path / "alone", "new")
    out = tmp_path / "out"
    runs = [
        subprocess.Popen(_command(study, out, "new"), stderr=subprocess.PIPE)  # noqa: S603
        for _ in range(2)
    ]
    said = {run.pid: run.communicate()[1].decode() for run in runs}
    codes = sorted(run.returncode for run in runs)
    assert _digest(out) == alone
    assert codes in ([0, 2], [0, 0]), said
    if codes == [0, 2]:
        winner, loser = sorted(runs, key=lambda run: run.returncode)
        assert f"进程 {winner.pid}（" in said[loser.pid]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["alone", "out"]
