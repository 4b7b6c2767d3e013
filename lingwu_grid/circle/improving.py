"""Propose rooms, gates, bridges and open compounds together: most households for the yuan."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.circle.attaching import attach
from lingwu_grid.circle.candidates import make_terms, refuse_too_much, sites_of
from lingwu_grid.circle.choosing import SITING_SECONDS, Proposal, beyond, optimum_of, walks_to
from lingwu_grid.circle.joint import brought_by, most_brought
from lingwu_grid.circle.options import Options, options_of
from lingwu_grid.circle.remedies import MOST_REMEDIES, OPENING, Remedies, remedies_of
from lingwu_grid.circle.stations import require_positive
from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.policy import SERVICE_MINUTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.coverage import Coverage
    from lingwu_grid.circle.models import Sited, Terms

ROOM = "新开驿站"
NO_ROOMS = "没有备选用房，不知道开一处要多少钱，只选开门、架桥和小区开放"
PER = 10_000
"""Yuan that a rank is told for."""


class _Asked(NamedTuple):
    """Everything that can be chosen, side by side: sites, then remedies."""

    sites: gpd.GeoDataFrame
    remedies: Remedies
    options: Options
    households: NDArray[np.int64]
    terms: Terms


def remedy_gaps(
    coverage: Coverage,
    *,
    budget: float | None = None,
    count: int | None = None,
    required: tuple[str, ...] = (),
    seconds: float = SITING_SECONDS,
) -> Proposal:
    """
    Choose rooms, gates, footbridges and openings together that bring most homes within reach.

    Gates and bridges are proposed where the causes of gaps are; with compounds closed to strangers
    (``[walking] compounds = "closed"``) opening each is one as well.

    Parameters
    ----------
    coverage
        What :func:`~lingwu_grid.circle.coverage.measure` measured.
    budget
        Yuan for everything; without it, what brings most, and of that the cheapest.
    count
        Stations to open, at most; any number without it.
    required
        Ids of premises that must be opened.
    seconds
        For the model; where they run out, the best answer found, with its gap.

    Returns
    -------
    Proposal
        `sites` to open and `remedies` to build or open, each with what it brings; `ranked` has
        every candidate alone.

    Raises
    ------
    InputError
        If no road is known, a premise has no cost although a budget is given, or the conditions
        cannot be met together.
    """
    coverage.require_roads()
    require_positive("选址的时间", seconds, "例如 120 秒")
    if count is not None and count < 0:
        raise InputError(f"新开站数不能小于 0，现在是 {count}", remedy="例如 --stations 3")
    sites, told = sites_of(coverage)
    if budget is not None and not len(coverage.study.table("premises")):
        # Buildings of which nobody knows what a room would cost.
        sites, told = sites[sites["is_open"]].reset_index(drop=True), (NO_ROOMS,)
    terms, notes = make_terms(
        coverage, sites, required, budget, each_community=False, capacity=False
    )
    refuse_too_much(terms, sites, count)
    asked = _asked(coverage, sites, replace(terms, count=count))
    sited = most_brought(asked.options, asked.households, asked.terms, seconds=seconds)
    order, added = _ordered(asked, sited)
    today = int(coverage.summary["within"][str(SERVICE_MINUTES)])
    reach = SERVICE_MINUTES * 60 * float(coverage.summary["speed_m_s"])
    brought = round(sited.objective)
    return Proposal(
        sites=_chosen_sites(asked, order, added),
        covered=today + brought,
        served=today + brought,
        households=int(coverage.homes["households"].sum()),
        optimum=optimum_of(sited, "户"),
        curve=pd.DataFrame({"new_stations": [0], "households_covered": [today], "gap": [0.0]}),
        uncovered=_left(coverage, asked, reach),
        notes=(*told, *notes, *_said(asked, sited)),
        remedies=_chosen_remedies(asked, order, added),
        ranked=_ranked(asked),
    )


def _asked(coverage: Coverage, sites: gpd.GeoDataFrame, terms: Terms) -> _Asked:
    walks, homes = coverage.require_roads(), coverage.homes
    reach = SERVICE_MINUTES * 60 * walks.speeds.everybody
    households = homes["households"].to_numpy(np.int64)
    far = (homes["metres"] > reach).to_numpy(bool)
    remedies = _placed(coverage, remedies_of(walks, far, households))
    shut, network = walks.ways.streets.shut, remedies.network
    points = shapely.centroid(sites.geometry.to_numpy())
    at_home = attach(network, walks.ends.homes[far], shut)
    at_site = attach(network, points, shut)
    is_open = sites["is_open"].to_numpy(bool)
    options = options_of(network, at_home, at_site, is_open, remedies.links, reach)
    more = len(remedies.kind)

    def widened(of_sites: NDArray[np.generic], value: object) -> NDArray[np.generic]:
        return np.concatenate([of_sites, np.full(more, value)])

    wide = replace(
        terms,
        required=widened(terms.required, value=False).astype(bool),
        today=widened(is_open, value=False).astype(bool),
        cost=np.concatenate([np.zeros(0) if terms.cost is None else terms.cost, remedies.cost]),
        room=widened(np.ones(len(sites), bool), value=False).astype(bool),
    )
    return _Asked(sites, remedies, options, households[far], wide)


def _left(coverage: Coverage, asked: _Asked, reach: float) -> dict[str, Any]:
    """Tell whom nothing of all this would bring within reach."""
    walks = walks_to(coverage, asked.sites)
    nearest = walks.usual().metres
    far = np.flatnonzero((coverage.homes["metres"] > reach).to_numpy(bool))
    nearest[far[np.unique(asked.options.home)]] = 0.0
    return beyond(coverage, walks, nearest, reach)


def _placed(coverage: Coverage, remedies: Remedies) -> Remedies:
    """Add to each name the road it is at: one compound may have several."""
    roads = coverage.study.table("roads")
    named = roads[roads["name"].fillna("") != ""]
    if not len(named) or not len(remedies.shape):
        return remedies
    near = shapely.STRtree(named.geometry.to_numpy()).nearest(remedies.shape)
    road = named["name"].astype(str).to_numpy()[near]
    names = [
        name if kind == OPENING else f"{name}（近{at}）"
        for name, kind, at in zip(remedies.name, remedies.kind, road, strict=True)
    ]
    return remedies._replace(name=names)


def _ordered(asked: _Asked, sited: Sited) -> tuple[list[int], list[int]]:
    """Order what is chosen by what it adds for its yuan to what is there before."""
    terms, n_sites = asked.terms, len(asked.sites)
    cost = np.zeros(len(terms.required)) if terms.cost is None else terms.cost
    chosen = ~terms.new
    waiting = np.flatnonzero(sited.chosen & terms.new).tolist()
    order, added, base = [], [], 0
    while waiting:
        gains = []
        for part in waiting:
            trial = chosen.copy()
            trial[part] = True
            gains.append(brought_by(asked.options, asked.households, trial, n_sites) - base)
        worth = [g / (cost[p] + 1.0) for g, p in zip(gains, waiting, strict=True)]
        # Of parts that bring something only together the cheapest goes first.
        best = max(range(len(waiting)), key=lambda i: (worth[i], -cost[waiting[i]]))
        order.append(waiting.pop(best))
        added.append(gains[best])
        chosen[order[-1]] = True
        base += gains[best]
    return order, added


def _chosen_sites(asked: _Asked, order: list[int], added: list[int]) -> gpd.GeoDataFrame:
    rows = [i for i in order if i < len(asked.sites)]
    gains = [a for i, a in zip(order, added, strict=True) if i < len(asked.sites)]
    columns = ["site_id", "name", "kind", "floor_area_m2", "cost", "community_id", "geometry"]
    table = asked.sites.reindex(columns=columns).iloc[rows].reset_index(drop=True)
    table.insert(6, "added_households", gains)
    return table


def _chosen_remedies(asked: _Asked, order: list[int], added: list[int]) -> gpd.GeoDataFrame:
    n_sites, r = len(asked.sites), asked.remedies
    rows = [i - n_sites for i in order if i >= n_sites]
    gains = [a for i, a in zip(order, added, strict=True) if i >= n_sites]
    return gpd.GeoDataFrame(
        {
            "kind": [r.kind[i] for i in rows],
            "name": [r.name[i] for i in rows],
            "cost": r.cost[rows],
            "added_households": np.array(gains, np.int64),
        },
        geometry=list(r.shape[rows]),
        crs=asked.sites.crs,
    )


def _ranked(asked: _Asked) -> pd.DataFrame:
    """Rank every candidate that brings somebody alone, by households for ten thousand yuan."""
    terms, n_sites, r = asked.terms, len(asked.sites), asked.remedies
    alone = np.zeros(len(terms.required), np.int64)
    rows = zip(
        asked.options.home.tolist(), asked.options.site.tolist(), asked.options.needs, strict=True
    )
    met: dict[int, set[int]] = {}
    for home, site, needs in rows:
        if site >= 0 and not needs:
            met.setdefault(site, set()).add(home)
        elif site < 0 and len(needs) == 1:
            met.setdefault(n_sites + next(iter(needs)), set()).add(home)
    for part, homes in met.items():
        alone[part] = asked.households[sorted(homes)].sum()
    use = np.flatnonzero(alone > 0)
    cost = (np.zeros(len(alone)) if terms.cost is None else terms.cost)[use]
    names = [*asked.sites["name"].fillna("").astype(str), *r.name]
    ids = [*asked.sites["site_id"].astype(str), *[""] * len(r.name)]
    kinds = [ROOM] * n_sites + r.kind
    per = np.divide(alone[use] * PER, cost, out=np.full(len(use), math.nan), where=cost > 0)
    table = pd.DataFrame(
        {
            "kind": [kinds[i] for i in use],
            "name": [names[i] or ids[i] for i in use],
            "site_id": [ids[i] for i in use],
            "cost": cost,
            "households": alone[use],
            "per_10000_yuan": per.round(2),
        }
    )
    order = np.lexsort((table["name"].to_numpy(str), -alone[use], -np.nan_to_num(per, nan=0.0)))
    return table.iloc[order].reset_index(drop=True)


def _said(asked: _Asked, sited: Sited) -> list[str]:
    notes = [
        "开门、架桥、开放的费用是设置 [walking] 里的假定，不是政策或报价；位置是估计，须到现场核对"
    ]
    if asked.remedies.left_out:
        notes.append(
            f"可开门、架桥的地方太多，只试了影响户数最多的 {MOST_REMEDIES} 处，"
            f"另有 {asked.remedies.left_out} 处没有试"
        )
    if sited.status != "optimal":
        notes.append(f"时间用完，这是找到的最好方案，未证明最优（上下界差 {sited.gap:.2%}）")
    return notes
