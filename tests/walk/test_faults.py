"""Whatever breaks a run off, the old output or the new one is whole, never a mix."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import lingwu_grid as lg
from lingwu_grid.contract.errors import OutputError
from lingwu_grid.output import recover, whole_folder

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


@LINUX
def test_kill_at_twenty_moments_leaves_one_whole_output(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    old = _run(study, out, "old")
    began = time.monotonic()
    new = _run(study, tmp_path / "other", "new")
    length = time.monotonic() - began
    assert old != new
    left: list[str] = []
    for moment in range(20):
        _run(study, out, "old") if left and left[-1] == new else None
        with subprocess.Popen(_command(study, out, "new")) as run:  # noqa: S603
            if moment < 6:
                time.sleep(length * (moment + 1) / 8)
            else:
                _wait_for_the_draft(run, tmp_path)
                time.sleep(0.04 * (moment - 6))
            run.kill()
            run.wait()
        plan = lg.read_plan(out)
        left.append(_digest(out))
        assert left[-1] in (old, new)
        assert len(plan.assignment) == plan.summary["households"] == 900
        assert (out / "map.html").read_text("utf-8").rstrip().endswith("</html>")
    assert old in left
    _run(study, out, "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other", "out"], "drafts are cleared away"


def _wait_for_the_draft(run: subprocess.Popen[bytes], folder: Path) -> None:
    while run.poll() is None and not list(folder.glob(".out.draft-*/*")):
        time.sleep(0.005)


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
@pytest.mark.parametrize("kilobytes", [4, 60, 150, 250])
def test_a_full_disk_is_a_sentence_and_the_old_output_stays(
    kilobytes: int, study: Path, tmp_path: Path
) -> None:
    import resource  # noqa: PLC0415 - not on Windows

    out = tmp_path / "out"
    old = _run(study, out, "old")
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
def test_a_real_full_disk(study: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3000k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("a small disk needs the right to mount; the quota test stands for it")
    try:
        old = _run(study, disk / "out", "old")
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
