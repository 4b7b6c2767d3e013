"""The lower level: the grids inside one community, searched, mended, and solved exactly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.exact.branching import Limits, Solved, solve_connected, solve_exact
from lingwu_grid.engine.exact.extract import Model, placed, zones_model
from lingwu_grid.engine.instance import CAREFUL, FREE, GROUND, ORDERED, Proof, Stop, never
from lingwu_grid.engine.search.openings import recounted
from lingwu_grid.engine.search.rebuilt import can_be_rebuilt, rebuilt
from lingwu_grid.engine.search.search import (
    Draft,
    annealed,
    best_of,
    improve,
    owners_short,
    price_of,
    rank,
    refine,
    seeded,
    short_of,
    state_of,
    violation,
)
from lingwu_grid.engine.town.kicks import kicked
from lingwu_grid.engine.town.levels import absorb_empty
from lingwu_grid.engine.town.mend import BROAD, HASTY, Patience, mend
from lingwu_grid.engine.town.polish import polish
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from lingwu_grid.engine.search._kernels import Prices, Subproblem
    from lingwu_grid.engine.town.levels import Task

STARTS = 12
"""Starts of the search of a part, until it is in range; exact models mend what they leave."""

QUICK_RINGS = 4
"""How far beyond its ground a zone may reach in a quick model: a sixth of the time."""

QUICK_STARTS = 4
"""Starts of the search that a quick model begins from: it changes that less."""

CROWDED, CROWDED_STARTS = 0.03, 6
"""Share of a bound that the mean of a community's grids may be near it before other numbers of
grids are tried, and in how many starts: five grids of 500 where six would have room are the dearer
plan, and one that the next new household breaks."""

MOST_PAIRS = 12_000
"""Pairs of a unit and a zone above which a community is searched on, not solved."""

FEWER_PAIRS = 4500
"""The same where grids are cut anew: minutes of a model are no use to a border."""

FREE_LIMITS = Limits(nodes=10, gap=1e-3)
LARGE_FREE_LIMITS = Limits(nodes=1, gap=0.05)
LARGE, TOO_LARGE = 3500, 6000
"""Pairs of a unit and a zone above which a connected model comes last, roughly; and not at all."""

FREE_ROUNDS = 1

POLISHED_EFFORT = 100
"""Search effort, in per cent, from which a search is followed by exact models of a few grids."""

CLOSE = 0.005
"""Share over the bound of every contiguous plan that is not worth another solution."""

REBUILDS = 8
"""Starts from nothing, at most, where no start from today's grids comes into range."""

MENDING_HEATS = (12.0, 60.0, 120.0, 30.0)
"""First heats of the searches that bring communities into range together."""

NEAR_STEPS_PER_UNIT = 600
NEAR_HEATS = (6.0, 0.05)


def search_task(task: Task, stop: Stop = never) -> Draft:
    """
    Solve one part by search alone, and give away ground where nobody lives.

    Parameters
    ----------
    task
        The part and where to start.
    stop
        Asked before starting.

    Returns
    -------
    Draft
        Every zone in one piece.
    """
    if stop():
        return task.draft
    part, draft = task.part, task.draft
    zone = recounted(part, draft.zone, draft.owner, seeded(*task.seed, 90))
    found = _improved(task, Draft(zone, draft.owner))
    if violation(part, found) and (zone != draft.zone).any():
        # The wished-for number is a wish, the range is the law.
        found = best_of(part, task.prices, found, _improved(task, draft))
    for number in range(REBUILDS if can_be_rebuilt(part) else 0):
        state = state_of(part, found)
        if not short_of(state.size, part.lower, part.upper).any() or stop():
            break  # a compound in too many parts is no reason to begin from nothing
        start = rebuilt(part, draft, seeded(*task.seed, 95, number)[0] % (1 << 31))
        again = improve(
            part, start, task.prices, starts=2, seed=(*task.seed, 96, number), effort=task.effort,
            until_lawful=True,
        )  # fmt: skip
        found = best_of(part, task.prices, found, again)
    if is_crowded(part, found) and not stop():
        more = improve(
            part, Draft(zone, draft.owner), task.prices, starts=CROWDED_STARTS,
            seed=(*task.seed, 97), effort=task.effort,
        )  # fmt: skip
        found = best_of(part, task.prices, found, more)
    return absorb_empty(part, found)


def is_crowded(part: Subproblem, draft: Draft) -> bool:
    """Tell whether the zones of one owner are on average so near a bound that one more may do."""
    size = np.bincount(draft.zone, part.households, len(part.lower))
    used = size > 0
    if len(part.owner_lower) > 1 or not used.any():
        return False
    mean, lower, upper = size[used].mean(), part.lower[used].mean(), part.upper[used].mean()
    return bool(mean > (1 - CROWDED) * upper or mean < (1 + CROWDED) * lower)


