"""Walks: everybody's way to the nearest station, under one set of assumptions or another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.circle.assumptions import (
    WAIT_S,
    Assumed,
    Ways,
    hardest,
    usual,
    ways_of,
)
from lingwu_grid.circle.attaching import attach
from lingwu_grid.circle.reach import Nearest, nearest_station
from lingwu_grid.circle.routes import Ends
from lingwu_grid.circle.streets import streets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.attaching import Attachment
    from lingwu_grid.circle.network import Network
    from lingwu_grid.contract.walking import Walking
    from lingwu_grid.ingest.study import Study

DETOUR = 1.3
"""Walked metres over straight ones where no roads are known (DESIGN: said loudly)."""

WALKED = "步行网络"
STRAIGHT = f"没有道路：直线距离 × {DETOUR} 估算"


CLOSED = "外人不得穿行有门的小区"
WAITS = f"过主次干路各等 {WAIT_S:g} 秒"
BOTH = "两样都算"


class Speeds(NamedTuple):
    """Metres a second."""

    everybody: float
    elderly: float


@dataclass(frozen=True)
class Walks:
    """
    Homes and stations on the streets.

    Parameters
    ----------
    ways
        The network, and what assumptions may change on it.
    ends
        Homes and stations, and where they join it.
    speeds
        Of everybody and of the elderly.
    assumed
        Under which the figures are.
    worst
        The least kind of what is not known.
    walking
        Settings.
    """

    ways: Ways
    ends: Ends
    speeds: Speeds
    assumed: Assumed
    worst: Assumed
    walking: Walking

    @property
    def has_roads(self) -> bool:
        """Whether there is a street to walk on."""
        return len(self.ways.streets.whole.line) > 0

    @property
    def method(self) -> str:
        """How metres were found, in words."""
        return WALKED if self.has_roads else STRAIGHT

    @property
    def network(self) -> Network:
        """The streets under the assumptions of the figures."""
        return self.ways.under(self.assumed, self.speeds.everybody)

    @property
    def straight(self) -> Nearest:
        """The nearest station by air."""
        homes, stations = self.ends.homes, self.ends.stations
        if not len(stations):
            return Nearest(np.full(len(homes), np.inf), np.full(len(homes), -1, np.int64))
        index, metres = shapely.STRtree(stations).query_nearest(
            homes, return_distance=True, all_matches=False
        )
        return Nearest(metres, index[1].astype(np.int64))

    def nearest(self, assumed: Assumed, speed: float) -> Nearest:
        """
        Walk from every home to its nearest station.

        Parameters
        ----------
        assumed
            Under what.
        speed
            Metres a second, for what waits cost.
        """
        if not self.has_roads:
            by_air = self.straight
            return Nearest(by_air.metres * DETOUR, by_air.station)
        network = self.ways.under(assumed, speed)
        return nearest_station(network, self.ends.at_home, self.ends.at_station)

    def usual(self) -> Nearest:
        """Walk under the assumptions of the figures."""
        return self.nearest(self.assumed, self.speeds.everybody)

    def attached(self, points: NDArray[np.object_]) -> Attachment:
        """Say where other places join the network."""
        return attach(self.ways.streets.network, points, self.ways.streets.shut)

    @property
    def also_asked(self) -> dict[str, Assumed]:
        """Give the assumptions beside those of the figures, by their words; none where known."""
        now, worst = self.assumed, self.worst
        strangers, waits = now.strangers_pass, now.crossing_s
        if any(told is None for told in self.ways.told_open):
            strangers = worst.strangers_pass
        if np.isin(self.ways.road, [r for r in worst.crossing_s if r not in waits]).any():
            waits = worst.crossing_s
        unknown = {
            CLOSED: Assumed(strangers, now.crossing_s),
            WAITS: Assumed(now.strangers_pass, waits),
            BOTH: Assumed(strangers, waits),
        }
        found = {word: other for word, other in unknown.items() if other != now}
        if len(found) < len(unknown):
            found.pop(BOTH, None)  # no other than the one that is not known
        return found

    def under_others(self) -> dict[str, NDArray[np.float64]]:
        """Give the metres of every home under each assumption that nobody has told."""
        if not self.has_roads:
            return {}
        return {
            word: self.nearest(other, self.speeds.everybody).metres
            for word, other in self.also_asked.items()
        }


def walks_of(
    study: Study, homes: NDArray[np.object_], stations: NDArray[np.object_], speeds: Speeds
) -> Walks:
    """
    Set homes and stations on the streets of a study.

    Parameters
    ----------
    study
        Roads, barriers, compounds, gates, settings.
    homes, stations
        Points, metres.
    speeds
        Metres a second.
    """
    ways = ways_of(study, streets_of(study), stations)
    today, shut = ways.streets.network, ways.streets.shut
    ends = Ends(homes, attach(today, homes, shut), stations, attach(today, stations, shut))
    walking = study.rules.walking
    return Walks(ways, ends, speeds, usual(walking), hardest(walking), walking)
