"""Between communities: buildings and grids change community where sizes ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.exact.branching import Limits, solve_exact
from lingwu_grid.engine.exact.extract import placed, zones_model
from lingwu_grid.engine.instance import Instance, Stop, never
from lingwu_grid.engine.search.search import (
    Draft,
    annealed,
    best_of,
    breaks_owner,
    owners_short,
    rank,
)
from lingwu_grid.engine.town.levels import Csr, Task, Town, make_task, with_task
from lingwu_grid.engine.town.parallel import run_all
from lingwu_grid.engine.town.tally import community_sizes
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.search._kernels import Subproblem

STEPS_PER_UNIT = 60
HEATS = (4.0, 12.0, 30.0)
"""First heats of the searches over a street, until its communities are in range."""

BORDER_ZONES = 8
"""Zones of an exact model of the border between two communities."""

LIMITS = Limits(nodes=40, gap=3e-3)

MOST_NEIGHBOURS = 12
SPARE = 300
"""Households a neighbourhood should have to spare, what its middle lacks already taken off."""

MOST_PAIRS = 1500
"""Units times zones of such a model; larger ones take longer than they are worth."""


def street_tasks(instance: Instance, town: Town, csr: Csr, seed: int) -> list[Task]:
    """
    Cut out the communities of each street that may change together.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment.
    csr
        Open borders of the town.
    seed
        Seed of the run.

    Returns
    -------
    list[Task]
        One a street with two such communities or more.
    """
    street = instance.graph.subdistrict
    community = town.community[town.zone]
    free = ~is_locked_community(instance, community)
    tasks = []
    for s in np.unique(street[free]).tolist():
        units = np.flatnonzero(free & (street == s))
        if len(np.unique(community[units])) > 1:
            tasks.append(make_task(instance, town, units, csr, seed=(seed, 10_000 + s)))
    return tasks


def is_locked_community(instance: Instance, community: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which communities keep their ground, shape of `community`."""
    n = instance.graph.n_communities
    locked = np.append(instance.graph.community_is_locked, False)
    return np.asarray(locked[np.where(community < n, community, n)], np.bool_)


def balance_street(task: Task, stop: Stop = never) -> Draft:
    """
    Bring the communities of a street into range, building by building.

    Parameters
    ----------
    task
        A street.
    stop
        Asked between searches.

    Returns
    -------
    Draft
        Every zone and every community in one piece.
    """
    draft = task.draft
    steps = len(draft.zone) * STEPS_PER_UNIT * max(task.effort, 20) // 100
    for number, hot in enumerate(HEATS):
        if stop():
            break
        found = annealed(
            task.part, draft, task.prices, heats=(hot, 0.05), steps=steps,
            seed=(*task.seed, number),
        )  # fmt: skip
        draft = best_of(task.part, task.prices, draft, found)
        if not owners_short(task.part, draft).any():
            break
    return draft


def refine_street(task: Task, *, heats: tuple[float, ...], steps: int, stop: Stop = never) -> Draft:
    """
    Search on over a whole street: fewer households that change grid or community.

    Parameters
    ----------
    task
        A street.
    heats
        First heat of each search.
    steps
        Steps a unit of each search.
    stop
        Asked between searches.

    Returns
    -------
    Draft
        Ranks at least as well, every zone and every community in one piece.
    """
    draft = task.draft
    for number, hot in enumerate(heats):
        if stop():
            break
        found = annealed(
            task.part, draft, task.prices, heats=(hot, 0.05),
            steps=len(draft.zone) * steps * task.effort // 100, seed=(*task.seed, 40 + number),
        )  # fmt: skip
        draft = best_of(task.part, task.prices, draft, found)
    return draft


def neighbourhoods(instance: Instance, town: Town, csr: Csr, wanted: list[int]) -> list[list[int]]:
    """
    List communities with those that touch them and may change with them, no two in common.

    Where those have too few households to spare for what the one in the middle is out of range
    by, the next ring of communities comes along, up to `MOST_NEIGHBOURS` in all.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment.
    csr
        Open borders of the town.
    wanted
        Communities in the middle of a neighbourhood, the first served first.

    Returns
    -------
    list[list[int]]
        The community in the middle comes first; those of `wanted` that another neighbourhood
        has taken are left out.
    """
    pairs = _touching(instance, town, csr)
    sizes = community_sizes(instance, town)
    spare = np.stack([sizes.households - sizes.lower, sizes.upper - sizes.households])
    taken: set[int] = set()
    found = []
    for c in wanted:
        # Too small asks for households above the minimum, too large for room below the maximum.
        side = 0 if sizes.households[c] - sizes.fall[c] < sizes.lower[c] else 1
        near = [c, *pairs[pairs[:, 0] == c, 1].tolist()]
        while sizes.short[c] and spare[side, near].sum() < SPARE and len(near) < MOST_NEIGHBOURS:
            ring = np.setdiff1d(pairs[np.isin(pairs[:, 0], near), 1], near).tolist()
            if not ring:
                break
            near += ring[: MOST_NEIGHBOURS - len(near)]
        if not taken & set(near):
            taken |= set(near)
            found.append(near)
    return found


