"""Levels below the grid: each zone above is a community to the solver, and its zones the grids."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.findings import Finding, Findings, each
from lingwu_grid.contract.levels import GRIDS
from lingwu_grid.contract.rules import Band, SecondMeasure
from lingwu_grid.engine.instance import pose
from lingwu_grid.engine.search.start import open_borders, zone_count
from lingwu_grid.engine.solve import solve
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.outlines import outlines_of
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.graph import pieces
from lingwu_grid.lawful import ANY, EXEMPT, LAWFUL, UNLAWFUL, moved
from lingwu_grid.planning.levels import level_columns
from lingwu_grid.planning.lookups import named
from lingwu_grid.planning.making import make_record
from lingwu_grid.planning.register import GRID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.levels import Level
    from lingwu_grid.engine.instance import Solution, Stop, Watch
    from lingwu_grid.engine.search._kernels import Prices
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.graph import UnitGraph
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord

EFFORT = 50
"""Search effort, in per cent, at most: zones of a few buildings need no annealing again and
again, which takes ten times as long."""

WHOLE_PLACE = "楼不拆分：一处楼房的户数就多于上限"
WHOLE_PARENT = "上一级整个不足下限，自成一个"
CUT_OFF = "与上一级其余部分隔开，户数不足下限"
"""Why no other drawing could have a zone in range."""

FITS_M2 = 0.5
"""Ground by which the zones of a level may miss the zone above by rounding."""

GRID_DEG = 1e-9
"""A tenth of a millimetre: what is thinner is rounding, and crosses itself in metres."""

POLYGON = 2
"""Dimensions of an area."""

USED = (
    "outline", "roads", "barriers", "crossings", "compounds", "gates", "buildings", "neighbours",
)  # fmt: skip
"""Tables that a level is drawn with; today's zones and the zones above come beside."""


class _Parent(NamedTuple):
    """The zones that those of a level lie inside."""

    table: gpd.GeoDataFrame
    """Columns zone_id, zone_name, community_id; EPSG:4490."""
    of_household: NDArray[np.object_]
    """Zone of each row of the study's households."""


def with_levels(
    record: PlanRecord, study: Study, *, seed: int, stop: Stop, threads: int, watch: Watch
) -> PlanRecord:
    """
    Draw the levels that lie inside the grids of a plan, one inside the other.

    Parameters
    ----------
    record
        The plan of one part, its grids drawn.
    study
        What it was made from: ``study.rules.levels`` says what is wanted.
    seed, stop, threads, watch
        As for :func:`~lingwu_grid.scale.solving.solve_part`.

    Returns
    -------
    PlanRecord
        With the zones in ``levels``, a column ``<id>_id`` in the assignment, and counts in the
        summary. Every zone lies in one zone above it; a household's is told by its building.
    """
    for level in study.rules.levels:
        if level.inside:
            watch(f"划{level.name}")
            record = _with_level(record, study, level, (seed, stop, threads, watch))
    return record


def carried(study: Study, levels: gpd.GeoDataFrame) -> Study:
    """
    Give a study that begins from the levels of a plan, where it has none of its own.

    Parameters
    ----------
    study
        What is reviewed.
    levels
        Layer of the plan that is reviewed: zones whose grid is left alone stay as they are.
    """
    if "levels" in study.tables or not len(levels):
        return study
    table = levels.assign(geometry_out=levels.geometry.to_numpy()).to_crs(study.crs)
    return replace(study, tables=study.tables | {"levels": table})


