"""
Inmate: the process that reads files, confined, and may die of one; not imported by anything.

    python -m lingwu_grid.ingest.inmate              serves requests on its pipes (any system)
    python -m lingwu_grid.ingest.inmate SOCKET       forks such a process for each request (Linux)

A request is a pickle from our own parent; what goes back is JSON and Arrow (`parcels`).
"""

from __future__ import annotations

import array
import gc
import json
import os
import pickle
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyogrio

from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.confinement import confine
from lingwu_grid.ingest.files import Limits
from lingwu_grid.ingest.messages import LENGTH, received, send
from lingwu_grid.ingest.parcels import pack
from lingwu_grid.ingest.streams import batches_of, open_stream, rows_about
from lingwu_grid.ingest.tables import Source, read_file, read_sheets

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lingwu_grid.ingest.keeper import Request

NEEDED = ("/usr", "/lib", "/lib64", "/etc/localtime", "/dev/null", "/dev/urandom")
"""What the libraries may still have to open: themselves."""


TINY = (
    '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null}]}'
)
"""A file without anything."""


def _read_file(*given: Any) -> Iterator[Source]:  # noqa: ANN401 - as for read_file
    yield from read_file(*given)


def _open_stream(*given: Any) -> Iterator[Any]:  # noqa: ANN401 - as for open_stream
    stream = open_stream(*given)
    yield [stream.sha256, stream.layer]


def _rows_about(path: Path) -> Iterator[Any]:
    yield rows_about(path)


def _batches_of(*given: Any) -> Iterator[Source]:  # noqa: ANN401 - as for batches_of
    *most, size = given
    return batches_of(*most, size=size)


JOBS: dict[str, Callable[..., Iterator[Any]]] = {
    "read_file": _read_file,
    "read_sheets": read_sheets,
    "batches_of": _batches_of,
    "open_stream": _open_stream,
    "rows_about": _rows_about,
}


def serve(asked: BinaryIO, told: BinaryIO) -> None:
    """
    Answer requests until there are no more.

    Parameters
    ----------
    asked, told
        Where requests come from, and where answers go.
    """
    is_free, scratch, held = sys.platform == "linux", "", (False, False)
    try:
        while message := received(asked):
            request: Request = pickle.loads(message)  # noqa: S301 - from our own parent
            scratch = request.scratch
            if request.home:
                os.chdir(request.home)
            _end_of_itself(request.seconds)
            tempfile.tempdir = scratch
            os.environ["SQLITE_TMPDIR"] = os.environ["CPL_TMPDIR"] = scratch
            if is_free:
                held = confine([*request.places, *_ours()], [Path(scratch)])
                is_free = False
            _answer(request, told, is_confined=all(held))
    finally:  # what lies there are rows of households, and the parent may be dead
        shutil.rmtree(scratch, ignore_errors=True)


def _end_of_itself(seconds: int) -> None:
    """Have the system end this process after so much more computing (not on Windows)."""
    if sys.platform == "win32":
        return
    used = sum(os.times()[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds, hard))


def _answer(request: Request, told: BinaryIO, *, is_confined: bool) -> None:
    try:
        for result in JOBS[request.job](*request.given):
            about, content = pack(result) if isinstance(result, Source) else (result, b"")
            _tell(told, {"item": about}, content)
        _tell(told, {"end": True, "is_confined": is_confined})
    except BrokenPipeError:
        raise
    except LingwuError as error:
        kind = type(error).__name__
        _tell(told, {"error": [kind, error.what, error.where, error.remedy]})
    except BaseException as error:  # noqa: BLE001 - a panic of a library is told like the rest
        short = f"{type(error).__name__}: {error}"[:300]
        _tell(told, {"crash": short, "trace": traceback.format_exc()[-4000:]})


def _ours() -> list[Path]:
    """List our own package, the libraries, and what they need; not where the planner works."""
    own = Path(__file__).parents[1]
    libraries = {Path(str(module.__file__)).parents[1] for module in (np, pyogrio)}
    return [own, *libraries, *map(Path, (sys.prefix, sys.base_prefix, *NEEDED))]


def _tell(told: BinaryIO, about: dict[str, Any], content: bytes = b"") -> None:
    send(told, json.dumps(about).encode())
    send(told, content)


def fork_for_each(control: socket.socket) -> None:
    """Fork a process for each socket that comes, and tell its number; until the parent is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not kept
    _warm_up()
    while True:
        _, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(array.array("i").itemsize))
        if not ancillary:
            return
        (number,) = array.array("i", ancillary[0][2])
        child = os.fork()
        if not child:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with socket.socket(fileno=number) as channel:
                serve(channel.makefile("rb"), channel.makefile("wb"))
            os._exit(0)
        os.close(number)
        control.sendall(child.to_bytes(LENGTH, "little"))


def _warm_up() -> None:
    """Have the libraries open what they need once, for all forks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roads.geojson"
        path.write_text(TINY, encoding="utf-8")
        for source in read_file(path, Claims(), Limits(1, 10, 10)):
            pack(source)
    gc.freeze()


def main() -> None:
    """Serve; what libraries print goes nowhere."""
    if len(sys.argv) > 1:
        fork_for_each(socket.socket(fileno=int(sys.argv[1])))
        return
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, told)


if __name__ == "__main__":
    main()
