"""The proof of the papers: each of their numbers traced to the households, or named."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from lingwu_grid.tracing.facts import read_table
from lingwu_grid.tracing.ledgers import Ledgers
from lingwu_grid.tracing.numbers import NUMBER, Found, Names
from lingwu_grid.tracing.pages import page_numbers
from lingwu_grid.tracing.reading import TYPED, Line, Table, read_papers, typed_texts
from lingwu_grid.tracing.residents import Residents
from lingwu_grid.tracing.tables import REASON, form_of
from lingwu_grid.tracing.texts import NOBODY, Texts
from lingwu_grid.tracing.walks import Walks
from lingwu_grid.tracing.words import Bench, Rule, Z, reason_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lingwu_grid.ingest.study import Study
    from lingwu_grid.tracing.numbers import Expected

NAMED = ("compounds", "roads", "barriers", "stations", "premises", "buildings", "subdistricts",
         "grids", "communities")  # fmt: skip
TOGETHER = (
    re.compile(rf"(?<=户) ?(?={Z}$|{Z} |\d{{3}}(?: |$))", re.MULTILINE),
    re.compile(rf"(?<=^\d{{3}}) (?=\d+ 户)|(?<=^{Z}) (?=\d+ 户)", re.MULTILINE),
    re.compile(rf"(?:(?<=^图\d)|(?<=^图\d\d)|(?<=^图\d{{3}}))(?={Z})", re.MULTILINE),
    re.compile(rf"(?<={Z})(?=[\d,]+ 米$)", re.MULTILINE),
)
"""Where labels of a map were read as one line: after a size, then between a name and its size."""
ON = re.compile(r"\n　　")
"""A line of a page that goes on is indented."""
WORKED, COPIED, WRONG, UNTRACED = OUTCOMES = ("重算一致", "照录", "不一致", "没有出处")
COLUMNS = ("文件", "位置", "印的数", "重算的数", "说的是", "结果")
ENDED = "（已停用）"
PAIRS = (
    ("网格编码", "网格名称"), ("网格编码", "网格"), ("编码", "网格"), ("编码", "名称"),
    ("社区编码", "社区名称"), ("社区编码", "社区"), ("原网格编码", "原网格"),
    ("新网格编码", "新网格"),
    ("原社区编码", "原社区"), ("新社区编码", "新社区"), ("小区编码", "小区名称"),
    ("小区编号", "小区"), ("互助网格编码", "互助网格"),
)  # fmt: skip
"""Columns of codes, and the columns of what they are called."""
SUM = "合计"
"""Stands for a code in the row of sums."""
CODE = re.compile(r"(?<![\d.])\d{9,15}(?![\d.])")


class Claim(NamedTuple):
    """A number of a paper, and what became of it."""

    paper: str
    where: str
    printed: str
    expected: str
    """What it must be; empty where nothing was worked out."""
    about: str
    """The words around it, or the column it stands in."""
    outcome: str
    """One of :data:`OUTCOMES`."""


@dataclass
class Proof:
    """
    What became of the numbers of the papers.

    Parameters
    ----------
    claims
        Every number, in the order of the papers.
    """

    claims: list[Claim] = field(default_factory=list)

    def add(self, paper: str, where: str, number: Found, about: str = "") -> None:
        """Take note of a number that was worked out."""
        expected = number.expected
        outcome = UNTRACED if expected is None else WORKED if number.agrees else WRONG
        said = "" if expected is None else _said(expected)
        self.claims.append(Claim(paper, where, number.printed, said, about, outcome))

    def note(self, paper: str, where: str, printed: str, about: str, outcome: str) -> None:
        """Take note of a number that was not worked out."""
        self.claims.append(Claim(paper, where, printed, "", about, outcome))

    def of(self, outcome: str) -> list[Claim]:
        """Give the numbers that came out so."""
        return [claim for claim in self.claims if claim.outcome == outcome]

    def faults(self) -> list[str]:
        """Say what is wrong, and what could not be traced."""
        return [
            *(f"{c.paper}（{c.where}）印的是 {c.printed}，重算得 {c.expected}"
              for c in self.of(WRONG)),
            *(f"{c.paper}（{c.where}）没有出处：{c.about or c.printed}" for c in self.of(UNTRACED)),
        ]  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Give the numbers as a table, one row each."""
        return pd.DataFrame(self.claims, columns=list(COLUMNS))


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return "—".join(map(_said, value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)


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
    tracer = Tracer(folder, study)
    parts = 0
    for part in read_papers(folder):
        tracer.take(part)
        parts += 1
    if not parts:
        nothing = "没有读到报告、台账、图集"
        tracer.proof.note(str(folder), "各份文件", "", nothing, UNTRACED)
    return tracer.proof


class Tracer:
    """
    What papers are held against.

    Parameters
    ----------
    folder, study
        As for :func:`trace_papers`.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        self.facts = Ledgers(folder, study)
        self.names = Names(_names(self.facts))
        self._walks = Walks(self.facts)
        self._residents = Residents(self.facts, self.names)
        self._called = dict(self.facts.names)
        compounds = self.facts.buildings.drop_duplicates("compound_id")
        self._called |= {
            c: n
            for c, n in zip(compounds["compound_id"], compounds["compound_name"], strict=True)
            if n
        }
        copied = list(_told(self.facts, folder))
        self._texts = Texts(self.facts, self.names, self._called, copied)
        self._known = {*self.facts.names, *self.facts.streets}
        self._places = set(_household_places(self.facts.findings))
        self.proof = Proof()

    def take(self, part: Line | Table) -> None:
        """Trace the numbers of a line or a table, after those before it in its paper."""
        if isinstance(part, Line):
            self._line(part)
            return
        rows = [
            {
                head: "" if v is None or (v == SUM and head != "项目") else str(v)
                for head, v in zip(part.headers, values, strict=False)
            }
            for values in part.rows
        ]
        for at, row in enumerate(rows, start=1):
            for where, (printed, known) in self._identities(row):
                place = f"{part.where} 第 {at} 行 {where}"
                self.proof.add(part.paper, place, Found(printed, known), where)
        if self._walks.is_walk(part):
            for where, number in self._walks.found(part):
                self.proof.add(part.paper, f"{part.where} {where}", number, where)
        else:
            self._table(part, rows)

    def _line(self, line: Line) -> None:
        if line.paper.startswith("kit/residents/"):
            for printed, known in self._residents.found(line.text):
                self.proof.add(line.paper, line.where, Found(printed, known), "适用楼栋")
        if not line.where.endswith("页"):
            self._text(line.paper, line.where, self.names.masked(line.text))
            return
        page = self.names.masked(self.names.mended(ON.sub("", line.text)))
        for between in TOGETHER:
            page = between.sub("\n", page)
        rows = page.split("\n")
        bench = Bench(self.facts, self.names, "")
        done = []
        for at, number in page_numbers(bench, rows):
            about = self.names.shown(rows[at] if at == 0 else f"{rows[at - 1]} {rows[at]}")
            self.proof.add(line.paper, line.where, number, about)
            done.append(at)
        for at in done:
            rows[at] = ""
        for row in rows:
            self._text(line.paper, line.where, row)

    def _text(self, paper: str, where: str, text: str, rules: tuple[Rule, ...] = ()) -> None:
        read = self._texts.read(text, rules)
        for number, about in read.worked:
            self.proof.add(paper, where, number, about)
        for printed, about in read.copied:
            self.proof.note(paper, where, printed, about, COPIED)
        for about in read.unknown:
            self.proof.note(paper, where, "", about, UNTRACED)

    def _table(self, table: Table, rows: list[dict[str, str]]) -> None:
        form = form_of(table.headers)
        for at, (row, values) in enumerate(zip(rows, table.rows, strict=True)):
            for header, value in zip(table.headers, values, strict=False):
                where = f"{table.where} 第 {at + 1} 行 {header}"
                text = "" if value is None else _plain(value)
                if not NUMBER.search(text) or CODE.fullmatch(text):
                    continue
                seat = header == "B岗" and text.startswith("两委第")
                if header in TYPED and not seat:
                    continue
                if header == "位置" and text in self._places:
                    self.proof.note(table.paper, where, text, header, COPIED)
                    continue
                if form is not None and header in form.cells:
                    try:
                        expected = form.cells[header](self.facts, row, at)
                    except (KeyError, IndexError):
                        expected = NOBODY
                    self._cell(table.paper, where, (text, value), expected)
                    continue
                rules: tuple[Rule, ...] = ()
                if header == REASON:
                    rules = reason_rules(len(self.facts.story_rows[at]))
                self._text(table.paper, where, self.names.masked(text), rules)

    def _identities(self, row: dict[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
        """Find codes that nothing has, and names that are not those of the code beside them."""
        ours = [(head, text) for head, text in row.items() if head not in TYPED]
        for head, text in ours:
            yield from (
                (head, (code, "没有这个编码"))
                for code in CODE.findall(text)
                if code not in self._known
            )
        for code, name in PAIRS:
            known = self._called.get(row.get(code, ""), "")
            if known and row.get(name) and row[name] not in (known, ENDED):
                yield name, (row[name], known)

    def _cell(
        self, paper: str, where: str, cell: tuple[str, object], expected: Expected | list[Expected]
    ) -> None:
        text, value = cell
        numbers = NUMBER.findall(self.names.masked(text))
        if expected is None:
            self._text(paper, where, self.names.masked(text))
        elif isinstance(expected, list):
            for number, value in zip_longest(numbers, expected, fillvalue=NOBODY):
                self.proof.add(paper, where, Found(str(number), value), where)
        elif len(numbers) == 1:
            self.proof.add(paper, where, Found(numbers[0], expected), where)
        else:
            self.proof.add(paper, where, Found(text, _said(expected)), where)


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


def _household_places(findings: pd.DataFrame) -> Iterator[str]:
    """Tell findings of households by their kinds: how many, the rest of a long list counted in."""
    homes = findings[findings["table"] == "households"]
    rest = homes["place"].str.extract(r"^另有 (\d+) 处$")[0].fillna("1").astype(int)
    for count in rest.groupby([homes["severity"], homes["code"]]).sum():
        yield f"{count} 处"


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
        proposal = told.get("proposal") or {}
        if sites := proposal.get("sites"):
            yield f"新开 {len(sites)} 处（{'、'.join(sites)}）"
        if "covered" in proposal:
            yield f"可使 {proposal['covered']:,} 户在 15 分钟以内"
        yield f"按直线画圈会掩盖 {told['hidden_by_circles']:,} 户"
    # What the office typed, as papers take it over; a bare number would pass for any other.
    yield from (
        " ".join(text.split()).rstrip("。；;，,、. ")
        for text in typed_texts(folder)
        if not NUMBER.fullmatch(text.strip())
    )
    answers = folder / "answers.csv"
    if answers.is_file():
        for row in read_table(answers).to_dict("records"):
            yield from (value for value in row.values() if not NUMBER.fullmatch(value))
            yield f"{row['households']} 户"
    yield from (item["message"] for item in facts.summary.get("explanations", []))
    yield from (f"{s['file']}（{s['rows']} 行）" for s in facts.run["inputs"])
    # Whole, or clause by clause where a page has no room for more.
    yield from facts.stories["reason"]
    yield from (clause for reason in facts.stories["reason"] for clause in reason.split("；"))
    # Ground without homes, with its area: where it goes, and where it does not go along.
    for said in ("border", "place"):
        clauses = (clause for text in facts.stories[said] for clause in str(text).split("；"))
        yield from (clause for clause in clauses if clause.startswith("无户的地"))
    yield from facts.layers["grids"]["reason"].dropna()
    yield from facts.layers["communities"]["reason"].dropna()
    yield from facts.findings["message"]
    yield from facts.findings["place"]
