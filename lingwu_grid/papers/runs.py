"""Runs of names: houses that follow each other by number are told as one stretch."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NUMBERED = re.compile(r"(.*?)(\d{1,9})(\D*)")
LEAST_RUN = 3
"""Names that make a stretch: two are told one by one."""


def told_runs(names: Iterable[str]) -> str:
    """
    Join names in the order of their numbers; what follows each other is told as from—to.

    Examples
    --------
    >>> told_runs(["3号楼", "1号楼", "2号楼", "东楼", "10号楼"])
    '1号楼—3号楼、10号楼、东楼'
    >>> told_runs(["B100", "B099", "B098"]), told_runs(["B1", "B2"])
    ('B098—B100', 'B1、B2')
    >>> told_runs(["9号", "10号", "11号"]), told_runs(["001", "002", "003", "0004"])
    ('9号—11号', '001—003、0004')
    """
    known = sorted(set(names), key=_key)
    # 009 goes on as 010, and 0004 does not follow 003: where zeros lead, widths are of one kind.
    padded = {_kind(name) for name in known if _digits(name).startswith("0")}
    told: list[str] = []
    # Numbers that follow each other are as far from their places in the list.
    for _, run in groupby(enumerate(known), key=lambda at: _stretch(at[0], at[1], padded)):
        stretch = [name for _, name in run]
        if len(stretch) >= LEAST_RUN:
            told.append(f"{stretch[0]}—{stretch[-1]}")
        else:
            told += stretch
    return "、".join(told)


def _kind(name: str) -> tuple[str, str]:
    """Give what stands before and after the number; a name without one is of no kind."""
    found = NUMBERED.fullmatch(name)
    return (found[1], found[3]) if found else (name, "")


def _digits(name: str) -> str:
    found = NUMBERED.fullmatch(name)
    return found[2] if found else ""


def _key(name: str) -> tuple[bool, str, str, int, str]:
    digits = _digits(name)
    return (not digits, *_kind(name), int(digits or 0), name)


def _stretch(at: int, name: str, padded: set[tuple[str, str]]) -> tuple[str, str, int, int]:
    kind, digits = _kind(name), _digits(name)
    return (*kind, len(digits) if kind in padded else 0, at - int(digits or 0))
