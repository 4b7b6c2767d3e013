"""The streets of a study as a walking network, with what cannot be passed marked on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
import shapely.ops

from lingwu_grid.audit.lines import NEARLY_M
from lingwu_grid.circle.attaching import attach
from lingwu_grid.circle.joints import joints
from lingwu_grid.circle.network import NODE_M, Network, make_network
from lingwu_grid.circle.walls import Obstacles, Walls, obstacles_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

TOLD_M = 100.0
"""Streets inside outlines that are shorter are not worth a sentence."""

CUT_M = 2 * NODE_M
"""Half of what a wall takes out of a street."""

NO_FOOT = ("motorway", "motorway_link", "trunk", "trunk_link")
"""Classes that nobody walks on unless the table says so (OSM highway values)."""

FOOT_NO = ("no", "0", "false", "否", "f", "n")
FOOT_YES = ("yes", "1", "true", "是", "y", "designated")
FOOT_FORWARD = ("forward", "正向")
"""Passable on foot in the direction of drawing only."""


class Streets(NamedTuple):
    """The streets as a walker finds them, and as they would be without what stands in the way."""

    whole: Network
    """All edges, also the few millimetres that lie under a wall or barrier."""
    lock: NDArray[np.int64]
    """Row in `sets` of what must be taken away to walk each edge; 0 for nothing."""
    sets: list[frozenset[int]]
    """Sets of obstacles; the first is empty."""
    obstacles: Obstacles
    compounds: Walls
    told: list[str]
    """What was drawn otherwise than it can be, and how it was taken, a sentence each."""

    @property
    def network(self) -> Network:
        """What can be walked as things stand; empty where no road may be walked."""
        return self.without(frozenset())

    @property
    def shut(self) -> NDArray[np.object_]:
        """Lines that cannot be passed on the way to a street."""
        return self.obstacles.lines

    def without(self, taken: frozenset[int]) -> Network:
        """Give what could be walked without some obstacles."""
        shut = ~np.array([needed <= taken for needed in self.sets])[self.lock]
        return self.whole.barred(shut, shut)


def streets_of(study: Study) -> Streets:
    """
    Make the walking network of a study.

    Parameters
    ----------
    study
        Roads, and what cuts them. A bridge or tunnel meets other roads at its ends only.
    """
    roads = study.table("roads")
    obstacles, compounds = obstacles_of(study)
    if not len(roads):
        nothing = make_network(np.empty(0, object))
        lock = np.empty(0, np.int64)
        return Streets(nothing, lock, [frozenset()], obstacles, compounds, [])
    foot = roads["foot"].fillna("").astype(str).str.strip().str.lower()
    barred = roads["class"].isin(NO_FOOT) & ~foot.isin(FOOT_YES)
    walked = roads[(~barred & ~foot.isin(FOOT_NO)).to_numpy(bool)]
    over = (walked["bridge"].to_numpy(bool)) | (walked["tunnel"].to_numpy(bool))
    single = walked["foot"].fillna("").astype(str).str.lower().isin(FOOT_FORWARD).to_numpy(bool)
    shapes, shut = walked.geometry.to_numpy(), obstacles.lines
    ground, under = _cut(shapely.get_parts(shapes[~over & ~single]), shut)
    above = shapely.get_parts(shapes[over & ~single])
    directed, under_directed = _cut(shapely.get_parts(shapes[single]), shut)
    links = joints(ground, np.concatenate([above, directed]), shut)
    added = np.concatenate([links, _gate_ways(compounds, np.concatenate([ground, links]), shut)])
    # Where one of these ends on a street, rounding could leave it a millimetre off.
    ways = np.concatenate([split_at(ground, added), added])
    noded = shapely.get_parts(shapely.union_all(ways, grid_size=NODE_M))
    noded = split_at(noded, np.concatenate([above, directed]))
    groups = (noded, above, under, directed, under_directed)
    sizes = [len(group) for group in groups]
    one_way = np.repeat([False, False, False, True, True], sizes)
    is_under = np.repeat([False, False, True, False, True], sizes)
    lines = np.concatenate(groups)
    lines, kept = _drawn(lines)
    whole = make_network(lines, one_way=one_way[kept])
    lock, sets = _locks(whole, np.flatnonzero(is_under[kept]), obstacles)
    told = [*_told(compounds.over_m, len(links)), *compounds.told]
    return Streets(whole, lock, sets, obstacles, compounds, told)


def _drawn(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Round lines to the precision of nodes; leave out those of which nothing is left."""
    rounded = shapely.set_precision(lines, NODE_M)
    parts, kept = shapely.get_parts(rounded, return_index=True)
    long = shapely.length(parts) > NODE_M
    return parts[long], kept[long]


def _locks(
    network: Network, under: NDArray[np.int64], obstacles: Obstacles
) -> tuple[NDArray[np.int64], list[frozenset[int]]]:
    """Tell which obstacles lie over the edges that were cut out under them."""
    lock = np.zeros(len(network.line), np.int64)
    sets = [frozenset[int]()]
    if not len(under):
        return lock, sets
    middle = shapely.line_interpolate_point(network.line[under], 0.5, normalized=True)
    near, line = shapely.STRtree(obstacles.lines).query(middle, "dwithin", distance=2 * CUT_M)
    edge = under[near]
    met: dict[int, set[int]] = {}
    for e, o in zip(edge.tolist(), obstacles.of[line].tolist(), strict=True):
        met.setdefault(e, set()).add(o)
    known = {sets[0]: 0}
    for e, over in met.items():
        needed = frozenset(over)
        if needed not in known:
            known[needed] = len(sets)
            sets.append(needed)
        lock[e] = known[needed]
    return lock, sets


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
    if not len(gates) or not len(ground):
        return np.empty(0, object)
    places = gates.geometry.to_numpy()
    streets = make_network(shapely.get_parts(shapely.union_all(ground, grid_size=NODE_M)))
    joined = attach(streets, places, walls)
    row = joined.first
    found = joined.edge[row] >= 0
    edge, along = joined.edge[row][found], joined.along[row][found]
    foot = shapely.line_interpolate_point(streets.line[edge], along)
    middle = gated.drop_duplicates("compound_id").set_index("compound_id").geometry
    inner = shapely.point_on_surface(middle[gates["compound_id"]].to_numpy())
    pairs = [(places[found], foot), (places, inner)]
    ends = np.concatenate(
        [np.stack([shapely.get_coordinates(a), shapely.get_coordinates(b)], 1) for a, b in pairs]
    )
    long = np.hypot(*(ends[:, 0] - ends[:, 1]).T) > NODE_M
    made: NDArray[np.object_] = shapely.linestrings(ends[long])
    return made


def _cut(
    lines: NDArray[np.object_], walls: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Take roads apart where they run against a wall; give what is left, and what lies under it."""
    if not len(walls) or not len(lines):
        return lines, np.empty(0, object)
    line, wall = shapely.STRtree(walls).query(lines, "intersects")
    out, under = lines.copy(), []
    for i in np.unique(line):
        met = shapely.buffer(shapely.union_all(walls[wall[line == i]]), CUT_M, quad_segs=1)
        out[i] = shapely.difference(lines[i], met)
        under.append(shapely.get_parts(shapely.intersection(lines[i], met)))
    parts = shapely.get_parts(out)
    kept: NDArray[np.object_] = parts[shapely.length(parts) > NODE_M]
    below = np.concatenate([*under, np.empty(0, object)])
    return kept, below[shapely.length(below) > NODE_M]


def split_at(lines: NDArray[np.object_], others: NDArray[np.object_]) -> NDArray[np.object_]:
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
