"""Seats, posts and funds of every community, today and under the plan (policy §2, §4, §15, §16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.contract import policy
from lingwu_grid.planning.lookups import named

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.contract.staffing import Staffing
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

BEFORE, AFTER = "现状", "方案"
CLASSES = ("3000 户以下", "3000—5000 户", "5000 户以上")
KINDS = ("党总支", "党支部", "党委")
"""Kinds of party organisation, as they may stand in a longer name."""

FUNDS = ("service_fund", "party_fund", "grid_heads_yuan", "members_yuan", "resident_fund")
"""Columns of yuan a year; they add up to ``total_yuan``."""


def make_impact(
    study: Study, fabric: Fabric, assignment: pd.DataFrame, communities: gpd.GeoDataFrame
) -> pd.DataFrame:
    """
    Count seats, posts and funds by community, before and after.

    Parameters
    ----------
    study
        Today's communities, people and buildings.
    fabric
        Today's grids by community.
    assignment
        Community of each household, before and now, in the order of ``study.households``.
    communities
        Communities of the plan.

    Returns
    -------
    pandas.DataFrame
        Two rows a community (现状, 方案), one where it is new or gone: households, residents,
        grids, buildings, and what :func:`posts_and_funds` adds.
    """
    places = fabric.places
    owner = np.append(np.array(places.community_ids, object), "")[places.grid_community]
    today = pd.Series(owner[owner != ""]).value_counts()
    before = _counted(study, assignment["previous_community_id"], today)
    grids = communities.set_index("community_id")["grids"]
    after = _counted(study, assignment["community_id"], grids)
    rows = pd.concat(
        [before.assign(when=BEFORE), after.assign(when=AFTER)], ignore_index=True
    ).assign(turn=lambda t: (t["when"] == AFTER).astype(int))
    rows = rows.sort_values(["community_id", "turn"]).drop(columns="turn").reset_index(drop=True)
    return posts_and_funds(_described(rows, study, communities), study.rules)


def _counted(study: Study, community: pd.Series, grids: pd.Series) -> pd.DataFrame:
    people = study.households
    table = pd.DataFrame(
        {
            "community_id": community.to_numpy(object),
            "residents": people["residents"].to_numpy(np.int64),
            "building": people["building_id"].to_numpy(object),
        }
    )
    table = table[table["community_id"] != ""]
    groups = table.groupby("community_id")
    count = groups.agg(households=("residents", "size"), residents=("residents", "sum"))
    built = table[table["building"].fillna("") != ""].groupby("community_id")["building"].nunique()
    everywhere = count.index.union(grids.index)
    out = count.reindex(everywhere).assign(grids=grids, buildings=built)
    return out.fillna(0).astype(np.int64).rename_axis("community_id").reset_index()


def _described(rows: pd.DataFrame, study: Study, communities: gpd.GeoDataFrame) -> pd.DataFrame:
    today = study.table("communities").drop_duplicates("community_id").set_index("community_id")
    plan = communities.set_index("community_id")
    ids = rows["community_id"]
    name = named(ids, dict(today["community_name"]) | dict(plan["community_name"]))
    street = named(ids, dict(today["subdistrict_id"]) | dict(plan["subdistrict_id"]))
    said = named(ids, today["party_org"])
    organisation = np.select([said.str.contains(kind) for kind in KINDS], KINDS, "")
    return rows.assign(community_name=name, subdistrict_id=street, party_org=organisation)


def posts_and_funds(rows: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """
    Work out seats, posts and yuan a year from the counts of communities.

    Parameters
    ----------
    rows
        Columns community_id, community_name, subdistrict_id, when, households, residents, grids,
        buildings, party_org (党委, 党总支, 党支部, or empty).
    rules
        ``rules.staffing``.

    Returns
    -------
    pandas.DataFrame
        With size_class, seats, service_fund, party_fund (0 where the organisation is unknown),
        grid_heads, grid_heads_yuan, members, members_yuan, resident_fund, total_yuan,
        grid_workers, legal_advisers, reserve_least, reserve_most.
    """
    staffing = rules.staffing
    classes = np.array([staffing.class_of(n) for n in rows["households"].tolist()], np.int64)
    grids = rows["grids"].to_numpy(np.int64)
    members = _members(rows, staffing)
    one = np.ones(len(rows), np.int64)
    out = rows.assign(
        size_class=[CLASSES[k] for k in classes],
        seats=np.array(policy.COMMITTEE_SEATS)[classes],
        service_fund=np.array(policy.SERVICE_FUND_YUAN)[classes],
        party_fund=rows["party_org"].map(policy.PARTY_FUND_YUAN).fillna(0).astype(np.int64),
        grid_heads=grids,
        grid_heads_yuan=12 * policy.GRID_HEAD_YUAN_MONTH * grids,
        members=members,
        members_yuan=12 * policy.MEMBER_YUAN_MONTH * members,
        resident_fund=policy.RESIDENT_FUND_YUAN * rows["residents"].to_numpy(np.int64),
        grid_workers=policy.GRID_WORKERS_PER_GRID * grids,
        legal_advisers=policy.LEGAL_ADVISERS_PER_COMMUNITY * one,
        reserve_least=policy.RESERVE_CADRES[0] * one,
        reserve_most=policy.RESERVE_CADRES[1] * one,
    )
    return out.assign(total_yuan=out[list(FUNDS)].sum(axis=1))


def _members(rows: pd.DataFrame, staffing: Staffing) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Count who has the stipend of 100 yuan: branch members, functional and building heads."""
    grids = rows["grids"].to_numpy(np.int64)
    by_grid = staffing.branch_members_per_grid + staffing.functional_heads_per_grid
    each = staffing.buildings_per_head
    heads = -(-rows["buildings"].to_numpy(np.int64) // each) if each else np.zeros_like(grids)
    count: np.ndarray[tuple[int], np.dtype[np.int64]] = by_grid * grids + heads
    return count
