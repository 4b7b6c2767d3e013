"""A coverage becomes part of a plan: layers, tables, and the station of every grid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.journeys import routes_of
from lingwu_grid.circle.zones import BANDS
from lingwu_grid.contract.errors import InputError
from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.planning.service import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lingwu_grid.circle.choosing import Proposal
    from lingwu_grid.circle.coverage import Coverage
    from lingwu_grid.circle.walks import Walks
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord

RANKED = ["kind", "name", "site_id", "cost", "households", "per_10000_yuan"]
MOST_RANKED = 30
"""Candidates that are listed, the best first."""
MILLIMETRE = 0.001
"""Of a metre: ground is joined to it."""

BAND_WORDS = ("5 分钟内", "5—10 分钟", "10—15 分钟", "15 分钟以上", "没有路相通")


def require_same_inputs(record: PlanRecord, study: Study) -> None:
    """
    Refuse to measure a plan with other data than it was made from.

    Raises
    ------
    InputError
        If a file of the study has changed since, is new, or is gone.
    """
    then = {(s["file"], s["sha256"]) for s in record.run["inputs"]}
    now = {(s["file"], s["sha256"]) for s in study.sources}
    if then != now:
        changed = "、".join(sorted({name for name, _ in then ^ now})[:5])
        raise InputError(
            f"研究文件夹和方案的数据不一致：{changed}",
            where="run.json",
            remedy="用划分时的研究文件夹；数据更新了就先重新运行 python -m lingwu_grid.partition",
        )


def served(record: PlanRecord, coverage: Coverage, proposal: Proposal | None = None) -> PlanRecord:
    """
    Give a plan its service circle.

    Parameters
    ----------
    record
        The plan that `coverage` was measured for.
    coverage
        Walks and shares.
    proposal
        Where stations should open; None where nobody asked.

    Returns
    -------
    PlanRecord
        Its `grids` have station_id, station_name, walk_minutes and share_15, its `communities`
        walk_minutes and share_15; and it has a :class:`~lingwu_grid.planning.service.Service`.
    """
    of = record.assignment.set_index("household_id").loc[coverage.households["household_id"]]
    walks = coverage.households.assign(
        unit_id=of["unit_id"].to_numpy(), grid_id=of["grid_id"].to_numpy()
    )
    method = str(coverage.summary["method"])
    # Units meet in metres; in degrees a needle of ground may cross itself.
    units = record.units.to_crs(coverage.stations.crs)
    layers = {
        "stations": coverage.stations,
        "gaps": coverage.gaps,
        "isochrones": coverage.isochrones,
        "bands": _bands(units, walks, float(coverage.summary["speed_m_s"])),
        "catchments": _catchments(units, walks, coverage.stations),
    }
    if coverage.walks is not None and len(coverage.stations):
        layers["routes"] = _routes(coverage, coverage.walks, walks)
    layers = {name: table.assign(method=method) for name, table in layers.items()}
    layers["circles"] = _circles(coverage)
    summary = dict(coverage.summary)
    if proposal is not None:
        layers["proposed_stations"] = proposal.sites.assign(method=method)
        if proposal.remedies is not None:
            layers["remedies"] = proposal.remedies.assign(method=method)
        summary["proposal"] = {
            "sites": proposal.sites["site_id"].tolist(),
            "covered": proposal.covered,
            "served": proposal.served,
            "optimum": proposal.optimum,
            "uncovered": proposal.uncovered,
            "curve": proposal.curve.to_dict("records"),
            "notes": list(proposal.notes),
            "remedies": _named(proposal.remedies, ["kind", "name", "cost", "added_households"]),
            "ranked": _named(proposal.ranked, RANKED),
        }
    return replace(
        record,
        grids=_with_stations(record.grids, walks, coverage),
        communities=_with_shares(record.communities, "社区", "community_id", coverage.zones),
        service=Service(
            layers={k: _plain(v).to_crs(DEGREES) for k, v in layers.items() if len(v)},
            zones=coverage.zones,
            households=_rounded(_plain(coverage.households)),
            summary=summary,
        ),
    )


def _routes(coverage: Coverage, streets: Walks, walks: pd.DataFrame) -> gpd.GeoDataFrame:
    """Draw the walk of each lived-in unit: of the building with most of its households."""
    lived = _most(walks.assign(home=coverage.of_household), "unit_id", "home")
    drawn = routes_of(streets, np.array([*lived.values()], np.int64), coverage.stations)
    unit = {home: unit for unit, home in lived.items()}
    drawn.insert(0, "unit_id", [unit[home] for home in drawn["home"]])
    return drawn.drop(columns="home")


def _named(table: pd.DataFrame | None, columns: list[str]) -> list[dict[str, Any]]:
    """Give rows as plain values; nothing for a number that is none."""
    if table is None:
        return []
    rows = table[columns].head(MOST_RANKED).to_dict("records")
    return [{str(k): None if v != v else v for k, v in row.items()} for row in rows]  # noqa: PLR0124 - not a number


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Give nothing instead of infinity: a walk that is not possible has no metres."""
    plain = table.copy()
    for name in plain.columns:
        if plain[name].dtype == np.float64:
            plain[name] = plain[name].where(np.isfinite(plain[name]))
    return plain


