"""What stands on the lots: compounds, old quarters, villages, parks, schools, works, a market.

The plan hidden in the town is lawful by construction: lots are gathered into communities and
grids first, and only then filled with households. Today's grids are made from it by the mistakes
of years (see :mod:`lingwu_grid.sample_town.today`), so that a lawful plan is known to exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.engine.search.start import cold_start
from lingwu_grid.graph import pieces, sources
from lingwu_grid.sample_town.kinds import WALL
from lingwu_grid.sample_town.names import COMMUNITIES_PER_STREET
from lingwu_grid.sample_town.planar import HA, csr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.kinds import Kind
    from lingwu_grid.sample_town.streets import StreetPlan

FLATS, OLD, VILLAGE, PARK, SCHOOL, MARKET, FIELD, OFFICE, WORKS = range(9)
LIVED = (FLATS, OLD, VILLAGE)
"""Where homes are; a few stand in the market as well."""
HOMES_PER_HA = {FLATS: (85.0, 130.0), OLD: (62.0, 90.0), VILLAGE: (22.0, 26.0)}
MOST_OF_A_LOT = 430.0
GREEN_M2 = 3_500.0
THIN_M = 18.0
"""A lot smaller or thinner than this (half its width) is a verge by the water: a small park."""
MARKET_M2 = 9_000.0
VILLAGE_LOTS = 3
FEWEST = 200_000
"""Hundredths of a household that a community must have room for."""


@dataclass(frozen=True)
class LandUse:
    """
    Use, households and hidden plan of every lot.

    Parameters
    ----------
    use
        Land use of each lot, shape (n_lots,).
    households
        Resident households of each lot, shape (n_lots,).
    compound
        Compound of each lot, shape (n_lots,); -1 for none. A large one spans lots.
    grid, community
        The hidden lawful plan, shape (n_lots,).
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


def settle(
    plan: StreetPlan,
    free: NDArray[np.object_],
    kind: Kind,
    *,
    households: int,
    communities: int,
    rng: np.random.Generator,
) -> LandUse:
    """
    Fill the lots.

    Parameters
    ----------
    plan
        The ground.
    free
        Lots without their streets.
    kind
        What the town is like.
    households
        Resident households of the whole town, about.
    communities
        Urban communities.
    rng
        Source of every choice.
    """
    seed = int(rng.integers(1 << 30))
    pairs = plan.pairs()
    villages = _village_lots(plan, _is_thin(free), pairs, communities)
    urban = villages < 0
    use = _uses(plan, free, kind, urban, rng)
    room = _room(plan, use, rng)
    at_home = 335 * (int(villages.max()) + 1)
    # Grids short of 300 are filled up later, so that the town grows by a little.
    wanted = min(0.945 * (households - at_home), 4_700 * communities)
    room[urban] *= wanted / room[urban].sum()
    weight = np.round(100 * np.where(urban, np.minimum(room, MOST_OF_A_LOT), 0)).astype(np.int64)
    weight[urban] += 1
    graph, whole = csr(pairs[urban[pairs].all(axis=1)], len(use)), csr(pairs, len(use))
    community, per_street = _communities(plan, graph, weight, villages, communities, seed)
    n_urban = int(community[urban].max()) + 1
    grid = cold_start(
        *whole,
        weight,
        community.astype(np.int32),
        band=(30_000, 37_000),
        seed=seed + 1,
    ).astype(np.int64)
    # A village is one grid: its parts are few and its people know each other.
    grid[~urban] = grid.max() + 1 + villages[~urban]
    grid = _peopled(grid, community, room > 0, pairs)
    count = _fill(grid, use, community, room, n_urban)
    roomy = shapely.area(free) > MARKET_M2
    grid = _market(grid, use, count, whole, roomy)
    compound = _compounds(plan, use, count, community, rng)
    return LandUse(use, count, compound, grid, community, int(villages.max()) + 1, per_street)


