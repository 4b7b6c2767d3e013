"""Printed numbers: what counts as one, and whether it is what was worked out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

Expected = float | tuple[float, float] | str | None
"""What a number must be, or between what; text must be the same text; None where nobody knows."""

NUMBER = re.compile(r"[+\-−]?\d[\d,]*(?:\.\d+)?%?")
CODE_DIGITS = 9
"""Digits of a code of a zone, at least."""
NAMED = re.compile(r"[\u4e00-\u9fff].*\d")
"""A name of words with a number in it."""
GAP = r" ?\n?"
"""What may stand between two letters of a name where a line of a drawing ends."""
FIRST_NAME, LAST_NAME = 0xF0000, 0x10FFFD
"""Private characters that stand for names, so that a number in a name is not taken for a count."""


class Found(NamedTuple):
    """A number of a paper."""

    printed: str
    expected: Expected

    @property
    def agrees(self) -> bool:
        """Tell whether it is what it must be, to its last digit."""
        return agree(self.printed, self.expected)


def _is_count(name: str) -> bool:
    """Tell a name that is nothing but a number from a code, which is longer than any count."""
    return len(name) < CODE_DIGITS and NUMBER.fullmatch(name) is not None


def _bounded(name: str) -> str:
    """Give a pattern of a name that is no part of a longer number."""
    before = r"(?<![\d,.])" if name[0].isdigit() else ""
    after = r"(?![\d]|[,.]\d)" if name[-1].isdigit() else ""
    return before + re.escape(name) + after


def agree(printed: str, expected: Expected) -> bool:
    """
    Tell whether a printed number is a value rounded to the digits that are printed.

    Examples
    --------
    >>> agree("7,892", 7892), agree("19.5%", 0.1954), agree("19.5%", 0.19), agree("−3", -3)
    (True, True, False, True)
    """
    if expected is None or isinstance(expected, str):
        return expected is None or printed == expected
    text = printed.replace(",", "").replace("−", "-")
    scale = 0.01 if text.endswith("%") else 1.0
    text = text.rstrip("%")
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        return False
    digits = len(text.partition(".")[2])
    low, high = expected if isinstance(expected, tuple) else (expected, expected)
    slack, value = (0.5 * 10.0**-digits + 1e-9) * scale, float(text) * scale
    return low - slack <= value <= high + slack


class Names:
    """
    Names as single characters.

    Parameters
    ----------
    names
        Everything that is called something; empty ones are left out.
    """

    def __init__(self, names: Iterable[str]) -> None:
        every = {n for n in names if n and n.strip() and not _is_count(n)}
        self._known = sorted(every, key=lambda n: (-len(n), n))
        if len(self._known) > LAST_NAME - FIRST_NAME:
            raise InputError(
                f"名称太多：{len(self._known)} 个", where="buildings",
                remedy="按街道分开划分、分开核对",
            )  # fmt: skip
        self._mark = {name: chr(FIRST_NAME + i) for i, name in enumerate(self._known)}
        self._pattern = re.compile("|".join(map(_bounded, self._known)) or r"(?!)")
        odd = [name for name in self._known if NAMED.search(name)]
        self._broken = re.compile("|".join(GAP.join(map(re.escape, n)) for n in odd) or r"(?!)")

    def masked(self, text: str) -> str:
        """Give a text with a private character for each name."""
        return self._pattern.sub(lambda found: self._mark[found[0]], text)

    def mended(self, text: str) -> str:
        """Give a text of a page in which no name with a number is broken by the end of a line."""
        return self._broken.sub(lambda found: "".join(found[0].split()), text)

    def of(self, mark: str) -> str:
        """Give the name that a private character stands for."""
        return self._known[ord(mark) - FIRST_NAME]

    def shown(self, text: str) -> str:
        """Give a masked text with its names."""
        return "".join(self.of(c) if FIRST_NAME <= ord(c) <= LAST_NAME else c for c in text)
