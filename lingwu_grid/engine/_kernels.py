"""Numba kernels of the search: flat arrays in, flat arrays changed in place.

Buffers come in and are left clean; nothing is allocated in an inner loop. The plain faces stand
in :mod:`lingwu_grid.engine.moves`, :mod:`~lingwu_grid.engine.search` and
:mod:`~lingwu_grid.engine.start`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Part(NamedTuple):
    """An independent part of a town, units and zones numbered from 0; only open borders."""

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    edge_cost: NDArray[np.float64]
    """What it costs that a zone border runs along this entry."""
    households: NDArray[np.int64]
    home_indptr: NDArray[np.int32]
    home_zone: NDArray[np.int32]
    home_households: NDArray[np.int64]
    zone_now: NDArray[np.int32]
    """Today's zone of the ground; -1 for none."""
    is_fixed: NDArray[np.bool_]
    group: NDArray[np.int32]
    group_parts: NDArray[np.int32]
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    is_locked: NDArray[np.bool_]
    """Zones that neither give nor take."""
    home_community: NDArray[np.int32]
    """Today's community of each unit; -1 for none."""
    zone_community: NDArray[np.int32]
    """Community of each zone; -1 for a spare one that may come up anywhere."""


class State(NamedTuple):
    """An assignment and what follows from it."""

    zone: NDArray[np.int32]
    size: NDArray[np.int64]
    """Households of each zone."""
    group_count: NDArray[np.int32]
    """Units of each group in each zone, shape (n_groups, n_zones)."""
    parts: NDArray[np.int32]
    """Zones that each group is in, shape (n_groups,)."""


class Prices(NamedTuple):
    """What the search pays for, in households."""

    violation: float
    moved: float
    ground: float
    """A unit without households that leaves its grid."""
    border: float
    deviation: float
    community: float
    """A household whose community changes pays this on top."""


@njit(cache=True, nogil=True)
def draw(state: NDArray[np.uint64], n: int) -> int:
    """Draw a whole number below `n` (xorshift64*, Vigna 2016) and advance `state`."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return int((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % n


@njit(cache=True, nogil=True)
def rest_is_one_piece(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    zone: NDArray[np.int32],
    unit: int,
    queue: NDArray[np.int32],
    seen: NDArray[np.bool_],
) -> bool:
    """Tell whether the zone of `unit` stays in one piece without it."""
    # Walk the rest of the zone from one neighbour of `unit` until every other neighbour is met:
    # the cost is that of the hole, not of the town. `seen` comes in all False and is left so.
    wanted = 0
    met = 0
    head = 0
    tail = 0
    for e in range(indptr[unit], indptr[unit + 1]):
        v = indices[e]
        if zone[v] == zone[unit]:
            wanted += 1
            if wanted == 1:
                queue[0] = v
                seen[v] = True
                tail = 1
    while head < tail and met < wanted:
        u = queue[head]
        head += 1
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            if v == unit:
                met += 1
            elif zone[v] == zone[unit] and not seen[v]:
                queue[tail] = v
                seen[v] = True
                tail += 1
    for i in range(tail):
        seen[queue[i]] = False
    return met == wanted


@njit(cache=True, nogil=True)
def kept(part: Part, unit: int, zone: int) -> int:
    """Give the households of `unit` that are at home in `zone`."""
    for i in range(part.home_indptr[unit], part.home_indptr[unit + 1]):
        if part.home_zone[i] == zone:
            return int(part.home_households[i])
    return 0


@njit(cache=True, nogil=True)
def away(part: Part, unit: int, zone: int) -> int:
    """Give 1 if the unit's community would change in `zone`, else 0."""
    home = part.home_community[unit]
    return int(home >= 0 and part.zone_community[zone] != home)


@njit(cache=True, nogil=True)
def out_of_range(size: int, lower: int, upper: int) -> int:
    """Give the households a zone is out of range by; an empty zone is closed, not short."""
    if size == 0:
        return 0
    if size < lower:
        return lower - size
    return max(0, size - upper)


@njit(cache=True, nogil=True)
def size_price(part: Part, prices: Prices, zone: int, size: int) -> float:
    """Price the size of a zone: violation first, then distance from the middle of the range."""
    if size == 0:
        return 0.0
    short = out_of_range(size, part.lower[zone], part.upper[zone])
    middle = 0.5 * (part.lower[zone] + part.upper[zone])
    return float(prices.violation * short + prices.deviation * abs(size - middle))


