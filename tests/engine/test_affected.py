"""The bound on affected households against every plan of small towns, and against a second hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import Instance, pose
from lingwu_grid.engine.town.affected import WEIGHTS, least_affected
from lingwu_grid.engine.town.bounds import unconditional, unconditional_communities
from lingwu_grid.recounting import global_bound, needs_of
from tests.engine.towns import row_graph

if TYPE_CHECKING:
    from lingwu_grid.contract.rules import Scenario

UNITS, GRIDS, COMMUNITIES = 6, 3, 2
GRID, COMMUNITY = (4, 9), (6, 16)
PLACES = np.array(list(product(range(GRIDS + 1), repeat=UNITS)))
OWNERS = np.array(list(product(range(COMMUNITIES + 1), repeat=GRIDS + 1)))
RULES = Rules(grid=Band(*GRID), community=Band(*COMMUNITY))


def town(seed: int) -> Instance:
    """Draw a town of two communities; grids 0 and 1 are in the first."""
    rng = np.random.default_rng(seed)
    households = rng.integers(1, 6, UNITS)
    grid = rng.permutation(np.r_[np.arange(GRIDS), rng.integers(0, GRIDS, UNITS - GRIDS)])
    community = np.array([0, 0, 1])
    graph = row_graph(households.tolist(), grid.tolist())
    graph = replace(
        graph,
        community_now=community[grid].astype(np.int32),
        grid_community=community.astype(np.int32),
        community_lower=np.full(COMMUNITIES, COMMUNITY[0]),
        community_upper=np.full(COMMUNITIES, COMMUNITY[1]),
        community_subdistrict=np.zeros(COMMUNITIES, np.int32),
        community_is_locked=np.zeros(COMMUNITIES, np.bool_),
        grid_lower=np.full(GRIDS, GRID[0]),
        grid_upper=np.full(GRIDS, GRID[1]),
    )
    if seed % 3 == 0:  # a new building: in a community, in no grid yet
        graph = replace(
            graph,
            grid_now=np.r_[np.int32(-1), graph.grid_now[1:]],
            home_indptr=np.maximum(graph.home_indptr - 1, 0).astype(np.int32),
            home_grid=graph.home_grid[1:],
            home_households=graph.home_households[1:],
        )
    return pose(graph, RULES)


def fewest_affected(instance: Instance) -> int | None:
    """Try every plan: any unit in any grid or a new one, any grid in any community or a new one."""
    graph = instance.graph
    households, grid = graph.households, graph.grid_now
    sizes = np.stack([((g == PLACES) * households).sum(axis=1) for g in range(GRIDS + 1)], axis=1)
    fits = ((sizes == 0) | ((sizes >= GRID[0]) & (sizes <= GRID[1]))).all(axis=1)
    places, sizes = PLACES[fits], sizes[fits]
    best = None
    for owner in OWNERS:
        totals = np.stack(
            [(sizes * (owner == c)).sum(axis=1) for c in range(COMMUNITIES + 1)], axis=1
        )
        good = ((totals == 0) | ((totals >= COMMUNITY[0]) & (totals <= COMMUNITY[1]))).all(axis=1)
        changed = ((places != grid) & (grid >= 0)) | (owner[places] != graph.community_now)
        if good.any():
            least = int((changed[good] * households).sum(axis=1).min())
            best = least if best is None else min(best, least)
    return best


def rows_of(instance: Instance) -> pd.DataFrame:
    """Write a town down as its assignment."""
    graph = instance.graph
    unit = np.repeat(np.arange(UNITS), graph.households)
    grid = np.where(graph.grid_now < 0, "", graph.grid_now.astype(str))
    return pd.DataFrame(
        {
            "unit_id": unit.astype(str),
            "previous_grid_id": grid[unit],
            "previous_community_id": graph.community_now[unit].astype(str),
        }
    )


RULES_TOLD = {
    "grid": list(GRID), "community": list(COMMUNITY), "margin": 0, "communities": "adjust",
    "own": {"grid": {}, "community": {}},
}  # fmt: skip


def test_no_plan_of_500_towns_affects_fewer_than_the_bound() -> None:
    solved, better, tight = 0, 0, 0
    for seed in range(500):
        instance = town(seed)
        least = fewest_affected(instance)
        if least is None:
            continue
        bound, weight = least_affected(instance)
        either = max(unconditional(instance), unconditional_communities(instance))
        assert max(bound, either) <= least, seed
        if solved < 40:  # every weight is a bound, and a second hand finds the same one
            needs = needs_of(rows_of(instance), RULES_TOLD)
            told = [global_bound(needs, w) for w in (0, 500, WEIGHTS)]
            assert max(told) <= least, seed
            assert global_bound(needs, weight) == max(bound, either)
        solved += 1
        better += bound > either
        tight += max(bound, either) == least
    assert solved > 100
    assert better > 20
    assert tight > solved // 3


def test_a_town_that_is_lawful_needs_nothing() -> None:
    graph = row_graph([4, 4, 4], [0, 1, 2])
    bands = {"grid_lower": np.full(3, 4), "grid_upper": np.full(3, 9)}
    assert least_affected(pose(replace(graph, **bands), RULES)) == (0, 0)


@pytest.mark.parametrize(("scenario", "least"), [("signable", 1), ("redraw", 0)])
def test_where_today_is_no_argument_nothing_is_bounded(scenario: Scenario, least: int) -> None:
    graph = replace(row_graph([9, 1], [0, 0]), grid_lower=np.full(1, 4), grid_upper=np.full(1, 9))
    assert least_affected(pose(graph, replace(RULES, scenario=scenario)))[0] == least