def _touching(instance: Instance, town: Town, csr: Csr) -> NDArray[np.int32]:
    """List the pairs of unlocked communities of one street that touch, both ways round."""
    community = town.community[town.zone]
    source, street = sources(csr.indptr), instance.graph.subdistrict
    free = ~is_locked_community(instance, community)
    use = free[source] & free[csr.indices] & (street[source] == street[csr.indices])
    pairs = np.stack([community[source[use]], community[csr.indices[use]]], axis=1)
    return np.asarray(np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0), np.int32)


def border_rounds(instance: Instance, town: Town, csr: Csr) -> list[list[tuple[int, int]]]:
    """
    List the pairs of touching communities where households changed community.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment.
    csr
        Open borders of the town.

    Returns
    -------
    list[list[tuple[int, int]]]
        Rounds; the pairs of a round share no community, so that they may be solved at once.
    """
    graph = instance.graph
    community = town.community[town.zone]
    moved = (graph.community_now != community) & (graph.community_now >= 0)
    changed = np.unique(community[moved & (graph.households > 0)])
    pairs = _touching(instance, town, csr)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    return apart([(int(a), int(b)) for a, b in pairs[np.isin(pairs, changed).any(axis=1)]])


def apart(pairs: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """
    Put pairs in rounds of which no two share a member, in order.

    Examples
    --------
    >>> apart([(1, 2), (2, 3), (4, 5)])
    [[(1, 2), (4, 5)], [(2, 3)]]
    """
    left, rounds = pairs, []
    while left:
        taken: set[int] = set()
        now: list[tuple[int, int]] = []
        for pair in left:
            if not taken & set(pair):
                taken |= set(pair)
                now.append(pair)
        rounds.append(now)
        left = [pair for pair in left if pair not in now]
    return rounds


def solve_border(task: Task, stop: Stop = never) -> Draft:
    """
    Solve exactly the zones along the border of two communities.

    Parameters
    ----------
    task
        Two communities.
    stop
        Asked while solving.

    Returns
    -------
    Draft
        Ranks at least as well as what it started from; communities stay in one piece.
    """
    part, draft = task.part, task.draft
    zones = _border_zones(part, draft)
    units = np.isin(draft.zone, zones).sum()
    if stop() or len(zones) < 2 or units * len(zones) > MOST_PAIRS:
        return draft
    prices = task.prices._replace(border=0.0)
    model = zones_model(part, draft, prices, zones, spare=0)
    solved = solve_exact(model.exact, LIMITS, stop)
    if solved is None:
        return draft
    found = placed(draft, model, solved.zone)
    if breaks_owner(part, draft, found) or rank(part, found, prices) >= rank(part, draft, prices):
        return draft
    return found


def _border_zones(part: Subproblem, draft: Draft) -> NDArray[np.int64]:
    """List the unlocked zones on the border between the owners, the longest contact first."""
    source = sources(part.indptr)
    owner = draft.owner[draft.zone]
    across = owner[source] != owner[part.indices]
    contact = np.bincount(draft.zone[source[across]], minlength=len(part.lower))
    contact[part.is_locked] = 0
    order = np.argsort(-contact, kind="stable")[:BORDER_ZONES]
    return np.sort(order[contact[order] > 0])


def solve_borders(
    instance: Instance, town: Town, csr: Csr, seed: int, *, workers: int, stop: Stop
) -> Town:
    """
    Solve the borders between communities that moved, pair by pair.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment.
    csr
        Open borders of the town.
    seed
        Seed of the run.
    workers
        Pairs solved at a time; the result does not depend on it.
    stop
        Asked while solving.
    """
    for pairs in border_rounds(instance, town, csr):
        if stop():
            break
        community = town.community[town.zone]
        tasks = [
            make_task(
                instance, town, np.flatnonzero(np.isin(community, pair)), csr,
                seed=(seed, 20_000, *pair),
            )
            for pair in pairs
        ]  # fmt: skip
        drafts = list(run_all(lambda task: solve_border(task, stop), tasks, workers))
        for task, draft in zip(tasks, drafts, strict=True):
            town = with_task(town, task, draft)
    return town
