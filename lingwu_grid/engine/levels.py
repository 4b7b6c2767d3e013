"""The lower level: the grids inside each community, one part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine._kernels import Part, Prices
from lingwu_grid.engine.mend import mend
from lingwu_grid.engine.search import improve, polish, refine, violation
from lingwu_grid.engine.start import open_borders, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.problem import Problem

ROUNDS = 3
"""Searches of a part that is still out of range, before anything else is tried."""


class Task(NamedTuple):
    """One part to solve: it stands alone and may be solved anywhere."""

    part: Part
    zone: NDArray[np.int32]
    prices: Prices
    seed: tuple[int, ...]
    effort: int


class Town(NamedTuple):
    """An assignment of the whole town: units to zones, zones to communities."""

    zone: NDArray[np.int32]
    community: NDArray[np.int32]
    """Community of each zone; -1 for a number without units."""


def make_tasks(problem: Problem, town: Town, seed: int) -> list[tuple[NDArray[np.int64], Task]]:
    """
    Cut the town into one task per community.

    Parameters
    ----------
    problem
        The town and its rules.
    town
        The assignment to improve.
    seed
        Each task gets this seed and its community's number.

    Returns
    -------
    list[tuple[NDArray[np.int64], Task]]
        Units of each community, and its task; the local zones are today's numbers in order,
        then spare ones.
    """
    of_unit = town.community[town.zone]
    order = np.argsort(of_unit, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(of_unit[order])) + 1)
    csr = open_csr(problem)
    tasks = []
    for units in groups:
        part, zone = make_part(problem, town, units, csr)
        number = int(of_unit[units[0]])
        tasks.append((units, Task(part, zone, problem.prices, (seed, number), problem.effort)))
    return tasks


def open_csr(
    problem: Problem,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Give the open borders as CSR, each with the price of a zone border along it."""
    indptr, indices = open_borders(problem.graph)
    # Length counts a little even on a line: compact zones are easier to walk.
    edge = problem.graph.off_line_m + 0.05 * problem.graph.border_m
    return indptr, indices, edge[problem.graph.is_open]


def _communities_of(town: Town, zones: NDArray[np.int32], spare: int) -> NDArray[np.int32]:
    known = town.community[zones]
    only = known[0] if len(np.unique(known)) == 1 else np.int32(-1)
    return np.concatenate([known, np.full(spare, only, np.int32)])


