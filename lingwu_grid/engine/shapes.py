"""What a solver is told of geometry: prices of outlines and of borders, in households."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Shape(Protocol):
    """Prices the outline of a zone: its necks and fingers."""

    def __call__(self, units: NDArray[np.int64]) -> float:
        """Give the price of a zone of these units, ascending, in households."""


class BorderPrices(Protocol):
    """Prices borders as they are drawn in the end, in households."""

    def border(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
        """Price the border off the lines between zones of these units, ascending, and its bends."""

    def necks(self, units: NDArray[np.int64]) -> float:
        """Price the necks and fingers of a zone of these units, ascending."""


def shapeless(units: NDArray[np.int64]) -> float:
    """Price no outline: where only numbers are known."""
    _ = units
    return 0.0
