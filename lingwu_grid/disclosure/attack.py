"""The attacker's own program: what all printed segments together say of a small count."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

SMALL = 5
"""A count of fewer households than this is to be protected."""

WIDTH = 5
"""The interval that an attacker is left with is at least as wide as this."""

ANY = np.inf

INFEASIBLE = 2
"""Status of scipy's `milp` where no world fits what is printed."""


Name = TypeVar("Name", bound="Hashable")


class Printed(NamedTuple):
    """
    What pages print, as an attacker writes it down.

    The smallest groups that he tells apart are `leaves`: households of one compound, or of none,
    that are in one grid today and in one of the plan. Every printed count is a sum of leaves.
    """

    sums: csr_array
    """Leaves of each printed count, shape (rows, leaves), ones."""
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """What each may be, inclusive."""
    least: NDArray[np.float64]
    """What each leaf is at least: one, for who sees on the map where houses change sides."""


def world(printed: Printed, wanted: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """
    Find the households of each leaf that fit what is printed and make a sum greatest.

    Parameters
    ----------
    printed
        All that is known.
    wanted
        Weight of each leaf in the sum.

    Returns
    -------
    numpy.ndarray or None
        None where nothing fits; infinite in the leaves of a sum that nothing bounds.
    """
    found = milp(
        -wanted,
        integrality=np.ones(len(wanted)),
        bounds=Bounds(printed.least, ANY),
        constraints=LinearConstraint(printed.sums, printed.low, printed.high),
    )
    if found.status == INFEASIBLE:
        return None
    return np.round(found.x) if found.success else np.where(wanted > 0, ANY, printed.least)


def interval(printed: Printed, leaves: Sequence[int]) -> tuple[float, float] | None:
    """
    Find the least and the most that a sum of leaves may be; None where nothing fits.

    Parameters
    ----------
    printed
        All that is known.
    leaves
        Whose sum is asked for.
    """
    wanted = np.zeros(printed.sums.shape[1])
    wanted[list(leaves)] = 1
    least, most = world(printed, -wanted), world(printed, wanted)
    return None if least is None or most is None else (float(least @ wanted), float(most @ wanted))


def narrow(printed: Printed, cells: csr_array) -> Iterator[tuple[int, tuple[float, float]]]:
    """
    Find the sums that may be small and are known too well, whatever the truth is.

    Every world that is found serves for all sums: what differs enough between two of them is safe.

    Parameters
    ----------
    printed
        All that is known.
    cells
        Leaves of each sum, shape (sums, leaves).

    Yields
    ------
    tuple
        A sum, and the least and most that it may be.

    Raises
    ------
    ValueError
        If nothing fits what is printed.
    """
    low, high = np.full(cells.shape[0], ANY), np.zeros(cells.shape[0])

    def look(wanted: NDArray[np.float64]) -> None:
        found = world(printed, wanted)
        if found is None:
            raise ValueError("nothing fits what is printed")
        told = cells @ np.where(np.isinf(found), WIDTH + printed.least, found)
        np.minimum(low, told, out=low)
        np.maximum(high, told, out=high)

    is_open = np.ones(cells.shape[0], bool)
    chance = np.random.default_rng(0)
    look(cells.T @ chance.choice((-1.0, 1.0), len(is_open)))
    while is_open.any():
        # All that are open still pull to either side at once, as long as that settles any.
        look(cells[is_open].T @ chance.choice((-1.0, 1.0), int(is_open.sum())))
        before, is_open = is_open.sum(), high - low < WIDTH
        if is_open.sum() == before:
            break
    for cell in range(cells.shape[0]):
        wanted = np.zeros(cells.shape[1])
        wanted[cells.indices[cells.indptr[cell] : cells.indptr[cell + 1]]] = 1
        for sign in (1, -1):
            if high[cell] - low[cell] < WIDTH:
                look(sign * wanted)
        if not is_safe((low[cell], high[cell])):
            yield cell, (low[cell], high[cell])


def is_safe(found: tuple[float, float]) -> bool:
    """Tell whether an interval gives no small count away; that nobody moves is no such count."""
    low, high = found
    return low >= SMALL or high == 0 or high - low >= WIDTH


def around(
    printed: Printed, truth: NDArray[np.int64], leaves: Sequence[int]
) -> tuple[Printed, list[int]]:
    """
    Give the attack in which all is known but what shares a printed count with some leaves.

    An attacker who knows more finds a narrower interval: what is wide for him is wide for all.

    Parameters
    ----------
    printed
        All that is printed.
    truth
        Households of each leaf.
    leaves
        The leaves in question.

    Returns
    -------
    tuple
        The attack on the leaves that stay open, and the place of `leaves` among them.
    """
    open_ = beside(printed.sums, leaves)
    rows = _rows_with(printed.sums, open_)
    part = printed.sums[rows]
    known = truth.astype(np.float64)
    known[open_] = 0
    rest = part @ known
    near = Printed(
        csr_array(part[:, open_]),
        printed.low[rows] - rest,
        printed.high[rows] - rest,
        printed.least[open_],
    )
    return near, np.searchsorted(open_, np.asarray(leaves)).tolist()


def beside(sums: csr_array, leaves: Sequence[int]) -> NDArray[np.int64]:
    """List the leaves that share a printed count with some, these among them."""
    return np.unique(sums[_rows_with(sums, leaves)].indices).astype(np.int64)


def _rows_with(sums: csr_array, leaves: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    mark = np.zeros(sums.shape[1])
    mark[np.asarray(leaves, np.int64)] = 1
    return np.flatnonzero(sums @ mark)


def exposed(
    printed: Printed, truth: NDArray[np.int64], cells: Mapping[Name, Sequence[int]]
) -> list[Name]:
    """
    Name the small counts that what is printed gives away.

    Parameters
    ----------
    printed
        All that all pages print.
    truth
        Households of each leaf.
    cells
        Counts to be protected, printed or not: leaves of each.

    Returns
    -------
    list
        Those of one to four households whose interval is narrower than `WIDTH`.
    """
    away = []
    for name, leaves in cells.items():
        if 0 < int(truth[list(leaves)].sum()) < SMALL:
            found = interval(*around(printed, truth, leaves))
            if found is None:
                raise ValueError(f"{name}: what is printed contradicts itself")
            if not is_safe(found):
                away.append(name)
    return away