def make_part(
    problem: Problem,
    town: Town,
    units: NDArray[np.int64],
    csr: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]],
) -> tuple[Part, NDArray[np.int32]]:
    """
    Cut a part out of the town.

    Parameters
    ----------
    problem
        The town and its rules.
    town
        The assignment of the town.
    units
        Units of the part, ascending; every zone is wholly inside or outside.
    csr
        As :func:`open_csr` gives it.

    Returns
    -------
    tuple
        The part, and the local zone of each of its units; local numbers are the town's in
        ascending order, then spare ones.
    """
    graph, zone = problem.graph, town.zone
    zones = local_zones(zone, units)
    households = graph.households[units]
    spare = max(2, -(-int(households.sum()) // problem.new_lower) + 1 - len(zones))
    number = np.full(max(int(zone.max()) + 1, graph.n_grids) + 1, -1, np.int32)
    number[zones] = np.arange(len(zones))
    old = zones < graph.n_grids
    lower = np.full(len(zones) + spare, problem.new_lower, np.int64)
    upper = np.full(len(zones) + spare, problem.new_upper, np.int64)
    locked = np.zeros(len(zones) + spare, np.bool_)
    lower[: len(zones)][old] = problem.lower[zones[old]]
    upper[: len(zones)][old] = problem.upper[zones[old]]
    locked[: len(zones)][old] = graph.grid_is_locked[zones[old]]
    start = number[zone[units]]
    indptr, indices, edge = _sub_csr(csr, units, graph.n_units)
    homes = [np.arange(graph.home_indptr[u], graph.home_indptr[u + 1]) for u in units]
    home = np.concatenate(homes) if homes else np.empty(0, np.int64)
    named, group = np.unique(graph.group[units], return_inverse=True)
    skip = int(len(named) > 0 and named[0] < 0)
    part = Part(
        indptr=indptr,
        indices=indices,
        edge_cost=edge,
        households=households,
        home_indptr=np.concatenate([[0], np.cumsum([len(h) for h in homes])]).astype(np.int32),
        home_zone=number[graph.home_grid[home]],
        home_households=graph.home_households[home],
        zone_now=number[graph.grid_now[units]]
        if problem.keeps_today
        else np.full(len(units), -1, np.int32),
        is_fixed=locked[start],
        group=(group - skip).astype(np.int32),
        group_parts=graph.group_parts[named[skip:]],
        lower=lower,
        upper=upper,
        is_locked=locked,
        home_community=graph.community_now[units],
        zone_community=_communities_of(town, zones, spare),
    )
    return part, start


def local_zones(zone: NDArray[np.int32], units: NDArray[np.int64]) -> NDArray[np.int32]:
    """List the zones that some units are in, ascending: local number to zone."""
    return np.unique(zone[units])


def _sub_csr(
    csr: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]],
    units: NDArray[np.int64],
    n: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    # Only the rows of `units` are touched: the cost is that of the part, not of the town.
    indptr, indices, edge = csr
    local = np.full(n, -1, np.int32)
    local[units] = np.arange(len(units))
    start, degree = indptr[units], indptr[units + 1] - indptr[units]
    shift = np.repeat(start - np.concatenate([[0], degree.cumsum()[:-1]]), degree)
    entry = np.arange(int(degree.sum())) + shift
    stays = local[indices[entry]] >= 0
    row = np.repeat(np.arange(len(units)), degree)[stays]
    counts = np.bincount(row, minlength=len(units))
    return (
        np.concatenate([[0], counts.cumsum()]).astype(np.int32),
        local[indices[entry[stays]]],
        edge[entry[stays]],
    )


def solve_task(task: Task) -> NDArray[np.int32]:
    """
    Solve one part by search alone, and give away ground where nobody lives.

    Parameters
    ----------
    task
        The part and where to start.

    Returns
    -------
    NDArray[np.int32]
        Local zone of each unit, every zone in one piece.
    """
    zone = task.zone
    for round_ in range(ROUNDS):
        seed = (*task.seed, round_)
        zone = improve(task.part, zone, task.prices, seed=seed, effort=task.effort)
        if not violation(task.part, zone):
            break
    zone = refine(task.part, zone, task.prices, seed=task.seed, effort=task.effort)
    return absorb_empty(task.part, zone)


def mend_task(task: Task) -> NDArray[np.int32]:
    """
    Solve one part by search, then by exact models where the search leaves something out of range.

    Parameters
    ----------
    task
        The part and where to start.

    Returns
    -------
    NDArray[np.int32]
        Local zone of each unit, every zone in one piece.
    """
    zone = solve_task(task)
    if violation(task.part, zone):
        zone = mend(task.part, zone, task.prices)
        zone = polish(task.part, zone, task.prices, seed=task.seed, effort=task.effort)
    return absorb_empty(task.part, zone)


def absorb_empty(part: Part, zone: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give the ground of zones without households to a neighbour, unless nobody need live there."""
    zone = zone.copy()
    source = sources(part.indptr)
    size = np.bincount(zone, part.households, minlength=len(part.lower))
    is_ghost = (size == 0) & (part.lower > 0) & ~part.is_locked
    while True:
        touch = is_ghost[zone[source]] & ~is_ghost[zone[part.indices]]
        touch &= ~part.is_locked[zone[part.indices]]
        if not touch.any():
            return zone
        first = int(touch.argmax())
        zone[zone == zone[source[first]]] = zone[part.indices[first]]
