"""Candidates for new stations, and what an office asks of the choice among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.models import Terms
from lingwu_grid.circle.stations import known_floor, require_positive, told_of_rows, unique_ids
from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.policy import FLOOR_M2_PER_100_HOUSEHOLDS

if TYPE_CHECKING:
    from lingwu_grid.circle.coverage import Coverage

MOST_CANDIDATES = 500
"""Buildings that are tried where the office names no premises."""


def sites_of(coverage: Coverage) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """
    Set today's stations and the candidates side by side.

    Parameters
    ----------
    coverage
        Of a study; its plan gives the communities, else the study does.

    Returns
    -------
    tuple
        site_id, name, kind, floor_area_m2, cost, is_open, community_id, stations first; and what
        to say about the candidates.

    Raises
    ------
    InputError
        If a candidate has a cost below nothing.
    """
    stations = coverage.stations.assign(kind="现有", is_open=True)
    stations = stations.rename(columns={"station_id": "site_id"})
    candidates, notes = _candidates(coverage)
    tables = [t for t in (stations, candidates) if len(t)]
    both = pd.concat(tables, ignore_index=True)
    sites = gpd.GeoDataFrame(both, geometry="geometry", crs=coverage.study.crs)
    for column in ("floor_area_m2", "cost"):
        given = sites[column] if column in sites else pd.Series(np.nan, index=sites.index)
        sites[column] = pd.to_numeric(given, errors="coerce")
    below = sites["site_id"][sites["cost"] < 0].astype(str)
    if len(below):
        raise InputError(
            f"{len(below)} 处备选用房的费用小于 0：{'、'.join(below.head(5))}",
            where="premises（备选用房）的 cost 列",
            remedy="改为不小于 0 的数（元），或留空",
        )
    return sites.assign(community_id=_community_of(coverage, sites)), notes


def _candidates(coverage: Coverage) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Give premises; where the office names none, the buildings with most households."""
    premises = coverage.study.table("premises")
    if len(premises):
        ids, doubled = unique_ids(premises["premise_id"], "用房")
        floor, wrong = known_floor(premises["floor_area_m2"])
        told = told_of_rows("备选用房", "premises", doubled, wrong)
        return premises.assign(site_id=ids, floor_area_m2=floor, is_open=False), told
    homes = coverage.homes.sort_values("households", ascending=False, kind="stable")
    largest = homes.head(MOST_CANDIDATES)
    return largest[["geometry"]].assign(
        site_id=[f"候选{i + 1}" for i in range(len(largest))],
        name=_compound_names(coverage, largest),
        kind="楼栋",
        is_open=False,
    ), _told_of_buildings(len(homes))


def _told_of_buildings(count: int) -> tuple[str, ...]:
    """Say that not every building was tried: what is best is best of those."""
    if count <= MOST_CANDIDATES:
        return ()
    return (
        f"没有备选用房，只在户数最多的 {MOST_CANDIDATES} 栋楼（共 {count} 栋）里选，"
        "最优只对它们成立；补上 premises（备选用房）更准",
    )


def _compound_names(coverage: Coverage, places: gpd.GeoDataFrame) -> list[str]:
    compounds = coverage.study.table("compounds")
    names = np.full(len(places), "", object)
    if len(compounds):
        tree = shapely.STRtree(compounds.geometry.to_numpy())
        place, compound = tree.query(places.geometry.to_numpy(), "within")
        names[place] = compounds["name"].fillna("").to_numpy(object)[compound]
    return [f"{name}内" if name else "" for name in names]


def _community_of(coverage: Coverage, sites: gpd.GeoDataFrame) -> list[str]:
    """Tell the community each site lies in; empty for none."""
    if coverage.plan is not None:
        communities = coverage.plan.communities.to_crs(sites.crs)
    else:
        communities = coverage.study.table("communities")
    ids = np.full(len(sites), "", object)
    if len(communities):
        tree = shapely.STRtree(communities.geometry.to_numpy())
        middle = shapely.centroid(sites.geometry.to_numpy())
        site, community = tree.query(middle, "intersects")
        ids[site] = communities["community_id"].to_numpy(object)[community]
    return list(ids)


