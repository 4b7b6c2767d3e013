"""Communities stay in one piece or it is said; one that cannot be filled is done without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import Instance, pose
from lingwu_grid.engine.solve import solve
from lingwu_grid.engine.town.communities import dissolved
from lingwu_grid.engine.town.feasibility import explain
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.graph import UnitGraph, pieces
from tests.engine.towns import row_graph

BAND = (700, 2000)


def grids_in_a_row(community: list[int], *, locked: tuple[int, ...] = ()) -> UnitGraph:
    """Grids of 400 households in a row, four units each; the community of each as given."""
    n, k = len(community), max(community) + 1
    graph = row_graph([100] * 4 * n, [u // 4 for u in range(4 * n)])
    return replace(
        graph,
        community_now=np.repeat(community, 4).astype(np.int32),
        grid_community=np.array(community, np.int32),
        community_subdistrict=np.zeros(k, np.int32),
        community_lower=np.full(k, BAND[0], np.int64),
        community_upper=np.full(k, BAND[1], np.int64),
        community_is_locked=np.isin(np.arange(k), locked),
    )


def posed(graph: UnitGraph) -> Instance:
    return pose(graph, Rules(community=Band(*BAND)))


def town_of(graph: UnitGraph) -> Town:
    return Town(graph.grid_now, graph.grid_community)


def test_a_community_in_two_pieces_is_joined_where_it_can_be() -> None:
    graph = grids_in_a_row([0, 0, 1, 1, 0])
    assert [e.cause for e in explain(posed(graph), town_of(graph))] == ["community_in_pieces"]
    solution = solve(posed(graph))
    community = solution.community_of_grid[solution.grid_of_unit].astype(np.int32)
    parts = pieces(graph.indptr, graph.indices, community)
    assert len(np.unique(parts)) == len(np.unique(community)) == 2
    assert solution.status == "feasible"


def test_a_community_in_two_pieces_that_must_stay_so_is_told() -> None:
    graph = grids_in_a_row([0, 0, 1, 1, 0], locked=(0, 1))
    solution = solve(posed(graph))
    (told,) = solution.explanations
    assert (told.cause, told.households, told.communities) == ("community_in_pieces", 400, (0,))
    assert told.grids == (4,)
    assert solution.status == "unfinished"


@pytest.mark.parametrize(
    ("community", "told"),
    [([0, 0, 1, 1, 0, 0], 800), ([0, 0, 1, 1, 0, 1, 1], 400), ([0, 0, 0, 1, 1, 1], None)],
)
def test_the_smaller_pieces_are_counted(community: list[int], told: int | None) -> None:
    graph = grids_in_a_row(community)
    found = [e for e in explain(posed(graph), town_of(graph)) if e.cause == "community_in_pieces"]
    assert (found[0].households if found else None) == told


def test_empty_ground_and_declared_enclaves_break_no_community() -> None:
    graph = grids_in_a_row([0, 0, 1, 1, 0])
    enclave = replace(graph, grid_is_enclave=np.arange(5) == 4)
    assert explain(posed(enclave), town_of(graph)) == ()
    empty = graph.households.copy()
    empty[16:] = 0
    instance = posed(replace(graph, households=empty, home_households=empty))
    assert "community_in_pieces" not in {e.cause for e in explain(instance, town_of(graph))}


@pytest.mark.parametrize(
    ("lower", "upper", "short"),
    [(800, 2000, 0), (801, 2000, 1), (700, 800, 0), (700, 799, 1), (0, 790, 10)],
)
def test_what_is_missing_is_counted_by_the_communitys_own_band(
    lower: int, upper: int, short: int
) -> None:
    graph = grids_in_a_row([0, 0, 1, 1, 1])
    graph = replace(
        graph,
        community_lower=np.array([lower, BAND[0]]),
        community_upper=np.array([upper, BAND[1]]),
    )
    told = [e for e in explain(posed(graph), town_of(graph)) if e.communities == (0,)]
    assert [e.short for e in told] == ([short] if short else [])
    if told:
        assert told[0].households == 800


def test_a_community_is_done_without_if_its_grids_may_go() -> None:
    graph = grids_in_a_row([0, 0, 1, 2, 2])
    without = dissolved(posed(graph), town_of(graph), 1)
    assert without is not None
    assert 1 not in without.community
    assert (without.zone == graph.grid_now).all()
    assert dissolved(posed(grids_in_a_row([0, 0, 1, 2, 2], locked=(1,))), town_of(graph), 1) is None
    held = replace(graph, grid_is_locked=np.arange(5) == 2)
    assert dissolved(posed(held), town_of(graph), 1) is None
    # No neighbour may take anything.
    shut = grids_in_a_row([0, 0, 1, 2, 2], locked=(0, 2))
    assert dissolved(posed(shut), town_of(graph), 1) is None
