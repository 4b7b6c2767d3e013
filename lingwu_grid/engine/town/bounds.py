"""Lower bounds on the households that must change grid, from the numbers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance
    from lingwu_grid.graph import UnitGraph


def least_to_leave(unit_households: NDArray[np.int64], upper: int) -> int:
    """
    Find the fewest households that must leave a grid to bring it to `upper`.

    Units leave whole, so the answer is the smallest subset sum that covers the
    excess. It holds whatever the neighbours look like: a bound, not a plan.

    Parameters
    ----------
    unit_households
        Households of each unit of the grid, shape (n_units,), all > 0.
    upper
        Most households a grid may have.

    Returns
    -------
    int
        Households; 0 if the grid is within `upper` already.

    Raises
    ------
    ValueError
        If a unit has no households or a negative number of them.

    Examples
    --------
    >>> least_to_leave(np.array([40, 70, 450]), upper=500)
    70
    """
    if (unit_households <= 0).any():
        worst = int(unit_households.argmin())
        raise ValueError(
            f"unit_households[{worst}] is {unit_households[worst]}; "
            "drop empty units before asking for a bound"
        )
    excess = int(unit_households.sum()) - upper
    if excess <= 0:
        return 0

    # Bit k of `sums` is set when some set of whole units has k households.
    sums = 1
    for households in unit_households.tolist():
        sums |= sums << households
    enough = sums >> excess
    return excess + (enough & -enough).bit_length() - 1


def least_to_leave_ahead(
    unit_households: NDArray[np.int64], unit_most: NDArray[np.int64], upper: int
) -> int:
    """
    Find the fewest households that must leave a grid so that what stays fits when it has most.

    Parameters
    ----------
    unit_households
        Households of each unit today, shape (n_units,), all > 0.
    unit_most
        Households of each unit on its fullest day, shape (n_units,), none less than today.
    upper
        Most households a grid may have.

    Examples
    --------
    >>> least_to_leave_ahead(np.array([40, 70, 350]), np.array([40, 190, 350]), upper=500)
    70
    >>> least_to_leave_ahead(np.array([40, 70, 450]), np.array([40, 70, 450]), upper=500)
    70
    """
    excess = int(unit_most.sum()) - upper
    if excess <= 0:
        return 0
    # The most of the fullest day that goes with so many households of today, by their number.
    goes = np.full(int(unit_households.sum()) + 1, -1, np.int64)
    goes[0] = 0
    for households, most in zip(unit_households.tolist(), unit_most.tolist(), strict=True):
        with_it = np.where(goes[:-households] >= 0, goes[:-households] + most, -1)
        goes[households:] = np.maximum(goes[households:], with_it)
    return int(np.flatnonzero(goes >= excess)[0])


def unconditional(instance: Instance, ground: NDArray[np.bool_] | None = None) -> int:
    """
    Bound the households that change grid in any lawful plan of whole units.

    From each grid over its maximum at least `least_to_leave` households go; each grid under its
    minimum either receives what it lacks or is closed, and then all its households move. One
    household may leave one grid and arrive in the other, so the two sums are not added: the
    bound is the least of ``max(out + closed, need)`` over the sets of grids to close. Households
    of no grid today may come without changing any: they are taken off the need. Where the graph
    foresees growth, a grid must fit its range on its fullest day and on its emptiest.

    Parameters
    ----------
    instance
        The town and its rules.
    ground
        Units to count, shape (n_units,): grids that lie wholly in it. All by default.

    Returns
    -------
    int
        Households. 0 where today's grids are no argument.
    """
    if not instance.keeps_today:
        return 0
    graph = instance.graph
    home, households = graph.home_grid, graph.home_households
    homes = homes_today(graph)
    nowhere = homes.grid < 0
    unit = sources(graph.home_indptr)
    if ground is not None:
        nowhere &= ground[homes.unit]
        inside = ground[unit]
        partly = np.isin(home, home[~inside])
        chosen = inside & ~partly
        home, households, unit = home[chosen], households[chosen], unit[chosen]
    free = int(homes.households[nowhere].sum())
    rows = _Rows(home, households, *_growth_of(graph, unit, households))
    return _least(rows, (instance.lower, instance.upper), free)


def unconditional_communities(instance: Instance) -> int:
    """
    Bound the households that change community in any lawful plan of whole units.

    The same count as :func:`unconditional`, of communities.

    Parameters
    ----------
    instance
        The town and its rules.

    Returns
    -------
    int
        Households. 0 where today's communities are no argument.
    """
    graph = instance.graph
    if not instance.keeps_today or instance.community_mode == "redraw":
        return 0
    homes = homes_today(graph)
    now, weight, unit = homes.by_unit(homes.community >= 0)
    free = int(homes.households[homes.community < 0].sum())
    rows = _Rows(now, weight, *_growth_of(graph, unit, weight))
    return _least(rows, (graph.community_lower, graph.community_upper), free)


class _Rows(NamedTuple):
    """What each unit has of each zone of today, now and on its worst days, shapes (n_rows,)."""

    zone: NDArray[np.int32]
    households: NDArray[np.int64]
    rise: NDArray[np.int64]
    fall: NDArray[np.int64]


def _growth_of(
    graph: UnitGraph, unit: NDArray[np.int64], households: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the growth of units that are one zone's altogether; of others, none is sure."""
    whole = households == graph.households[unit]
    return graph.rise[unit] * whole, graph.fall[unit] * whole


