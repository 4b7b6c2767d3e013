"""Statuses guessed: which column tells who lives in a home, and what its words stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.contract.schema import STATUS_WORDS
from lingwu_grid.ingest.headers import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

ASKS_EMPTY = re.compile("是否.*(?:空挂|空置|空户|闲置|空关)")
"""A column that asks whether a home is empty: its yes is another column's no."""
ASKS_RESIDENT = re.compile("是否.{0,3}(?:常住|在住|居住|入住|实住)(?!证)")
YES, NO = ("是", "1", "√", "y", "有", "对", "true"), ("否", "0", "×", "x", "n", "无", "false")
NOT_LIVED_IN = re.compile("(?:未|不|非|无人?).{0,2}[住居]")
"""Not resident, whatever else the word says."""

ENOUGH = 0.6
"""Share of the cells of a column that are words for a status."""
MOST_WORDS = 30
"""A column with more words than this holds remarks."""
SHORTEST = 2
"""Signs of the shortest word that is looked for inside another."""


class StatusColumn(NamedTuple):
    """A column that tells who lives in a home."""

    header: str
    why: str
    words: dict[str, str]
    """Its words that common sense takes otherwise, or not at all, and what each stands for."""


def status_columns(frame: pd.DataFrame, headers: Iterable[str]) -> list[StatusColumn]:
    """
    Find the columns that tell a status, the likeliest first.

    Parameters
    ----------
    frame
        A table of households.
    headers
        The columns to look at.

    Returns
    -------
    list of StatusColumn
        Those of which most cells are words for a status, the largest share first.
    """
    found = []
    for place, header in enumerate(headers):
        column = _column(header, frame[header])
        if column is not None:
            found.append((-column[0], place, column[1]))
    return [column for _, _, column in sorted(found, key=lambda f: f[:2])]


def _column(header: str, values: pd.Series) -> tuple[float, StatusColumn] | None:
    text = values.dropna().astype(str).str.strip().str.lower()
    often = text[text != ""].value_counts()
    if not len(often) or len(often) > MOST_WORDS:
        return None
    word = plain(header)
    asks = ASKS_EMPTY.search(word) or ASKS_RESIDENT.search(word)
    if asks and set(often.index) <= {*YES, *NO}:
        yes, no = ("registered_only", "resident") if ASKS_EMPTY.search(word) else (
            "resident", "registered_only")  # fmt: skip
        meant = {w: yes if w in YES else no for w in sorted(often.index)}
        return 1.0, StatusColumn(header, "问的是住不住", meant)
    known = {w: status_meant(w) for w in often.index}
    share = sum(n for w, n in often.items() if known[w]) / often.sum()
    if share < ENOUGH or not any(kind not in ("", "resident") for kind in known.values()):
        return None
    return share, StatusColumn(header, "写着常住、空挂一类的词", {})


def status_meant(word: str) -> str:
    """
    Tell what an office's word for a status stands for; empty where nothing tells.

    A word that is known stands for itself; one that says no to living there is not resident; else
    it is the longest known word in it.

    Examples
    --------
    >>> [status_meant(w) for w in ("空挂户(迁出)", "未居住", "常住人员", "待核")]
    ['registered_only', 'registered_only', 'resident', '']
    """
    kinds = [(w, kind) for kind, words in STATUS_WORDS.items() for w in (kind, *words)]
    exact = [kind for w, kind in kinds if w == word and len(w) >= SHORTEST]
    if exact:
        return exact[0]
    if NOT_LIVED_IN.search(word):
        return "registered_only"
    inside = [(len(w), kind) for w, kind in kinds if len(w) >= SHORTEST and w in word]
    return max(inside)[1] if inside else ""
