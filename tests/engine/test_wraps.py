"""A grid that wraps another is opened where that costs next to nothing, and left where it must."""

from __future__ import annotations

import numpy as np

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import Instance, never, pose
from lingwu_grid.engine.town.levels import Town, open_csr
from lingwu_grid.engine.town.wraps import Wrap, find_wraps, unwrap
from tests.engine.towns import lattice_graph

# Grid 1 in the middle, 0 round it, 2 on the edge of the town.
RINGS = [2, 2, 2, 2, 2, 2, 0, 0, 0, 2, 2, 0, 1, 0, 2, 2, 0, 0, 0, 2, 2, 2, 2, 2, 2]
SIZES = {0: 45, 1: 400, 2: 25}


def _town(*, verge: int, wrap_weight: float) -> tuple[Instance, Town]:
    """Three rings; `verge` households live on the way out, which is grid 1's own today."""
    households = [SIZES[z] for z in RINGS]
    today = list(RINGS)
    households[7], today[7] = verge, 1
    graph = lattice_graph(5, 5, households, today)
    rules = Rules(community=Band(1, 10**6), wrap_weight=wrap_weight)
    return pose(graph, rules), Town(np.array(RINGS, np.int32), np.zeros(3, np.int32))


def test_a_grid_in_the_middle_is_wrapped_and_one_at_the_edge_is_not() -> None:
    instance, town = _town(verge=0, wrap_weight=0)
    assert find_wraps(instance.graph, town.zone) == [
        Wrap(outer=0, inner=(1,)),
        Wrap(outer=2, inner=(0, 1)),
    ]
    assert find_wraps(instance.graph, np.arange(25, dtype=np.int32) % 5) == []


def test_a_wrap_is_opened_by_empty_ground() -> None:
    instance, town = _town(verge=0, wrap_weight=0)
    opened = unwrap(instance, town, open_csr(instance), 0, never)
    assert not any(w.outer == 0 for w in find_wraps(instance.graph, opened.zone))
    size = np.bincount(opened.zone, instance.graph.households)
    assert (size == [315, 400, 400]).all()


def test_a_wrap_that_sizes_ask_for_stays() -> None:
    # With the 120 of the way out the middle would have 520, and so would the edge.
    instance, town = _town(verge=120, wrap_weight=10)
    kept = unwrap(instance, town, open_csr(instance), 0, never)
    assert (kept.zone == town.zone).all()


def test_a_wrap_of_today_is_left_alone() -> None:
    graph = lattice_graph(5, 5, [SIZES[z] for z in RINGS], RINGS)
    instance = pose(graph, Rules(community=Band(1, 10**6), wrap_weight=1000))
    town = Town(np.array(RINGS, np.int32), np.zeros(3, np.int32))
    kept = unwrap(instance, town, open_csr(instance), 0, never)
    assert (kept.zone == town.zone).all()
