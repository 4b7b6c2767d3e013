"""A lower bound on the households whose grid or community changes, for every lawful plan."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.town.bounds import homes_today, least_to_leave

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance

WEIGHTS = 1000
"""The weight of those who leave is a whole number of thousandths."""

MOST_SHORT = 12
"""Grids under their minimum that a community is tried with and without; further ones, the least
in want, are left out of the count, which only lowers the bound."""


class _Need(NamedTuple):
    """What whole units ask of a grid or a community."""

    size: int
    leave: int
    lack: int


def least_affected(instance: Instance) -> tuple[int, int]:
    """
    Bound the households whose grid or community changes, in any lawful plan of whole units.

    Those affected are told apart twice: by the community they are in today, and by the one they
    end in. Of those in community c today at least ``max(leave(c), sum of leave(grid))`` are
    affected, over the grids of c; of those that end in c at least ``max(lack(c), sum of
    lack(grid))``. A grid under its minimum lacks nothing if it is closed or given to another
    community, and then all its households are affected; likewise a community that is dissolved.
    Of the two totals any weighted mean is a bound, and apart from the choices of each community,
    of which the cheapest is taken, nothing is left to choose. Households of no grid or community
    today may come without being affected, and are taken off what is lacking. The best weight in
    thousandths is given with the bound, so that it can be worked out again by hand.

    Parameters
    ----------
    instance
        The town and its rules.

    Returns
    -------
    tuple of int
        Households, and the weight of those who leave, thousandths. (0, 0) where today's grids
        are no argument.
    """
    if not instance.keeps_today:
        return 0, 0
    weight = np.arange(WEIGHTS + 1)
    total = np.zeros(WEIGHTS + 1, np.int64)
    for community, grids in _by_community(instance):
        leave, lack = np.array(_choices(community, grids), np.int64).T
        total += (weight * leave[:, None] + (WEIGHTS - weight) * lack[:, None]).min(axis=0)
    homes = homes_today(instance.graph)
    nowhere = (homes.grid < 0) | (homes.community < 0)
    total -= (WEIGHTS - weight) * int(homes.households[nowhere].sum())
    best = int(total.argmax())
    return max(0, -(-int(total[best]) // WEIGHTS)), best


def _choices(community: _Need, grids: list[_Need]) -> list[tuple[int, int]]:
    """Give those who leave and those who come, for each way to close grids or to dissolve."""
    short = sorted((g for g in grids if g.lack), key=lambda g: -g.lack)[:MOST_SHORT]
    out = sum(g.leave for g in grids)
    choices = [(community.size, 0)] if community.lack else []
    for k in range(len(short) + 1):
        for closed in combinations(short, k):
            gone = sum(g.size for g in closed)
            spared = sum(g.lack for g in closed)
            lack = sum(g.lack for g in short) - spared
            choices.append((max(community.leave, out + gone), max(community.lack, lack)))
    return choices


def _by_community(instance: Instance) -> list[tuple[_Need, list[_Need]]]:
    """Give each community with those of its grids whose households are all in it."""
    graph, homes = instance.graph, homes_today(instance.graph)
    counts = instance.community_mode != "redraw"
    found = []
    for c in np.unique(homes.community[(homes.community >= 0) & (homes.grid >= 0)]).tolist():
        here = homes.community == c
        grids = [
            _need(
                homes.households[homes.grid == grid],
                int(instance.lower[grid]),
                int(instance.upper[grid]),
            )
            for grid in np.setdiff1d(homes.grid[here], [-1]).tolist()
            if here[homes.grid == grid].all()
        ]
        _, lived, _ = homes.by_unit(here)
        need = _Need(int(lived.sum()), 0, 0)
        if counts:
            need = _need(lived, int(graph.community_lower[c]), int(graph.community_upper[c]))
        found.append((need, grids))
    return found


def _need(parts: NDArray[np.int64], lower: int, upper: int) -> _Need:
    size = int(parts.sum())
    return _Need(size, least_to_leave(parts[parts > 0], upper), max(0, lower - size))
