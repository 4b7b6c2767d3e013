"""Who of the two committees backs which grids: proven best, at every size."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.planning.committees import MOST_GRIDS, backings, divided

if TYPE_CHECKING:
    import lingwu_grid as lg


def row(count: int) -> nx.Graph[str]:
    """Grids in a row, a to z."""
    graph: nx.Graph[str] = nx.path_graph([chr(ord("a") + i) for i in range(count)])
    nx.set_node_attributes(graph, "c", "community")
    return graph


def worth(near: nx.Graph[str], bundles: object, households: dict[str, int]) -> tuple[int, float]:
    """Count grids apart from their member's others, and how uneven the members are."""
    sets = [tuple(b) for b in bundles]  # type: ignore[attr-defined]
    apart = sum(nx.number_connected_components(near.subgraph(b)) - 1 for b in sets)
    mean = sum(households.values()) / len(sets)
    return apart, sum((sum(households[g] for g in b) - mean) ** 2 for b in sets)


def every_division(grids: list[str], count: int, most: int) -> list[list[list[str]]]:
    """List all ways to make so many sets of at most so many grids."""
    if not grids:
        return [[]] if count == 0 else []
    if count == 0:
        return []
    first, *rest = grids
    ways = []
    for size in range(most):
        for others in itertools.combinations(rest, size):
            left = [g for g in rest if g not in others]
            ways += [[[first, *others], *w] for w in every_division(left, count - 1, most)]
    return ways


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_division_is_the_best_of_all(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 7))
    grids = [chr(ord("a") + i) for i in range(n)]
    near: nx.Graph[str] = nx.Graph()
    near.add_nodes_from(grids)
    pairs = list(itertools.combinations(grids, 2))
    if pairs:
        near.add_edges_from(data.draw(st.lists(st.sampled_from(pairs), unique=True)))
    households = {g: data.draw(st.integers(1, 500)) for g in grids}
    seats = data.draw(st.integers(1, 9))
    found = divided(near, households, seats)
    assert sorted(g for b in found for g in b) == grids
    count = min(seats, n)
    most = max(MOST_GRIDS, -(-n // count))
    assert len(found) == count
    assert max(map(len, found)) <= most
    best = min(worth(near, w, households) for w in every_division(grids, count, most))
    assert worth(near, found, households) == pytest.approx(best)


def test_a_row_of_equal_grids_is_cut_by_hand() -> None:
    households = dict.fromkeys("abcdefg", 400)
    found = divided(row(7), households, 5)
    assert sorted(map(len, found)) == [1, 1, 1, 2, 2]
    assert all(len(b) == 1 or ord(b[1]) == ord(b[0]) + 1 for b in found)


@pytest.mark.parametrize(
    ("grids", "seats", "sizes"),
    [(1, 5, [1]), (5, 5, [1] * 5), (6, 5, [1, 1, 1, 1, 2]), (15, 5, [3] * 5),
     (16, 5, [3, 3, 3, 3, 4]), (16, 7, [2] * 5 + [3] * 2), (16, 9, [1] * 2 + [2] * 7)],
)  # fmt: skip
def test_how_many_grids_a_member_has(grids: int, seats: int, sizes: list[int]) -> None:
    near = row(grids)
    found = divided(near, dict.fromkeys(near, 400), seats)
    assert sorted(map(len, found)) == sizes


def test_a_grid_apart_from_all_is_taken_in_where_there_is_no_member_for_it_alone() -> None:
    near = row(3)
    near.add_node("z", community="c")
    households = {"a": 500, "b": 300, "c": 500, "z": 300}
    assert ("z",) in divided(near, households, 3)
    assert worth(near, divided(near, households, 1), households) == (1, 0)


@pytest.mark.parametrize(("seats", "reserves"), [(3, {2}), (4, {4}), (5, {4})])
def test_who_steps_in(seats: int, reserves: set[int]) -> None:
    """Three grids in a row; with no member to spare, the middle one steps in for both ends."""
    near = row(3)
    found = backings(near, {"a": 500, "b": 300, "c": 400}, {"c": seats})
    assert {found[g].seat for g in "abc"} == {1, 2, 3}
    assert {found["a"].reserve, found["c"].reserve} == reserves
    assert all(backing.reserve != backing.seat for backing in found.values())
    if seats == 3:
        assert found["b"].reserve == 3, "c has fewer households than a"


def test_a_community_of_one_seat_has_no_reserve() -> None:
    assert backings(row(2), {"a": 1, "b": 2}, {"c": 1})["a"].reserve == 0


def test_every_grid_of_a_plan_is_backed(small_plan: lg.Plan) -> None:
    grids = small_plan.grids
    seats = small_plan.communities.set_index("community_id")["seats"]
    assert (grids["committee_seat"] >= 1).all()
    for community, own in grids.groupby("community_id"):
        taken = own["committee_seat"]
        assert set(taken) == set(range(1, min(seats[community], len(own)) + 1))
        assert (own["reserve_seat"] != taken).all()
        assert taken.value_counts().max() <= max(MOST_GRIDS, -(-len(own) // seats[community]))
        assert np.all(own["reserve_seat"].between(0, seats[community]))
