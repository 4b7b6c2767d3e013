"""Columns guessed: what an office's column means, by a part of its header or by its values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.contract.schema import STATUS_WORDS, TABLES
from lingwu_grid.ingest.columns import as_code, recognised, says_status
from lingwu_grid.ingest.headers import in_full, plain
from lingwu_grid.ingest.likeness import CODE_DIGITS, GENERAL, coordinate_columns, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from lingwu_grid.ingest.tables import Source

PERSONAL = re.compile("姓名|户主|电话|手机|身份证|联系|邮箱|银行")
"""Columns of a person's data: never taken for anything."""
OF_OTHERS = re.compile("员$|长$|书记|负责|面积|日期|时间|备注|[数量]$")
"""Headers that name something of a grid or a building, not which grid or building it is."""
COUNTS = ("residents", "elderly", "party_members", "households", "levels", "floor_area_m2", "cost")
ASKS_EMPTY = re.compile("是否.*[空挂闲]|^空[挂置]")
"""A column that asks whether a home is empty: its yes is another column's no."""
ASKS_STATUS = re.compile(f"{ASKS_EMPTY.pattern}|是否.*住")
LOOKS_LIKE_ID = re.compile("编|号|码|序|id|ID")
FILLED = 0.99
"""Share of rows that have an id: a row of totals has none."""
ONE_SIGN = 1
EXAMPLES = 3


class GuessedColumn(NamedTuple):
    """What a column is taken for."""

    header: str
    name: str
    """Canonical; empty where it is not used."""
    meaning: str
    """What the contract calls it, in Chinese."""
    why: str
    """Empty where the header is a known one: reading finds it without a word in the settings."""
    examples: tuple[str, ...]


def guessed_columns(source: Source, table: str, own: Mapping[str, str]) -> list[GuessedColumn]:
    """
    Tell what every column of a table means.

    Parameters
    ----------
    source
        The table as read.
    table
        What it is taken for.
    own
        The office's own headers, where the settings have them.

    Returns
    -------
    list of GuessedColumn
        One a column, in their order.
    """
    frame = source.frame
    known = {str(h): (name, "") for h, name in recognised(source, table, own).items()}
    found = dict(known)
    for way in (_by_parts, _by_initials):
        for header, name, why in list(way(frame, table, found)):
            found[header] = (name, why)
    for header, name, why in _by_values(frame, table, found):
        if header not in found and name not in {n for n, _ in found.values()}:
            found[header] = (name, why)
    return [
        GuessedColumn(
            str(header), *_said(table, *found.get(str(header), ("", ""))),
            () if PERSONAL.search(str(header)) else _examples(frame[header]),
        )
        for header in frame.columns if header != "geometry"
    ]  # fmt: skip


def _said(table: str, name: str, why: str) -> tuple[str, str, str]:
    return name, (TABLES[table].columns[name] or (name,))[0] if name else "", why


def _examples(values: pd.Series) -> tuple[str, ...]:
    text = values.iloc[:2000].dropna().astype(str).str.strip()
    return tuple(text[text != ""].drop_duplicates().iloc[:EXAMPLES].str[:24])


def missing_columns(columns: list[GuessedColumn], table: str) -> list[str]:
    """Give what the contract requires of a table and no column was found for, in Chinese."""
    have = {c.name for c in columns}
    return [TABLES[table].columns[n][0] for n in TABLES[table].required if n not in have]


def _by_parts(
    frame: pd.DataFrame, table: str, found: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Take a header that contains a known one, the longest known one first."""
    taken = {name for name, _ in found.values()}
    hits = []
    for place, header in enumerate(map(str, frame.columns)):
        if header in found or header == "geometry" or PERSONAL.search(header):
            continue
        for name, aliases in TABLES[table].columns.items():
            if name in taken or (name not in COUNTS and OF_OTHERS.search(header)):
                continue
            inside = [a for a in map(plain, aliases) if _is_inside(a, plain(header))]
            if inside:
                longest = max(inside, key=len)
                hits.append((-len(longest), place, header, name, longest))
    used: set[str] = set()
    for _, _, header, name, alias in sorted(hits):
        if header not in used and name not in taken:
            used.add(header)
            taken.add(name)
            yield header, name, f"列名里有“{alias}”"


def _by_initials(
    frame: pd.DataFrame, table: str, found: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    taken = {name for name, _ in found.values()}
    for header in map(str, frame.columns):
        full = plain(in_full(header))
        if header in found or not full:
            continue
        for name, aliases in TABLES[table].columns.items():
            if name not in taken and full in map(plain, aliases):
                taken.add(name)
                yield header, name, f"像是“{full}”的拼音首字母"
                break


def _is_inside(alias: str, header: str) -> bool:
    return (
        len(alias) > ONE_SIGN and not alias.isascii() and alias not in GENERAL and alias in header
    )


def _by_values(
    frame: pd.DataFrame, table: str, found: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Take columns by what stands in them: coordinates, statuses, codes, and what is unique."""
    rest = [
        str(c) for c in frame.columns
        if str(c) not in found and c != "geometry" and not PERSONAL.search(str(c))
    ]  # fmt: skip
    columns = TABLES[table].columns
    if "lon" in columns and not hasattr(frame, "geometry") and shape_of(frame) == "point":
        for name, header in coordinate_columns(frame).items():
            yield header, name, "数值在中国的经纬度（或投影坐标）范围里"
            rest = [h for h in rest if h != header]
    if "status" in columns and table == "households":
        for header in (h for h in rest if says_status(frame[h]) or ASKS_STATUS.search(h)):
            yield header, "status", "写着常住、空挂一类的词"
    codes = {h: as_code(frame[h]) for h in rest}
    for of_table, digits in CODE_DIGITS.items():
        name = TABLES[of_table].required[0]
        for header, values in codes.items() if name in columns else ():
            filled = values[values != ""]
            if len(filled) and filled.str.fullmatch(rf"\d{{{digits}}}").all():
                yield header, name, f"都是 {digits} 位编码"
    wanted = [n for n in TABLES[table].required if n in TABLES[table].codes]
    unique = [h for h, v in codes.items() if is_id(v)]
    unique.sort(key=lambda h: (LOOKS_LIKE_ID.search(h) is None, rest.index(h)))
    for name, header in zip(wanted[:1], unique, strict=False):
        yield header, name, "每行都不同"


def is_id(codes: pd.Series) -> bool:
    """Tell whether a column could name rows: nearly all filled, none twice, no broken numbers."""
    filled = codes[codes != ""]
    if len(filled) < max(1, FILLED * (len(codes) - 1)):
        return False
    return bool(filled.is_unique and not filled.str.fullmatch(r"-?\d+\.\d+").any())


def status_meant(word: str) -> str:
    """
    Tell what an office's word for a status stands for: the longest known word in it; empty if none.

    Examples
    --------
    >>> status_meant("空挂户(迁出)"), status_meant("非常住户"), status_meant("待核")
    ('registered_only', 'registered_only', '')
    """
    inside = [
        (len(known), kind)
        for kind, words in STATUS_WORDS.items() for known in words
        if len(known) > ONE_SIGN and known in word
    ]  # fmt: skip
    return max(inside)[1] if inside else ""
