"""What stands on the blocks: compounds, old quarters, villages, parks, a school, a market.

The plan hidden in the town is lawful by construction: blocks are gathered into communities and
grids first, and only then filled with households. Today's grids are made from it by the mistakes
of years (see :mod:`lingwu_grid.sample_town.today`), so that a lawful plan is known to exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.search.start import cold_start
from lingwu_grid.sample_town.names import COMMUNITIES_PER_STREET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.lattice import Lattice

FLATS, OLD, VILLAGE, PARK, SCHOOL, MARKET, FIELD = range(7)
BLOCKS_PER_GRID = 1.65


@dataclass(frozen=True)
class LandUse:
    """
    Use, households and hidden plan of every block.

    Parameters
    ----------
    use
        Land use of each block, shape (n_blocks,).
    households
        Resident households of each block, shape (n_blocks,).
    compound
        Compound of each block, shape (n_blocks,); -1 for none. A large one spans blocks.
    grid, community
        The hidden lawful plan, shape (n_blocks,).
    n_villages
        The last communities are villages.
    per_street
        Urban communities of each street, numbered street by street.
    """

    use: NDArray[np.int64]
    households: NDArray[np.int64]
    compound: NDArray[np.int64]
    grid: NDArray[np.int64]
    community: NDArray[np.int64]
    n_villages: int
    per_street: int


def block_graph(
    lattice: Lattice, blocks: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give the neighbours of blocks as CSR; blocks not asked for stand alone."""
    pairs = lattice.neighbours
    pairs = pairs[blocks[pairs].all(axis=1)]
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    degree = np.bincount(both[:, 0], minlength=lattice.n_blocks)
    return np.concatenate([[0], degree.cumsum()]).astype(np.int32), both[:, 1].astype(np.int32)


def settle(
    lattice: Lattice, *, households: int, communities: int, rng: np.random.Generator
) -> LandUse:
    """
    Fill the blocks.

    Parameters
    ----------
    lattice
        The street plan.
    households
        Resident households of the whole town, about.
    communities
        Urban communities.
    rng
        Source of every choice.
    """
    seed = int(rng.integers(1 << 30))
    villages = _village_blocks(lattice, communities)
    urban = villages < 0
    indptr, indices = block_graph(lattice, urban)
    # A block weighs 1000, so that the middle of the band is the mean to a thousandth of a block.
    weight = 1000 * urban.astype(np.int64)
    per_community = weight.sum() / communities
    label = np.where(urban, 0, villages + 1).astype(np.int32)
    per_street = communities // street_count(communities)
    if street_count(communities) > 1:
        label = cold_start(
            indptr, indices, weight, label, band=_about(per_street * per_community), seed=seed + 2
        )
    cut = cold_start(indptr, indices, weight, label, band=_about(per_community), seed=seed)
    # Numbered street by street, so that the codes of a street run on.
    order = np.unique(np.stack([label, cut], axis=1)[urban], axis=0)[:, 1]
    number = np.zeros(int(cut.max()) + 1, np.int64)
    number[order] = np.arange(len(order))
    community = number[cut]
    n_urban = int(community[urban].max()) + 1
    community[~urban] = n_urban + villages[~urban]
    indptr, indices = block_graph(lattice, np.ones(lattice.n_blocks, np.bool_))
    grid = cold_start(
        indptr,
        indices,
        np.full(lattice.n_blocks, 100, np.int64),
        community.astype(np.int32),
        band=(100, 230),
        seed=seed + 1,
    ).astype(np.int64)
    # A village is one grid: its parts are few and its people know each other.
    grid[~urban] = grid.max() + 1 + villages[~urban]
    grid = np.unique(grid, return_inverse=True)[1]
    use = _uses(lattice, grid, urban, rng)
    count = _fill(grid, use, community, n_urban, households, rng)
    grid = _market(grid, use, count)
    compound = _compounds(lattice, use, count, community, rng)
    return LandUse(use, count, compound, grid, community, int(villages.max()) + 1, per_street)


def _about(weight: float) -> tuple[int, int]:
    return round(weight * 0.97), round(weight * 1.03)


