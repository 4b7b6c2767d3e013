"""Propose where the next stations should open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.candidates import make_terms, sites_of
from lingwu_grid.circle.gaps import find_gaps
from lingwu_grid.circle.models import Demand, Sited, Terms
from lingwu_grid.circle.reach import attach, within_reach
from lingwu_grid.circle.siting import fewest_sites, least_walking, most_covered
from lingwu_grid.circle.streets import walls_of
from lingwu_grid.errors import InputError
from lingwu_grid.policy import SERVICE_MINUTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.walk import Coverage

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
        Homes that no candidate reaches: households, share of the town, reason, places.
    notes
        What the conditions left undone, in sentences.
    """

    sites: gpd.GeoDataFrame
    covered: int
    households: int
    optimum: dict[str, Any]
    curve: pd.DataFrame
    uncovered: dict[str, Any]
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        table: str = pd.DataFrame(self.sites.drop(columns="geometry")).to_html(
            index=False, escape=True
        )
        return table


def site_stations(
    coverage: Coverage,
    *,
    count: int = 1,
    model: Model = "cover",
    required: tuple[str, ...] = (),
    budget: float | None = None,
    each_community: bool = False,
    capacity: bool = False,
) -> Proposal:
    """
    Choose premises for new Neighbourhood Stations; today's stay open.

    Parameters
    ----------
    coverage
        What :func:`~lingwu_grid.circle.walk.coverage` measured.
    count
        Stations to open, at most; of no account for `all`.
    model
        `cover`: most households within fifteen minutes (MCLP); `all`: fewest stations for
        everybody who can be reached (LSCP); `median`: least walking in all.
    required
        Ids of premises that must be opened, whatever they add; they count among `count`.
    budget
        Yuan for all that is opened; `premises` must then have costs.
    each_community
        At least one station in every community.
    capacity
        Serve no more households from a room than its floor allows (30 m² for 100 households);
        a room without a floor area is not limited.

    Returns
    -------
    Proposal
        Proven optimal, or with its gap.

    Raises
    ------
    InputError
        If no road is known, `count` is not positive, a premise is unknown or has no cost, or
        the conditions cannot be met together.
    """
    if coverage.network is None:
        raise InputError(
            "没有道路，不能选址", where="roads", remedy="补上道路；直线距离会把河渠铁路两边算成一处"
        )
    if count < 1:
        raise InputError(f"新开站数须至少为 1，现在是 {count}", remedy="例如 --stations 3")
    reach = SERVICE_MINUTES * 60 * float(coverage.summary["speed_m_s"])
    sites = sites_of(coverage)
    demand = _demand(coverage, sites, reach * (MEDIAN_REACH if model == "median" else 1))
    terms, notes = make_terms(
        coverage, sites, required, budget, each_community=each_community, capacity=capacity
    )
    insisted = int((terms.required & ~sites["is_open"].to_numpy(bool)).sum())
    limited = replace(terms, count=max(count - insisted, 0))
    near = demand.metres <= reach
    today = sites["is_open"].to_numpy(bool)
    if model != "all":
        _refuse_too_few(limited, sites, count)
    if model == "all":
        sited, _ = fewest_sites(demand, terms)
    elif model == "median":
        sited = least_walking(demand, limited)
    else:
        sited = most_covered(demand, limited)
    inside = Demand(demand.households, demand.home[near], demand.site[near], demand.metres[near],
                    demand.n_sites)  # fmt: skip
    return Proposal(
        sites=_ranked(sites, inside, sited, today),
        covered=_covered(inside, sited.chosen),
        households=int(demand.households.sum()),
        optimum=_optimum(sited),
        curve=_curve(inside, terms, today, count),
        uncovered=_beyond(coverage, inside, reach),
        notes=notes,
    )


