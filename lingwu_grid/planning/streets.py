"""Streets of a plan: which there are, and what they are called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import shapely

from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.planning.record import PlanRecord

MARGIN = 0.003
"""Ground around a street that its map shows, degrees: some 300 m."""


def streets_of(record: PlanRecord) -> list[str]:
    """List the streets of a plan."""
    return sorted(set(record.communities["subdistrict_id"].astype(str)))


def street_name(record: PlanRecord, street: str) -> str:
    """Give a street's name; its code where nobody gave it one."""
    table = record.backdrop.get("subdistricts")
    if table is not None and "name" in table:
        named = table.loc[table["subdistrict_id"].astype(str) == street, "name"]
        if len(named) and str(named.iloc[0]):
            return str(named.iloc[0])
    return street or "全部"


def of_street(record: PlanRecord, street: str) -> PlanRecord:
    """
    Give the part of a plan that lies in a street, for the planner's own eyes.

    Parameters
    ----------
    record
        The plan.
    street
        Its code.

    Returns
    -------
    PlanRecord
        Grids, communities, units, moves and households of the street, what lies around it, and
        its own counts; bounds are those of the whole plan and are left out.
    """
    communities = record.communities[record.communities["subdistrict_id"].astype(str) == street]
    owners = set(communities["community_id"])
    grids = record.grids[record.grids["community_id"].isin(owners)]
    frame = shapely.buffer(shapely.box(*communities.total_bounds), MARGIN)

    def mine(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return table[table["community_id"].isin(owners)].reset_index(drop=True)

    def near(name: str, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        if name in ("grids", "communities") and "community_id" in table:
            return mine(table)
        return table[shapely.intersects(table.geometry.to_numpy(), frame)].reset_index(drop=True)

    return replace(
        record,
        grids=grids.reset_index(drop=True),
        communities=communities.reset_index(drop=True),
        units=mine(record.units),
        moves=record.moves[record.moves["grid_id"].isin(set(grids["grid_id"]))],
        assignment=mine(record.assignment),
        buildings=mine(record.buildings),
        changes=mine(record.changes),
        impact=mine(record.impact),
        backdrop={name: near(name, table) for name, table in record.backdrop.items()},
        summary=record.summary | _counts(record, communities, grids),
        run=record.run | {"plan": plan_of(record)},
    )


def _counts(
    record: PlanRecord, communities: gpd.GeoDataFrame, grids: gpd.GeoDataFrame
) -> dict[str, Any]:
    """Count what a street has, and what moves there."""
    rows = record.assignment
    rows = rows[rows["community_id"].isin(set(communities["community_id"]))]
    moved = {
        key: int(((rows[f"previous_{key}_id"] != rows[f"{key}_id"])
                  & (rows[f"previous_{key}_id"] != "")).sum())
        for key in ("grid", "community")
    }  # fmt: skip
    today = set(rows["previous_grid_id"]) - {""}
    return {
        "households": len(rows),
        "grids": len(grids),
        "communities": len(communities),
        "grids_today": len(today),
        "grids_retired": sorted(today - set(record.grids["grid_id"])),
        "households_moved_grid": moved["grid"],
        "households_moved_community": moved["community"],
        "moved_share": round(moved["grid"] / max(len(rows), 1), 6),
        "lower_bound": None,
    }
