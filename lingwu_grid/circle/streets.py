"""The streets of a study as a walking network, cut where a barrier or a wall cannot be passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
import shapely.ops

from lingwu_grid.audit.lines import NEARLY_M
from lingwu_grid.circle.joints import joints
from lingwu_grid.circle.network import NODE_M, Network, make_network
from lingwu_grid.circle.reach import attach
from lingwu_grid.circle.walls import Walls, walls_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

TOLD_M = 100.0
"""Streets inside outlines that are shorter are not worth a sentence."""

NO_FOOT = ("motorway", "motorway_link", "trunk", "trunk_link")
"""Classes that nobody walks on unless the table says so (OSM highway values)."""

FOOT_NO = ("no", "0", "false", "否", "f", "n")
FOOT_YES = ("yes", "1", "true", "是", "y", "designated")
FOOT_FORWARD = ("forward", "正向")
"""Passable on foot in the direction of drawing only."""


class Streets(NamedTuple):
    """The streets as a walker finds them."""

    network: Network
    """Empty where no road may be walked."""
    shut: NDArray[np.object_]
    """Lines that cannot be passed on the way to a street."""
    told: list[str]
    """What was drawn otherwise than it can be, and how it was taken, a sentence each."""


def streets_of(study: Study, *, walled: bool = True) -> Streets:
    """
    Make the walking network of a study.

    Parameters
    ----------
    study
        Roads, and what cuts them. A bridge or tunnel meets other roads at its ends only.
    walled
        False to walk as if compounds had no walls; the ways from their gates stay.
    """
    roads = study.table("roads")
    if not len(roads):
        return Streets(make_network(np.empty(0, object)), np.empty(0, object), [])
    foot = roads["foot"].fillna("").astype(str).str.strip().str.lower()
    barred = roads["class"].isin(NO_FOOT) & ~foot.isin(FOOT_YES)
    walked = roads[(~barred & ~foot.isin(FOOT_NO)).to_numpy(bool)]
    over = (walked["bridge"].to_numpy(bool)) | (walked["tunnel"].to_numpy(bool))
    single = walked["foot"].fillna("").astype(str).str.lower().isin(FOOT_FORWARD).to_numpy(bool)
    shut, compounds = walls_of(study, walled=walled)
    shapes = walked.geometry.to_numpy()
    ground = _cut(shapely.get_parts(shapes[~over & ~single]), shut)
    above = shapely.get_parts(shapes[over & ~single])
    directed = _cut(shapely.get_parts(shapes[single]), shut)
    links = joints(ground, np.concatenate([above, directed]), shut)
    added = np.concatenate([links, _gate_ways(compounds, np.concatenate([ground, links]), shut)])
    # Where one of these ends on a street, rounding could leave it a millimetre off.
    ways = np.concatenate([_split_at(ground, added), added])
    noded = shapely.get_parts(shapely.union_all(ways, grid_size=NODE_M))
    lines = np.concatenate([_split_at(noded, np.concatenate([above, directed])), above, directed])
    one_way = np.zeros(len(lines), bool)
    one_way[len(lines) - len(directed) :] = True
    network = make_network(shapely.set_precision(lines, NODE_M), one_way=one_way)
    return Streets(network, shut, _told(compounds.over_m, len(links)))


def _told(over_m: float, joined: int) -> list[str]:
    told = []
    if over_m >= TOLD_M:
        told.append(
            f"有 {over_m / 1000:.1f} 公里道路画在小区边线里面（边线画过了街），"
            "围墙按街道内侧算；可把小区边线改到围墙"
        )
    if joined:
        told.append(
            f"道路有 {joined} 处差一点没有接上（{NEARLY_M:g} 米以内），已按接上计算；"
            "运行 python -m lingwu_grid.check 研究 --repair 修好"
        )
    return told


def _gate_ways(
    compounds: Walls, ground: NDArray[np.object_], walls: NDArray[np.object_]
) -> NDArray[np.object_]:
    """
    Lead from each gate to the street before it, and from the middle of its compound to the gate.

    Nobody draws the paths inside a compound. A home walks across to the line between the middle
    and a gate and along it: never shorter than straight, never longer than round a corner.
    """
    gated, gates = compounds.compounds, compounds.gates
    if not len(gated) or not len(ground):
        return np.empty(0, object)
    places = gates.geometry.to_numpy()
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