class Homes(NamedTuple):
    """Households by unit, and today's grid and community; -1 for none; shapes (n_rows,)."""

    unit: NDArray[np.int64]
    grid: NDArray[np.int64]
    community: NDArray[np.int64]
    households: NDArray[np.int64]

    def by_unit(
        self, chosen: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
        """Give the community, the households and the unit of what is one unit's in one."""
        n = int(self.unit.max(initial=0)) + 1
        key, which = np.unique(self.community[chosen] * n + self.unit[chosen], return_inverse=True)
        total = np.bincount(which, self.households[chosen], len(key)).astype(np.int64)
        return (key // n).astype(np.int32), total, key % n


def homes_today(graph: UnitGraph) -> Homes:
    """Give each household's community: its grid's, or where it has none, that of its ground."""
    unit = sources(graph.home_indptr).astype(np.int64)
    rest = graph.households - np.bincount(unit, graph.home_households, graph.n_units).astype(int)
    alone = np.flatnonzero(rest > 0)
    owner = graph.grid_community[graph.home_grid].astype(np.int64)
    return Homes(
        np.r_[unit, alone],
        np.r_[graph.home_grid.astype(np.int64), np.full(len(alone), -1)],
        np.r_[np.where(owner >= 0, owner, graph.community_now[unit]), graph.community_now[alone]],
        np.r_[graph.home_households, rest[alone]],
    )


def _least(rows: _Rows, band: tuple[NDArray[np.int64], NDArray[np.int64]], free: int) -> int:
    lower, upper = band
    order = np.argsort(rows.zone, kind="stable")
    size, rise, fall = (
        np.bincount(rows.zone, count, minlength=len(lower)).astype(np.int64) for count in rows[1:]
    )
    edge = np.searchsorted(rows.zone[order], np.arange(len(lower) + 1))
    out = 0
    is_over = size + rise > upper
    for z in np.flatnonzero(is_over):
        mine = order[edge[z] : edge[z + 1]]
        mine = mine[rows.households[mine] > 0]
        parts = rows.households[mine]
        if rise[z]:
            out += least_to_leave_ahead(parts, parts + rows.rise[mine], int(upper[z]))
        else:
            out += least_to_leave(parts, int(upper[z]))
    # One that must give is not also counted as closed: those households go once.
    least = size - fall
    short = np.flatnonzero((size > 0) & (least < lower) & ~is_over)
    return _with_closings(out, size[short], lower[short] - least[short], free)


def _with_closings(out: int, size: NDArray[np.int64], lack: NDArray[np.int64], free: int) -> int:
    if lack.sum() - free <= out:
        return out
    k = len(size)
    a = np.vstack([np.r_[-size, 1.0], np.r_[lack, 1.0]])
    solved = milp(
        np.r_[np.zeros(k), 1.0],
        constraints=LinearConstraint(a, [out, lack.sum() - free], np.inf),
        integrality=np.ones(k + 1),
        bounds=Bounds(0, np.r_[np.ones(k), np.inf]),
        options={"node_limit": 10_000},
    )
    # Stopped early, the dual bound is still a bound.
    return int(np.ceil(solved.mip_dual_bound - 1e-6))
