"""Colours of the zones of one map: no two alike, neighbours far apart, none that alarms."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.colors import to_hex

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIGHTNESS, CHROMA = (0.92, 0.82, 0.74), 0.085
"""Of Oklab: pale enough to be written on."""
TOUCHING_M = 1.0
ROUNDS = 3
"""Times that every two zones are asked to swap."""
LMS = np.array([(1.0, 0.3963377774, 0.2158037573), (1.0, -0.1055613458, -0.0638541728),
                (1.0, -0.0894841775, -1.2914855480)])  # fmt: skip
RGB = np.array([(4.0767416621, -3.3077115913, 0.2309699292),
                (-1.2684380046, 2.6097574011, -0.3413193965),
                (-0.0041960863, -0.7034186147, 1.7076147010)])  # fmt: skip
"""From Oklab over cone responses to linear sRGB (Ottosson 2020)."""


def distinct(shapes: NDArray[np.object_]) -> list[str]:
    """
    Choose a colour for each zone of a map.

    Parameters
    ----------
    shapes
        Zones, metres, shape (n,).

    Returns
    -------
    list[str]
        As ``#rrggbb``, no two alike; neighbours as far apart as swaps can make them, in Oklab, a
        space in which distances are as one sees them.
    """
    n = len(shapes)
    turn = np.arange(n) * (2 * np.pi / max(n, 1))
    light = np.resize(LIGHTNESS, n)
    lab = np.stack([light, CHROMA * np.cos(turn), CHROMA * np.sin(turn)], axis=1)
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=TOUCHING_M)
    beside = [b[(a == zone) & (b != zone)] for zone in range(n)]
    chosen = np.arange(n)

    def least(zone: int) -> float:
        return float(apart[chosen[zone], chosen[beside[zone]]].min(initial=np.inf))

    for _ in range(ROUNDS):
        for i, j in combinations(range(n), 2):
            before = min(least(i), least(j))
            chosen[[i, j]] = chosen[[j, i]]
            if min(least(i), least(j)) <= before:
                chosen[[i, j]] = chosen[[j, i]]
    return [to_hex(colour) for colour in _srgb(lab)[chosen]]


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.clip((lab @ LMS.T) ** 3 @ RGB.T, 0.0, 1.0)
    out: NDArray[np.float64] = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return out
