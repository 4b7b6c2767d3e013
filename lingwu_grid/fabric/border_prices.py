"""What two zones cost by the border between them as it will be drawn, not as its cells run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.fabric.courses import courses_of, edges_of, solid_of
from lingwu_grid.fabric.outlines import BEND_M
from lingwu_grid.fabric.taut import drawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.courses import Edges
    from lingwu_grid.fabric.outlines import Outlines
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study


JOG_M = 2.0
"""What is gone once a drawn course is simplified by so much is no bend."""

MOST_BENDS = 1.5 / 100
"""Bends a metre, more than one of them, from which a course is a zigzag."""

ZIGZAG_M = 400.0
"""Metres of border that a zigzag weighs more: about half of what a neck costs."""


class DrawnBorders:
    """
    Price of two zones: their necks, and the border off the lines between them once it is drawn.

    Parameters
    ----------
    study
        Buildings and homes, which a border keeps clear of.
    fabric
        Units as cells.
    outlines
        Prices of necks, and where outlines bend.
    """

    def __init__(self, study: Study, fabric: Fabric, outlines: Outlines) -> None:
        self._study, self._fabric, self._outlines = study, fabric, outlines
        self._shapes = fabric.units.geometry.to_numpy()
        self._metre = study.rules.border_weight / 1000

    @cached_property
    def _edges(self) -> Edges:
        return edges_of(self._fabric)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(solid_of(self._study))

    def necks(self, units: NDArray[np.int64]) -> float:
        """Give the price of the necks and fingers of a zone, households."""
        return self._outlines.necks(units)

    def border(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
        """
        Give the price of the border off the lines between two zones, its bends too, households.

        Parameters
        ----------
        a, b
            Units of the zones, ascending.
        """
        side = np.full(len(self._shapes), -1, np.int32)
        side[a], side[b] = 0, 1
        p, q = side[self._edges.a], side[self._edges.b]
        mine = self._edges.where((p >= 0) & (q >= 0) & (p != q))
        return self._metre * sum(
            self.weigh(drawn(course, self._shapes, self._tree)) for course in courses_of(mine, side)
        )

    def weigh(self, path: NDArray[np.float64]) -> float:
        """Give the metres of a course, with those that a bend off the lines and a zigzag weigh."""
        length = float(np.hypot(*np.diff(path, axis=0).T).sum())
        seen = shapely.get_coordinates(shapely.simplify(shapely.linestrings(path), JOG_M))
        bends = self._outlines.bends.along(seen)
        return length + 2 * BEND_M * bends + ZIGZAG_M * is_zigzag(bends, length)


def is_zigzag(bends: int, length: float) -> bool:
    """Tell whether a course of so many metres bends too often to be followed on the ground."""
    return bends > 1 and bends > MOST_BENDS * length
