"""What an assignment amounts to, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import pose
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.engine.town.tally import community_sizes, worth, zone_sizes
from tests.engine.test_proofs import two_communities

RULES = Rules(grid=Band(3, 5), community=Band(4, 8), community_move_weight=3)
GRAPH = two_communities([3, 4, 4, 0], [0, 0, 1, 1])
"""Four units, each a grid; two and two in communities of 3–5 and 3–9 households."""


def town(grid: list[int], community: list[int]) -> Town:
    return Town(np.array(grid, np.int32), np.array(community, np.int32))


def test_sizes_of_grids_and_communities_old_and_new() -> None:
    instance = pose(GRAPH, RULES)
    grids = zone_sizes(instance, town([0, 0, 2, 4], [0, 0, 1, 1, 2]))
    assert grids.households.tolist() == [7, 0, 4, 0, 0]
    assert grids.is_present.tolist() == [True, False, True, False, True], "one unit is enough"
    assert grids.short.tolist() == [2, 0, 0, 0, 3]
    communities = community_sizes(instance, town([0, 0, 2, 4], [0, 0, 1, 1, 2]))
    assert communities.households.tolist() == [7, 4, 0]
    assert communities.lower.tolist() == [3, 3, 4], "a new one has the usual range"
    assert communities.upper.tolist() == [5, 9, 8]
    assert communities.short.tolist() == [2, 0, 4]
    few = community_sizes(instance, town([0, 1, 2, 3], [0, 0, 0, 0]))
    assert few.households.tolist() == [11, 0], "a community that is gone is still counted, empty"


@pytest.mark.parametrize(
    ("grid", "community", "short", "moved"),
    [
        ([0, 1, 2, 3], [0, 0, 1, 1], 5, 0),  # community 0 has 7, grid 3 nobody
        ([0, 1, 2, 2], [0, 0, 1, 1], 2, 0),
        ([0, 1, 2, 2], [0, 1, 1, 1], 0, 12),  # grid 1 with its 4 changes community
        ([0, 2, 2, 2], [0, 0, 1, 1], 3, 16),  # 4 change grid and community; grid 2 has 8
    ],
)
def test_a_town_is_worth_what_is_out_of_range_then_what_moves(
    grid: list[int], community: list[int], short: int, moved: int
) -> None:
    assert worth(pose(GRAPH, RULES), town(grid, community)) == (short, moved)


def test_ground_of_no_community_changes_none() -> None:
    graph = two_communities([3, 4, 4], [0, -1, 1])
    assert worth(pose(graph, RULES), town([0, 1, 2], [0, 0, 1])) == (2, 0)
