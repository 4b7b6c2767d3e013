"""
Occupancy: one run at a time on an output; what killed runs left beside it is put right.

A result is put in place by two renames. A run that was killed has left a draft, or the old result
whole, beside its place, under a name that tells the computer and the process.
"""

from __future__ import annotations

import errno
import glob
import json
import logging
import os
import platform
import re
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock, Timeout

from lingwu_grid.contract.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

LITTLE_BYTES = 2**20
"""A disk with less free than this is full."""

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a share says that knows no locks: nothing is refused there."""

OURS = frozenset(
    [
        "plan.gpkg", "backdrop.gpkg", "map.html", "certificate.json", "summary.json", "run.json",
        "coverage.json", "coverage.csv", "ledger.xlsx", "report.docx", "atlas.pdf", "share",
        "review", "scenarios", "scenarios.csv", "price_list.csv", "foresight.csv",
        "check.html", "check.json",
        "guess.html", "zones.csv", "coverage_zones.csv", "figures", "answers.csv", "repairs.csv",
        "streets", "assignment", "compare.json", "compare.html", "figures.csv", "pairs.csv",
        "stories.csv",
        "drift.csv", "kit", "outlook.csv", "lingwu_grid.qgz",
        "excluded.csv", "findings.csv", "changes.csv", "impact.csv", "code_register.csv",
        "assignment.csv", "buildings.csv",
    ]
)  # fmt: skip
"""What a new plan replaces; anything else in the folder is somebody's and stays."""

HOST = re.sub(r"[^\w.]", "_", platform.node()) or "localhost"
"""Name of this computer, without the sign that parts it from the process."""
PUT_ASIDE, DRAFT = "old", "draft"

AT_WORK: set[Path] = set()
"""What this process is writing itself."""

DRAFT_LEFT = "%s 是电脑 %s 写 %s 的草稿，里面有居民户，没有动它；那里确已不在运行时请删去"
LEFT_BEHIND = {
    (DRAFT, True): DRAFT_LEFT,
    (DRAFT, False): DRAFT_LEFT,
    (PUT_ASIDE, True): "%s 是电脑 %s 换下的旧 %s，没有动它；那里确已不在运行、新的也核对过，请删去",
    (PUT_ASIDE, False): "%s 是电脑 %s 换结果时中断留下的、完整的旧结果：那里确已不在运行时，"
    "把它改名为 %s 就恢复了",
}
"""What to say of another computer's: what it is, and whether the result itself is there."""


@contextmanager
def occupied(folder: Path) -> Iterator[bool]:
    """
    Have an output to this run alone; the same run may ask again.

    Gives whether it really has it: a share may know no locks.

    Parameters
    ----------
    folder
        The output folder, there or not; the lock lies beside it, and goes with the process.

    Raises
    ------
    OutputError
        If another run has it, which is named; or nothing can be written there, or it is the
        folder one works in.
    """
    place = folder.resolve()
    if place.parent == place or _works_in(place):
        raise OutputError(
            "结果不能就是当前文件夹、它上面的文件夹或盘的根：写完时整个文件夹要换成新的",
            where=str(place), remedy="在当前文件夹里给它起个名字，例如 -o 结果",
        )  # fmt: skip
    made = [p for p in (place.parent, *place.parent.parents) if not p.exists()]
    lock = FileLock(place.with_name(f".{place.name}.lock"), timeout=0, is_singleton=True)
    owner = place.with_name(f".{place.name}.owner")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        try_beside(place)  # where nothing can be written, the lock waits for ever
        raise _refused(place, owner) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise not_written(place, error) from error
    is_first = lock.lock_counter == 1
    try:
        if is_first:
            _sign(owner)
        yield lock.is_locked
    finally:
        if is_first:
            with suppress(OSError):
                owner.unlink(missing_ok=True)
                Path(lock.lock_file).unlink()  # who waits for it sees that it is another
        if lock.is_locked:
            lock.release()
        for empty in made if is_first else ():
            with suppress(OSError):
                empty.rmdir()


def _works_in(place: Path) -> bool:
    """Tell whether one works in a folder or below it: it could not be replaced."""
    try:
        return Path.cwd().is_relative_to(place)
    except FileNotFoundError:  # the folder one works in is gone
        return False


