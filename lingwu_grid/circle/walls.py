"""Walls and barriers as a walker meets them: where they truly stand, and where they are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.kinds import barrier as look_of
from lingwu_grid.contract.walking import is_open_at
from lingwu_grid.fabric.adjacency import crossing_points
from lingwu_grid.fabric.enclosures import collect_lines

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.fabric.enclosures import Lines
    from lingwu_grid.ingest.study import Study

PASS_M = 3.0
"""A crossing, bridge or gate opens a barrier or a wall this far round itself."""

GATE_PASS_M = 12.0
"""Gates are drawn beside the wall as often as on it."""

DRAWN_OFF_M = 20.0
"""
How far outlines of compounds and gates may stand from where they are.

Parcels and areas of interest often run to the middle of the street, or over it.
"""

ROAD_M = 0.5
"""Half the width of what a road takes from a compound that it runs along."""

TOUCH_M = 0.01
"""Nearer than this, an outline touches a street."""


class Walls(NamedTuple):
    """Compounds with gates, as they stand between the streets."""

    compounds: gpd.GeoDataFrame
    """compound_id, name, open and ground; where an outline reached over a street, this side."""
    lines: NDArray[np.object_]
    """Their outlines, open at the gates that are open."""
    of: NDArray[np.int64]
    """Row of the compound of each line."""
    gates: gpd.GeoDataFrame
    """compound_id and a point on the outline, where a gate stood a little off it; open ones."""
    over_m: float
    """Metres of street that ran inside an outline along its edge."""
    told: list[str]
    """Hours that could not be read."""


class Obstacles(NamedTuple):
    """What stands in the way, each of which may be thought away."""

    names: list[str]
    barriers: int
    """How many of the names are barriers; the rest are walls of compounds."""
    lines: NDArray[np.object_]
    of: NDArray[np.int64]
    """Row in `names` of each line."""

    @property
    def everything(self) -> frozenset[int]:
        """All of them."""
        return frozenset(range(len(self.names)))


def obstacles_of(study: Study) -> tuple[Obstacles, Walls]:
    """
    Give what a walker cannot pass, already opened where one can.

    Barriers are open at crossings and bridges; the outline of a compound is a wall where gates of
    that compound are given, open at the gates.

    Parameters
    ----------
    study
        Barriers, crossings, bridges, compounds, gates, roads.

    Returns
    -------
    tuple
        Barriers by name and walls by compound; and the compounds that have gates.
    """
    walls = compound_walls(study)
    table = study.table("barriers")
    drawn = table.geometry.to_numpy()
    lines = np.where(np.isin(shapely.get_type_id(drawn), (3, 6)), shapely.boundary(drawn), drawn)
    lines = _opened(lines, _crossings(study, collect_lines(study))) if len(table) else lines
    kinds = table["kind"].to_numpy(object)
    words = [n or "无名" + look_of(k).name for n, k in zip(table["name"], kinds, strict=True)]
    names, number = np.unique(np.array(words, object), return_inverse=True)
    owners = [f"{word}围墙" for word in compound_words(walls.compounds)]
    shapes = np.concatenate([lines, walls.lines])
    of = np.concatenate([number.reshape(-1), len(names) + walls.of]).astype(np.int64)
    parts, row = shapely.get_parts(shapes, return_index=True)
    kept = shapely.length(parts) > 0
    named = Obstacles([*names.tolist(), *owners], len(names), parts[kept], of[row[kept]])
    return named, walls


def compound_words(compounds: gpd.GeoDataFrame) -> list[str]:
    """Call each compound by its name; by name and id where several have it, or none."""
    names = compounds["name"].fillna("").astype(str)
    ids = compounds["compound_id"].astype(str)
    twice = names.duplicated(keep=False) & ~ids.duplicated(keep=False)
    return [
        (f"{name}（{code}）" if many else name) if name else f"小区{code}"
        for name, code, many in zip(names, ids, twice, strict=True)
    ]


def compound_walls(study: Study) -> Walls:
    """
    Give the walls of compounds that have gates: behind the streets, and one between two yards.

    A street that stays within `DRAWN_OFF_M` of the edge of an outline runs along the compound,
    not through it: the wall is drawn too far out. Ground that two outlines claim is cut in the
    middle.

    Parameters
    ----------
    study
        Compounds, gates, roads.
    """
    compounds, gates = study.table("compounds"), study.table("gates")
    named = set(gates["compound_id"]) - {"", None} if len(gates) else set()
    columns = ["compound_id", "name", "open", "geometry"]
    gated = compounds.loc[compounds["compound_id"].isin(named), columns]
    gates = gates.loc[gates["compound_id"].isin(set(gated["compound_id"]))].reset_index(drop=True)
    if not len(gated):
        nothing = np.empty(0, object)
        return Walls(gated, nothing, np.empty(0, np.int64), gates, 0.0, [])
    ground = _apart(shapely.make_valid(gated.geometry.to_numpy()))
    roads = shapely.get_parts(study.table("roads").geometry.to_numpy())
    streets = shapely.STRtree(roads)
    behind, over_m = _behind_streets(ground, streets)
    stands = gated.set_geometry(behind, crs=gated.crs).reset_index(drop=True)
    placed = _on_outline(stands, gates, streets)
    behind = _with_gates(behind, _points_of(placed, stands))
    stands = stands.set_geometry(behind, crs=gated.crs)
    is_open, told = _open_gates(placed, study.rules.walking.at)
    # A gate opens its own wall, not that across the street.
    own = _points_of(placed[is_open], stands)
    shut = shapely.difference(shapely.boundary(behind), shapely.buffer(own, GATE_PASS_M))
    lines, of = shapely.get_parts(shut, return_index=True)
    long = shapely.length(lines) > 0
    return Walls(
        stands, lines[long], of[long].astype(np.int64),
        placed[is_open].reset_index(drop=True), over_m, told,
    )  # fmt: skip


def _points_of(gates: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Give the gates of each compound as one shape; an empty one for none."""
    points = gates.dissolve("compound_id").geometry.reindex(compounds["compound_id"]).to_numpy()
    whole: NDArray[np.object_] = np.where(shapely.is_missing(points), shapely.Point(), points)
    return whole