def street_count(communities: int) -> int:
    """Give how many streets a town with so many urban communities has."""
    return -(-communities // COMMUNITIES_PER_STREET)


def village_count(communities: int) -> int:
    """Give how many villages a town with so many urban communities has."""
    return 6 if communities >= 8 else max(1, communities // 2)


def _village_blocks(lattice: Lattice, communities: int) -> NDArray[np.int64]:
    # Five villages at the edge and one pocket inside the town, two blocks each.
    nx, ny = lattice.nx, lattice.ny
    wanted = village_count(communities)
    places = [
        (0, ny // 3),
        (nx - 2, ny // 2),
        (nx // 3, 0),
        (nx // 4, ny - 1),
        (nx - 2, 1),
        (nx // 2 - 1, ny // 2 + 1),
    ]
    village = np.full(lattice.n_blocks, -1, np.int64)
    for number, (i, j) in enumerate(places[:wanted]):
        village[[j * nx + i, j * nx + i + 1]] = number
    return village


def _uses(
    lattice: Lattice,
    grid: NDArray[np.int64],
    urban: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    j, i = np.divmod(np.arange(lattice.n_blocks), lattice.nx)
    away = np.hypot((i - lattice.nx / 2) / lattice.nx, (j - lattice.ny / 2) / lattice.ny)
    chance_old = np.clip(0.95 - 1.5 * away, 0.25, 0.8)
    use = np.where(rng.random(lattice.n_blocks) < chance_old, OLD, FLATS)
    blocks_in_grid = np.bincount(grid)[grid]
    # Open land only where the grid has another block to live on.
    for kind, share in ((PARK, 0.05), (SCHOOL, 0.05), (FIELD, 0.03)):
        picks = urban & (blocks_in_grid > 1) & (rng.random(lattice.n_blocks) < share)
        use[picks & _one_per_grid(grid, picks) & _none_open(grid, use)] = kind
    use[~urban] = VILLAGE
    return use


def _one_per_grid(grid: NDArray[np.int64], picks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    first = np.zeros(len(grid), np.bool_)
    where = np.flatnonzero(picks)
    first[where[np.unique(grid[where], return_index=True)[1]]] = True
    return first


def _none_open(grid: NDArray[np.int64], use: NDArray[np.int64]) -> NDArray[np.bool_]:
    taken: NDArray[np.bool_] = np.bincount(grid, use >= PARK)[grid] == 0
    return taken


def _fill(
    grid: NDArray[np.int64],
    use: NDArray[np.int64],
    community: NDArray[np.int64],
    n_urban: int,
    households: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    n_grids = int(grid.max()) + 1
    target = rng.uniform(312, 460, n_grids)
    in_village = np.zeros(n_grids, np.bool_)
    in_village[grid[use == VILLAGE]] = True
    target[in_village] = rng.uniform(310, 360, int(in_village.sum()))
    of_grid = np.zeros(n_grids, np.int64)
    of_grid[grid] = community
    town = ~in_village
    # A town whose only community has 5001–5999 households has no lawful plan at all.
    wanted = min(households - target[~town].sum(), 4_800 * n_urban)
    scale = wanted / target[town].sum()
    target[town] = np.clip(target[town] * scale, 306, 490)
    for c in range(n_urban):
        mine = town & (of_grid == c)
        lack = 3060 / max(target[mine].sum(), 1)
        if lack > 1 and mine.sum() >= 7:
            target[mine] = np.clip(target[mine] * lack, 306, 494)
    return _by_block(grid, use, target, rng)


def _market(
    grid: NDArray[np.int64], use: NDArray[np.int64], count: NDArray[np.int64]
) -> NDArray[np.int64]:
    # One park is a market instead: a special grid of its own with a handful of households.
    parks = np.flatnonzero(use == PARK)
    grid = grid.copy()
    if len(parks):
        market = int(parks[len(parks) // 2])
        use[market], count[market], grid[market] = MARKET, 18, grid.max() + 1
    return grid


def _by_block(
    grid: NDArray[np.int64],
    use: NDArray[np.int64],
    target: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    # Old quarters take little, compounds share the rest.
    n = len(grid)
    weight = np.zeros(n)
    weight[use == FLATS] = rng.uniform(0.7, 1.4, int((use == FLATS).sum()))
    weight[use == VILLAGE] = 1.0
    flats_here = np.bincount(grid, weight)
    is_old = use == OLD
    old = np.where(is_old, rng.integers(60, 130, n), 0).astype(float)
    alone = is_old & (flats_here[grid] == 0)
    share = target[grid] / np.maximum(np.bincount(grid, is_old)[grid], 1)
    old[alone] = share[alone]
    rest = target - np.bincount(grid, old, minlength=len(target))
    flats = rest[grid] * weight / np.maximum(flats_here[grid], 1e-9)
    count: NDArray[np.int64] = np.round(np.where(weight > 0, flats, old)).astype(np.int64)
    count[np.isin(use, (PARK, SCHOOL, FIELD))] = 0
    return count


def _compounds(
    lattice: Lattice,
    use: NDArray[np.int64],
    count: NDArray[np.int64],
    community: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    compound = np.full(len(use), -1, np.int64)
    flats = np.flatnonzero(use == FLATS)
    compound[flats] = np.arange(len(flats))
    pairs = lattice.neighbours
    pairs = pairs[(use[pairs] == FLATS).all(axis=1)]
    pairs = pairs[community[pairs[:, 0]] == community[pairs[:, 1]]]
    pairs = pairs[~lattice.is_parted(pairs[:, 0], pairs[:, 1])]
    together = count[pairs].sum(axis=1)
    wanted = max(1, lattice.n_blocks // 60)
    joined: set[int] = set()
    # One of 501–599 households, one above 1000, some between: the hard sizes.
    for low, high, share in ((501, 599, 1), (600, 800, wanted), (800, 1000, wanted)):
        most = share
        for k in rng.permutation(np.flatnonzero((together >= low) & (together <= high)))[
            : 4 * most
        ]:
            a, b = pairs[k].tolist()
            if most and not {a, b} & joined:
                compound[b] = compound[a]
                joined |= {a, b}
                most -= 1
    _third_block(compound, pairs, count, joined)
    return np.where(compound >= 0, np.unique(compound, return_inverse=True)[1] - 1, -1)


def _third_block(
    compound: NDArray[np.int64],
    pairs: NDArray[np.int64],
    count: NDArray[np.int64],
    joined: set[int],
) -> None:
    total = np.bincount(compound[compound >= 0], count[compound >= 0])
    for a, b in np.concatenate([pairs, pairs[:, ::-1]]).tolist():
        is_large = a in joined and b not in joined
        if is_large and 1000 < total[compound[a]] + count[b] <= 1600:
            compound[b] = compound[a]
            joined.add(b)
            return
