"""The walk of a coverage: homes and stations onto the network, minutes, shares, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.coverage.gaps import find_gaps
from lingwu_grid.coverage.isochrones import isochrones
from lingwu_grid.coverage.reach import Nearest, attach, nearest_station
from lingwu_grid.coverage.streets import walking_network, walls_of
from lingwu_grid.errors import InputError
from lingwu_grid.fabric.cells import gather_buildings
from lingwu_grid.fabric.places import name_places
from lingwu_grid.policy import (
    ELDERLY_SPEED_M_S,
    FLOOR_M2_PER_100_HOUSEHOLDS,
    SERVICE_MINUTES,
    WALKING_SPEED_M_S,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.coverage.network import Network
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.study import Study

BANDS = (5, 10, 15)
DETOUR = 1.3
"""Walked metres over straight ones where no roads are known (DESIGN: said loudly)."""


@dataclass(frozen=True)
class Walkers:
    """
    Homes by building, as the network sees them.

    Parameters
    ----------
    point
        Where they stand, metres, shape (n,).
    households, elderly
        Who lives there.
    of_household
        Home of each household of the study.
    """

    point: NDArray[np.object_]
    households: NDArray[np.int64]
    elderly: NDArray[np.int64]
    of_household: NDArray[np.int64]


@dataclass(frozen=True)
class Coverage:
    """
    How far everybody walks.

    Parameters
    ----------
    study
        Whose homes and stations.
    homes
        One row a building: households, elderly, metres, straight_m, station_id; geometry.
    stations
        The stations with the households they are nearest to, within fifteen minutes and in all.
    gaps
        Clusters of homes beyond fifteen minutes, largest first.
    zones
        Shares within 5, 10 and 15 minutes by community and grid, all and elderly.
    households
        household_id, station_id, metres, minutes (private).
    isochrones
        Ground along the streets from which a station is within 5, 10 and 15 minutes.
    network
        What was walked on; None where no road is known.
    summary
        ``coverage.json``.
    """

    study: Study
    homes: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    zones: pd.DataFrame
    households: pd.DataFrame
    isochrones: gpd.GeoDataFrame
    network: Network | None
    summary: dict[str, Any]

    def _repr_html_(self) -> str:
        table: str = self.zones.head(40).to_html(index=False, escape=True)
        loud = "" if self.network is not None else "<p><b>没有道路：按直线距离×1.3 估算</b></p>"
        return loud + table


def coverage(
    study: Study,
    plan: PlanRecord | None = None,
    *,
    speed: float = WALKING_SPEED_M_S,
    elderly_speed: float = ELDERLY_SPEED_M_S,
) -> Coverage:
    """
    Measure who can walk to a Neighbourhood Station in 5, 10 and 15 minutes (policy §17).

    Parameters
    ----------
    study
        Homes, stations, roads, barriers, gates.
    plan
        Its grids and communities; today's without.
    speed, elderly_speed
        Metres a second; 15 minutes at 1.2 m/s are 1080 m (GB 50180-2018: 800–1000 m).

    Returns
    -------
    Coverage
        Minutes of every household from door to door along the network.

    Raises
    ------
    InputError
        If there is no station, or a speed is not positive.
    """
    if min(speed, elderly_speed) <= 0:
        raise InputError(
            f"步行速度须大于 0，现在是 {min(speed, elderly_speed)}", remedy="例如 1.2 米/秒"
        )
    sites = study.table("stations")
    if not len(sites):
        raise InputError(
            "没有邻里驿家，无法计算服务圈",
            where="stations（邻里驿家）",
            remedy="补上邻里驿家的点，或用 premises 选址",
        )
    walkers = walkers_of(study)
    points = shapely.centroid(sites.geometry.to_numpy())
    network = walking_network(study)
    has_roads = len(network.line) > 0
    straight = _straight(walkers.point, points)
    if has_roads:
        walls, _ = walls_of(study)
        at_site = attach(network, points, walls)
        found = nearest_station(network, attach(network, walkers.point, walls), at_site)
        reached = [(m, m * 60 * speed) for m in BANDS]
        rings = isochrones(network, at_site, reached, study.crs)
    else:
        found = Nearest(straight.metres * DETOUR, straight.station)
        rings = isochrones(network, attach(network, points), [], study.crs)
    homes = _homes_table(study, walkers, found, straight, sites)
    gaps = find_gaps(study, homes, SERVICE_MINUTES * 60 * speed)
    people = _people(study, walkers, homes, speed)
    zones = _zones(study, plan, people, (speed, elderly_speed))
    return Coverage(
        study=study,
        homes=homes,
        stations=_stations_table(sites, homes, speed),
        gaps=gaps,
        zones=zones,
        households=people,
        isochrones=rings,
        network=network if has_roads else None,
        summary=_summary(study, homes, zones, gaps, network, (speed, elderly_speed)),
    )


def walkers_of(study: Study) -> Walkers:
    """Group the households of a study by building; one without a building stands for itself."""
    buildings = gather_buildings(study)
    count = len(buildings.point)
    of = buildings.of_household
    return Walkers(
        point=buildings.point,
        households=np.bincount(of, minlength=count).astype(np.int64),
        elderly=np.bincount(
            of, weights=study.households["elderly"].to_numpy(float), minlength=count
        ).astype(np.int64),
        of_household=of,
    )


def _straight(homes: NDArray[np.object_], stations: NDArray[np.object_]) -> Nearest:
    index, metres = shapely.STRtree(stations).query_nearest(
        homes, return_distance=True, all_matches=False
    )
    return Nearest(metres, index[1].astype(np.int64))


def _homes_table(
    study: Study, walkers: Walkers, found: Nearest, straight: Nearest, sites: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    ids = np.append(station_ids(sites), "")
    return gpd.GeoDataFrame(
        {
            "households": walkers.households,
            "elderly": walkers.elderly,
            "metres": found.metres,
            "straight_m": straight.metres,
            "station_id": ids[found.station],
        },
        geometry=walkers.point,
        crs=study.crs,
    )


def station_ids(sites: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Give every station an id: its own, else its number in the table."""
    own = sites["station_id"].fillna("").astype(str)
    number = pd.Series([f"驿站{i + 1}" for i in range(len(sites))], index=sites.index)
    ids: NDArray[np.object_] = own.where(own != "", number).to_numpy(object)
    return ids


