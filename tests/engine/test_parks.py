"""Parks come home where a search makes up for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import never, pose
from lingwu_grid.engine.town import parks
from lingwu_grid.engine.town.ground import NECK, astray, keep_ground, touched
from lingwu_grid.engine.town.levels import Town, open_csr
from lingwu_grid.engine.town.parks import bring_parks_home
from lingwu_grid.engine.town.tally import (
    affected_households,
    community_sizes,
    moved_households,
    zone_sizes,
)
from lingwu_grid.graph import pieces
from tests.engine.towns import lattice_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RULES = Rules(community=Band(1, 10**6))

# Grid 0 and its park on top, grid 1 beside it ten households short, grid 2 below.
HOMES = [400, 0, 290, 0, 20, 20, 100, 100, 160]
NOW = [0, 0, 1, 2, 2, 2, 2, 2, 2]
THROUGH_THE_PARK = [0, 1, 1, 2, 1, 2, 2, 2, 2]
BESIDE_IT = [0, 0, 1, 2, 2, 1, 2, 2, 2]


def brought(
    zone: list[int],
    homes: list[int] = HOMES,
    shape: Callable[[NDArray[np.int64]], float] = lambda _: 0.0,
    rules: Rules = RULES,
) -> list[int]:
    instance = pose(lattice_graph(3, 3, homes, NOW), rules, shape)
    town = Town(np.array(zone, np.int32), np.zeros(5, np.int32))
    town = keep_ground(instance, town, open_csr(instance))
    assert town.zone.tolist() == zone
    return bring_parks_home(instance, town, 0, stop=never, workers=1).zone.tolist()


def test_a_grid_that_went_through_a_park_goes_round_it() -> None:
    assert brought(THROUGH_THE_PARK) == BESIDE_IT


def test_two_parks_of_one_grid_come_home_together() -> None:
    # One alone would leave the grid with other ground than today, and be worth nothing.
    homes = [290, 0, 400, 0, 290, 20, 20, 0, 20, 20, 80, 80, 40, 80, 80]
    now = [1, 0, 0, 0, 3, *[2] * 10]
    through = [1, 1, 0, 3, 3, 2, 1, 2, 3, 2, *[2] * 5]
    instance = pose(lattice_graph(5, 3, homes, now), RULES)
    town = Town(np.array(through, np.int32), np.zeros(6, np.int32))
    after = bring_parks_home(instance, town, 0, stop=never, workers=1)
    assert after.zone.tolist() == [1, 0, 0, 0, 3, 1, 2, 2, 2, 3, *[2] * 5]


def test_a_park_stays_where_the_other_grid_would_be_too_large_beside_it() -> None:
    homes = [400, 0, 290, 0, 20, 230, 50, 50, 100]
    assert brought(THROUGH_THE_PARK, homes) == THROUGH_THE_PARK


@pytest.mark.parametrize(("price", "comes"), [(NECK - 1.5, True), (NECK + 0.5, False)])
def test_a_park_is_worth_less_than_a_neck(price: float, comes: bool) -> None:  # noqa: FBT001
    def shape(units: NDArray[np.int64]) -> float:
        return price if 2 in units and 1 not in units else 0.0

    assert brought(THROUGH_THE_PARK, shape=shape) == (BESIDE_IT if comes else THROUGH_THE_PARK)


def test_round_a_park_a_grid_is_drawn_afresh_where_the_way_beside_it_is_a_neck() -> None:
    def shape(units: NDArray[np.int64]) -> float:
        return 2 * NECK if units.tolist() == [2, 5] else 0.0

    assert brought(THROUGH_THE_PARK, shape=shape) == [0, 0, 1, 2, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(("beside", "comes"), [(320, True), (321, False)])
def test_households_affected_are_weighed_too(beside: int, comes: bool) -> None:  # noqa: FBT001
    # The homes beside the park are many: who goes there is not worth a park.
    homes = [400, 0, 290, 0, 20, beside, 100, 100, 100]
    rules = RULES.with_(grid=Band(300, 700))
    assert brought(THROUGH_THE_PARK, homes, rules=rules) == (
        BESIDE_IT if comes else THROUGH_THE_PARK
    )


def test_a_grid_that_loses_its_park_to_another_has_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns: list[int] = []

    def noted(*args: object) -> None:
        turns.append(int(str(args[1])))

    monkeypatch.setattr(parks, "touched", lambda *_: [0, 1] if turns else [0])
    monkeypatch.setattr(parks, "_brought_home", noted)
    brought(THROUGH_THE_PARK)
    assert turns == [0, 1]


def test_a_plan_from_nothing_brings_none() -> None:
    rules = RULES.with_(scenario="redraw")
    assert brought(THROUGH_THE_PARK, rules=rules) == THROUGH_THE_PARK


def test_what_is_touched_is_counted() -> None:
    instance = pose(lattice_graph(3, 3, HOMES, NOW), RULES)
    zone = np.array(THROUGH_THE_PARK, np.int32)
    assert np.flatnonzero(astray(instance, zone)).tolist() == [1]
    assert len(touched(instance, zone)) == 1
    assert len(touched(instance, np.array(BESIDE_IT, np.int32))) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_nothing_gets_worse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    now = (np.arange(48) % 8 // 2).astype(np.int32)
    homes = np.where(rng.random(48) < 0.4, 0, 50)
    instance = pose(lattice_graph(8, 6, homes.tolist(), now.tolist()), RULES)
    csr, zone = open_csr(instance), now.copy()
    for u in rng.integers(0, 48, 12).tolist():
        moved = zone.copy()
        moved[u] = zone[rng.choice(csr.indices[csr.indptr[u] : csr.indptr[u + 1]])]
        if pieces(csr.indptr, csr.indices, moved).max() == 3:
            zone = moved
    town = keep_ground(instance, Town(zone, np.zeros(4, np.int32)), csr)
    after = bring_parks_home(instance, town, seed, stop=never, workers=1)
    assert len(touched(instance, after.zone)) <= len(touched(instance, town.zone))
    assert pieces(csr.indptr, csr.indices, after.zone).max() == 3
    for sizes in (zone_sizes, community_sizes):
        assert sizes(instance, after).short.sum() <= sizes(instance, town).short.sum()
    gain = len(touched(instance, town.zone)) - len(touched(instance, after.zone))
    more = affected_households(instance, after) - affected_households(instance, town)
    assert more <= parks.DEAREST * gain
    if not gain:
        assert moved_households(instance, after) <= moved_households(instance, town)
