"""Every number of the papers is worked out anew; one that somebody changed is found."""

from __future__ import annotations

import random
import re
import shutil
import zipfile
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from lingwu_grid.contract.errors import InputError
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.papers.proposal import ahead_said
from lingwu_grid.planning.outlook import make_outlook
from lingwu_grid.tracing.cells import houses
from lingwu_grid.tracing.facts import Facts
from lingwu_grid.tracing.numbers import Names, agree
from lingwu_grid.tracing.proof import (
    COPIED,
    OUTCOMES,
    UNTRACED,
    WORKED,
    WRONG,
    Proof,
    Tracer,
    trace_papers,
)
from lingwu_grid.tracing.reading import Line, Table, read_papers
from lingwu_grid.tracing.words import FIXED
from tests.commands import report
from tests.commands import verify as main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import lingwu_grid as lg

TRIES = 75
WORDS = ("沿", "说明", "原因", "依据")
"""Columns of words: what a border runs on, copies of findings and reasons, clauses."""


@pytest.fixture(scope="module")
def out(kit: Path) -> Path:
    """The small town's output with all its papers."""
    return kit.parent


@pytest.fixture(scope="module")
def tracer(out: Path, small_study: lg.Study) -> Tracer:
    return Tracer(out, small_study)


def test_every_number_of_every_paper_is_traced(out: Path, small_study: lg.Study) -> None:
    proof = trace_papers(out, small_study)
    assert proof.of(WRONG) == []
    assert proof.of(UNTRACED) == []
    papers = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.suffix in
              (".docx", ".xlsx", ".pdf")}  # fmt: skip
    assert {claim.paper for claim in proof.of(WORKED)} >= papers - {"kit/reply.docx"}
    assert len(proof.of(WORKED)) > 20 * len(proof.of(COPIED)) / 3


def test_the_claims_are_a_table_with_every_number_once(
    out: Path, small_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "数字.csv"
    assert main([str(out), "--papers", str(small_folder), "--claims", str(path)]) == 0
    said = re.search(r"重算 ([\d,]+) 个，照录说明 ([\d,]+) 个", capsys.readouterr().out)
    assert said
    table = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    count = table["结果"].value_counts()
    assert set(count.index) <= set(OUTCOMES[:2])
    assert [f"{count[outcome]:,}" for outcome in OUTCOMES[:2]] == list(said.groups())
    assert (table[["文件", "位置", "印的数", "说的是"]] != "").all().all()
    assert (table.loc[table["结果"] == WORKED, "重算的数"] != "").all()
    cells = table[table["文件"] == "ledger.xlsx"]
    assert len(cells) == len(cells.drop_duplicates(["位置", "印的数", "说的是"])) > 500
    assert main([str(out), "--claims", str(path)]) == 2
    assert "--papers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "is_right"),
    [
        ("{0:.2f} {1:.2f} {2:.2f}", True), ("{0:.2f} {1:.2f} {3:.2f}", False),
        ("{4:.2f} {1:.2f} {2:.2f}", False), ("{0:.2f} {1:.2f}", True), ("{0:.2f} {4:.2f}", False),
        ("{5:.2f} {6:.2f}", False),
    ],
)  # fmt: skip
def test_coordinates_at_the_edge_are_even_and_of_the_town(
    tracer: Tracer,
    row: str,
    is_right: bool,  # noqa: FBT001
) -> None:
    west = round(tracer.facts.extent[0][0] / 1000)
    ticks = (west, west + 0.5, west + 1.0, west + 1.05, west + 0.04, west - 90, west - 89.5)
    tracer.proof = Proof()
    tracer.take(Line("atlas.pdf", "第 4 页", row.format(*ticks)))
    assert (tracer.proof.faults() == []) == is_right
    assert tracer.proof.claims


def digits(part: Line | Table, names: Names) -> Iterator[tuple[Any, ...]]:
    """Give the places of the digits that are in no name and no clause."""
    if isinstance(part, Line):
        text = names.mended(part.text)
        masked = names.masked(text)
        fixed = {i for found in FIXED.finditer(masked) for i in range(*found.span())}
        plain = [i for i, c in enumerate(masked) if c in "0123456789" and i not in fixed]
        # The place in the text itself: names are longer than their marks.
        at = np.cumsum([len(names.shown(c)) for c in masked])
        yield from ((int(at[i]) - 1,) for i in plain)
        return
    for r, row in enumerate(part.rows):
        for c, value in enumerate(row):
            text = names.masked("" if value is None else str(value))
            if re.search("[0-9]", text) and part.headers[c] not in WORDS:
                yield r, c