def make_terms(
    coverage: Coverage,
    sites: gpd.GeoDataFrame,
    required: tuple[str, ...],
    budget: float | None,
    *,
    each_community: bool,
    capacity: bool,
) -> tuple[Terms, tuple[str, ...]]:
    """
    Turn what the office asks into the terms of a model.

    Parameters
    ----------
    coverage
        For the communities.
    sites
        What :func:`sites_of` gave.
    required, budget, each_community, capacity
        As for :func:`~lingwu_grid.circle.choosing.site_stations`.

    Returns
    -------
    tuple
        The terms, without a number; and sentences on what could not be asked for.

    Raises
    ------
    InputError
        If a premise is unknown, the budget is no positive number, or a candidate has no cost.
    """
    ids = sites["site_id"].astype(str)
    unknown = sorted(set(required) - set(ids))
    if unknown:
        raise InputError(
            f"没有编号为 {'、'.join(unknown)} 的备选用房",
            where="premises（备选用房）",
            remedy=f"核对编号；现有的编号如 {'、'.join(ids[~sites['is_open']].head(5))}",
        )
    is_open = sites["is_open"].to_numpy(bool)
    cost = sites["cost"].to_numpy(float)
    if budget is not None:
        require_positive("预算", budget, "给一个总费用（元），或去掉 --budget")
        _require_costs(sites, cost, is_open)
    group, notes = (None, ()) if not each_community else _groups(coverage, sites)
    room = sites["floor_area_m2"].to_numpy(float) * 100 / FLOOR_M2_PER_100_HOUSEHOLDS
    # A room serves whole households; a moment below a whole number is the whole number.
    whole = np.where(np.isfinite(room), np.floor(room + 1e-6), np.inf)
    return (
        Terms(
            required=is_open | ids.isin(required).to_numpy(bool),
            today=is_open,
            cost=np.where(is_open | ~np.isfinite(cost), 0.0, cost),
            budget=budget,
            group=group,
            capacity=whole if capacity else None,
            priced=bool(np.isfinite(cost[~is_open]).all()),
        ),
        notes,
    )


def refuse_too_much(terms: Terms, sites: gpd.GeoDataFrame, count: int | None) -> None:
    """
    Say what the premises insisted on, and the communities without a station, take at least.

    Parameters
    ----------
    terms
        What :func:`make_terms` gave.
    sites
        What :func:`sites_of` gave.
    count
        Stations to open, at most; None where the number is free.

    Raises
    ------
    InputError
        If they alone are more than the number or the budget.
    """
    insisted = terms.required & terms.new
    ids = "、".join(sites["site_id"][insisted].astype(str).head(5))
    number = int(insisted.sum())
    yuan = 0.0 if terms.cost is None else float(terms.cost[insisted].sum())
    if count is not None and number > count:
        raise InputError(
            f"一定要开的备选用房有 {number} 处（{ids}），新开 {count} 处不够",
            where="选址条件",
            remedy=f"改为 --stations {number} 或更多，或少列几处 --required",
        )
    if terms.budget is not None and yuan > terms.budget:
        raise InputError(
            f"一定要开的备选用房（{ids}）共需 {yuan:g} 元，预算只有 {terms.budget:g} 元",
            where="选址条件",
            remedy=f"改为 --budget {yuan:g} 或更多，或少列几处 --required",
        )
    waiting = waiting_groups(terms)
    if count is not None and len(waiting) > count - number:
        names = [sites["community_id"].iloc[int(np.argmax(terms.group == g))] for g in waiting]
        raise InputError(
            f"还没有驿站的社区有 {len(waiting)} 个（{'、'.join(map(str, names[:8]))}），"
            f"新开 {count} 处不够每社区一处",
            where="选址条件",
            remedy=f"改为 --stations {number + len(waiting)} 或更多，或去掉 --each-community",
        )


def waiting_groups(terms: Terms) -> list[int]:
    """List the communities that must have a station and get none by what is open or insisted on."""
    if terms.group is None:
        return []
    served = set(terms.group[terms.required].tolist())
    return sorted(set(terms.group[terms.group >= 0].tolist()) - served)


def _require_costs(
    sites: gpd.GeoDataFrame, cost: np.ndarray[tuple[int], np.dtype[np.float64]], is_open: object
) -> None:
    missing = sites["site_id"][~np.isfinite(cost) & ~np.asarray(is_open, bool)].astype(str)
    if len(missing):
        raise InputError(
            f"给了预算，但 {len(missing)} 处备选用房没有费用：{'、'.join(missing.head(5))}",
            where="premises（备选用房）的 cost 列",
            remedy="补上费用（元），或去掉 --budget",
        )


def _groups(
    coverage: Coverage, sites: gpd.GeoDataFrame
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], tuple[str, ...]]:
    """Number the communities that have a site; name those that have none."""
    here, group = np.unique(sites["community_id"].to_numpy(str), return_inverse=True)
    group = np.where(sites["community_id"].to_numpy(str) == "", -1, group)
    zones = coverage.zones
    lived = zones["zone_id"][(zones["level"] == "社区") & (zones["households"] > 0)]
    without = sorted(set(lived.astype(str)) - set(here) - {""})
    notes = tuple(f"社区 {c} 没有驿站也没有备选用房，不能要求它至少一处" for c in without)
    return group.astype(np.int64), notes