def _open_gates(gates: gpd.GeoDataFrame, at: str) -> tuple[NDArray[np.bool_], list[str]]:
    """Tell which gates are open at a time of day; and what could not be read."""
    hours = gates["hours"].fillna("").astype(str)
    known = {text: is_open_at(text, at) for text in hours.unique()}
    strange = sorted(text for text, answer in known.items() if answer is None)
    told = []
    if strange:
        told.append(
            f"看不懂大门的开放时间：{'、'.join(strange[:5])}，按全天开放算；"
            "写成 06:00-22:00、全天 或 否"
        )
    return hours.map(known).ne(False).to_numpy(bool), told  # noqa: FBT003 - a value, not a flag


def _crossings(study: Study, lines: Lines) -> NDArray[np.object_]:
    """
    Give the points where barriers are open: those of the units, and both banks of marked streets.

    A crossing is often marked in the middle of the river, or beside it; who walks there walks on
    the street that is drawn across.
    """
    points = crossing_points(study, lines)
    marked = study.table("crossings").geometry.to_numpy()
    marked = shapely.get_parts(marked[np.isin(shapely.get_type_id(marked), (0, 4))])
    roads = shapely.get_parts(study.table("roads").geometry.to_numpy())
    drawn = study.table("barriers").geometry.to_numpy()
    if not len(marked) or not len(roads) or not len(drawn):
        return points
    road, barrier = shapely.STRtree(drawn).query(roads, "intersects")
    over = shapely.get_parts(shapely.get_parts(shapely.intersection(roads[road], drawn[barrier])))
    near, _ = shapely.STRtree(marked).query(over, "dwithin", distance=DRAWN_OFF_M)
    over = over[np.unique(near)]
    spans = over[shapely.get_type_id(over) == 1]
    ends = [shapely.get_point(spans, 0), shapely.get_point(spans, -1)]
    found: NDArray[np.object_] = np.concatenate(
        [points, over[shapely.get_type_id(over) == 0], *ends]
    )
    return found


def _apart(ground: NDArray[np.object_]) -> NDArray[np.object_]:
    """Cut ground that two outlines claim along the middle, where it is a strip between them."""
    first, second = shapely.STRtree(ground).query(ground, "intersects")
    out = ground.copy()
    for i, j in zip(first.tolist(), second.tolist(), strict=True):
        shared = shapely.intersection(ground[i], ground[j]) if i != j else shapely.Point()
        if shapely.area(shared) <= 0:
            continue
        # Of a rectangle of this area and outline.
        half = shapely.length(shared) / 4
        width = half - np.sqrt(max(half**2 - shapely.area(shared), 0.0))
        own = shapely.difference(ground[i], shared)
        if width <= 2 * DRAWN_OFF_M and not own.is_empty:
            near = shapely.buffer(own, width / 2, join_style="mitre")
            far = shapely.difference(shared, near)
            out[i] = shapely.difference(out[i], far)
            if i > j:
                # What both still claim, round a corner, goes to the first.
                out[i] = shapely.difference(out[i], shapely.intersection(out[j], shared))
    return out


