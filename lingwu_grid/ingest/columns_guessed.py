"""Columns guessed: what an office's column means, by a part of its header or by its values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.columns import as_code, recognised
from lingwu_grid.ingest.headers import in_full, plain
from lingwu_grid.ingest.likeness import CODE_DIGITS, GENERAL, shape_of
from lingwu_grid.ingest.numbers import as_number
from lingwu_grid.ingest.personal import HEADERS as PERSONAL
from lingwu_grid.ingest.personal import is_personal
from lingwu_grid.ingest.places_guessed import coordinate_columns
from lingwu_grid.ingest.status_guessed import status_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    import pandas as pd

    from lingwu_grid.contract.rules import Headers
    from lingwu_grid.ingest.tables import Source

    Way = Callable[
        [pd.DataFrame, str, Mapping[str, tuple[str, str]]], Iterator[tuple[str, str, str]]
    ]

OF_OTHERS = re.compile("员$|长$|书记|负责|面积|日期|时间|[数量]$")
"""Headers that name something of a grid or a building, or call it: not which one it is."""
COUNTS = ("residents", "elderly", "party_members", "households", "levels", "floor_area_m2", "cost")
NOT_BY_PARTS = ("lon", "lat", "x", "y", "lonlat", "status")
"""Columns that only their values can tell."""
OF_A_HOME = re.compile("[户房屋住].*[编号码]|^hh$|^hbh$|^fwbh$")
OF_A_ROW = re.compile("[编号码]|id")
OF_ORDER = re.compile("序号?|^no$|电表|水表|气表|合同|表号")
DATE = r"\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}.*"
FILLED = 0.97
"""Share of rows that have an id: a row of totals has none, nor have some that are not filled in."""
ONE_SIGN = 1
EXAMPLES = 3
NUMBERS = 0.9


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
    """A few values; none of a column that is not used, or tells of a person."""


def guessed_columns(
    source: Source, table: str, own: Headers, recurring: Container[str] = ()
) -> list[GuessedColumn]:
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
    recurring
        Headers whose values come again in another sheet or file: they name no row.

    Returns
    -------
    list of GuessedColumn
        One a column, in their order.
    """
    frame = source.frame
    found = {str(h): (name, "") for h, name in recognised(source, table, own).items()}
    found = _without_poor_ids(frame, table, found, recurring)
    found = _without_poor_status(frame, table, found)
    ways: tuple[Way, ...] = (_by_status, _by_parts, _by_initials, _by_places, _by_codes)
    for way in ways:
        for header, name, why in list(way(frame, table, found)):
            if header not in found and name not in {n for n, _ in found.values()}:
                found[header] = (name, why)
    for header, name, why in _by_unique(frame, table, found, recurring):
        found[header] = (name, why)
    return [
        GuessedColumn(
            str(header), *_said(table, *(meant := found.get(str(header), ("", "")))),
            _examples(str(header), frame[header]) if meant[0] else (),
        )
        for header in frame.columns if header != "geometry"
    ]  # fmt: skip


def _said(table: str, name: str, why: str) -> tuple[str, str, str]:
    return name, (TABLES[table].columns[name] or (name,))[0] if name else "", why


def _examples(header: str, values: pd.Series) -> tuple[str, ...]:
    if is_personal(header, values):
        return ()
    text = values.iloc[:2000].dropna().astype(str).str.strip()
    return tuple(text[text != ""].drop_duplicates().iloc[:EXAMPLES].str[:24])


def missing_columns(columns: list[GuessedColumn], table: str) -> list[str]:
    """Give what the contract requires of a table and no column was found for, in Chinese."""
    have = {c.name for c in columns}
    return [TABLES[table].columns[n][0] for n in TABLES[table].required if n not in have]


def _without_poor_ids(
    frame: pd.DataFrame,
    table: str,
    found: dict[str, tuple[str, str]],
    recurring: Container[str],
) -> dict[str, tuple[str, str]]:
    """Leave out an id by its header whose values name no row, where another column's do."""
    (own_id, *_) = [*TABLES[table].required, ""]
    poor = [h for h, (name, _) in found.items() if name == own_id and h in recurring]
    rest = {h: meant for h, meant in found.items() if h not in poor}
    if table != "households" or not poor or not any(_by_unique(frame, table, rest, recurring)):
        return found
    return rest


