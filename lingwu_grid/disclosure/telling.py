"""How a count is told outside the office: in tens, and not at all below ten."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STEP = 10
"""
Households a segment holds.

A count under five that is the difference of two such segments is one of nine: wide enough for
every chain of sums. Segments of five, or exact sizes beside masked moves, give it away.
"""

FEW = f"少于 {STEP}"

INTERNAL = "内部：有准确户数，不外发"
"""Stands on every page and paper that tells counts as they are."""

OUTGOING = "可外发：户数按十户一段写，少于 10 户不写数、不画去向"
"""Stands on the pages that may leave the office."""

UNCOUNTED = "可外发：不写户数"
"""Stands on papers for the public that tell no count of households at all."""

NUMBERS = re.compile(r"\d+")


def told(count: int, step: int = STEP) -> str:
    """
    Tell a count: nothing as it is, few as few, more in segments.

    Parameters
    ----------
    count
        Households.
    step
        A multiple of ten.

    Examples
    --------
    >>> [told(n) for n in (0, 1, 9, 10, 489)]
    ['0', '少于 10', '少于 10', '10—19', '480—489']
    >>> told(489, 20)
    '480—499'
    """
    low = count // step * step
    return _segment(low, low + step - 1) if count else "0"


def _segment(low: int, high: int) -> str:
    return f"{low}—{high}" if low else f"少于 {high + 1}"


def told_size(count: int, limits: Sequence[int], step: int = STEP) -> str:
    """
    Tell the size of a zone so that no segment lies on both sides of a limit.

    What is left of the range below its upper limit belongs to the last segment; what is left
    below the lower limit is a segment of its own.

    Parameters
    ----------
    count
        Households.
    limits
        Lower and upper bound of a lawful zone, inclusive.
    step
        Households of a segment.

    Examples
    --------
    >>> [told_size(n, (300, 500)) for n in (299, 300, 489, 490, 500, 501)]
    ['290—299', '300—309', '480—489', '490—500', '490—500', '501—510']
    >>> [told_size(n, (315, 500), 11) for n in (8, 307, 308, 314, 315)]
    ['少于 11', '297—307', '308—314', '308—314', '315—325']
    """
    lower, upper = limits
    if not lower <= count:
        low = count // step * step
        return _segment(low, min(low + step, lower) - 1) if count else "0"
    first, most = (lower, max((upper - lower + 1) // step, 1)) if count <= upper else (upper + 1, 0)
    at = (count - first) // step
    if most and at >= most - 1:
        return f"{first + (most - 1) * step}—{upper}"
    return f"{first + at * step}—{first + (at + 1) * step - 1}"


def window(text: str) -> tuple[int, int]:
    """
    Give the least and the most that a text of :func:`told` or :func:`told_size` may stand for.

    Examples
    --------
    >>> [window(t) for t in ("0", "少于 10", "480—489")]
    [(0, 0), (1, 9), (480, 489)]
    """
    numbers = [int(n) for n in NUMBERS.findall(text)]
    if text.startswith("少于"):
        return 1, numbers[0] - 1
    return numbers[0], numbers[-1]
