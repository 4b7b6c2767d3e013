"""The streets of a study as a walking network, cut where a barrier or a wall cannot be passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
import shapely.ops

from lingwu_grid.circle.network import NODE_M, Network, make_network
from lingwu_grid.circle.reach import attach
from lingwu_grid.fabric.adjacency import crossing_points
from lingwu_grid.fabric.enclosures import collect_lines
from lingwu_grid.graph import Runs

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

PASS_M = 3.0
"""A crossing, bridge or gate opens a barrier or a wall this far round itself."""

GATE_PASS_M = 12.0
"""Gates are drawn beside the wall as often as on it."""

NO_FOOT = ("motorway", "motorway_link", "trunk", "trunk_link")
"""Classes that nobody walks on unless the table says so (OSM highway values)."""

FOOT_NO = ("no", "0", "false", "否", "f", "n")
FOOT_YES = ("yes", "1", "true", "是", "y", "designated")
FOOT_FORWARD = ("forward", "正向")
"""Passable on foot in the direction of drawing only."""


def walls_of(study: Study) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """
    Give what a walker cannot pass, already opened where one can.

    Barriers are open at crossings and bridges; the outline of a compound is a wall where gates of
    that compound are given, open at the gates.

    Parameters
    ----------
    study
        Barriers, crossings, bridges, compounds, gates.

    Returns
    -------
    tuple
        Lines that cannot be passed; and the compounds that have gates, as polygons.
    """
    found = collect_lines(study)
    barriers = found.of(Runs.BARRIER)
    points = crossing_points(study, found)
    shut = [_opened(barriers, points, PASS_M), walls_of_compounds(study)]
    return np.concatenate(shut), _gated(study).geometry.to_numpy()


def walls_of_compounds(study: Study) -> NDArray[np.object_]:
    """Give the outlines of compounds that have gates, open at the gates."""
    gated = _gated(study)
    if not len(gated):
        return np.empty(0, object)
    gates = study.table("gates").geometry.to_numpy()
    return _opened(shapely.boundary(gated.geometry.to_numpy()), gates, GATE_PASS_M)


def named_barriers(
    study: Study,
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]:
    """
    Give the barriers, open at crossings and bridges, with their names and kinds.

    Parameters
    ----------
    study
        Barriers, crossings, bridges.

    Returns
    -------
    tuple
        Shapes, names (empty for none) and kinds, one a row of the table.
    """
    table = study.table("barriers")
    drawn = table.geometry.to_numpy()
    if not len(table):
        return np.empty(0, object), np.empty(0, object), np.empty(0, object)
    lines = np.where(np.isin(shapely.get_type_id(drawn), (3, 6)), shapely.boundary(drawn), drawn)
    points = crossing_points(study, collect_lines(study))
    if len(points):
        lines = shapely.difference(lines, shapely.union_all(shapely.buffer(points, PASS_M)))
    return lines, table["name"].to_numpy(object), table["kind"].to_numpy(object)


def _gated(study: Study) -> gpd.GeoDataFrame:
    compounds, gates = study.table("compounds"), study.table("gates")
    named = set(gates["compound_id"]) - {"", None} if len(gates) else set()
    return compounds[compounds["compound_id"].isin(named)]


def _opened(
    lines: NDArray[np.object_], points: NDArray[np.object_], reach: float
) -> NDArray[np.object_]:
    if not len(lines):
        return lines
    if len(points):
        holes = shapely.union_all(shapely.buffer(points, reach))
        lines = shapely.difference(lines, holes)
    parts = shapely.get_parts(lines)
    kept: NDArray[np.object_] = parts[shapely.length(parts) > 0]
    return kept


def walking_network(study: Study) -> Network:
    """
    Make the walking network of a study.

    Parameters
    ----------
    study
        Roads, and what cuts them. A bridge or tunnel meets other roads at its ends only.

    Returns
    -------
    Network
        Empty where no road may be walked.
    """
    roads = study.table("roads")
    if not len(roads):
        return make_network(np.empty(0, object))
    foot = roads["foot"].fillna("").astype(str).str.strip().str.lower()
    barred = roads["class"].isin(NO_FOOT) & ~foot.isin(FOOT_YES)
    walked = roads[(~barred & ~foot.isin(FOOT_NO)).to_numpy(bool)]
    over = (walked["bridge"].to_numpy(bool)) | (walked["tunnel"].to_numpy(bool))
    single = walked["foot"].fillna("").astype(str).str.lower().isin(FOOT_FORWARD).to_numpy(bool)
    walls, _ = walls_of(study)
    shapes = walked.geometry.to_numpy()
    ground = _cut(shapely.get_parts(shapes[~over & ~single]), walls)
    ways = np.concatenate([ground, _gate_ways(study, ground, walls)])
    noded = shapely.get_parts(shapely.union_all(ways, grid_size=NODE_M))
    above = shapely.get_parts(shapes[over & ~single])
    directed = _cut(shapely.get_parts(shapes[single]), walls)
    lines = np.concatenate([_split_at(noded, np.concatenate([above, directed])), above, directed])
    one_way = np.zeros(len(lines), bool)
    one_way[len(lines) - len(directed) :] = True
    return make_network(shapely.set_precision(lines, NODE_M), one_way=one_way)


def _gate_ways(
    study: Study, ground: NDArray[np.object_], walls: NDArray[np.object_]
) -> NDArray[np.object_]:
    """
    Lead from each gate to the street before it, and from the middle of its compound to the gate.

    Nobody draws the paths inside a compound. A home walks across to the line between the middle
    and a gate and along it: never shorter than straight, never longer than round a corner.
    """
    gated, gates = _gated(study), study.table("gates")
    if not len(gated) or not len(ground):
        return np.empty(0, object)
    gates = gates[gates["compound_id"].isin(set(gated["compound_id"]))]
    places = shapely.centroid(gates.geometry.to_numpy())
    streets = make_network(shapely.get_parts(shapely.union_all(ground, grid_size=NODE_M)))
    joined = attach(streets, places, walls)
    found = joined.edge >= 0
    foot = shapely.line_interpolate_point(streets.line[joined.edge[found]], joined.along[found])
    middle = gated.drop_duplicates("compound_id").set_index("compound_id").geometry
    inner = shapely.point_on_surface(middle[gates["compound_id"]].to_numpy())
    pairs = [(places[found], foot), (places, inner)]
    ends = np.concatenate(
        [np.stack([shapely.get_coordinates(a), shapely.get_coordinates(b)], 1) for a, b in pairs]
    )
    long = np.hypot(*(ends[:, 0] - ends[:, 1]).T) > NODE_M
    made: NDArray[np.object_] = shapely.linestrings(ends[long])
    return made


def _cut(lines: NDArray[np.object_], walls: NDArray[np.object_]) -> NDArray[np.object_]:
    """Take a road apart where it runs against a wall."""
    if not len(walls) or not len(lines):
        return lines
    line, wall = shapely.STRtree(walls).query(lines, "intersects")
    out = lines.copy()
    for i in np.unique(line):
        met = shapely.buffer(shapely.union_all(walls[wall[line == i]]), 2 * NODE_M, quad_segs=1)
        out[i] = shapely.difference(lines[i], met)
    parts = shapely.get_parts(out)
    kept: NDArray[np.object_] = parts[shapely.length(parts) > NODE_M]
    return kept


def _split_at(lines: NDArray[np.object_], others: NDArray[np.object_]) -> NDArray[np.object_]:
    """Split lines where the end of another one meets them."""
    if not len(lines) or not len(others):
        return lines
    ends = np.concatenate([shapely.get_point(others, 0), shapely.get_point(others, -1)])
    end, line = shapely.STRtree(lines).query(ends, "dwithin", distance=10 * NODE_M)
    out = lines.copy()
    for i in np.unique(line):
        hit = shapely.snap(lines[i], shapely.union_all(ends[end[line == i]]), 10 * NODE_M)
        knife = shapely.multipoints(shapely.get_parts(ends[end[line == i]]))
        out[i] = shapely.ops.split(hit, knife) if not shapely.touches(hit, knife) else hit
    parts: NDArray[np.object_] = shapely.get_parts(shapely.get_parts(out))
    return parts
