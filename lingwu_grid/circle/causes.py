"""Causes: what would bring homes within reach of a station if it were taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.circle.reach import attach, nearest_station
from lingwu_grid.circle.streets import streets_of
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
TOGETHER = "几处障碍合起来"
NO_STATION = "还没有驿站"

MOST_TRIED = 12
"""Barriers tried at most, those before most households: each is a walk of the whole town."""


def causes_of(
    study: Study, homes: gpd.GeoDataFrame, stations: NDArray[np.object_], reach: float
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """
    Tell why each home is beyond reach: what brings it within when it is taken away.

    Barriers that stand on a straight line to the nearest station are taken away one at a time,
    the walls of all compounds too, and at last all of them; each time everybody walks again. Of
    several that suffice alone, a home has the one that helps most households. A street that was
    never built is none of them: only what is drawn across comes to be walked.

    Parameters
    ----------
    study
        Roads, barriers, crossings, compounds, gates.
    homes
        Beyond reach along the streets: households, metres.
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
    seen = np.flatnonzero(in_circle)
    if not len(seen):
        return cause, in_circle
    ends = np.stack([shapely.get_coordinates(place), shapely.get_coordinates(nearest)], axis=1)
    weight = homes["households"].to_numpy(np.int64)[seen]
    shapes, words = _barriers(study)
    names, walled = _in_the_way(study, (shapes, words), shapely.linestrings(ends[seen]), weight)
    tried = [(f"{name}隔断", [name], True) for name in names]
    tried += [(BY_WALLS, [], False)] if walled else []
    if len(tried) > 1:
        tried.append((TOGETHER, names, not walled))
    helped = {
        word: _within(
            _without(study, np.isin(words, taken)), place[seen], stations, reach, walled=keeps
        )
        for word, taken, keeps in tried
    }
    # The last is for those whom nothing helps alone; of the others, what helps most goes first.
    alone = sorted(
        (w for w in helped if w != TOGETHER), key=lambda w: (-weight[helped[w]].sum(), w)
    )
    for word in [*helped.keys() & {TOGETHER}, *reversed(alone)]:
        cause[seen[helped[word]]] = word
    return cause, in_circle


def _barriers(study: Study) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Give barriers, open where they can be crossed, and what each is called."""
    shapes, names, kinds = named_barriers(study)
    words = [n or "无名" + look_of(k).name for n, k in zip(names, kinds, strict=True)]
    return shapes, np.array(words, object)


def _in_the_way(
    study: Study,
    barriers: tuple[NDArray[np.object_], NDArray[np.object_]],
    lines: NDArray[np.object_],
    weight: NDArray[np.int64],
) -> tuple[list[str], bool]:
    """Name the barriers that straight lines meet, those of most households first; and walls."""
    shapes, words = barriers
    met: dict[str, int] = {}
    if len(shapes):
        line, barrier = shapely.STRtree(shapes).query(lines, predicate="intersects")
        for word in np.unique(words[barrier]).tolist():
            met[word] = int(weight[np.unique(line[words[barrier] == word])].sum())
    walls = compound_walls(study).lines
    walled = bool(len(walls) and len(shapely.STRtree(walls).query(lines, "intersects")[0]))
    return sorted(met, key=lambda word: (-met[word], word))[:MOST_TRIED], walled


def _without(study: Study, taken: NDArray[np.bool_]) -> Study:
    """Give the study without some rows of its barriers."""
    left = study.table("barriers")[~taken]
    return replace(study, tables={**study.tables, "barriers": left})


def _within(
    study: Study,
    place: NDArray[np.object_],
    stations: NDArray[np.object_],
    reach: float,
    *,
    walled: bool,
) -> NDArray[np.bool_]:
    """Tell which places are within reach of a station along the streets of a study."""
    streets = streets_of(study, walled=walled)
    if not len(streets.network.line):
        return np.zeros(len(place), np.bool_)
    homes, sites = (attach(streets.network, points, streets.shut) for points in (place, stations))
    return np.asarray(nearest_station(streets.network, homes, sites).metres <= reach, np.bool_)
