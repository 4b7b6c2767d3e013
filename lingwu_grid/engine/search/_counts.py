"""Counts of households with what may come and go in years to come, three in one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.search._compiled import borrowing

if TYPE_CHECKING:
    from numpy.typing import NDArray

RISE_AT, FALL_AT = 24, 44
"""Bits of a packed count from which the households that may come stand, and those that may go."""

TODAY, RISE = (1 << RISE_AT) - 1, (1 << (FALL_AT - RISE_AT)) - 1


def packed(
    households: NDArray[np.int64], rise: NDArray[np.int64], fall: NDArray[np.int64]
) -> NDArray[np.int64]:
    """
    Put three counts into one number, which sums and differences keep apart.

    Parameters
    ----------
    households
        Of today, below 16 million together.
    rise, fall
        The most that come, and the most that go, on any day of the horizon; below a million
        and half a million together. Without them a packed count is the count of today.

    Examples
    --------
    >>> packed(np.array([300]), np.array([0]), np.array([0])).tolist()
    [300]
    """
    return np.asarray(households + (rise << RISE_AT) + (fall << FALL_AT), np.int64)


def come_and_go(count: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Take packed counts apart again: the most that come, and the most that go.

    Examples
    --------
    >>> come_and_go(packed(np.array([300]), np.array([80]), np.array([7])))
    (array([80]), array([7]))
    """
    return (count >> RISE_AT) & RISE, count >> FALL_AT


@borrowing
def today(count: int) -> int:
    """Give the households of today of a packed count."""
    return count & TODAY
