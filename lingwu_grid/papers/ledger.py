"""``ledger.xlsx``: the tables of a plan as a workbook that can be filtered, summed and filled."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import xlsxwriter

from lingwu_grid.disclosure.telling import INTERNAL
from lingwu_grid.papers.change_sheets import (
    change_sheet,
    coverage_sheet,
    exception_sheet,
    finding_sheet,
    overview_sheet,
    register_sheet,
    story_sheet,
    tree_sheet,
)
from lingwu_grid.papers.committee_sheet import committee_sheet
from lingwu_grid.papers.level_sheets import level_sheets
from lingwu_grid.papers.money_sheets import crossing_sheet, funds_sheet, payer_sheet
from lingwu_grid.papers.picture import SYNTHETIC
from lingwu_grid.papers.worksheet import FIRST_ROW, Column, Kind, Sheet
from lingwu_grid.papers.zone_sheets import (
    building_sheet,
    community_form,
    community_sheet,
    compound_sheet,
    grid_form,
    grid_ledger,
    loose_building_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lingwu_grid.papers.filling import Filling
    from lingwu_grid.planning.record import PlanRecord

FORMATS: dict[Kind, str] = {
    "text": "@", "code": "@", "count": "#,##0", "yuan": "#,##0", "km2": "0.0000",
    "share": "0.0%", "minutes": "0.0",
}  # fmt: skip
WRAPPED: tuple[Kind, ...] = ("text", "code")

LONGEST = 32_000
"""A cell holds 32,767 characters."""

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML has no place for."""

LINE_PT, MARGIN_PT, HEAD_PT, MOST_PT = 15.0, 2.0, 32.0, 409.0
"""Height of a line of text, of what is above and below, of headers at least, of any row at most."""

PROTECTED = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}
"""What may be done on a sheet whose cells are computed; there is no password."""

WIDE = 130
"""A sheet wider than so many letters is printed on A3, lying: on A4 they would be too small."""

MADE = dt.datetime(2000, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
"""A fixed date in the file: the same plan gives the same bytes."""


def sheets_of(record: PlanRecord, filling: Filling) -> list[Sheet]:
    """
    Lay out every sheet of the ledger.

    Parameters
    ----------
    record
        The plan.
    filling
        Entries of the office.
    """
    sheets = [
        overview_sheet(record),
        community_sheet(record, filling),
        committee_sheet(record, filling),
        grid_ledger(record, filling),
        *level_sheets(record),
        change_sheet(record),
        story_sheet(record),
        funds_sheet(record),
        payer_sheet(record),
        crossing_sheet(record),
        compound_sheet(record),
        loose_building_sheet(record),
        tree_sheet(record),
        exception_sheet(record),
        coverage_sheet(record),
        register_sheet(record),
        finding_sheet(record),
        building_sheet(record),
        grid_form(record, filling),
        community_form(record, filling),
    ]
    return [sheet for sheet in sheets if sheet is not None]


def write_ledger(record: PlanRecord, filling: Filling, path: Path) -> None:
    """
    Write the ledger.

    Parameters
    ----------
    record
        The plan.
    filling
        Entries of the office: they are in the forms, and the ledger follows the forms.
    path
        Where.
    """
    marks = [f"【{SYNTHETIC}】"] if record.summary["synthetic"] else []
    title = f"{record.summary['study']} 网格台账"
    write_book(path, title, sheets_of(record, filling), [f"{INTERNAL}。", *marks])


def write_book(path: Path, title: str, sheets: list[Sheet], marks: list[str]) -> None:
    """
    Write a workbook.

    Parameters
    ----------
    path
        Where.
    title
        Of the file.
    sheets
        In their order.
    marks
        Above the first table; the first mark, on who may see it, there only.
    """
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title, "created": MADE})
    pen = _Pen(book)
    for number, sheet in enumerate(sheets):
        _write(book, pen, sheet, marks[1:] if number else marks)
    book.close()


