"""The walk of a coverage: homes and stations onto the network, minutes, shares, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.catchment import floor_within_reach
from lingwu_grid.circle.gaps import find_gaps
from lingwu_grid.circle.isochrones import isochrones
from lingwu_grid.circle.models import Demand
from lingwu_grid.circle.reach import Nearest, attach, nearest_station, within_reach
from lingwu_grid.circle.stations import notes_on, station_ids, station_table
from lingwu_grid.circle.streets import walking_network, walls_of
from lingwu_grid.circle.zones import BANDS, share_table
from lingwu_grid.errors import InputError
from lingwu_grid.fabric.cells import gather_buildings
from lingwu_grid.policy import ELDERLY_SPEED_M_S, SERVICE_MINUTES, WALKING_SPEED_M_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.network import Network
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.study import Study

DETOUR = 1.3
"""Walked metres over straight ones where no roads are known (DESIGN: said loudly)."""

WALKED = "步行网络"
STRAIGHT = f"没有道路：直线距离 × {DETOUR} 估算"


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
    plan
        Whose grids and communities; None for today's.
    homes
        One row a building: households, elderly, metres, straight_m, station_id; geometry.
    stations
        The stations with the households they are nearest to, within fifteen minutes and in all.
    gaps
        Clusters of homes beyond fifteen minutes, largest first.
    zones
        Shares within 5, 10 and 15 minutes by street, community and grid, before and after.
    households
        household_id, station_id, metres, minutes, method (private).
    isochrones
        Ground along the streets from which a station is within 5, 10 and 15 minutes.
    network
        What was walked on; None where no road is known.
    summary
        ``coverage.json``.
    """

    study: Study
    plan: PlanRecord | None
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
        loud = "" if self.network is not None else f"<p><b>{STRAIGHT}</b></p>"
        return loud + table


def coverage(
    study: Study,
    plan: PlanRecord | None = None,
    *,
    speed: float = WALKING_SPEED_M_S,
    elderly_speed: float = ELDERLY_SPEED_M_S,
    catchment: bool = False,
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
    catchment
        Also divide each station's floor among all within its reach (two-step floating catchment
        area); `zones` then has floor_m2_per_100.

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
    method = WALKED if has_roads else STRAIGHT
    straight = _straight(walkers.point, points)
    if has_roads:
        walls, _ = walls_of(study)
        at_site = attach(network, points, walls)
        at_home = attach(network, walkers.point, walls)
        found = nearest_station(network, at_home, at_site)
        reached = [(m, m * 60 * speed) for m in BANDS]
        rings = isochrones(network, at_site, reached, study.crs)
    else:
        at_site = attach(network, points)
        found = Nearest(straight.metres * DETOUR, straight.station)
        rings = isochrones(network, at_site, [], study.crs)
    homes = _homes_table(study, walkers, found, straight, sites)
    people = _people(study, walkers, homes, speed, method)
    space = None
    if catchment and has_roads:
        reach = SERVICE_MINUTES * 60 * speed
        pairs = within_reach(network, at_home, at_site, reach)
        demand = Demand(walkers.households, *pairs, len(sites))
        floor = pd.to_numeric(sites["floor_area_m2"], errors="coerce").to_numpy(float)
        space = floor_within_reach(demand, floor)[walkers.of_household]
    metres = homes["metres"].to_numpy()[walkers.of_household]
    zones = share_table(study, plan, metres, (speed, elderly_speed), space)
    stations = station_table(sites, homes, speed)
    gaps = find_gaps(study, homes, SERVICE_MINUTES * 60 * speed)
    summary = _summary(study, homes, zones, gaps, network, (speed, elderly_speed))
    return Coverage(
        study=study,
        plan=plan,
        homes=homes,
        stations=stations.assign(method=method),
        gaps=gaps.assign(method=method),
        zones=zones.assign(method=method),
        households=people,
        isochrones=rings,
        network=network if has_roads else None,
        summary=summary | {"notes": notes_on(summary, stations, at_site, has_roads=has_roads)},
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


def _people(
    study: Study, walkers: Walkers, homes: gpd.GeoDataFrame, speed: float, method: str
) -> pd.DataFrame:
    home = walkers.of_household
    metres = homes["metres"].to_numpy()[home]
    return pd.DataFrame(
        {
            "household_id": study.households["household_id"].to_numpy(),
            "station_id": homes["station_id"].to_numpy()[home],
            "metres": np.round(metres, 1),
            "minutes": np.round(metres / speed / 60, 2),
            "method": method,
        }
    )


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
        "method": WALKED if len(network.line) else STRAIGHT,
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
