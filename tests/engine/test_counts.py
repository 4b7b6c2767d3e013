"""A wished-for number of grids is met where sizes allow, and given up where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import pose
from lingwu_grid.engine.solve import solve
from tests.engine.towns import row_graph

RULES = Rules(community=Band(1, 10**6))


@pytest.mark.parametrize(
    ("per_unit", "wanted", "expected"),
    [
        (40, 0, 4),  # 1,840 households in four grids of 460: nothing asks for a change
        (40, 4, 4),
        (40, 5, 5),  # of 368
        (40, 9, 5),  # nine of 204 are too small; mean sizes stay above 320
        (32, 3, 4),  # three of 491 leave whole buildings no room; mean sizes stay under 480
        (30, 3, 3),  # of 460
    ],
)
def test_the_number_of_grids_follows_the_wish_as_far_as_sizes_allow(
    per_unit: int, wanted: int, expected: int
) -> None:
    graph = row_graph([per_unit] * 46, [u * 4 // 46 for u in range(46)])
    solution = solve(pose(graph, RULES.with_(target_grids=wanted)))
    sizes = np.bincount(solution.grid_of_unit, graph.households)
    sizes = sizes[sizes > 0]
    assert ((sizes >= 300) & (sizes <= 500)).all()
    assert len(sizes) == expected
