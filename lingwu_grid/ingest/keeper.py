"""
Keeper: starts the processes that read files, and ends those that take too much.

On Linux each folder has a fresh process, a fork of one that has loaded the libraries, which sees
that folder and no network (`confinement`); elsewhere one process reads them all.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import psutil

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.ingest.messages import LENGTH, received, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lingwu_grid.ingest.files import Limits

MODULE = "lingwu_grid.ingest.inmate"
LOOK_SECONDS = 0.1
END_SECONDS = 5.0
SCRATCH = "lingwu-"
"""Folders for what is unpacked begin so; then comes the number of the process they are for."""

SAVE_ANEW = "在原软件里打开确认完好，另存为 CSV、XLSX 或 GPKG"

FORKS = sys.platform == "linux"
"""Whether each folder has a process of its own."""


Granted = tuple[Path, int, int]
"""A folder, its device and number: another one under the same name is another folder."""


class Request(NamedTuple):
    """What the process is asked for."""

    job: str
    given: tuple[Any, ...]
    places: frozenset[Path]
    """Folders and files that may be read."""
    home: str
    """Where a path begins that is not whole; empty where that folder is gone."""
    scratch: str
    """A folder for what is unpacked; cleared when the answer is there."""
    seconds: int
    """Of computing, after which it ends of itself: its keeper may be dead by then."""


class Inmate:
    """
    A process that reads files.

    Parameters
    ----------
    process
        Itself.
    asks, tells
        Where requests go, and where answers come from.
    """

    def __init__(self, process: psutil.Process, asks: BinaryIO, tells: BinaryIO) -> None:
        self.process = process
        self.scratch = str(scratch())
        self.granted: frozenset[Granted] | None = None
        """What it is confined to; None where it is not."""
        self._asks, self._tells = asks, tells

    def ask(self, request: Request) -> None:
        """Hand a request over."""
        send(self._asks, pickle.dumps(request))

    @property
    def is_alive(self) -> bool:
        """Whether it is there to be asked."""
        with suppress(psutil.NoSuchProcess):
            return bool(self.process.status() != psutil.STATUS_ZOMBIE)
        return False

    def answer(self, most: int) -> tuple[dict[str, Any], bytes] | None:
        """Wait for the next message, of so many bytes at most; None where the process is gone."""
        about, content = received(self._tells, most), received(self._tells, most)
        return (json.loads(about), content) if about and content is not None else None

    def end(self) -> None:
        """Kill it, whatever it does, and see it dead: it holds files that are to be cleared."""
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            self.process.kill()
            self.process.wait(END_SECONDS)
        shutil.rmtree(self.scratch, ignore_errors=True)
        for pipe in (self._asks, self._tells):
            with suppress(OSError):
                pipe.close()


class Guard:
    """Ends a process that uses more than it may, and remembers why."""

    def __init__(self, inmate: Inmate, limits: Limits) -> None:
        self._inmate, self._limits = inmate, limits
        self._over = threading.Event()
        self._waits_since: float | None = None
        self.reason = ("读取它的程序中途停止", SAVE_ANEW)

    def __enter__(self) -> Guard:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def answers(
        self, job: str, given: tuple[Any, ...], places: frozenset[Path]
    ) -> Iterator[tuple[dict[str, Any], bytes] | None]:
        """Give what the process says to a request, up to its last word; None where it died."""
        answer: tuple[dict[str, Any], bytes] | None = ({"item": None}, b"")
        request = Request(
            job, given, places, _home(), self._inmate.scratch, 2 * self._limits.read_seconds + 60
        )
        with suppress(BrokenPipeError):
            self._inmate.ask(request)
        while answer is not None and "item" in answer[0]:
            self._waits_since = time.monotonic()
            answer = self._inmate.answer(most=self._limits.read_mb * 2**21)
            self._waits_since = None
            yield answer

    def _watch(self) -> None:
        most, seconds = self._limits.read_mb, self._limits.read_seconds
        while not self._over.wait(LOOK_SECONDS):
            since = self._waits_since
            try:
                used = self._inmate.process.memory_info().rss / 2**20
            except psutil.NoSuchProcess:
                return
            if used > most:
                self.reason = (
                    f"读它要用的内存超过 {most} MB",
                    "按街道分成几份，或在 rules.toml 里调大 max_read_mb",
                )
            elif since is not None and time.monotonic() - since > seconds:
                self.reason = (
                    f"{seconds} 秒内没有读完",
                    "按街道分成几份，或在 rules.toml 里调大 max_read_seconds",
                )
            else:
                continue
            self._inmate.process.kill()
            return


class Warden:
    """Starts processes: forks of one that has loaded the libraries, or one for all files."""

    def __init__(self) -> None:
        self._has_told = False
        self._forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """Begin with nothing: a fork of this process has none of its own."""
        self._lock = threading.Lock()
        self._idle: list[Inmate] = []
        self._control: socket.socket | None = None
        self._forker: psutil.Popen | None = None

    def note(self, end: dict[str, Any]) -> None:
        """Tell once of a system that cannot do what `confinement` asks of it."""
        if FORKS and not end.get("is_confined") and not self._has_told:
            self._has_told = True
            logging.getLogger(__name__).warning(
                "这台机器的内核不能把读取文件的进程关起来（要 5.13 以上），只有内存和时间的上限"
            )

    @contextmanager
    def inmate(self, places: frozenset[Path]) -> Iterator[Inmate]:
        """Give a process that may read some folders; one that was interrupted is not used again."""
        granted = frozenset(map(_granted, places))
        with self._lock:
            held = self._idle.pop() if self._idle else None
            if held is not None and not (held.is_alive and held.granted in (None, granted)):
                held.end()
                held = None
            if held is None:
                held = self._forked() if FORKS else _started()
                held.granted = granted if FORKS else None
        is_whole = False
        try:
            yield held
            is_whole = True
        finally:
            if is_whole and not self._idle:
                self._idle.append(held)
            else:
                held.end()

    def _forked(self) -> Inmate:
        for _ in range(2):  # the one that forks may have been killed since the last file
            if self._control is None:
                self._control, theirs = socket.socketpair()
                self._forker = _run(
                    str(theirs.fileno()), pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                )  # fmt: skip
                theirs.close()
            try:
                inmate = self._fork(self._control)
            except BaseException:  # interrupted: a number may be on its way that is not ours
                self._end_forker()
                raise
            if inmate is not None:
                return inmate
            self._end_forker()
        raise LingwuError(
            "读取文件的进程起不来",
            remedy="关闭别的程序，腾出内存，再运行一次；仍不行，重新安装本程序",
        )

    def _fork(self, control: socket.socket) -> Inmate | None:
        ours, theirs = socket.socketpair()
        with ours, theirs, suppress(OSError, psutil.NoSuchProcess):
            socket.send_fds(control, [b"+"], [theirs.fileno()])
            number = int.from_bytes(control.recv(LENGTH), "little")
            if number:
                process = psutil.Process(number)
                return Inmate(process, ours.makefile("wb"), ours.makefile("rb"))
        return None

    def close(self) -> None:
        """End all that wait."""
        for held in self._idle:
            held.end()
        self._idle.clear()
        self._end_forker()

    def _end_forker(self) -> None:
        if self._control is None or self._forker is None:
            return
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # a fork of ours may hold it too
        self._control.close()
        self._control = None
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            self._forker.kill()
            self._forker.wait(END_SECONDS)


def scratch() -> Path:
    """Make a folder for households' rows that go with this process."""
    return Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-"))


