"""Footprints: what no border enters. A line that runs through a house is led round it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.fabric.enclosures import Lines, label_by
from lingwu_grid.graph import Runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

INSIDE_M = 0.5
"""A line runs through a house if it comes this far inside; less is the surveys' difference."""


def footprints_of(study: Study) -> NDArray[np.object_]:
    """
    Give every footprint of a study, lived in or not.

    Parameters
    ----------
    study
        Its table of buildings.

    Returns
    -------
    NDArray[np.object_]
        Valid polygons, in the order of the table.
    """
    shapes = study.table("buildings").geometry.to_numpy()
    solid = shapes[np.isin(shapely.get_type_id(shapes), (3, 6))]
    footprints: NDArray[np.object_] = solid[shapely.is_valid(solid) & ~shapely.is_empty(solid)]
    return footprints


def bent_lines(study: Study, lines: Lines, footprints: NDArray[np.object_]) -> NDArray[np.object_]:
    """
    Lead lines round the houses they run through.

    Parameters
    ----------
    study
        Roads in a tunnel bound nothing.
    lines
        Every line that may be a border.
    footprints
        What is built, polygons. Today's border stays where all homes of a house lie on one side
        of it, and goes round a house with homes on both.

    Returns
    -------
    NDArray[np.object_]
        Lines: those of `lines` without what runs inside a house, and the outline of each such
        house, so that what was enclosed stays enclosed.
    """
    roads = study.table("roads")
    covered = shapely.get_parts(roads.geometry.to_numpy()[roads["tunnel"].eq(other=True)])
    open_air = np.ones(len(lines.shape), np.bool_)
    if len(covered):
        road = np.flatnonzero(lines.kind == Runs.ROAD)
        open_air[road] = ~np.isin(shapely.to_wkb(lines.shape[road]), shapely.to_wkb(covered))
    shape: NDArray[np.object_] = lines.shape[open_air]
    is_old = lines.kind[open_air] == Runs.OLD_BORDER
    if not len(footprints):
        return shape
    torn = _torn(study, footprints)
    inner = shapely.buffer(footprints, -INSIDE_M)
    house, line = shapely.STRtree(shape).query(inner, "intersects")
    through = ~is_old[line] | torn[house]
    house, line = house[through], line[through]
    if not len(house):
        return shape
    hit, first = np.unique(line[order := np.argsort(line, kind="stable")], return_index=True)
    solid = [shapely.union_all(footprints[h]) for h in np.split(house[order], first[1:])]
    out = shape.copy()
    out[hit] = shapely.difference(shape[hit], np.array(solid, object))
    rings = shapely.boundary(footprints[np.unique(house)])
    bent: NDArray[np.object_] = shapely.get_parts(np.concatenate([out, rings]))
    return bent


def _torn(study: Study, footprints: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell the houses whose homes lie in two of today's grids, or of its communities."""
    torn = np.zeros(len(footprints), np.bool_)
    points = study.households.geometry.to_numpy()
    home, house = shapely.STRtree(footprints).query(points, "intersects")
    for table in ("grids", "communities"):
        zone = label_by(points, study.table(table).geometry.to_numpy())
        least = np.full(len(footprints), np.iinfo(np.int64).max)
        most = np.full(len(footprints), -1)
        np.minimum.at(least, house, zone[home])
        np.maximum.at(most, house, zone[home])
        torn |= (most >= 0) & (least < most)
    return torn
