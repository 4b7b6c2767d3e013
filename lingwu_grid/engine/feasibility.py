"""Is a plan lawful, and if not, why: what stands out of range, with the cause where one shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.causes import fits, region_causes
from lingwu_grid.engine.problem import Explanation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.levels import Town
    from lingwu_grid.engine.problem import Problem


def explain(problem: Problem, town: Town) -> tuple[Explanation, ...]:
    """
    Name what stands out of range in an assignment, with the cause where counting shows it.

    Parameters
    ----------
    problem
        The town and its rules.
    town
        The best assignment found.

    Returns
    -------
    tuple[Explanation, ...]
        Causes: those of :func:`~lingwu_grid.engine.causes.region_causes`, `count_gap_grids` (a
        community whose households no number of grids can hold), `unit_over_limit` (one unit
        above the maximum), `grid_without_households` (no row lies in it),
        `count_gap_communities` (a street's households that no number of communities can hold),
        `grid_out_of_range`, `community_out_of_range`. Empty for a lawful plan.
    """
    grids, communities = _grids(problem, town), _communities(problem, town)
    told = _over_size_units(problem)
    if not grids and not communities:
        return tuple(told)
    told += region_causes(problem)
    # What a region's own cause explains is not told twice.
    where = np.zeros(problem.graph.n_units, np.bool_)
    where[[u for item in told for u in item.units]] = True
    lived = problem.graph.households > 0
    told += [
        item
        for item in grids
        if not where[lived & np.isin(town.zone, item.grids)].all()
        or item.cause == "grid_without_households"
    ]
    return (*told, *communities)


def faults(problem: Problem, town: Town) -> int:
    """Count the communities with a grid out of range, and those out of range themselves."""
    return len(_grids(problem, town)) + len(_communities(problem, town))


def _over_size_units(problem: Problem) -> list[Explanation]:
    heavy = np.flatnonzero(problem.graph.households > problem.new_upper)
    most = problem.upper.max() if len(problem.upper) else problem.new_upper
    now = problem.graph.grid_now
    return [
        Explanation(
            "unit_over_limit",
            int(problem.graph.households[u]),
            grids=(int(now[u]),) if now[u] >= 0 else (),
            unit=int(u),
            units=(int(u),),
        )
        for u in heavy
        if problem.graph.households[u] > most
    ]


def zone_bands(problem: Problem, n_zones: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the fewest and most households of every zone, new ones included."""
    lower = np.full(n_zones, problem.new_lower, np.int64)
    upper = np.full(n_zones, problem.new_upper, np.int64)
    old = min(n_zones, len(problem.lower))
    lower[:old], upper[:old] = problem.lower[:old], problem.upper[:old]
    return lower, upper


def _grids(problem: Problem, town: Town) -> list[Explanation]:
    graph = problem.graph
    n = len(town.community)
    size = np.bincount(town.zone, graph.households, minlength=n).astype(np.int64)
    present = np.bincount(town.zone, minlength=n) > 0
    lower, upper = zone_bands(problem, n)
    bad = present & ((size < lower) | (size > upper))
    told = []
    for c in np.unique(town.community[bad]).tolist():
        grids = np.flatnonzero(bad & (town.community == c))
        inside = present & (town.community == c)
        total = int(size[inside].sum())
        gap = not fits(total, problem.new_lower, problem.new_upper)
        if not size[grids].any():
            told.append(
                Explanation(
                    "grid_without_households", 0, communities=(c,), grids=tuple(grids.tolist())
                )
            )
            continue
        told.append(
            Explanation(
                "count_gap_grids" if gap else "grid_out_of_range",
                total if gap else int((np.maximum(lower - size, size - upper))[grids].sum()),
                communities=(c,),
                grids=tuple(grids.tolist()),
            )
        )
    return told


def _communities(problem: Problem, town: Town) -> list[Explanation]:
    graph = problem.graph
    n = max(graph.n_communities, int(town.community.max(initial=-1)) + 1)
    size = np.bincount(town.community[town.zone], graph.households, minlength=n).astype(np.int64)
    present = np.bincount(town.community[town.zone], minlength=n) > 0
    lower = np.full(n, problem.new_community_lower, np.int64)
    upper = np.full(n, problem.new_community_upper, np.int64)
    lower[: graph.n_communities] = graph.community_lower
    upper[: graph.n_communities] = graph.community_upper
    bad = np.flatnonzero(present & ((size < lower) | (size > upper)))
    street = np.zeros(n, np.int64)
    street[town.community[town.zone]] = graph.subdistrict
    plain = (lower == problem.new_community_lower) & (upper == problem.new_community_upper)
    return [_why_community(problem, int(c), size, plain & (street == street[c])) for c in bad]


def _why_community(
    problem: Problem, c: int, size: NDArray[np.int64], together: NDArray[np.bool_]
) -> Explanation:
    """Tell whether the communities of its street could be in range at all, by count."""
    total = int(size[together].sum())
    if fits(total, problem.new_community_lower, problem.new_community_upper):
        return Explanation("community_out_of_range", int(size[c]), communities=(c,))
    return Explanation("count_gap_communities", total, communities=(c,))
