"""
Caged: files are read in a process of their own, with limits on time and memory.

A library that falls into a trap, or over its own feet, takes that process with it and no more:
the planner is told which file it was.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lingwu_grid.contract.errors import InputError, LingwuError, OutputError, RulesError
from lingwu_grid.ingest.files import FOLDERS
from lingwu_grid.ingest.keeper import WARDEN, Guard
from lingwu_grid.ingest.parcels import unpack
from lingwu_grid.ingest.streams import BATCH_ROWS, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lingwu_grid.ingest.claims import Claims
    from lingwu_grid.ingest.files import Limits
    from lingwu_grid.ingest.tables import Source


KINDS = {kind.__name__: kind for kind in (LingwuError, InputError, RulesError, OutputError)}
"""What the process may say that came of a file."""


def read_file(path: Path, claims: Claims, limits: Limits) -> list[Source]:
    """
    Read the tables of one file, as :func:`lingwu_grid.ingest.tables.read_file` does.

    Raises
    ------
    InputError
        If it cannot be read within the limits; the sentence names it.
    """
    answers = _answers("read_file", (path, _sendable(claims), limits), path, limits)
    return [unpack(about, content, path) for about, content in answers]


def rows_about(path: Path, limits: Limits) -> int | None:
    """Count the rows of a file that can be read a batch at a time, about; None for another."""
    ((count, _),) = _answers("rows_about", (path,), path, limits)
    return None if count is None else int(count)


def open_stream(path: Path, limits: Limits) -> Stream:
    """Hash such a file."""
    ((about, _),) = _answers("open_stream", (path, limits), path, limits)
    return Stream(path, *about)


def batches_of(
    stream: Stream, claims: Claims, limits: Limits, size: int = BATCH_ROWS
) -> Iterator[Source]:
    """Read it, as :func:`lingwu_grid.ingest.streams.batches_of` does; the next while one works."""
    given = (stream, _sendable(claims), limits, size)
    for about, content in _answers("batches_of", given, stream.path, limits):
        yield unpack(about, content, stream.path)


def _sendable(claims: Claims) -> Claims:
    return type(claims)(dict(claims.columns), dict(claims.files))


def _answers(
    job: str, given: tuple[Any, ...], path: Path, limits: Limits
) -> Iterator[tuple[Any, bytes]]:
    places = _places_of(path)
    fault = None
    with WARDEN.inmate(places) as inmate, Guard(inmate, limits) as guard:
        for answer in guard.answers(job, given, places):
            if answer is None:
                raise _unreadable(path, *guard.reason)
            about, content = answer
            if "item" in about:
                yield about["item"], content
            elif "end" not in about:
                fault = _fault(about, path)
    if fault is not None:
        raise fault


def _places_of(path: Path) -> frozenset[Path]:
    """Give the folder of the study that a file is of, and where it really lies if elsewhere."""
    folder = path.absolute().parent
    study = folder.parent if folder.name in FOLDERS else folder
    really = path.resolve().parent
    return frozenset([study] if really.is_relative_to(study.resolve()) else [study, really])


def _fault(about: dict[str, Any], path: Path) -> Exception:
    """Give the sentence of the process; or one of our own on what the libraries said there."""
    if "error" in about:
        kind, what, where, remedy = about["error"]
        return KINDS[kind](what, where=where, remedy=remedy)
    logging.getLogger(__name__).debug("%s: %s", path.name, about["trace"])
    return _unreadable(
        path, f"读取它的程序出错（{about['crash']}）",
        "在原软件里打开确认完好，另存为 CSV、XLSX 或 GPKG",
    )  # fmt: skip


def _unreadable(path: Path, why: str, remedy: str) -> InputError:
    return InputError(f"读不了文件 {path.name}：{why}", where=str(path), remedy=remedy)
