"""Walks along the borders of zones: where each step is, which way it faces, what it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

STEP_M = 12.0
REACH_M = 12.0
"""A border this near to a line, and along it, runs on it: half a street, and two surveys."""
ALONG = np.cos(np.radians(35))
"""A line that turns more than this from the border crosses it, and does not name it."""
BESIDE_M = (2.0, 10.0)
"""How far outside a border its neighbour is looked for: past two surveys, past a lane."""
SMOOTH_M = (20.0, 60.0)
SMOOTH_SHARE = 0.03
"""Steps look this far ahead and back (share of the ring, metres): a notch of less is no side."""
MICRO_M = 1e-6
"""Shorter than this is no edge."""
ONE_WAY = 0.2
"""Below this strength a ring has no direction of its own, and faces the compass."""
AT_ONCE = 400
"""Zones named at once: what is held does not grow with the town."""


@dataclass(frozen=True)
class Landmarks:
    """
    What a border may be named by.

    Parameters
    ----------
    segments, segment_name
        Two-point pieces of named roads, waters, railways and walls.
    walls, wall_name, compounds
        Two-point pieces of compound walls, their compounds' names, and the compounds themselves.
    compound_name
        Of each of `compounds`.
    neighbours, neighbour_name
        Zones beyond the study, by which a border is named where nothing else does.
    """

    segments: NDArray[np.object_]
    segment_name: NDArray[np.object_]
    walls: NDArray[np.object_]
    wall_name: NDArray[np.object_]
    compounds: NDArray[np.object_]
    compound_name: NDArray[np.object_]
    neighbours: NDArray[np.object_]
    neighbour_name: NDArray[np.object_]

    @classmethod
    def of(cls, tables: Mapping[str, gpd.GeoDataFrame]) -> Landmarks:
        """
        Collect the names of a study.

        Parameters
        ----------
        tables
            Of ``roads``, ``barriers``, ``compounds`` and ``neighbours`` those there are, in
            metres, each with ``name``.
        """
        named = {
            table: (frame := tables[table])[frame["name"].fillna("").astype(str) != ""]
            for table in ("roads", "barriers", "compounds", "neighbours")
            if table in tables and len(tables[table])
        }
        lines = [named[table] for table in ("roads", "barriers") if table in named]
        nothing = np.empty(0, object)
        grounds, called = _areas(named.get("compounds"))
        return cls(
            *_two_point(
                np.concatenate([nothing, *(_lines(t.geometry.to_numpy()) for t in lines)]),
                np.concatenate([nothing, *(t["name"].to_numpy(object) for t in lines)]),
            ),
            *_two_point(_lines(grounds), called),
            grounds,
            called,
            *_areas(named.get("neighbours")),
        )


def _areas(
    table: gpd.GeoDataFrame | None,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    if table is None:
        return np.empty(0, object), np.empty(0, object)
    return table.geometry.to_numpy(), table["name"].to_numpy(object)


def _lines(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    is_area = np.isin(shapely.get_type_id(shapes), (3, 6))
    lines: NDArray[np.object_] = np.where(is_area, shapely.boundary(shapes), shapes)
    return lines


def _two_point(
    lines: NDArray[np.object_], names: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    parts, owner = shapely.get_parts(shapely.force_2d(lines), return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    same = part[1:] == part[:-1]
    pairs = np.stack([xy[:-1][same], xy[1:][same]], axis=1)
    pieces: NDArray[np.object_] = shapely.linestrings(pairs)
    return pieces, names[owner[part[1:][same]]]


def walk_borders(
    shapes: NDArray[np.object_], names: list[str], landmarks: Landmarks
) -> pd.DataFrame:
    """
    Walk the outer rings of zones, and name every step.

    Parameters
    ----------
    shapes
        Zones, metres, shape (n,).
    names
        What each zone is called: neighbours are named by it.
    landmarks
        What a border may run on.

    Returns
    -------
    pandas.DataFrame
        zone, ring, x, y, length_m, name (empty for none), and the direction the step faces, in
        radians, turned so that 0 is the side that faces east most: `outward` of the smoothed
        border, `facing` of the edge itself. Steps run counter-clockwise.

    Notes
    -----
    A step takes the name of the nearest named line within 12 m that runs along it (roads, waters
    and railways are drawn by their centre lines); else the compound beyond it; else the wall of
    its own compound; else the zone beyond it. A compound that lies on both sides is nobody's
    neighbour: a step through it has the name of the zone beyond, else 某小区内.
    """
    tree = shapely.STRtree(shapes)
    parts = [
        _named(_steps(shapes[first : first + AT_ONCE], first), tree, names, landmarks)
        for first in range(0, len(shapes), AT_ONCE)
    ]
    return pd.concat(parts, ignore_index=True)


def _steps(shapes: NDArray[np.object_], first: int) -> pd.DataFrame:
    parts, zone = shapely.get_parts(shapes, return_index=True)
    rings = shapely.force_2d(shapely.get_exterior_ring(shapely.orient_polygons(parts)))
    walks = [_ring_steps(ring).assign(zone=first + z, ring=i) for i, (ring, z) in enumerate(
        zip(rings, zone.tolist(), strict=True))]  # fmt: skip
    return pd.concat(walks, ignore_index=True)


def _ring_steps(ring: shapely.LinearRing) -> pd.DataFrame:
    """Give equal steps along a ring, with the way each goes and the way it faces."""
    length = shapely.length(ring)
    n = max(int(length // STEP_M), 12)
    at = (np.arange(n) + 0.5) * (length / n)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(ring, at))
    reach = max(1, int(np.clip(SMOOTH_SHARE * length, *SMOOTH_M) / (length / n)))
    lean = _lean(ring)
    near = np.roll(xy, -1, axis=0) - np.roll(xy, 1, axis=0)
    far = np.roll(xy, -reach, axis=0) - np.roll(xy, reach, axis=0)
    # Counter-clockwise: outward is the step turned right.
    outward = np.arctan2(-far[:, 0], far[:, 1]) - lean
    edge = _edge_at(ring, at)
    size = np.maximum(np.hypot(near[:, 0], near[:, 1]), 1e-9)
    return pd.DataFrame(
        {
            "x": xy[:, 0], "y": xy[:, 1], "length_m": length / n, "outward": outward,
            "facing": np.arctan2(-edge[:, 0], edge[:, 1]) - lean,
            "dx": near[:, 0] / size, "dy": near[:, 1] / size,
        }
    )  # fmt: skip


def _edge_at(ring: shapely.LinearRing, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the edge of the ring, as a step, at distances along it."""
    xy = shapely.get_coordinates(ring)
    step = np.diff(xy, axis=0)
    ends = np.cumsum(np.hypot(step[:, 0], step[:, 1]))
    edge: NDArray[np.float64] = step[np.minimum(np.searchsorted(ends, at), len(step) - 1)]
    return edge


