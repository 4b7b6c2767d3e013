"""A crack between two of today's grids is no sea, and no reason to move anybody."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lingwu_grid.fabric.enclosures import SPIKE_M, without_spikes
from lingwu_grid.ingest.combining import CRACK_M, outline_of

NOBODY = gpd.GeoDataFrame(geometry=[], crs=4544)


def _outline(*shapes: shapely.Geometry) -> shapely.Geometry:
    grids = gpd.GeoDataFrame(geometry=list(shapes), crs=4544)
    return outline_of({"grids": grids}, NOBODY)


@pytest.mark.parametrize(
    ("width", "parts"), [(0.4, 1), (3.0, 1), (CRACK_M - 0.1, 1), (CRACK_M + 0.1, 2), (30.0, 2)]
)
def test_s4_an_open_crack_is_closed_up_to_its_limit(width: float, parts: int) -> None:
    left, right = shapely.box(0, 0, 100, 100), shapely.box(100 + width, 0, 200, 100)
    found = _outline(left, right)
    assert shapely.get_num_geometries(found) == parts
    closed = width * 100 if parts == 1 else 0.0
    assert shapely.area(found) == pytest.approx(shapely.area([left, right]).sum() + closed)


def test_a_notch_of_one_grid_stays_as_drawn() -> None:
    notched = shapely.difference(shapely.box(0, 0, 100, 100), shapely.box(48, 50, 51, 100))
    assert _outline(notched).equals(notched)


def test_the_outer_edge_keeps_its_vertices() -> None:
    bend = shapely.Polygon([(0, 0), (99, 0), (103, 40), (90, 70), (99, 100), (0, 100), (4, 50)])
    box = shapely.box(200, 0, 260, 60)
    found = {part.normalize() for part in _outline(bend, box).geoms}
    assert found == {bend.normalize(), box.normalize()}


@pytest.mark.parametrize(("width", "stays"), [(SPIKE_M - 0.1, False), (SPIKE_M + 0.1, True)])
def test_a_spike_of_a_compound_is_no_wall(width: float, *, stays: bool) -> None:
    body, spike = shapely.box(0, 0, 100, 100), shapely.box(50, 100, 50 + width, 122)
    drawn = np.array([shapely.union(body, spike), shapely.box(200, 0, 260, 60)], object)
    left = without_spikes(drawn)
    assert shapely.area(left[0]) == pytest.approx(10_000 + (22 * width if stays else 0))
    # What has no spike keeps its vertices to the bit.
    assert left[1] is drawn[1]
