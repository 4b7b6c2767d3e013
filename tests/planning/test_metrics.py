"""Measures of a map, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lingwu_grid.fabric.adjacency import Borders
from lingwu_grid.planning.metrics import border_between_m, border_on_line_share, polsby_popper


@pytest.mark.parametrize(
    ("shape", "ratio"),
    [
        (shapely.box(0, 0, 1, 1), 0.7854),  # π / 4
        (shapely.box(0, 0, 10, 1), 0.2596),  # 40π / 484
        (shapely.Point(0, 0).buffer(1, quad_segs=256), 1.0),
    ],
)
def test_compactness_is_that_of_polsby_and_popper(shape: shapely.Geometry, ratio: float) -> None:
    assert polsby_popper(np.array([shape], object)) == pytest.approx(ratio, abs=1e-4)


def test_compactness_of_several_is_their_mean_and_of_none_is_nothing() -> None:
    pair = np.array([shapely.box(0, 0, 1, 1), shapely.box(0, 0, 10, 1)], object)
    assert polsby_popper(pair) == pytest.approx((0.7854 + 0.2596) / 2, abs=1e-4)
    assert polsby_popper(np.array([], object)) == 0.0


def test_only_borders_between_zones_count() -> None:
    """100 m between the zones, 30 of them on nothing; 50 m inside one."""
    borders = Borders(
        a=np.array([0, 1]), b=np.array([1, 2]), length_m=np.array([100.0, 50.0]),
        off_line_m=np.array([30.0, 50.0]), clear_m=np.array([100.0, 50.0]),
        has_crossing=np.zeros(2, bool), party_m=np.array([0.0, 50.0]),
    )  # fmt: skip
    assert border_between_m(borders, np.array([0, 1, 1])) == 100.0
    assert border_on_line_share(borders, np.array([0, 1, 1])) == 0.7
    assert border_on_line_share(borders, np.array([0, 0, 0])) == 1.0
