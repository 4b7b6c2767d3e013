"""Headers: which row they stand in, and what to do with two of the same name."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from lingwu_grid.contract.findings import Finding
from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.files import check_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lingwu_grid.contract.rules import Headers

LOOK_ROWS = 20
"""A title, a note and a line of units may stand above the headers; not more than this."""

SHAPEFILE_NAME_BYTES = 9
"""A Shapefile cuts names at ten bytes; a name this long may be the head of a longer one."""


LEAST_BELOW = 2
"""Known names that a second row of headers has at least."""


def plain(header: object) -> str:
    """
    Give a header without spaces, full-width forms and case.

    Examples
    --------
    >>> plain(" 户 编号"), plain("ＬＯＮ")
    ('户编号', 'lon')
    """
    return "".join(unicodedata.normalize("NFKC", str(header)).split()).lower()


PINYIN = {
    "wg": "网格", "sq": "社区", "jd": "街道", "xq": "小区", "lp": "小区", "ld": "楼栋",
    "fw": "楼栋", "h": "户", "dl": "道路", "yj": "驿站", "yf": "用房",
}  # fmt: skip
PINYIN_ENDS = {
    "dm": "代码", "bm": "编码", "bh": "编号", "mc": "名称", "hm": "号", "lx": "类型", "dj": "等级",
}  # fmt: skip
PINYIN_ALONE = {
    "mc": "名称", "bm": "编码", "bh": "编号", "dm": "代码", "lx": "类型", "cs": "层数",
    "lc": "楼层", "jd": "经度", "wd": "纬度", "dz": "地址", "zt": "状态", "rk": "人口",
    "rs": "人数", "mj": "面积",
}  # fmt: skip
"""How a database names columns by the first letters of each syllable: WGDM is 网格代码."""


def in_full(header: str) -> str:
    """
    Write a header of first letters in full; empty where it is none.

    Examples
    --------
    >>> in_full("WGDM"), in_full("sq_mc"), in_full("CS"), in_full("name")
    ('网格代码', '社区名称', '层数', '')
    """
    word = plain(header).replace("_", "")
    if word in PINYIN_ALONE:
        return PINYIN_ALONE[word]
    head, end = PINYIN.get(word[:-2], ""), PINYIN_ENDS.get(word[-2:], "")
    return head + end if head and end else ""


def own_headers(own: Headers, name: str) -> tuple[str, ...]:
    """Give the office's own headers of a column; none where it has none."""
    said = own.get(name, ())
    return (said,) if isinstance(said, str) else tuple(said)


def known_headers(table: str, own: Headers) -> frozenset[str]:
    """Give every header a table may have: canonical names, aliases and the office's own."""
    names = {plain(h) for name in own for h in own_headers(own, name)}
    for name, aliases in TABLES[table].columns.items():
        names |= {plain(name), *(plain(alias) for alias in aliases)}
    return frozenset(names)


@cache
def every_header() -> frozenset[str]:
    """Give every header that any table may have."""
    return frozenset[str]().union(*(known_headers(table, {}) for table in TABLES))


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
        Its place. Where no row has a known name, the first of those with the most cells filled:
        a title above the headers has one.

    Examples
    --------
    >>> header_row([["居民户台账", ""], ["户编号", "经度"], ["1", "106"]], frozenset(["户编号"]))
    1
    """
    scores = [
        (len({plain(cell) for cell in row} & known), _filled(row)) for row in rows[:LOOK_ROWS]
    ]
    # Of two rows with as many known names, a form above the table fills fewer cells.
    return scores.index(max(scores)) if scores else 0


def _filled(row: Sequence[object]) -> int:
    return sum(bool(plain(cell)) for cell in row)


def headers_of(rows: Sequence[Sequence[object]], known: frozenset[str]) -> tuple[int, list[object]]:
    """
    Give the headers of a table, of one row or of two: 坐标 over 经度 and 纬度.

    Parameters
    ----------
    rows
        The first rows of a table, as read.
    known
        Plain headers.

    Returns
    -------
    tuple
        The last row of headers, and one header a column: the lower of two where it is known, or
        where nothing stands above it; both joined where neither is known.

    Examples
    --------
    >>> rows = [["户编号", "坐标", ""], ["", "经度", "纬度"], ["1", "106", "38"]]
    >>> headers_of(rows, frozenset(["户编号", "坐标", "经度", "纬度"]))
    (1, ['户编号', '经度', '纬度'])
    """
    at = header_row(rows, known)
    for top, sub in ((at, at + 1), (at - 1, at)):
        if top >= 0 and sub < len(rows):
            pairs = list(zip_longest(_words(rows[top]), _words(rows[sub]), fillvalue=""))
            if _are_two(pairs, known):
                return sub, _joined(pairs, known)
    return at, list(rows[at])


def _words(row: Sequence[object]) -> list[str]:
    return ["" if cell is None else str(cell).strip() for cell in row]


def _are_two(pairs: Sequence[tuple[str, str]], known: frozenset[str]) -> bool:
    """Tell whether two rows are headers together: a known one above has nothing below it."""
    open_below = any(plain(upper) in known and not lower for upper, lower in pairs)
    return open_below and sum(plain(lower) in known for _, lower in pairs) >= LEAST_BELOW


def _joined(pairs: Sequence[tuple[str, str]], known: frozenset[str]) -> list[object]:
    joined: list[object] = []
    over = ""
    for upper, lower in pairs:
        over = upper or (over if lower else "")
        if plain(lower) in known or not over:
            joined.append(lower)
        elif plain(upper) in known or not lower:
            joined.append(upper)
        else:
            joined.append(over + lower)
    return joined


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

    Raises
    ------
    InputError
        If there are more than any table of an office has.
    """
    check_columns(len(headers), label)
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
