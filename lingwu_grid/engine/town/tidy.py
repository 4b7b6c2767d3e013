"""Border quality, once the moves are fixed: borders on lines, no needles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.engine.instance import CAREFUL, Stop, never
from lingwu_grid.engine.search.search import Draft, annealed, price_of, violation
from lingwu_grid.engine.town.levels import absorb_empty

if TYPE_CHECKING:
    from lingwu_grid.engine.town.levels import Task

FIRM = 1000.0
"""Price of a household moved while borders are tidied: no border is worth one."""

BORDER = 0.05
"""Price of a metre of border off the lines: 20 m of it weigh like one unit that changes grid."""

STEPS_PER_UNIT = 1000
QUICK_SHARE = 3
"""A part of a large study takes a third of them."""


def tidy_task(task: Task, stop: Stop = never) -> Draft:
    """
    Straighten the borders of one part without moving one household more.

    Ground where nobody lives moves freely, and so do buildings whose households move either way.

    Parameters
    ----------
    task
        A community, solved.
    stop
        Asked before starting.

    Returns
    -------
    Draft
        As many households moved as before or fewer, nothing more out of range.
    """
    draft = task.draft
    if stop() or not task.prices.moved:
        return draft
    firm = task.prices._replace(
        moved=FIRM, community=FIRM * task.prices.community, violation=20 * FIRM,
        border=BORDER, ground=1.0,
        deviation=FIRM * task.prices.deviation, measure=FIRM * task.prices.measure,
    )  # fmt: skip
    loose = firm._replace(deviation=firm.deviation or 0.01)
    steps = len(draft.zone) * STEPS_PER_UNIT * task.effort // 100
    if task.gap > CAREFUL:
        steps //= QUICK_SHARE
    found = annealed(task.part, draft, loose, heats=(8.0, 0.2), steps=steps, seed=(*task.seed, 70))
    found = absorb_empty(task.part, found)
    same = violation(task.part, found) <= violation(task.part, draft)
    better = price_of(task.part, found, loose) < price_of(task.part, draft, loose)
    return found if same and better else draft
