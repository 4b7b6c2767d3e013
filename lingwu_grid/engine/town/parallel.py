"""Run independent tasks on several workers; the results do not depend on how many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_all(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[Result]:
    """
    Give `function` of every item, in the order of the items.

    Threads, not processes: the kernels and HiGHS let go of the interpreter, nothing is copied,
    and a notebook on Windows needs no guard.

    Parameters
    ----------
    function
        Pure: its result depends on the item alone.
    items
        What to work on.
    workers
        How many at a time; 1 works in the calling thread.
    """
    if workers <= 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(max_workers=workers) as pool:
        yield from pool.map(function, items)
