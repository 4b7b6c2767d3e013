"""四至: what a zone's border runs on, side by side, in the order 东南西北."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.graph import Runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.enclosures import Lines

SIDES = ("东", "南", "西", "北")
REACH_M = 12.0
"""A border this near to a named line is named by it."""
STEP_M = 15.0
MOST_NAMES = 3
NAMELESS = "（无名边界，待补）"


def boundary_texts(shapes: NDArray[np.object_], lines: Lines) -> list[str]:
    """
    Describe the outer border of each zone by its four sides.

    The outer ring is sampled every 15 m; a sample belongs to the side it faces (its outward
    normal) and takes the name of the nearest road or water within 12 m, else of a wall. Names of
    a side are in order of length; a side with no name is flagged for filling in by hand.

    Parameters
    ----------
    shapes
        Zones, metres, shape (n,).
    lines
        Named roads, barriers and walls.

    Returns
    -------
    list[str]
        One text a zone, in the order 东南西北.
    """
    rows = _samples(shapes)
    rows["name"] = _names(rows["point"].to_numpy(), lines)
    counts = rows.groupby(["zone", "side", "name"]).size().reset_index(name="n")
    total = counts.groupby(["zone", "side"])["n"].transform("sum")
    # A stretch under a tenth of its side is a corner of the neighbouring side.
    counts = counts[(counts["n"] >= 0.1 * total)]
    counts = counts.sort_values(["zone", "side", "n", "name"], ascending=[True, True, False, True])
    named = (
        counts[counts["name"] != ""]
        .groupby(["zone", "side"])["name"]
        .agg(lambda s: "、".join(s.iloc[:MOST_NAMES]))
    )
    return [
        "，".join(f"{word}至{named.get((z, s), NAMELESS)}" for s, word in enumerate(SIDES))
        for z in range(len(shapes))
    ]


def _samples(shapes: NDArray[np.object_]) -> pd.DataFrame:
    parts, zone = shapely.get_parts(shapes, return_index=True)
    rings = shapely.force_2d(shapely.get_exterior_ring(shapely.orient_polygons(parts)))
    xy, ring = shapely.get_coordinates(shapely.segmentize(rings, STEP_M), return_index=True)
    same = ring[1:] == ring[:-1]
    a, b = xy[:-1][same], xy[1:][same]
    step = b - a
    keep = np.hypot(step[:, 0], step[:, 1]) > 0.5
    a, b, step = a[keep], b[keep], step[keep]
    # Counter-clockwise: the outward normal is the step turned right.
    outward = np.arctan2(-step[:, 0], step[:, 1])
    side = np.array([0, 3, 2, 1])[np.round(outward / (np.pi / 2)).astype(int) % 4]
    return pd.DataFrame(
        {"zone": zone[ring[1:][same][keep]], "side": side, "point": shapely.points((a + b) / 2)}
    )


def _names(points: NDArray[np.object_], lines: Lines) -> NDArray[np.object_]:
    name = np.full(len(points), "", object)
    for kinds in ((Runs.WALL,), (Runs.ROAD, Runs.BARRIER)):
        chosen = np.isin(lines.kind, kinds) & (lines.name != "")
        if not chosen.any():
            continue
        tree = shapely.STRtree(lines.shape[chosen])
        hit, line = tree.query_nearest(points, max_distance=REACH_M, all_matches=False)
        name[hit] = lines.name[chosen][line]
    return name
