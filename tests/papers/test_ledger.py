"""The ledger: what stands in it, what its formulas come to, how a filled one comes back."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid.api import report
from lingwu_grid.contract.errors import InputError
from lingwu_grid.papers.filling import blank, read_filling
from lingwu_grid.papers.ledger import row_height, write_ledger
from tests.commands import report as main
from tests.ingest.reading import FOUND
from tests.papers.printing import converted

if TYPE_CHECKING:
    from pathlib import Path

STANDARD = [
    "网格编码", "网格名称", "类型", "所属社区", "所属街道", "四至", "面积(km²)", "小区清单",
    "楼栋数", "常住户数", "户籍户数", "常住人口", "合规状态", "例外理由", "原网格编码",
    "变更类型", "涉及户数", "网格长/专职网格员（A岗）", "B岗", "党支部", "邻里驿家", "步行分钟",
    "启用日期", "终止日期", "备注",
]  # fmt: skip
"""Columns of the local ledger, in its order."""

HOSTILE = ['=HYPERLINK("http://x")', "+1+1", "@SUM(1)", "-2", "<b>&\x01\x0b", "a\tb"]


def _rows(path: Path, sheet: str) -> list[dict[str, object]]:
    page = openpyxl.load_workbook(path, data_only=True)[sheet]
    cells = [[c.value for c in row] for row in page.iter_rows(min_row=3)]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]


def test_the_grid_ledger_has_the_columns_of_the_standard_and_codes_are_text(
    papers: Path, small_plan: lg.Plan
) -> None:
    rows = _rows(papers / "ledger.xlsx", "网格台账")
    assert list(rows[0]) == STANDARD
    assert [r["网格编码"] for r in rows[:-1]] == small_plan.grids["grid_id"].tolist()
    assert all(isinstance(r["网格编码"], str) for r in rows[:-1])
    assert [r["常住户数"] for r in rows[:-1]] == small_plan.grids["households"].tolist()
    assert rows[-1]["常住户数"] == small_plan.summary["households"]
    book = openpyxl.load_workbook(papers / "ledger.xlsx")
    assert {
        "概况", "社区表", "网格台账", "调整对照表", "逐项变动", "职数经费", "经费汇总",
        "小区表", "楼栋表", "楼栋明细",
        "组织体系", "例外", "服务圈覆盖", "编码登记", "数据问题", "网格填报", "社区填报",
    } <= set(book.sheetnames)  # fmt: skip
    for page in book:
        assert page.freeze_panes is not None
        assert page.auto_filter.ref
        assert page.print_area
        assert "合成数据" in str(page["A2"].value)


def test_buildings_are_printed_by_runs_and_listed_one_by_one_out_of_sight(
    papers: Path, small_plan: lg.Plan
) -> None:
    ledger = papers / "ledger.xlsx"
    states = {page.title: page.sheet_state for page in openpyxl.load_workbook(ledger)}
    assert {name for name, state in states.items() if state != "visible"} == {"楼栋明细"}
    listed = _rows(ledger, "楼栋明细")[:-1]
    assert len(listed) == len(small_plan.buildings)
    loose = _rows(ledger, "楼栋表")[:-1]
    assert 0 < len(loose) <= len(small_plan.grids)
    in_compounds = _rows(ledger, "小区表")[:-1]
    assert sum(r["常住户数"] for r in (*loose, *in_compounds)) == small_plan.summary["households"]
    changes = _rows(ledger, "调整对照表")
    assert sum(r["户数"] for r in changes[:-1]) == changes[-1]["户数"]
    ways = [(r["小区"], r["原网格编码"], r["新网格编码"]) for r in changes[:-1]]
    assert len(ways) == len(set(ways)) > 0
    assert any("—" in str(r["楼栋"]) for r in (*changes[:-1], *loose))


def test_every_formula_comes_to_what_the_file_says_it_does(papers: Path, tmp_path: Path) -> None:
    """LibreOffice works them out anew; both must be the same, and none an error."""
    ledger = papers / "ledger.xlsx"
    again = converted(converted(ledger, "ods", tmp_path), "xlsx", tmp_path)
    formulas = openpyxl.load_workbook(ledger)
    ours = openpyxl.load_workbook(ledger, data_only=True)
    theirs = openpyxl.load_workbook(again, data_only=True)
    count = 0
    for page in formulas:
        for cell in (c for row in page.iter_rows() for c in row if c.data_type == "f"):
            said = ours[page.title][cell.coordinate].value
            found = theirs[page.title][cell.coordinate].value
            count += 1
            assert not str(found).startswith("#"), (page.title, cell.coordinate, cell.value)
            if isinstance(said, int | float):
                assert found == pytest.approx(said), (page.title, cell.coordinate)
            else:
                assert (found or "") == (said or ""), (page.title, cell.coordinate)
    assert count > 200


def _wide(words: str) -> int:
    return sum(2 if c > "\u2e80" else 1 for c in words)


def test_a_row_is_as_high_as_its_longest_cell(papers: Path) -> None:
    """Of every wrapped cell the lines, as many as its width asks for, fit at 13 points each."""
    count = 0
    for page in openpyxl.load_workbook(papers / "ledger.xlsx", data_only=True):
        # Columns of one width that stand together are one entry of the file.
        widths = {
            number: entry.width
            for entry in page.column_dimensions.values()
            for number in range(entry.min, entry.max + 1)
        }
        for row in page.iter_rows(min_row=3):
            height = page.row_dimensions[row[0].row].height or 15.0
            for cell in (c for c in row if isinstance(c.value, str) and c.alignment.wrap_text):
                lines = -(-_wide(cell.value) // widths[cell.column])
                count += lines > 1
                assert height >= min(13 * lines, 409), (page.title, cell.coordinate)
    assert count > 50


def test_heights_follow_the_text_as_wide_as_it_is_seen() -> None:
    """
    Fifteen points a line and two round it, a character of each line left free.

    Twenty Chinese characters are 40 wide: in a column of 11 four lines, 62 points; 20 Latin ones
    two, 32 points. Each line of typed text is a line. No row passes what Excel allows, 409.
    """
    assert row_height([("东" * 20, 11)]) == 62
    assert row_height([("a" * 20, 11)]) == 32
    assert row_height([("甲\n乙\n丙", 20), ("", 5)]) == 47
    assert row_height([("长" * 2_000, 10)]) == 409
    assert row_height([]) == 17


def test_computed_sheets_are_protected_and_forms_are_open(papers: Path) -> None:
    book = openpyxl.load_workbook(papers / "ledger.xlsx")
    forms = {"网格填报", "社区填报"}
    assert {page.title for page in book if not page.protection.sheet} == forms
    for page in book:
        if page.title not in forms:
            may = page.protection
            assert not may.password
            # False in the file is "not locked".
            assert (may.autoFilter, may.sort, may.formatColumns) == (False, False, False)
    note = str(book["职数经费"]["A2"].value)
    assert "不会带回" in note
    assert "人数可改" not in note
    for form in forms:
        filled = [c for c in book[form][4] if c.fill.fgColor.rgb == "FFFFF2CC"]
        assert filled
        assert not any(c.protection.locked for c in filled)


def test_funds_of_the_sheets_add_up(papers: Path, small_plan: lg.Plan) -> None:
    impact = small_plan.impact
    rows = _rows(papers / "ledger.xlsx", "职数经费")
    for when in ("现状", "方案"):
        whole = next(r for r in rows if r["社区名称"] == "合计" and r["情形"] == when)
        mine = impact[impact["when"] == when]
        assert whole["经费合计(元/年)"] == mine["total_yuan"].sum()
        assert whole["两委职数"] == mine["seats"].sum()
    payers = _rows(papers / "ledger.xlsx", "经费汇总")
    after = impact[impact["when"] == "方案"]
    by_payer = {r["出资"]: r["方案"] for r in payers if r["项目"] == "小计"}
    assert by_payer["银川市"] == after["grid_heads_yuan"].sum()
    assert by_payer["灵武市"] == after["members_yuan"].sum()
    assert payers[-1]["方案"] == sum(by_payer.values()) == after["total_yuan"].sum()
    fixed = after["total_yuan"].sum() - after["members_yuan"].sum()
    assert payers[-2]["项目"].startswith("其中政策定额")
    assert payers[-2]["方案"] == fixed < payers[-1]["方案"]


def _filled(source: Path, target: Path, entries: dict[tuple[str, str], str]) -> Path:
    """Fill cells of the grid form as an office would, by code and header."""
    book = openpyxl.load_workbook(source)
    page = book["网格填报"]
    heads = {c.value: c.column for c in page[3]}
    rows = {page.cell(r, 1).value: r for r in range(4, page.max_row + 1)}
    for (code, head), value in entries.items():
        cell = page.cell(rows[code], heads[head])
        cell.value = value
        cell.data_type = "s"  # typed as text, as the form is set
    book.save(target)
    return target


def test_a_filled_ledger_comes_back_and_members_of_the_committees_back_the_grids(
    papers: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    grids = small_plan.grids
    code, other = grids["grid_id"].iloc[:2]
    seat = grids["committee_seat"].iloc[1]
    entries = {
        (code, "网格长/专职网格员（A岗）"): "王一", (code, "B岗"): "李二",
        (code, "户籍户数"): "321", (code, "备注"): HOSTILE[0],
        (code, "四至补正"): "东至甲，南至乙，西至丙，北至丁",
    }  # fmt: skip
    out = shutil.copytree(papers, tmp_path / "out")
    filled = _filled(papers / "ledger.xlsx", tmp_path / "填好.xlsx", entries)
    report(out, ledger=filled)
    rows = {r["网格编码"]: r for r in _rows(out / "ledger.xlsx", "网格台账")}
    assert rows[code]["网格长/专职网格员（A岗）"] == "王一"
    assert rows[code]["B岗"] == "李二"
    assert rows[other]["B岗"] == f"两委第{seat}席"
    members = [r for r in _rows(out / "ledger.xlsx", "两委包联") if r["网格编码"]]
    mine = next(r for r in members if code in r["网格编码"])
    assert (mine["两委成员（B岗）"], "王一" in mine["网格员（A岗）"]) == ("李二", True)
    assert sorted(c for r in members for c in r["网格编码"].split("、")) == sorted(grids["grid_id"])
    assert sum(int(r["常住户数"]) for r in members) == small_plan.summary["households"]
    assert rows[code]["户籍户数"] == "321"
    assert rows[code]["四至"] == "东至甲，南至乙，西至丙，北至丁"
    assert rows[code]["备注"] == HOSTILE[0]
    # What was filled in outlives the next writing, and reading it changes nothing.
    before = (out / "ledger.xlsx").read_bytes()
    report(out)
    assert (out / "ledger.xlsx").read_bytes() == before
    again = converted(converted(out / "ledger.xlsx", "ods", tmp_path), "xlsx", tmp_path)
    mine, theirs = read_filling(out / "ledger.xlsx", small_plan), read_filling(again, small_plan)
    assert mine.grids.equals(theirs.grids)
    assert mine.communities.equals(theirs.communities)


def test_what_was_filled_in_outlives_a_plan_written_without_papers(
    papers: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    code = str(small_plan.grids["grid_id"].iloc[0])
    out = shutil.copytree(papers, tmp_path / "out")
    entries = {(code, "备注"): "有人写了"}
    _filled(papers / "ledger.xlsx", out / "ledger.xlsx", entries)
    small_plan.save(out)
    assert not (out / "report.docx").exists()
    rows = {r["网格编码"]: r for r in _rows(out / "ledger.xlsx", "网格台账")}
    assert rows[code]["备注"] == "有人写了"


def test_papers_that_are_broken_off_are_whole_or_not_there(
    papers: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    """Ctrl-C while the atlas is drawn: no half of it is left, and the ledger is."""
    code = str(small_plan.grids["grid_id"].iloc[0])
    out = shutil.copytree(papers, tmp_path / "out")
    _filled(papers / "ledger.xlsx", out / "ledger.xlsx", {(code, "备注"): "有人写了"})
    steps: list[str] = []

    def stop(*, is_lawful: bool = True) -> bool:
        _ = is_lawful
        return any(step.startswith("图集") for step in steps)

    with lg.Crew(1, lambda step, *_: steps.append(step), stop) as crew:
        small_plan.save(out, papers=True, workers=crew)
    assert not {"report.docx", "atlas.pdf"} & {p.name for p in out.iterdir()}
    assert (out / "share").is_dir()
    rows = {r["网格编码"]: r for r in _rows(out / "ledger.xlsx", "网格台账")}
    assert rows[code]["备注"] == "有人写了"


def test_the_ledger_of_an_earlier_plan_does_not_stop_the_next(
    papers: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    one, other = small_plan.grids["grid_id"].astype(str).iloc[:2]
    gone, unknown = f"{one[:-3]}977", f"{other[:-3]}978"
    path = _filled(
        papers / "ledger.xlsx", tmp_path / "a.xlsx",
        {(one, "网格编码"): gone, (other, "备注"): "有人写了", (other, "网格编码"): unknown},
    )  # fmt: skip
    kept = read_filling(path, small_plan).grids
    # Nothing was filled in for the one; what was for the other stays, under its code.
    assert gone not in kept.index
    assert kept.loc[unknown, "备注"] == "有人写了"
    assert (kept.drop(index=unknown) == "").all(axis=None)


def test_a_ledger_that_does_not_fit_is_a_sentence(
    papers: Path, small_plan: lg.Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(papers, tmp_path / "out")
    code = small_plan.grids["grid_id"].iloc[0]
    cases = {
        "不在本方案里": _filled(
            papers / "ledger.xlsx", tmp_path / "a.xlsx",
            {(code, "备注"): "有人写了", (code, "网格编码"): "9"},
        ),
        "编码重复": _filled(
            papers / "ledger.xlsx", tmp_path / "b.xlsx",
            {(code, "网格编码"): str(small_plan.grids["grid_id"].iloc[1])},
        ),
        "没有编码": _filled(papers / "ledger.xlsx", tmp_path / "c.xlsx",
            {(code, "网格编码"): "", (code, "备注"): "有人写了"}),
        "超过 2000 字": _filled(
            papers / "ledger.xlsx", tmp_path / "d.xlsx", {(code, "备注"): "长" * 2_001}
        ),
    }  # fmt: skip
    for n, wrong in enumerate(("约400户", "-5", "400.5", "4e3", "12345678")):
        entry = {(code, "户籍户数"): wrong}
        _filled(papers / "ledger.xlsx", tmp_path / f"n{n}.xlsx", entry)
        assert main([str(out), "--ledger", str(tmp_path / f"n{n}.xlsx"), "--quiet"]) == 2, wrong
        said = capsys.readouterr().err
        assert "户籍户数" in said
        assert code in said
    book = openpyxl.load_workbook(papers / "ledger.xlsx")
    del book["网格填报"]
    book.save(tmp_path / "e.xlsx")
    cases["没有工作表"] = tmp_path / "e.xlsx"
    (tmp_path / "f.xlsx").write_text("x", encoding="utf-8")
    cases["读不出台账"] = tmp_path / "f.xlsx"
    # A bomb, and what makes the library panic: neither is read in this process.
    with zipfile.ZipFile(tmp_path / "g.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", b" " * 2**28)
    cases["读不出台账：压缩文件 g.xlsx"] = tmp_path / "g.xlsx"
    shutil.copy(FOUND / "panic.xls", tmp_path / "h.xls")
    cases["读不出台账：读不了文件 h.xls"] = tmp_path / "h.xls"
    cases["读不出台账：读不出文件 none.xlsx"] = tmp_path / "none.xlsx"
    before = {p.name: p.stat().st_mtime_ns for p in out.iterdir()}
    for wrong, path in cases.items():
        assert main([str(out), "--ledger", str(path), "--quiet"]) == 2
        assert wrong in capsys.readouterr().err
    assert {p.name: p.stat().st_mtime_ns for p in out.iterdir()} == before


def test_hostile_names_are_text_in_every_cell(small_plan: lg.Plan, tmp_path: Path) -> None:
    name = HOSTILE[0]
    bad = small_plan.buildings.assign(compound_name=name, building_name=HOSTILE[3])
    hostile = replace(
        small_plan.with_long(buildings=bad),
        grids=small_plan.grids.assign(
            grid_name=name, reason=HOSTILE[1], boundary_text=HOSTILE[4] + '"' + name
        ),
        communities=small_plan.communities.assign(community_name=HOSTILE[2]),
        findings=pd.DataFrame(
            [dict.fromkeys(small_plan.findings.columns, name)], columns=small_plan.findings.columns
        ),
    )
    path = tmp_path / "ledger.xlsx"
    write_ledger(hostile, blank(hostile), path)
    clean = tmp_path / "clean.xlsx"
    write_ledger(small_plan, blank(small_plan), clean)

    def formulas(book: Path) -> set[tuple[str, str]]:
        pages = openpyxl.load_workbook(book)
        return {
            (page.title, c.coordinate)
            for page in pages for row in page.iter_rows() for c in row if c.data_type == "f"
        }  # fmt: skip

    hidden = {f for f in formulas(path) if f[0] != "数据问题"}
    assert hidden <= formulas(clean)
    assert not [link for page in openpyxl.load_workbook(path) for link in page._hyperlinks]
    again = converted(converted(path, "ods", tmp_path), "xlsx", tmp_path)
    page = openpyxl.load_workbook(again, data_only=True)["网格台账"]
    assert page["B4"].value == name
    assert name in page["F4"].value


def test_numbers_and_merged_cells_come_back_as_they_were_meant(
    papers: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    one, two, three = small_plan.grids["grid_id"].astype(str).iloc[:3]
    entries = {(one, "户籍户数"): "１，４００", (two, "户籍户数"): "0", (one, "党支部"): "第一支部"}
    path = _filled(papers / "ledger.xlsx", tmp_path / "a.xlsx", entries)
    book = openpyxl.load_workbook(path)
    page = book["网格填报"]
    heads = {cell.value: cell.column for cell in page[3]}
    rows = [
        row for row in range(4, 7) if page.cell(row, heads["网格编码"]).value in (one, two, three)
    ]
    assert len(rows) == 3
    page.merge_cells(
        start_row=rows[0], end_row=rows[2], start_column=heads["党支部"], end_column=heads["党支部"]
    )
    book.save(path)
    kept = read_filling(path, small_plan).grids
    assert kept.loc[[one, two, three], "户籍户数"].tolist() == ["1400", "0", ""]
    assert kept.loc[[one, two, three], "党支部"].tolist() == ["第一支部"] * 3
    page.merge_cells(
        start_row=rows[0], end_row=rows[1], start_column=heads["户籍户数"],
        end_column=heads["户籍户数"],
    )  # fmt: skip
    book.save(path)
    with pytest.raises(InputError, match="第 4—5 行的“户籍户数”合并成了一格"):
        read_filling(path, small_plan)
