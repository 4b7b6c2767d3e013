"""Ground where nobody lives stays with a grid whose households stay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import pose
from lingwu_grid.engine.town.ground import NECK, keep_ground, untouched
from lingwu_grid.engine.town.levels import Town, open_csr
from lingwu_grid.graph import pieces
from tests.engine.towns import lattice_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RULES = Rules(community=Band(1, 10**6))
HOMES = [0, 300, 100, 0, 300, 0]
"""A row: an empty unit at each end, and one between the homes of two grids."""
NOW = [0, 0, 0, 0, 1, 1]


def kept(
    zone: list[int],
    homes: list[int] = HOMES,
    now: list[int] = NOW,
    shape: Callable[[NDArray[np.int64]], float] = lambda _: 0.0,
    rules: Rules = RULES,
) -> list[int]:
    instance = pose(lattice_graph(len(zone), 1, homes, now), rules, shape)
    town = Town(np.array(zone, np.int32), np.zeros(4, np.int32))
    return keep_ground(instance, town, open_csr(instance)).zone.tolist()


@pytest.mark.parametrize(
    ("zone", "answer"),
    [
        ([0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1]),
        ([0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1]),  # both are untouched: the park goes back
        ([0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1]),  # both changed: the park may go with the homes
        ([0, 0, 2, 2, 1, 1], [0, 0, 2, 2, 1, 1]),  # 0 lost homes; 1 has all it had
        ([2, 2, 2, 2, 1, 1], [2, 2, 2, 2, 1, 1]),  # a number of its own is no grid of today
    ],
)
def test_a_park_goes_back_to_a_grid_that_nobody_left(zone: list[int], answer: list[int]) -> None:
    assert kept(zone) == answer


def test_ground_stays_where_a_zone_would_fall_apart_without_it() -> None:
    # Grid 2 moved into the row on both sides of the park of grid 0, which is its only way.
    homes, now = [300, 0, 300, 100], [0, 0, 1, 1]
    assert kept([0, 1, 1, 1], homes, now) == [0, 0, 1, 1]
    bridge = lattice_graph(3, 1, [150, 0, 150], [1, 0, 1])
    bridge = replace(bridge, home_grid=np.array([1, 0, 1], np.int32))
    instance = pose(bridge, RULES)
    town = Town(np.array([1, 1, 1], np.int32), np.zeros(2, np.int32))
    assert keep_ground(instance, town, open_csr(instance)).zone.tolist() == [1, 1, 1]


@pytest.mark.parametrize(("price", "answer"), [(NECK, 0), (NECK + 0.1, 1)])
def test_no_neck_is_made_for_a_park(price: float, answer: int) -> None:
    def shape(units: NDArray[np.int64]) -> float:
        return price if units.tolist() == [4, 5] else 0.0

    # The last unit leaves grid 1: without the park, what is left of it is no outline of today.
    zone, homes, now = [0, 0, 0, 1, 1, 1, 2], [*HOMES, 40], [*NOW, 1]
    assert kept(zone, homes, now, shape)[3] == answer


def test_a_neck_of_today_is_nobodys_choice() -> None:
    def shape(units: NDArray[np.int64]) -> float:
        return 10 * NECK if units.tolist() in ([4, 5], [0, 1, 2, 3]) else 0.0

    assert kept([0, 0, 0, 1, 1, 1], shape=shape) == NOW


def test_a_plan_from_nothing_keeps_no_ground() -> None:
    assert kept([0, 0, 0, 1, 1, 1], rules=RULES.with_(scenario="redraw"))[3] == 1


@settings(max_examples=80)
@given(st.integers(0, 10_000))
def test_nobody_moves_and_nothing_falls_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    now = (np.arange(30) % 6 // 2).astype(np.int32)
    homes = np.where(rng.random(30) < 0.5, 0, 40)
    instance = pose(lattice_graph(6, 5, homes.tolist(), now.tolist()), RULES)
    zone = now.copy()
    for u in rng.integers(0, 30, 6).tolist():
        moved = zone.copy()
        moved[u] = rng.integers(0, 3)
        csr = open_csr(instance)
        if pieces(csr.indptr, csr.indices, moved).max() == 2:
            zone = moved
    town = Town(zone, np.zeros(3, np.int32))
    after = keep_ground(instance, town, open_csr(instance)).zone
    lived = homes > 0
    assert (after[lived] == zone[lived]).all()
    assert (
        pieces(csr.indptr, csr.indices, after).max() <= pieces(csr.indptr, csr.indices, zone).max()
    )
    calm = untouched(instance, zone)
    assert (untouched(instance, after) >= calm).all()
    assert (after != now).sum() <= (zone != now).sum()
