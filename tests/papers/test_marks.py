"""Every page and paper says whether it may leave the office."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import openpyxl

from lingwu_grid.disclosure.telling import INTERNAL, OUTGOING
from tests.papers.printing import pdf_text

if TYPE_CHECKING:
    from pathlib import Path

    import lingwu_grid as lg


def test_each_page_and_paper_is_marked(papers: Path, tmp_path: Path) -> None:
    inside = [papers / "map.html", *(papers / "review").glob("*.html")]
    assert len(inside) > 1
    for page in inside:
        text = page.read_text("utf-8")
        assert f">{INTERNAL}<" in text, page.name
        assert f">{OUTGOING}<" not in text, page.name
    outgoing = list((papers / "share").glob("*.html"))
    assert outgoing
    for page in outgoing:
        text = page.read_text("utf-8")
        assert f">{OUTGOING}<" in text, page.name
        assert f">{INTERNAL}<" not in text, page.name
    book = openpyxl.load_workbook(papers / "ledger.xlsx")
    assert INTERNAL in book.worksheets[0].cell(2, 1).value
    for sheet in book.worksheets:
        assert INTERNAL in sheet.oddFooter.right.text
    with zipfile.ZipFile(papers / "report.docx") as report:
        parts = [report.read(n).decode("utf-8") for n in report.namelist() if n.endswith(".xml")]
    assert any(INTERNAL in part for part in parts)
    pages = pdf_text(papers / "atlas.pdf", tmp_path).split("\f")
    assert len(pages) > 2
    assert all(INTERNAL in page for page in pages if page.strip())


def test_no_household_is_named_in_what_goes_from_hand_to_hand(
    papers: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    ids = set(small_plan.assignment["household_id"])
    assert len(ids) > 1000
    words: set[str] = set()
    for sheet in openpyxl.load_workbook(papers / "ledger.xlsx").worksheets:
        words |= {str(c.value) for row in sheet.iter_rows() for c in row if c.value is not None}
    words |= set(pdf_text(papers / "atlas.pdf", tmp_path).split())
    assert not words & ids
