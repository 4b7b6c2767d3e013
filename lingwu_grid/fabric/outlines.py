"""Outlines: how narrow a zone of some units gets, how often it bends, and what that costs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.fabric.adjacency import near_any
from lingwu_grid.fabric.enclosures import ON_LINE_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.fabric.units import Fabric

NARROW_M = 20.0
"""Width below which a part of a zone is a neck or a finger."""

SPECK_M2 = 200.0
"""A piece of a zone, once its necks are cut, that is too small to count."""

LOST_SHARE = 0.02
"""Share of a zone's ground that may be narrower before it counts as fingers."""

THINNED_M = 4.0
"""A bend of cells less deep than this is gone once the border is drawn straight."""

SHARP = np.radians(30.0)
"""Angle from which an outline bends."""

BEND_M = 25.0
"""Metres of border off the lines that a bend weighs, for the zone on either side of it."""


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


class Bends:
    """
    Count the sharp bends of outlines that are on no line.

    Parameters
    ----------
    shapes
        Polygons, metres, whose corners are all the corners that outlines have.
    lines
        Roads, waters, walls and borders of today.
    """

    def __init__(self, shapes: NDArray[np.object_], lines: NDArray[np.object_]) -> None:
        self._lines = shapely.STRtree(lines)
        self._corners = np.unique(_corners(shapes))
        self._is_beside = self._near(self._corners)

    def _near(self, places: NDArray[np.complex128]) -> NDArray[np.bool_]:
        """Tell which places are on a line."""
        return near_any(shapely.points(places.real, places.imag), self._lines, ON_LINE_M)

    def of(self, shape: shapely.Geometry) -> int:
        """Count those of a union of the polygons."""
        count = 0
        for ring in shapely.get_exterior_ring(
            shapely.get_parts(shapely.simplify(shape, THINNED_M))
        ):
            places = _corners(ring)
            way = np.angle(np.diff(places))
            sharp = places[1:][is_sharp(np.diff(way, append=way[0]))]
            count += int((~self._is_beside[np.searchsorted(self._corners, sharp)]).sum())
        return count

    def along(self, path: NDArray[np.float64]) -> int:
        """Count those of a course, which has two ends and may have corners of its own."""
        places = path[:, 0] + 1j * path[:, 1]
        bends = places[1:-1][is_sharp(np.diff(np.angle(np.diff(places))))]
        return int((~self._near(bends)).sum())


def is_sharp(turn: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which turns, radians, are bends: more than `SHARP` to either side."""
    return np.asarray(np.abs((turn + np.pi) % (2 * np.pi) - np.pi) > SHARP, np.bool_)


def _corners(shapes: NDArray[np.object_] | shapely.Geometry) -> NDArray[np.complex128]:
    """Give the corners as numbers that can be looked up: east, and north as the imaginary part."""
    x, y = shapely.get_coordinates(shapes).T
    return np.asarray(x + 1j * y, np.complex128)


class Outlines:
    """
    Price of the outline of a zone, for the solver: it knows units, not polygons.

    Parameters
    ----------
    shapes
        Polygon of each unit, metres.
    weight
        Price of a necked zone, households.
    lines
        What a border may run on: a bend there costs nothing.
    border
        Price of a kilometre of border off the lines, households.
    """

    def __init__(
        self,
        shapes: NDArray[np.object_],
        weight: float,
        lines: NDArray[np.object_],
        border: float,
    ) -> None:
        self._shapes, self._weight = shapes, weight
        self._lines, self._bend = lines, border * BEND_M / 1000
        self._known: dict[bytes, tuple[float, float]] = {}

    @cached_property
    def bends(self) -> Bends:
        """Counts the bends of outlines of these units."""
        return Bends(self._shapes, self._lines)

    def __call__(self, units: NDArray[np.int64]) -> float:
        """
        Give the price of a zone of these units.

        A neck costs the weight, and half of it more for each piece it parts; so do fingers over
        the share allowed. Below that, half the weight in proportion: a zone that is nearly
        necked is worse than one that is not. A bend off the lines costs as much as `BEND_M` of
        border off them.
        """
        return sum(self._rated(units))

    def necks(self, units: NDArray[np.int64]) -> float:
        """Give the price of the necks and fingers of a zone alone."""
        return self._rated(units)[0]

    def _rated(self, units: NDArray[np.int64]) -> tuple[float, float]:
        """Price necks, and bends."""
        key = units.astype(np.int64).tobytes()
        if key not in self._known:
            shape = shapely.coverage_union_all(self._shapes[units])
            (more, lost), *_ = openings(np.array([shape], object)).tolist()
            price = (more > 0) + 0.5 * more + (lost > LOST_SHARE)
            price += 0.5 * min(lost / LOST_SHARE, 2.0)
            turned = self._bend * self.bends.of(shape) if self._bend else 0.0
            self._known[key] = float(self._weight * price), turned
        return self._known[key]


def outlines_of(fabric: Fabric, rules: Rules) -> Outlines:
    """Price the outlines of zones of these units, by the prices of the rules."""
    shapes, lines = fabric.units.geometry.to_numpy(), fabric.lines.shape
    return Outlines(shapes, rules.neck_weight, lines, rules.border_weight)
