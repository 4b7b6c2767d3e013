"""The solver as a recipe: lawful start, communities, grids inside each, count what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.bounds import unconditional
from lingwu_grid.engine.communities import settle_communities, zone_graph
from lingwu_grid.engine.feasibility import explain, zone_bands
from lingwu_grid.engine.labels import relabel
from lingwu_grid.engine.levels import (
    Task,
    Town,
    local_zones,
    make_part,
    make_tasks,
    mend_task,
    open_csr,
    solve_task,
)
from lingwu_grid.engine.parallel import run_all
from lingwu_grid.engine.problem import Bound, Problem, Solution, Stop, Watch, never, silent
from lingwu_grid.engine.start import attach_pieces, cold_start, open_borders

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    stop: Stop = never,
    workers: int = 1,
    watch: Watch = silent,
) -> Solution:
    """
    Find a lawful plan that moves few households.

    Parameters
    ----------
    problem
        The town and its rules.
    seed
        Same problem, same seed: same plan, on any number of workers.
    stop
        Asked between parts; parts not yet solved keep the lawful pieces of today's plan.
    workers
        Parts solved at a time.
    watch
        Told phase, households out of range and households moved.

    Returns
    -------
    Solution
        The plan, its bound, and explanations where it is not lawful.
    """
    town = _start(problem, seed)
    watch("起始方案", *_counts(problem, town))
    town = _solve_parts(problem, town, seed, stop=stop, workers=workers, watch=watch)
    if not stop():
        town = _mend_across(problem, town, seed)
    if problem.keeps_today:
        town = relabel(problem, town)
    explanations = explain(problem, town)
    watch("方案完成", *_counts(problem, town))
    return Solution(
        grid_of_unit=town.zone,
        community_of_grid=town.community,
        bound=Bound(unconditional(problem)),
        status="infeasible" if explanations else "feasible",
        explanations=explanations,
    )


def _start(problem: Problem, seed: int) -> Town:
    graph = problem.graph
    if problem.keeps_today:
        zone = attach_pieces(graph, graph.grid_now, graph.community_now)
        today = np.full(int(max(zone.max() + 1, graph.n_grids)), -1, np.int32)
        today[: graph.n_grids] = graph.grid_community
        return _with_communities(problem, zone, today, seed)
    indptr, indices = open_borders(graph)
    if graph.n_communities and problem.community_mode != "redraw":
        label = attach_pieces(graph, graph.community_now, graph.community_now)
    else:
        label = np.int32(graph.n_communities) + cold_start(
            indptr,
            indices,
            graph.households,
            graph.subdistrict,
            seed=seed,
            band=(problem.new_community_lower, problem.new_community_upper),
        )
    zone = cold_start(
        indptr,
        indices,
        graph.households,
        label,
        seed=seed,
        band=(problem.new_lower, problem.new_upper),
    ) + np.int32(graph.n_grids)
    today = np.full(int(zone.max()) + 1, -1, np.int32)
    today[zone] = label
    if graph.n_communities and problem.community_mode != "redraw":
        return _with_communities(problem, zone, today, seed)
    return Town(zone, today)


def _with_communities(
    problem: Problem, zone: NDArray[np.int32], today: NDArray[np.int32], seed: int
) -> Town:
    graph = problem.graph
    if problem.community_mode == "redraw" or not graph.n_communities:
        indptr, indices = zone_graph(problem, zone)
        size = np.bincount(zone, graph.households).astype(np.int64)
        street = np.zeros(len(size), np.int32)
        street[zone] = graph.subdistrict
        drawn = cold_start(
            indptr,
            indices,
            size,
            street,
            seed=seed,
            band=(problem.new_community_lower, problem.new_community_upper),
        )
        return Town(zone, drawn + np.int32(graph.n_communities))
    if problem.community_mode == "fixed" and (today[np.unique(zone)] >= 0).all():
        return Town(zone, today)
    return Town(zone, settle_communities(problem, zone, today))


def _solve_parts(
    problem: Problem, town: Town, seed: int, *, stop: Stop, workers: int, watch: Watch
) -> Town:
    tasks = make_tasks(problem, town, seed)
    solved = run_all(lambda item: item[1].zone if stop() else solve_task(item[1]), tasks, workers)
    now = town
    for number, ((units, _), local) in enumerate(zip(tasks, solved, strict=True), start=1):
        now = _with_part(problem, now, units, local)
        if number % max(1, len(tasks) // 8) == 0:
            watch(f"社区 {number}/{len(tasks)}", *_counts(problem, now))
    return now


def _with_part(
    problem: Problem, town: Town, units: NDArray[np.int64], local: NDArray[np.int32]
) -> Town:
    """Write a part's zones back; spare zones it used get new numbers in the town."""
    zones = local_zones(town.zone, units)
    community = town.community.tolist()
    of_unit = town.community[town.zone[units]]
    number = np.full(max(int(local.max()) + 1, len(zones)), -1, np.int32)
    number[: len(zones)] = zones
    for spare in np.unique(local[local >= len(zones)]).tolist():
        number[spare] = len(community)
        weight = problem.graph.households[units] * (local == spare)
        community.append(int(np.bincount(of_unit, weight).argmax()))
    zone = town.zone.copy()
    zone[units] = number[local]
    return Town(zone, np.array(community, np.int32))


