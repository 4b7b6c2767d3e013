"""
Caged: files are read in a process of their own, with limits on time and memory.

A library that falls into a trap, or over its own feet, takes that process with it and no more:
the planner is told which file it was.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lingwu_grid.contract.errors import InputError, LingwuError, OutputError, RulesError
from lingwu_grid.ingest.keeper import SAVE_ANEW, WARDEN, Guard
from lingwu_grid.ingest.parcels import unpack
from lingwu_grid.ingest.streams import BATCH_ROWS, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lingwu_grid.ingest.books import Block
    from lingwu_grid.ingest.claims import Claims
    from lingwu_grid.ingest.files import Limits
    from lingwu_grid.ingest.tables import Source


MALFORMED = (ValueError, KeyError, TypeError, IndexError, AttributeError, pa.ArrowException)
"""What comes of an answer that is none."""

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
    return list(_unpacked(answers, path))


def read_sheets(
    path: Path, sheets: Sequence[str], limits: Limits
) -> dict[str, tuple[list[list[str]], list[Block]]]:
    """
    Read the cells of some sheets, as :func:`lingwu_grid.ingest.tables.read_sheets` does.

    Raises
    ------
    InputError
        If the workbook cannot be read within the limits.
    """
    answers = _answers("read_sheets", (path, tuple(sheets), limits), path, limits)
    return {name: (rows, blocks) for (name, rows, blocks), _ in answers}


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
    yield from _unpacked(_answers("batches_of", given, stream.path, limits), stream.path)


def _sendable(claims: Claims) -> Claims:
    return type(claims)(dict(claims.columns), dict(claims.files))


def _answers(
    job: str, given: tuple[Any, ...], path: Path, limits: Limits
) -> Iterator[tuple[Any, bytes]]:
    places = _places_of(path)
    fault = None
    with WARDEN.inmate(places) as inmate, Guard(inmate, limits) as guard:
        try:
            for answer in guard.answers(job, given, places):
                if answer is None:
                    raise _unreadable(path, *guard.reason)
                about, content = answer
                if "item" in about:
                    yield about["item"], content
                elif "end" in about:
                    WARDEN.note(about)
                else:
                    fault = _fault(about, path)
        except MALFORMED as error:
            raise _strange(path, error) from error
    if fault is not None:
        raise fault


def _unpacked(answers: Iterator[tuple[Any, bytes]], path: Path) -> Iterator[Source]:
    for about, content in answers:
        try:
            source = unpack(about, content, path)
        except MALFORMED as error:
            raise _strange(path, error) from error
        yield source


def _strange(path: Path, error: Exception) -> InputError:
    """Say that a process answered what none of ours would: a file may have taken it over."""
    logging.getLogger(__name__).debug("%s", path.name, exc_info=error)
    return _unreadable(path, "读取它的程序答非所问", "核对这个文件的来源；确认可靠的，另存一份再试")


def _places_of(path: Path) -> frozenset[Path]:
    """Give the folder of a file; where it is a link, the file it leads to as well."""
    folder = path.absolute().parent
    really = Path(os.path.realpath(path))  # noqa: PTH - a link that leads to itself is no fault yet
    is_here = really.parent == Path(os.path.realpath(folder))  # noqa: PTH
    return frozenset([folder] if is_here else [folder, really])


def _fault(about: dict[str, Any], path: Path) -> Exception:
    """Give the sentence of the process; or one of our own on what the libraries said there."""
    if "error" in about:
        kind, what, where, remedy = about["error"]
        return KINDS[kind](what, where=where, remedy=remedy)
    logging.getLogger(__name__).debug("%s: %s", path.name, about["trace"])
    return _unreadable(path, f"读取它的程序出错（{about['crash']}）", SAVE_ANEW)


def _unreadable(path: Path, why: str, remedy: str) -> InputError:
    return InputError(f"读不了文件 {path.name}：{why}", where=str(path), remedy=remedy)
