"""Making a record: numbers become names, borders and reasons again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from lingwu_grid.contract.findings import Finding, Findings, each
from lingwu_grid.fabric.outlines import is_necked
from lingwu_grid.fabric.straight import straightened
from lingwu_grid.ingest.systems import DEGREES, in_degrees
from lingwu_grid.lawful import EXEMPT, LAWFUL, community_bands, followed, grid_bands, moved
from lingwu_grid.planning.boundary_text import nameless_sides
from lingwu_grid.planning.buildings import make_buildings
from lingwu_grid.planning.certificate import RULES, make_certificate
from lingwu_grid.planning.defence import gap_of
from lingwu_grid.planning.drawn import Drawn
from lingwu_grid.planning.lineage import UNCHANGED
from lingwu_grid.planning.metrics import border_between_m, border_on_line_share, polsby_popper
from lingwu_grid.planning.naming import NOTHING_KEPT, Kept, Names, name_zones
from lingwu_grid.planning.outlook import leaving, told_ahead
from lingwu_grid.planning.pieces import Held
from lingwu_grid.planning.record import PlanRecord
from lingwu_grid.planning.tables import make_tables
from lingwu_grid.planning.words import explain_in_words
from lingwu_grid.planning.zones import make_communities, make_grids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lingwu_grid.engine.instance import Solution
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study


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
        Ids that an earlier plan gave.

    Returns
    -------
    PlanRecord
        A grid or community whose ground did not change keeps its polygon, vertex for vertex.
    """
    names = name_zones(study, fabric, solution, kept)
    study = replace(study, rules=study.rules.following(names.recoded))
    straight = straightened(study, fabric, solution.grid_of_unit)
    units = _units(straight, names)
    assignment = _assignment(study, fabric, names)
    grids = make_grids(study, straight, names, assignment)
    communities = make_communities(study, straight, names, grids, assignment)
    drawn = Drawn(study, straight, grids, communities, assignment, names)
    stays = units["grid_id"].to_numpy() == followed(units["previous_grid_id"], names.recoded)
    units = units.set_geometry(in_degrees(units.geometry.to_numpy(), units.crs), crs=DEGREES)
    tables = make_tables(drawn)
    layers = {"grid": grids, "community": communities}
    ahead = leaving(tables["outlook"], layers, study.rules.effective_date)
    return PlanRecord(
        grids=grids,
        communities=communities,
        pieces=(
            Held(
                units,
                units[~stays].reset_index(drop=True),
                assignment,
                make_buildings(study, straight, assignment),
            ),
        ),
        excluded=study.excluded,
        findings=pd.DataFrame(
            _findings(study, grids, communities).plus(*told_ahead(ahead)).columns()
        ),
        tables=tables,
        summary=_summary(study, straight, solution, names, (grids, communities, assignment))
        | {"zones_leaving": len(ahead)},
        run={},
        certificate=make_certificate(study, straight, solution, names, assignment),
        backdrop=backdrop_of(study.tables),
    )


