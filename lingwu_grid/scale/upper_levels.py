"""Levels above the community: each community a unit to the solver, and the zones the grids."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.kinds import RETIRED
from lingwu_grid.contract.rules import Band, SecondMeasure
from lingwu_grid.engine.instance import never, pose
from lingwu_grid.engine.solve import solve
from lingwu_grid.graph import UnitGraph, indptr_of
from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.lawful import ANY, LAWFUL, Allowed, standing
from lingwu_grid.planning.levels import COLUMNS
from lingwu_grid.planning.lineage import ADJUSTED, NEW, UNCHANGED
from lingwu_grid.planning.register import living_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.levels import Level
    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord

CONTACT_M = 10.0
"""Shared border by which two communities of different parts hang together (DESIGN of a plan: a
contact is ten metres at least); inside a part their units say."""


class _Today(NamedTuple):
    """Today's zones of a level, by code, and the one of each community; "" for none."""

    names: dict[str, str]
    of_community: NDArray[np.object_]


def with_upper_levels(record: PlanRecord, study: Study, *, seed: int) -> PlanRecord:
    """
    Put the communities of a plan together to the levels that are made of them.

    Parameters
    ----------
    record
        The whole plan.
    study
        What it was made from: ``study.rules.levels`` says what is wanted.
    seed
        Same plan, same seed: same zones.

    Returns
    -------
    PlanRecord
        With a row for each zone in ``levels``: every community is in one, and none is divided.
        Those of today (the table ``levels``, else the streets) keep their communities as far as
        their range allows.
    """
    for level in study.rules.levels:
        if level.made_of:
            record = _with_level(record, study, level, seed)
    return record


def _with_level(record: PlanRecord, study: Study, level: Level, seed: int) -> PlanRecord:
    today = _today_of(record, study, level)
    ids = sorted(today.names)
    graph = _graph(record, study, level, today, ids)
    rules = _rules(study.rules, level)
    solution = solve(replace(pose(graph, rules), recuts=False), seed=seed, stop=never)
    zone = solution.grid_of_unit
    register = record.code_register
    used = sorted({*ids, *register.loc[register["level"] == level.name, "code"].astype(str)})
    code = dict(enumerate(ids)) | _new_codes(np.unique(zone), ids, used)
    called = today.names | {
        code[z]: f"{level.name}{k}"
        for k, z in enumerate((z for z in np.unique(zone).tolist() if z >= len(ids)), start=1)
    }
    of_community = np.array([code[z] for z in zone.tolist()], object)
    layer = _layer(record, level, of_community, today, called)
    gone = (of_community != today.of_community) & (today.of_community != "")
    households = record.communities["households"].to_numpy(np.int64)
    counted = {
        "id": level.id,
        "name": level.name,
        "made_of": level.made_of,
        "range": [level.lower, level.upper],
        "zones": len(layer),
        "in_range": int((layer["status"] == LAWFUL).sum()),
        "exceptions": 0,
        "households_moved": int(households[gone].sum()),
    }
    levels = [layer] if not len(record.levels) else [record.levels, layer]
    return replace(
        record,
        levels=pd.concat(levels, ignore_index=True),
        tables=record.tables | {"code_register": _registered(register, layer, level, rules)},
        summary=record.summary | {"levels": [*record.summary.get("levels", []), counted]},
    )


def _registered(
    register: pd.DataFrame, layer: gpd.GeoDataFrame, level: Level, rules: Rules
) -> pd.DataFrame:
    """Put the zones into the register of codes; one that is not there any more is retired."""
    before = register[register["level"] == level.name]
    living = living_codes(layer, before, (level.name, "zone"), rules.effective_date)
    gone = before[~before["code"].isin(living["code"])].assign(status=RETIRED, lineage="撤销")
    gone["valid_to"] = gone["valid_to"].where(gone["valid_to"] != "", rules.effective_date)
    others = register[register["level"] != level.name]
    return pd.concat([others, living, gone], ignore_index=True)[list(register.columns)]


def _rules(rules: Rules, level: Level) -> Rules:
    return rules.with_(
        grid=Band(level.lower, level.upper), community=Band(1, ANY), margin=0,
        communities="fixed", villages_whole=False, exceptions=(), horizon=0, target_grids=0,
        second_measure=SecondMeasure(), border_weight=0.0, tight_weight=0.0, levels=(),
        scenario="minimal",
    )  # fmt: skip


def _today_of(record: PlanRecord, study: Study, level: Level) -> _Today:
    table = study.table("levels")
    table = table[table["level"].isin((level.id, level.name))]
    if not len(table):
        street = record.communities["subdistrict_id"].fillna("").astype(str).to_numpy(object)
        known = study.table("subdistricts").drop_duplicates("subdistrict_id")
        named = dict(zip(known["subdistrict_id"].astype(str), known["name"], strict=True))
        return _Today({s: str(named.get(s) or s) for s in set(street) - {""}}, street)
    points = shapely.point_on_surface(record.communities.geometry.to_crs(study.crs).to_numpy())
    at, zone = shapely.STRtree(table.geometry.to_numpy()).query(points, predicate="intersects")
    of_community = np.full(len(points), "", object)
    of_community[at] = table["zone_id"].astype(str).to_numpy(object)[zone]
    named = dict(zip(table["zone_id"].astype(str), table["zone_name"].astype(str), strict=True))
    return _Today(named, of_community)


