"""Gaps: where homes beyond the service circle stand together, why, and what the place is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.causes import TOO_FAR, Causes, causes_of, told_causes
from lingwu_grid.circle.ground import only_areas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.walks import Walks
    from lingwu_grid.ingest.study import Study

NEAR_M = 120.0
"""Homes nearer than this to each other belong to one gap."""

FEWEST = 10
"""Households that make a place a gap; fewer are listed with the nearest one's neighbours."""

COLUMNS = [
    "place", "households", "elderly", "metres", "cause", "cause_households", "reason", "geometry",
]  # fmt: skip


class Gaps(NamedTuple):
    """Who is beyond reach, where and why."""

    table: gpd.GeoDataFrame
    """place, households, elderly, metres (mean walk of those who can reach one; infinite where
    nobody can), cause (of most of its households), cause_households, reason (all causes with
    their households); a polygon round the homes; most households first."""
    hidden: dict[str, int]
    """Households that straight circles would count as covered, in all under the empty word, and
    by cause; one may stand under several."""


def find_gaps(
    study: Study,
    homes: gpd.GeoDataFrame,
    reach: float,
    walks: Walks,
    grounds: NDArray[np.object_],
) -> Gaps:
    """
    Cluster the homes beyond reach (DBSCAN: Ester, Kriegel, Sander, Xu 1996; weighted).

    Parameters
    ----------
    study
        For names.
    homes
        With metres and households.
    reach
        Metres.
    walks
        To the stations; without roads nobody can tell a detour.
    grounds
        The ground of each home.

    Returns
    -------
    Gaps
        Every home beyond reach belongs to one.
    """
    is_far = (homes["metres"] > reach).to_numpy(bool)
    far = homes[is_far].reset_index(drop=True)
    if not len(far):
        empty = gpd.GeoDataFrame({c: [] for c in COLUMNS}, geometry="geometry", crs=homes.crs)
        return Gaps(empty, {"": 0})
    label = _labels(far)
    ends = walks.ends
    if walks.has_roads or not len(ends.stations):
        causes = causes_of(
            walks.ways, walks.assumed, walks.speeds.everybody, far.geometry.to_numpy(),
            ends.stations, reach,
        )  # fmt: skip
    else:
        causes = Causes(
            {}, frozenset(), np.full(len(far), TOO_FAR, object), np.zeros(len(far), bool)
        )
    rows = [
        _gap(study, far, label == number, causes, grounds[is_far]) for number in np.unique(label)
    ]
    table = gpd.GeoDataFrame(pd.DataFrame(rows)[COLUMNS], geometry="geometry", crs=homes.crs)
    table = table.set_geometry(_apart(table.geometry.to_numpy(), grounds[~is_far]))
    order = np.lexsort((table["place"].to_numpy(str), -table["households"].to_numpy()))
    weight = far["households"].to_numpy(np.int64)
    hidden = {"": int(weight[causes.in_circle].sum())}
    hidden |= causes.counted(weight, causes.in_circle)
    return Gaps(table.iloc[order].reset_index(drop=True), hidden)


def _apart(outlines: NDArray[np.object_], others: NDArray[np.object_]) -> NDArray[np.object_]:
    """Leave out of each outline the ground of homes that are within reach."""
    if not len(others):
        return outlines
    gap, other = shapely.STRtree(others).query(outlines, "intersects")
    out = outlines.copy()
    for i in np.unique(gap):
        left = shapely.difference(out[i], shapely.union_all(others[other[gap == i]]))
        out[i] = only_areas(left)
    return out


def _labels(far: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Number the gaps; a home that belongs to none is one of its own."""
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - takes seconds to import

    xy = shapely.get_coordinates(far.geometry.to_numpy())
    label = DBSCAN(eps=NEAR_M, min_samples=FEWEST).fit_predict(
        xy, sample_weight=far["households"].to_numpy()
    )
    single = label.max() + 1 + np.arange(len(label), dtype=np.int64)
    numbers: NDArray[np.int64] = np.where(label < 0, single, label)
    return numbers


def _gap(
    study: Study,
    far: gpd.GeoDataFrame,
    these: NDArray[np.bool_],
    causes: Causes,
    grounds: NDArray[np.object_],
) -> dict[str, Any]:
    inside = far[these]
    finite = inside["metres"][np.isfinite(inside["metres"])]
    points = inside.geometry.to_numpy()
    counted = causes.counted(far["households"].to_numpy(np.int64), these)
    cause = next(iter(counted))
    hull = shapely.buffer(shapely.concave_hull(shapely.multipoints(points), 0.3), 25.0)
    return {
        "place": _street_of(study, points) + _place(study, points),
        "households": int(inside["households"].sum()),
        "elderly": int(inside["elderly"].sum()),
        "metres": float(finite.mean()) if len(finite) else np.inf,
        "cause": cause,
        "cause_households": counted[cause],
        "reason": told_causes(counted),
        "geometry": shapely.union(hull, shapely.union_all(grounds[these])),
    }


def _street_of(study: Study, points: NDArray[np.object_]) -> str:
    """Name the street (街道) that most homes of a gap lie in; empty where none is drawn."""
    streets = study.table("subdistricts")
    if not len(streets):
        return ""
    hit = shapely.STRtree(streets.geometry.to_numpy()).query(points, "intersects")[1]
    return str(streets["name"].iloc[int(np.bincount(hit).argmax())]) if len(hit) else ""


def _place(study: Study, points: NDArray[np.object_]) -> str:
    """Name a gap by the compound it is in, else by the nearest named road."""
    compounds, roads = study.table("compounds"), study.table("roads")
    middle = shapely.centroid(shapely.multipoints(points))
    if len(compounds):
        hit = shapely.STRtree(compounds.geometry.to_numpy()).query(points, "within")[1]
        if len(hit):
            name = str(compounds["name"].iloc[int(np.bincount(hit).argmax())])
            more = "等" if len(np.unique(hit)) > 1 or len(hit) < len(points) else ""
            if name:
                return f"{name}{more}"
    named = roads[roads["name"] != ""] if len(roads) else roads
    if len(named):
        near = int(shapely.STRtree(named.geometry.to_numpy()).nearest(middle))
        return f"{named['name'].iloc[near]}附近"
    return "无名处"
