"""GCJ-02 and BD-09: the shifted degrees of Chinese web maps, told by fit and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Datum = Literal["cgcs2000", "gcj02", "bd09"]

SEMI_MAJOR_M = 6378245.0
ECCENTRICITY_2 = 0.00669342162296594323
"""The Krasovsky ellipsoid, which GCJ-02 uses."""

BAIDU = np.pi * 3000.0 / 180.0
ROUNDS = 12
CLOSE_DEGREES = 1e-10


def to_gcj02(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Shift degrees as the Chinese web maps do (GCJ-02, GB 20263-2006).

    The formula is the published reverse engineering that every open converter uses ("eviltran",
    2010); no official one is public. WGS84 and CGCS2000 differ by centimetres and are one here.

    Parameters
    ----------
    lonlat
        Degrees, shape (n, 2).

    Returns
    -------
    NDArray[np.float64]
        Degrees in GCJ-02, shape (n, 2).

    Examples
    --------
    >>> to_gcj02(np.array([[116.391305, 39.9075]])).round(5).tolist()
    [[116.39755, 39.9089]]
    """
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    x, y = lon - 105.0, lat - 35.0
    wave = (20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)) * 2 / 3
    root = np.sqrt(np.abs(x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    angle = np.radians(lat)
    magic = 1 - ECCENTRICITY_2 * np.sin(angle) ** 2
    meridian = SEMI_MAJOR_M * (1 - ECCENTRICITY_2) / (magic * np.sqrt(magic))
    parallel = SEMI_MAJOR_M / np.sqrt(magic) * np.cos(angle)
    shift = np.column_stack([np.degrees(east / parallel), np.degrees(north / meridian)])
    shifted: NDArray[np.float64] = lonlat + shift
    return shifted


def to_bd09(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Shift degrees as Baidu's maps do: GCJ-02, then a turn and a stretch.

    Parameters
    ----------
    lonlat
        Degrees, shape (n, 2).

    Returns
    -------
    NDArray[np.float64]
        Degrees in BD-09, shape (n, 2).
    """
    x, y = to_gcj02(lonlat).T
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * BAIDU)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * BAIDU)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


def back(lonlat: NDArray[np.float64], datum: Datum) -> NDArray[np.float64]:
    """
    Take shifted degrees back to CGCS2000.

    The shift changes by less than a thousandth over its own length, so subtracting it again and
    again converges; it stops below 1e-10 degrees, a hundredth of a millimetre.

    Parameters
    ----------
    lonlat
        Degrees in `datum`, shape (n, 2).
    datum
        `gcj02` or `bd09`; `cgcs2000` changes nothing.

    Returns
    -------
    NDArray[np.float64]
        Degrees, shape (n, 2).

    Examples
    --------
    >>> place = np.array([[106.34, 38.1]])
    >>> bool(np.abs(back(to_bd09(place), "bd09") - place).max() < 1e-9)
    True
    """
    if datum == "cgcs2000" or not len(lonlat):
        return lonlat
    shift = to_gcj02 if datum == "gcj02" else to_bd09
    place = lonlat.copy()
    for _ in range(ROUNDS):
        error = shift(place) - lonlat
        place -= error
        if np.nanmax(np.abs(error), initial=0.0) < CLOSE_DEGREES:
            break
    return place
