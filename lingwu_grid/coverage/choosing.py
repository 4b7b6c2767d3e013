"""Propose where the next stations should open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.coverage.reach import attach, within_reach
from lingwu_grid.coverage.siting import Demand, Sited, fewest_sites, least_walking, most_covered
from lingwu_grid.coverage.streets import walls_of
from lingwu_grid.errors import InputError
from lingwu_grid.policy import SERVICE_MINUTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.coverage.walk import Coverage

Model = Literal["cover", "all", "median"]
MEDIAN_REACH = 4
"""The median model looks this many service radii far: beyond, nobody walks anyway."""

CURVE = 10
"""Points of the curve of coverage against stations, at most."""


@dataclass(frozen=True)
class Proposal:
    """
    Where to open stations.

    Parameters
    ----------
    sites
        Chosen premises in the order of what each adds: site_id, name, kind, floor_area_m2, cost,
        added_households, geometry.
    covered, households
        Households within fifteen minutes with them, and in all.
    optimum
        Objective, bound, gap and status of the model.
    curve
        Households covered against stations opened.
    uncovered
        Homes that no candidate reaches: households and the share of the town.
    """

    sites: gpd.GeoDataFrame
    covered: int
    households: int
    optimum: dict[str, Any]
    curve: pd.DataFrame
    uncovered: dict[str, Any]

    def _repr_html_(self) -> str:
        table: str = pd.DataFrame(self.sites.drop(columns="geometry")).to_html(
            index=False, escape=True
        )
        return table


def site_stations(
    coverage: Coverage, *, count: int = 1, model: Model = "cover", speed: float | None = None
) -> Proposal:
    """
    Choose premises for new Neighbourhood Stations; today's stay open.

    Parameters
    ----------
    coverage
        What :func:`~lingwu_grid.coverage.walk.coverage` measured.
    count
        Stations to open; of no account for `all`.
    model
        `cover`: most households within fifteen minutes (MCLP); `all`: fewest stations for
        everybody who can be reached (LSCP); `median`: least walking in all.
    speed
        Metres a second; that of the coverage where not given.

    Returns
    -------
    Proposal
        Proven optimal, or with its gap.

    Raises
    ------
    InputError
        If no road is known, or `count` is not positive.
    """
    if coverage.network is None:
        raise InputError(
            "没有道路，不能选址", where="roads", remedy="补上道路；直线距离会把河渠铁路两边算成一处"
        )
    if count < 1:
        raise InputError(f"新开站数须至少为 1，现在是 {count}", remedy="例如 --stations 3")
    pace = speed or float(coverage.summary["speed_m_s"])
    reach = SERVICE_MINUTES * 60 * pace
    candidates, demand, required = _demand(
        coverage, reach * (MEDIAN_REACH if model == "median" else 1)
    )
    curve = _curve(demand, required, count) if model != "median" else pd.DataFrame()
    if model == "all":
        sited, _ = fewest_sites(demand, required=required)
    elif model == "median":
        sited = least_walking(demand, count, required=required)
    else:
        sited = most_covered(demand, count, required=required)
    near = demand.metres <= reach
    covered = _covered(demand, sited.chosen, near)
    lost = np.ones(len(demand.households), bool)
    lost[demand.home[near]] = False
    alone = int(demand.households[lost].sum())
    total = int(demand.households.sum())
    return Proposal(
        sites=_ranked(candidates, demand, sited, required, near),
        covered=covered,
        households=total,
        optimum=_optimum(sited),
        curve=curve,
        uncovered={
            "households": alone,
            "share": round(alone / max(total, 1), 4),
            "reason": "最近的备选用房也超出 15 分钟，或没有路相通" if alone else "",
        },
    )


def _optimum(sited: Sited) -> dict[str, Any]:
    return {
        "objective": round(sited.objective, 3),
        "bound": round(sited.bound, 3),
        "gap": round(sited.gap, 6),
        "status": sited.status,
    }


def _demand(coverage: Coverage, reach: float) -> tuple[gpd.GeoDataFrame, Demand, NDArray[np.bool_]]:
    """Set today's stations, which stay, and the candidates side by side."""
    study, homes, network = coverage.study, coverage.homes, coverage.network
    if network is None:
        raise ValueError("no network")
    stations = coverage.stations.assign(kind="现有", is_open=True)
    stations = stations.rename(columns={"station_id": "site_id"})
    candidates = _candidates(coverage)
    both = pd.concat([stations, candidates], ignore_index=True)
    sites = gpd.GeoDataFrame(both, geometry="geometry", crs=study.crs)
    walls, _ = walls_of(study)
    at_home = attach(network, homes.geometry.to_numpy(), walls)
    at_site = attach(network, shapely.centroid(sites.geometry.to_numpy()), walls)
    home, site, metres = within_reach(network, at_home, at_site, reach)
    households = homes["households"].to_numpy(np.int64)
    required = sites["is_open"].to_numpy(bool)
    return sites, Demand(households, home, site, metres, len(sites)), required


def _candidates(coverage: Coverage) -> gpd.GeoDataFrame:
    """Give premises; where the office names none, the largest building of each compound."""
    premises = coverage.study.table("premises")
    if len(premises):
        ids = premises["premise_id"].fillna("").astype(str)
        number = pd.Series([f"用房{i + 1}" for i in range(len(premises))], index=premises.index)
        return premises.assign(site_id=ids.where(ids != "", number), is_open=False)
    homes = coverage.homes
    largest = homes.sort_values("households", ascending=False, kind="stable").head(500)
    names = [f"候选{i + 1}" for i in range(len(largest))]
    return largest[["geometry"]].assign(site_id=names, name="", kind="楼栋", is_open=False)


def _covered(demand: Demand, chosen: NDArray[np.bool_], near: NDArray[np.bool_]) -> int:
    homes = np.unique(demand.home[near & chosen[demand.site]])
    return int(demand.households[homes].sum())


def _ranked(
    sites: gpd.GeoDataFrame,
    demand: Demand,
    sited: Sited,
    required: NDArray[np.bool_],
    near: NDArray[np.bool_],
) -> gpd.GeoDataFrame:
    """List the new sites, the one that adds most households first."""
    is_open = required.copy()
    waiting = np.flatnonzero(sited.chosen & ~required).tolist()
    order, added = [], []
    base = _covered(demand, is_open, near)
    while waiting:
        gains = []
        for s in waiting:
            trial = is_open.copy()
            trial[s] = True
            gains.append(_covered(demand, trial, near) - base)
        best = int(np.argmax(gains))
        order.append(waiting.pop(best))
        added.append(gains[best])
        is_open[order[-1]] = True
        base += gains[best]
    columns = ["site_id", "name", "kind", "floor_area_m2", "cost", "geometry"]
    table = sites.reindex(columns=columns).iloc[order].reset_index(drop=True)
    chosen = gpd.GeoDataFrame(table, geometry="geometry", crs=sites.crs)
    chosen.insert(5, "added_households", added)
    return chosen


def _curve(demand: Demand, required: NDArray[np.bool_], count: int) -> pd.DataFrame:
    """Solve for each number of stations until everybody who can be reached is."""
    near = np.ones(len(demand.home), bool)
    most = _covered(demand, np.ones(demand.n_sites, bool), near)
    rows = [(0, _covered(demand, required, near), 0.0)]
    for k in range(1, max(CURVE, count) + 1):
        sited = most_covered(demand, k, required=required)
        rows.append((k, round(sited.objective), sited.gap))
        if rows[-1][1] >= most:
            break
    return pd.DataFrame(rows, columns=["new_stations", "households_covered", "gap"])