def _improved(task: Task, draft: Draft) -> Draft:
    return improve(
        task.part, draft, task.prices, starts=STARTS, seed=task.seed, effort=task.effort,
        until_lawful=True,
    )  # fmt: skip


def mend_task(task: Task, patience: Patience, stop: Stop = never) -> Draft:
    """
    Mend one part by exact models round what is out of range; with patience, after more search.

    Parameters
    ----------
    task
        The part and where to start.
    patience
        How hard to try.
    stop
        Asked between searches and models.

    Returns
    -------
    Draft
        Every zone in one piece.
    """
    part, draft = task.part, task.draft
    # Between communities a search finds what models of a few grids cannot: a long way round.
    # Whether it does is luck, so that many short ones are better than a long one.
    steps = len(draft.zone) * patience.steps_per_unit * max(task.effort, 20) // 100
    for number in range(patience.searches):
        if not owners_short(part, draft).any() or stop():
            break
        heats = (MENDING_HEATS[number % len(MENDING_HEATS)], 0.05)
        seed = (*task.seed, 80 + number)
        found = annealed(part, draft, task.prices, heats=heats, steps=steps, seed=seed)
        draft = best_of(part, task.prices, draft, found)
    # A search between communities leaves grids a few households short: mostly quickly mended.
    # What is left then takes one large model sooner than many middling ones.
    draft = mend(part, draft, task.prices, HASTY, stop)
    draft = kicked(
        part, draft, task.prices, tries=patience.kicks, seed=(*task.seed, 120), stop=stop
    )
    for how in (BROAD, patience) if patience.is_thorough else ():
        draft = mend(part, draft, task.prices, how, stop)
    return absorb_empty(task.part, draft)


def refine_task(task: Task, stop: Stop = never, *, workers: int = 1) -> Draft:
    """
    Search on in one part that is in range: fewer moves, where no exact model will be solved.

    Parameters
    ----------
    task
        The part and where to start.
    stop
        Asked before starting, and between models.
    workers
        Models solved at a time.

    Returns
    -------
    Draft
        Ranks at least as well, every zone in one piece.
    """
    if stop():
        return task.draft
    draft = improve(
        task.part, task.draft, task.prices, starts=8, seed=(*task.seed, 40), effort=task.effort
    )
    draft = refine(task.part, draft, task.prices, seed=task.seed, effort=task.effort)
    if task.effort >= POLISHED_EFFORT:
        draft = polish(task.part, draft, task.prices, workers=workers, stop=stop)
    return absorb_empty(task.part, draft)


class Proven(NamedTuple):
    """The assignment of a community, and what was proved of it."""

    draft: Draft
    proof: Proof | None
    """None where the model was stopped or is too large, or nothing lawful was found."""
    free: Draft | None = None
    """The answer to the model with no rule but contiguity, where that came out in pieces."""
    dual: float = 0.0
    """Dual bound of that model."""


def prove_task(task: Task, stop: Stop = never, most: int = MOST_PAIRS) -> Proven:
    """
    Solve one community exactly.

    A small one first with no rule but contiguity: often the answer comes out in one piece, and is
    the best there is. Else with orders from the cores of the grids, which lean on the shape that
    the grids have.

    Parameters
    ----------
    task
        One community, searched.
    stop
        Asked while solving.
    most
        Pairs of a unit and a zone above which the community is searched on, not solved.

    Returns
    -------
    Proven
        Ranks at least as well as what it started from.
    """
    part, prices = task.part, proof_prices(task.prices, len(task.units))
    model = _whole_model(part, task.draft, prices)
    if stop() or not len(model.zones):
        return Proven(task.draft, None)
    if task.gap > CAREFUL:
        draft = improve(
            part, task.draft, task.prices, starts=QUICK_STARTS, seed=(*task.seed, 40),
            effort=task.effort,
        )  # fmt: skip
        task = task._replace(draft=draft)
    elif model.exact.cost.size > min(most, TOO_LARGE):
        # Orders lean on the shape they start from: a good one, where no free answer lends one.
        task = task._replace(draft=refine_task(task, stop))
    if model.exact.cost.size > most:
        return Proven(task.draft, None)
    free, bound = None, 0.0
    if model.exact.cost.size <= LARGE and task.gap <= CAREFUL:
        solved = solve_connected(model.exact, FREE_LIMITS, rounds=FREE_ROUNDS, stop=stop)
        free, bound = _answer(part, task.draft, model, solved), solved.bound
        if solved.is_contiguous:
            best = best_of(part, prices, task.draft, free)
            return Proven(best, _proof(task, best, model, (bound, bound), FREE))
    return _ordered(task, task.draft, free, bound, stop)


