"""The proof of the papers: each of their numbers traced to the households, or named."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lingwu_grid.tracing.facts import read_table
from lingwu_grid.tracing.ledgers import Ledgers
from lingwu_grid.tracing.numbers import NUMBER, Found, Names
from lingwu_grid.tracing.reading import Line, Table, read_papers
from lingwu_grid.tracing.pages import page_numbers
from lingwu_grid.tracing.tables import REASON, form_of
from lingwu_grid.tracing.walks import Walks
from lingwu_grid.tracing.words import FIXED, LISTINGS, SENTENCES, Bench, Rule, reason_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lingwu_grid.ingest.study import Study
    from lingwu_grid.tracing.numbers import Expected

NAMED = ("compounds", "roads", "barriers", "stations", "premises", "buildings", "subdistricts",
         "grids", "communities")  # fmt: skip
BROKEN = re.compile(r"(?<=[\u4e00-\u9fff\d]) ?\n(?=\d+\n?(?:号|网格)|号|网格)")
"""Where a line of a drawing ends within a name that has a number."""
SUM = "合计"
"""Stands for a code in the row of sums."""
CODE = re.compile(r"\d{9,}")


@dataclass
class Proof:
    """
    What became of the numbers of the papers.

    Parameters
    ----------
    worked
        Numbers worked out anew that agree, by paper.
    copied
        Numbers in texts that stand in the output as they are, by paper.
    wrong
        Numbers that do not agree: paper, place, what is printed, what it must be.
    untraced
        Numbers that nothing here knows: paper, place, the text around.
    """

    worked: dict[str, int] = field(default_factory=dict)
    copied: dict[str, int] = field(default_factory=dict)
    wrong: list[tuple[str, str, str, str]] = field(default_factory=list)
    untraced: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, paper: str, where: str, number: Found) -> None:
        """Take note of a number that was worked out."""
        if number.expected is None:
            self.untraced.append((paper, where, number.printed))
        elif number.agrees:
            self.worked[paper] = self.worked.get(paper, 0) + 1
        else:
            self.wrong.append((paper, where, number.printed, _said(number.expected)))

    def faults(self) -> list[str]:
        """Say what is wrong, and what could not be traced."""
        return [
            *(f"{p}（{w}）印的是 {n}，重算得 {e}" for p, w, n, e in self.wrong),
            *(f"{p}（{w}）没有出处：{t}" for p, w, t in self.untraced),
        ]


def _said(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) and value != round(value) else str(value)


def trace_papers(folder: Path, study: Study) -> Proof:
    """
    Read the finished papers of a plan and work every number out anew.

    Parameters
    ----------
    folder
        An output folder: DOCX, XLSX and PDF files, and those of ``kit/``.
    study
        What the plan was made from.

    Returns
    -------
    Proof
        Numbers worked out from households, zones, polygons, minutes and the policy; numbers of
        texts that are copied from the output (what the walk and the check found); what differs;
        what nothing here knows.

    Raises
    ------
    InputError
        If a paper or a file of the plan cannot be read, or the study is another one.
    """
    return _Tracer(folder, study).proof


class _Tracer:
    def __init__(self, folder: Path, study: Study) -> None:
        self._facts = Ledgers(folder, study)
        self._names = Names(_names(self._facts))
        told = {self._names.masked(text) for text in _told(self._facts, folder)}
        self._copied = sorted((t for t in told if NUMBER.search(t)), key=lambda t: (-len(t), t))
        self._walks = Walks(self._facts)
        self.proof = Proof()
        for part in read_papers(folder):
            if isinstance(part, Line):
                self._line(part)
            elif self._walks.is_walk(part):
                for where, number in self._walks.found(part):
                    self.proof.add(part.paper, f"{part.where} {where}", number)
            else:
                self._table(part)

    def _line(self, line: Line) -> None:
        text = self._names.masked(BROKEN.sub("", line.text))
        if not line.where.endswith("页"):
            self._text(line.paper, line.where, text)
            return
        rows = text.split("\n")
        bench = Bench(self._facts, self._names, "")
        for at, number in page_numbers(bench, rows):
            self.proof.add(line.paper, line.where, number)
            rows[at] = ""
        for row in rows:
            self._text(line.paper, line.where, row)

    def _text(self, paper: str, where: str, text: str, rules: tuple[Rule, ...] = ()) -> None:
        """Trace the numbers of a text: by rules, as a copy, or as no claim at all."""
        if not NUMBER.search(text):
            return
        rest = list(text)

        def take(start: int, end: int) -> None:
            rest[start:end] = " " * (end - start)

        bench = Bench(self._facts, self._names, self._zone(text))
        for rule in (*rules, *SENTENCES, *LISTINGS):
            for spot in rule.found(bench, text):
                if rest[spot.span[0]] != " ":
                    self.proof.add(paper, where, spot.number)
                    take(*spot.span)
        for copied in self._copied:
            start = text.find(copied)
            while start >= 0:
                mine = "".join(rest[start : start + len(copied)])
                count = len(NUMBER.findall(mine))
                self.proof.copied[paper] = self.proof.copied.get(paper, 0) + count
                take(start, start + len(copied))
                start = text.find(copied, start + len(copied))
        for found in FIXED.finditer(text):
            take(*found.span())
        for number in NUMBER.finditer("".join(rest)):
            around = text[max(0, number.start() - 12) : number.end() + 8]
            self.proof.untraced.append((paper, where, self._names.shown(around).strip()))

    def _zone(self, text: str) -> str:
        """Give the first community that a text names."""
        for mark in re.findall("[\U000f0000-\U0010fffd]", text):
            name = self._names.of(mark)
            code = self._facts.codes.get(name, name)
            if code in self._facts.communities.index:
                return code
        return ""

    def _table(self, table: Table) -> None:
        form = form_of(table.headers)
        for at, values in enumerate(table.rows):
            row = {
                head: "" if v is None or (v == SUM and head != "项目") else str(v)
                for head, v in zip(table.headers, values, strict=False)
            }
            for header, value in zip(table.headers, values, strict=False):
                where = f"{table.where} 第 {at + 1} 行 {header}"
                text = "" if value is None else _plain(value)
                if not NUMBER.search(text) or CODE.fullmatch(text):
                    continue
                if form is not None and header in form.cells:
                    expected = form.cells[header](self._facts, row, at)
                    self._cell(table.paper, where, (text, value), expected)
                    continue
                rules: tuple[Rule, ...] = ()
                if header == REASON:
                    rules = reason_rules(len(self._facts.story_rows[at]))
                self._text(table.paper, where, self._names.masked(text), rules)

    def _cell(
        self, paper: str, where: str, cell: tuple[str, object], expected: Expected | list[float]
    ) -> None:
        text, value = cell
        numbers = NUMBER.findall(self._names.masked(text))
        if expected is None:
            self._text(paper, where, self._names.masked(text))
        elif isinstance(expected, list):
            for number, value in zip(numbers, expected, strict=len(numbers) == len(expected)):
                self.proof.add(paper, where, Found(number, value))
        elif isinstance(expected, str) or not isinstance(value, str) or len(numbers) == 1:
            self.proof.add(paper, where, Found(numbers[0], expected))
        else:
            self.proof.wrong.append((paper, where, text, _said(expected)))


def _plain(value: object) -> str:
    """Write a cell as it is read: a float without the noise of its last digits."""
    return f"{value:.9f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _names(facts: Ledgers) -> Iterator[str]:
    """Give everything that is called something, and every code."""
    yield from facts.register["name"]
    yield from facts.register["code"]
    yield from facts.streets
    yield from facts.streets.values()
    yield from facts.buildings["compound_name"]
    yield from facts.buildings["building_name"]
    for table in NAMED:
        frame = facts.study.table(table)
        for column in frame.columns:
            if column == "name" or column.endswith(("_id", "_name")):
                yield from frame[column].dropna().astype(str)
    yield from facts.rows["place"].unique()
    yield str(facts.summary["study"])


def _told(facts: Ledgers, folder: Path) -> Iterator[str]:
    """Give the texts of the output that papers repeat as they are."""
    told = facts.coverage
    if told:
        yield str(told.get("hidden_told", ""))
        for gap in told.get("gaps", []):
            yield f"{gap['place']}，{gap['households']:,} 户（{gap['reason']}）" + (
                f"，最近约 {gap['metres']} 米" if gap["metres"] else ""
            )
        least, most = told.get("share_15_range", (0, 0))
        others = "、".join(f"{word} {n:,} 户" for word, n in told.get("within_15_if", {}).items())
        yield f"15 分钟以内为 {least:.1%}—{most:.1%}（{others}）"
        yield f"按直线画圈会掩盖 {told['hidden_by_circles']:,} 户"
    yield from (item["message"] for item in facts.summary.get("explanations", []))
    yield from (f"{s['file']}（{s['rows']} 行）" for s in facts.run["inputs"])
    yield from facts.stories["reason"]
    yield from facts.layers["grids"]["reason"].dropna()
    yield from facts.layers["communities"]["reason"].dropna()
    findings = read_table(folder / "findings.csv")
    yield from findings["message"]
    yield from findings["place"]
