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
    >>> told_runs(["B011", "B009", "B010"]), told_runs(["B1", "B2"])
    ('B009—B011', 'B1、B2')
    """
    known = sorted(set(names), key=_key)
    told: list[str] = []
    # Numbers that follow each other are as far from their places in the list.
    for _, run in groupby(enumerate(known), key=lambda at: (*_kind(at[1]), _step(*at))):
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


def _key(name: str) -> tuple[bool, str, str, int, str]:
    found = NUMBERED.fullmatch(name)
    return (found is None, *_kind(name), int(found[2]) if found else 0, name)


def _step(at: int, name: str) -> int:
    found = NUMBERED.fullmatch(name)
    return at - int(found[2]) if found else at
