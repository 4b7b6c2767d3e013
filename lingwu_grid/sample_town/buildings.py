"""Buildings on the blocks and households in the buildings, drawn vector by vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.sample_town.landuse import FLATS, MARKET, OLD, SCHOOL, VILLAGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.landuse import LandUse
    from lingwu_grid.sample_town.lattice import Lattice

HOUSEHOLDS_PER_BUILDING = 26


class Slots(NamedTuple):
    """Where buildings may stand on a block, as boxes in block coordinates."""

    columns: int
    rows: int
    width: float
    depth: float


SLOTS = {
    FLATS: Slots(4, 7, 0.19, 0.062),
    OLD: Slots(8, 8, 0.075, 0.07),
    VILLAGE: Slots(11, 11, 0.05, 0.05),
    MARKET: Slots(2, 2, 0.3, 0.3),
    SCHOOL: Slots(2, 3, 0.25, 0.07),
}


class Buildings(NamedTuple):
    """Buildings of the town, one row each."""

    block: NDArray[np.int64]
    corners: NDArray[np.float64]
    """Footprints, shape (n, 4, 2), metres."""
    households: NDArray[np.int64]
    """Resident households."""
    east_half: NDArray[np.bool_]
    north_half: NDArray[np.bool_]
    levels: NDArray[np.int64]


def put_up(lattice: Lattice, land: LandUse, rng: np.random.Generator) -> Buildings:
    """
    Put up the buildings of every block and share the block's households among them.

    Parameters
    ----------
    lattice
        The street plan.
    land
        Use and households of each block.
    rng
        Source of every irregularity.
    """
    made = [
        _on_block(lattice, int(b), int(land.use[b]), int(land.households[b]), rng)
        for b in np.flatnonzero(np.isin(land.use, list(SLOTS)))
    ]
    return Buildings(*(np.concatenate(column) for column in zip(*made, strict=True)))


def _on_block(
    lattice: Lattice, block: int, use: int, households: int, rng: np.random.Generator
) -> Buildings:
    slots = SLOTS[use]
    places = slots.columns * slots.rows
    if use == FLATS:
        count = int(np.clip(round(households / HOUSEHOLDS_PER_BUILDING), 3, places))
    elif use in (OLD, VILLAGE):
        count = int(np.clip(round(households / 1.7), 4, places))
    else:
        count = places
    chosen = np.sort(rng.permutation(places)[:count])
    row, column = np.divmod(chosen, slots.columns)
    step = np.array([0.84 / slots.columns, 0.84 / slots.rows])
    jitter = rng.uniform(-0.08, 0.08, (count, 2)) * step
    middle = 0.08 + step * (np.stack([column, row], axis=1) + 0.5) + jitter
    half = np.array([slots.width, slots.depth]) / 2 * rng.uniform(0.85, 1.0, (count, 1))
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    corners = lattice.inside(block, middle[:, None, :] + box * half[:, None, :])
    share = rng.multinomial(households, rng.dirichlet(np.full(count, 60.0)))
    if use in (OLD, VILLAGE):
        share = rng.multinomial(households, np.full(count, 1 / count))
    levels = np.full(count, 1) if use != FLATS else np.clip(share // 4 + 1, 5, 18)
    return Buildings(
        np.full(count, block),
        np.round(corners, 2),
        share if use != SCHOOL else np.zeros(count, np.int64),
        middle[:, 0] > 0.5,
        middle[:, 1] > 0.5,
        levels,
    )


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
        Land use of each building's block, shape (n_buildings,).
    rng
        Source of every choice.
    """
    residents = buildings.households
    in_flats = use == FLATS
    extra = [
        rng.binomial(residents, 0.07) * in_flats,
        rng.binomial(residents, 0.04),
        rng.binomial(4, 0.08, len(use)) * in_flats + (use == MARKET) * 12,
        (rng.random(len(use)) < 0.004).astype(np.int64),
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
    stairs = np.where(buildings.levels > 1, 3, 1)
    one_point = rng.random(len(stairs)) < 0.2
    stair = np.where(one_point[building], 0, rng.integers(0, stairs[building]))
    t = ((stair + 1) / (np.where(one_point, 1, stairs)[building] + 1))[:, None]
    south = corners[:, 0] * (1 - t) + corners[:, 1] * t
    north = corners[:, 3] * (1 - t) + corners[:, 2] * t
    doors: NDArray[np.float64] = 0.7 * south + 0.3 * north
    return doors
