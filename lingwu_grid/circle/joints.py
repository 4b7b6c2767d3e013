"""Joints: ends of streets that nearly meet another, joined as a walker takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.audit.lines import NEARLY_M
from lingwu_grid.circle.network import NODE_M

if TYPE_CHECKING:
    from numpy.typing import NDArray


def joints(
    ground: NDArray[np.object_], others: NDArray[np.object_], walls: NDArray[np.object_]
) -> NDArray[np.object_]:
    """
    Lead from each loose end to what it nearly meets.

    Parameters
    ----------
    ground
        Streets that meet one another wherever they cross, metres, shape (n,).
    others
        Bridges, tunnels and one-way streets: they meet others at their ends only.
    walls
        Lines that cannot be passed: an end before a wall stays loose.

    Returns
    -------
    numpy.ndarray
        Links of at most `NEARLY_M` metres, the tolerance of the check; none where all streets
        meet.
    """
    lines = np.concatenate([ground, others])
    if not len(ground):
        return np.empty(0, object)
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    own = np.tile(np.arange(len(lines)), 2)
    end, line = shapely.STRtree(lines).query(ends, "dwithin", distance=NODE_M)
    loose = np.setdiff1d(np.arange(len(ends)), end[line != own[end]])
    # What is not on the ground may be met at its ends only.
    above = np.isin(own, np.arange(len(ground), len(lines)))
    aim = np.concatenate([ground, ends[above]])
    of = np.concatenate([np.arange(len(ground)), own[above]])
    end, met = shapely.STRtree(aim).query(ends[loose], "dwithin", distance=NEARLY_M)
    end = loose[end]
    end, met = end[of[met] != own[end]], met[of[met] != own[end]]
    links = shapely.shortest_line(ends[end], aim[met])
    links = links[shapely.length(links) > 0]
    if len(walls):
        stopped, _ = shapely.STRtree(walls).query(links, "intersects")
        links = np.delete(links, np.unique(stopped))
    made: NDArray[np.object_] = links
    return made