@njit(cache=True, nogil=True)
def flip_price(part: Part, state: State, prices: Prices, unit: int, to: int) -> float:
    """Price the move of `unit` to zone `to`; negative is better. Cost: its neighbours."""
    here = state.zone[unit]
    h = part.households[unit]
    price = (
        size_price(part, prices, here, state.size[here] - h)
        - size_price(part, prices, here, state.size[here])
        + size_price(part, prices, to, state.size[to] + h)
        - size_price(part, prices, to, state.size[to])
    )
    price += prices.moved * (kept(part, unit, here) - kept(part, unit, to))
    price += prices.community * h * (away(part, unit, to) - away(part, unit, here))
    now = part.zone_now[unit]
    if now == here:
        price += prices.ground
    elif now == to:
        price -= prices.ground
    for e in range(part.indptr[unit], part.indptr[unit + 1]):
        z = state.zone[part.indices[e]]
        if z == here:
            price += prices.border * part.edge_cost[e]
        elif z == to:
            price -= prices.border * part.edge_cost[e]
    g = part.group[unit]
    if g >= 0:
        parts = state.parts[g]
        after = parts - (state.group_count[g, here] == 1) + (state.group_count[g, to] == 0)
        most = part.group_parts[g]
        # One part too many weighs like a hundred households out of range.
        price += 100.0 * prices.violation * (max(0, after - most) - max(0, parts - most))
    return float(price)


@njit(cache=True, nogil=True)
def flip(part: Part, state: State, unit: int, to: int) -> None:
    """Move `unit` to zone `to`."""
    here = state.zone[unit]
    state.zone[unit] = to
    state.size[here] -= part.households[unit]
    state.size[to] += part.households[unit]
    g = part.group[unit]
    if g >= 0:
        state.group_count[g, here] -= 1
        state.group_count[g, to] += 1
        state.parts[g] += (state.group_count[g, to] == 1) - (state.group_count[g, here] == 0)


@njit(cache=True, nogil=True)
def zone_short(part: Part, state: State, zone: int) -> int:
    """Give the households that one zone is out of range by today."""
    return out_of_range(state.size[zone], part.lower[zone], part.upper[zone])


@njit(cache=True, nogil=True)
def group_short(part: Part, state: State, group: int) -> int:
    """Give what a group's parts too many weigh: a hundred households each."""
    if group < 0:
        return 0
    return 100 * max(0, int(state.parts[group]) - int(part.group_parts[group]))


@njit(cache=True, nogil=True)
def whole_short(part: Part, state: State) -> int:
    """Give the households out of range in all, parts too many included."""
    short = 0
    for z in range(len(state.size)):
        short += zone_short(part, state, z)
    for g in range(len(part.group_parts)):
        short += group_short(part, state, g)
    return short


@njit(cache=True, nogil=True)
def whole_price(part: Part, state: State, prices: Prices) -> float:
    """Price an assignment from nothing, as the sum that :func:`flip_price` keeps up to date."""
    price = 0.0
    for z in range(len(state.size)):
        price += size_price(part, prices, z, state.size[z])
    for u in range(len(state.zone)):
        z = state.zone[u]
        price += prices.moved * (part.households[u] - kept(part, u, z))
        price += prices.community * part.households[u] * away(part, u, z)
        if part.zone_now[u] >= 0 and part.zone_now[u] != z:
            price += prices.ground
        for e in range(part.indptr[u], part.indptr[u + 1]):
            if state.zone[part.indices[e]] != z:
                price += 0.5 * prices.border * part.edge_cost[e]
    for g in range(len(part.group_parts)):
        parts = state.parts[g]
        price += 100.0 * prices.violation * max(0, parts - part.group_parts[g])
    return price


@njit(cache=True, nogil=True)
def anneal(
    part: Part,
    state: State,
    prices: Prices,
    hot: float,
    cold: float,
    steps: int,
    rng: NDArray[np.uint64],
    best_zone: NDArray[np.int32],
) -> float:
    """
    Anneal single flips over the zone borders; contiguity is a hard rule throughout.

    `best_zone` receives the best assignment seen: the least out of range first, then the
    cheapest. `state` is left at the last one. Returns the price of the best.
    """
    n = len(state.zone)
    queue = np.empty(n, np.int32)
    seen = np.zeros(n, np.bool_)
    price = whole_price(part, state, prices)
    short = whole_short(part, state)
    best = price
    best_short = short
    best_zone[:] = state.zone
    heat = hot
    for step in range(steps):
        if step % 256 == 0:
            heat = hot * (cold / hot) ** (step / steps)
        u = draw(rng, n)
        degree = part.indptr[u + 1] - part.indptr[u]
        if part.is_fixed[u] or degree == 0:
            continue
        here = state.zone[u]
        to = state.zone[part.indices[part.indptr[u] + draw(rng, degree)]]
        if to == here or part.is_locked[to] or part.is_locked[here]:
            continue
        delta = flip_price(part, state, prices, u, to)
        if delta > 0:
            chance = (draw(rng, 1 << 30) + 0.5) / (1 << 30)
            if chance >= np.exp(-delta / heat):
                continue
        if not rest_is_one_piece(part.indptr, part.indices, state.zone, u, queue, seen):
            continue
        g = part.group[u]
        short -= zone_short(part, state, here) + zone_short(part, state, to)
        short -= group_short(part, state, g)
        flip(part, state, u, to)
        price += delta
        short += zone_short(part, state, here) + zone_short(part, state, to)
        short += group_short(part, state, g)
        if short < best_short or (short == best_short and price < best - 1e-9):
            best = price
            best_short = short
            best_zone[:] = state.zone
    return best


