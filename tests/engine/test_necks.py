"""Necks are opened where that is worth it, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import never, pose
from lingwu_grid.engine.town import necks
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.engine.town.necks import new_necks, open_necks
from tests.engine.towns import row_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

RULES = Rules(grid=Band(1, 10**6), community=Band(1, 10**6))
NOW = [0, 0, 1, 1]
WITHOUT_ITS_TAIL, WITH_IT = [0, 1, 1, 1], [0, 0, 0, 1]
"""The two in the middle go together: one or the other changes its grid."""


class Drawn:
    """Prices as they would be drawn: some sets of units are necked."""

    def __init__(self, *necked: list[int]) -> None:
        self.necked = necked

    def border(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
        """Price no border."""
        return 0.0 * (len(a) + len(b))

    def necks(self, units: NDArray[np.int64]) -> float:
        """Price them as dear."""
        return 5000.0 * self.is_necked(units)

    def is_necked(self, units: NDArray[np.int64]) -> bool:
        """Tell whether they are of these sets."""
        return units.tolist() in self.necked


def opened(drawn: Drawn | None, *, stops: bool = False) -> list[int]:
    """Open the necks of a row of four, where twenty would change grid in place of ten."""
    graph = row_graph([5000, 10, 20, 5000], NOW)
    graph = replace(
        graph, group=np.array([-1, 0, 0, -1], np.int32), group_parts=np.ones(1, np.int32)
    )
    instance = pose(graph, RULES, drawn=drawn)
    town = Town(np.array(WITHOUT_ITS_TAIL, np.int32), np.zeros(2, np.int32))
    stop = never if not stops else lambda **_: True
    return open_necks(instance, town, 0, stop=stop, workers=1).zone.tolist()


@pytest.mark.parametrize(
    ("dearest", "after"), [(10, WITH_IT), (9, WITHOUT_ITS_TAIL)], ids=["worth it", "one too many"]
)
def test_a_neck_is_opened_for_as_many_households_as_it_is_worth(
    monkeypatch: pytest.MonkeyPatch, dearest: int, after: list[int]
) -> None:
    monkeypatch.setattr(necks, "DEAREST", dearest)
    assert opened(Drawn([1, 2, 3])) == after


@pytest.mark.parametrize(
    "drawn",
    [
        None,
        Drawn(),
        Drawn([1, 2, 3], [2, 3]),  # the grid has one today
        Drawn([1, 2, 3], [3]),  # it would have one then, too
        Drawn([1, 2, 3], [0, 1, 2]),  # the other would
    ],
    ids=["not drawn", "none", "today's", "its own again", "the other's"],
)
def test_nothing_is_opened_that_need_not_or_cannot_be(drawn: Drawn | None) -> None:
    assert opened(drawn) == WITHOUT_ITS_TAIL


def test_it_stops_when_it_is_told() -> None:
    assert opened(Drawn([1, 2, 3])) == WITH_IT
    assert opened(Drawn([1, 2, 3]), stops=True) == WITHOUT_ITS_TAIL


def test_new_necks_are_those_of_no_grid_that_is_necked_today() -> None:
    town = Town(np.array([2, 0, 0, 1], np.int32), np.zeros(3, np.int32))
    drawn = Drawn([0], [1, 2])
    assert new_necks(drawn, town, frozenset()) == [0, 2]
    assert new_necks(drawn, town, frozenset({2})) == [0]