def _mend_across(problem: Problem, town: Town, seed: int) -> Town:
    """Mend what no community could mend alone, over the borders of its neighbours."""
    bad = np.flatnonzero(zone_shortage(problem, town) > 0)
    if not len(bad) or problem.community_mode == "fixed":
        return town
    indptr, indices = zone_graph(problem, town.zone)
    near = set(town.community[bad].tolist())
    for z in np.flatnonzero(np.isin(town.community, list(near))).tolist():
        if z + 1 < len(indptr):
            near |= set(town.community[indices[indptr[z] : indptr[z + 1]]].tolist())
    inside = np.isin(town.community[town.zone], list(near))
    return _across(problem, town, seed, inside, mend_task)


def _across(
    problem: Problem,
    town: Town,
    seed: int,
    inside: NDArray[np.bool_],
    work: Callable[[Task], NDArray[np.int32]],
) -> Town:
    """Work on each street as one part; communities are settled again, the better town is kept."""
    graph = problem.graph
    better = town
    csr = open_csr(problem)
    inside = inside & ~_is_locked_community(problem, town.community[town.zone])
    for street in np.unique(graph.subdistrict[inside]).tolist():
        units = np.flatnonzero(inside & (graph.subdistrict == street))
        part, start = make_part(problem, better, units, csr)
        task = Task(part, start, problem.prices, (seed, 10_000 + street), problem.effort)
        better = _with_part(problem, better, units, work(task))
    if problem.community_mode == "adjust" and graph.n_communities:
        better = Town(better.zone, settle_communities(problem, better.zone, better.community))
    return better if _worth(problem, better) < _worth(problem, town) else town


def _is_locked_community(problem: Problem, community: NDArray[np.int32]) -> NDArray[np.bool_]:
    locked = problem.graph.community_is_locked
    known = (community >= 0) & (community < len(locked))
    held: NDArray[np.bool_] = np.append(locked, False)[np.where(known, community, -1)]
    return known & held


def _worth(problem: Problem, town: Town) -> tuple[int, int]:
    """Rank a town: things out of range first, then the weighted households moved."""
    graph = problem.graph
    away = (graph.community_now >= 0) & (graph.community_now != town.community[town.zone])
    crossed = int(graph.households[away].sum())
    moved = moved_households(problem, town) + problem.community_weight * crossed
    return len(explain(problem, town)), moved


def _counts(problem: Problem, town: Town) -> tuple[int, int]:
    return int(zone_shortage(problem, town).sum()), moved_households(problem, town)


def zone_shortage(problem: Problem, town: Town) -> NDArray[np.int64]:
    """Count the households that each zone is out of range by, shape (n_zones,)."""
    n = len(town.community)
    size = np.bincount(town.zone, problem.graph.households, minlength=n).astype(np.int64)
    present = np.bincount(town.zone, minlength=n) > 0
    lower, upper = zone_bands(problem, n)
    short: NDArray[np.int64] = np.maximum(np.maximum(lower - size, size - upper), 0) * present
    return short


def moved_households(problem: Problem, town: Town) -> int:
    """Count the households whose grid changes; those without a grid today do not count."""
    graph = problem.graph
    owner = np.repeat(np.arange(graph.n_units), np.diff(graph.home_indptr))
    away = town.zone[owner] != graph.home_grid
    return int(graph.home_households[away].sum())
