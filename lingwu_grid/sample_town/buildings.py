"""Buildings on the lots and households in the buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.sample_town import layouts
from lingwu_grid.sample_town.kinds import LANE
from lingwu_grid.sample_town.landuse import (
    FLATS,
    LIVED,
    MARKET,
    OFFICE,
    OLD,
    SCHOOL,
    VILLAGE,
    WORKS,
)
from lingwu_grid.sample_town.planar import GRID_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.landuse import LandUse
    from lingwu_grid.sample_town.streets import StreetPlan
    from lingwu_grid.sample_town.ways import Ways

HALLS = {
    SCHOOL: ((52.0, 11.0), 5),
    MARKET: ((46.0, 24.0), 4),
    OFFICE: ((40.0, 17.0), 6),
    WORKS: ((62.0, 27.0), 12),
}
"""Size in metres and most of the large buildings on a lot without flats."""
PER_HOUSE = 1.7
FROM_WALL_M = 5.0
FROM_WAY_M = 3.2
FROM_BORDER_M = 1.8
"""Houses stand clear of the line where an office halved a lot; that line is a passage."""
SHOPS_ON = "人民街"
SHOP_SHARE = 0.5
"""Homes above a shop, for each home in a building of its lot."""


class Buildings(NamedTuple):
    """Buildings of the town, one row each."""

    lot: NDArray[np.int64]
    corners: NDArray[np.float64]
    """Footprints, shape (n, 4, 2), metres."""
    households: NDArray[np.int64]
    """Resident households."""
    levels: NDArray[np.int64]
    is_shop: NDArray[np.bool_]


def put_up(
    plan: StreetPlan,
    land: LandUse,
    free: NDArray[np.object_],
    ways: Ways,
    cuts: dict[int, shapely.LineString],
    rng: np.random.Generator,
) -> Buildings:
    """
    Put up the buildings of every lot and share the lot's households among them.

    Parameters
    ----------
    plan
        The ground.
    land
        Use and households of each lot.
    free
        Lots without their streets.
    ways
        Ways inside the lots, which stay free.
    cuts
        Lines where an office halved a lot, which stay free.
    rng
        Source of every irregularity.
    """
    kept_free: list[list[shapely.Geometry]] = [[] for _ in free]
    for lot, line in zip(ways.lot.tolist(), ways.line.tolist(), strict=True):
        kept_free[lot].append(shapely.buffer(line, FROM_WAY_M))
    for lot, line in cuts.items():
        kept_free[lot].append(shapely.buffer(line, FROM_BORDER_M))
    high_street = _high_street(plan)
    layouts_of = []
    for lot in range(len(free)):
        use = int(land.use[lot])
        inset = FROM_WALL_M if use not in (OLD, VILLAGE) else 1.0
        ground = shapely.buffer(free[lot], -inset)
        if kept_free[lot]:
            ground = _without(ground, shapely.union_all(kept_free[lot]))
        layouts_of.append(
            _layout(use, int(land.households[lot]), plan.lots[lot], ground, high_street[lot], rng)
        )
    count = _rehoused(land, np.array([len(corners) for corners, _ in layouts_of]))
    made = [
        _peopled(lot, int(land.use[lot]), int(count[lot]), *layouts_of[lot], rng)
        for lot in range(len(free))
        if len(layouts_of[lot][0])
    ]
    return Buildings(*(np.concatenate(column) for column in zip(*made, strict=True)))


def _rehoused(land: LandUse, buildings: NDArray[np.int64]) -> NDArray[np.int64]:
    """Move the households of a lot too small to build on to another lot of their grid."""
    count = land.households.copy()
    for lot in np.flatnonzero((buildings == 0) & (count > 0)).tolist():
        near = np.flatnonzero((land.grid == land.grid[lot]) & (buildings > 0) & (count > 0))
        if len(near):
            count[near[np.argmin(count[near])]] += count[lot]
        count[lot] = 0
    return count


def _without(ground: shapely.Geometry, taken: shapely.Geometry) -> shapely.Geometry:
    """Give the free ground that is left, areas only."""
    parts = shapely.get_parts(shapely.difference(ground, taken, grid_size=GRID_M))
    return shapely.multipolygons(parts[shapely.area(parts) > 0])


def _high_street(plan: StreetPlan) -> list[list[shapely.LineString]]:
    found: list[list[shapely.LineString]] = [[] for _ in plan.lots]
    for edge in np.flatnonzero((plan.name == SHOPS_ON) & (plan.level <= LANE)).tolist():
        for lot in plan.ground.sides[edge].tolist():
            if lot >= 0:
                found[lot].append(plan.ground.edges[edge])
    return found


def _layout(
    use: int,
    households: int,
    whole: shapely.Polygon,
    ground: shapely.Geometry,
    high_street: list[shapely.LineString],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give the footprints on a lot, and which are shop-houses on the high street."""
    fronts = behind = np.zeros((0, 4, 2))
    if shapely.is_empty(ground):
        return behind, np.zeros(0, np.bool_)
    frame = layouts.frame_of(whole)
    if high_street and use in (FLATS, OLD):
        for street in high_street:
            row = layouts.shops(street, ground, rng)
            fronts = np.concatenate([fronts, row])
            ground = _without(ground, shapely.buffer(shapely.union_all(shapely.polygons(row)), 5.0))
    if use == FLATS:
        behind = layouts.slabs(ground, frame, max(2, round(households / rng.uniform(22, 34))), rng)
    elif use in (OLD, VILLAGE):
        wanted = max(4, round(households / PER_HOUSE))
        behind = layouts.houses(ground, frame, wanted, rng, loose=use == VILLAGE)
    elif use in HALLS:
        size, most = HALLS[use]
        behind = layouts.halls(ground, frame, size, int(rng.integers(2, most + 1)), rng)
    corners = np.concatenate([behind, fronts])
    return corners, np.arange(len(corners)) >= len(behind)