def _lean(ring: shapely.LinearRing) -> float:
    """
    Tell how far the ring's sides lean from the compass, radians, at most an eighth of a turn.

    Directions are averaged times four, weighted by length: the four sides of a leaning rectangle
    agree, and each becomes one side of the text.
    """
    xy = shapely.get_coordinates(ring)
    step = (xy[1:, 0] - xy[:-1, 0]) + 1j * (xy[1:, 1] - xy[:-1, 1])
    size = np.abs(step)
    step, size = step[size > MICRO_M], size[size > MICRO_M]
    turned = np.sum(size * (step / size) ** 4) / max(size.sum(), MICRO_M)
    return float(np.angle(turned) / 4) if np.abs(turned) >= ONE_WAY else 0.0


def _named(
    steps: pd.DataFrame,
    tree: shapely.STRtree,
    names: list[str],
    landmarks: Landmarks,
) -> pd.DataFrame:
    points = shapely.points(steps["x"], steps["y"])
    way = steps[["dx", "dy"]].to_numpy()
    name = _followed(points, way, landmarks.segments, landmarks.segment_name)
    outside = [
        shapely.points(steps["x"] + far * steps["dy"], steps["y"] - far * steps["dx"])
        for far in BESIDE_M
    ]
    name, through = _by_compounds(name, steps, outside, landmarks)
    wall = _followed(points, way, landmarks.walls, landmarks.wall_name)
    name = np.where((name == "") & (wall != ""), wall + "围墙", name)
    zone = steps["zone"].to_numpy()
    zone_names = np.array(names, object)
    for beyond in outside:
        name = _filled(name, zone_names, _inside(beyond, tree, zone))
    abroad, own = shapely.STRtree(landmarks.neighbours), np.full(len(steps), -1)
    for beyond in outside:
        name = _filled(name, landmarks.neighbour_name, _inside(beyond, abroad, own))
    name = np.where((name == "") & (through != ""), through + "内", name)
    return steps.assign(name=name).drop(columns=["dx", "dy"])


