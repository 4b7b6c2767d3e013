"""The register of codes: every code ever given, so that none is given twice and all stay put."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.planning.lookups import named

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.study import Study

LIVING, RETIRED = "在用", "停用"
GRID, COMMUNITY = "网格", "社区"
COLUMNS = (
    "level", "code", "name", "community_id", "status", "lineage", "predecessors", "successors",
    "valid_from", "valid_to", "lon", "lat",
)  # fmt: skip


def registered(
    study: Study, fabric: Fabric, level: str, zone: NDArray[np.int64], new: set[int]
) -> dict[int, str]:
    """
    Find the codes that a register gave to zones which today's map does not have.

    Parameters
    ----------
    study
        Its table ``code_register``, where there is one.
    fabric
        The ground of each unit.
    level
        网格 or 社区.
    zone
        Zone of each unit, shape (n_units,).
    new
        Zones that carry no code of today.

    Returns
    -------
    dict[int, str]
        A living code of the register goes to the new zone its point lies in; where several lie
        in one zone, the lowest.
    """
    table = study.table("code_register")
    today = fabric.places.grid_ids if level == GRID else fabric.places.community_ids
    table = table[
        (table["level"] == level) & (table["status"] == LIVING) & ~table["code"].isin(today)
    ]
    table = table[~table.geometry.is_empty & table.geometry.notna()].sort_values("code")
    if not len(table) or not new:
        return {}
    row, unit = shapely.STRtree(fabric.units.geometry.to_numpy()).query(
        table.geometry.to_numpy(), predicate="intersects"
    )
    found: dict[int, str] = {}
    for r, u in zip(row.tolist(), unit.tolist(), strict=True):
        code = str(table["code"].iloc[r])
        if int(zone[u]) in new and int(zone[u]) not in found and code not in found.values():
            found[int(zone[u])] = code
    return found


def used_codes(study: Study, level: str) -> list[str]:
    """Give every code of a register, living or retired; they are never given again."""
    table = study.table("code_register")
    return [str(code) for code in table.loc[table["level"] == level, "code"]]


def make_register(
    study: Study,
    grids: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    assignment: pd.DataFrame,
) -> pd.DataFrame:
    """
    Write the register that a later run reads.

    Parameters
    ----------
    study
        Today's codes, and the register so far.
    grids, communities
        Zones of the plan, EPSG:4490.
    assignment
        Says what became of a code that is retired.

    Returns
    -------
    pandas.DataFrame
        One row a code, living (在用) or retired (停用), with a point of its ground: columns
        ``COLUMNS``, all text. A retired code keeps what the register knew of it.
    """
    before = study.table("code_register")
    parts = []
    for level, plan, table, key in (
        (GRID, grids, "grids", "grid"),
        (COMMUNITY, communities, "communities", "community"),
    ):
        living = _living(plan, level, key, study.rules.effective_date)
        today = study.table(table).drop_duplicates(f"{key}_id")
        gone = _gone(today, before[before["level"] == level], set(living["code"]), level, key)
        went = named(gone["code"], _successors(assignment, key))
        gone["successors"] = went.where(went != "", gone["successors"])
        closing = study.rules.effective_date
        gone["valid_to"] = gone["valid_to"].where(gone["valid_to"] != "", closing)
        old = before[before["level"] == level].drop_duplicates("code").set_index("code")
        since = named(living["code"], old["valid_from"])
        living["valid_from"] = since.where(since != "", living["valid_from"])
        parts += [living, gone]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)].fillna("").astype(str)


def _living(plan: gpd.GeoDataFrame, level: str, key: str, since: str) -> pd.DataFrame:
    point = shapely.point_on_surface(plan.geometry.to_numpy())
    is_new = plan["lineage"] == "新设"
    return pd.DataFrame(
        {
            "level": level,
            "code": plan[f"{key}_id"].to_numpy(object),
            "name": plan[f"{key}_name"].to_numpy(object),
            "community_id": plan["community_id"].to_numpy(object),
            "status": LIVING,
            "lineage": plan["lineage"].to_numpy(object),
            "predecessors": plan["previous_grid_ids"].to_numpy(object) if level == GRID else "",
            "successors": "",
            "valid_from": np.where(is_new, since, ""),
            "valid_to": "",
            "lon": [f"{x:.7f}" for x in shapely.get_x(point).tolist()],
            "lat": [f"{y:.7f}" for y in shapely.get_y(point).tolist()],
        }
    )


def _gone(
    today: gpd.GeoDataFrame, before: gpd.GeoDataFrame, living: set[str], level: str, key: str
) -> pd.DataFrame:
    """List today's codes and the register's that no zone of the plan carries."""
    of_today = pd.DataFrame(dict.fromkeys(COLUMNS, ""), index=range(len(today))).assign(
        code=today[f"{key}_id"].to_numpy(object),
        name=today[f"{key}_name"].to_numpy(object),
        community_id=today["community_id"].to_numpy(object),
    )
    points = shapely.points(shapely.get_coordinates(before.geometry.to_crs(DEGREES).to_numpy()))
    known = pd.DataFrame(before.drop(columns="geometry")).reindex(columns=COLUMNS).fillna("")
    if len(points) == len(known):
        known["lon"] = [f"{x:.7f}" for x in shapely.get_x(points).tolist()]
        known["lat"] = [f"{y:.7f}" for y in shapely.get_y(points).tolist()]
    out = pd.concat([known, of_today], ignore_index=True).drop_duplicates("code")
    out = out[~out["code"].isin(living)].sort_values("code").reset_index(drop=True)
    return out.assign(level=level, status=RETIRED, lineage="撤销")


def _successors(assignment: pd.DataFrame, key: str) -> pd.Series:
    """Tell where the households of each old zone went, most first."""
    flow = assignment.groupby([f"previous_{key}_id", f"{key}_id"]).size().rename("n").reset_index()
    flow = flow.sort_values([f"previous_{key}_id", "n", f"{key}_id"], ascending=[True, False, True])
    return flow.groupby(f"previous_{key}_id")[f"{key}_id"].agg("、".join)