class _Pen:
    """The formats of a workbook, made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"font_name": "宋体", "font_size": 10, "border": 1, "valign": "vcenter"}
        head = {"bold": True, "bg_color": "#D9E2F3", "text_wrap": True, "align": "center"}
        self.title = book.add_format({"font_name": "黑体", "font_size": 14, "bold": True})
        self.note = book.add_format({"font_name": "宋体", "font_size": 9, "font_color": "#595959"})
        self.warning = book.add_format(
            {"font_name": "黑体", "font_size": 10, "bold": True, "font_color": "#C00000"}
        )
        self.head = book.add_format(base | head)
        self.cells: dict[tuple[Kind, bool], Any] = {}
        self.sums: dict[Kind, Any] = {}
        for kind, shape in FORMATS.items():
            wraps = {"text_wrap": kind in WRAPPED}
            self.cells[kind, False] = book.add_format(base | wraps | {"num_format": shape})
            fill = {"bg_color": "#FFF2CC", "locked": False}
            self.cells[kind, True] = book.add_format(base | wraps | fill | {"num_format": shape})
            self.sums[kind] = book.add_format(
                base | {"bold": True, "bg_color": "#F2F2F2", "num_format": shape}
            )


def _write(book: xlsxwriter.Workbook, pen: _Pen, sheet: Sheet, marks: list[str]) -> None:
    page = book.add_worksheet(sheet.name)
    page.write_string(0, 0, safe_text(sheet.title), pen.title)
    told = safe_text("".join([*marks, sheet.note]))
    page.write_string(1, 0, told, pen.warning if marks else pen.note)
    head = FIRST_ROW - 2
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, column.width)
        page.write_string(head, number, column.header, pen.head)
        _write_column(page, pen, column, number)
    headers = [(column.header, column.width) for column in sheet.columns]
    page.set_row(head, max(HEAD_PT, row_height(headers)))
    _set_heights(page, sheet)
    last, right = max(sheet.last_row - 1, head), len(sheet.columns) - 1
    page.autofilter(head, 0, last, right)
    page.freeze_panes(head + 1, min(sheet.frozen, right))
    if any(column.is_summed for column in sheet.columns) and sheet.n_rows:
        _write_sums(page, pen, sheet)
        last += 1
    if not any(column.is_to_fill for column in sheet.columns):
        page.protect("", PROTECTED)
    _set_print(page, sheet, last)
    if sheet.is_hidden:
        page.hide()


def _set_heights(page: Any, sheet: Sheet) -> None:  # noqa: ANN401 - untyped library
    """Make rows as high as their longest cell: no program does so by itself for our formulas."""
    wrapped = [column for column in sheet.columns if column.kind in WRAPPED]
    for index in range(sheet.n_rows):
        cells = [(str(column.values[index] or ""), column.width) for column in wrapped]
        height = row_height(cells)
        if height > LINE_PT + MARGIN_PT:
            page.set_row(FIRST_ROW - 1 + index, height)


def row_height(cells: Iterable[tuple[str, float]]) -> float:
    """
    Give the height of a row whose cells wrap.

    Parameters
    ----------
    cells
        Text and width of each, in characters; a Chinese one is as wide as two.

    Returns
    -------
    float
        Points; what Excel allows at most.

    Examples
    --------
    >>> row_height([("灵州", 5), ("abcd", 5)]), row_height([("东至东路，南至南街", 10)])
    (17.0, 32.0)
    """
    lines = max((_lines(text, width) for text, width in cells), default=1)
    return min(LINE_PT * lines + MARGIN_PT, MOST_PT)


def _lines(text: str, width: float) -> int:
    """Count lines; one character is left to the margin, and to marks that begin no line."""
    room = max(width - 1, 2)
    return sum(max(1, math.ceil(_display_width(part) / room)) for part in text.split("\n"))


def _display_width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def _write_column(page: Any, pen: _Pen, column: Column, number: int) -> None:  # noqa: ANN401 - untyped library
    shape = pen.cells[column.kind, column.is_to_fill]
    for index, value in enumerate(column.values):
        row = FIRST_ROW - 1 + index
        formula = UNPRINTABLE.sub("", column.formula(row + 1)) if column.formula else ""
        if formula:
            text = safe_text(value) if isinstance(value, str) else value
            page.write_formula(row, number, formula, shape, "" if text is None else text)
        elif value is None or value == "":
            page.write_blank(row, number, None, shape)
        elif isinstance(value, str):
            page.write_string(row, number, safe_text(value), shape)
        else:
            page.write_number(row, number, value, shape)


def _write_sums(page: Any, pen: _Pen, sheet: Sheet) -> None:  # noqa: ANN401 - untyped library
    row = sheet.last_row
    for number, column in enumerate(sheet.columns):
        shape = pen.sums[column.kind]
        if column.is_summed:
            letter = sheet.letter(column.header)
            numbers = [v for v in column.values if isinstance(v, int | float)]
            page.write_formula(
                row, number,
                f"=SUBTOTAL(109,{letter}{FIRST_ROW}:{letter}{sheet.last_row})",
                shape, sum(numbers),
            )  # fmt: skip
        else:
            page.write_string(row, number, "合计" if number == 0 else "", shape)


def _set_print(page: Any, sheet: Sheet, last: int) -> None:  # noqa: ANN401 - untyped library
    """Set a sheet up for paper: one page wide, headers on every page, numbered."""
    # Not every program leaves a hidden sheet out when it prints: its head alone goes on paper.
    last = FIRST_ROW - 2 if sheet.is_hidden else last
    page.print_area(0, 0, last, len(sheet.columns) - 1)
    page.repeat_rows(FIRST_ROW - 2)
    page.set_landscape()
    width = sum(column.width for column in sheet.columns)
    page.set_paper(8 if width > WIDE else 9)  # A3, A4
    page.fit_to_pages(1, 0)
    page.set_margins(0.4, 0.4, 0.5, 0.5)
    page.set_footer(f"&L&A&C第 &P 页，共 &N 页&R{INTERNAL}")


def safe_text(text: str) -> str:
    """Give text that any cell of a workbook can hold; it is written as text, never run."""
    return UNPRINTABLE.sub("", text)[:LONGEST]
