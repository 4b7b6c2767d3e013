"""Workbooks: several sheets, a title above the headers, merged cells, numbers that are codes."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import python_calamine as calamine

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.files import PEEK_ROWS, Limits, Raw, check_rows, check_zip, kind_of
from lingwu_grid.ingest.headers import (
    distinct,
    every_header,
    headers_of,
    known_headers,
    own_headers,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from lingwu_grid.contract.rules import Headers
    from lingwu_grid.ingest.claims import Claims

ROUNDED = 1e15
"""Excel keeps fifteen digits of a number; a longer code has lost its end."""

MOST_NAMED = 12
"""Sheets that a sentence names."""

Block = tuple[tuple[int, int], tuple[int, int]]
"""Of merged cells: first row and column, last row and column, from 0."""

BROKEN = (
    calamine.CalamineError, calamine.XmlError, calamine.ZipError, calamine.WorksheetNotFound,
)  # fmt: skip


def read_book(
    path: Path, table: str | None, claims: Claims, limits: Limits
) -> Iterator[tuple[str, str, Raw]]:
    """
    Read the sheets of a workbook that hold a table of the contract.

    Parameters
    ----------
    path
        XLSX, XLS, XLSB, ODS or WPS's ET.
    table
        What the file's name says; a sheet's own name counts before it.
    claims
        What each sheet holds, and the office's own headers.
    limits
        Size and rows.

    Yields
    ------
    tuple
        Table, label, and the sheet as text.

    Raises
    ------
    InputError
        If the book is broken or has a password, or no sheet has the columns of its table.
    """
    with _opened(path, limits) as book:
        yield from used_sheets(list(map(partial(_sheet_of, book), book.sheet_names)), path, table,
                               claims, limits)  # fmt: skip


def cells_of(
    path: Path, sheets: Sequence[str], limits: Limits
) -> Iterator[tuple[str, list[list[str]], list[Block]]]:
    """
    Read some sheets as they stand, cell by cell.

    Parameters
    ----------
    path
        As for :func:`read_book`.
    sheets
        Names; those that the book does not have are left out.
    limits
        Size and rows.

    Yields
    ------
    tuple
        Name of a sheet, its rows from the first, as text, and its merged blocks.
    """
    with _opened(path, limits) as book:
        for name in sheets:
            if name in book.sheet_names:
                rows, blocks = _sheet_of(book, name).read(None)
                check_rows(len(rows), f"{path.name}:{name}", limits)
                cells = [[_text(cell).strip() for cell in row] for row in rows]
                # A stray mark far to the right makes every row of a sheet as long.
                width = max(
                    (i + 1 for row in cells for i, cell in enumerate(row) if cell), default=0
                )
                yield name, [row[:width] for row in cells], [*blocks]


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[calamine.CalamineWorkbook]:
    if kind_of(path) != "other":
        _check(path, limits)
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            yield book
    except calamine.PasswordError as error:
        raise InputError(
            f"文件 {path.name} 有打开密码",
            where=str(path),
            remedy="在 Excel 或 WPS 里去掉密码后另存",
        ) from error
    except BROKEN as error:
        raise InputError(
            f"读不出文件 {path.name}：{error}",
            where=str(path),
            remedy="在 Excel 或 WPS 里打开确认完好，另存为 XLSX 后再试",
        ) from error


def _check(path: Path, limits: Limits) -> None:
    with path.open("rb") as content:
        is_zip = content.read(2) == b"PK"
    if is_zip:
        check_zip(path, limits)


class Sheet(NamedTuple):
    """A sheet of a workbook, or a table of a page."""

    name: str
    read: Callable[[int | None], tuple[list[list[object]], Sequence[Block]]]
    """Gives its rows, so many at most, all of them for None; and its merged blocks."""


def _sheet_of(book: calamine.CalamineWorkbook, name: str) -> Sheet:
    def read(most: int | None) -> tuple[list[list[object]], Sequence[Block]]:
        sheet = book.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False, nrows=most)
        return [list(row) for row in rows], sheet.merged_cell_ranges or []

    return Sheet(name, read)


def used_sheets(
    sheets: Sequence[Sheet], path: Path, table: str | None, claims: Claims, limits: Limits
) -> Iterator[tuple[str, str, Raw]]:
    """
    Give the sheets that hold a table of the contract, and the first rows of what no table claims.

    Parameters
    ----------
    sheets
        All of a file.
    path, table, claims, limits
        As for :func:`read_book`.

    Yields
    ------
    tuple
        Table, label, and the sheet as text.

    Raises
    ------
    InputError
        If no sheet has the columns of the table that the file is said to be.
    """
    skipped: list[str] = []
    used = 0
    for sheet in sheets:
        name = sheet.name
        meant = claims.of_layer(path, name, table)
        label = path.name if len(sheets) == 1 else f"{path.name}:{name}"
        if meant is None:
            if not claims.leaves_out(path, name):
                yield from _unclaimed(sheet, label, limits)
            continue
        cells, blocks = sheet.read(None)
        known = known_headers(meant, claims.own(meant))
        if not _has_columns(cells, meant, known, claims.own(meant)):
            skipped.append(name)
            continue
        used += 1
        yield meant, label, _sheet(cells, blocks, meant, label, known, limits)
    if skipped and not used and table is not None:
        wanted = "、".join(f"“{TABLES[table].columns[c][0]}”" for c in TABLES[table].required)
        raise InputError(
            f"文件 {path.name} 没有一个工作表有列 {wanted}",
            where=str(path),
            remedy="核对列名；表头要在前 20 行之内。工作表有："
            + "、".join(skipped[:MOST_NAMED])
            + (f"等 {len(skipped)} 个" if len(skipped) > MOST_NAMED else ""),
        )


def _unclaimed(sheet: Sheet, label: str, limits: Limits) -> Iterator[tuple[str, str, Raw]]:
    """Give the first rows of a sheet that no table claims; nothing of an empty one."""
    cells, blocks = sheet.read(PEEK_ROWS)
    if any(plain(cell) for row in cells for cell in row):
        yield "", label, _sheet(cells, blocks, "", label, every_header(), limits)


def _has_columns(
    cells: Sequence[Sequence[object]],
    table: str,
    known: frozenset[str],
    own: Headers,
) -> bool:
    if not cells:
        return False
    have = {plain(cell) for cell in headers_of(cells, known)[1]}
    return all(
        set(map(plain, (*own_headers(own, name), name, *TABLES[table].columns[name]))) & have
        for name in TABLES[table].required
    )


def _sheet(
    cells: list[list[object]],
    blocks: Sequence[Block],
    table: str,
    label: str,
    known: frozenset[str],
    limits: Limits,
) -> Raw:
    head, headers = headers_of(cells, known)
    check_rows(len(cells) - head - 1, label, limits)
    merged = fill_merged(cells, blocks, head)
    width = max((i + 1 for i, h in enumerate(headers) if str(h).strip()), default=1)
    names, findings = distinct(headers[:width], table, label)
    rounded: list[str] = []
    columns = {
        name: _column([row[i] for row in cells[head + 1 :]], table, name, rounded)
        for i, name in enumerate(names)
    }
    frame = pd.DataFrame(columns, dtype=object)
    rows = np.arange(head + 2, len(cells) + 1, dtype=np.int64)
    blank = (frame == "").all(axis=1).to_numpy(bool)
    frame, rows = frame[~blank].reset_index(drop=True), rows[~blank]
    if head:
        findings.append(Finding("notice", "header_found", table, label, f"列名在第 {head + 1} 行"))
    if merged:
        findings.append(
            Finding(
                "notice", "cells_merged", table, label,
                f"{merged} 处合并单元格，每一行都按合并的值读取", "核对这些行",
            )
        )  # fmt: skip
    kind = Finding(
        "warning", "code_rounded", table, label,
        "编号存成了数字，第 15 位以后已被 Excel 舍去", "把这一列设为“文本”后重新填写",
    )  # fmt: skip
    return Raw(frame, "utf-8", rows, findings + each(kind, [f"{label} 列 {n}" for n in rounded]))


def fill_merged(
    cells: list[list[Any]],
    ranges: Sequence[Block],
    head: int,
) -> int:
    """Give every row of a merged block its value; changes `cells`. Only blocks below the header."""
    filled = 0
    for (top, left), (bottom, right) in ranges:
        if not head < top < min(bottom, len(cells)) or left >= len(cells[top]):
            continue
        filled += 1
        for row in range(top + 1, min(bottom + 1, len(cells))):
            for column in range(left, min(right + 1, len(cells[row]))):
                cells[row][column] = cells[top][column]
    return filled


@cache
def codes_of(table: str) -> frozenset[str]:
    """Give the headers under which codes of a table may stand; none where no table claims it."""
    if not table:
        return frozenset()
    kind = TABLES[table]
    return frozenset(plain(alias) for code in kind.codes for alias in (code, *kind.columns[code]))


def _column(values: list[object], table: str, name: str, rounded: list[str]) -> list[str]:
    codes = codes_of(table)
    if plain(name) in codes and any(isinstance(v, float) and abs(v) >= ROUNDED for v in values):
        rounded.append(name)
    return [_text(v) for v in values]


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value)
