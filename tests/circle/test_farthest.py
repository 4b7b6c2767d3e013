"""The farthest walk and the second station, against every choice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lingwu_grid.circle.farthest import least_farthest, twice_covered
from lingwu_grid.circle.models import Demand, Terms
from lingwu_grid.contract.errors import InputError

SITES, HOMES = 7, 25


def town(seed: int, limit: float) -> tuple[Demand, np.ndarray]:
    rng = np.random.default_rng(seed)
    metres = np.hypot(*(rng.random((HOMES, 1, 2)) - rng.random((1, SITES, 2))).transpose(2, 0, 1))
    home, site = np.nonzero(metres <= limit)
    households = rng.integers(0, 30, HOMES)
    return Demand(households, home, site, metres[home, site], SITES), metres


def choices(count: int, today: int) -> list[list[int]]:
    """All choices of so many beside the first, which is open."""
    others = [s for s in range(SITES) if s >= today]
    return [
        [*range(today), *chosen]
        for k in range(count + 1)
        for chosen in itertools.combinations(others, k)
    ]


def terms(count: int, today: int, **more: object) -> Terms:
    is_open = np.arange(SITES) < today
    return Terms(required=is_open, today=is_open, count=count, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("today", [0, 1])
def test_the_farthest_walk_is_that_of_every_choice(seed: int, today: int) -> None:
    demand, metres = town(seed, 9.0)
    lived = demand.households > 0
    for count in (1, 2, 3):
        best = min(
            metres[lived][:, chosen].min(axis=1).max() for chosen in choices(count, today) if chosen
        )
        sited = least_farthest(demand, terms(count, today))
        assert sited.objective == pytest.approx(best)
        assert sited.status == "optimal"
        assert sited.bound == sited.objective
        assert (sited.chosen[today:]).sum() <= count


def test_the_farthest_walk_under_a_budget_keeps_to_it() -> None:
    demand, metres = town(3, 9.0)
    cost = np.array([0.0, 9, 2, 8, 3, 7, 4]) * 1000
    sited = least_farthest(demand, terms(6, 1, cost=cost, budget=9_000.0))
    best = min(
        metres[demand.households > 0][:, chosen].min(axis=1).max()
        for chosen in choices(6, 1)
        if cost[chosen].sum() <= 9_000
    )
    assert sited.objective == pytest.approx(best)
    assert cost[sited.chosen].sum() <= 9_000


def test_a_number_that_reaches_not_everybody_is_a_sentence() -> None:
    apart = Demand(np.array([5, 5]), np.array([0, 1]), np.array([0, 1]), np.array([1.0, 1.0]), 2)
    with pytest.raises(InputError, match="够不到所有"):
        least_farthest(apart, Terms(np.zeros(2, bool), count=1))
    assert least_farthest(apart, Terms(np.zeros(2, bool), count=2)).objective == 1.0


@pytest.mark.parametrize("seed", range(12))
def test_a_second_station_counts_as_every_choice_says(seed: int) -> None:
    demand, metres = town(seed, 0.35)
    near = metres <= 0.35
    for count in (1, 2, 4):
        worth = {
            tuple(chosen): int(
                (demand.households * np.minimum(near[:, chosen].sum(axis=1), 2)).sum()
            )
            for chosen in choices(count, 1)
        }
        sited = twice_covered(demand, terms(count, 1))
        assert round(sited.objective) == max(worth.values())
        chosen = tuple(np.flatnonzero(sited.chosen).tolist())
        assert worth[chosen] == max(worth.values())
        assert len(chosen) == min(len(c) for c, w in worth.items() if w == max(worth.values()))
        assert sited.served == demand.households[near[:, chosen].any(axis=1)].sum()
