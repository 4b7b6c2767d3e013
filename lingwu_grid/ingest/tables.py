"""Read each table of a study, whatever its format."""

from __future__ import annotations

import sqlite3
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from shapely.errors import ShapelyError

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.books import read_book
from lingwu_grid.ingest.columnar import columnar_batches, read_columnar
from lingwu_grid.ingest.delimited import delimited_batches, read_delimited
from lingwu_grid.ingest.files import (
    BOOKS,
    COLUMNAR,
    DELIMITED,
    PEEK_ROWS,
    Limits,
    Raw,
    files_of,
    kind_of,
    sha256_of,
)
from lingwu_grid.ingest.garbled import restore
from lingwu_grid.ingest.headers import every_header, known_headers
from lingwu_grid.ingest.likeness import likely_table
from lingwu_grid.ingest.spatial import read_spatial

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from lingwu_grid.ingest.claims import Claims

MANY_TABLES = (".gpkg", ".zip", *BOOKS)
"""Endings of files that may hold several tables, whatever the file is called."""

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


def read_sources(
    folder: Path,
    claims: Claims,
    limits: Limits,
    *,
    without: Container[Path] = (),
) -> tuple[list[Source], list[Finding]]:
    """
    Read every file of a study that holds a table of the contract.

    Parameters
    ----------
    folder
        The study: files in `households/` and `boundaries/`, or in the folder itself.
    claims
        Which table each file holds, and the office's own headers.
    limits
        How large a file, how many rows and vertices.
    without
        Files that are read otherwise.

    Returns
    -------
    tuple
        Tables in the order of contract and file name, so that the same folder reads the same
        everywhere; and an error for each file that cannot be read, so that all are told at once.

    Raises
    ------
    InputError
        If the folder is missing.
    """
    found: list[Source] = []
    failed: list[Finding] = []
    for path in files_of(folder):
        if path in without:
            continue
        try:
            read = read_file(path, claims, limits)
        except InputError as error:
            table = claims.of(path)
            is_ours = table is not None or ending_of(path) in MANY_TABLES
            failed.append(unusable(error, table or "", path.name) if is_ours else _unclaimed(path))
            continue
        found += [source for source in read if source.table]
        failed += [_unclaimed(path, source) for source in read if not source.table]
        failed += [_left_out(label) for label in claims.left_out_of(path)]
    order = list(TABLES)
    return sorted(found, key=lambda s: (order.index(s.table), s.path.name, s.label)), failed


def _unclaimed(path: Path, source: Source | None = None) -> Finding:
    """Tell of a file, sheet or layer that no table claims, with a guess by name and columns."""
    guess = likely_table(source.label, source.frame) if source is not None else None
    word = f"；{guess.why}，像是“{guess.name}”" if guess else ""
    called = guess.name if guess else "居民户、网格、社区、道路"
    what = "文件" if source is None or source.label == path.name else "工作表或图层"
    return Finding(
        "warning", "file_unused", guess.table if guess else "",
        path.name if source is None else source.label,
        f"没有用到这个{what}{word}",
        f"若要用它，改名为“{called}”（后缀不变）再运行，或用 python -m lingwu_grid.check 文件夹 "
        f'--guess 一次认出；不用就移出文件夹，或在 rules.toml 的 [files] 里写 "不用"',
    )  # fmt: skip


def _left_out(label: str) -> Finding:
    return Finding("notice", "file_left_out", "", label, "按 rules.toml 的 [files]，不用它")


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


def _read(path: Path, claims: Claims, limits: Limits) -> Iterator[Source]:
    if claims.leaves_out(path):
        return
    with readable(path):
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
        raise InputError(
            f"读不出文件 {path.name}：{error}",
            where=str(path),
            remedy="关闭正在用它的程序，在原软件里打开确认完好，另存为 CSV、XLSX 或 GPKG 后再试",
        ) from error


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
    is_book = suffix in BOOKS or (suffix in DELIMITED and kind_of(path) == "book")
    if is_book and kind_of(path) != "other":
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
