"""A plan as plain numbers: what the rules of a review look at, on the page and here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lingwu_grid.lawful import range_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.planning.record import PlanRecord


def town_numbers(
    record: PlanRecord,
    units: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
) -> dict[str, Any]:
    """
    Give what the rules of a review look at, of the whole plan or of a part.

    Parameters
    ----------
    record
        The plan.
    units, grids, communities
        Its layers, or the rows of one street.
    """
    rules = record.certificate["rules"]
    code = {g: i for i, g in enumerate(grids["grid_id"])}
    return {
        "gridRange": rules["grid"],
        "communityRange": rules["community"],
        "households": units["households"].astype(int).tolist(),
        "grid": [code[g] for g in units["grid_id"]],
        "joins": _joins(record, record.units["unit_id"].isin(units["unit_id"]).to_numpy()),
        "grids": _grids(grids, rules, communities),
        "communities": _communities(communities, grids, rules),
    }


def _joins(record: PlanRecord, inside: NDArray[np.bool_]) -> list[int]:
    pairs = np.array(record.certificate["joins"], np.int64).reshape(-1, 2)
    number = np.cumsum(inside) - 1
    here = inside[pairs[:, 0]] & inside[pairs[:, 1]]
    joins: list[int] = number[pairs[here]].ravel().tolist()
    return joins


def _grids(
    grids: gpd.GeoDataFrame, rules: dict[str, Any], communities: gpd.GeoDataFrame
) -> list[dict[str, Any]]:
    owner = {c: i for i, c in enumerate(communities["community_id"])}
    return [
        {
            "id": row.grid_id,
            "name": row.grid_name,
            "community": owner[row.community_id],
            "range": list(range_of(rules, "grid", row.grid_id)),
            "locked": row.grid_id in rules["locked_grids"],
            "enclave": row.grid_id in rules["enclaves"],
        }
        for row in grids.itertuples(index=False)
    ]


def _communities(
    communities: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, rules: dict[str, Any]
) -> list[dict[str, Any]]:
    holders = set(grids.loc[grids["grid_id"].isin(rules["enclaves"]), "community_id"])
    return [
        {
            "id": row.community_id,
            "name": row.community_name,
            "range": list(range_of(rules, "community", row.community_id)),
            "locked": row.community_id in rules["locked_communities"]
            or rules["communities"] == "fixed",
            "enclave": row.community_id in holders,
        }
        for row in communities.itertuples(index=False)
    ]
