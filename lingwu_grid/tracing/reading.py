"""Papers read back: lines and tables of DOCX, XLSX and PDF files."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, NamedTuple

import docx
import openpyxl
import pypdf
from docx.opc.exceptions import OpcError
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph
from lxml.etree import LxmlError
from pypdf.errors import PyPdfError

from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HEAD_ROW = 3
"""Row of a sheet with the names of its columns; title and note stand above."""


FORMS = ("网格填报", "社区填报")
"""Sheets of the ledger that the office fills in."""
TYPED = frozenset((
    "户籍户数", "网格长/专职网格员（A岗）", "B岗", "党支部", "四至补正", "备注", "办公地址",
    "法律顾问", "两委成员（B岗）", "网格员（A岗）", "门牌", "移交人", "接收人", "日期", "包抓部门",
    "新联系人", "承办", "完成日期", "启用日期", "终止日期",
))  # fmt: skip
"""Columns whose numbers are the office's own, wherever they stand."""


class Line(NamedTuple):
    """A paragraph, or a page of a PDF as one text."""

    paper: str
    where: str
    text: str


class Table(NamedTuple):
    """A table with the names of its columns."""

    paper: str
    where: str
    """Sheet, or what stands above the table."""
    headers: tuple[str, ...]
    rows: list[tuple[object, ...]]


def read_papers(folder: Path) -> Iterator[Line | Table]:
    """
    Read every paper of a plan.

    Parameters
    ----------
    folder
        An output folder: its DOCX, XLSX and PDF files, and those of ``kit/``.

    Yields
    ------
    Line or Table
        In the order of the names of the files.

    Raises
    ------
    InputError
        If a paper cannot be read.
    """
    for path in sorted([*folder.glob("*.*"), *folder.glob("kit/**/*.*")]):
        read = READERS.get(path.suffix.lower())
        if read is None or path.name.startswith("~$"):
            continue
        name = path.relative_to(folder).as_posix()
        try:
            yield from read(path, name)
        except UNREADABLE as error:
            raise InputError(
                f"读不出这份文件：{error}", where=name,
                remedy="另存为原来的格式，或用 python -m lingwu_grid.report 重新生成",
            ) from error  # fmt: skip


def typed_texts(folder: Path) -> Iterator[str]:
    """Give what the office typed into the forms of the ledger; its numbers are the office's own."""
    ledger = folder / "ledger.xlsx"
    if not ledger.is_file():
        return
    for part in _sheets(ledger, ledger.name, FORMS):
        if isinstance(part, Table):
            at = [i for i, head in enumerate(part.headers) if head in TYPED]
            yield from (str(row[i]) for row in part.rows for i in at if row[i] is not None)


def _word(path: Path, name: str) -> Iterator[Line | Table]:
    title = ""
    for number, part in enumerate(docx.Document(str(path)).iter_inner_content(), start=1):
        if isinstance(part, Paragraph):
            title = part.text.strip() or title
            yield Line(name, f"第 {number} 段", part.text)
        elif isinstance(part, WordTable):
            rows = [tuple(cell.text for cell in row.cells) for row in part.rows]
            yield Table(name, title, rows[0], [tuple(row) for row in rows[1:]])


def _sheets(path: Path, name: str, wanted: tuple[str, ...] | None = None) -> Iterator[Line | Table]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for sheet in book:
            if wanted is not None and sheet.title not in wanted:
                continue
            rows = list(sheet.iter_rows(values_only=True))
            for row in rows[: HEAD_ROW - 1]:
                yield Line(name, sheet.title, "".join(str(v) for v in row if v is not None))
            if len(rows) >= HEAD_ROW:
                headers = tuple(str(v or "") for v in rows[HEAD_ROW - 1])
                there = [row for row in rows[HEAD_ROW:] if any(v not in (None, "") for v in row)]
                yield Table(name, sheet.title, headers, there)
    finally:
        book.close()


def _pages(path: Path, name: str) -> Iterator[Line]:
    for number, page in enumerate(pypdf.PdfReader(path).pages, start=1):
        yield Line(name, f"第 {number} 页", page.extract_text())


UNREADABLE = (
    IndexError,
    KeyError,
    OSError,
    ValueError,
    zipfile.BadZipFile,
    PyPdfError,
    OpcError,
    LxmlError,
)
"""What readers raise for a file that is damaged."""

READERS: dict[str, Callable[[Path, str], Iterator[Line | Table]]] = {
    ".docx": _word, ".xlsx": _sheets, ".pdf": _pages,
}  # fmt: skip
