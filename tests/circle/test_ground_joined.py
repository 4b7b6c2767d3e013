"""Ground of the service circle is sound in degrees, whatever hair cracks units leave."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from lingwu_grid.circle.serving import _joined

X, Y = 440_000.0, 4_218_000.0


def test_a_crack_thinner_than_a_millimetre_is_no_ring() -> None:
    # Two units share a line but for a vertex one of them has 0.1 mm off it: a pinhole.
    left = shapely.Polygon(
        [(X, Y), (X + 10, Y), (X + 10, Y + 4), (X + 9.9999, Y + 5), (X + 10, Y + 6),
         (X + 10, Y + 10), (X, Y + 10)]
    )  # fmt: skip
    right = shapely.Polygon(
        [(X + 10, Y), (X + 20, Y), (X + 20, Y + 10), (X + 10, Y + 10), (X + 10, Y + 6),
         (X + 10, Y + 4)]
    )  # fmt: skip
    units = gpd.GeoDataFrame(geometry=[left, right], crs=32648)
    assert shapely.get_num_interior_rings(shapely.union_all([left, right])) == 1
    joined = _joined(units, np.array([True, True]))
    assert shapely.get_num_interior_rings(joined) == 0
    assert shapely.area(joined) == 200.0