def _without_poor_status(
    frame: pd.DataFrame, table: str, found: dict[str, tuple[str, str]]
) -> dict[str, tuple[str, str]]:
    """Leave out a status by its header whose words are none, where another column's are."""
    poor = [h for h, (n, _) in found.items() if n == "status" and not status_columns(frame, [h])]
    rest = {h: meant for h, meant in found.items() if h not in poor}
    is_told = table == "households" and poor and status_columns(frame, _open(frame, rest))
    return rest if is_told else found


def _by_status(
    frame: pd.DataFrame, table: str, found: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Take the column that says most of who lives in a home."""
    if table != "households" or any(name == "status" for name, _ in found.values()):
        return
    for column in status_columns(frame, _open(frame, found)):
        yield column.header, "status", column.why


def _open(frame: pd.DataFrame, found: Mapping[str, tuple[str, str]]) -> list[str]:
    """List the columns that are not taken yet and tell of no person by their header."""
    return [
        str(c) for c in frame.columns
        if str(c) not in found and c != "geometry" and not PERSONAL.search(plain(c))
    ]  # fmt: skip


def _by_parts(
    frame: pd.DataFrame, table: str, found: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Take a header that contains a known one, the longest known one first."""
    taken = {name for name, _ in found.values()}
    hits = []
    for place, header in enumerate(map(str, frame.columns)):
        if header in found or header == "geometry" or PERSONAL.search(plain(header)):
            continue
        for name, aliases in TABLES[table].columns.items():
            if name in taken or name in NOT_BY_PARTS:
                continue
            if not _is_count(frame[header], header) if name in COUNTS else OF_OTHERS.search(header):
                continue
            if name.endswith("_id") and header.endswith("名称"):
                continue  # what calls a zone is not its code
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


def _is_count(values: pd.Series, header: str) -> bool:
    """Tell whether a column counts: numbers, and no question that is answered yes or no."""
    number, wrong = as_number(values)
    filled = int((wrong | np.isfinite(number)).sum())
    return "是否" not in header and filled > 0 and 1 - wrong.sum() / filled >= NUMBERS


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


def _by_places(
    frame: pd.DataFrame, table: str, found: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Take columns of numbers that are places."""
    if "lon" not in TABLES[table].columns or shape_of(frame) != "point":
        return
    if not {"lonlat"} & {n for n, _ in found.values()} and "geometry" not in frame.columns:
        for name, header in coordinate_columns(frame).items():
            yield header, name, "数值在中国的经纬度（或投影坐标）范围里"


def _by_codes(
    frame: pd.DataFrame, table: str, found: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Take codes of zones by their digits."""
    codes = {h: as_code(frame[h]) for h in _open(frame, found)}
    for of_table, digits in CODE_DIGITS.items():
        name = TABLES[of_table].required[0]
        for header, values in codes.items() if name in TABLES[table].columns else ():
            filled = values[values != ""]
            if len(filled) and filled.str.fullmatch(rf"\d{{{digits}}}").all():
                yield header, name, f"都是 {digits} 位编码"


def _by_unique(
    frame: pd.DataFrame,
    table: str,
    found: Mapping[str, tuple[str, str]],
    recurring: Container[str],
) -> Iterator[tuple[str, str, str]]:
    """Take the id by what is unique: numbers of homes before others, a mere order last."""
    have = {n for n, _ in found.values()}
    wanted = [n for n in TABLES[table].required if n in TABLES[table].codes and n not in have]
    unique = [h for h in _open(frame, found) if h not in recurring and is_id(frame[h])]
    for name, header in zip(wanted[:1], sorted(unique, key=_id_rank), strict=False):
        yield header, name, "每行都不同"


def _id_rank(header: str) -> int:
    word = plain(header)
    if OF_ORDER.search(word):
        return 3
    return 0 if OF_A_HOME.search(word) else 1 if OF_A_ROW.search(word) else 2


def is_id(values: pd.Series) -> bool:
    """
    Tell whether a column could name rows: nearly all filled, none twice, codes rather than numbers.

    Dates, broken numbers, telephones and identity cards name no household.
    """
    codes = as_code(values)
    filled = codes[codes != ""]
    if len(filled) < max(1, FILLED * (len(codes) - 1)) or not filled.is_unique:
        return False
    is_other = filled.str.fullmatch(rf"-?\d+\.\d+|{DATE}")
    return not is_other.any() and not is_personal("", filled)
