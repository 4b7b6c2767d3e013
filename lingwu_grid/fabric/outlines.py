"""Outlines: how narrow a zone of some units gets, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

NARROW_M = 20.0
"""Width below which a part of a zone is a neck or a finger."""

SPECK_M2 = 200.0
"""A piece of a zone, once its necks are cut, that is too small to count."""

LOST_SHARE = 0.02
"""Share of a zone's ground that may be narrower before it counts as fingers."""


def openings(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """
    Tell how far polygons are from being swept by a disc of `NARROW_M`.

    Parameters
    ----------
    shapes
        Polygons, metres, shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n, 2): pieces more than the polygon has once its necks are cut (morphological
        opening, Serra 1982), and the share of its ground that is lost.
    """
    opened = shapely.buffer(shapely.buffer(shapes, -NARROW_M / 2), NARROW_M / 2)
    more = _pieces(opened) - _pieces(shapes)
    area = np.maximum(shapely.area(shapes), 1e-9)
    lost = 1.0 - shapely.area(opened) / area
    return np.stack([np.maximum(more, 0), np.maximum(lost, 0.0)], axis=1)


def _pieces(shapes: NDArray[np.object_]) -> NDArray[np.int64]:
    parts, of = shapely.get_parts(shapes, return_index=True)
    large = shapely.area(parts) > SPECK_M2
    return np.bincount(of[large], minlength=len(shapes)).astype(np.int64)


def is_necked(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which polygons have a neck or fingers narrower than `NARROW_M`, shape (n,)."""
    found = openings(shapes)
    return np.asarray((found[:, 0] > 0) | (found[:, 1] > LOST_SHARE), np.bool_)


class Outlines:
    """
    Price of the outline of a zone, for the solver: it knows units, not polygons.

    Parameters
    ----------
    shapes
        Polygon of each unit, metres.
    weight
        Price of a necked zone, households.
    """

    def __init__(self, shapes: NDArray[np.object_], weight: float) -> None:
        self._shapes, self._weight = shapes, weight
        self._known: dict[bytes, float] = {}

    def __call__(self, units: NDArray[np.int64]) -> float:
        """
        Give the price of a zone of these units.

        A neck costs the weight, and half of it more for each piece it parts; so do fingers over
        the share allowed. Below that, half the weight in proportion: a zone that is nearly
        necked is worse than one that is not.
        """
        key = units.astype(np.int64).tobytes()
        if key not in self._known:
            shape = shapely.coverage_union_all(self._shapes[units])
            (more, lost), *_ = openings(np.array([shape], object)).tolist()
            price = (more > 0) + 0.5 * more + (lost > LOST_SHARE)
            price += 0.5 * min(lost / LOST_SHARE, 2.0)
            self._known[key] = float(self._weight * price)
        return self._known[key]
