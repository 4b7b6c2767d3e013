"""Borders: which pieces of ground touch, how long, along what, and whether one can pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.fabric.enclosures import ON_LINE_M, Lines
from lingwu_grid.fabric.footprints import footprints_of
from lingwu_grid.fabric.segments import matched, segments_of
from lingwu_grid.graph import Runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

OPEN_M = 1.0
"""Shorter contact than this joins nothing: no one-metre corridors."""

WAY_M = 10.0
WAY_SHARE = 0.1
"""Units of two of today's grids join over a front of this length, or this share of the girth of
the smaller one: less is a corridor that nobody would draw."""

CROSSING_M = 1.5
"""A crossing joins the two sides whose border comes this near to it."""

PARTY_M = 0.75
"""Two houses within this of a border touch there, or nearly: nobody can walk along it."""

SAME_LINE_M = 0.01
"""Today's borders are noded into the cells: nearer than this is the same line."""


class Borders(NamedTuple):
    """Pairs of touching pieces, each pair once, ``a < b``."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    length_m: NDArray[np.float64]
    off_line_m: NDArray[np.float64]
    """The part on no road, barrier, wall or today's border."""
    clear_m: NDArray[np.float64]
    """The part that is no barrier."""
    has_crossing: NDArray[np.bool_]
    party_m: NDArray[np.float64]
    """The part off every line that runs between two houses that touch."""

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """True where one can pass from one to the other."""
        return (self.clear_m >= OPEN_M) | self.has_crossing

    def where(self, is_in: NDArray[np.bool_]) -> Borders:
        """Give some of them."""
        return self._replace(**{name: column[is_in] for name, column in self._asdict().items()})


def find_borders(cells: NDArray[np.object_], lines: Lines, study: Study) -> Borders:
    """
    Find the shared borders of polygons that tile.

    Parameters
    ----------
    cells
        Polygons whose shared borders have the same vertices.
    lines
        What a border may run on.
    study
        Bridges among the roads, and crossings.

    Returns
    -------
    Borders
        Contacts at a point are no borders.
    """
    segments, owner = segments_of(cells)
    a, b, which = matched(segments, owner)
    ends = segments[which]
    middle = shapely.points((ends[:, :2] + ends[:, 2:]) / 2)
    length = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    kind = what_runs_here(middle, lines)
    on_barrier = kind == Runs.BARRIER
    crossed = near_any(
        shapely.linestrings(ends.reshape(-1, 2, 2)), crossing_points(study, lines), CROSSING_M
    )
    frame = pd.DataFrame(
        {
            "a": np.minimum(a, b),
            "b": np.maximum(a, b),
            "length_m": length,
            "off_line_m": np.where(kind == Runs.NOTHING, length, 0.0),
            "clear_m": np.where(on_barrier, 0.0, length),
            "has_crossing": on_barrier & crossed,
            "party_m": np.where(_between_houses(middle, kind == Runs.NOTHING, study), length, 0.0),
        }
    )
    return _summed(frame[frame["a"] != frame["b"]])


def _summed(frame: pd.DataFrame) -> Borders:
    total = (
        frame.groupby(["a", "b"], sort=True)
        .agg(
            length_m=("length_m", "sum"),
            off_line_m=("off_line_m", "sum"),
            clear_m=("clear_m", "sum"),
            has_crossing=("has_crossing", "max"),
            party_m=("party_m", "sum"),
        )
        .reset_index()
    )
    return Borders(*(total[name].to_numpy() for name in Borders._fields))


def join_borders(borders: Borders, unit: NDArray[np.int64]) -> Borders:
    """
    Give the borders of units from those of their cells.

    Parameters
    ----------
    borders
        Of cells.
    unit
        Unit of each cell.
    """
    a, b = unit[borders.a], unit[borders.b]
    frame = pd.DataFrame(borders._asdict())
    frame["a"], frame["b"] = np.minimum(a, b), np.maximum(a, b)
    return _summed(frame[a != b])


