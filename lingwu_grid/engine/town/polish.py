"""Polish: exact models of a few neighbouring zones at a time, until none moves fewer households.

For parts too large to be solved whole: what the search left improvable between two, three or four
zones is found, what takes a longer way round is not (a large neighbourhood search in the sense of
Shaw 1998, with an exact solver for each neighbourhood).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.exact.branching import Limits, solve_exact
from lingwu_grid.engine.exact.extract import placed, zones_model
from lingwu_grid.engine.search.search import Draft, breaks_owner, rank
from lingwu_grid.engine.town.mend import zones_around
from lingwu_grid.engine.town.parallel import run_all
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Stop
    from lingwu_grid.engine.search._kernels import Prices, Subproblem

ZONES = 4
"""Zones of a neighbourhood."""

MOST_PAIRS = 1500
"""Units times zones of a model; a larger neighbourhood is left as it is."""

LIMITS = Limits(nodes=10, gap=2e-3)


def polish(part: Subproblem, draft: Draft, prices: Prices, *, workers: int, stop: Stop) -> Draft:
    """
    Solve neighbourhoods of zones that have moved households, until none can be improved.

    Parameters
    ----------
    part
        Units and zones.
    draft
        The assignment, every zone in one piece.
    prices
        What a move costs.
    workers
        Neighbourhoods solved at a time; the result does not depend on it.
    stop
        Asked between rounds and while solving.

    Returns
    -------
    Draft
        Ranks at least as well, every zone in one piece.
    """
    waiting = set(_moved_zones(part, draft).tolist())
    while waiting and not stop():
        waiting &= set(draft.zone.tolist())  # a zone may have been closed since
        areas = _disjoint(part, draft, sorted(waiting))
        now = draft
        work = partial(_solved, part, now, prices, stop)
        answers = run_all(work, areas, workers)
        for zones, answer in zip(areas, answers, strict=True):
            waiting -= {int(zones[0])}
            found = _merged(draft, now, answer)
            if rank(part, found, prices) < rank(part, draft, prices) and not breaks_owner(
                part, draft, found
            ):
                draft = found
                waiting |= set(zones.tolist()) - {int(zones[0])}
    return draft


def _moved_zones(part: Subproblem, draft: Draft) -> NDArray[np.int64]:
    """List the unlocked zones that hold households from elsewhere, the most first."""
    owner = sources(part.home_indptr)
    gone = part.home_zone != draft.zone[owner]
    arrived = np.bincount(
        draft.zone[owner[gone]], part.home_households[gone], minlength=len(part.lower)
    )
    arrived[part.is_locked] = 0
    return np.flatnonzero(arrived > 0)


def _disjoint(part: Subproblem, draft: Draft, centres: list[int]) -> list[NDArray[np.int64]]:
    """Choose neighbourhoods round some of the centres, no zone in two of them."""
    taken: set[int] = set()
    chosen = []
    for centre in centres:
        zones = zones_around(part, draft, centre, ZONES)
        if not taken & set(zones.tolist()):
            taken |= set(zones.tolist())
            chosen.append(zones)
    return chosen


def _solved(
    part: Subproblem, draft: Draft, prices: Prices, stop: Stop, zones: NDArray[np.int64]
) -> Draft:
    if np.isin(draft.zone, zones).sum() * len(zones) > MOST_PAIRS:
        return draft
    model = zones_model(part, draft, prices, zones, spare=0)
    solved = solve_exact(model.exact, LIMITS, stop)
    return draft if solved is None else placed(draft, model, solved.zone)


def _merged(draft: Draft, before: Draft, answer: Draft) -> Draft:
    """Take over what an answer changed."""
    return Draft(np.where(answer.zone != before.zone, answer.zone, draft.zone), draft.owner)
