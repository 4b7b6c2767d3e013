"""Headers: which row they stand in, and what to do with two of the same name."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from lingwu_grid.contract.findings import Finding
from lingwu_grid.contract.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOOK_ROWS = 20
"""A title, a note and a line of units may stand above the headers; not more than this."""

SHAPEFILE_NAME_BYTES = 9
"""A Shapefile cuts names at ten bytes; a name this long may be the head of a longer one."""


def plain(header: object) -> str:
    """
    Give a header without spaces, full-width forms and case.

    Examples
    --------
    >>> plain(" 户 编号"), plain("ＬＯＮ")
    ('户编号', 'lon')
    """
    return "".join(unicodedata.normalize("NFKC", str(header)).split()).lower()


def known_headers(table: str, own: Mapping[str, str]) -> frozenset[str]:
    """Give every header a table may have: canonical names, aliases and the office's own."""
    names = {plain(h) for h in own.values()}
    for name, aliases in TABLES[table].columns.items():
        names |= {plain(name), *(plain(alias) for alias in aliases)}
    return frozenset(names)


def header_row(rows: Sequence[Sequence[object]], known: frozenset[str]) -> int:
    """
    Find the row of headers: the first of those with the most known names.

    Parameters
    ----------
    rows
        The first rows of a table, as read.
    known
        Plain headers.

    Returns
    -------
    int
        Its place; 0 where no row has a known name.

    Examples
    --------
    >>> header_row([["居民户台账", ""], ["户编号", "经度"], ["1", "106"]], frozenset(["户编号"]))
    1
    """
    scores = [len({plain(cell) for cell in row} & known) for row in rows[:LOOK_ROWS]]
    return scores.index(max(scores)) if any(scores) else 0


def distinct(headers: Sequence[object], table: str, label: str) -> tuple[list[str], list[Finding]]:
    """
    Give every column a name of its own.

    Parameters
    ----------
    headers
        As they came: empty ones and repeated ones among them.
    table, label
        Named in findings.

    Returns
    -------
    tuple
        One name a column, and a finding for each name that came twice.
    """
    names: list[str] = []
    repeated: list[str] = []
    for number, header in enumerate(headers, start=1):
        name = str(header if header is not None else "").strip()
        if not name:
            name = f"（第 {number} 列）"
        elif name in names:
            repeated.append(name)
            name = f"{name}（第 {number} 列）"
        names.append(name)
    return names, [
        Finding(
            "warning",
            "column_repeated",
            table,
            label,
            f"列名“{name}”出现不止一次，用的是最左边的一列",
            "给各列不同的名字，或删去不用的一列",
        )
        for name in dict.fromkeys(repeated)
    ]