def without_corridors(
    borders: Borders, girth: NDArray[np.float64], grid: NDArray[np.int64]
) -> Borders:
    """
    Shut the contacts that are too short to be a way through.

    Parameters
    ----------
    borders
        Of units.
    girth
        Length of the outline of each unit, metres.
    grid
        Today's grid of each unit; -1 for none. What is one grid today stays joined as it is.

    Returns
    -------
    Borders
        Contacts shorter than `WAY_M` and than `WAY_SHARE` of the smaller girth have nothing
        clear; a crossing joins at any length.
    """
    a, b = borders.a, borders.b
    wanted = np.minimum(WAY_M, WAY_SHARE * np.minimum(girth[a], girth[b]))
    together = (grid[a] == grid[b]) & (grid[a] >= 0)
    narrow = (borders.clear_m < wanted) & ~together
    return borders._replace(clear_m=np.where(narrow, 0.0, borders.clear_m))


def what_runs_here(points: NDArray[np.object_], lines: Lines) -> NDArray[np.int8]:
    """
    Tell what runs at each point: a barrier before a road before a wall before an old border.

    Parameters
    ----------
    points
        Middles of border segments, shape (n,).
    lines
        What may run there.

    Returns
    -------
    NDArray[np.int8]
        A :class:`~lingwu_grid.graph.Runs` each, shape (n,).
    """
    kind = np.full(len(points), Runs.NOTHING, np.int8)
    for runs, reach in (
        (Runs.OLD_BORDER, SAME_LINE_M),
        (Runs.WALL, ON_LINE_M),
        (Runs.ROAD, ON_LINE_M),
        (Runs.BARRIER, ON_LINE_M),
    ):
        kind[near_any(points, lines.of(runs), reach)] = runs
    return kind


def _between_houses(
    points: NDArray[np.object_], is_asked: NDArray[np.bool_], study: Study
) -> NDArray[np.bool_]:
    """Tell which of some points have two houses within `PARTY_M`."""
    houses = footprints_of(study)
    out = np.zeros(len(points), np.bool_)
    asked = np.flatnonzero(is_asked)
    if len(houses) and len(asked):
        tree = shapely.STRtree(houses)
        point, _ = tree.query(points[asked], "dwithin", distance=PARTY_M)
        out[asked] = np.bincount(point, minlength=len(asked)) >= 2
    return out


def near_any(
    shapes: NDArray[np.object_], others: NDArray[np.object_] | shapely.STRtree, reach: float
) -> NDArray[np.bool_]:
    """Tell which shapes are within reach, metres, of any of the others, shape (n,)."""
    tree = others if isinstance(others, shapely.STRtree) else shapely.STRtree(others)
    near = np.zeros(len(shapes), np.bool_)
    near[tree.query(shapes, "dwithin", distance=reach)[0]] = True
    return near


def crossing_points(study: Study, lines: Lines) -> NDArray[np.object_]:
    """
    Give the points where a barrier may be crossed: bridges and tunnels, and listed crossings.

    Parameters
    ----------
    study
        Roads and crossings.
    lines
        The barriers.

    Returns
    -------
    NDArray[np.object_]
        Points on or by a barrier.
    """
    barriers = lines.of(Runs.BARRIER)
    roads = study.table("roads")
    passes = roads.geometry.to_numpy()[
        (roads["bridge"].to_numpy(bool) | roads["tunnel"].to_numpy(bool))
        if len(roads)
        else np.empty(0, np.bool_)
    ]
    listed = study.table("crossings").geometry.to_numpy()
    is_point = np.isin(shapely.get_type_id(listed), (0, 4))
    across = np.concatenate([passes, listed[~is_point]])
    points = [shapely.get_parts(listed[is_point])]
    if len(barriers) and len(across):
        line, barrier = shapely.STRtree(barriers).query(across, "intersects")
        met = shapely.intersection(across[line], barriers[barrier])
        points.append(shapely.points(shapely.get_coordinates(met)))
    found: NDArray[np.object_] = np.concatenate(points)
    return found
