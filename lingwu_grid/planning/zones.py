"""Zones: the grids and communities of a plan as layers, each with its numbers and its border."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract import policy
from lingwu_grid.ingest.systems import DEGREES, in_degrees
from lingwu_grid.lawful import Bands, community_bands, followed, grid_bands
from lingwu_grid.planning.border_walk import Landmarks
from lingwu_grid.planning.boundary_text import boundary_texts
from lingwu_grid.planning.committees import backings
from lingwu_grid.planning.lineage import Lineage, trace
from lingwu_grid.planning.lookups import named
from lingwu_grid.planning.pairs import neighbours, partners

if TYPE_CHECKING:
    from collections.abc import Mapping

    import networkx as nx
    from numpy.typing import NDArray

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.naming import Names


def _dissolve(
    shapes: NDArray[np.object_], label: NDArray[np.object_], ids: list[str]
) -> NDArray[np.object_]:
    code = pd.Index(ids).get_indexer(label)
    order = np.argsort(code, kind="stable")
    start = np.unique(code[order], return_index=True)[1]
    out = np.empty(len(ids), object)
    for i, members in enumerate(np.split(order, start[1:])):
        out[i] = shapely.coverage_union_all(shapes[members])
    return out


def _kept_shapes(
    made: NDArray[np.object_], ids: list[str], today: gpd.GeoDataFrame, key: str, crs: object
) -> tuple[NDArray[np.object_], set[str]]:
    """Give polygons in degrees: today's own where the ground is the same, to the vertex."""
    out = in_degrees(made, crs)
    changed = set(ids)
    if not len(today):
        return out, changed
    first = today.drop_duplicates(key).set_index(key)
    for i, zone in enumerate(ids):
        if zone not in first.index:
            continue
        drawn = first.geometry[zone]
        # A millimetre of noding along the border is no change of ground.
        slack = 1e-3 * shapely.length(drawn) + 0.01
        if (
            abs(shapely.area(drawn) - shapely.area(made[i])) <= slack
            and shapely.area(shapely.symmetric_difference(drawn, made[i])) <= slack
        ):
            out[i] = first["geometry_out"][zone]
            changed.discard(zone)
    return out, changed


def _per_zone(assignment: pd.DataFrame, key: str, study: Study) -> pd.DataFrame:
    people = study.households["residents"].to_numpy(np.int64)
    table = assignment.assign(residents=people).groupby(key)
    return table.agg(households=("household_id", "size"), residents=("residents", "sum"))


class _Drawn(NamedTuple):
    """What grids and communities have in common."""

    ids: list[str]
    shapes: NDArray[np.object_]
    """Metres."""
    out: NDArray[np.object_]
    """Degrees; today's own where the ground is the same."""
    households: NDArray[np.int64]
    residents: NDArray[np.int64]
    lineage: Lineage

    def standings(self, bands: Bands) -> dict[str, list[str]]:
        """Give the columns status and reason."""
        rows = zip(self.ids, self.households.tolist(), strict=True)
        stands = [bands.standing(zone, households) for zone, households in rows]
        return {"status": [s.status for s in stands], "reason": [s.reason for s in stands]}


def _drawn(
    study: Study,
    fabric: Fabric,
    level: str,
    label: NDArray[np.object_],
    assignment: pd.DataFrame,
    recoded: Mapping[str, str],
) -> _Drawn:
    key, table = f"{level}_id", {"grid": "grids", "community": "communities"}[level]
    old_ids = fabric.places.grid_ids if level == "grid" else fabric.places.community_ids
    ids = sorted(set(label))
    shapes = _dissolve(fabric.units.geometry.to_numpy(), label, ids)
    today = study.table(table)
    today = today.assign(**{key: followed(today[key], recoded)})
    out, changed = _kept_shapes(shapes, ids, today, key, study.crs)
    count = _per_zone(assignment, key, study).reindex(ids, fill_value=0)
    flow = assignment.rename(columns={f"previous_{key}": "old", key: "new"})
    flow = flow.groupby(["old", "new"]).size().rename("households").reset_index()
    return _Drawn(
        ids,
        shapes,
        out,
        count["households"].to_numpy(np.int64),
        count["residents"].to_numpy(np.int64),
        trace(flow, ids, set(old_ids), changed, recoded),
    )


