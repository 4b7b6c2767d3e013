"""The register of codes: every code ever given, so that none is given twice and all stay put."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.kinds import LIVING, RETIRED
from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.planning.lookups import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

GRID, COMMUNITY = "网格", "社区"
COLUMNS = (
    "level", "code", "name", "community_id", "status", "lineage", "predecessors", "successors",
    "valid_from", "valid_to", "lon", "lat",
)  # fmt: skip


def registered(
    study: Study, fabric: Fabric, level: str, zone: NDArray[np.int64], new: Mapping[int, str]
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
        Zones that carry no code of today; of grids the community, of communities nothing.

    Returns
    -------
    dict[int, str]
        A living code of the register goes to the new zone its point lies in; a grid's only where
        the zone is in the community that the register has it in. Where several lie in one zone,
        the one nearest to the zone's own point (then the lowest) does, for that is where
        :func:`make_register` puts the point of a code.
    """
    table = study.table("code_register")
    today = fabric.places.grid_ids if level == GRID else fabric.places.community_ids
    table = table[
        (table["level"] == level) & (table["status"] == LIVING) & ~table["code"].isin(today)
    ]
    table = table[~table.geometry.is_empty & table.geometry.notna()].sort_values("code")
    if not len(table) or not new:
        return {}
    ground = fabric.units.geometry.to_numpy()
    point = table.geometry.to_numpy()
    row, unit = shapely.STRtree(ground).query(point, predicate="intersects")
    claims = pd.DataFrame({"row": row, "zone": zone[unit]}).drop_duplicates()
    owner = table["community_id"].fillna("").astype(str).to_numpy()[claims["row"]]
    home = claims["zone"].map(new)
    claims = claims[home.notna() & ((owner == "") | (home == "") | (owner == home))]
    zones = claims["zone"].unique().tolist()
    middle = {
        z: shapely.point_on_surface(shapely.coverage_union_all(ground[zone == z])) for z in zones
    }
    claims["code"] = table["code"].astype(str).to_numpy()[claims["row"]]
    # Whole metres: what is written of a point and read again is no nearer and no farther.
    claims["metres"] = shapely.distance(
        point[claims["row"]], claims["zone"].map(middle).to_numpy(object)
    ).round()
    found: dict[int, str] = {}
    for claim in claims.sort_values(["metres", "code", "zone"]).itertuples(index=False):
        if claim.zone not in found and claim.code not in found.values():
            found[int(claim.zone)] = str(claim.code)
    return found


def used_codes(study: Study, level: str) -> list[str]:
    """Give every code of a register, living or retired; they are never given again."""
    table = study.table("code_register")
    return [str(code) for code in table.loc[table["level"] == level, "code"]]


def registered_names(study: Study, level: str) -> dict[str, str]:
    """Give the name of every code of a register."""
    table = study.table("code_register")
    table = table[table["level"] == level]
    return dict(zip(table["code"].astype(str), table["name"].fillna("").astype(str), strict=True))


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
        mine = before[before["level"] == level]
        living = living_codes(plan, mine, (level, key), study.rules.effective_date)
        today = study.table(table).drop_duplicates(f"{key}_id")
        told = assignment[f"previous_{key}_id"]
        gone = _gone(today, mine, told, set(living["code"]), (level, key))
        went = named(gone["code"], _successors(assignment, key))
        if level == GRID:
            went = went.where(went != "", named(gone["code"], _recoded(grids)))
        gone["successors"] = went.where(went != "", gone["successors"])
        closing = study.rules.effective_date
        gone["valid_to"] = gone["valid_to"].where(gone["valid_to"] != "", closing)
        parts += [living, gone]
    others = before[~before["level"].isin((GRID, COMMUNITY))]  # of levels that are not drawn now
    parts.append(_known(others))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)].fillna("").astype(str)


def living_codes(
    plan: gpd.GeoDataFrame, before: pd.DataFrame, keys: tuple[str, str], since: str
) -> pd.DataFrame:
    """
    Give the rows of the codes that a plan uses; one that is known keeps the day it began.

    Parameters
    ----------
    plan
        A layer of zones.
    before
        The register so far, of this level.
    keys
        The level, and what its columns begin with.
    since
        The day that new codes begin.
    """
    level, key = keys
    is_new = plan["lineage"] == "新设"
    if level == GRID:
        is_new |= plan["recoded_from"].fillna("") != ""
    living = pd.DataFrame(
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
            **_degrees_of(plan),
        }
    )
    began = named(living["code"], before.drop_duplicates("code").set_index("code")["valid_from"])
    living["valid_from"] = began.where(began != "", living["valid_from"])
    return living


def _gone(
    today: gpd.GeoDataFrame,
    before: gpd.GeoDataFrame,
    told: pd.Series,
    living: set[str],
    keys: tuple[str, str],
) -> pd.DataFrame:
    """List codes drawn today, told by households, or in the register, that the plan gave up."""
    level, key = keys
    drawn = _empty_rows(len(today)).assign(
        code=today[f"{key}_id"].to_numpy(object),
        name=today[f"{key}_name"].to_numpy(object),
        community_id=today["community_id"].to_numpy(object),
        **_degrees_of(today),
    )
    known = _known(before)
    for axis in ("lon", "lat"):
        where = named(known["code"], drawn.set_index("code")[axis])
        known[axis] = known[axis].where(known[axis] != "", where)
    heard = sorted(set(told) - {""})
    named_only = _empty_rows(len(heard)).assign(code=np.array(heard, object))
    out = pd.concat([known, drawn, named_only], ignore_index=True).drop_duplicates("code")
    out = out[~out["code"].isin(living)].sort_values("code").reset_index(drop=True)
    return out.assign(level=level, status=RETIRED, lineage="撤销")


def _known(before: gpd.GeoDataFrame) -> pd.DataFrame:
    """Give rows of a register as they are written."""
    said = {name: before[name].to_numpy(object) for name in COLUMNS if name in before}
    return _empty_rows(len(before)).assign(**said | _degrees_of(before)).fillna("")


def _empty_rows(count: int) -> pd.DataFrame:
    return pd.DataFrame("", index=range(count), columns=list(COLUMNS), dtype=object)


def _degrees_of(table: gpd.GeoDataFrame) -> dict[str, list[str]]:
    """Give a point of each row's ground, EPSG:4490, as text; empty where there is no ground."""
    points = shapely.point_on_surface(table.geometry.to_crs(DEGREES).to_numpy())
    return {
        name: [f"{v:.7f}" if np.isfinite(v) else "" for v in of(points).tolist()]
        for name, of in (("lon", shapely.get_x), ("lat", shapely.get_y))
    }


def _recoded(grids: gpd.GeoDataFrame) -> dict[str, str]:
    """Give the new code of each grid that passed to another community."""
    passed = grids[grids["recoded_from"].fillna("") != ""]
    return dict(zip(passed["recoded_from"], passed["grid_id"], strict=True))


def _successors(assignment: pd.DataFrame, key: str) -> pd.Series:
    """Tell where the households of each old zone went, most first."""
    flow = assignment.groupby([f"previous_{key}_id", f"{key}_id"]).size().rename("n").reset_index()
    flow = flow.sort_values([f"previous_{key}_id", "n", f"{key}_id"], ascending=[True, False, True])
    return flow.groupby(f"previous_{key}_id")[f"{key}_id"].agg("、".join)
