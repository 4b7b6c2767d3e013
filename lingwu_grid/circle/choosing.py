"""Propose where the next stations should open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.candidates import make_terms, refuse_too_much, sites_of
from lingwu_grid.circle.curve import Clock, curve_of
from lingwu_grid.circle.farthest import least_farthest, twice_covered
from lingwu_grid.circle.gaps import find_gaps
from lingwu_grid.circle.median import least_walking
from lingwu_grid.circle.models import Demand, Sited, Terms
from lingwu_grid.circle.reach import within_reach
from lingwu_grid.circle.routes import Ends
from lingwu_grid.circle.siting import fewest_sites, most_covered
from lingwu_grid.circle.stations import require_positive
from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.policy import SERVICE_MINUTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.coverage import Coverage
    from lingwu_grid.circle.walks import Walks

Model = Literal["cover", "all", "median", "center", "backup"]
UNITS = {
    "cover": "户",
    "all": "元",
    "median": "户·米",
    "center": "米",
    "backup": "户（两处都近的计两次）",
}
NO_CAPACITY = ("center", "backup")
MEDIAN_REACH = 4
"""The median and center models look this many service radii far: beyond, nobody walks anyway."""

FAR_MODELS = ("median", "center")

SITING_SECONDS = 120.0
"""Time for all solves of one siting together."""

MODEL_SHARE = 0.6
"""Of the time left, for the choice itself; the curve has the rest."""


@dataclass(frozen=True)
class Proposal:
    """
    Where to open stations.

    Parameters
    ----------
    sites
        Chosen premises in the order of what each adds: site_id, name, kind, floor_area_m2, cost,
        added_households, geometry.
    covered, served, households
        Households within fifteen minutes with them; those that the rooms have the floor for (the
        same where capacity is not asked for; with `median`, those sent anywhere); and in all.
    optimum
        Objective, bound, gap and status of the model.
    curve
        Households covered against stations opened, under the same terms; with capacity, served.
    uncovered
        Homes that no candidate reaches: households, of them too_far and no_way, share of the
        town, reason, places.
    notes
        What the conditions left undone, in sentences.
    remedies
        Gates, bridges and openings that were chosen with the sites: kind, name, cost,
        added_households, geometry; None where only rooms were asked for.
    ranked
        Every candidate alone: what it brings, and for ten thousand yuan.
    """

    sites: gpd.GeoDataFrame
    covered: int
    served: int
    households: int
    optimum: dict[str, Any]
    curve: pd.DataFrame
    uncovered: dict[str, Any]
    notes: tuple[str, ...] = ()
    remedies: gpd.GeoDataFrame | None = None
    ranked: pd.DataFrame | None = None

    def _repr_html_(self) -> str:
        tables = [self.sites.drop(columns="geometry")]
        if self.remedies is not None:
            tables += [self.remedies.drop(columns="geometry")]
        shown: str = "".join(pd.DataFrame(t).to_html(index=False, escape=True) for t in tables)
        return shown


def site_stations(  # noqa: PLR0913 - each is a thing an office asks for
    coverage: Coverage,
    *,
    count: int | None = None,
    model: Model = "cover",
    required: tuple[str, ...] = (),
    budget: float | None = None,
    each_community: bool = False,
    capacity: bool = False,
    seconds: float = SITING_SECONDS,
) -> Proposal:
    """
    Choose premises for new Neighbourhood Stations; today's stay open.

    Parameters
    ----------
    coverage
        What :func:`~lingwu_grid.circle.coverage.coverage` measured.
    count
        Stations to open, at most; of no account for `all`. Without it, what the budget or the
        communities take, else as many as are required, one at least.
    model
        `cover`: most households within fifteen minutes (MCLP), as cheaply as that can be had;
        `all`: everybody who can be reached (LSCP), as cheaply as can be, or with the fewest
        stations where not every candidate has a cost; `median`: least walking in all, nobody
        counted beyond four service radii; `center`: the farthest walk as short as can be
        (p-center); `backup`: a station within reach, and a second.
    required
        Ids of premises that must be opened, whatever they add; they count among `count` and
        cost their part of `budget`.
    budget
        Yuan for all that is opened; `premises` must then have costs.
    each_community
        At least one station in every community.
    capacity
        Serve no more households from a room than its floor allows (30 m² for 100 households);
        a room without a floor area is not limited.
    seconds
        For all solves together; where they run out, the best answer found, with its gap.

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
    coverage.require_roads()
    require_positive("选址的时间", seconds, "例如 120 秒")
    if count is not None and count < 1:
        raise InputError(f"新开站数须至少为 1，现在是 {count}", remedy="例如 --stations 3")
    clock = Clock.of(seconds)
    sites, told = sites_of(coverage)
    terms, notes = make_terms(
        coverage, sites, required, budget, each_community=each_community, capacity=capacity
    )
    if count is None:
        bounded = budget is not None or each_community
        count = int(terms.new.sum()) if bounded else max(len(set(required)), 1)
    refuse_too_much(terms, sites, None if model == "all" else count)
    reach = SERVICE_MINUTES * 60 * float(coverage.summary["speed_m_s"])
    ground = _ground(coverage, sites, reach, reach * (MEDIAN_REACH if model in FAR_MODELS else 1))
    sited = _chosen(ground, terms, model, count, clock.share(MODEL_SHARE))
    curve, stopped = curve_of(ground.inside, terms, count, clock)
    chosen = _ranked(sites, ground.inside, sited, sites["is_open"].to_numpy(bool))
    if terms.capacity is not None:
        today = int(curve["households_covered"].iloc[0])
        chosen = _by_room(chosen, sites, ground.inside, terms, today)
        notes = (*notes, f"现有驿站按面积能服务 {today} 户")
    return Proposal(
        sites=chosen,
        covered=ground.inside.covered(sited.chosen),
        served=sited.served,
        households=int(ground.demand.households.sum()),
        optimum=optimum_of(sited, UNITS[model] if model != "all" or terms.priced else "处"),
        curve=curve,
        uncovered=beyond(coverage, ground.walks, ground.walks.usual().metres, reach),
        notes=(*told, *notes, *_on_answer(sited, ground, model), *stopped),
    )