def make_grids(
    study: Study, fabric: Fabric, names: Names, assignment: pd.DataFrame
) -> gpd.GeoDataFrame:
    """
    Draw the grids of a plan.

    Parameters
    ----------
    study, fabric
        Today.
    names
        Grid of each unit, and what they are called.
    assignment
        Grid of each household, now and before.

    Returns
    -------
    geopandas.GeoDataFrame
        Layer ``grids`` of the output contract, EPSG:4490. A grid whose ground did not change
        keeps its polygon, vertex for vertex.
    """
    made = _drawn(study, fabric, "grid", names.grid_of_unit, assignment, names.recoded)
    was = {new: old for old, new in names.recoded.items()}
    first = pd.DataFrame({"g": names.grid_of_unit, "c": names.community_of_unit})
    community = first.drop_duplicates("g").set_index("g")["c"].reindex(made.ids).to_numpy()
    buildings = pd.Series(fabric.units["buildings"].to_numpy()).groupby(names.grid_of_unit).sum()
    called = [names.grid_names[g] for g in made.ids]
    near = neighbours(fabric.borders, names)
    return gpd.GeoDataFrame(
        {
            "grid_id": made.ids,
            "grid_name": called,
            "kind": kinds_of(study, names, made.ids),
            "community_id": community,
            "community_name": [names.community_names[c] for c in community],
            "households": made.households,
            "residents": made.residents,
            "buildings": buildings.reindex(made.ids).to_numpy(),
            "area_km2": np.round(shapely.area(made.shapes) / 1e6, 6),
            **made.standings(grid_bands(study.rules, names.special_grids)),
            "lineage": made.lineage.kind,
            "previous_grid_ids": made.lineage.previous,
            "recoded_from": [was.get(g, "") for g in made.ids],
            "households_in": made.lineage.arrived,
            "households_out": made.lineage.left,
            "boundary_text": boundary_texts(made.shapes, called, Landmarks.of(study.tables)),
            "partner_grid_id": partners(near, made.ids),
            **_backed(study, near, made),
        },
        geometry=made.out,
        crs=DEGREES,
    )


def _backed(study: Study, near: nx.Graph[str], made: _Drawn) -> dict[str, list[int]]:
    """Say which member of the committees backs each grid, and who steps in."""
    count = dict(zip(made.ids, made.households.tolist(), strict=True))
    size: dict[str, int] = {}
    for grid, community in near.nodes(data="community"):
        size[community] = size.get(community, 0) + count[grid]
    seats_of = study.rules.staffing.seats_of
    who = backings(near, count, {c: seats_of(n) for c, n in size.items()})
    return {
        "committee_seat": [who[g].seat for g in made.ids],
        "reserve_seat": [who[g].reserve for g in made.ids],
    }


def kinds_of(study: Study, names: Names, ids: list[str]) -> list[str]:
    """
    Give each grid's kind: a special or a micro grid of today's that lives on stays one.

    Parameters
    ----------
    study
        Its table ``grids``.
    names
        Which grids are special.
    ids
        Grids of the plan.
    """
    table = study.table("grids")
    micro = set(followed(table.loc[table["kind"] == "micro", "grid_id"], names.recoded))
    return [
        "special" if g in names.special_grids else "micro" if g in micro else "basic" for g in ids
    ]


def make_communities(
    study: Study,
    fabric: Fabric,
    names: Names,
    grids: gpd.GeoDataFrame,
    assignment: pd.DataFrame,
) -> gpd.GeoDataFrame:
    """
    Draw the communities of a plan.

    Parameters
    ----------
    study, fabric, names, assignment
        As for :func:`make_grids`.
    grids
        The grids of the same plan.

    Returns
    -------
    geopandas.GeoDataFrame
        Layer ``communities`` of the output contract, EPSG:4490.
    """
    made = _drawn(study, fabric, "community", names.community_of_unit, assignment, {})
    called = [names.community_names[c] for c in made.ids]
    staffing = study.rules.staffing
    classes = [staffing.class_of(n) for n in made.households.tolist()]
    today = study.table("communities").drop_duplicates("community_id").set_index("community_id")
    return gpd.GeoDataFrame(
        {
            "community_id": made.ids,
            "community_name": called,
            "kind": ["village" if c in names.villages else "urban" for c in made.ids],
            "subdistrict_id": [names.street_of_community[c] for c in made.ids],
            "party_org": named(pd.Series(made.ids), today["party_org"]).to_numpy(object),
            "households": made.households,
            "residents": made.residents,
            "grids": grids.groupby("community_id").size().reindex(made.ids).to_numpy(),
            **made.standings(community_bands(study.rules, names.villages)),
            "lineage": made.lineage.kind,
            "seats": [staffing.seats_of(n) for n in made.households.tolist()],
            "service_fund": [policy.SERVICE_FUND_YUAN[k] for k in classes],
            "boundary_text": boundary_texts(made.shapes, called, Landmarks.of(study.tables)),
        },
        geometry=made.out,
        crs=DEGREES,
    )
