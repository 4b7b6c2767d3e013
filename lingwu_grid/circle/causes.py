"""Causes: what stands between homes and the station that is near them by air."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.walls import compound_walls, named_barriers
from lingwu_grid.contract.kinds import barrier as look_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

TOO_FAR = "太远"
NO_WAY = "没有路相通"
BY_STREETS = "街道绕行"
BY_WALLS = "小区围墙绕行"
NO_STATION = "还没有驿站"


def causes_of(
    study: Study,
    homes: gpd.GeoDataFrame,
    gap: NDArray[np.int64],
    stations: NDArray[np.object_],
    reach: float,
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """
    Tell why each home is beyond reach: the barrier on the straight line to the nearest station.

    Where a straight line meets several barriers, the one that most households of the same gap
    meet is named. A barrier goes before a compound wall, since a home behind walls meets its own
    wall whichever way it walks; a bridge, crossing or gate on the line is no barrier.

    Parameters
    ----------
    study
        Barriers, crossings, compounds, gates.
    homes
        Beyond reach along the streets: households, metres.
    gap
        Number of the gap of each home, shape (n,).
    stations
        Where they stand, shape (n_stations,).
    reach
        Metres.

    Returns
    -------
    tuple
        A short word for each home; and whether a circle of `reach` round the nearest station
        would count it as covered.
    """
    count = len(homes)
    if not len(stations):
        return np.full(count, NO_STATION, object), np.zeros(count, bool)
    place = homes.geometry.to_numpy()
    nearest = stations[shapely.STRtree(stations).nearest(place)]
    in_circle = shapely.distance(place, nearest) <= reach
    lost = ~np.isfinite(homes["metres"].to_numpy(float))
    cause = np.where(lost, NO_WAY, np.where(in_circle, BY_STREETS, TOO_FAR)).astype(object)
    ends = np.stack([shapely.get_coordinates(place), shapely.get_coordinates(nearest)], axis=1)
    seen = np.flatnonzero(in_circle)
    lines = shapely.linestrings(ends[seen])
    walled, _ = _met(lines, compound_walls(study).lines)
    cause[seen[np.unique(walled)]] = BY_WALLS
    shapes, names, kinds = named_barriers(study)
    line, barrier = _met(lines, shapes)
    words = np.array(
        [f"{n or '无名' + look_of(k).name}隔断" for n, k in zip(names, kinds, strict=True)], object
    )
    weight = homes["households"].to_numpy()
    for home, word in _most_met(seen[line], words[barrier], gap, weight).items():
        cause[home] = word
    return cause, in_circle


def _met(
    lines: NDArray[np.object_], others: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the pairs of a line and another that it meets."""
    if not len(lines) or not len(others):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    line, other = shapely.STRtree(others).query(lines, predicate="intersects")
    return line.astype(np.int64), other.astype(np.int64)


def _most_met(
    home: NDArray[np.int64],
    word: NDArray[np.object_],
    gap: NDArray[np.int64],
    households: NDArray[np.int64],
) -> dict[int, str]:
    """Give each home the word that most households of its gap share."""
    pairs = pd.DataFrame({"home": home, "word": word, "gap": gap[home]})
    pairs = pairs.drop_duplicates(["home", "word"]).assign(n=lambda p: households[p["home"]])
    pairs["n"] = pairs.groupby(["gap", "word"])["n"].transform("sum")
    pairs = pairs.sort_values(["home", "n", "word"], ascending=[True, False, True])
    first = pairs.drop_duplicates("home")
    return dict(zip(first["home"].tolist(), first["word"].tolist(), strict=True))