def _sweep() -> None:
    """Clear away what killed processes left: a confined one cannot remove its own folder."""
    for left in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*-*"):
        number = left.name.removeprefix(SCRATCH).partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)


def _run(*arguments: str, **options: Any) -> psutil.Popen:  # noqa: ANN401 - of Popen
    """Start the module in a group of its own, where an interrupt of the planner does not reach."""
    _sweep()
    own_group: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        alone = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        own_group = {"creationflags": alone}
    is_told = logging.getLogger(__name__).isEnabledFor(logging.DEBUG)
    known = os.pathsep.join(os.path.abspath(p) for p in sys.path)  # noqa: PTH100 - text
    return psutil.Popen(
        [sys.executable, "-P", "-m", MODULE, *arguments],
        stderr=None if is_told else subprocess.DEVNULL, cwd=tempfile.gettempdir(),
        env=known_by(os.environ) | {"PYTHONPATH": known, "PYTHONUTF8": "1"},
        **own_group, **options,
    )  # fmt: skip


def known_by(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would take the drivers away that we read with."""
    return {k: v for k, v in environment.items() if k not in ("GDAL_SKIP", "OGR_SKIP")}


def _granted(place: Path) -> Granted:
    try:
        about = place.stat()
    except OSError:
        return place, 0, 0
    return place, about.st_dev, about.st_ino


def _home() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return ""


def _started() -> Inmate:
    held = _run(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    asks, tells = cast("BinaryIO", held.stdin), cast("BinaryIO", held.stdout)
    return Inmate(held, asks, tells)


WARDEN = Warden()
atexit.register(WARDEN.close)