def try_beside(place: Path) -> None:
    """See whether anything can be made beside an output."""
    try:
        # A name of its own: the draft may be another thread's.
        tempfile.TemporaryDirectory(
            dir=place.parent, prefix=f"{beside(place, DRAFT).name}-"
        ).cleanup()
    except OSError as error:
        raise not_written(place, error) from error


def _sign(owner: Path) -> None:
    told = {"host": platform.node(), "process": os.getpid(), "since": time.strftime("%H:%M")}
    with suppress(OSError):  # a full disk is told when the result is written
        owner.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def _refused(folder: Path, owner: Path) -> OutputError:
    who = "另一次运行"
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(owner.read_text(encoding="utf-8"))
        who = f"电脑 {told['host']} 上的进程 {told['process']}（{told['since']} 开始）"
    return OutputError(
        f"{who}正在写这个结果", where=str(folder), remedy="等它做完再运行，或用 -o 换一个结果文件夹"
    )


@contextmanager
def at_work(*paths: Path) -> Iterator[None]:
    """Keep this process from clearing away what it is writing itself."""
    AT_WORK.update(paths)
    try:
        yield
    finally:
        AT_WORK.difference_update(paths)


def beside(folder: Path, what: str) -> Path:
    """Name what this run puts beside an output: `PUT_ASIDE` or `DRAFT`."""
    return folder.with_name(f".{folder.name}.{what}-{HOST}-{os.getpid()}")


def recover(folder: Path) -> None:
    """
    Put right what a killed run left: bring the old result back, clear drafts away.

    Parameters
    ----------
    folder
        The output folder, there or not; nothing is done while a run has it.
    """
    folder = folder.resolve()
    if not any(_left(folder, what) for what in (PUT_ASIDE, DRAFT)):
        return
    try:
        with occupied(folder) as is_ours:
            for aside in _dead(folder, PUT_ASIDE, is_ours=is_ours):
                if not folder.exists():
                    aside.rename(folder)
                else:
                    bring_along(aside, folder)
                    shutil.rmtree(aside, ignore_errors=True)
            for draft in _dead(folder, DRAFT, is_ours=is_ours):
                shutil.rmtree(draft, ignore_errors=True)
    except OutputError:
        return  # somebody is at work there, and puts it right


def _left(folder: Path, what: str) -> list[Path]:
    return sorted(folder.parent.glob(f".{glob.escape(folder.name)}.{what}-*"))


def _dead(folder: Path, what: str, *, is_ours: bool) -> list[Path]:
    """Give what dead runs of this computer left; what is another's is named and stays."""
    found = []
    for path in _left(folder, what):
        host, _, number = path.name.rpartition(f".{what}-")[2].partition("-")
        if not number:  # of a version that told no computer
            host, number = "", host
        if host not in ("", HOST):
            said = LEFT_BEHIND[what, folder.exists()]
            logging.getLogger(__name__).warning(said, path, host, folder.name)
        elif path not in AT_WORK and (is_ours or not _is_at_work(number)):
            found.append(path)
    return found


def _is_at_work(number: str) -> bool:
    """Tell by the number of a process, where there are no locks, whether it still writes."""
    return number.isdigit() and int(number) != os.getpid() and psutil.pid_exists(int(number))


def bring_along(aside: Path, folder: Path) -> None:
    """Move what is not ours from the old folder to the new one."""
    for item in aside.iterdir():
        if item.name not in OURS and not (folder / item.name).exists():
            item.rename(folder / item.name)


def not_written(folder: Path, error: Exception) -> OutputError:
    """Make the sentence on a place that cannot be written."""
    full = shutil.disk_usage(existing(folder)).free < LITTLE_BYTES
    why = "磁盘已满" if full else getattr(error, "strerror", None) or str(error)
    return OutputError(
        f"写不出结果：{why}",
        where=str(folder),
        remedy="关闭正在打开该文件夹的程序，确认磁盘有空间、文件夹可写，再运行一次；原有结果没有改动",
    )


def existing(folder: Path) -> Path:
    """Give the nearest folder above that is there."""
    return next(p for p in (folder, *folder.absolute().parents) if p.exists())
