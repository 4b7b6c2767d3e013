"""Web tables: a page with a table in it, which many systems of offices export as .xls."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from lxml import etree, html

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.books import Sheet, used_sheets
from lingwu_grid.ingest.files import MOST_COLUMNS, Raw, check_columns, check_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lingwu_grid.ingest.claims import Claims
    from lingwu_grid.ingest.files import Limits

CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
DECLARED = re.compile(r"^\s*<\?xml[^>]*>")


def read_page(
    path: Path, table: str | None, claims: Claims, limits: Limits
) -> Iterator[tuple[str, str, Raw]]:
    """
    Read the tables of a page as the sheets of a workbook.

    Parameters
    ----------
    path, table, claims, limits
        As for :func:`~lingwu_grid.ingest.books.read_book`.

    Yields
    ------
    tuple
        Table, label, and the table as text.

    Raises
    ------
    InputError
        If there is no table, or none with the columns wanted.
    """
    try:
        page = html.document_fromstring(_text_of(path))
    except (etree.LxmlError, ValueError) as error:
        raise _no_table(path) from error
    # A table inside another's cell is a table of its own; the outer one only arranges it.
    found = [t for t in page.iter("table") if not list(t.iterdescendants("table"))]
    if not found:
        raise _no_table(path)
    sheets = []
    for number, element in enumerate(found, start=1):
        cells = _cells_of(element, f"{path.name}:表格{number}", limits)
        sheets.append(Sheet(f"表格{number}", partial(_first, cells), list))
    yield from used_sheets(sheets, path, table, claims, limits)


def _no_table(path: Path) -> InputError:
    return InputError(
        f"文件 {path.name} 其实是网页，里面没有表格",
        where=str(path),
        remedy="在浏览器或 Excel 里打开确认，另存为 XLSX 后再试",
    )


def _text_of(path: Path) -> str:
    """Decode a page: as it declares, GB 2312 as what it grew into; else by what fits."""
    content = path.read_bytes()
    told = CHARSET.search(content[:4096])
    name = told[1].decode("ascii").lower() if told else ""
    names = ["gb18030", "utf-8"] if name.startswith("gb") else ["utf-8", "gb18030"]
    for encoding in names:
        try:
            return DECLARED.sub("", content.decode(encoding).removeprefix("\ufeff"))
        except UnicodeDecodeError:
            continue
    return DECLARED.sub("", content.decode(names[0], "replace"))


def _cells_of(element: html.HtmlElement, label: str, limits: Limits) -> list[list[object]]:
    """Lay out the cells of a table; one that spans several stands in each."""
    rows: list[list[object]] = []
    held: dict[tuple[int, int], str] = {}
    lines = list(element.iter("tr"))
    check_rows(len(lines), label, limits)
    for at, line in enumerate(lines):
        row: list[object] = []
        for cell in line.iterchildren("td", "th"):
            while (at, len(row)) in held:
                row.append(held.pop((at, len(row))))
            text = " ".join(cell.text_content().split())
            wide, high = (_span(cell, name) for name in ("colspan", "rowspan"))
            for below in range(1, min(high, len(lines) - at)):
                held |= {(at + below, len(row) + i): text for i in range(wide)}
            row += [text] * wide
        while (at, len(row)) in held:
            row.append(held.pop((at, len(row))))
        rows.append(row)
    width = max(map(len, rows), default=0)
    check_columns(width, label)
    return [row + [""] * (width - len(row)) for row in rows]


def _first(rows: list[list[object]], most: int | None) -> list[list[object]]:
    return rows[:most]


def _span(cell: html.HtmlElement, name: str) -> int:
    said = str(cell.get(name, "")).strip()
    return min(int(said), MOST_COLUMNS) if said.isascii() and said.isdigit() and int(said) else 1