def changed(part: Line | Table, at: tuple[Any, ...], names: Names, dice: random.Random) -> Any:  # noqa: ANN401
    """Change a digit."""

    def other(text: str, i: int) -> str:
        digit = dice.choice([d for d in "0123456789" if d != text[i]])
        return text[:i] + digit + text[i + 1 :]

    if isinstance(part, Line):
        return part._replace(text=other(names.mended(part.text), at[0]))
    value = part.rows[at[0]][at[1]]
    text = str(value)
    new: Any = other(text, dice.choice([i for i, c in enumerate(text) if c.isdigit()]))
    row = list(part.rows[at[0]])
    row[at[1]] = type(value)(new) if isinstance(value, (int, float)) else new
    return part._replace(rows=[*part.rows[: at[0]], tuple(row), *part.rows[at[0] + 1 :]])


@pytest.mark.parametrize("kind", [".docx", ".xlsx", ".pdf"])
def test_a_number_changed_by_hand_is_found(out: Path, tracer: Tracer, kind: str) -> None:
    parts = [p for p in read_papers(out) if p.paper.endswith(kind)]
    points = [p for p in read_papers(out) if "界址点" in p.where and isinstance(p, Table)]
    names = tracer.names
    spots = [(k, at) for k, part in enumerate(parts) for at in digits(part, names)]
    dice = random.Random(kind)  # noqa: S311 - a choice of tests
    for k, at in dice.sample(spots, TRIES // 3):
        for table in points:
            tracer.take(table)
        tracer.proof = Proof()
        assert tracer.proof.faults() == []
        wrong = changed(parts[k], at, names, dice)
        tracer.take(wrong)
        # A point is held against the walk that leads over it.
        for part in parts[k + 1 : k + 4] if wrong.where.endswith("界址点") else ():
            tracer.take(part)
        assert tracer.proof.faults(), (
            wrong.paper,
            wrong.where,
            at,
            _at(parts[k], at),
            _at(wrong, at),
        )


@pytest.mark.parametrize(
    ("metres", "said", "area"),
    [(44_040.0, "无户的地 4.4 公顷（甲街北侧）", 4.4), (640.4, "无户的地 640 平方米", 640)],
)
def test_ground_without_homes_is_measured(metres: float, said: str, area: float) -> None:
    facts = SimpleNamespace(story_rows=[[]], bare=lambda _: metres)
    assert houses(facts, {"何处": said}, 0) == [area]


def _at(part: Line | Table, at: tuple[Any, ...]) -> object:
    """Show what stands at a place."""
    if isinstance(part, Line):
        return part.text[max(0, at[0] - 10) : at[0] + 10]
    return part.headers[at[1]], part.rows[at[0]][at[1]]


def edited(path: Path, member: str, pattern: str, new: str) -> None:
    """Change the first of something inside a file of Office, and nothing else."""
    with zipfile.ZipFile(path) as old:
        files = {item: old.read(item.filename) for item in old.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for item, content in files.items():
            if item.filename == member:
                text, count = re.subn(pattern, new, content.decode("utf-8"), count=1)
                assert count == 1
                files[item] = text.encode("utf-8")
            made.writestr(item, files[item])


def test_the_command_says_which_paper_is_wrong_and_where(
    out: Path, small_folder: Path, small_plan: lg.Plan, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    copy = shutil.copytree(out, tmp_path / "out")
    assert main([str(copy), "--papers", str(small_folder)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"文件里的数（\d+ 份，重算 [\d,]+ 个", said)
    affected = f"{small_plan.summary['affected']:,}"
    edited(copy / "report.docx", "word/document.xml", f"受影响 {affected}", "受影响 1")
    edited(
        copy / "kit" / "request.docx", "word/document.xml", f"受影响居民{affected}", "受影响居民2"
    )
    households = int(small_plan.communities["households"].iloc[0])
    edited(copy / "ledger.xlsx", "xl/worksheets/sheet2.xml", f"<v>{households}</v>", "<v>3</v>")
    assert main([str(copy), "--papers", str(small_folder)]) == 3
    said = capsys.readouterr().out
    for paper, printed in (("report.docx", 1), ("kit/request.docx", 2), ("ledger.xlsx", 3)):
        assert re.search(rf"{paper}（.*）印的是 {printed}，重算得", said), paper


def test_what_the_office_typed_is_the_offices_own(
    out: Path, small_study: lg.Study, tmp_path: Path
) -> None:
    """Numbers typed into the ledger, and the walks of the report, raise no alarm."""
    copy = shutil.copytree(out, tmp_path / "out")
    book = openpyxl.load_workbook(copy / "ledger.xlsx")
    for sheet, typed in (
        ("网格填报", {"户籍户数": 412, "党支部": "第3支部", "四至补正": "东至101厂，南至2号渠"}),
        ("社区填报", {"办公地址": "人民街12号", "备注": "电话 0951-4021234、13912345678"}),
    ):
        page = book[sheet]
        heads = {cell.value: cell.column for cell in page[3]}
        for name, value in typed.items():
            page.cell(4, heads[name]).value = value
    book.save(tmp_path / "filled.xlsx")
    options = ["--ledger", str(tmp_path / "filled.xlsx"), "--traverse", "--kit", "--quiet"]
    assert report([str(copy), *options]) == 0
    assert trace_papers(copy, small_study).faults() == []
    edited(copy / "report.docx", "word/document.xml", r"约\d+米，沿", "约9990米，沿")
    assert any("总长不合" in fault for fault in trace_papers(copy, small_study).faults())


def test_what_cannot_be_read_or_is_another_study_is_a_sentence(
    out: Path, small_study: lg.Study, tmp_path: Path
) -> None:
    copy = shutil.copytree(out, tmp_path / "out")
    fewer = replace(small_study, households=small_study.households.iloc[1:])
    with pytest.raises(InputError, match="不是同一批"):
        Facts(copy, fewer)
    bare = shutil.copytree(
        copy, tmp_path / "bare", ignore=shutil.ignore_patterns("*.docx", "*.xlsx", "*.pdf")
    )
    assert any("没有读到" in fault for fault in trace_papers(bare, small_study).faults())
    (copy / "report.docx").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match=r"report\.docx"):
        list(read_papers(copy))
    (copy / "certificate.json").unlink()
    with pytest.raises(InputError, match="读不全方案"):
        Facts(copy, small_study)


@pytest.mark.parametrize(
    ("printed", "expected", "agrees"),
    [
        ("7,892", 7892, True), ("7,892", 7893, False), ("7,892", 7892.4, True),
        ("7,892", 7892.6, False), ("19.5%", 0.1954, True), ("19.5%", 0.1956, False),
        ("10.60%", 0.105988, True), ("-3", -3, True), ("−3", -3, True), ("+3", 3, True),
        ("+3", -3, False), ("0.588", (0.5873, 0.5875), True), ("0.588", (0.5861, 0.5869), False),
        ("12", "12", True), ("12", "13", False), ("12", None, True), ("", 0, False),
        ("5.0%", float("nan"), False),
    ],
)  # fmt: skip
def test_a_printed_number_agrees_to_its_last_digit(
    printed: str,
    expected: Any,  # noqa: ANN401
    agrees: bool,  # noqa: FBT001
) -> None:
    assert agree(printed, expected) == agrees


def test_numbers_in_names_are_no_counts() -> None:
    names = Names(["示例小区12号", "示例小区1号", "甲社区第3网格", "甲社区", ""])
    digits_only = Names(["12", "3", "640181001001", "B12"])
    masked = digits_only.masked("受影响 3,125 户：12 户、B12、B123，编码 640181001001")
    assert re.findall(r"[\d,]+", masked) == ["3,125", "12", "123"]
    masked = names.masked("甲社区第3网格的示例小区12号有 12 户")
    assert re.findall(r"\d+", masked) == ["12"]
    assert names.shown(masked) == "甲社区第3网格的示例小区12号有 12 户"
    assert (
        names.mended("示例小区\n12\n号\n示例小区1 \n2号 34 户")
        == "示例小区12号\n示例小区12号 34 户"
    )


@pytest.mark.parametrize(
    ("at_3000", "at_5000", "classes"),
    [("middle", "middle", [0, 1, 1, 2]), ("low", "high", [0, 0, 2, 2])],
)
def test_the_classes_of_the_policy_at_their_edges(
    tracer: Tracer, at_3000: str, at_5000: str, classes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    staffing = {"staffing": {"at_3000": at_3000, "at_5000": at_5000}}
    monkeypatch.setattr(tracer.facts, "rules", tracer.facts.rules | staffing)
    assert [tracer.facts.class_of(n) for n in (2999, 3000, 5000, 5001)] == classes


def test_a_building_left_out_of_a_note_to_residents_is_found(out: Path, tracer: Tracer) -> None:
    paper = next(p for p in read_papers(out) if p.paper.startswith("kit/residents/")).paper
    lines = [p for p in read_papers(out) if p.paper == paper and isinstance(p, Line)]
    at = next(
        i for i, line in enumerate(lines) if line.text.count("、") and "适用楼栋" in line.text
    )
    for text, is_right in (
        (lines[at].text, True),
        (re.sub(r"：.*?、 ", "：", lines[at].text), False),
        (lines[at].text.replace("：", "：别的楼、 ", 1), False),
    ):
        tracer.proof = Proof()
        for line in [*lines[:at], lines[at]._replace(text=text)]:  # type: ignore[union-attr]
            tracer.take(line)
        assert (tracer.proof.of(WRONG) == []) == is_right, text


def test_a_point_off_the_border_and_a_wrong_bearing_are_found(out: Path, tracer: Tracer) -> None:
    tables = [p for p in read_papers(out) if p.paper == "kit/borders.xlsx" and isinstance(p, Table)]
    points, legs = tables[0], tables[1]
    far = points._replace(
        rows=[(points.rows[0][0], f"{float(str(points.rows[0][1])) + 5:.2f}", points.rows[0][2]),
              *points.rows[1:]]
    )  # fmt: skip
    tracer.proof = Proof()
    tracer.take(far)
    assert tracer.proof.of(WRONG)[0].printed == far.rows[0][1]
    tracer.proof = Proof()
    tracer.take(points)
    tracer.take(legs)
    assert tracer.proof.faults() == []
    at = legs.headers.index("方位角")
    row = list(legs.rows[0])
    row[at] = "1°00′00″"
    tracer.take(legs._replace(rows=[tuple(row), *legs.rows[1:]]))
    assert [claim.printed for claim in tracer.proof.of(WRONG)] == ["1°00′00″"]


def test_the_register_of_changes_is_counted_anew(tracer: Tracer) -> None:
    """One row of the register is the households of its compound that go that way."""
    facts = tracer.facts
    rows = facts.housed[facts.affected.to_numpy()]
    assert len(rows) == facts.moves[0]
    assert pd.Series(rows["household_id"]).is_unique


@pytest.mark.parametrize("seed", range(3))
def test_who_leaves_its_range_is_worked_out_twice(
    out: Path, small_study: lg.Study, small_plan: lg.Plan, seed: int
) -> None:
    """The sentence of the report, from the product's outlook, against the second program."""
    dice = np.random.default_rng(seed)
    compounds = small_study.table("compounds")["compound_id"].astype(str).tolist()
    growth = pd.DataFrame(
        [(dice.choice(compounds[:8]), f"{dice.integers(-700, 999)}{dice.choice(['', '.0'])}",
          f"{dice.integers(2026, 2032)}-0"
          f"{dice.integers(1, 10)}-1{dice.integers(0, 10)}", "") for _ in range(20)],
        columns=["compound_id", "households", "date", "origin"],
    )  # fmt: skip
    study = replace(small_study, tables={**small_study.tables, "growth": growth})
    fabric = build_fabric(study)
    grid_of = small_plan.units.set_index("unit_id")["grid_id"]
    names = SimpleNamespace(
        special_grids=small_plan.certificate["special_grids"],
        villages=small_plan.certificate["villages"],
        grid_of_unit=grid_of[fabric.units["unit_id"]].to_numpy(object),
    )
    ids = study.households["household_id"]
    rows = small_plan.assignment.set_index("household_id").loc[ids].reset_index()
    drawn: Any = SimpleNamespace(
        study=study, fabric=fabric, grids=small_plan.grids,
        communities=small_plan.communities, assignment=rows, names=names,
    )  # fmt: skip
    outlook = make_outlook(drawn)
    record = replace(small_plan, tables=small_plan.tables | {"outlook": outlook})
    said = ahead_said(record)
    tracer = Tracer(out, study)
    assert said
    tracer.take(Line("report.docx", "第 9 段", said))
    assert tracer.proof.faults() == []
    count = len(tracer.proof.of(WORKED))
    assert count == 2 * said.count(" 户）") + 1
    tracer.take(Line("report.docx", "第 9 段", re.sub(r"(\d) 户，", r"\g<1>1 户，", said, count=1)))
    assert len(tracer.proof.of(WRONG)) == 1