def street_count(communities: int) -> int:
    """Give how many streets a town with so many urban communities has."""
    return -(-communities // COMMUNITIES_PER_STREET)


def village_count(communities: int) -> int:
    """Give how many villages a town with so many urban communities has."""
    return 6 if communities >= 8 else max(1, communities // 2)


def _communities(
    plan: StreetPlan,
    graph: tuple[NDArray[np.int32], NDArray[np.int32]],
    weight: NDArray[np.int64],
    villages: NDArray[np.int64],
    communities: int,
    seed: int,
) -> tuple[NDArray[np.int64], int]:
    urban = villages < 0
    per_community = weight.sum() / communities
    label = np.where(urban, plan.part, plan.part.max() + 1 + villages).astype(np.int32)
    per_street = communities // street_count(communities)
    if street_count(communities) > 1:
        label = cold_start(
            *graph, weight, label, band=_about(per_street * per_community), seed=seed + 2
        )
    cut = cold_start(*graph, weight, label, band=_about(per_community), seed=seed)
    cut = _large_enough(cut, weight, graph, np.where(urban, label, -1))
    # Numbered street by street, so that the codes of a street run on.
    order = np.unique(np.stack([label, cut], axis=1)[urban], axis=0)[:, 1]
    number = np.zeros(int(cut.max()) + 1, np.int64)
    number[order] = np.arange(len(order))
    community = number[cut]
    community[~urban] = int(community[urban].max()) + 1 + villages[~urban]
    return community, per_street


def _large_enough(
    cut: NDArray[np.int32],
    weight: NDArray[np.int64],
    graph: tuple[NDArray[np.int32], NDArray[np.int32]],
    label: NDArray[np.int64],
) -> NDArray[np.int32]:
    """Join a community of works and parks to its smallest neighbour in the same street."""
    source = sources(graph[0])
    same = label[source] == label[graph[1]]
    source, target = source[same], graph[1][same]
    cut = cut.copy()
    while True:
        size = np.bincount(cut, weight)
        small = np.setdiff1d(np.unique(cut[label >= 0]), np.flatnonzero(size >= FEWEST))
        beside = [np.setdiff1d(cut[target[cut[source] == c]], [c]) for c in small.tolist()]
        joins = [(int(c), b) for c, b in zip(small, beside, strict=True) if len(b)]
        if not joins:
            return cut
        cut[cut == joins[0][0]] = joins[0][1][np.argmin(size[joins[0][1]])]


def _about(weight: float) -> tuple[int, int]:
    return round(weight * 0.93), round(weight * 1.07)


def _village_lots(
    plan: StreetPlan, thin: NDArray[np.bool_], pairs: NDArray[np.int64], communities: int
) -> NDArray[np.int64]:
    """Choose the lots of the villages: five at the edge, one a pocket inside the town."""
    at = shapely.get_coordinates(shapely.centroid(plan.lots))
    low, high = at.min(axis=0), at.max(axis=0)
    village = np.full(len(at), -1, np.int64)
    places = ((0.0, 0.3), (1.0, 0.55), (0.3, 0.0), (0.2, 1.0), (0.95, 0.1), (0.44, 0.62))
    for number, place in enumerate(places[: village_count(communities)]):
        far = np.linalg.norm((at - low) / (high - low) - np.array(place), axis=1)
        far[(village >= 0) | plan.is_old | thin] = np.inf
        mine = [int(np.argmin(far))]
        while len(mine) < VILLAGE_LOTS:
            beside = pairs[np.isin(pairs, mine).any(axis=1)].ravel()
            beside = np.setdiff1d(beside[np.isfinite(far[beside])], mine)
            if not len(beside):
                break
            mine.append(int(beside[np.argmin(far[beside])]))
        village[mine] = number
    return _with_cut_off(village, plan, pairs)


def _with_cut_off(
    village: NDArray[np.int64], plan: StreetPlan, pairs: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give a village the lots that lie behind it, with no other way to the town."""
    urban = village < 0
    graph = csr(pairs[urban[pairs].all(axis=1)], len(village))
    piece = pieces(*graph, np.where(urban, plan.part, -1).astype(np.int32))
    for part in np.unique(plan.part).tolist():
        mine = urban & (plan.part == part)
        main = np.bincount(piece[mine]).argmax()
        for lot in np.flatnonzero(mine & (piece != main)).tolist():
            group = np.flatnonzero(piece == piece[lot])
            beside = pairs[np.isin(pairs, group).any(axis=1)].ravel()
            village[lot] = village[beside].max()
    return village


def _uses(
    plan: StreetPlan,
    free: NDArray[np.object_],
    kind: Kind,
    urban: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    use = np.where(plan.is_old, OLD, FLATS)
    green = urban & ((shapely.area(free) < GREEN_M2) | _is_thin(free))
    draw = rng.random(len(use))
    shares = ((PARK, 0.05), (SCHOOL, 0.05), (FIELD, 0.03), (OFFICE, kind.works / 2))
    at = 0.0
    for what, share in shares:
        use[urban & (draw >= at) & (draw < at + share)] = what
        at += share
    # Works lie together, away from the old town.
    places = shapely.get_coordinates(shapely.centroid(plan.lots))
    yard = places[urban & ~plan.is_old]
    if len(yard):
        corner = yard[int(rng.integers(len(yard)))]
        far = np.linalg.norm(places - corner, axis=1)
        far[~urban | plan.is_old] = np.inf
        use[np.argsort(far)[: round(kind.works * urban.sum())]] = WORKS
    use[green] = PARK
    use[~urban] = VILLAGE
    return use


def _is_thin(free: NDArray[np.object_]) -> NDArray[np.bool_]:
    return np.asarray(shapely.is_empty(shapely.buffer(free, -THIN_M)))


def _room(
    plan: StreetPlan, use: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Give how many households a lot has room for, before the town's number is shared out."""
    per_ha = np.zeros(len(use))
    for what, (low, high) in HOMES_PER_HA.items():
        per_ha[use == what] = rng.uniform(low, high, int((use == what).sum()))
    return np.asarray(per_ha * shapely.area(plan.lots) / HA)


def _peopled(
    grid: NDArray[np.int64],
    community: NDArray[np.int64],
    lived: NDArray[np.bool_],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Join grids without homes to a neighbour of their community, and number from 0."""
    grid = grid.copy()
    for _ in range(int(grid.max()) + 1):
        homes = np.bincount(grid, lived, minlength=int(grid.max()) + 1)
        empty = np.unique(grid[homes[grid] == 0])
        ends = grid[pairs]
        same = (community[pairs[:, 0]] == community[pairs[:, 1]]) & (ends[:, 0] != ends[:, 1])
        joins = ends[same & np.isin(ends, empty).any(axis=1)]
        if not len(joins):
            break
        a, b = joins[0].tolist()
        grid[grid == max(a, b)] = min(a, b)
    return np.unique(grid, return_inverse=True)[1]


def _fill(
    grid: NDArray[np.int64],
    use: NDArray[np.int64],
    community: NDArray[np.int64],
    room: NDArray[np.float64],
    n_urban: int,
) -> NDArray[np.int64]:
    """Share out households so that every hidden grid and community is in range."""
    room_of = np.bincount(grid, room)
    of_grid = np.zeros(len(room_of), np.int64)
    of_grid[grid] = community
    in_village = np.bincount(grid, use == VILLAGE) > 0
    target = np.clip(room_of, 308, 488)
    target[in_village] = np.clip(room_of[in_village], 310, 360)
    for c in range(n_urban):
        mine = ~in_village & (of_grid == c)
        total = target[mine].sum()
        goal = np.clip(total, 3_080, 4_900)
        if goal != total and mine.any():
            target[mine] = np.clip(target[mine] * goal / total, 306, 494)
    share = room / np.maximum(room_of[grid], 1e-9)
    return np.asarray(np.round(target[grid] * share).astype(np.int64))


def _market(
    grid: NDArray[np.int64],
    use: NDArray[np.int64],
    count: NDArray[np.int64],
    graph: tuple[NDArray[np.int32], NDArray[np.int32]],
    roomy: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Make one lot without homes a market: a special grid of its own with a few households."""
    for what in (PARK, OFFICE, SCHOOL, FIELD):
        lots = np.flatnonzero((use == what) & roomy)
        for lot in np.roll(lots, len(lots) // 2).tolist():
            other = grid.copy()
            other[lot] = grid.max() + 1
            rest = grid[lot] == other
            whole = len(np.unique(pieces(*graph, other.astype(np.int32))[rest])) == 1
            if whole:
                use[lot], count[lot] = MARKET, 18
                return other
    return grid


def _compounds(
    plan: StreetPlan,
    use: NDArray[np.int64],
    count: NDArray[np.int64],
    community: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Give each lot of flats its compound; some walls between lots are gone."""
    compound = np.full(len(use), -1, np.int64)
    flats = np.flatnonzero(use == FLATS)
    compound[flats] = np.arange(len(flats))
    sides, level = plan.ground.sides, plan.level
    between = (sides >= 0).all(axis=1) & (level == WALL)
    pairs = np.unique(np.sort(sides[between], axis=1), axis=0)
    pairs = pairs[(use[pairs] == FLATS).all(axis=1)]
    pairs = pairs[community[pairs[:, 0]] == community[pairs[:, 1]]]
    together = count[pairs].sum(axis=1)
    wanted = max(1, len(use) // 60)
    joined = _one_above(compound, pairs, count)
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
    return np.where(compound >= 0, np.unique(compound, return_inverse=True)[1] - 1, -1)


def _one_above(
    compound: NDArray[np.int64], pairs: NDArray[np.int64], count: NDArray[np.int64]
) -> set[int]:
    """Let one compound grow over its walls, lot by lot, until it has more than 1000 households."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    lots = np.unique(both[:, 0])
    for first in lots[np.argsort(-count[lots])].tolist():
        mine, size = {first}, int(count[first])
        while size <= 1_000:
            beside = [b for a, b in both.tolist() if a in mine and b not in mine]
            beside = [b for b in beside if size + count[b] <= 1_600]
            if not beside:
                break
            mine.add(max(beside, key=lambda b: (count[b], b)))
            size = int(count[list(mine)].sum())
        if size > 1_000:
            compound[list(mine)] = compound[first]
            return mine
    return set()
