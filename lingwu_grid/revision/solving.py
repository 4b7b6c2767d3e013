"""A plan as changed by offices: its labels, and the least that makes them lawful again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.instance import Bound, Solution, Stop, never, pose
from lingwu_grid.engine.solve import solve
from lingwu_grid.engine.town.affected import least_affected
from lingwu_grid.engine.town.bounds import unconditional, unconditional_communities
from lingwu_grid.engine.town.feasibility import explain
from lingwu_grid.engine.town.levels import Town as Labels
from lingwu_grid.engine.town.tally import moved_households
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.graph import indptr_of
from lingwu_grid.lawful import run_status
from lingwu_grid.planning.naming import Kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.graph import UnitGraph
    from lingwu_grid.planning.record import PlanRecord


LITTLE_TO_DO = 10
"""A reviewed plan is lawful but for a few units: a tenth of the usual search finds them."""


@dataclass(frozen=True)
class Numbered:
    """
    The zones of a plan, numbered; new grids of a patch come last.

    Parameters
    ----------
    grid_ids, community_ids
        By number.
    today_ids
        Of grids, as today's map has them: another code where one passed to another community.
    community
        Of each grid.
    grid
        Of each unit, shape (n_units,).
    n_named
        Grids of the plan: those that have an id already.
    """

    grid_ids: tuple[str, ...]
    today_ids: tuple[str, ...]
    community_ids: tuple[str, ...]
    community: NDArray[np.int32]
    grid: NDArray[np.int32]
    n_named: int


@dataclass(frozen=True)
class Wish:
    """
    What the offices want, as numbers.

    Parameters
    ----------
    zones
        Of the plan, and new grids.
    grid
        Of each unit, as wished, shape (n_units,).
    pinned
        Units that stay where they are wished, shape (n_units,).
    kept
        Grids that the offices want left alone, shape (n_grids,).
    """

    zones: Numbered
    grid: NDArray[np.int32]
    pinned: NDArray[np.bool_]
    kept: NDArray[np.bool_]


def number_zones(record: PlanRecord, new_grids: dict[str, str]) -> Numbered:
    """Number the zones of a plan, and the grids that a patch opens, by community."""
    communities = tuple(record.communities["community_id"])
    code = {c: i for i, c in enumerate(communities)}
    ids = (*record.grids["grid_id"], *new_grids)
    owner = [*record.grids["community_id"], *new_grids.values()]
    place = {g: i for i, g in enumerate(ids)}
    was = {new: old for old, new in record.recoded.items()}
    return Numbered(
        grid_ids=ids,
        today_ids=tuple(was.get(g, g) for g in ids),
        community_ids=communities,
        community=np.array([code[c] for c in owner], np.int32),
        grid=np.array([place[g] for g in record.units["grid_id"]], np.int32),
        n_named=len(record.grids),
    )


def mended(
    fabric: Fabric,
    rules: Rules,
    wish: Wish,
    *,
    locked: NDArray[np.bool_],
    communities_change: bool,
    seed: int = 0,
    stop: Stop = never,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """
    Make an assignment lawful by moving few households from where it has them.

    The solver is told that the assignment is today's map, so that its least change is the least
    change from what the offices and the plan agreed on.

    Parameters
    ----------
    fabric, rules
        Of the study.
    wish
        Where the units are to be.
    locked
        Grids that keep their units, shape (n_grids,), beside those the offices want kept.
    communities_change
        Whether households may change community.
    seed, stop
        As for :func:`~lingwu_grid.engine.solve.solve`.

    Returns
    -------
    tuple
        Grid of each unit and community of each grid; grids beyond `zones` are new.
    """
    quick = rules.with_(
        prove=False,
        communities="adjust" if communities_change else "fixed",
        effort=max(rules.effort // LITTLE_TO_DO, 1),
    )
    graph = _as_today(build_graph(fabric, quick), fabric, quick, wish, locked | wish.kept)
    instance = replace(pose(graph, quick), recuts=False)  # what nobody asked for stays
    solution = solve(instance, seed=seed, stop=stop)
    return solution.grid_of_unit, solution.community_of_grid


def _as_today(
    graph: UnitGraph,
    fabric: Fabric,
    rules: Rules,
    wish: Wish,
    locked: NDArray[np.bool_],
) -> UnitGraph:
    zones, grid, pinned = wish.zones, wish.grid, wish.pinned
    places, lived = fabric.places, graph.households > 0
    old = _places_of(zones.today_ids, places.grid_ids)
    home = _places_of(zones.community_ids, places.community_ids)
    street = np.zeros(len(zones.community_ids), np.int32)
    street[zones.community[grid]] = graph.subdistrict
    unit = np.flatnonzero(lived)
    # What may not change need not be mended: its size is within its bounds, whatever it is.
    size = np.bincount(grid, graph.households, minlength=len(locked)).astype(np.int64)
    whole = np.bincount(zones.community, size, minlength=len(home)).astype(np.int64)
    still = np.bincount(zones.community, ~locked, minlength=len(home)) == 0
    lower = _taken(graph.grid_lower, old, rules.grid.lower)
    upper = _taken(graph.grid_upper, old, rules.grid.upper)
    least = _taken(graph.community_lower, home, rules.community.lower)
    most = _taken(graph.community_upper, home, rules.community.upper)
    return replace(
        graph,
        home_indptr=indptr_of(unit, len(grid)),
        home_grid=grid[lived].astype(np.int32),
        home_households=graph.households[lived],
        grid_now=grid.astype(np.int32),
        community_now=zones.community[grid],
        pin=np.where(pinned, grid, -1).astype(np.int32),
        grid_community=zones.community,
        grid_lower=np.where(locked, np.minimum(lower, size), lower),
        grid_upper=np.where(locked, np.maximum(upper, size), upper),
        grid_is_locked=_taken(graph.grid_is_locked, old, 0).astype(np.bool_) | locked,
        grid_is_enclave=_taken(graph.grid_is_enclave, old, 0).astype(np.bool_),
        community_subdistrict=street,
        community_lower=np.where(still, np.minimum(least, whole), least),
        community_upper=np.where(still, np.maximum(most, whole), most),
        community_is_locked=_taken(graph.community_is_locked, home, 0).astype(np.bool_),
    )


def _places_of(ids: tuple[str, ...], known: tuple[str, ...]) -> NDArray[np.int64]:
    """Give the number of each id among today's; one past the last for a new one."""
    place = {k: i for i, k in enumerate(known)}
    return np.array([place.get(i, len(known)) for i in ids], np.int64)