def _graph(
    record: PlanRecord, study: Study, level: Level, today: _Today, ids: list[str]
) -> UnitGraph:
    """Give the communities as units, in one community of the solver's."""
    table = record.communities
    shapes = table.geometry.to_crs(study.crs).to_numpy()
    a, b, metres, is_open = _contacts(record, shapes)
    n, n_zones = len(table), len(ids)
    source, target = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.lexsort((target, source))
    twice = np.tile(np.arange(len(a)), 2)[order]
    now = pd.Index(ids).get_indexer(pd.Index(today.of_community)).astype(np.int32)
    households = table["households"].to_numpy(np.int64)
    known = now >= 0
    point = shapely.point_on_surface(shapes)
    zeros = np.zeros(n, np.int32)
    return UnitGraph(
        indptr=indptr_of(source, n),
        indices=target[order].astype(np.int32),
        border_m=metres[twice],
        off_line_m=np.zeros(len(order)),
        is_open=is_open[twice],
        households=households,
        home_indptr=indptr_of(np.flatnonzero(known), n),
        home_grid=now[known],
        home_households=households[known],
        grid_now=now,
        community_now=zeros,
        group=np.full(n, -1, np.int32),
        group_parts=np.empty(0, np.int32),
        pin=np.full(n, -1, np.int32),
        apart=np.empty((0, 2), np.int32),
        measure=np.zeros(n),
        subdistrict=zeros,
        x=shapely.get_x(point),
        y=shapely.get_y(point),
        on_rim=np.ones(n, np.bool_),
        grid_community=np.zeros(n_zones, np.int32),
        grid_lower=np.full(n_zones, level.lower, np.int64),
        grid_upper=np.full(n_zones, level.upper, np.int64),
        grid_is_locked=np.zeros(n_zones, np.bool_),
        grid_is_enclave=np.zeros(n_zones, np.bool_),
        community_subdistrict=np.zeros(1, np.int32),
        community_lower=np.ones(1, np.int64),
        community_upper=np.full(1, ANY, np.int64),
        community_is_locked=np.zeros(1, np.bool_),
    )


def _contacts(
    record: PlanRecord, shapes: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Give the pairs of communities that touch, what they share, and whether they hang together."""
    a, b = shapely.STRtree(shapes).query(shapes, "dwithin", distance=0.05)
    a, b = a[a < b], b[a < b]
    near = shapely.buffer(shapes[b], 0.05)
    metres = shapely.length(shapely.intersection(shapely.boundary(shapes[a]), near))
    a, b, metres = a[metres > 0], b[metres > 0], metres[metres > 0]
    number = pd.Index(record.communities["community_id"])
    joined: set[tuple[int, int]] = set()
    part = np.zeros(len(shapes), np.int64)
    for k, one in enumerate(record.parts()):
        owner = number.get_indexer(pd.Index(one.units["community_id"]))
        part[owner] = k
        pairs = np.sort(owner[np.array(one.certificate["joins"], np.int64).reshape(-1, 2)], axis=1)
        joined |= set(map(tuple, np.unique(pairs, axis=0).tolist()))
    is_open = np.array(
        [
            (p, q) in joined or (part[p] != part[q] and m >= CONTACT_M)
            for p, q, m in zip(a.tolist(), b.tolist(), metres.tolist(), strict=True)
        ],
        np.bool_,
    )
    return a, b, metres, is_open


def _new_codes(zones: NDArray[np.int32], ids: list[str], used: list[str]) -> dict[int, str]:
    """Give zones that are not today's the next codes after all that were ever given."""
    last = max((i for i in used if re.search(r"\d$", i)), default="000")
    head, tail = re.fullmatch(r"(.*?)(\d+)", last).groups()  # type: ignore[union-attr]
    new = [int(z) for z in zones if z >= len(ids)]
    return {z: f"{head}{int(tail) + k:0{len(tail)}d}" for k, z in enumerate(new, start=1)}


def _layer(
    record: PlanRecord,
    level: Level,
    of_community: NDArray[np.object_],
    today: _Today,
    called: dict[str, str],
) -> gpd.GeoDataFrame:
    table, usual = record.communities, Band(level.lower, level.upper)
    rows = []
    for zone in sorted(set(of_community)):
        mine, was = of_community == zone, today.of_community == zone
        own = table[mine]
        grids = record.grids[record.grids["community_id"].isin(own["community_id"])]
        count = int(own["households"].sum())
        stands = standing(count, Allowed(level.lower, level.upper), usual)
        lineage = NEW if zone not in today.names else (
            UNCHANGED if (mine == was).all() else ADJUSTED
        )  # fmt: skip
        rows.append(
            {
                "level": level.id, "level_name": level.name, "zone_id": zone,
                "zone_name": called[zone], "parent_id": "", "parent_name": "", "community_id": "",
                "made_of": "、".join(own["community_id"]), "households": count,
                "residents": int(own["residents"].sum()),
                "buildings": int(grids["buildings"].sum()),
                "area_km2": round(float(grids["area_km2"].sum()), 6),
                "status": stands.status, "reason": stands.reason, "lineage": lineage,
                "boundary_text": "",
                "geometry": shapely.union_all(own.geometry.to_numpy()),
            }
        )  # fmt: skip
    return gpd.GeoDataFrame(rows, crs=DEGREES)[[*COLUMNS, "geometry"]]
