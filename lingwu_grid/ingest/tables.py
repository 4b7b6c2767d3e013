"""Read each table of a study, whatever its format."""

from __future__ import annotations

import errno
import sqlite3
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from shapely.errors import ShapelyError

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding
from lingwu_grid.ingest.books import cells_of, read_book
from lingwu_grid.ingest.columnar import columnar_batches, read_columnar
from lingwu_grid.ingest.delimited import delimited_batches, read_delimited
from lingwu_grid.ingest.files import (
    BOOKS,
    COLUMNAR,
    DELIMITED,
    PEEK_ROWS,
    Limits,
    Raw,
    kind_of,
    sha256_of,
)
from lingwu_grid.ingest.garbled import restore
from lingwu_grid.ingest.headers import every_header, known_headers
from lingwu_grid.ingest.spatial import read_spatial
from lingwu_grid.ingest.web_tables import read_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from lingwu_grid.ingest.books import Block
    from lingwu_grid.ingest.claims import Claims

UNREADABLE = (
    DataSourceError, DataLayerError, FeatureError, GeometryError, ShapelyError, sqlite3.Error,
    OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
"""What the libraries say of a broken file."""


@dataclass(frozen=True, eq=False)
class Source:
    """One table as it was read: its frame with the office's own headers, and where it is from."""

    table: str
    path: Path
    label: str
    """File name and layer, for findings."""
    frame: pd.DataFrame
    encoding: str
    sha256: str
    rows: NDArray[np.int64]
    """The number of each row in its file."""
    row_word: str
    """`行` or `个图形`: what the office counts there."""
    findings: tuple[Finding, ...] = ()
    lost: tuple[tuple[str, str], ...] = field(default=())
    """Rows that could not be read as rows: where, and why."""

    def place_of(self, row: int) -> str:
        """Say where a row of the frame stands in its file."""
        return f"{self.label} 第 {self.rows[row]} {self.row_word}"


def unusable(error: InputError, table: str, label: str) -> Finding:
    """Make a finding of a fault that keeps a whole table out."""
    return Finding("error", "file_unusable", table, label, error.what, error.remedy)


def read_file(path: Path, claims: Claims, limits: Limits) -> list[Source]:
    """
    Read the tables of one file.

    Raises
    ------
    InputError
        If it cannot be read; the sentence names it.
    """
    return list(_read(path, claims, limits))


def read_sheets(
    path: Path, sheets: Sequence[str], limits: Limits
) -> Iterator[tuple[str, list[list[str]], list[Block]]]:
    """
    Read the cells of some sheets of a workbook, as :func:`~lingwu_grid.ingest.books.cells_of`.

    Raises
    ------
    InputError
        If it cannot be read; the sentence names it.
    """
    with readable(path), unchanged(path):
        sha256_of(path, limits)
        yield from cells_of(path, sheets, limits)


def _read(path: Path, claims: Claims, limits: Limits) -> Iterator[Source]:
    if claims.leaves_out(path):
        return
    with readable(path), unchanged(path):
        sha256 = sha256_of(path, limits)
        for meant, label, raw in _tables(path, claims, limits):
            yield as_source(path, sha256, meant, label, raw)


def ending_of(path: Path) -> str:
    """Give the ending of a file's name in small letters, both of ``.csv.gz``."""
    both = path.suffix.lower() == ".gz"
    return ("".join(path.suffixes[-2:]) if both else path.suffix).lower()


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """
    Turn what the libraries say of a broken file into a sentence that names it.

    Raises
    ------
    InputError
        In the place of any of `UNREADABLE`.
    """
    try:
        yield
    except UNREADABLE as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise InputError(
                f"读 {path.name} 时临时文件夹没有空间了",
                where=tempfile.gettempdir(),
                remedy="腾出空间，或设环境变量 TMPDIR（Windows 是 TEMP）换一个地方，再运行一次",
            ) from error
        raise InputError(
            f"读不出文件 {path.name}：{error}",
            where=str(path),
            remedy="关闭正在用它的程序，在原软件里打开确认完好，另存为 CSV、XLSX 或 GPKG 后再试",
        ) from error


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """
    See that a file stays as it is while it is read: its hash is to be that of what was read.

    Raises
    ------
    InputError
        If it was written meanwhile.
    """
    before = path.stat()
    yield
    after = path.stat()
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise InputError(
            f"文件 {path.name} 在读取时被改动", where=str(path), remedy="等它存好、关闭后再运行一次"
        )


def as_source(path: Path, sha256: str, table: str, label: str, raw: Raw) -> Source:
    """Give a table as read, or a batch of it, its place in the study."""
    frame, more = restore(raw.frame, table, label)
    if raw.rows is None:
        raise ValueError(f"{label}: rows without numbers")
    return Source(
        table=table, path=path, label=label, frame=frame, encoding=raw.encoding,
        sha256=sha256, rows=raw.rows,
        row_word="行" if ending_of(path) in DELIMITED + BOOKS else "个图形",
        findings=(*raw.findings, *more), lost=tuple(raw.lost),
    )  # fmt: skip


def _tables(path: Path, claims: Claims, limits: Limits) -> Iterator[tuple[str, str, Raw]]:
    """Read every table of a file, and the first rows of what no table claims."""
    suffix, table = ending_of(path), claims.of(path)
    kind = kind_of(path) if suffix in BOOKS + DELIMITED else ""
    is_book = (suffix in BOOKS and kind != "other") or kind == "book"
    if suffix in BOOKS and kind == "web":
        yield from read_page(path, table, claims, limits)
    elif is_book:
        yield from read_book(path, table, claims, limits)
    elif suffix in BOOKS + DELIMITED and table is not None:
        # A text that was given the ending of a workbook is a text.
        known = known_headers(table, claims.own(table))
        yield table, path.name, read_delimited(path, table, known, limits)
    elif suffix in BOOKS + DELIMITED:
        batches = delimited_batches(path, "", every_header(), limits, size=PEEK_ROWS)
        yield "", path.name, next(batches)
    elif suffix in COLUMNAR and table is not None:
        yield table, path.name, read_columnar(path, limits)
    elif suffix in COLUMNAR:
        yield "", path.name, next(columnar_batches(path, limits, size=PEEK_ROWS))
    else:
        yield from read_spatial(path, table, claims, limits)
