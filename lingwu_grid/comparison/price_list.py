"""What each restriction costs in moved households, found by solving again without it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from lingwu_grid.engine.instance import Stop, Watch, never, silent
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.scale.repairs import solve_again

if TYPE_CHECKING:
    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.instance import Solution
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

MOST_COMPOUNDS = 8
"""Compounds that are priced: the largest of those in grids that change."""


class _Without(NamedTuple):
    """A study with one restriction lifted."""

    kind: str
    name: str
    study: Study
    rules: Rules


def price_list(
    study: Study,
    *,
    seed: int = 0,
    workers: int = 1,
    stop: Stop = never,
    watch: Watch = silent,
) -> pd.DataFrame:
    """
    Price every lock, barrier, margin and wish, and the compounds that bind most likely.

    Each is lifted alone and the town solved again, in the same way as with it. What comes out
    is what it costs to within what a search can tell: a price under the search's own scatter
    is 0.

    Parameters
    ----------
    study
        With the rules that are to be priced.
    seed, workers
        As for a solve.
    stop
        Asked between solves; what was priced by then is given.
    watch
        Told what is being priced.

    Returns
    -------
    pandas.DataFrame
        限制类型, 名称, 有它时换网格户数, 没有它时换网格户数, 代价（户）, dearest first.
    """
    rules = study.rules.with_(prove=False)
    fabric = build_fabric(study)
    base = solve_again(study, fabric, rules, seed=seed, workers=workers)
    rows = []
    for item in _restrictions(study, rules, fabric, base):
        if stop():
            break
        watch(f"计价：{item.kind} {item.name}")
        same = item.study is study
        lifted = solve_again(
            item.study, fabric if same else build_fabric(item.study), item.rules,
            seed=seed, workers=workers, stop=stop,
        )  # fmt: skip
        rows.append((item.kind, item.name, base, lifted))
    table = pd.DataFrame(
        {
            "限制类型": [row[0] for row in rows],
            "名称": [row[1] for row in rows],
            "有它时换网格户数": [row[2].moved for row in rows],
            # The map with it stays lawful without it: a search that found no better has it.
            "没有它时换网格户数": [min(row[2].moved, row[3].moved) for row in rows],
            "没有它时是否合规": ["否" if row[3].explanations else "是" for row in rows],
            "代价（户）": [max(0, row[2].moved - row[3].moved) for row in rows],
        }
    )
    return table.sort_values("代价（户）", ascending=False, kind="stable", ignore_index=True)


def _restrictions(study: Study, rules: Rules, fabric: Fabric, base: Solution) -> list[_Without]:
    found = []
    if rules.margin:
        found.append(_Without("安全余量", f"{rules.margin} 户", study, rules.with_(margin=0)))
    for kind, key in (("锁定网格", "locked_grids"), ("锁定社区", "locked_communities")):
        named = getattr(rules, key)
        found += [
            _Without(kind, code, study, rules.with_(**{key: tuple(c for c in named if c != code)}))
            for code in named
        ]
    found += _locks_in_data(study, rules)
    for kind, key in (("固定归属", "pins"), ("须同网格", "together"), ("须分开", "apart")):
        wishes = getattr(rules, key)
        found += [
            _Without(
                kind,
                _called(wish),
                study,
                rules.with_(**{key: tuple(w for w in wishes if w is not wish)}),
            )
            for wish in wishes
        ]
    return [*found, *_barriers(study, rules), *_compounds(study, rules, fabric, base)]


def _called(wish: object) -> str:
    place = getattr(wish, "place", None)
    return f"{place}→{wish.grid_id}" if place else "、".join(wish)  # type: ignore[attr-defined,arg-type]


def _locks_in_data(study: Study, rules: Rules) -> list[_Without]:
    """Lift the locks that the tables of grids and communities carry, one by one."""
    found = []
    for table, key, kind in (
        ("grids", "grid_id", "锁定网格（数据）"),
        ("communities", "community_id", "锁定社区（数据）"),
    ):
        known = study.table(table)
        if "locked" not in known:
            continue
        locked = known["locked"].fillna(value=False).astype(bool)
        for code in known.loc[locked, key]:
            free = known.assign(locked=locked & (known[key] != code))
            tables = dict(study.tables) | {table: free}
            found.append(_Without(kind, str(code), replace(study, tables=tables), rules))
    return found


def _barriers(study: Study, rules: Rules) -> list[_Without]:
    """Let every barrier of one name be crossed anywhere along it."""
    barriers = study.table("barriers")
    if not len(barriers):
        return []
    crossings, found = study.table("crossings"), []
    names = barriers["name"].fillna("").astype(str)
    for name in sorted(set(names)):
        ways = gpd.GeoDataFrame(geometry=barriers.geometry[names == name], crs=study.crs)
        every = pd.concat([crossings, ways], ignore_index=True) if len(crossings) else ways
        tables = dict(study.tables) | {"crossings": gpd.GeoDataFrame(every, crs=study.crs)}
        found.append(_Without("障碍", name or "（无名）", replace(study, tables=tables), rules))
    return found


def _compounds(study: Study, rules: Rules, fabric: Fabric, base: Solution) -> list[_Without]:
    """Divide one compound: of those that are one unit in a grid that changes, the largest."""
    if not rules.compounds_whole:
        return []
    units = fabric.units
    compound = units["compound_id"].fillna("").astype(str).to_numpy(object)
    households = units["households"].to_numpy(np.int64)
    changed = np.unique(base.grid_of_unit[base.grid_of_unit != fabric.grid_now])
    near = np.isin(base.grid_of_unit, changed) | np.isin(fabric.grid_now, changed)
    lived = (compound != "") & (households > 0)
    ids, count = np.unique(compound[lived].astype(str), return_counts=True)
    whole = lived & near & np.isin(compound, ids[count == 1])
    order = np.flatnonzero(whole)[np.argsort(-households[whole], kind="stable")]
    return [
        _Without(
            "小区整体", compound[u], study,
            rules.with_(split_compounds=(*rules.split_compounds, compound[u])),
        )
        for u in order[:MOST_COMPOUNDS].tolist()
    ]  # fmt: skip
