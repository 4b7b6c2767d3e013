"""Shifts of the web maps, against places that others have published in both systems."""

from __future__ import annotations

import numpy as np
import pytest

from lingwu_grid.ingest.datum import back, to_bd09, to_gcj02

BEIJING_STATION = {"gcj02": (116.42703, 39.90245), "bd09": (116.43351, 39.90851)}
"""As published with the R package of geo-conversions that queries Baidu's own service."""


def test_baidu_is_where_others_say_it_is() -> None:
    place = back(np.array([BEIJING_STATION["gcj02"]]), "gcj02")
    np.testing.assert_allclose(to_bd09(place)[0], BEIJING_STATION["bd09"], atol=1.5e-5)


def test_the_two_shifts_lead_back_to_one_place() -> None:
    ways = [back(np.array([lonlat]), datum) for datum, lonlat in BEIJING_STATION.items()]  # type: ignore[arg-type]
    np.testing.assert_allclose(ways[0], ways[1], atol=1.5e-5)


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),  # coordtransform, npm
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),  # gcoord, npm
    ],
)
def test_the_shift_of_gcj02_is_that_of_others(
    wgs84: tuple[float, float], gcj02: tuple[float, float]
) -> None:
    np.testing.assert_allclose(to_gcj02(np.array([wgs84]))[0], gcj02, atol=1e-9)
    np.testing.assert_allclose(back(np.array([gcj02]), "gcj02")[0], wgs84, atol=1e-9)


def test_a_declared_system_is_left_alone_and_nothing_is_nothing() -> None:
    place = np.array([[106.34, 38.1]])
    assert back(place, "cgcs2000") is place
    assert back(np.empty((0, 2)), "bd09").shape == (0, 2)
