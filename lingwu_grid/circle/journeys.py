"""Journeys: one household's walk told: how long, where to, and what it goes round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.causes import ways_of_homes
from lingwu_grid.circle.routes import Router

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.walks import Walks

WORTH_M = 20.0
"""What lengthens a walk by less is not worth a word."""

FINE_M = 0.5
"""Drawn ways are true to this."""


@dataclass(frozen=True)
class Route:
    """
    A walk from a door to its station.

    Parameters
    ----------
    line
        In metres, the study's own system; None where no way leads to a station.
    metres, minutes
        As counted: stairs, slopes and waits in them; infinite for no way.
    station_id, name
        Where to; empty for nowhere.
    goes_round
        What stands in the shortest way: if all of it were gone, the walk would be at least
        `spared_m` shorter; nothing where that is less than `WORTH_M`.
    spared_m
        Metres; infinite where there is no way today and would then be one.
    """

    line: shapely.LineString | None
    metres: float
    minutes: float
    station_id: str
    name: str
    goes_round: tuple[str, ...]
    spared_m: float

    def __str__(self) -> str:
        round_ = "、".join(self.goes_round)
        if self.line is None:
            return "没有路通到任何邻里驿家" + (f"；挡在路上的：{round_}" if round_ else "")
        # Stairs, slopes and waits count for metres that nobody walks.
        more = "折合 " if abs(self.line.length - self.metres) > 1.0 else ""
        far = f"{more}{self.metres:.0f} 米"
        text = f"到{self.name or self.station_id}步行 {self.minutes:.1f} 分钟（{far}）"
        return text + (f"，绕开{round_}，多走 {self.spared_m:.0f} 米" if round_ else "")

    def _repr_html_(self) -> str:
        row = {"驿站": self.name or self.station_id, "分钟": self.minutes, "米": self.metres,
               "绕开": "、".join(self.goes_round), "多走米": self.spared_m}  # fmt: skip
        told: str = pd.DataFrame([row]).round(1).to_html(index=False, escape=True)
        drawn: str = "" if self.line is None else self.line._repr_svg_()
        return told + drawn


def route_of(walks: Walks, home: int, stations: gpd.GeoDataFrame) -> Route:
    """
    Tell the walk of one home.

    Parameters
    ----------
    walks
        Homes and stations on the streets.
    home
        Its number.
    stations
        Their ids and names, in the order of the walks.
    """
    told = _told(walks, np.array([home]))
    metres, station = float(told.metres[0]), int(told.station[0])
    row = stations.iloc[station] if np.isfinite(metres) else None
    return Route(
        line=told.lines[0],
        metres=metres,
        minutes=metres / walks.speeds.everybody / 60,
        station_id="" if row is None else str(row["station_id"]),
        name="" if row is None else str(row["name"] or ""),
        goes_round=told.goes_round[0],
        spared_m=float(told.spared_m[0]),
    )


class _Told(NamedTuple):
    """The walks of some homes, one a row."""

    lines: list[shapely.LineString | None]
    metres: NDArray[np.float64]
    station: NDArray[np.int64]
    goes_round: list[tuple[str, ...]]
    spared_m: NDArray[np.float64]


def _told(walks: Walks, homes: NDArray[np.int64]) -> _Told:
    router = Router(walks.network, walks.ends)
    best, crossed = ways_of_homes(
        walks.ways, walks.assumed, walks.speeds.everybody,
        walks.ends.homes[homes], walks.ends.stations,
    )  # fmt: skip
    row = router.best[homes]
    metres, names = router.metres[row], walks.ways.streets.obstacles.names
    spared = _spared(metres, best)
    return _Told(
        lines=[router.way(home) for home in homes.tolist()],
        metres=metres,
        station=router.station[row],
        goes_round=[
            tuple(names[o] for o in sorted(over)) if m >= WORTH_M else ()
            for over, m in zip(crossed, spared.tolist(), strict=True)
        ],
        spared_m=spared,
    )


def _spared(metres: NDArray[np.float64], best: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tell how much shorter walks would be; nothing where there would be no way either."""
    spared = np.subtract(metres, best, out=np.zeros(len(best)), where=np.isfinite(best))
    return np.maximum(spared, 0.0)


def routes_of(
    walks: Walks, homes: NDArray[np.int64], stations: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """
    Draw the walks of several homes.

    Parameters
    ----------
    walks
        Homes and stations on the streets.
    homes
        Their numbers, shape (n,).
    stations
        Ids and names, in the order of the walks.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a home that can reach a station: home, station_id, station_name, metres, minutes,
        goes_round, spared_m; the line, true to `FINE_M`.
    """
    told = _told(walks, homes)
    table = gpd.GeoDataFrame(
        {
            "home": homes,
            "station_id": stations["station_id"].to_numpy(object)[told.station],
            "station_name": stations["name"].fillna("").to_numpy(object)[told.station],
            "metres": told.metres.round(1),
            "minutes": (told.metres / walks.speeds.everybody / 60).round(1),
            "goes_round": ["、".join(names) for names in told.goes_round],
            "spared_m": told.spared_m.round(1),
        },
        geometry=shapely.simplify(np.array(told.lines, object), FINE_M),
        crs=stations.crs,
    )
    known = np.isfinite(told.metres) & ~table.geometry.isna().to_numpy()
    return table[known].reset_index(drop=True)
