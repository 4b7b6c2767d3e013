"""Coverage: homes and stations onto the network, then minutes, shares and gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.catchment import floor_within_reach
from lingwu_grid.circle.gaps import find_gaps
from lingwu_grid.circle.isochrones import isochrones
from lingwu_grid.circle.models import Demand
from lingwu_grid.circle.reach import Attachment, Nearest, attach, nearest_station, within_reach
from lingwu_grid.circle.stations import notes_on, require_walk, station_table, stations_of
from lingwu_grid.circle.streets import streets_of
from lingwu_grid.circle.summary import summarise
from lingwu_grid.circle.zones import BANDS, share_table
from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.policy import ELDERLY_SPEED_M_S, SERVICE_MINUTES, WALKING_SPEED_M_S
from lingwu_grid.fabric.cells import gather_buildings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.network import Network
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord

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

    def require_roads(self) -> None:
        """
        Refuse to site where no road is known.

        Raises
        ------
        InputError
            Straight lines take both banks of a canal for one place.
        """
        if self.network is None:
            raise InputError(
                "没有道路，不能选址", where="roads",
                remedy="补上道路；直线距离会把河渠铁路两边算成一处",
            )  # fmt: skip

    def _repr_html_(self) -> str:
        table: str = self.zones.head(40).to_html(index=False, escape=True)
        loud = "" if self.network is not None else f"<p><b>{STRAIGHT}</b></p>"
        return loud + table


def measure(
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
        If a speed is no positive number.

    Notes
    -----
    Without a station every walk is infinite, so that an office can site its first one.
    """
    require_walk("步行速度", speed, "例如 1.2 米/秒")
    require_walk("老年人步行速度", elderly_speed, "例如 0.8 米/秒")
    sites, told = stations_of(study)
    walkers = walkers_of(study)
    ways = _ways(study, walkers, sites)
    reach = SERVICE_MINUTES * 60 * speed
    homes = _homes_table(study, walkers, ways, sites)
    metres = ways.found.metres[walkers.of_household]
    space = None
    if catchment and ways.has_roads:
        space = _floor(walkers, ways, sites, reach)[walkers.of_household]
    zones = share_table(study, plan, metres, (speed, elderly_speed), space)
    stations = station_table(sites, homes, ways.found.station, speed)
    gaps = find_gaps(study, homes, reach, ways.at, walked=ways.has_roads)
    summary = summarise(study, homes, zones, gaps, ways.network, (speed, elderly_speed))
    summary |= {"method": ways.method}
    notes = notes_on(summary, stations, ways.at_site, has_roads=ways.has_roads)
    reached = [(m, m * 60 * speed) for m in BANDS] if ways.has_roads else []
    rings = isochrones(ways.network, ways.at_site, reached, study.crs)
    return Coverage(
        study=study,
        plan=plan,
        homes=homes,
        stations=stations.assign(method=ways.method),
        gaps=gaps.table.assign(method=ways.method),
        zones=zones.assign(method=ways.method),
        households=_people(study, walkers, homes, speed, ways.method),
        isochrones=rings.assign(method=ways.method),
        network=ways.network if ways.has_roads else None,
        summary=summary | {"notes": [*notes, *ways.told, *told]},
    )


class Ways(NamedTuple):
    """How homes and stations lie to each other."""

    network: Network
    at: NDArray[np.object_]
    """Points of the stations."""
    at_home: Attachment
    at_site: Attachment
    found: Nearest
    straight: Nearest
    method: str
    told: list[str]
    """How the streets were taken where they are drawn otherwise than can be."""

    @property
    def has_roads(self) -> bool:
        """Whether there is a street to walk on."""
        return len(self.network.line) > 0


def _ways(study: Study, walkers: Walkers, sites: gpd.GeoDataFrame) -> Ways:
    """Walk from every home to its nearest station, along the streets where there are any."""
    points = shapely.centroid(sites.geometry.to_numpy())
    network, walls, told = streets_of(study)
    at_site = attach(network, points, walls)
    at_home = attach(network, walkers.point, walls)
    straight = _straight(walkers.point, points)
    if len(network.line):
        found, method = nearest_station(network, at_home, at_site), WALKED
    else:
        found, method = Nearest(straight.metres * DETOUR, straight.station), STRAIGHT
    return Ways(network, points, at_home, at_site, found, straight, method, told)


def _floor(
    walkers: Walkers, ways: Ways, sites: gpd.GeoDataFrame, reach: float
) -> NDArray[np.float64]:
    pairs = within_reach(ways.network, ways.at_home, ways.at_site, reach)
    demand = Demand(walkers.households, *pairs, len(sites))
    return floor_within_reach(demand, sites["floor_area_m2"].to_numpy(float))


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
    if not len(stations):
        return Nearest(np.full(len(homes), np.inf), np.full(len(homes), -1, np.int64))
    index, metres = shapely.STRtree(stations).query_nearest(
        homes, return_distance=True, all_matches=False
    )
    return Nearest(metres, index[1].astype(np.int64))


def _homes_table(
    study: Study, walkers: Walkers, ways: Ways, sites: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    ids = np.append(sites["station_id"].to_numpy(object), "")
    return gpd.GeoDataFrame(
        {
            "households": walkers.households,
            "elderly": walkers.elderly,
            "metres": ways.found.metres,
            "straight_m": ways.straight.metres,
            "station_id": ids[ways.found.station],
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
            "metres": metres,
            "minutes": metres / speed / 60,
            "method": method,
        }
    )
