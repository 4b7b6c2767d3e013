"""The report and the atlas: complete, printable, editable; a template of one's own."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import docx
import pandas as pd
import pypdf

import lingwu_grid as lg
from lingwu_grid.papers.filling import blank
from lingwu_grid.papers.picture import missing_glyphs
from lingwu_grid.papers.writing import write_papers
from tests.commands import report as main
from tests.papers.printing import converted, pdf_fonts, pdf_text

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CHAPTERS = (
    "一、目的", "二、依据", "三、现状", "四、划分办法", "五、结果", "六、各社区方案",
    "七、15 分钟服务圈", "八、职数与经费", "九、例外", "十、意见处理", "十一、数据与附件",
)  # fmt: skip


def _words(path: Path) -> str:
    document = docx.Document(str(path))
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_the_report_has_every_chapter_every_grid_and_nothing_left_of_the_template(
    papers: Path, small_plan: lg.Plan
) -> None:
    words = _words(papers / "report.docx")
    document = docx.Document(str(papers / "report.docx"))
    heads = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert tuple(heads) == CHAPTERS
    assert "{" not in words
    assert "合成" in words
    for row in small_plan.grids.itertuples():
        assert row.grid_id in words
        assert row.boundary_text in words
    for row in small_plan.communities.itertuples():
        assert f"四至：{row.boundary_text}" in words
    assert f"{small_plan.summary['lower_bound']['global']:,}" in words
    captions = [p.text for p in document.paragraphs if p.style.name == "Caption"]
    for kind in ("图", "表"):
        numbers = [int(c.split("　")[0].split()[1]) for c in captions if c.startswith(kind)]
        assert numbers == list(range(1, len(numbers) + 1)), kind
    figures = [c for c in captions if c.startswith("图")]
    changed = set(small_plan.grids.loc[small_plan.grids["lineage"] != "不变", "community_id"])
    is_changed = small_plan.communities["lineage"] != "不变"
    changed |= set(small_plan.communities.loc[is_changed, "community_id"])
    assert len(changed) > 0
    assert len(document.inline_shapes) == len(figures) == len(changed) + 3


def test_the_report_prints_with_every_character(
    papers: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    page = converted(papers / "report.docx", "pdf", tmp_path)
    said = pdf_text(page, tmp_path)
    for chapter in CHAPTERS:
        assert chapter.split("、")[1][:3] in said
    assert missing_glyphs(_words(papers / "report.docx")) == set()
    broken = [code for code in small_plan.grids["grid_id"] if code not in said]
    assert broken == [], "a code stands on two lines"
    assert all(row[-5] == "yes" for row in pdf_fonts(page, tmp_path)), "a font is not embedded"


def test_the_atlas_has_a_page_for_every_community_and_all_changed_grids(
    papers: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    said = pdf_text(papers / "atlas.pdf", tmp_path)
    pages = said.split("\f")[:-1]
    changed = (small_plan.grids["lineage"] != "不变").sum()
    assert len(pages) == 3 + len(small_plan.communities) + -(-changed // 2)
    assert all("合成数据" in page for page in pages)
    for row in small_plan.communities.itertuples():
        assert any(row.community_name in p and "1:" in p for p in pages)
    for grid in small_plan.grids.loc[small_plan.grids["lineage"] != "不变", "grid_id"]:
        assert grid in said
    for number, row in enumerate(small_plan.communities.sort_values("community_id").itertuples()):
        line = rf"图{number + 1}\s+{re.escape(row.community_name)}\s+{row.households} 户\s+1:[\d,]+"
        assert re.search(line, pages[1])
        sheet = pypdf.PdfReader(papers / "atlas.pdf").pages[3 + number].extract_text()
        assert f"图{number + 1}　{row.community_name}" in sheet
    fonts = pdf_fonts(papers / "atlas.pdf", tmp_path)
    assert fonts
    assert all(row[-5] == "yes" for row in fonts)


def test_the_same_plan_gives_the_same_papers(papers: Path, tmp_path: Path) -> None:
    plan = lg.read_plan(papers)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_papers(plan, tmp_path / name, blank(plan))
        if name == "a":
            time.sleep(2.1)  # a date in a zip file has a step of two seconds
    for name in ("ledger.xlsx", "report.docx", "atlas.pdf"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_objections_and_traverses_stand_in_the_report(papers: Path, tmp_path: Path) -> None:
    out = shutil.copytree(papers, tmp_path / "out")
    row = {
        "file": "意见.json", "reviewer": "王主任", "kind": "调整", "place": "阳光城",
        "from": "甲", "to": "乙", "units": 1, "households": 337, "result": "采纳",
    }  # fmt: skip
    pd.DataFrame([row]).to_csv(out / "answers.csv", index=False, encoding="utf-8-sig")
    assert main([str(out), "--traverse", "--quiet"]) == 0
    words = _words(out / "report.docx")
    assert "王主任" in words
    assert "阳光城，甲 → 乙，337 户" in words
    assert "界线走向：自东北角起，沿" in words


def test_an_office_may_bring_its_own_template_and_a_wrong_one_is_a_sentence(
    papers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(papers, tmp_path / "out")
    own = docx.Document()
    own.add_paragraph("{{ study }}：{{ result.sentence }}")
    own.save(str(tmp_path / "own.docx"))
    assert main([str(out), "--template", str(tmp_path / "own.docx"), "--quiet"]) == 0
    assert "任何合规方案至少须变动" in _words(out / "report.docx")
    capsys.readouterr()
    for text in ("{{ no_such_word }}", "{% for %}", "{{ ''.__class__.__mro__ }}"):
        wrong = docx.Document()
        wrong.add_paragraph(text)
        wrong.save(str(tmp_path / "wrong.docx"))
        assert main([str(out), "--template", str(tmp_path / "wrong.docx"), "--quiet"]) == 2, text
        assert "报告模板用不了" in capsys.readouterr().err
    (tmp_path / "wrong.docx").write_text("x", encoding="utf-8")
    assert main([str(out), "--template", str(tmp_path / "wrong.docx"), "--quiet"]) == 2
    assert main([str(out), "--template", str(tmp_path / "none.docx"), "--quiet"]) == 2
    assert main([str(tmp_path), "--quiet"]) == 2


def test_hostile_names_do_not_break_the_document(small_plan: lg.Plan, tmp_path: Path) -> None:
    name = "<w:p>&\x01{{ 7*7 }}$\\frac{$" + "长" * 40
    hostile = replace(
        small_plan,
        grids=small_plan.grids.assign(grid_name=name, boundary_text=name),
        communities=small_plan.communities.assign(community_name=name),
        summary=small_plan.summary | {"study": name},
    )
    write_papers(hostile, tmp_path, blank(hostile))
    words = _words(tmp_path / "report.docx")
    assert "<w:p>&{{ 7*7 }}$\\frac{$" in words
    assert "49" not in words.split("社区网格调整方案")[0]
    converted(tmp_path / "report.docx", "pdf", tmp_path)


def test_households_alone_have_papers_too(small_study: lg.Study, tmp_path: Path) -> None:
    """No map of today, no roads, no names: every table may be missing."""
    degrees = small_study.households.geometry.to_crs(4490)
    (tmp_path / "only").mkdir()
    pd.DataFrame(
        {"id": small_study.households.household_id, "lon": degrees.x, "lat": degrees.y}
    ).to_csv(tmp_path / "only" / "households.csv", index=False)
    plan = lg.partition(tmp_path / "only", lg.Rules(effort=20, prove=False), seed=2)
    out = plan.report(tmp_path / "out")
    words = _words(out / "report.docx")
    assert all(grid in words for grid in plan.grids["grid_id"])
    assert "本方案尚未收到审议意见" in words
    assert "15 分钟服务圈的测算结果另行补充" in words
    again = lg.read_plan(out)
    assert again.impact["households"].sum() == plan.summary["households"]
    assert {"不变"} != set(again.grids["lineage"]) == {"新设"}
