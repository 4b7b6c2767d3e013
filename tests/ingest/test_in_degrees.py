"""A shape that is sound in metres is sound in degrees."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lingwu_grid.ingest.systems import in_degrees

NEEDLE = shapely.Polygon([
    (619068.8659800001, 4219465.727379999), (619055.7479399994, 4219467.017199999),
    (619035.1104899998, 4219469.04635), (619121.8298199999, 4219460.52002),
    (619121.8297999997, 4219460.519769999), (619117.3109000002, 4219413.886239999),
    (619068.6348800001, 4219457.385499999),
])  # fmt: skip
"""Ground of 87 m with a tip under a tenth of a millimetre wide, as a town's fabric had it."""


def test_a_needle_that_crosses_itself_in_degrees_is_taken_off() -> None:
    square = shapely.box(619000, 4219500, 619100, 4219600)
    shapes = np.array([NEEDLE, square], object)
    assert shapely.is_valid(shapes).all()
    plain = gpd.GeoSeries(shapes, crs=4544).to_crs(4490).to_numpy()
    assert shapely.is_valid(plain).tolist() == [False, True]
    with pytest.raises(shapely.GEOSException):
        shapely.union_all(plain)
    out = in_degrees(shapes, "EPSG:4544")
    assert shapely.is_valid(out).all()
    assert shapely.get_type_id(out).tolist() == [3, 3]
    assert shapely.equals_exact(out[1], plain[1])
    back = gpd.GeoSeries(out, crs=4490).to_crs(4544)
    assert np.allclose(back.area, shapely.area(shapes), atol=0.01)
    assert shapely.union_all(out).is_valid
