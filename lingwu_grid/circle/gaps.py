"""Gaps: where homes beyond the service circle stand together, and what the place is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.study import Study

NEAR_M = 120.0
"""Homes nearer than this to each other belong to one gap."""

FEWEST = 10
"""Households that make a place a gap; fewer are listed with the nearest one's neighbours."""


def find_gaps(study: Study, homes: gpd.GeoDataFrame, reach: float) -> gpd.GeoDataFrame:
    """
    Cluster the homes beyond reach (DBSCAN: Ester, Kriegel, Sander, Xu 1996; weighted).

    Parameters
    ----------
    study
        For names: compounds and roads.
    homes
        With metres and households.
    reach
        Metres.

    Returns
    -------
    geopandas.GeoDataFrame
        place, households, elderly, metres (mean walk of those who can reach one; infinite where
        nobody can), reason; a polygon round the homes; most households first.
    """
    far = homes[homes["metres"] > reach].reset_index(drop=True)
    columns = ["place", "households", "elderly", "metres", "reason", "geometry"]
    if not len(far):
        return gpd.GeoDataFrame({c: [] for c in columns}, geometry="geometry", crs=homes.crs)
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - takes seconds to import

    xy = shapely.get_coordinates(far.geometry.to_numpy())
    label = DBSCAN(eps=NEAR_M, min_samples=FEWEST).fit_predict(
        xy, sample_weight=far["households"].to_numpy()
    )
    label = np.where(label < 0, label.max() + 1 + np.arange(len(label)), label)
    rows = []
    for number in np.unique(label):
        inside = far[label == number]
        finite = inside["metres"][np.isfinite(inside["metres"])]
        points = inside.geometry.to_numpy()
        rows.append(
            {
                "place": _place(study, points),
                "households": int(inside["households"].sum()),
                "elderly": int(inside["elderly"].sum()),
                "metres": float(finite.mean()) if len(finite) else np.inf,
                "reason": _reason(inside, reach),
                "geometry": shapely.buffer(
                    shapely.concave_hull(shapely.multipoints(points), 0.3), 25.0
                ),
            }
        )
    table = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=homes.crs)
    order = np.lexsort((table["place"].to_numpy(str), -table["households"].to_numpy()))
    return table.iloc[order].reset_index(drop=True)


def _reason(homes: gpd.GeoDataFrame, reach: float) -> str:
    lost = ~np.isfinite(homes["metres"])
    if lost.all():
        return "没有路通到任何驿站"
    if (homes["straight_m"] <= reach).mean() > 0.5:
        return "直线在范围内，但要绕行（河渠、铁路或围墙）"
    return "离驿站太远"


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
