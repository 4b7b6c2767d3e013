"""Web tables: a page with a table in it, which many systems of offices export as .xls."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from lxml import etree, html

from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.books import Sheet, used_sheets
from lingwu_grid.ingest.files import UTF_16, Raw, check_columns, check_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lingwu_grid.ingest.books import Block
    from lingwu_grid.ingest.claims import Claims
    from lingwu_grid.ingest.files import Limits

CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
UNSEEN = ("script", "style", "select", "template")
"""Parts of a page whose text is no cell's."""
DIGITS = 10
"""A span of so many digits is none."""
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
    etree.strip_elements(page, *UNSEEN, with_tail=False)
    for end in page.iter("br"):
        end.tail = f" {end.tail or ''}"
    found = _data_tables(page)
    if not found:
        raise _no_table(path)
    sheets = []
    for number, element in enumerate(found, start=1):
        cells = _cells_of(element, f"{path.name}:表格{number}", limits)
        sheets.append(Sheet(f"表格{number}", partial(_first, cells)))
    yield from used_sheets(sheets, path, table, claims, limits)


def _data_tables(page: html.HtmlElement) -> list[html.HtmlElement]:
    """
    List the tables that hold something, in their order.

    Of a table and those in its cells, the one with more rows: buttons in a list are no tables, and
    a table that only arranges others has fewer rows than they.
    """
    kept: list[html.HtmlElement] = []
    within: set[html.HtmlElement] = set()
    for table in page.iter("table"):
        if table in within:
            continue
        inner = list(table.iterdescendants("table"))
        if len(_rows_of(table)) > max((len(_rows_of(t)) for t in inner), default=0):
            kept.append(table)
            within.update(inner)
    return kept


def _rows_of(table: html.HtmlElement) -> list[html.HtmlElement]:
    """List the rows of a table that are not those of a table in its cells."""
    places = [table, *table.iterchildren("thead", "tbody", "tfoot")]
    return [row for place in places for row in place.iterchildren("tr")]


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
    name = told[1].decode("ascii").lower() if told else "utf-8"
    name = "gb18030" if name.startswith("gb") else name
    marked = ["utf-16"] if content.startswith(UTF_16) else []
    for encoding in dict.fromkeys([*marked, name, "utf-8", "gb18030"]):
        try:
            return DECLARED.sub("", content.decode(encoding).removeprefix("\ufeff"))
        except (UnicodeDecodeError, LookupError):
            continue
    return DECLARED.sub("", content.decode("utf-8", "replace"))


def _cells_of(table: html.HtmlElement, label: str, limits: Limits) -> list[list[object]]:
    """Lay out the cells of a table; one that spans several stands in each."""
    lines = _rows_of(table)
    check_rows(len(lines), label, limits)
    rows: list[list[object]] = []
    held: dict[int, tuple[int, str]] = {}
    """By column: rows that a cell above still covers, and its text."""
    for line in lines:
        row: list[object] = []
        for cell in [*line.iterchildren("td", "th"), None]:
            while len(row) in held:
                left, text = held.pop(len(row))
                if left > 1:
                    held[len(row)] = left - 1, text
                row.append(text)
            if cell is None:
                break
            text = " ".join(cell.text_content().split())
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            check_columns(len(row) + wide, label)
            for _ in range(wide):
                if high > 1:
                    held[len(row)] = high - 1, text
                row.append(text)
        rows.append(row)
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _first(
    rows: list[list[object]], most: int | None
) -> tuple[list[list[object]], Sequence[Block]]:
    """Give rows as a sheet does; cells that span several are laid out already."""
    return rows[:most], []


def _span(cell: html.HtmlElement, name: str) -> int:
    said = str(cell.get(name, "")).strip()
    return max(int(said), 1) if said.isascii() and said.isdigit() and len(said) < DIGITS else 1
