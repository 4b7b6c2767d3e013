"""Pages of the atlas: labels and tables, whose numbers belong to what stands beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lingwu_grid.tracing.numbers import Expected, Found
from lingwu_grid.tracing.words import N, Z

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lingwu_grid.tracing.words import Bench

SIZE = re.compile(rf"^{N} 户$")
NAME = re.compile(rf"^{Z}$")
ON_ONE_LINE = re.compile(rf"^图{N} {Z} {N} 户$")
"""Labels side by side, as a reader of PDF gives them: the sheet is that of the one before."""
SERIAL = re.compile(r"^(\d{3})$")
SHEET = re.compile(rf"^{Z}　{Z}　{N} 户")
ROW = re.compile(rf"^(\d{{3}}) (?:{Z}|.*…) {N} \S+ \S+$")
"""A row of the table beside a map; a long name is cut."""
TITLE = re.compile(rf"^{Z}（{Z}）\S\S(?:（原编码 {Z}）)?：调入")
BEFORE = re.compile(rf"^现状 {N} 户$")
AFTER = re.compile(rf"^方案 {N} 户（\S+）$")
STATUS = re.compile(rf"^(合规|例外|超限) {N} 个$")
TICKS = re.compile(r"^\d{3,5}\.\d\d(?: \d{3,5}\.\d\d)*$")
"""Coordinates along an edge, in kilometres."""
AROUND_M = 10_000.0
"""A sheet shows no more than this round the town."""
MORE = re.compile(rf"^另有 {N} 个$")
TICK_STEPS_KM = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LEAST_NORTH_KM = 1000.0
"""Northings are greater in China, eastings of a zone are less. Steps are those of a map's edge."""
ROWS = 34
"""Rows of the table beside a map."""


def _side_by_side(bench: Bench, rows: tuple[str, ...]) -> Iterator[tuple[int, Found]]:
    for at, row in enumerate(rows):
        if found := ON_ONE_LINE.match(row):
            sheet = int(found[1])
            is_there = 1 <= sheet <= len(bench.facts.charted)
            yield at, Found(found[1], sheet if is_there else "（没有这幅图）")
            yield at, Found(found[3], bench.facts.size(bench.code(found[2])))


def page_numbers(bench: Bench, rows: list[str]) -> Iterator[tuple[int, Found]]:
    """
    Find the numbers of a page that what stands beside them explains.

    Parameters
    ----------
    bench
        The facts and the names.
    rows
        Lines of the page, masked.

    Yields
    ------
    tuple
        Which line, and its number.
    """
    sheet = next((m for row in rows if (m := SHEET.match(row))), None)
    home = bench.code(sheet[2]) if sheet else ""
    titles = [bench.code(m[2]) for row in rows if (m := TITLE.match(row))]
    turns = {"households_before": 0, "households": 0}
    facts = bench.facts
    status = facts.standing["grid"].value_counts()
    page = tuple(rows)
    yield from _side_by_side(bench, page)
    for at, row in enumerate(page):
        above = page[at - 1] if at else ""
        if (found := SIZE.match(row)) and (beside := _zone(bench, above, home)):
            yield at, Found(found[1], facts.size(beside))
        elif TICKS.match(row):
            yield from ((at, tick) for tick in _ticks(bench, row.split(" ")))
        elif home and SERIAL.match(row):
            yield at, Found(row, row if home + row in facts.grids.index else "（没有这个网格）")
        elif found := ROW.match(row):
            code = home + found[1]
            code = code if code in facts.grids.index or not found[2] else bench.code(found[2])
            yield at, Found(found[1], code[-3:])
            yield at, Found(found[3], facts.size(code))
        elif found := STATUS.match(row):
            yield at, Found(found[2], int(status.get(found[1], 0)))
        elif (found := MORE.match(row)) and home:
            yield at, Found(found[1], int(facts.communities.loc[home, "grids"]) - ROWS)
        for column, kind in (("households_before", BEFORE), ("households", AFTER)):
            if (found := kind.match(row)) and turns[column] < len(titles):
                yield at, Found(found[1], _count(bench, titles[turns[column]], column))
                turns[column] += 1
        turns["households_before"] += row.startswith("现状：无")


def _ticks(bench: Bench, printed: list[str]) -> Iterator[Found]:
    """Hold coordinates to the town, and to the even, round steps of a sheet's edge."""
    values = [float(text) for text in printed]
    low, high = bench.facts.extent[int(values[0] >= LEAST_NORTH_KM)]
    about = (values[-1] - values[0]) / max(len(values) - 1, 1)
    step = min(TICK_STEPS_KM, key=lambda km: abs(km - about))
    first = round(values[0] / step) * step
    for k, text in enumerate(printed):
        even = first + k * step
        is_near = (low - AROUND_M) / 1000 <= even <= (high + AROUND_M) / 1000
        yield Found(text, even if is_near else (low / 1000, high / 1000))


def _zone(bench: Bench, above: str, home: str) -> str:
    """Tell whose size a label is: of the serial or the name above it."""
    facts = bench.facts
    if SERIAL.match(above) and home + above in facts.grids.index:
        return home + above
    if named := NAME.match(above):
        code = bench.code(named[1])
        return code if code in facts.communities.index or code in facts.grids.index else ""
    return ""


def _count(bench: Bench, code: str, column: str) -> Expected:
    return int(bench.facts.grids.loc[code, column])
