"""PlanRecord: the plan as tables, and the door from numbers back to names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid import policy
from lingwu_grid.findings import Finding, Findings
from lingwu_grid.ingest.systems import DEGREES
from lingwu_grid.planning.boundary_text import boundary_texts
from lingwu_grid.planning.certificate import RULES, make_certificate
from lingwu_grid.planning.compliance import (
    EXEMPT,
    LAWFUL,
    community_excuses,
    grid_excuses,
    standing,
)
from lingwu_grid.planning.lineage import NEW, trace
from lingwu_grid.planning.metrics import border_on_line_share, polsby_popper
from lingwu_grid.planning.naming import NOTHING_KEPT, Kept, Names, name_zones
from lingwu_grid.planning.words import explain_in_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.problem import Solution
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.planning.service import Service
    from lingwu_grid.study import Study


@dataclass(frozen=True)
class PlanRecord:
    """
    A plan, as tables.

    Parameters
    ----------
    grids, communities, units, moves
        Layers of ``plan.gpkg``, EPSG:4490, columns of the output contract.
    assignment
        One row a household that counts (private).
    excluded, findings, changes
        Rows not counted; what the data did; the change register.
    summary, run, certificate
        ``summary.json``, ``run.json`` and ``certificate.json``.
    backdrop
        Roads, barriers, stations and today's zones, EPSG:4490, for maps.
    service
        The service circle, once it has been measured.
    """

    grids: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    moves: gpd.GeoDataFrame
    assignment: pd.DataFrame
    excluded: pd.DataFrame
    findings: pd.DataFrame
    changes: pd.DataFrame
    summary: dict[str, Any]
    run: dict[str, Any]
    certificate: dict[str, Any]
    backdrop: dict[str, gpd.GeoDataFrame]
    service: Service | None = None


def make_record(
    study: Study, fabric: Fabric, solution: Solution, kept: Kept = NOTHING_KEPT
) -> PlanRecord:
    """
    Turn numbers into names, borders and reasons.

    Parameters
    ----------
    study
        What the office sent.
    fabric
        Units and their polygons.
    solution
        Grid of each unit, community of each grid.
    kept
        Ids that an earlier plan gave to new zones.

    Returns
    -------
    PlanRecord
        A grid or community whose ground did not change keeps its polygon, vertex for vertex.
    """
    names = name_zones(study, fabric, solution, kept)
    units = _units(fabric, names)
    assignment = _assignment(study, fabric, names)
    grids = _grids(study, fabric, names, assignment)
    communities = _communities(study, fabric, names, grids, assignment)
    moves = units[units["grid_id"] != units["previous_grid_id"]].reset_index(drop=True)
    return PlanRecord(
        grids=grids,
        communities=communities,
        units=units.to_crs(DEGREES),
        moves=moves.to_crs(DEGREES),
        assignment=assignment,
        excluded=study.excluded,
        findings=pd.DataFrame(_findings(study, len(grids)).columns()),
        changes=_changes(study, fabric, assignment),
        summary=_summary(study, fabric, solution, names, (grids, communities, assignment)),
        run={},
        certificate=make_certificate(study, fabric, solution, names),
        backdrop=_backdrop(study),
    )


def _findings(study: Study, grids: int) -> Findings:
    """Give what the data did, and a wish that sizes did not allow."""
    wanted, band = study.rules.target_grids, study.rules.grid
    if wanted in (0, grids):
        return study.findings
    missed = Finding(
        "notice",
        "target_grids_missed",
        "rules",
        "target_grids",
        f"希望共 {wanted} 个网格，方案为 {grids} 个：各社区的户数按每格 {band.lower}–{band.upper}"
        " 户容不下更接近的个数，或整楼整小区凑不出来",
        "改 target_grids，或调整社区（communities），或允许拆分小区（split_compounds）",
    )
    return study.findings.plus(missed)


def _units(fabric: Fabric, names: Names) -> gpd.GeoDataFrame:
    old = np.array([*fabric.places.grid_ids, ""], object)
    return gpd.GeoDataFrame(
        {
            "unit_id": fabric.units["unit_id"],
            "grid_id": names.grid_of_unit,
            "community_id": names.community_of_unit,
            "previous_grid_id": old[fabric.grid_now],
            "households": fabric.units["households"],
        },
        geometry=fabric.units.geometry.to_numpy(),
        crs=fabric.units.crs,
    )


def _assignment(study: Study, fabric: Fabric, names: Names) -> pd.DataFrame:
    unit = fabric.unit_of_household
    return pd.DataFrame(
        {
            "household_id": study.households["household_id"].to_numpy(),
            "grid_id": names.grid_of_unit[unit],
            "community_id": names.community_of_unit[unit],
            "previous_grid_id": names.previous_grid,
            "previous_community_id": names.previous_community,
            "unit_id": fabric.units["unit_id"].to_numpy()[unit],
        }
    )


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
    out = gpd.GeoSeries(made, crs=crs).to_crs(DEGREES).to_numpy()
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


def _grids(
    study: Study, fabric: Fabric, names: Names, assignment: pd.DataFrame
) -> gpd.GeoDataFrame:
    ids = sorted(set(names.grid_of_unit))
    shapes = _dissolve(fabric.units.geometry.to_numpy(), names.grid_of_unit, ids)
    out, changed = _kept_shapes(shapes, ids, study.table("grids"), "grid_id", study.crs)
    count = _per_zone(assignment, "grid_id", study).reindex(ids, fill_value=0)
    flow = assignment.rename(columns={"previous_grid_id": "old", "grid_id": "new"})
    flow = flow.groupby(["old", "new"]).size().rename("households").reset_index()
    lineage = trace(flow, ids, set(fabric.places.grid_ids), changed)
    excuses = grid_excuses(study.rules, names.special_grids)
    stands = [
        standing(int(n), study.rules.grid, excuses.get(g, ""))
        for g, n in zip(ids, count["households"], strict=True)
    ]
    first = pd.DataFrame({"g": names.grid_of_unit, "c": names.community_of_unit})
    community = first.drop_duplicates("g").set_index("g")["c"].reindex(ids).to_numpy()
    buildings = pd.Series(fabric.units["buildings"].to_numpy()).groupby(names.grid_of_unit).sum()
    return gpd.GeoDataFrame(
        {
            "grid_id": ids,
            "grid_name": [names.grid_names[g] for g in ids],
            "kind": ["special" if g in names.special_grids else "basic" for g in ids],
            "community_id": community,
            "community_name": [names.community_names[c] for c in community],
            "households": count["households"].to_numpy(),
            "residents": count["residents"].to_numpy(),
            "buildings": buildings.reindex(ids).to_numpy(),
            "area_km2": np.round(shapely.area(shapes) / 1e6, 6),
            "status": [s.status for s in stands],
            "reason": [s.reason for s in stands],
            "lineage": lineage.kind,
            "previous_grid_ids": lineage.previous,
            "households_in": lineage.arrived,
            "households_out": lineage.left,
            "boundary_text": boundary_texts(shapes, fabric.lines),
        },
        geometry=out,
        crs=DEGREES,
    )


def _communities(
    study: Study,
    fabric: Fabric,
    names: Names,
    grids: gpd.GeoDataFrame,
    assignment: pd.DataFrame,
) -> gpd.GeoDataFrame:
    ids = sorted(set(names.community_of_unit))
    shapes = _dissolve(fabric.units.geometry.to_numpy(), names.community_of_unit, ids)
    out, changed = _kept_shapes(shapes, ids, study.table("communities"), "community_id", study.crs)
    count = _per_zone(assignment, "community_id", study).reindex(ids, fill_value=0)
    flow = assignment.rename(columns={"previous_community_id": "old", "community_id": "new"})
    flow = flow.groupby(["old", "new"]).size().rename("households").reset_index()
    lineage = trace(flow, ids, set(fabric.places.community_ids), changed)
    excuses = community_excuses(study.rules, names.villages)
    households = count["households"].to_numpy()
    stands = [
        standing(int(n), study.rules.community, excuses.get(c, ""))
        for c, n in zip(ids, households, strict=True)
    ]
    classes = [policy.size_class(int(n)) for n in households]
    return gpd.GeoDataFrame(
        {
            "community_id": ids,
            "community_name": [names.community_names[c] for c in ids],
            "subdistrict_id": [names.street_of_community[c] for c in ids],
            "households": households,
            "residents": count["residents"].to_numpy(),
            "grids": grids.groupby("community_id").size().reindex(ids).to_numpy(),
            "status": [s.status for s in stands],
            "reason": [s.reason for s in stands],
            "lineage": lineage.kind,
            "seats": [policy.COMMITTEE_SEATS[k] for k in classes],
            "service_fund": [policy.SERVICE_FUND_YUAN[k] for k in classes],
            "boundary_text": boundary_texts(shapes, fabric.lines),
        },
        geometry=out,
        crs=DEGREES,
    )


def _changes(study: Study, fabric: Fabric, assignment: pd.DataFrame) -> pd.DataFrame:
    """List who changes, by compound or building: old and new grid and community, households."""
    keys = ["compound_id", "previous_grid_id", "grid_id", "previous_community_id", "community_id"]
    table = assignment.assign(
        compound_id=fabric.units["compound_id"].to_numpy()[fabric.unit_of_household],
        building_id=study.households["building_id"].to_numpy(),
    )
    moved = table[
        ((table["previous_grid_id"] != table["grid_id"]) & (table["previous_grid_id"] != ""))
        | (
            (table["previous_community_id"] != table["community_id"])
            & (table["previous_community_id"] != "")
        )
    ]
    moved = moved.assign(building_id=moved["building_id"].where(moved["compound_id"] == "", ""))
    rows = moved.groupby(["compound_id", "building_id", *keys[1:]]).size()
    out = rows.rename("households").reset_index()
    is_new = ~out["grid_id"].isin(fabric.places.grid_ids)
    same_grid = out["previous_grid_id"] == out["grid_id"]
    out["reason"] = np.select(
        [same_grid, is_new],
        ["网格整体划入另一社区，使社区户数合规", f"原网格超限，{NEW}网格"],
        "调整后新旧网格户数合规",
    )
    return out


def _summary(
    study: Study,
    fabric: Fabric,
    solution: Solution,
    names: Names,
    tables: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame],
) -> dict[str, Any]:
    grids, communities, assignment = tables
    old, old_community = assignment["previous_grid_id"], assignment["previous_community_id"]
    moved = int(((old != assignment["grid_id"]) & (old != "")).sum())
    moved_community = int(
        ((old_community != assignment["community_id"]) & (old_community != "")).sum()
    )
    today = study.table("grids")
    shapes = grids.geometry.to_crs(study.crs).to_numpy()
    bound, under_rules = solution.bound.unconditional, solution.bound.under_rules
    least = bound if under_rules is None else under_rules
    changed = grids["lineage"] != "不变"
    retired = set(fabric.places.grid_ids) - set(grids["grid_id"])
    return {
        "study": study.name,
        "synthetic": study.rules.synthetic,
        "households": len(assignment),
        "grids": len(grids),
        "communities": len(communities),
        "grids_in_range": int((grids["status"] == LAWFUL).sum()),
        "communities_in_range": int((communities["status"] == LAWFUL).sum()),
        "exceptions": int(
            (grids["status"] == EXEMPT).sum() + (communities["status"] == EXEMPT).sum()
        ),
        "households_moved_grid": moved,
        "households_moved_community": moved_community,
        "moved_share": round(moved / max(len(assignment), 1), 6),
        "grids_touched": int(changed.sum()),
        "grids_today": len(fabric.places.grid_ids),
        "grids_retired": sorted(retired),
        "lower_bound": {
            "unconditional": bound,
            "unconditional_communities": solution.bound.unconditional_communities,
            "within_communities": solution.bound.within_communities,
            "under_rules": under_rules,
            "rules": RULES
            if under_rules is not None
            else {"unconditional": RULES["unconditional"]},
        },
        "gap": round((moved - least) / moved, 6) if moved else 0.0,
        "border_on_line_share": {
            "before": border_on_line_share(fabric.borders, fabric.grid_now),
            "after": border_on_line_share(fabric.borders, names.zone_of_unit),
        },
        "polsby_popper": {
            "before": polsby_popper(today.geometry.to_numpy()),
            "after": polsby_popper(shapes),
        },
        "status": _status(solution, moved),
        "explanations": explain_in_words(solution, names, study, fabric),
    }


def _status(solution: Solution, moved: int) -> str:
    """Tell `optimal` where no contiguous plan with these communities moves fewer."""
    least = solution.bound.within_communities
    if solution.status == "feasible" and least is not None and moved <= least:
        return "optimal"
    return solution.status


def _backdrop(study: Study) -> dict[str, gpd.GeoDataFrame]:
    wanted = (
        "roads", "barriers", "stations", "compounds", "grids", "communities", "subdistricts",
    )  # fmt: skip
    return {
        name: study.tables[name].drop(columns="geometry_out", errors="ignore").to_crs(DEGREES)
        for name in wanted
        if name in study.tables
    }