def _by_compounds(
    name: NDArray[np.object_],
    steps: pd.DataFrame,
    outside: list[NDArray[np.object_]],
    landmarks: Landmarks,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Name steps by the compound beyond; and tell the compound of those that run through one."""
    tree, nobody = shapely.STRtree(landmarks.compounds), np.full(len(steps), -1)
    blank = np.full(len(steps), "", object)

    def held(points: NDArray[np.object_]) -> NDArray[np.object_]:
        return _filled(blank, landmarks.compound_name, _inside(points, tree, nobody))

    # As far inside as a neighbour is looked for outside: past two surveys of one wall.
    far = BESIDE_M[-1]
    mine = held(shapely.points(steps["x"] - far * steps["dy"], steps["y"] + far * steps["dx"]))
    through = blank
    for beyond in outside:
        across = held(beyond)
        is_mine = (across != "") & (across == mine)
        through = np.where(is_mine, mine, through)
        name = np.where((name == "") & ~is_mine, across, name)
    return name, through


def _filled(
    name: NDArray[np.object_], called: NDArray[np.object_], which: NDArray[np.int64]
) -> NDArray[np.object_]:
    use = (name == "") & (which >= 0)
    out = name.copy()
    out[use] = called[which[use]]
    return out


def _inside(
    points: NDArray[np.object_], tree: shapely.STRtree, own: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Tell which shape of a tree each point is in, its own left out; -1 for none."""
    point, shape = tree.query(points, predicate="within")
    other = shape != own[point]
    which = np.full(len(points), -1, np.int64)
    which[point[other][::-1]] = shape[other][::-1]
    return which


def _followed(
    points: NDArray[np.object_],
    way: NDArray[np.float64],
    segments: NDArray[np.object_],
    names: NDArray[np.object_],
) -> NDArray[np.object_]:
    """Name each point by the nearest line that runs along its way; empty for none."""
    out = np.full(len(points), "", object)
    if not len(segments):
        return out
    point, piece = shapely.STRtree(segments).query(points, predicate="dwithin", distance=REACH_M)
    ends = shapely.get_coordinates(segments[piece]).reshape(-1, 2, 2)
    run = ends[:, 1] - ends[:, 0]
    size = np.maximum(np.hypot(run[:, 0], run[:, 1]), 1e-9)
    along = np.abs((run * way[point]).sum(axis=1)) / size >= ALONG
    point, piece = point[along], piece[along]
    apart = np.round(shapely.distance(points[point], segments[piece]), 3)
    order = np.lexsort((names[piece].astype(str), apart, point))
    first = np.unique(point[order], return_index=True)[1]
    out[point[order][first]] = names[piece[order][first]]
    return out