@njit(cache=True, nogil=True)
def random_tree(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    member: NDArray[np.bool_],
    root: int,
    rng: NDArray[np.uint64],
    parent: NDArray[np.int32],
    order: NDArray[np.int32],
) -> int:
    """
    Draw a random spanning tree of the members reachable from `root` (Wilson 1996).

    `parent` and `order` (root first, parents before children) are filled; returns how many
    units the tree has. Expected cost: the mean hitting time of the walk.
    """
    n = len(indptr) - 1
    # Reach first, so that the walk below cannot wander for ever on a disconnected set.
    state = np.zeros(n, np.int8)  # 0 outside, 1 reachable, 2 in the tree
    state[root] = 1
    order[0] = root
    tail = 1
    head = 0
    while head < tail:
        u = order[head]
        head += 1
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            if member[v] and state[v] == 0:
                state[v] = 1
                order[tail] = v
                tail += 1
    parent[root] = -1
    state[root] = 2
    for i in range(1, tail):
        u = order[i]
        while state[u] != 2:
            degree = indptr[u + 1] - indptr[u]
            v = indices[indptr[u] + draw(rng, degree)]
            if state[v] == 0:
                continue
            parent[u] = v
            u = v
        u = order[i]
        while state[u] != 2:
            state[u] = 2
            u = parent[u]
    _parents_first(parent, order, tail)
    return tail


@njit(cache=True, nogil=True)
def _parents_first(parent: NDArray[np.int32], order: NDArray[np.int32], count: int) -> None:
    # Depth of every unit by walking up to a known depth, then a counting sort by depth.
    n = len(parent)
    depth = np.full(n, -1, np.int32)
    depth[order[0]] = 0
    deepest = 0
    for i in range(1, count):
        u = order[i]
        steps = 0
        while depth[u] < 0:
            u = parent[u]
            steps += 1
        top = depth[u] + steps
        deepest = max(deepest, top)
        u = order[i]
        while depth[u] < 0:
            depth[u] = top
            top -= 1
            u = parent[u]
    start = np.zeros(deepest + 2, np.int64)
    for i in range(count):
        start[depth[order[i]] + 1] += 1
    for d in range(deepest + 1):
        start[d + 1] += start[d]
    old = order[:count].copy()
    for i in range(count):
        u = old[i]
        order[start[depth[u]]] = u
        start[depth[u]] += 1


@njit(cache=True, nogil=True)
def cut_tree(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    weight: NDArray[np.int64],
    member: NDArray[np.bool_],
    root: int,
    zones: int,
    lower: int,
    upper: int,
    tries: int,
    rng: NDArray[np.uint64],
    side: NDArray[np.bool_],
) -> int:
    """
    Cut the members in two connected sides, for `first` and ``zones - first`` zones each in range.

    Random spanning trees are drawn until one has an edge whose removal leaves both sides
    lawful by count (DeFord, Duchin, Solomon 2021); the cut that misses least is kept otherwise.
    `side` marks the first side. Returns `first`.
    """
    n = len(indptr) - 1
    parent = np.empty(n, np.int32)
    order = np.empty(n, np.int32)
    below = np.empty(n, np.int64)
    best_miss = np.int64(1) << 60
    best_skew = zones
    best_first = 0
    for _ in range(tries):
        count = random_tree(indptr, indices, member, root, rng, parent, order)
        for i in range(count):
            below[order[i]] = weight[order[i]]
        for i in range(count - 1, 0, -1):
            below[parent[order[i]]] += below[order[i]]
        total = below[root]
        at = -1
        for i in range(1, count):
            inside = below[order[i]]
            first = min(max(round(inside * zones / max(total, 1)), 1), zones - 1)
            rest = zones - first
            miss = (
                max(0, first * lower - inside)
                + max(0, inside - first * upper)
                + max(0, rest * lower - (total - inside))
                + max(0, total - inside - rest * upper)
            )
            skew = abs(2 * first - zones)
            if miss < best_miss or (miss == best_miss and skew < best_skew):
                best_miss = miss
                best_skew = skew
                best_first = first
                at = i
        if at >= 0:
            side[:] = False
            side[order[at]] = True
            for i in range(at + 1, count):
                side[order[i]] = side[parent[order[i]]]
        if best_miss == 0 and best_skew <= max(1, zones // 3):
            break
    return best_first