def reprove_task(task: Task, proven: Proven, stop: Stop = never) -> Proven:
    """
    Solve a community once more, with orders from the shape that the free answer would have.

    Parameters
    ----------
    task
        As it was proved.
    proven
        What came of that, by orders.
    stop
        Asked while solving.

    Returns
    -------
    Proven
        Ranks at least as well.
    """
    if stop() or proven.proof is None or proven.proof.method != ORDERED or task.gap > CAREFUL:
        return proven
    part, prices = task.part, proof_prices(task.prices, len(task.units))
    free, bound = proven.free, proven.dual
    if free is None:
        model = _whole_model(part, proven.draft, prices)
        if model.exact.cost.size > TOO_LARGE:
            return proven
        solved = solve_connected(model.exact, LARGE_FREE_LIMITS, rounds=FREE_ROUNDS, stop=stop)
        free, bound = _answer(part, proven.draft, model, solved), solved.bound
        if solved.is_contiguous:
            best = best_of(part, prices, proven.draft, free)
            return Proven(best, _proof(task, best, model, (bound, bound), FREE))
    if stop() or price_of(part, proven.draft, prices) < (1 + CLOSE) * bound:
        return proven
    again = _ordered(task, _searched(task, free), free, bound, stop)
    is_better = rank(part, again.draft, prices) < rank(part, proven.draft, prices)
    return again if again.proof is not None and is_better else proven


def _ordered(task: Task, shape: Draft, free: Draft | None, dual: float, stop: Stop) -> Proven:
    """Solve with orders from the shape of an assignment; `free`, `dual` are known already."""
    part, prices = task.part, proof_prices(task.prices, len(task.units))
    model = _whole_model(part, shape, prices)
    # HiGHS presolves these models for seconds and finds little: without it the bounds are as good
    # in a half to a tenth of the time.
    limits = Limits(nodes=10, gap=task.gap, presolve="off")
    if task.gap > CAREFUL:
        limits = limits._replace(nodes=1, rings=QUICK_RINGS)
    solved = None if stop() else solve_exact(model.exact, limits, stop)
    if solved is None:
        return Proven(task.draft, None)
    best = best_of(part, prices, shape, _answer(part, shape, model, solved))
    proof = _proof(task, best, model, (solved.bound, dual), ORDERED)
    return Proven(best_of(part, task.prices, task.draft, best), proof, free, dual)


def _searched(task: Task, draft: Draft) -> Draft:
    """Search on from an assignment that may be out of range, without straying far from it."""
    steps = len(draft.zone) * NEAR_STEPS_PER_UNIT
    return annealed(
        task.part, draft, task.prices, heats=NEAR_HEATS, steps=steps, seed=(*task.seed, 61)
    )


def _whole_model(part: Subproblem, draft: Draft, prices: Prices) -> Model:
    zones = np.unique(draft.zone).astype(np.int64)
    return zones_model(part, draft, prices, zones[~part.is_locked[zones]])


def _answer(part: Subproblem, draft: Draft, model: Model, solved: Solved) -> Draft:
    return absorb_empty(part, placed(draft, model, solved.zone))


def proof_prices(prices: Prices, units: int) -> Prices:
    """Price households alone; ground so little that all of it weighs less than one household."""
    return prices._replace(ground=min(GROUND, 0.4 / units), border=0.0, community=0.0, measure=0.0)


def _proof(
    task: Task, draft: Draft, model: Model, duals: tuple[float, float], method: str
) -> Proof | None:
    if violation(task.part, draft) or task.prices.deviation:
        return None
    moved = moved_in(task.part, draft)
    outside = moved - moved_in(task.part, draft, model)
    # All the ground together weighs less than half a household.
    # A wish for a number of grids is no household: the bound is that of plans as near to it.
    idle = 0.4 + missed_count(task.part, draft) * task.prices.zones
    bound, free = (outside + max(0, math.ceil(dual - idle - 1e-6)) for dual in duals)
    exact = model.exact
    is_old = (model.zones < len(task.zones)) & (method == ORDERED)
    return Proof(
        community=int(task.owners[0]),
        method=method,
        bound=min(moved, bound),
        free_bound=min(moved, free),
        moved=moved,
        units=len(model.units),
        zones=len(model.zones),
        cores=tuple(task.units[model.units[exact.core[is_old]]].tolist()),
    )


def missed_count(part: Subproblem, draft: Draft) -> int:
    """Count the zones that owners have too many or too few of."""
    count = state_of(part, draft).owner_count
    return int(np.abs(count - part.owner_zones)[part.owner_zones >= 0].sum())


def moved_in(part: Subproblem, draft: Draft, model: Model | None = None) -> int:
    """Count the households of a part, or of a model in it, that leave their zone."""
    owner = sources(part.home_indptr)
    gone = part.home_zone != draft.zone[owner]
    if model is not None:
        gone &= np.isin(owner, model.units)
    return int(part.home_households[gone].sum())
