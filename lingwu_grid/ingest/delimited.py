"""Delimited text: encoding, delimiter, header row and rows of the wrong length."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import warnings
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TextIO, cast

import numpy as np
import pandas as pd

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.ingest.files import CHUNK, Limits, Raw, check_rows, kind_of
from lingwu_grid.ingest.headers import LOOK_ROWS, distinct, headers_of, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DELIMITERS = ",\t;|，"
SURPLUS = "\x00surplus"
"""A column behind the last one: rows with a field too many show there."""

FEW = 1e-3
"""Share of characters that may be unreadable before the encoding itself is in doubt."""


class _Shape(NamedTuple):
    encoding: str
    delimiter: str
    skip: int
    """Physical lines above the data."""
    headers: list[object]


def read_delimited(path: Path, table: str, known: frozenset[str], limits: Limits) -> Raw:
    """
    Read a CSV or another delimited text, every row of it.

    Parameters
    ----------
    path
        The file, plain or gzipped.
    table
        Named in findings.
    known
        Headers the table may have: they tell which row is the header.
    limits
        Size and rows.

    Returns
    -------
    Raw
        Text in every column; rows that have too many fields are in ``lost``.

    Raises
    ------
    InputError
        If it is no text, or in no encoding known here.
    """
    (raw,) = delimited_batches(path, table, known, limits, size=None)
    return raw


def delimited_batches(
    path: Path, table: str, known: frozenset[str], limits: Limits, *, size: int | None
) -> Iterator[Raw]:
    """
    Read a delimited text some rows at a time.

    Parameters
    ----------
    path, table, known, limits
        As for :func:`read_delimited`.
    size
        Rows of a batch; None for all of them in one.

    Yields
    ------
    Raw
        One batch at least. What was found of the file as a whole comes with the first.

    Raises
    ------
    InputError
        As :func:`read_delimited`.
    """
    encoding, unreadable = _encoding_of(path, limits)
    shape = _shape_of(path, encoding, known)
    names, findings = distinct(shape.headers, table, path.name)
    if shape.skip > 1:
        findings.append(
            Finding("notice", "header_found", table, path.name, f"列名在第 {shape.skip} 行")
        )
    total = 0
    for records, number, lost in _records(path, shape, names, size):
        total += len(records)
        check_rows(total, path.name, limits)
        filled = ~(records == "").all(axis=1).to_numpy()
        frame, rows = records[filled].reset_index(drop=True), number[filled]
        lost += [(f"{path.name} 第 {n} 行", EMPTY) for n in number[~filled].tolist()]
        if unreadable:
            findings += _unreadable(frame, rows, table, path.name)
        yield Raw(frame, encoding, rows, findings, lost)
        findings = []


def _open(path: Path) -> BinaryIO:
    if kind_of(path) == "gzip":
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")


def _text(path: Path, encoding: str) -> TextIO:
    return io.TextIOWrapper(_open(path), encoding=encoding, errors="replace", newline="")


def _encoding_of(path: Path, limits: Limits) -> tuple[str, int]:
    """Give the encoding of a text and the number of characters it cannot read."""
    with _open(path) as content:
        head = content.read(4096)
    for mark, name in MARKS:
        if head.startswith(mark):
            return name, 0
    if b"\x00" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if max(even, odd) > len(head) / 8 and min(even, odd) < len(head) / 16:
            return ("utf-16-le" if odd > even else "utf-16-be"), 0
        raise InputError(
            f"文件 {path.name} 不是文本文件",
            where=str(path),
            remedy="用 Excel 或 WPS 打开后另存为“CSV UTF-8”或 XLSX",
        )
    counted = [(_bad_characters(path, name, limits), name) for name in ("utf-8", "gb18030")]
    (bad, total), name = min(counted, key=lambda c: c[0][0])
    if bad > max(20, FEW * total):
        raise InputError(
            f"文件 {path.name} 的文字编码既不是 UTF-8 也不是 GB18030",
            where=str(path),
            remedy="用 Excel 或 WPS 打开后另存为“CSV UTF-8”",
        )
    return name, bad


def _bad_characters(path: Path, encoding: str, limits: Limits) -> tuple[int, int]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    bad = total = size = 0
    with _open(path) as content:
        while block := content.read(CHUNK):
            size += len(block)
            if size > limits.file_mb * 2**20:
                raise InputError(
                    f"文件 {path.name} 解开后超过上限 {limits.file_mb} MB",
                    where=str(path),
                    remedy="按街道分成几份，或在 rules.toml 里调大 max_file_mb",
                )
            text = decoder.decode(block)
            bad, total = bad + text.count("\ufffd"), total + len(text)
    return bad + decoder.decode(b"", final=True).count("\ufffd"), total


def _delimiter_of(lines: list[str], known: frozenset[str]) -> str:
    """
    Tell what stands between fields: what parts a line into known headers.

    Where no line has any, it is what the most lines have as often as one another: a note above
    the table may have commas of any kind, each line its own number of them.

    Examples
    --------
    >>> lines = ["说明：一，二，三，四", "户号,经度,纬度", "1;1,2,3", "2;2,2,3"]
    >>> _delimiter_of(lines, frozenset()), _delimiter_of(lines, frozenset(["户号", "经度"]))
    (',', ',')
    """

    def told(sign: str) -> tuple[int, int, int]:
        headers = max(len({plain(cell) for cell in line.split(sign)} & known) for line in lines)
        often = Counter(n for line in lines if (n := line.count(sign)))
        return headers, *max(((count, n) for n, count in often.items()), default=(0, 0))

    return max(DELIMITERS, key=told) if lines else DELIMITERS[0]


def _shape_of(path: Path, encoding: str, known: frozenset[str]) -> _Shape:
    with _text(path, encoding) as lines:
        head = "".join(islice(lines, LOOK_ROWS + 5))
    delimiter = _delimiter_of(head.splitlines(), known)
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=True)
    rows: list[list[object]] = []
    ends: list[int] = []
    for row in reader:
        rows.append(list(row))
        ends.append(reader.line_num)
    filled = [i for i, row in enumerate(rows) if any(str(cell).strip() for cell in row)]
    if not filled:
        raise InputError(f"文件 {path.name} 是空的", where=str(path), remedy="删去它，或重新导出")
    last, headers = headers_of([rows[i] for i in filled], known)
    place = filled[last]
    while len(headers) > 1 and not str(headers[-1]).strip():
        headers = headers[:-1]  # commas at the end of every line
    return _Shape(encoding, delimiter, ends[place], headers)


EMPTY = "这一行是空的"
"""Why a row with nothing in it does not count."""

Records = tuple[pd.DataFrame, np.ndarray, list[tuple[str, str]]]
"""Rows, their numbers in the file, and what could not be read as a row: where, and why."""


def _records(path: Path, shape: _Shape, names: list[str], size: int | None) -> Iterator[Records]:
    done = 0
    try:
        with _text(path, shape.encoding) as lines, _reader(lines, shape, names, size) as reader:
            while (frame := _next_rows(reader)) is not None:
                _refuse_surplus(frame.pop(SURPLUS))
                rows = np.arange(len(frame), dtype=np.int64) + shape.skip + 1 + done
                done += len(frame)
                yield frame.fillna("").reset_index(drop=True), rows, []
    except pd.errors.EmptyDataError:
        yield pd.DataFrame({name: pd.Series([], dtype=object) for name in names}), _NO_ROWS, []
    except (pd.errors.ParserError, pd.errors.ParserWarning, csv.Error, _UnevenError):
        yield from _one_by_one(path, shape, names, after=done, size=size)


def _refuse_surplus(surplus: pd.Series) -> None:
    if (surplus.fillna("").astype(str).str.strip() != "").any():
        raise _UnevenError


_NO_ROWS = np.empty(0, np.int64)


class _UnevenError(Exception):
    """Some row has more fields than there are columns."""


def _reader(
    lines: TextIO, shape: _Shape, names: list[str], size: int | None
) -> pd.io.parsers.TextFileReader:
    return pd.read_csv(
        lines,
        header=None,
        names=[*names, SURPLUS],
        skiprows=shape.skip,
        dtype=str,
        na_filter=False,
        index_col=False,
        skip_blank_lines=False,
        skipinitialspace=True,
        sep=shape.delimiter,
        engine="c" if shape.delimiter.isascii() else "python",
        iterator=True,
        chunksize=size,
    )


def _next_rows(reader: pd.io.parsers.TextFileReader) -> pd.DataFrame | None:
    with warnings.catch_warnings():
        # "Loss of data": a row has two fields too many, all of them empty in the first rows.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return reader.get_chunk() if reader.chunksize else reader.read()
        except StopIteration:
            return None


def _one_by_one(
    path: Path, shape: _Shape, names: list[str], *, after: int, size: int | None
) -> Iterator[Records]:
    """Read a file in which some row has more fields than there are columns, `after` so many."""
    width = len(names)
    csv.field_size_limit(1 << 24)
    with _text(path, shape.encoding) as lines:
        for _ in range(shape.skip):
            lines.readline()
        reader = csv.reader(
            (line.replace("\x00", "") for line in lines),
            delimiter=shape.delimiter,
            skipinitialspace=True,
        )
        numbered = islice(enumerate(reader, start=shape.skip + 1), after, None)
        is_first = True
        while batch := list(islice(numbered, size)):
            yield _sorted_out(batch, path.name, names, width)
            is_first = False
        if is_first and not after:
            yield _sorted_out([], path.name, names, width)


def _sorted_out(
    batch: list[tuple[int, list[str]]], label: str, names: list[str], width: int
) -> Records:
    """Part rows that fit the header from those that cannot be told apart."""
    kept: list[list[str]] = []
    rows: list[int] = []
    lost: list[tuple[str, str]] = []
    for number, row in batch:
        if any(cell.strip() for cell in row[width:]):
            why = f"这一行有 {len(row)} 列，表头只有 {width} 列，分不清各列"
            lost.append((f"{label} 第 {number} 行", why))
            continue
        kept.append([*row[:width], *[""] * (width - len(row))])
        rows.append(number)
    return pd.DataFrame(kept, columns=names, dtype=object), np.array(rows, np.int64), lost


def _unreadable(frame: pd.DataFrame, rows: np.ndarray, table: str, label: str) -> list[Finding]:
    bad = np.zeros(len(frame), bool)
    for name in frame.columns:
        bad |= frame[name].str.contains("\ufffd", regex=False).to_numpy(bool)
    kind = Finding(
        "warning", "text_lost", table, label, "这一行有读不出的文字",
        "请提供单位重新导出，编码选 UTF-8 或 GB18030",
    )  # fmt: skip
    return each(kind, [f"{label} 第 {n} 行" for n in rows[bad]])
