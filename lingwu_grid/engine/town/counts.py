"""A wished-for number of grids, shared out over the communities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.town.tally import zone_sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance
    from lingwu_grid.engine.town.levels import Town

CLEAR = 0.1
"""Share of the range that the mean size of a community's grids keeps clear of both bounds: whole
buildings do not fill grids to the last household."""


def shared_out(instance: Instance, town: Town) -> NDArray[np.int64]:
    """
    Share the wished-for number of grids out over the communities.

    Parameters
    ----------
    instance
        With `target_grids`.
    town
        The assignment; its communities stay, its numbers of grids are where counting begins.

    Returns
    -------
    NDArray[np.int64]
        Grids with households that each community should have, shape (n_communities,). The sum
        is the wish, or as near to it as the range of a grid allows.
    """
    sizes = zone_sizes(instance, town)
    lower, upper = instance.new_lower, instance.new_upper
    lived = np.flatnonzero(sizes.is_present & (sizes.households > 0))
    plain = (sizes.lower[lived] == lower) & (sizes.upper[lived] == upper)
    old = lived < instance.graph.n_grids
    plain[old] &= ~instance.graph.grid_is_locked[lived[old]]
    n = int(town.community.max()) + 1
    kept = np.bincount(town.community[lived[~plain]], minlength=n)
    free = town.community[lived[plain]]
    count = np.bincount(free, minlength=n).astype(np.int64)
    households = np.bincount(free, sizes.households[lived[plain]], minlength=n)
    clear = CLEAR * (upper - lower)
    fewest = np.ceil(households / (upper - clear)).astype(np.int64)
    most = np.floor(households / (lower + clear)).astype(np.int64)
    step = 1 if instance.target_grids > int((count + kept).sum()) else -1
    for _ in range(abs(instance.target_grids - int((count + kept).sum()))):
        # The next grid is opened where grids are largest, and closed where they are smallest.
        can = (count < most) if step > 0 else (count > np.maximum(fewest, 1))
        if not can.any():
            break
        mean = households / np.maximum(count + step, 1)
        count[int(np.where(can, step * mean, -np.inf).argmax())] += step
    return count + kept
