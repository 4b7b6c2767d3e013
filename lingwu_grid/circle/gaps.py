"""Gaps: where homes beyond the service circle stand together, why, and what the place is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.causes import TOO_FAR, causes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    """Households that straight circles would count as covered, by cause, most first."""


def find_gaps(
    study: Study,
    homes: gpd.GeoDataFrame,
    reach: float,
    stations: NDArray[np.object_],
    *,
    walked: bool = True,
) -> Gaps:
    """
    Cluster the homes beyond reach (DBSCAN: Ester, Kriegel, Sander, Xu 1996; weighted).

    Parameters
    ----------
    study
        For names, barriers and walls.
    homes
        With metres and households.
    reach
        Metres.
    stations
        Where they stand, shape (n_stations,).
    walked
        False where metres are straight ones, so that nobody can tell a detour.

    Returns
    -------
    Gaps
        Every home beyond reach belongs to one.
    """
    far = homes[homes["metres"] > reach].reset_index(drop=True)
    if not len(far):
        empty = gpd.GeoDataFrame({c: [] for c in COLUMNS}, geometry="geometry", crs=homes.crs)
        return Gaps(empty, {})
    label = _labels(far)
    if walked or not len(stations):
        cause, in_circle = causes_of(study, far, stations, reach)
    else:
        cause, in_circle = np.full(len(far), TOO_FAR, object), np.zeros(len(far), bool)
    far = far.assign(cause=cause)
    rows = [_gap(study, far[label == number]) for number in np.unique(label)]
    table = gpd.GeoDataFrame(pd.DataFrame(rows)[COLUMNS], geometry="geometry", crs=homes.crs)
    order = np.lexsort((table["place"].to_numpy(str), -table["households"].to_numpy()))
    return Gaps(table.iloc[order].reset_index(drop=True), _by_cause(far[in_circle]))


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


def _gap(study: Study, inside: gpd.GeoDataFrame) -> dict[str, Any]:
    finite = inside["metres"][np.isfinite(inside["metres"])]
    points = inside.geometry.to_numpy()
    causes = _by_cause(inside)
    cause = next(iter(causes))
    return {
        "place": _street_of(study, points) + _place(study, points),
        "households": int(inside["households"].sum()),
        "elderly": int(inside["elderly"].sum()),
        "metres": float(finite.mean()) if len(finite) else np.inf,
        "cause": cause,
        "cause_households": causes[cause],
        "reason": "、".join(f"{word} {households} 户" for word, households in causes.items()),
        "geometry": shapely.buffer(shapely.concave_hull(shapely.multipoints(points), 0.3), 25.0),
    }


def _by_cause(homes: gpd.GeoDataFrame) -> dict[str, int]:
    """Count households by cause, most first."""
    count = homes.groupby("cause")["households"].sum().rename("n").reset_index()
    count = count.sort_values(["n", "cause"], ascending=[False, True])
    return {str(word): int(n) for word, n in zip(count["cause"], count["n"], strict=True)}


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
