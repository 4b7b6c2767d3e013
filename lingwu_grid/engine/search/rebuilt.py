"""A start from nothing: for a part whose grids today are too many, too few or too odd to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from lingwu_grid.engine.search.search import Draft
from lingwu_grid.engine.search.start import cold_start
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from lingwu_grid.engine.search._kernels import Subproblem


def can_be_rebuilt(part: Subproblem) -> bool:
    """Tell whether all zones are alike and free: one owner, one band, nothing that must stay."""
    return (
        len(part.owner_lower) == 1
        and not part.is_fixed.any()
        and not part.is_locked.any()
        and bool((part.pin < 0).all())
        and len(np.unique(part.lower)) == len(np.unique(part.upper)) == 1
    )


def rebuilt(part: Subproblem, draft: Draft, seed: int) -> Draft:
    """
    Cut all ground anew along random spanning trees, and number the zones by whose homes they hold.

    Parameters
    ----------
    part
        Units and zones, all alike: see :func:`can_be_rebuilt`.
    draft
        Given back where the part has too few numbers for what was cut.
    seed
        Same seed, same zones.

    Returns
    -------
    Draft
        Every zone in one piece, as near the range as the trees allowed; the numbers are those
        that move the fewest households (Kuhn 1955).
    """
    band = (max(int(part.lower[0]), 1), int(part.upper[0]))
    label = np.zeros(len(draft.zone), np.int32)
    made = cold_start(part.indptr, part.indices, part.households, label, band=band, seed=seed)
    n_made, n = int(made.max()) + 1, len(part.lower)
    if n_made > n:
        return draft
    held = np.zeros((n_made, n))
    np.add.at(held, (made[sources(part.home_indptr)], part.home_zone), part.home_households)
    number = linear_sum_assignment(held, maximize=True)[1].astype(np.int32)
    return Draft(number[made], draft.owner)
