"""What a plan sets up and dissolves, and its posts, against a hand count."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import docx
import pandas as pd
from docx.oxml.ns import qn

from lingwu_grid.papers.document import write_document
from lingwu_grid.papers.filling import blank
from lingwu_grid.papers.turnover import passed_between, posts, retired
from tests.papers.printing import converted, pdf_text

if TYPE_CHECKING:
    from pathlib import Path

    import lingwu_grid as lg


def _record() -> SimpleNamespace:
    """
    Three communities of today, of which 丙 goes; 丁 is new; grids b2 and c1 go, c9 went before.

    Households of 丙: 300 go to 甲, 120 to 丁; c1 is all of 丙. Of b2 all 90 go to b1.
    """
    impact = pd.DataFrame(
        [("a", "现状", 9, 7), ("a", "方案", 10, 7), ("b", "现状", 8, 7), ("b", "方案", 7, 7),
         ("c", "现状", 1, 5), ("d", "方案", 1, 5)],
        columns=["community_id", "when", "grids", "seats"],
    )  # fmt: skip
    impact = impact.assign(
        grid_workers=impact["grids"], legal_advisers=1, reserve_least=3, reserve_most=5
    )
    changes = pd.DataFrame(
        [("c1", "a1", "c", "a", 300), ("c1", "d1", "c", "d", 120), ("b2", "b1", "b", "b", 40),
         ("b2", "b1", "b", "b", 50)],
        columns=["previous_grid_id", "grid_id", "previous_community_id", "community_id",
                 "households"],
    )  # fmt: skip
    names = {"a1": "甲一", "b1": "乙一", "b2": "乙二", "c1": "丙一", "d1": "丁一", "c9": "丙九"}
    register = pd.DataFrame(
        [("网格", *item) for item in names.items()]
        + [("社区", *item) for item in {"a": "甲", "b": "乙", "c": "丙", "d": "丁"}.items()],
        columns=["level", "code", "name"],
    )
    return SimpleNamespace(
        impact=impact, changes=changes, code_register=register,
        names=dict(zip(register["code"], register["name"], strict=True)),
        summary={"grids_retired": ["b2", "c1"]},
    )  # fmt: skip


def test_what_is_dissolved_is_named_with_where_its_households_go() -> None:
    rows = retired(_record())
    assert rows[["level", "code", "name", "households", "successors"]].to_numpy().tolist() == [
        ["社区", "c", "丙", 420, "甲（300 户）、丁（120 户）"],
        ["网格", "b2", "乙二", 90, "乙一（90 户）"],
        ["网格", "c1", "丙一", 420, "甲一（300 户）、丁一（120 户）"],
    ]


def test_what_a_community_had_and_what_came_and_left_is_what_it_has() -> None:
    record = _record()
    flows = {("a", "a"): 1000, ("c", "a"): 300, ("c", "d"): 120, ("b", "b"): 5, ("a", "b"): 40,
             ("", "a"): 2, ("e", "e"): 7}  # fmt: skip
    record.assignment = pd.DataFrame(
        [pair for pair, n in flows.items() for _ in range(n)],
        columns=["previous_community_id", "community_id"],
    )
    record.communities = pd.DataFrame(
        {"community_id": ["a", "b", "d", "e"], "households": [1302, 45, 120, 7]}
    )
    assert passed_between(record) == {
        "a": "原 1,040 户，划入 302 户（丙 300、原不属任何社区 2），划出 40 户（乙 40），"
        "调整后 1,302 户",
        "b": "原 5 户，划入 40 户（甲 40），调整后 45 户",
        "d": "新设，划入 120 户（丙 120），调整后 120 户",
        "e": "户数没有变动",
    }


def test_a_plan_that_dissolves_nothing_lists_nothing() -> None:
    record = _record()
    record.summary["grids_retired"] = []
    record.impact = record.impact[~record.impact["community_id"].isin(["c", "d"])]
    assert len(retired(record)) == 0


def test_posts_before_and_after_are_counted_as_by_hand() -> None:
    """
    Today 9 + 8 + 1 grids, then 10 + 7 + 1; seats 7 + 7 + 5 both times.

    Every grid makes a pair of worker and member. Three communities both times: 3 advisers, 9 to 15
    reserve cadres.
    """
    rows = posts(_record()).set_index("clause", append=True)
    assert rows[["现状", "方案", "增减"]].to_numpy().tolist() == [
        [19, 19, 0], [18, 18, 0], [18, 18, 0], [3, 3, 0], [9, 9, 0], [15, 15, 0],
    ]  # fmt: skip
    assert rows["item"].iloc[2].startswith("AB岗结对")


def _words(path: Path) -> str:
    document = docx.Document(str(path))
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_the_report_names_what_goes_and_words_the_stipend_as_a_bound(
    small_plan: lg.Plan, tmp_path: Path
) -> None:
    """A grid that went is planted: 77 households of it go to the first grid of the plan."""
    code, first = "640181001001899", small_plan.grids.iloc[0]
    change = pd.DataFrame(
        [{
            "compound_id": "", "building_id": "", "previous_grid_id": code,
            "grid_id": first.grid_id, "previous_community_id": first.community_id,
            "community_id": first.community_id, "households": 77, "reason": "",
        }]
    )  # fmt: skip
    gone = pd.DataFrame([dict.fromkeys(small_plan.code_register.columns, "")]).assign(
        level="网格", code=code, name="老街网格", status="停用"
    )
    plan = replace(
        small_plan,
        service=None,
        tables=small_plan.tables
        | {
            "changes": change,
            "code_register": pd.concat([small_plan.code_register, gone], ignore_index=True),
        },
        summary=small_plan.summary | {"grids_retired": [code]},
    )
    path = tmp_path / "report.docx"
    write_document(plan, blank(plan), path)
    words = _words(path)
    assert "撤销网格 1 个（老街网格），住户去向见下表" in words
    assert f"{first.grid_name}（77 户）" in words
    assert code in words
    assert "楼栋长补贴按默认每栋一名计，是上限" in words
    assert "15 分钟服务圈的测算结果另行补充" in words
    assert "lingwu_grid.coverage" not in words
    captions = [p.text for p in docx.Document(str(path)).paragraphs if p.style.name == "Caption"]
    tables = [c for c in captions if c.startswith("表")]
    assert [int(c.split("　")[0].split()[1]) for c in tables] == list(range(1, len(tables) + 1))
    assert [c.split("　")[1] for c in tables[:3]] == [
        "现状超限的社区", "主要结果", "撤并的社区和网格",
    ]  # fmt: skip
    assert "专职力量（现状、方案、增减）" in "".join(tables)


def test_page_numbers_are_filled_on_opening_and_codes_have_room(papers: Path) -> None:
    """A code of 15 digits in 9.5 point is 2.5 cm wide; its column has margins of 0.4 cm too."""
    document = docx.Document(str(papers / "report.docx"))
    settings = document.settings.element
    field = settings.find(qn("w:updateFields"))
    assert field.get(qn("w:val")) == "true"
    assert settings.index(field) < settings.index(settings.find(qn("w:compat")))
    listed = [t for t in document.tables if t.cell(0, 0).text == "编码"]
    assert listed
    assert all(t.columns[0].width.cm >= 3.0 for t in listed)
    # The contents are lines of their own: within a field of contents LibreOffice shows no numbers.
    fields = [
        text.text.split() for text in document.element.body.iter(qn("w:instrText"))
        if text.text.strip()
    ]  # fmt: skip
    assert not [field for field in fields if field[0] == "TOC"]
    marks = {mark.get(qn("w:name")) for mark in document.element.body.iter(qn("w:bookmarkStart"))}
    asked = [field[1] for field in fields if field[0] == "PAGEREF"]
    assert len(asked) > 11
    assert set(asked) <= marks


def test_the_contents_tell_the_page_of_each_chapter(papers: Path, tmp_path: Path) -> None:
    text = pdf_text(converted(papers / "report.docx", "pdf", tmp_path), tmp_path)
    pages = [page for page in text.split("\f") if page.strip()]
    line = r"^\s*(\S{1,3}、\S.*?|（\S{1,3}）\S+?)\s*\.{3,}\s*(\d+)$"
    listed = re.findall(line, pages[1], re.MULTILINE)
    assert len(listed) > 11
    for head, number in listed:
        title = rf"^\s*{re.escape(head.strip())}\s*$"
        assert re.search(title, pages[int(number) - 1], re.MULTILINE), head


def test_the_page_is_that_of_an_official_paper(papers: Path) -> None:
    """GB/T 9704: margins, title 22 point, text 16 point in lines of 28, heads 一、 and （一）."""
    document = docx.Document(str(papers / "report.docx"))
    page = document.sections[0]
    margins = (page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)
    assert [round(margin.mm) for margin in margins] == [37, 35, 28, 26]
    style = document.styles
    assert style["Title"].font.size.pt == 22
    for name in ("公文正文", "Heading 1", "Heading 2"):
        assert style[name].font.size.pt == 16, name
        assert style[name].paragraph_format.line_spacing.pt == 28, name
    heads = [p.text for p in document.paragraphs if p.style.name == "Heading 2"]
    assert heads
    assert all(re.match("（[一二三四五六七八九十百]+）", head) for head in heads)
    words = "\n".join(p.text for p in document.paragraphs)
    assert re.search(r"编制日期：\d{4}年\d{1,2}月\d{1,2}日", words)
    for machine in ("ledger.xlsx", "[staffing]", ".json", "变更类型"):
        assert machine not in words