def _behind_streets(
    ground: NDArray[np.object_], streets: shapely.STRtree
) -> tuple[NDArray[np.object_], float]:
    """Pull outlines back behind the streets that run along their edge."""
    core = shapely.buffer(ground, -DRAWN_OFF_M)
    parts, compound = _beside(ground, streets, core)
    long = shapely.length(parts) > ROAD_M
    out = ground.copy()
    for i in np.unique(compound[long]):
        along = shapely.union_all(parts[long & (compound == i)])
        left = shapely.get_parts(shapely.difference(ground[i], shapely.buffer(along, ROAD_M)))
        # What lies beyond the street is a strip that nothing of the middle is in.
        kept = left[shapely.intersects(left, core[i])] if not core[i].is_empty else left
        out[i] = shapely.union_all(kept)
    # A corner that still touches a street would be a wall across all of it.
    corners, hangs = _beside(shapely.buffer(out, TOUCH_M, quad_segs=1), streets, core)
    for i in np.unique(hangs):
        over = shapely.buffer(shapely.union_all(corners[hangs == i]), ROAD_M)
        out[i] = shapely.difference(out[i], over)
    return out, float(shapely.length(parts[long]).sum())


def _with_gates(ground: NDArray[np.object_], gates: NDArray[np.object_]) -> NDArray[np.object_]:
    """Leave out what a street has cut off from the gates: a yard nobody can enter has no wall."""
    parts, of = shapely.get_parts(ground, return_index=True)
    has_gate = shapely.distance(parts, gates[of]) <= TOUCH_M
    has_gate |= ~np.isin(of, of[has_gate])
    out = ground.copy()
    for i in np.unique(of[~has_gate]):
        out[i] = shapely.union_all(parts[has_gate & (of == i)])
    return out


def _beside(
    ground: NDArray[np.object_], streets: shapely.STRtree, core: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Give what roads and each ground share, if only a point, off its core; and whose it is."""
    compound, road = streets.query(ground, "intersects")
    inside = shapely.intersection(streets.geometries[road], ground[compound])
    parts, of = shapely.get_parts(inside, return_index=True)
    compound = compound[of]
    use = ~shapely.intersects(parts, core[compound])
    return parts[use], compound[use]


def _on_outline(
    stands: gpd.GeoDataFrame, gates: gpd.GeoDataFrame, streets: shapely.STRtree
) -> gpd.GeoDataFrame:
    """
    Put gates that stand a little off on the outline of their compound.

    Where a way to the middle of the compound meets the outline, if one does nearby: else at the
    nearest point.
    """
    ground = stands.drop_duplicates("compound_id").reset_index(drop=True)
    number = pd.Index(ground["compound_id"]).get_indexer(gates["compound_id"])
    outline = shapely.boundary(ground.geometry.to_numpy())
    mine, points = outline[number], shapely.centroid(gates.geometry.to_numpy())
    near = shapely.distance(points, mine) <= 2 * DRAWN_OFF_M
    placed = points.copy()
    placed[near] = shapely.get_point(shapely.shortest_line(mine[near], points[near]), 0)
    core = shapely.buffer(ground.geometry.to_numpy(), -DRAWN_OFF_M)
    of, road = streets.query(core, "intersects")
    met, at = shapely.get_parts(
        shapely.intersection(outline[of], streets.geometries[road]), return_index=True
    )
    is_point = shapely.get_type_id(met) == 0
    ways = pd.DataFrame({"number": of[at][is_point], "way": met[is_point]})
    pairs = pd.DataFrame({"number": number, "gate": np.arange(len(points))}).merge(ways)
    pairs["off"] = shapely.distance(points[pairs["gate"]], pairs["way"].to_numpy(object))
    pairs = pairs[pairs["off"] <= 2 * DRAWN_OFF_M].sort_values(["gate", "off"], kind="stable")
    pairs = pairs.drop_duplicates("gate")
    placed[pairs["gate"]] = pairs["way"].to_numpy(object)
    return gates.set_geometry(placed, crs=gates.crs)


def _opened(lines: NDArray[np.object_], points: NDArray[np.object_]) -> NDArray[np.object_]:
    """Take from barriers what can be passed; empty where nothing is left."""
    holes = shapely.union_all(shapely.buffer(points, PASS_M))
    left: NDArray[np.object_] = shapely.difference(lines, holes)
    return left
