"""Seams of parts: the same vertices on both sides."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lingwu_grid.scale.seams import woven


def in_degrees(*boxes: shapely.Geometry) -> np.ndarray:
    """Bring drawings in hectometres to about the size of streets in degrees, near Lingwu."""
    return np.array(
        [shapely.transform(b, lambda xy: xy * 1e-3 + [106.3, 38.1]) for b in boxes], object
    )


def vertices(shape: shapely.Geometry) -> set[tuple[float, float]]:
    return set(map(tuple, shapely.get_coordinates(shape).tolist()))


def test_a_border_that_ends_on_the_seam_is_a_vertex_of_both_sides() -> None:
    """Left of the seam two zones meet at height 4; the zone on the right has no corner there."""
    left = in_degrees(shapely.box(0, 0, 1, 4), shapely.box(0, 4, 1, 10))
    right = in_degrees(shapely.box(1, 0, 2, 10))
    out = woven(np.append(left, right), np.array([0, 0, 1]), np.zeros(3, bool))
    corner = (1 * 1e-3 + 106.3, 4 * 1e-3 + 38.1)
    assert corner in vertices(out[2])
    assert shapely.coverage_is_valid(out)
    assert out[0].equals_exact(left[0]), "what needs no vertex is left alone"


def test_a_zone_that_keeps_its_polygon_gets_no_vertex() -> None:
    shapes = in_degrees(shapely.box(0, 0, 1, 4), shapely.box(0, 4, 1, 10), shapely.box(1, 0, 2, 10))
    out = woven(shapes, np.array([0, 0, 1]), np.array([False, False, True]))
    assert out[2].equals_exact(shapes[2])


@given(
    left=st.lists(st.integers(1, 99), min_size=1, max_size=8, unique=True),
    right=st.lists(st.integers(1, 99), min_size=1, max_size=8, unique=True),
)
def test_zones_of_both_sides_tile_to_the_bit(left: list[int], right: list[int]) -> None:
    def strips(west: float, cuts: list[int]) -> list[shapely.Geometry]:
        at = [0, *sorted(cuts), 100]
        return [shapely.box(west, a, west + 10, b) for a, b in pairwise(at)]

    shapes = in_degrees(*strips(0, left), *strips(10, right))
    part = np.repeat([0, 1], [len(left) + 1, len(right) + 1])
    out = woven(shapes, part, np.zeros(len(shapes), bool))
    assert shapely.coverage_is_valid(out)
    assert np.allclose(shapely.area(out), shapely.area(shapes), rtol=1e-9)