def _with_level(
    record: PlanRecord, study: Study, level: Level, how: tuple[int, Stop, int, Watch]
) -> PlanRecord:
    seed, stop, threads, watch = how
    parent = _parent_of(record, study, level)
    inner = _study_of(study, level, parent)
    fabric = build_fabric(inner)
    graph = build_graph(fabric, inner.rules)
    shape = outlines_of(fabric, inner.rules)
    instance = pose(graph, inner.rules, shape)
    solver = partial(solve, seed=seed, stop=stop, workers=threads, watch=watch)
    solution = solver(instance)
    if solution.explanations:  # the number of zones is a wish; in range is what they must be
        free = replace(instance, target_grids=0, recuts=False, prices=_unwished(instance.prices))
        solution = solver(free, Town.of(solution))
    drawn = make_record(inner, fabric, _nested(solution, fabric))
    zones = _fitted(drawn.grids, parent, study.crs)
    zones = _excused(zones, level, parent, _lone(graph, fabric, drawn))
    layer = level_columns(zones, level, parent.table)
    rows = drawn.assignment
    assignment = record.assignment.assign(**{level.key: rows["grid_id"].to_numpy(object)})
    return replace(
        record.with_long(assignment=assignment),
        levels=pd.concat([record.levels, layer], ignore_index=True)
        if len(record.levels)
        else layer,
        findings=pd.concat([record.findings, _told(layer, level)], ignore_index=True),
        summary=record.summary | {"levels": [*record.summary.get("levels", []),
                                             _counted(layer, level, rows, drawn.recoded)]},
        tables=record.tables | {"code_register": _registered(record, drawn, level)},
    )  # fmt: skip


def _parent_of(record: PlanRecord, study: Study, level: Level) -> _Parent:
    rows = record.assignment
    homes = study.households["household_id"].to_numpy(object)
    if level.inside == GRIDS:
        table = record.grids.rename(columns={"grid_id": "zone_id", "grid_name": "zone_name"})
        key = "grid_id"
    else:
        table = record.levels[record.levels["level"] == level.inside]
        key = f"{level.inside}_id"
    if (rows["household_id"].to_numpy(object) != homes).any():
        raise ValueError("the assignment is not in the order of the households")
    kept = table[["zone_id", "zone_name", "community_id", "geometry"]]
    return _Parent(kept.reset_index(drop=True), rows[key].to_numpy(object))


def _study_of(study: Study, level: Level, parent: _Parent) -> Study:
    """Give a study whose communities are the zones above, each a street of its own."""
    ids, names = parent.table["zone_id"], parent.table["zone_name"]
    shapes = parent.table.geometry
    in_metres = shapes.to_crs(study.crs).to_numpy()
    communities = gpd.GeoDataFrame(
        {"community_id": ids, "community_name": names, "subdistrict_id": ids, "kind": "urban",
         "party_org": "", "locked": False, "geometry_out": shapes.to_numpy()},
        geometry=in_metres, crs=study.crs,
    )  # fmt: skip
    streets = gpd.GeoDataFrame(
        {"subdistrict_id": ids, "name": names}, geometry=in_metres, crs=study.crs
    )
    tables = {name: table for name, table in study.tables.items() if name in USED}
    tables |= {"communities": communities, "subdistricts": streets}
    today = _today_of(study, level, communities)
    if len(today):
        tables["grids"] = today
    register = study.table("code_register")
    if len(mine := register[register["level"] == level.name]):
        # The register has the community a code is in; here that is the zone above, found by place.
        tables["code_register"] = mine.assign(level=GRID, community_id="").reset_index(drop=True)
    counts = pd.Series(parent.of_household).value_counts()
    zones = sum(zone_count(n, level.lower, level.upper) for n in counts.tolist())
    rules = study.rules
    return replace(
        study,
        tables=tables,
        households=study.households.assign(grid_id="", community_id=parent.of_household),
        findings=Findings(),
        zone_word=level.name,
        rules=rules.with_(
            grid=Band(level.lower, level.upper), community=Band(1, ANY), margin=0,
            communities="fixed", compounds_whole=False, villages_whole=False, horizon=0,
            exceptions=(), locked_grids=(), locked_communities=(), pins=(), together=(), apart=(),
            enclaves=(), split_compounds=(), open_crossings=(), second_measure=SecondMeasure(),
            target_grids=0 if len(today) else zones, prove=False, levels=(),
            scenario="signable", effort=min(rules.effort, EFFORT),
        ),
    )  # fmt: skip


