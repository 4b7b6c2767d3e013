"""Coverage: homes and stations onto the network, then minutes, shares and gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.catchment import floor_within_reach
from lingwu_grid.circle.gaps import find_gaps
from lingwu_grid.circle.ground import home_grounds, isochrones
from lingwu_grid.circle.homes import Walkers, walkers_of
from lingwu_grid.circle.journeys import Route, route_of
from lingwu_grid.circle.models import Demand
from lingwu_grid.circle.reach import within_reach
from lingwu_grid.circle.stations import notes_on, station_table, stations_of
from lingwu_grid.circle.summary import summarise
from lingwu_grid.circle.walks import STRAIGHT, Speeds, Walks, walks_of
from lingwu_grid.circle.zones import BANDS, Timed, share_table
from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.policy import SERVICE_MINUTES
from lingwu_grid.contract.walking import require_walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.reach import Nearest
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord


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
    walks
        Homes and stations on the streets; None where no road is known.
    of_household
        Home of each household of the study.
    grounds
        The ground of each home.
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
    walks: Walks | None
    of_household: NDArray[np.int64]
    grounds: NDArray[np.object_]
    summary: dict[str, Any]

    def require_roads(self) -> Walks:
        """
        Give the walks; refuse to site or to draw where no road is known.

        Raises
        ------
        InputError
            Straight lines take both banks of a canal for one place.
        """
        if self.walks is None:
            raise InputError(
                "没有道路，不能选址，也画不出路线", where="roads",
                remedy="补上道路；直线距离会把河渠铁路两边算成一处",
            )  # fmt: skip
        return self.walks

    def route(self, household_id: str) -> Route:
        """
        Draw the walk of a household to its station (private).

        Parameters
        ----------
        household_id
            Of the study.

        Returns
        -------
        Route
            The line, metres, minutes, the station, and what it goes round.

        Raises
        ------
        InputError
            If there is no such household, or no road is known.
        """
        walks = self.require_roads()
        row = np.flatnonzero(self.households["household_id"].to_numpy() == household_id)
        if not len(row):
            raise InputError(
                f"没有编号为 {household_id} 的常住户", where="households",
                remedy="核对住户编号；没有计入的户见 excluded.csv",
            )  # fmt: skip
        return route_of(walks, int(self.of_household[row[0]]), self.stations)

    def _repr_html_(self) -> str:
        table: str = self.zones.head(40).to_html(index=False, escape=True)
        loud = "" if self.walks is not None else f"<p><b>{STRAIGHT}</b></p>"
        return loud + table


def measure(
    study: Study,
    plan: PlanRecord | None = None,
    *,
    speed: float | None = None,
    elderly_speed: float | None = None,
    catchment: bool = False,
) -> Coverage:
    """
    Measure who can walk to a Neighbourhood Station in 5, 10 and 15 minutes (policy §17).

    Parameters
    ----------
    study
        Homes, stations, roads, barriers, gates, and how people walk (``rules.walking``).
    plan
        Its grids and communities; today's without.
    speed, elderly_speed
        Metres a second; by default the study's. 15 minutes at 1.2 m/s are 1080 m (GB 50180-2018:
        800–1000 m).
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
    given = study.rules.walking
    speeds = Speeds(
        given.speed_m_s if speed is None else speed,
        given.elderly_speed_m_s if elderly_speed is None else elderly_speed,
    )
    require_walk("步行速度", speeds.everybody)
    require_walk("老年人步行速度", speeds.elderly)
    sites, told = stations_of(study)
    walkers = walkers_of(study)
    walks = walks_of(study, walkers.point, shapely.centroid(sites.geometry.to_numpy()), speeds)
    found = walks.usual()
    reach = SERVICE_MINUTES * 60 * speeds.everybody
    homes = _homes_table(study, walkers, found, walks.straight, sites)
    space = None
    if catchment and walks.has_roads:
        space = _floor(walkers, walks, sites, reach)[walkers.of_household]
    others = walks.under_others()
    zones = share_table(study, plan, _timed(walkers, walks, found, others), space)
    stations = station_table(sites, homes, found.station, speeds.everybody)
    grounds = home_grounds(walkers.point)
    gaps = find_gaps(study, homes, reach, walks, grounds)
    summary = summarise(study, homes, zones, gaps, walks, others)
    notes = notes_on(summary, stations, walks.ends.at_station, has_roads=walks.has_roads)
    reached = [(m, m * 60 * speeds.everybody) for m in BANDS] if walks.has_roads else []
    rings = isochrones(
        walks.network, walks.ends.at_station, reached, study.crs, (grounds, found.metres)
    )
    method = walks.method
    return Coverage(
        study=study,
        plan=plan,
        homes=homes,
        stations=stations.assign(method=method),
        gaps=gaps.table.assign(method=method),
        zones=zones.assign(method=method),
        households=_people(study, walkers, homes, speeds.everybody, method),
        isochrones=rings.assign(method=method),
        walks=walks if walks.has_roads else None,
        of_household=walkers.of_household,
        grounds=grounds,
        summary=summary | {"notes": [*notes, *walks.ways.streets.told, *told]},
    )


def _timed(
    walkers: Walkers, walks: Walks, found: Nearest, others: dict[str, NDArray[np.float64]]
) -> Timed:
    """Give the metres of each household: of everybody, of the elderly, and at the worst."""
    of, speeds, old = walkers.of_household, walks.speeds, found
    if walks.assumed.crossing_s:
        old = walks.nearest(walks.assumed, speeds.elderly)
    # The last of those not known is all of them.
    worst = next(reversed(others.values()), found.metres)
    return Timed(found.metres[of], old.metres[of], worst[of], speeds)


def _floor(
    walkers: Walkers, walks: Walks, sites: gpd.GeoDataFrame, reach: float
) -> NDArray[np.float64]:
    ends = walks.ends
    pairs = within_reach(walks.network, ends.at_home, ends.at_station, reach)
    demand = Demand(walkers.households, *pairs, len(sites))
    return floor_within_reach(demand, sites["floor_area_m2"].to_numpy(float))


def _homes_table(
    study: Study, walkers: Walkers, found: Nearest, straight: Nearest, sites: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    ids = np.append(sites["station_id"].to_numpy(object), "")
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
            "metres": metres,
            "minutes": metres / speed / 60,
            "method": method,
        }
    )
