"""Starts: cuts are connected, counts are right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.engine.search.start import attach_pieces, cold_start
from lingwu_grid.engine.town.causes import fits, out_by
from lingwu_grid.graph import pieces
from tests.engine.towns import lattice_csr, row_graph


@given(st.integers(2, 8), st.integers(2, 8), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_cold_zones_are_in_one_piece_and_cover_the_town(nx: int, ny: int, seed: int) -> None:
    indptr, indices = lattice_csr(nx, ny)
    weight = np.random.default_rng(seed).integers(1, 90, nx * ny)
    label = np.zeros(nx * ny, np.int32)
    zone = cold_start(indptr, indices, weight, label, band=(100, 200), seed=seed)
    assert (zone >= 0).all()
    piece = pieces(indptr, indices, zone)
    assert len(np.unique(piece)) == len(np.unique(zone))


def test_a_lattice_of_equal_units_is_cut_into_zones_in_range() -> None:
    indptr, indices = lattice_csr(10, 10)
    weight = np.full(100, 40, np.int64)
    label = np.zeros(100, np.int32)
    zone = cold_start(indptr, indices, weight, label, band=(300, 500), seed=1)
    size = np.bincount(zone, weight)
    assert ((size >= 300) & (size <= 500)).all()


@pytest.mark.parametrize(
    ("households", "possible"),
    [(299, False), (300, True), (500, True), (501, False), (599, False), (600, True)],
)
def test_counts_that_can_be_divided(households: int, *, possible: bool) -> None:
    assert fits(households, 300, 500) is possible


def test_what_is_missing_is_the_least_over_all_numbers_of_grids() -> None:
    for n in range(1, 1700):
        least = min(max(300 * k - n, n - 500 * k, 0) for k in range(1, 8))
        assert out_by(n, 300, 500) == least, n
        assert fits(n, 300, 500) is (least == 0)


def test_a_broken_piece_never_joins_a_locked_zone() -> None:
    """A row 0 0 1 0: zone 1 is locked, so the last unit becomes a zone of its own."""
    graph = row_graph([50, 50, 50, 50], [0, 0, 1, 0])
    kin = np.zeros(4, np.int32)
    keep = np.zeros(4, np.bool_)
    shut = np.array([False, True])
    assert attach_pieces(graph, graph.grid_now, kin, keep, shut).tolist() == [0, 0, 1, 2]
    free = np.zeros(2, np.bool_)
    assert attach_pieces(graph, graph.grid_now, kin, keep, free).tolist() == [0, 0, 1, 1]