def _findings(study: Study, grids: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> Findings:
    """Give what the data did, a wish that sizes did not allow, and borders without a name."""
    kind = Finding(
        "notice", "boundary_nameless", "grids", "", "四至有一段没有名称",
        "补上该处道路、水系的名称，或在台账里手工填写",
    )  # fmt: skip
    rows = [
        (f"{zone}", f"{called}的四至在{'、'.join(sides)}边有一段没有可用的名称")
        for key, layer in (("grid", grids), ("community", communities))
        for zone, called, text in zip(
            layer[f"{key}_id"], layer[f"{key}_name"], layer["boundary_text"], strict=True
        )
        if (sides := nameless_sides(text))
    ]
    nameless = each(kind, [zone for zone, _ in rows], messages=[said for _, said in rows])
    nameless = [*nameless, *_necks(study, grids)]
    wanted, band = study.rules.target_grids, study.rules.grid
    if wanted in (0, len(grids)):
        return study.findings.plus(*nameless)
    missed = Finding(
        "notice",
        "target_grids_missed",
        "rules",
        "target_grids",
        f"希望共 {wanted} 个网格，方案为 {len(grids)} 个：各社区的户数按每格"
        f" {band.lower}–{band.upper} 户容不下更接近的个数，或整楼整小区凑不出来",
        "改 target_grids，或调整社区（communities），或允许拆分小区（split_compounds）",
    )
    return study.findings.plus(missed, *nameless)


def _necks(study: Study, grids: gpd.GeoDataFrame) -> list[Finding]:
    """Tell which new grids are narrow somewhere, where today's is not."""
    kind = Finding(
        "warning", "border_necked", "grids", "", "网格有窄于 20 米的瓶颈或细条",
        "在审图页里改画，或调大 neck_weight 再运行；确属地形所限的，随方案说明",
    )  # fmt: skip
    today = study.table("grids")
    narrow_now = (
        set(today["grid_id"][is_necked(today.geometry.to_numpy())]) if len(today) else set()
    )
    is_narrow_now = (grids["grid_id"].isin(narrow_now)) | grids["recoded_from"].isin(narrow_now)
    new = grids[(grids["lineage"] != UNCHANGED) & ~is_narrow_now]
    narrow = new[is_necked(new.geometry.to_crs(study.crs).to_numpy())]
    weight = study.rules.neck_weight
    messages = [
        f"{name}（{zone}）有窄于 20 米的瓶颈或细条：没有找到只多 {weight:g} 户以内的合规划法"
        for zone, name in zip(narrow["grid_id"], narrow["grid_name"], strict=True)
    ]
    return each(kind, narrow["grid_id"].tolist(), messages=messages)


def _units(fabric: Fabric, names: Names) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "unit_id": fabric.units["unit_id"],
            "grid_id": names.grid_of_unit,
            "community_id": names.community_of_unit,
            "previous_grid_id": fabric.codes_today(),
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


def _summary(
    study: Study,
    fabric: Fabric,
    solution: Solution,
    names: Names,
    tables: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame],
) -> dict[str, Any]:
    grids, communities, assignment = tables
    count = moved(assignment, names.recoded)
    today = study.table("grids")
    shapes = grids.geometry.to_crs(study.crs).to_numpy()
    bound = solution.bound
    changed = grids["lineage"] != UNCHANGED
    retired = set(fabric.places.grid_ids) - set(grids["grid_id"]) - set(names.recoded)
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
        "households_moved_grid": count.grid,
        "households_moved_community": count.community,
        "affected": count.either,
        "price_of_clear_borders": solution.clear_price,
        "tight_zones": tight_zones(study, names, grids, communities),
        "moved_share": round(count.grid / max(len(assignment), 1), 6),
        "grids_touched": int(changed.sum()),
        "grids_today": len(fabric.places.grid_ids),
        "grids_retired": sorted(retired),
        "grids_recoded": dict(sorted(names.recoded.items())),
        "lower_bound": {
            "unconditional": bound.unconditional,
            "unconditional_communities": bound.unconditional_communities,
            "global": bound.everywhere,
            "within_plan": bound.within_plan,
            "rules": RULES,
        },
        "gap": gap_of(count.either, bound.everywhere),
        "border_on_line_share": {
            "before": border_on_line_share(fabric.borders, fabric.grid_now),
            "after": border_on_line_share(fabric.borders, names.zone_of_unit),
        },
        "polsby_popper": {
            "before": polsby_popper(today.geometry.to_numpy()),
            "after": polsby_popper(shapes),
        },
        "border_m": {
            "before": border_between_m(fabric.borders, fabric.grid_now),
            "after": border_between_m(fabric.borders, names.zone_of_unit),
        },
        "zones": {"before": len(today), "after": len(grids)},
        "status": _status(solution, count.either),
        "explanations": explain_in_words(solution, names, study, fabric),
    }


def tight_zones(
    study: Study, names: Names, grids: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> int:
    """Count the grids and communities within 1 % of a bound of their own."""
    rules = study.rules
    bands = (grid_bands(rules, names.special_grids), community_bands(rules, names.villages))
    return sum(
        band.is_tight(zone, households)
        for band, layer, key in zip(
            bands, (grids, communities), ("grid_id", "community_id"), strict=True
        )
        for zone, households in zip(layer[key], layer["households"].tolist(), strict=True)
    )


def _status(solution: Solution, households: int) -> str:
    """Tell `optimal` where no lawful plan at all affects fewer than these `households`."""
    if solution.status == "feasible" and households <= solution.bound.everywhere:
        return "optimal"
    return solution.status


def backdrop_of(tables: Mapping[str, gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame]:
    """Give what maps draw behind a plan: roads, waters, stations, compounds, today's zones."""
    wanted = (
        "roads", "barriers", "stations", "compounds", "grids", "communities", "subdistricts",
    )  # fmt: skip
    return {
        name: tables[name].drop(columns="geometry_out", errors="ignore").to_crs(DEGREES)
        for name in wanted
        if name in tables
    }
