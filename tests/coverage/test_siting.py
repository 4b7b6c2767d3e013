"""Optima are those of trying every choice."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.coverage.siting import Demand, fewest_sites, least_walking, most_covered

HOMES, SITES = 14, 7


def demand(seed: int, reach: float = 0.35) -> Demand:
    rng = np.random.default_rng(seed)
    away = rng.random((HOMES, SITES))
    home, site = np.nonzero(away < reach)
    return Demand(rng.integers(1, 50, HOMES), home, site, away[home, site], SITES)


def covered(d: Demand, chosen: tuple[int, ...]) -> int:
    homes = np.unique(d.home[np.isin(d.site, chosen)])
    return int(d.households[homes].sum())


@given(st.integers(0, 9999), st.integers(1, 3), st.booleans())
@settings(max_examples=40, deadline=None)
def test_most_covered_is_that_of_every_choice(seed: int, count: int, keep: bool) -> None:  # noqa: FBT001
    d = demand(seed)
    required = np.zeros(SITES, bool)
    required[2] = keep
    kept = tuple(np.flatnonzero(required))
    others = [s for s in range(SITES) if s not in kept]
    best = max(covered(d, (*kept, *c)) for c in combinations(others, count))
    sited = most_covered(d, count, required=required)
    assert sited.objective == pytest.approx(best)
    assert sited.bound == pytest.approx(best)
    assert sited.status == "optimal"
    assert covered(d, tuple(np.flatnonzero(sited.chosen))) == best
    assert sited.chosen[required].all()


@given(st.integers(0, 9999))
@settings(max_examples=30, deadline=None)
def test_fewest_sites_is_that_of_every_choice_and_the_lost_are_named(seed: int) -> None:
    d = demand(seed)
    every = covered(d, tuple(range(SITES)))
    fewest = next(
        k for k in range(SITES + 1)
        if any(covered(d, c) == every for c in combinations(range(SITES), k))
    )  # fmt: skip
    sited, lost = fewest_sites(d, required=np.zeros(SITES, bool))
    assert sited.objective == pytest.approx(fewest)
    assert set(lost) == set(range(HOMES)) - set(d.home)


@given(st.integers(0, 9999), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_least_walking_is_that_of_every_choice(seed: int, count: int) -> None:
    d = demand(seed, reach=2.0)
    away = np.full((HOMES, SITES), np.inf)
    away[d.home, d.site] = d.metres
    best = min(
        (d.households * away[:, list(c)].min(axis=1)).sum()
        for c in combinations(range(SITES), count)
    )
    sited = least_walking(d, count, required=np.zeros(SITES, bool))
    assert sited.objective == pytest.approx(best)
