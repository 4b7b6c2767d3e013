"""Traverse: a border as numbered points, bearings and metres, from which it can be drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.planning.border_walk import STEP_M, walk_borders

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.planning.border_walk import Landmarks

SIMPLE_M = 1.0
"""Corners that change the ground by less than a square of this side are left out."""
DIGITS = 2
"""Coordinates and lengths are given to the centimetre."""


class Traverse(NamedTuple):
    """
    The borders of zones as surveyors write them.

    Parameters
    ----------
    points
        number, x (metres north), y (metres east): each point once, from the north and the west.
    legs
        zone (number), ring, is_hole, start, end (numbers of points), bearing (degrees clockwise
        from grid north), metres, name (what the leg runs on; empty for nothing named). Legs of a
        ring follow each other, outer rings clockwise from the north-east corner.
    """

    points: pd.DataFrame
    legs: pd.DataFrame


def make_traverse(shapes: NDArray[np.object_], names: list[str], landmarks: Landmarks) -> Traverse:
    """
    Write the borders of zones down as points and legs.

    Parameters
    ----------
    shapes, names, landmarks
        As for :func:`~lingwu_grid.planning.border_walk.walk_borders`.

    Returns
    -------
    Traverse
        Zones that share a border share its points: small corners are left out of all zones at
        once (Visvalingam and Whyatt 1993, on the coverage).
    """
    corners = _corners(shapely.coverage_simplify(shapes, SIMPLE_M))
    place = corners[["y", "x"]].to_numpy()
    order = np.lexsort((place[:, 0], -place[:, 1]))
    known = pd.DataFrame(place[order], columns=["y", "x"]).drop_duplicates(ignore_index=True)
    points = known.assign(number=np.arange(1, len(known) + 1))
    legs = corners.merge(points, on=["x", "y"], how="left").rename(columns={"number": "start"})
    ring = legs.groupby(["zone", "ring"], sort=False)
    legs["end"] = ring["start"].shift(-1).fillna(ring["start"].transform("first")).astype(int)
    ends = points.set_index("number").loc[legs["end"], ["x", "y"]].to_numpy()
    north, east = (ends - legs[["x", "y"]].to_numpy()).T
    legs["bearing"] = np.degrees(np.arctan2(east, north)) % 360
    legs["metres"] = np.round(np.hypot(north, east), DIGITS)
    legs["name"] = _names(legs, ends, walk_borders(shapes, names, landmarks))
    columns = ["zone", "ring", "is_hole", "start", "end", "bearing", "metres", "name"]
    return Traverse(points[["number", "x", "y"]], legs[columns])


def _corners(shapes: NDArray[np.object_]) -> pd.DataFrame:
    """Give the corners of every ring in their order: outer rings clockwise, holes against."""
    parts, zone = shapely.get_parts(shapes, return_index=True)
    turned = shapely.orient_polygons(parts, exterior_cw=True)
    rings, part = shapely.get_rings(turned, return_index=True)
    is_hole = np.append(False, part[1:] == part[:-1]) if len(part) else np.empty(0, bool)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    table = pd.DataFrame(
        {
            "zone": zone[part[ring]], "ring": ring, "is_hole": is_hole[ring],
            "y": np.round(xy[:, 0], DIGITS), "x": np.round(xy[:, 1], DIGITS),
        }
    )  # fmt: skip
    # The last point of a ring is its first; two that round to one place are one.
    again = table[["ring", "x", "y"]].eq(table[["ring", "x", "y"]].shift(-1)).all(axis=1)
    last = table["ring"] != table["ring"].shift(-1)
    table = table[~(again | last)].reset_index(drop=True)
    far = (table["x"] + table["y"]).groupby(table["ring"]).rank(method="first", ascending=False)
    first = np.flatnonzero(far == 1)
    begin = table.groupby("ring")["ring"].transform("size").to_numpy()
    at = table.groupby("ring").cumcount().to_numpy()
    start = pd.Series(at[first], index=table["ring"].to_numpy()[first])
    table["turn"] = (at - start.reindex(table["ring"]).to_numpy()) % begin
    return table.sort_values(["ring", "turn"], ignore_index=True).drop(columns="turn")


def _names(legs: pd.DataFrame, ends: NDArray[np.float64], steps: pd.DataFrame) -> list[object]:
    """Name each leg by most of the steps of its zone nearest to it; a short one as that before."""
    lines = shapely.linestrings(np.stack([legs[["y", "x"]].to_numpy(), ends[:, ::-1]], axis=1))
    zone = legs["zone"].to_numpy()
    told: dict[tuple[int, str], float] = {}
    for z, walk in steps.groupby("zone"):
        mine = np.flatnonzero(zone == z)
        at = shapely.points(walk["x"].to_numpy(), walk["y"].to_numpy())
        nearest = shapely.STRtree(lines[mine]).query_nearest(at, all_matches=False)[1]
        for leg, name, metres in zip(
            mine[nearest].tolist(), walk["name"], walk["length_m"].tolist(), strict=True
        ):
            told[leg, name] = told.get((leg, name), 0.0) + metres
    best: dict[int, tuple[float, str]] = {}
    for (leg, name), metres in told.items():
        best[leg] = max(best.get(leg, (0.0, "")), (metres, name))
    names = pd.Series([best.get(leg, (0.0, ""))[1] for leg in range(len(legs))], dtype=object)
    is_short = (names == "") & (legs["metres"] < STEP_M)
    known = names.mask(is_short, None).groupby([legs["zone"], legs["ring"]])
    # A ring may begin with such a leg: it takes the name of the last.
    before, last = (
        column.where(column.notna(), "") for column in (known.ffill(), known.transform("last"))
    )
    out: list[object] = before.where(~is_short | (before != ""), last).tolist()
    return out
