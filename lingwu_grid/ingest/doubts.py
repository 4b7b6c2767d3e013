"""Doubts: what a planner should look at before a guess is taken."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.counting import CONFLICTING, OUTSIDE
from lingwu_grid.ingest.headers import plain
from lingwu_grid.ingest.status_guessed import status_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lingwu_grid.ingest.guessed import GuessedTable, GuessedWord
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.ingest.tables import Source

FEW = 0.01
"""Share of rows above which something is no slip."""
MANY = 0.05
OF_PERSONS = re.compile("与户主关系|家庭关系|性别|出生|年龄")
"""A table with such columns has a row for each person."""
ONE_VERSION = ("grids", "communities", "subdistricts", "outline")
"""Tables of which a study has one version."""


class Doubt(NamedTuple):
    """Something to look at."""

    text: str
    is_grave: bool = False
    """A yes without looking does not pass it."""


def doubts_of(
    sources: Sequence[Source],
    tables: Sequence[GuessedTable],
    words: Sequence[GuessedWord],
    study: Study | None,
    *,
    twisted: bool,
) -> Iterator[Doubt]:
    """
    List what to look at.

    Parameters
    ----------
    sources, tables
        What was read, and what each is taken for.
    words
        Words for a status that are no known ones.
    study
        What is read with the proposal; None where nothing is.
    twisted
        Whether yes stands for one thing in one file and another in the next.

    Yields
    ------
    Doubt
        The gravest kinds first.
    """
    if twisted:
        yield Doubt("两个居民户文件的“是”意思相反（是否常住、是否空挂）：先把其中一个的列改成"
                    "“常住/空挂”再运行", is_grave=True)  # fmt: skip
    if study is not None:
        yield from _of_study(study, words)
    homes = [(s, t) for s, t in zip(sources, tables, strict=True) if t.table == "households"]
    for source, table in homes:
        yield from _of_homes(source, table)
    if len(homes) > 1:
        yield Doubt(f"{len(homes)} 份居民户相加：{'、'.join(t.label for _, t in homes)}；"
                    "若是同一批户的不同版本，只留一份")  # fmt: skip
    often = Counter(t.table for t in tables if t.table in ONE_VERSION)
    for name in sorted(n for n, k in often.items() if k > 1):
        same = "、".join(t.label for t in tables if t.table == name)
        yield Doubt(f"{same} 都当作{TABLES[name].title}；若是不同年份、不同口径，只留一份")


def _of_study(study: Study, words: Sequence[GuessedWord]) -> Iterator[Doubt]:
    for finding in study.findings.rows:
        if finding.severity == "error":
            yield Doubt(f"{finding.place}：{finding.message}。{finding.remedy}", is_grave=True)
    rows = max(len(study.households) + len(study.excluded), 1)
    reasons = study.excluded["reason"].value_counts()
    again = int(reasons.get(CONFLICTING, 0))
    if again > FEW * rows:
        yield Doubt(f"{again} 行的户编号与别的行重复而内容不同，没有计入：它多半不是户编号",
                    is_grave=True)  # fmt: skip
    outside = int(reasons.get(OUTSIDE, 0))
    if outside > MANY * rows:
        yield Doubt(f"{outside} 户落在研究范围之外，没有计入：核对范围和坐标", is_grave=True)
    unknown = sum(word.rows for word in words if not word.kind)
    if unknown:
        yield Doubt(f"{unknown} 户的状态看不出意思，按常住计入：核对下面列出的词",
                    is_grave=unknown > FEW * rows)  # fmt: skip


def _of_homes(source: Source, table: GuessedTable) -> Iterator[Doubt]:
    if any(OF_PERSONS.search(plain(h)) for h in source.frame.columns):
        yield Doubt(f"{table.label} 像是一人一行：要一户一行（只留户主一行）再划分")
    chosen = {c.header for c in table.columns if c.name}
    mine = [c.header for c in table.columns if c.name == "status"]
    rest = [str(h) for h in source.frame.columns if str(h) not in chosen and h != "geometry"]
    for rival in status_columns(source.frame, rest):
        used = f"，用的是“{mine[0]}”" if mine else ""
        yield Doubt(f"{table.label} 的列“{rival.header}”也写着居住状态{used}",
                    is_grave=not mine)  # fmt: skip
