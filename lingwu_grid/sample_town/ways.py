"""Ways inside the lots: compounds and their gates, dead-end alleys, village lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.sample_town.kinds import LANE
from lingwu_grid.sample_town.landuse import FLATS, LIVED, OLD
from lingwu_grid.sample_town.planar import GRID_M
from lingwu_grid.sample_town.streets import HALF_WIDTH_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.landuse import LandUse
    from lingwu_grid.sample_town.streets import StreetPlan

ALLEY_SHARE = 0.6
"""Lots of the old town with a dead-end alley."""


class Ways(NamedTuple):
    """Ways inside lots, one row each."""

    lot: NDArray[np.int64]
    line: NDArray[np.object_]
    """From the middle of a street inward."""
    is_service: NDArray[np.bool_]
    """A compound's own; the others are public lanes."""


def lots_without_streets(plan: StreetPlan) -> NDArray[np.object_]:
    """Give the lots without the half of the streets and banks round them."""
    wide = HALF_WIDTH_M[plan.level] > 0
    ribbon = shapely.buffer(
        plan.ground.edges[wide], HALF_WIDTH_M[plan.level[wide]], cap_style="square"
    )
    lots: NDArray[np.object_] = plan.lots.copy()
    sides = plan.ground.sides[wide]
    beside: list[list[shapely.Polygon]] = [[] for _ in lots]
    for strip, (a, b) in zip(ribbon.tolist(), sides.tolist(), strict=True):
        for lot in (a, b):
            if lot >= 0:
                beside[lot].append(strip)
    for lot, strips in enumerate(beside):
        if strips:
            taken = shapely.union_all(strips)
            lots[lot] = _largest(shapely.difference(lots[lot], taken, grid_size=GRID_M))
    return np.asarray(shapely.set_precision(lots, GRID_M))


def _largest(shape: shapely.Geometry) -> shapely.Polygon:
    parts = shapely.get_parts(shape)
    parts = parts[shapely.area(parts) > 0]
    if not len(parts):
        return shapely.Polygon()
    return shapely.Polygon(parts[int(np.argmax(shapely.area(parts)))].exterior)


def inner_ways(plan: StreetPlan, land: LandUse, rng: np.random.Generator) -> Ways:
    """
    Draw the ways inside the lots.

    Parameters
    ----------
    plan
        The ground.
    land
        What stands on each lot.
    rng
        Source of every choice.
    """
    rows: list[tuple[int, shapely.LineString, bool]] = []
    fronts = _fronts(plan)
    for lot in np.flatnonzero(np.isin(land.use, LIVED)).tolist():
        edges = fronts[lot]
        use = int(land.use[lot])
        if not edges or (use == OLD and rng.random() > ALLEY_SHARE):
            continue
        number = 1 if use == OLD else min(2, len(edges))
        middle = shapely.get_coordinates(shapely.centroid(plan.lots[lot]))[0]
        for edge in edges[:number]:
            line = _inward(edge, middle, plan.lots[lot], deep=use == OLD, rng=rng)
            if line is not None:
                rows.append((lot, line, use == FLATS))
    return Ways(
        np.array([r[0] for r in rows], np.int64),
        np.array([r[1] for r in rows], object),
        np.array([r[2] for r in rows], np.bool_),
    )


def _fronts(plan: StreetPlan) -> list[list[shapely.LineString]]:
    """Give the streets that each lot fronts, longest first."""
    walked = plan.level <= LANE
    sides, edges = plan.ground.sides[walked], plan.ground.edges[walked]
    fronts: list[list[shapely.LineString]] = [[] for _ in plan.lots]
    order = np.argsort(-shapely.length(edges), kind="stable")
    for k in order.tolist():
        for lot in sides[k].tolist():
            if lot >= 0 and edges[k].length > 45:
                fronts[lot].append(edges[k])
    return fronts


def _inward(
    edge: shapely.LineString,
    middle: NDArray[np.float64],
    lot: shapely.Polygon,
    *,
    deep: bool,
    rng: np.random.Generator,
) -> shapely.LineString | None:
    start = shapely.get_coordinates(
        shapely.line_interpolate_point(edge, rng.uniform(0.35, 0.65), normalized=True)
    )[0]
    end = start + (middle - start) * (rng.uniform(1.1, 1.4) if deep else 1.0)
    bend = (start + end) / 2 + rng.normal(0, 0.04, 2) * np.hypot(*(end - start))
    line = shapely.LineString(np.round([start, bend, end], 2))
    inside = shapely.buffer(lot, 0.5)
    return line if shapely.contains(inside, line) and line.length > 20 else None


def compound_shapes(land: LandUse, free: NDArray[np.object_]) -> list[shapely.Polygon]:
    """
    Give the walls of the compounds.

    Parameters
    ----------
    land
        Compound of each lot.
    free
        Lots without their streets, from :func:`lots_without_streets`.

    Returns
    -------
    list
        A polygon for each compound.
    """
    return [
        shapely.set_precision(
            _largest(shapely.union_all(free[land.compound == c], grid_size=GRID_M)), GRID_M
        )
        for c in range(int(land.compound.max()) + 1)
    ]