def _people(study: Study, walkers: Walkers, homes: gpd.GeoDataFrame, speed: float) -> pd.DataFrame:
    home = walkers.of_household
    metres = homes["metres"].to_numpy()[home]
    return pd.DataFrame(
        {
            "household_id": study.households["household_id"].to_numpy(),
            "station_id": homes["station_id"].to_numpy()[home],
            "metres": np.round(metres, 1),
            "minutes": np.round(metres / speed / 60, 2),
        }
    )


def _zones(
    study: Study,
    plan: PlanRecord | None,
    people: pd.DataFrame,
    speeds: tuple[float, float],
) -> pd.DataFrame:
    """Count, by community and by grid, who is within each band."""
    if plan is None:
        places = name_places(study)
        grid, community, _ = places.of_points(study, study.households.geometry.to_numpy())
        keys = {
            "社区": np.array([*places.community_ids, ""], object)[community],
            "网格": np.array([*places.grid_ids, ""], object)[grid],
        }
    else:
        rows = plan.assignment.set_index("household_id").loc[people["household_id"]]
        keys = {"社区": rows["community_id"].to_numpy(object),
                "网格": rows["grid_id"].to_numpy(object)}  # fmt: skip
    metres = people["metres"].to_numpy()
    old = study.households["elderly"].to_numpy(float)
    frames = []
    for level, key in {"全部": np.full(len(people), "", object), **keys}.items():
        table = pd.DataFrame({"zone_id": key, "households": 1, "elderly": old})
        for minutes in BANDS:
            near = metres <= minutes * 60 * speeds[0]
            table[f"within_{minutes}"] = near
            table[f"elderly_within_{minutes}"] = old * (metres <= minutes * 60 * speeds[1])
        total = table.groupby("zone_id", sort=True).sum().reset_index()
        frames.append(total.assign(level=level))
    out = pd.concat(frames, ignore_index=True)
    for minutes in BANDS:
        out[f"share_{minutes}"] = (out[f"within_{minutes}"] / out["households"]).round(4)
        share = out[f"elderly_within_{minutes}"] / out["elderly"].where(out["elderly"] > 0)
        out[f"elderly_share_{minutes}"] = share.round(4)
    first = ["level", "zone_id", "households", "elderly"]
    return out[[*first, *[c for c in out.columns if c not in first]]]


def _stations_table(
    sites: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, speed: float
) -> gpd.GeoDataFrame:
    """Count the households of each station and set its floor area beside them."""
    ids = station_ids(sites)
    served = homes.groupby("station_id")["households"].sum()
    near = homes[homes["metres"] <= SERVICE_MINUTES * 60 * speed]
    close = near.groupby("station_id")["households"].sum()
    table = sites.assign(station_id=ids)
    table["households"] = table["station_id"].map(served).fillna(0).astype(np.int64)
    table["households_15"] = table["station_id"].map(close).fillna(0).astype(np.int64)
    area = pd.to_numeric(table["floor_area_m2"], errors="coerce")
    table["floor_area_m2"] = area
    table["m2_per_100"] = (100 * area / table["households"].where(table["households"] > 0)).round(1)
    table["overloaded"] = (table["m2_per_100"] < FLOOR_M2_PER_100_HOUSEHOLDS).fillna(value=False)
    wanted = ["station_id", "name", "floor_area_m2", "households", "households_15", "m2_per_100",
              "overloaded", "geometry"]  # fmt: skip
    return table[wanted]


def _summary(
    study: Study,
    homes: gpd.GeoDataFrame,
    zones: pd.DataFrame,
    gaps: gpd.GeoDataFrame,
    network: Network,
    speeds: tuple[float, float],
) -> dict[str, Any]:
    everyone = zones[zones["level"] == "全部"].iloc[0]
    reach = SERVICE_MINUTES * 60 * speeds[0]
    circles = int(homes["households"][homes["straight_m"] <= reach].sum())
    lost = int(homes["households"][~np.isfinite(homes["metres"])].sum())
    return {
        "study": study.name,
        "synthetic": study.rules.synthetic,
        "speed_m_s": speeds[0],
        "elderly_speed_m_s": speeds[1],
        "method": "步行网络" if len(network.line) else f"没有道路：直线距离 × {DETOUR} 估算",
        "network_pieces": network.pieces,
        "households": int(everyone["households"]),
        "stations": len(study.table("stations")),
        "within": {str(m): int(everyone[f"within_{m}"]) for m in BANDS},
        "share": {str(m): float(everyone[f"share_{m}"]) for m in BANDS},
        "elderly_share": {
            str(m): None if pd.isna(v := everyone[f"elderly_share_{m}"]) else float(v)
            for m in BANDS
        },
        "within_15_by_straight_circles": circles,
        "hidden_by_circles": circles - int(everyone["within_15"]),
        "unreachable": lost,
        "gaps": [
            {
                "place": str(g.place),
                "households": int(g.households),
                "metres": round(float(g.metres)) if np.isfinite(g.metres) else None,
            }
            for g in gaps.itertuples()
        ],
    }
