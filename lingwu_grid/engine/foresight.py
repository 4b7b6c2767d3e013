"""Foresight: a plan that stays lawful in years to come, with the fewest households affected now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from lingwu_grid.engine.town.bounds import unconditional, unconditional_communities
from lingwu_grid.engine.town.feasibility import explain
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.engine.town.tally import affected_households, community_sizes, zone_sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Solution, Stop, Watch
    from lingwu_grid.graph import UnitGraph

ROUNDS = 2
"""Times that growth which was not made room for is left out, and the rest solved for again."""


class Foreseen(NamedTuple):
    """A plan, and what looking ahead cost."""

    solution: Solution
    without: int
    """Households affected by the plan that looks at today alone."""
    leaving_without: int
    """Grids and communities of it that will be out of range."""
    leaving: int
    """The same of this plan: what no grid can hold, or was not found."""
    bound: int
    """No plan of whole units that stays lawful, `left_out` apart, affects fewer households."""
    left_out: NDArray[np.int64]
    """Units whose growth is not planned for: too much for any grid, or for those around."""


class Solver(Protocol):
    """Solves an instance: from nothing, or on from a plan of it."""

    def __call__(self, instance: Instance, begun: Town | None = None, /) -> Solution:
        """Give a plan."""


class _Rank(NamedTuple):
    """What a plan comes to, in years: less is better, the first first."""

    zones: int
    """Grids and communities that are, or will be, out of range."""
    short: int
    """Households they are out of range by."""
    affected: int


def solve_ahead(instance: Instance, solver: Solver, *, stop: Stop, watch: Watch) -> Foreseen:
    """
    Solve for today; where that plan will leave its range, for all the years at once.

    Parameters
    ----------
    instance
        The town, its graph with the rise and fall of each unit over the horizon.
    solver
        The engine with its seed and workers.
    stop
        Asked before another solution.
    watch
        Told of it.

    Returns
    -------
    Foreseen
        Lawful today wherever the plan for today is: of all plans found the one of which the
        fewest zones will be out of range, then by the fewest households, then the one that
        affects fewest.
    """
    steady = _with_growth(instance, np.zeros(instance.graph.n_units, np.bool_))
    today = solver(steady)
    before = _rank(instance, today)
    best, rank = today, before
    left_out = _too_much(instance)
    for _ in range(ROUNDS if before.zones and today.status == "feasible" else 0):
        ahead = _with_growth(instance, ~left_out)
        if stop() or not _rank(ahead, today).zones:
            break
        watch("照增长表修补")
        found = solver(ahead, Town.of(today))
        if not stop():
            # Where much grows, what is mended here and there costs more than one plan for it all.
            watch("照增长表再求解")
            found = min(found, solver(ahead), key=lambda plan: _rank(ahead, plan))
        new = _rank(instance, found)
        if new < rank and not explain(steady, Town.of(found)):  # lawful today, whatever comes
            best, rank = _with_bounds_of(found, today), new
        missed = _out_of_range(ahead, found) & _grows(ahead.graph)
        if not missed.any():
            break
        left_out |= missed
    return Foreseen(
        solution=best,
        without=before.affected,
        leaving_without=before.zones,
        leaving=rank.zones,
        bound=max(today.bound.everywhere, least_ahead(_with_growth(instance, ~left_out))),
        left_out=np.flatnonzero(left_out),
    )


def least_ahead(instance: Instance) -> int:
    """
    Bound the households that any plan of whole units changes that stays lawful all the years.

    Of each grid (community) what stays must fit its range on its worst days: at least so many
    must go that the rest fits when most have come; and a zone that will lack households receives
    them from others, or is closed. A household that leaves one may come to another, so the two
    sums are not added; of grids and communities the larger holds.

    Parameters
    ----------
    instance
        Its graph with the rise and fall of each unit.
    """
    return max(unconditional(instance), unconditional_communities(instance))


def _with_growth(instance: Instance, counts: NDArray[np.bool_]) -> Instance:
    """Give the instance with the growth of some units only."""
    graph = instance.graph
    return replace(
        instance, graph=replace(graph, rise=graph.rise * counts, fall=graph.fall * counts)
    )


def _with_bounds_of(found: Solution, today: Solution) -> Solution:
    """Keep what holds for every lawful plan; of this one's communities nothing is proven."""
    bound = replace(today.bound, within_plan=None, proofs=())
    return replace(found, bound=bound, status="feasible", explanations=())


def _grows(graph: UnitGraph) -> NDArray[np.bool_]:
    return np.asarray((graph.rise > 0) | (graph.fall > 0), np.bool_)


def _too_much(instance: Instance) -> NDArray[np.bool_]:
    """Mark units that will be more than any grid may have, or vary by more than its range."""
    graph = instance.graph
    most = max(instance.new_upper, int(instance.upper.max(initial=0)))
    too_wide = graph.rise + graph.fall > instance.new_upper - instance.new_lower
    too_large = graph.households + graph.rise > most
    return np.asarray(_grows(graph) & (too_wide | too_large), np.bool_)


def _shorts(instance: Instance, town: Town) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the households that each grid and each community is, or will be, out of range by."""
    return zone_sizes(instance, town).short, community_sizes(instance, town).short


def _rank(instance: Instance, solution: Solution) -> _Rank:
    town = Town.of(solution)
    short = np.concatenate(_shorts(instance, town))
    return _Rank(
        int(np.count_nonzero(short)), int(short.sum()), affected_households(instance, town)
    )


def _out_of_range(instance: Instance, solution: Solution) -> NDArray[np.bool_]:
    """Mark the units of zones and communities that are, or will be, out of range."""
    town = Town.of(solution)
    zones, communities = _shorts(instance, town)
    out = zones[town.zone] + communities[town.community[town.zone]]
    return np.asarray(out > 0, np.bool_)