def _refuse_too_few(terms: Terms, sites: gpd.GeoDataFrame, count: int) -> None:
    """Say how many must open where every community is to have one."""
    if terms.group is None or terms.count is None:
        return
    served = set(terms.group[terms.required].tolist())
    waiting = sorted(set(terms.group[terms.group >= 0].tolist()) - served)
    if len(waiting) > terms.count:
        ids = [sites["community_id"].iloc[int(np.argmax(terms.group == g))] for g in waiting]
        raise InputError(
            f"还没有驿站的社区有 {len(waiting)} 个（{'、'.join(map(str, ids[:8]))}），"
            f"新开 {count} 处不够每社区一处",
            where="选址条件",
            remedy=f"改为 --stations {count - terms.count + len(waiting)} 或更多，"
            "或去掉 --each-community",
        )


def _optimum(sited: Sited) -> dict[str, Any]:
    return {
        "objective": round(sited.objective, 3),
        "bound": round(sited.bound, 3),
        "gap": round(sited.gap, 6),
        "status": sited.status,
    }


def _demand(coverage: Coverage, sites: gpd.GeoDataFrame, reach: float) -> Demand:
    homes, network = coverage.homes, coverage.network
    if network is None:
        raise ValueError("no network")
    walls, _ = walls_of(coverage.study)
    at_home = attach(network, homes.geometry.to_numpy(), walls)
    at_site = attach(network, shapely.centroid(sites.geometry.to_numpy()), walls)
    pairs = within_reach(network, at_home, at_site, reach)
    return Demand(homes["households"].to_numpy(np.int64), *pairs, len(sites))


def _beyond(coverage: Coverage, inside: Demand, reach: float) -> dict[str, Any]:
    """Tell who stays uncovered whatever is opened, where and why."""
    nearest = np.full(len(inside.households), np.inf)
    np.minimum.at(nearest, inside.home, inside.metres)
    left = find_gaps(coverage.study, coverage.homes.assign(metres=nearest), reach)
    alone = int(left["households"].sum())
    return {
        "households": alone,
        "share": round(alone / max(int(inside.households.sum()), 1), 4),
        "reason": "最近的备选用房也超出 15 分钟，或没有路相通" if alone else "",
        "places": [
            {"place": str(g.place), "households": int(g.households)} for g in left.itertuples()
        ],
    }


def _covered(inside: Demand, chosen: NDArray[np.bool_]) -> int:
    homes = np.unique(inside.home[chosen[inside.site]])
    return int(inside.households[homes].sum())


def _ranked(
    sites: gpd.GeoDataFrame, inside: Demand, sited: Sited, today: NDArray[np.bool_]
) -> gpd.GeoDataFrame:
    """List the new sites, the one that adds most households first."""
    is_open = today.copy()
    waiting = np.flatnonzero(sited.chosen & ~today).tolist()
    order, added = [], []
    base = _covered(inside, is_open)
    while waiting:
        gains = []
        for s in waiting:
            trial = is_open.copy()
            trial[s] = True
            gains.append(_covered(inside, trial) - base)
        best = int(np.argmax(gains))
        order.append(waiting.pop(best))
        added.append(gains[best])
        is_open[order[-1]] = True
        base += gains[best]
    columns = ["site_id", "name", "kind", "floor_area_m2", "cost", "community_id", "geometry"]
    table = sites.reindex(columns=columns).iloc[order].reset_index(drop=True)
    chosen = gpd.GeoDataFrame(table, geometry="geometry", crs=sites.crs)
    chosen.insert(6, "added_households", added)
    return chosen


def _curve(inside: Demand, terms: Terms, today: NDArray[np.bool_], count: int) -> pd.DataFrame:
    """Solve for each number of stations until everybody who can be reached is."""
    most = _covered(inside, np.ones(inside.n_sites, bool))
    free = Terms(today, cost=terms.cost, budget=terms.budget)
    rows = [(0, _covered(inside, today), 0.0)]
    for k in range(1, max(CURVE, count) + 1):
        sited = most_covered(inside, replace(free, count=k))
        rows.append((k, round(sited.objective), sited.gap))
        if rows[-1][1] >= most or rows[-1][1] == rows[-2][1]:
            break
    return pd.DataFrame(rows, columns=["new_stations", "households_covered", "gap"])