def _today_of(study: Study, level: Level, communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give today's zones of a level, each cut to the zone above that has most of it."""
    table = study.table("levels")
    table = table[table["level"].isin((level.id, level.name))].reset_index(drop=True)
    if not len(table):
        return table
    shapes, above = table.geometry.to_numpy().copy(), communities.geometry.to_numpy()
    zone, over = shapely.STRtree(above).query(shapes, predicate="intersects")
    common = pd.DataFrame(
        {"zone": zone, "over": over,
         "area": shapely.area(shapely.intersection(shapes[zone], above[over]))}
    ).sort_values(["zone", "area", "over"], ascending=[True, False, True])  # fmt: skip
    best = common.drop_duplicates("zone")
    at = best["zone"].to_numpy()
    whole = shapely.area(shapes)
    owner = np.full(len(table), "", object)
    owner[at] = communities["community_id"].to_numpy(object)[best["over"]]
    cut = at[best["area"].to_numpy() < whole[at] - 1.0]
    home = dict(zip(at.tolist(), best["over"].tolist(), strict=True))
    for z in cut.tolist():
        parts = shapely.get_parts(shapely.intersection(shapes[z], above[home[z]]))
        shapes[z] = parts[int(shapely.area(parts).argmax())]
    out = table["geometry_out"].to_numpy(object).copy()
    return gpd.GeoDataFrame(
        {"grid_id": table["zone_id"].astype(str), "grid_name": table["zone_name"],
         "community_id": owner, "kind": "basic", "locked": False, "geometry_out": out},
        geometry=shapes, crs=study.crs,
    )[owner != ""].reset_index(drop=True)  # fmt: skip


def _nested(solution: Solution, fabric: Fabric) -> Solution:
    """Give ground that its own zone above cannot reach back to it: no household goes elsewhere."""
    owner = solution.community_of_grid.copy()
    # A hair of ground beyond the line, that nothing else could reach, says nothing of its zone.
    homes_last = np.argsort(fabric.units["households"].to_numpy(), kind="stable")
    owner[solution.grid_of_unit[homes_last]] = fabric.subdistrict[homes_last]
    return replace(solution, community_of_grid=owner)


def _unwished(prices: Prices) -> Prices:
    return prices._replace(zones=0.0)


class _Lone(NamedTuple):
    """Zones that could not have been drawn otherwise."""

    places: set[str]
    """All homes in one place that is not divided."""
    pieces: set[str]
    """All that lives in a piece of the zone above which nothing joins to the rest."""


def _lone(graph: UnitGraph, fabric: Fabric, drawn: PlanRecord) -> _Lone:
    piece = pieces(*open_borders(graph), fabric.subdistrict.astype(np.int32))
    lived = fabric.units["households"].to_numpy() > 0
    zone = drawn.units["grid_id"].to_numpy(object)
    table = pd.DataFrame({"piece": piece[lived], "zone": zone[lived]}).drop_duplicates()
    single = table[~table["piece"].duplicated(keep=False)]
    places = pd.Series(zone[lived]).value_counts()
    return _Lone(set(places.index[places == 1]), set(single["zone"]))


def _fitted(zones: gpd.GeoDataFrame, parent: _Parent, crs: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - of pyproj
    """
    Make zones fill the zone above to its line, where a building on the line bent theirs.

    What sticks out goes; what is missing goes to the zone that it has most border with.
    """
    shapes = zones.geometry.to_numpy().copy()
    above = dict(zip(parent.table["zone_id"], parent.table.geometry, strict=True))
    owner = zones["community_id"].to_numpy(object)
    metres = zones.geometry.to_crs(crs).to_numpy()
    whole = parent.table.geometry.to_crs(crs).to_numpy()
    for number, zone in enumerate(parent.table["zone_id"]):
        mine = np.flatnonzero(owner == zone)
        union = shapely.union_all(metres[mine])
        if shapely.area(shapely.symmetric_difference(union, whole[number])) <= FITS_M2:
            continue
        inside = shapely.intersection(shapes[mine], above[zone], grid_size=GRID_DEG)
        inside = np.array([_main_area(shape) for shape in inside], object)
        union = shapely.union_all(inside, grid_size=GRID_DEG)
        rest = shapely.difference(above[zone], union, grid_size=GRID_DEG)
        for part in _areas(rest):
            touch = shapely.length(shapely.intersection(shapely.boundary(part), inside))
            best = int(touch.argmax())
            inside[best] = _main_area(shapely.union(inside[best], part, grid_size=GRID_DEG))
        shapes[mine] = inside
    return zones.set_geometry(gpd.GeoSeries(shapes, crs=zones.crs, index=zones.index))


def _areas(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """Give the areas of a shape: where two lines nearly meet, lines and points come with them."""
    return [p for p in shapely.get_parts(shape).tolist() if shapely.get_dimensions(p) == POLYGON]


def _main_area(shape: shapely.Geometry) -> shapely.Polygon:
    return max(_areas(shape), key=shapely.area)


def _excused(
    zones: gpd.GeoDataFrame, level: Level, parent: _Parent, lone: _Lone
) -> gpd.GeoDataFrame:
    """Say why a zone is out of range where no other drawing could have it in range."""
    total = pd.Series(parent.of_household).value_counts()
    zones = zones.copy()
    for row in np.flatnonzero(zones["status"] == UNLAWFUL).tolist():
        zone = zones.iloc[row]
        why = ""
        if zone["households"] > level.upper and zone["grid_id"] in lone.places:
            why = WHOLE_PLACE
        elif zone["households"] == total[zone["community_id"]] < level.lower:
            why = WHOLE_PARENT
        elif zone["households"] < level.lower and zone["grid_id"] in lone.pieces:
            why = CUT_OFF
        if why:
            place = zones.index[row]
            zones.loc[place, ["status", "reason"]] = [EXEMPT, why]
    return zones


def _counted(
    layer: gpd.GeoDataFrame, level: Level, rows: pd.DataFrame, recoded: dict[str, str]
) -> dict[str, Any]:
    status = layer["status"]
    return {
        "id": level.id,
        "name": level.name,
        "inside": level.inside,
        "range": [level.lower, level.upper],
        "zones": len(layer),
        "in_range": int((status == LAWFUL).sum()),
        "exceptions": int((status == EXEMPT).sum()),
        "households_moved": moved(rows, recoded).grid,
    }


def _told(layer: gpd.GeoDataFrame, level: Level) -> pd.DataFrame:
    """Tell which zones of a level are out of range without a reason that nothing can mend."""
    kind = Finding(
        "warning", "level_out_of_range", "levels", "", "",
        f"在审图页里改画其中的网格，或在 rules.toml 里放宽{level.name}的范围",
    )  # fmt: skip
    bad = layer[layer["status"] == UNLAWFUL]
    messages = [
        f"{name}（{zone}）{reason}：没有找到合规的划法"
        for zone, name, reason in zip(bad["zone_id"], bad["zone_name"], bad["reason"], strict=True)
    ]
    return pd.DataFrame(
        Findings(tuple(each(kind, bad["zone_id"].tolist(), messages=messages))).columns()
    )


def _registered(record: PlanRecord, drawn: PlanRecord, level: Level) -> pd.DataFrame:
    """Add the codes of a level to the register: none is ever given twice."""
    mine = drawn.code_register
    home = record.code_register.drop_duplicates("code").set_index("code")["community_id"]
    mine = mine[mine["level"] == GRID]
    mine = mine.assign(level=level.name, community_id=named(mine["community_id"], home))
    before = record.code_register[record.code_register["level"] != level.name]
    return pd.concat([before, mine], ignore_index=True)