def _peopled(
    lot: int,
    use: int,
    households: int,
    corners: NDArray[np.float64],
    is_shop: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Buildings:
    """Share the households of a lot among its buildings."""
    weight = np.full(len(corners), 1.0)
    if use == FLATS:
        weight = rng.dirichlet(np.full(len(corners), 60.0))
        if not is_shop.all():
            weight[is_shop] *= SHOP_SHARE * PER_HOUSE * len(corners) / max(households, 1)
    share = np.zeros(len(corners), np.int64)
    if households:
        share = rng.multinomial(households, weight / weight.sum())
    return Buildings(
        np.full(len(corners), lot),
        corners,
        share,
        _levels(use, corners, share, is_shop, rng),
        is_shop,
    )


def _levels(
    use: int,
    corners: NDArray[np.float64],
    share: NDArray[np.int64],
    is_shop: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    n = len(corners)
    if use == FLATS:
        length = np.hypot(*(corners[:, 1] - corners[:, 0]).T)
        on_floor = 2 * np.maximum(1, np.round(length / 17.0))
        levels = np.clip(np.ceil(share / on_floor), 4, 33)
    elif use in (SCHOOL, OFFICE):
        levels = rng.integers(3, 7, n)
    else:
        levels = np.where(share > 2, 2, 1)
    return np.where(is_shop, 3, levels).astype(np.int64)


class Rows(NamedTuple):
    """Household rows: every kind an office's list holds, residents first in a building."""

    building: NDArray[np.int64]
    status: NDArray[np.str_]
    point: NDArray[np.float64]
    residents: NDArray[np.int64]
    elderly: NDArray[np.int64]


_STATUS = ("常住", "空置", "空挂", "商铺", "集体户")


def house(buildings: Buildings, use: NDArray[np.int64], rng: np.random.Generator) -> Rows:
    """
    Fill buildings with households, among vacant flats, 空挂 rows, shops and collective ones.

    Parameters
    ----------
    buildings
        The buildings.
    use
        Land use of each building's lot, shape (n_buildings,).
    rng
        Source of every choice.
    """
    residents = buildings.households
    in_flats = use == FLATS
    lived = np.isin(use, LIVED)
    extra = [
        rng.binomial(residents, 0.07) * in_flats,
        rng.binomial(residents, 0.04),
        rng.binomial(4, 0.06, len(use)) * in_flats
        + (use == MARKET) * 12
        + buildings.is_shop * rng.integers(1, 3, len(use)),
        (lived & (rng.random(len(use)) < 0.004)).astype(np.int64),
    ]
    counts = np.stack([residents, *extra])
    kinds, where = np.nonzero(counts)
    repeat = counts[kinds, where]
    building = np.repeat(where, repeat)
    status = np.repeat(kinds, repeat)
    order = np.lexsort((status, building))
    building, status = building[order], status[order]
    people = np.where(status == 0, 1 + rng.binomial(5, 0.3, len(status)), 0)
    return Rows(
        building,
        np.array(_STATUS)[status],
        _doors(buildings, building, rng),
        people,
        rng.binomial(people, 0.19),
    )


def _doors(
    buildings: Buildings, building: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    # Flats share the coordinate of their stair; a fifth of the buildings have one point for all.
    corners = buildings.corners[building]
    stairs = np.where(buildings.levels > 3, 3, 1)
    one_point = rng.random(len(stairs)) < 0.2
    stair = np.where(one_point[building], 0, rng.integers(0, stairs[building]))
    t = ((stair + 1) / (np.where(one_point, 1, stairs)[building] + 1))[:, None]
    south = corners[:, 0] * (1 - t) + corners[:, 1] * t
    north = corners[:, 3] * (1 - t) + corners[:, 2] * t
    doors: NDArray[np.float64] = 0.7 * south + 0.3 * north
    return doors