class Ground(NamedTuple):
    """Who can reach which site."""

    demand: Demand
    """Pairs within the limit of the model."""
    limit: float
    """Metres."""
    inside: Demand
    """Pairs within fifteen minutes."""
    walks: Walks
    """To all sites."""


def _ground(coverage: Coverage, sites: gpd.GeoDataFrame, reach: float, limit: float) -> Ground:
    """Tell who can reach which site, within a limit and within fifteen minutes, metres."""
    walks = walks_to(coverage, sites)
    ends = walks.ends
    home, site, metres = within_reach(walks.network, ends.at_home, ends.at_station, limit)
    weight = coverage.homes["households"].to_numpy(np.int64)
    near = metres <= reach
    return Ground(
        demand=Demand(weight, home, site, metres, len(sites)),
        limit=limit,
        inside=Demand(weight, home[near], site[near], metres[near], len(sites)),
        walks=walks,
    )


def walks_to(coverage: Coverage, sites: gpd.GeoDataFrame) -> Walks:
    """Set all sites on the streets, as if each were a station."""
    walks = coverage.require_roads()
    points = shapely.centroid(sites.geometry.to_numpy())
    ends = Ends(walks.ends.homes, walks.ends.at_home, points, walks.attached(points))
    return replace(walks, ends=ends)


def _chosen(ground: Ground, terms: Terms, model: Model, count: int, seconds: float) -> Sited:
    if model == "all":
        return _for_all(ground.demand, terms, seconds)
    limited = replace(terms, count=count)
    if terms.capacity is not None and model in NO_CAPACITY:
        raise InputError(
            "这个模型不按面积算容量", where="选址条件", remedy="去掉 --capacity，或用 --model cover"
        )
    if model == "center":
        return least_farthest(ground.demand, limited, seconds=seconds)
    if model == "backup":
        return twice_covered(ground.demand, limited, seconds=seconds)
    if model == "median":
        return least_walking(ground.demand, limited, outside_m=ground.limit, seconds=seconds)
    return most_covered(ground.demand, limited, seconds=seconds)