def _rounded(walks: pd.DataFrame) -> pd.DataFrame:
    """Give millimetres and hundredths of a minute: who counts metres finds the same bands."""
    return walks.assign(metres=walks["metres"].round(3), minutes=walks["minutes"].round(2))


def _most_used(walks: pd.DataFrame, key: str) -> dict[str, str]:
    """Give the station that most households of each zone or unit are nearest to."""
    return _most(walks[walks["station_id"] != ""], key, "station_id")


def _most(rows: pd.DataFrame, key: str, what: str) -> dict[str, Any]:
    """Give what most rows of each key have; of equals the first."""
    count = rows.groupby([key, what]).size().rename("n").reset_index()
    count = count.sort_values([key, "n", what], ascending=[True, False, True])
    first = count.drop_duplicates(key)
    return dict(zip(first[key], first[what], strict=True))


def _with_shares(
    table: gpd.GeoDataFrame, level: str, key: str, zones: pd.DataFrame
) -> gpd.GeoDataFrame:
    rows = zones[zones["level"] == level].set_index("zone_id")
    return table.assign(
        walk_minutes=table[key].map(rows["minutes_median"]).astype(float),
        share_15=table[key].map(rows["share_15"]).astype(float),
    )


def _with_stations(
    grids: gpd.GeoDataFrame, walks: pd.DataFrame, coverage: Coverage
) -> gpd.GeoDataFrame:
    stations, used = coverage.stations, _most_used(walks, "grid_id")
    name = dict(zip(stations["station_id"], stations["name"].fillna("").astype(str), strict=True))
    station = [used.get(grid, "") for grid in grids["grid_id"]]
    table = grids.assign(
        station_id=np.array(station, object),
        station_name=np.array([name.get(s, "") for s in station], object),
    )
    return _with_shares(table, "网格", "grid_id", coverage.zones)


def _bands(units: gpd.GeoDataFrame, walks: pd.DataFrame, speed: float) -> gpd.GeoDataFrame:
    """Join lived-in units by the band of their middle walk; households are counted one by one."""
    metres = walks["metres"].to_numpy(float)
    # The very products that shares are counted with: 15 minutes and a moment are beyond.
    ends = [minutes * 60 * speed for minutes in BANDS]
    band = np.where(np.isinf(metres), len(BANDS) + 1, np.searchsorted(ends, metres))
    households = np.bincount(band, minlength=len(BAND_WORDS))
    middle = pd.Series(metres).groupby(walks["unit_id"].to_numpy()).median()
    of_unit = units["unit_id"].map(middle).to_numpy(float)
    place = np.where(np.isinf(of_unit), len(BANDS) + 1, np.searchsorted(ends, of_unit))
    place = np.where(np.isnan(of_unit), -1, place)
    rows = [
        (b, BAND_WORDS[b], int(households[b]), _joined(units, place == b))
        for b in range(len(BAND_WORDS))
        if (place == b).any()
    ]
    return _table(rows, ["band", "label", "households"], units)


def _catchments(
    units: gpd.GeoDataFrame, walks: pd.DataFrame, stations: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Join units by the station that most of their households are nearest to."""
    most = _most_used(walks, "unit_id")
    used = np.array([most.get(unit, "") for unit in units["unit_id"]], object)
    rows = [
        (
            s.station_id,
            s.name or s.station_id,
            int(s.households),
            _joined(units, used == s.station_id),
        )
        for s in stations.itertuples(index=False)
        if (used == s.station_id).any()
    ]
    return _table(rows, ["station_id", "name", "households"], units)


def _circles(coverage: Coverage) -> gpd.GeoDataFrame:
    """Draw what a pair of compasses would say: straight lines as long as fifteen minutes."""
    if not len(coverage.stations):
        return _table([], ["label", "method"], coverage.stations)
    reach = BANDS[-1] * 60 * float(coverage.summary["speed_m_s"])
    shape = shapely.union_all(shapely.buffer(coverage.stations.geometry.to_numpy(), reach))
    row = [(f"直线 {reach:.0f} 米", "直线画圈，只供对照", shape)]
    return _table(row, ["label", "method"], coverage.stations)


def _joined(units: gpd.GeoDataFrame, chosen: NDArray[np.bool_]) -> object:
    """Join ground to the millimetre: a pinhole of less between units is no ring in degrees."""
    return shapely.union_all(units.geometry.to_numpy()[chosen], grid_size=MILLIMETRE)


def _table(
    rows: Sequence[tuple[object, ...]], names: list[str], units: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    plain = pd.DataFrame([r[:-1] for r in rows], columns=names)
    return gpd.GeoDataFrame(plain, geometry=[r[-1] for r in rows], crs=units.crs)
