"""Official papers: the page, fonts and numbering of GB/T 9704-2012, written with python-docx."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt

from lingwu_grid.papers.document import fix_dates
from lingwu_grid.papers.ledger import UNPRINTABLE
from lingwu_grid.papers.picture import save_png

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from docx.text.paragraph import Paragraph
    from matplotlib.figure import Figure

TITLE, BODY, HEAD, NUMBER = "方正小标宋简体", "仿宋", "黑体", "宋体"
"""Fonts of the standard: title, text, headings, page numbers."""

TITLE_PT, BODY_PT, TABLE_PT, NUMBER_PT, BANNER_PT = 22, 16, 10.5, 14, 9

LINE_PT = 28.9
"""Twenty-two lines on 225 mm."""

MARGINS_MM = (37, 35, 28, 26)
"""Top, bottom, left, right."""

CODE = 12
"""A number of so many digits is a code."""

MADE = dt.datetime(2000, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
"""A fixed date in the file: the same plan gives the same bytes."""


class OfficialPaper:
    """
    A paper, written from its first line to its last.

    Parameters
    ----------
    title
        Of the paper.
    banner
        In small type at the head of each page: whether it may leave, and what it was made from.
    """

    def __init__(self, title: str, banner: str) -> None:
        self._begins_page = False
        self._document = Document()
        self._document.core_properties.title = _plain(title)
        self._document.core_properties.created = MADE
        self._document.core_properties.modified = MADE
        normal: Any = self._document.styles["Normal"]
        normal.font.size = Pt(BODY_PT)
        _set_font(normal.element.get_or_add_rPr(), BODY)
        section = self._document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = map(
            Mm, MARGINS_MM
        )
        self._document.settings.odd_and_even_pages_header_footer = True
        for head in (section.header, section.even_page_header):
            self._say(head.paragraphs[0], banner, BODY, BANNER_PT)
            head.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        for foot, side in (
            (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
            (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
        ):
            _number_pages(foot.paragraphs[0], side)
        self.title(title)

    def title(self, text: str) -> None:
        """Write the title of the paper, or of an annex."""
        paragraph = self._line(text, TITLE, TITLE_PT, indent=0)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.line_spacing = Pt(36)
        paragraph.paragraph_format.space_after = Pt(LINE_PT)

    def addressed(self, text: str) -> None:
        """Write whom it is for."""
        self._line(f"{text}：", BODY, BODY_PT, indent=0)

    def head(self, text: str) -> None:
        """Write a heading (一、二、)."""
        self._line(text, HEAD, BODY_PT).paragraph_format.keep_with_next = True

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self._line(text, BODY, BODY_PT)

    def signed(self, who: str, when: str) -> None:
        """Write who signs, and the date, to the right."""
        for line in ("", who, when):
            paragraph = self._line(line, BODY, BODY_PT, indent=0)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.paragraph_format.right_indent = Pt(4 * BODY_PT)

    def annexes(self, names: Sequence[str]) -> None:
        """List the annexes under the text."""
        self.text("")
        for number, name in enumerate(names, start=1):
            first = "附件：" if number == 1 else "　　　"
            self.text(f"{first}{f'{number}．' if len(names) > 1 else ''}{name}")

    def page(self) -> None:
        """Begin a new page with the next line."""
        self._begins_page = True

    def table(
        self, headers: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
    ) -> None:
        """Write a table, widths in cm; its header row stands on every page, numbers right."""
        table = self._document.add_table(rows=1 + len(rows), cols=len(headers), style="Table Grid")
        for cell, word in zip(table.rows[0].cells, headers, strict=True):
            self._cell(cell, word, HEAD, WD_ALIGN_PARAGRAPH.CENTER)
        table.autofit = False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Cm(width)
            for cell in column.cells:
                cell.width = Cm(width)
        mark = OxmlElement("w:tblHeader")
        table.rows[0]._tr.get_or_add_trPr().append(mark)
        for line, row in zip(table.rows[1:], rows, strict=True):
            for cell, word in zip(line.cells, row, strict=True):
                is_number = word.replace(",", "").replace(".", "").lstrip("+-−").isdigit()
                side = WD_ALIGN_PARAGRAPH.RIGHT if is_number and len(word) < CODE else None
                self._cell(cell, word, BODY, side)
        self._document.add_paragraph()

    def picture(self, figure: Figure, width_cm: float = 15.6) -> None:
        """Place a figure."""
        drawn = io.BytesIO()
        save_png(figure, drawn, dpi=150)
        drawn.seek(0)
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.add_run().add_picture(drawn, width=Cm(width_cm))

    def save(self, path: Path) -> None:
        """Write the file; the same plan gives the same bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._document.save(str(path))
        fix_dates(path)

    def _line(self, text: str, font: str, size: float, indent: int = 2) -> Paragraph:
        paragraph = self._document.add_paragraph()
        form = paragraph.paragraph_format
        form.page_break_before, self._begins_page = self._begins_page, False
        form.line_spacing, form.space_after = Pt(LINE_PT), Pt(0)
        form.first_line_indent = Pt(indent * size)
        self._say(paragraph, text, font, size)
        return paragraph

    def _cell(self, cell: Any, text: str, font: str, side: WD_ALIGN_PARAGRAPH | None) -> None:  # noqa: ANN401 - untyped library
        paragraph = cell.paragraphs[0]
        paragraph.alignment = side
        paragraph.paragraph_format.space_after = Pt(0)
        self._say(paragraph, text, font, TABLE_PT)

    @staticmethod
    def _say(paragraph: Paragraph, text: str, font: str, size: float) -> None:
        run = paragraph.add_run(_plain(text))
        run.font.size = Pt(size)
        _set_font(run._element.get_or_add_rPr(), font)


def _plain(text: str) -> str:
    return UNPRINTABLE.sub("", text)


def _set_font(form: Any, font: str) -> None:  # noqa: ANN401 - untyped library
    """Set the font of Chinese and of Latin letters."""
    fonts = form.get_or_add_rFonts()
    for name in ("w:eastAsia", "w:ascii", "w:hAnsi"):
        fonts.set(qn(name), font)
    language = OxmlElement("w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")
    form.append(language)


def _number_pages(paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
    """Number pages as — 1 —, outside, one character from the edge."""
    paragraph.alignment = side
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(NUMBER_PT)
    for piece in ("— ", None, " —"):
        run = paragraph.add_run(piece or "")
        run.font.size = Pt(NUMBER_PT)
        _set_font(run._element.get_or_add_rPr(), NUMBER)
        if piece is None:
            for kind, word in (("begin", ""), ("", "PAGE"), ("end", "")):
                mark = OxmlElement("w:fldChar" if kind else "w:instrText")
                if kind:
                    mark.set(qn("w:fldCharType"), kind)
                mark.text = word
                run._element.append(mark)