def _taken(values: NDArray[np.generic], at: NDArray[np.int64], default: int) -> NDArray[np.int64]:
    return np.append(values.astype(np.int64), default)[at]


def as_solution(
    fabric: Fabric,
    rules: Rules,
    zones: Numbered,
    grid: NDArray[np.int32],
    community: NDArray[np.int32],
) -> tuple[Solution, Kept]:
    """
    Measure an assignment against today's map.

    Parameters
    ----------
    fabric, rules
        Of the study.
    zones
        Of the plan.
    grid, community
        What :func:`mended` gave.

    Returns
    -------
    tuple
        The solution with the bound that holds for every plan; and the ids that grids and
        communities of the plan, which are not today's, keep: grids where their community is still
        the same.
    """
    places = fabric.places
    number = _numbers(zones.today_ids, places.grid_ids, len(community))
    owner = _numbers(zones.community_ids, places.community_ids, int(community.max()) + 1)
    of_grid = np.full(max(int(number.max()) + 1, len(places.grid_ids)), -1, np.int32)
    of_grid[number] = np.where(community >= 0, owner[community], -1)
    instance = pose(build_graph(fabric, rules), rules)
    labels = Labels(number[grid].astype(np.int32), of_grid)
    wrong = explain(instance, labels)
    solution = Solution(
        grid_of_unit=labels.zone,
        community_of_grid=labels.community,
        moved=moved_households(instance, labels),
        bound=Bound(
            unconditional=unconditional(instance),
            unconditional_communities=unconditional_communities(instance),
            either=least_affected(instance),
        ),
        status=run_status(e.cause for e in wrong),
        explanations=wrong,
    )
    stays = (community[: zones.n_named] == zones.community[: zones.n_named]).tolist()
    return solution, Kept(
        {
            n: code
            for n, code, here in zip(number.tolist(), zones.grid_ids, stays, strict=False)
            if here and code not in places.grid_ids
        },
        {n: code for n, code in zip(owner.tolist(), zones.community_ids, strict=False)
         if code not in places.community_ids},
    )  # fmt: skip


def _numbers(ids: tuple[str, ...], known: tuple[str, ...], count: int) -> NDArray[np.int64]:
    """Number zones as the records do: today's by their place, the others after them."""
    at = np.append(_places_of(ids, known), np.full(max(count - len(ids), 0), len(known)))
    fresh = at == len(known)
    at[fresh] = len(known) + np.arange(int(fresh.sum()))
    return at