def _for_all(demand: Demand, terms: Terms, seconds: float) -> Sited:
    """Reach everybody who can be; where the budget is too small, say what would do."""
    if terms.budget is None:
        return fewest_sites(demand, terms, seconds=seconds)[0]
    free, _ = fewest_sites(demand, replace(terms, budget=None), seconds=seconds / 2)
    # Of one of several choices as cheap: the budget holds for it, or for none.
    if free.bound > terms.budget:
        least = f"{free.objective:,.0f} 元" if free.status == "optimal" else (
            f"{free.bound:,.0f}—{free.objective:,.0f} 元之间"
        )  # fmt: skip
        raise InputError(
            f"预算 {terms.budget:,.0f} 元够不到所有能到达的户，至少要 {least}",
            where="选址条件",
            remedy=f"改为 --budget {free.objective:.0f}，或用 --model cover 在预算内覆盖最多的户",
        )
    if free.objective <= terms.budget:
        return free
    return fewest_sites(demand, terms, seconds=seconds / 2)[0]


def _on_answer(sited: Sited, ground: Ground, model: Model) -> tuple[str, ...]:
    """Say what the answer leaves open: time that ran out, homes that count at the limit."""
    notes = []
    if sited.status != "optimal":
        notes.append(f"时间用完，这是找到的最好方案，未证明最优（上下界差 {sited.gap:.2%}）")
    left = int(ground.demand.households.sum()) - sited.served
    minutes = SERVICE_MINUTES * MEDIAN_REACH
    if model == "center" and left:
        notes.append(f"{left} 户步行 {minutes} 分钟仍没有去处，最远步行里不算他们")
    if model == "median" and left:
        notes.append(f"{left} 户步行 {minutes} 分钟仍没有去处，各按 {minutes} 分钟的路程计入总步行")
    return tuple(notes)


def optimum_of(sited: Sited, unit: str) -> dict[str, Any]:
    """Give what a model answered, in its own unit."""
    return {
        "objective": round(sited.objective, 3),
        "bound": round(sited.bound, 3),
        "gap": round(sited.gap, 6),
        "status": sited.status,
        "unit": unit,
    }


def beyond(
    coverage: Coverage, walks: Walks, nearest: NDArray[np.float64], reach: float
) -> dict[str, Any]:
    """Tell who stays uncovered whatever is opened, where and why."""
    households = coverage.homes["households"].to_numpy(np.int64)
    homes = coverage.homes.assign(metres=nearest)
    left = find_gaps(coverage.study, homes, reach, walks, coverage.grounds).table
    no_way = int(households[np.isinf(nearest)].sum())
    too_far = int(households[nearest > reach].sum()) - no_way
    words = (("太远", too_far), ("没有路相通", no_way))
    return {
        "households": too_far + no_way,
        "too_far": too_far,
        "no_way": no_way,
        "share": round((too_far + no_way) / max(int(households.sum()), 1), 4),
        "reason": "、".join(f"{word} {n} 户" for word, n in words if n),
        "places": [
            {"place": str(g.place), "households": int(g.households)} for g in left.itertuples()
        ],
    }


def _ranked(
    sites: gpd.GeoDataFrame, inside: Demand, sited: Sited, today: NDArray[np.bool_]
) -> gpd.GeoDataFrame:
    """List the new sites, the one that adds most households first."""
    is_open = today.copy()
    waiting = np.flatnonzero(sited.chosen & ~today).tolist()
    order, added = [], []
    base = inside.covered(is_open)
    while waiting:
        gains = []
        for s in waiting:
            trial = is_open.copy()
            trial[s] = True
            gains.append(inside.covered(trial) - base)
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


def _by_room(
    chosen: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, inside: Demand, terms: Terms, today: int
) -> gpd.GeoDataFrame:
    """Tell of each new room how many more are served for its floor, those before it open."""
    is_open, before, added = ~terms.new, today, []
    for site_id in chosen["site_id"]:
        is_open = is_open | (sites["site_id"] == site_id).to_numpy(bool)
        fixed = replace(terms, required=is_open, today=is_open, count=0, group=None, budget=None)
        served = most_covered(inside, fixed, sparing=False).served
        added.append(served - before)
        before = served
    return chosen.assign(added_households=np.array(added, np.int64))
