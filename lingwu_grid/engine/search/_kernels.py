"""Numba kernels of the score: flat arrays in, flat arrays changed in place.

What a plan costs, what one flip changes, and whether a zone stays in one piece. Moves, annealing
and spanning trees are in `_moves`, `_anneal` and `_trees`; their plain faces in `search`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search._compiled import borrowing
from lingwu_grid.engine.search._counts import FALL_AT, RISE, RISE_AT, TODAY, today
from lingwu_grid.lawful import ANY

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAULT = 100
"""Households that a part too many, a missed pin or two units not kept apart weigh."""


class Subproblem(NamedTuple):
    """
    An independent part of a town; units, zones and owners numbered from 0; only open borders.

    An owner is what a zone lies in: the community of a grid.
    """

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    edge_cost: NDArray[np.float64]
    """What it costs that a zone border runs along this entry."""
    households: NDArray[np.int64]
    counts: NDArray[np.int64]
    """The same with what may come and go in years to come, as :func:`packed` puts them."""
    measure: NDArray[np.float64]
    """A second count of each unit, less its share of households: even when zones sum to 0."""
    home_indptr: NDArray[np.int32]
    home_zone: NDArray[np.int32]
    home_households: NDArray[np.int64]
    zone_now: NDArray[np.int32]
    """Today's zone of the ground; -1 for none."""
    is_fixed: NDArray[np.bool_]
    pin: NDArray[np.int32]
    """The zone a unit must be in; -1 for any."""
    group: NDArray[np.int32]
    group_parts: NDArray[np.int32]
    apart_indptr: NDArray[np.int32]
    apart: NDArray[np.int32]
    """Units that must not share a zone with this one, CSR."""
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    is_locked: NDArray[np.bool_]
    """Zones that neither give nor take."""
    zone_owner: NDArray[np.int32]
    home_owner: NDArray[np.int32]
    """Today's owner of each unit; -1 for none, -2 for one outside the part."""
    owner_lower: NDArray[np.int64]
    owner_upper: NDArray[np.int64]
    owner_zones: NDArray[np.int64]
    """Zones with households that each owner should have; -1 for any number."""
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    """A point of each unit, metres."""
    drawn: NDArray[np.int32]
    """Units that moves are drawn from."""


class State(NamedTuple):
    """An assignment and what follows from it."""

    zone: NDArray[np.int32]
    size: NDArray[np.int64]
    """Households of each zone, packed."""
    measure: NDArray[np.float64]
    """Second measure of each zone."""
    group_count: NDArray[np.int32]
    """Units of each group in each zone, shape (n_groups, n_zones)."""
    parts: NDArray[np.int32]
    """Zones that each group is in, shape (n_groups,)."""
    zone_owner: NDArray[np.int32]
    owner: NDArray[np.int32]
    """Owner of each unit."""
    owner_size: NDArray[np.int64]
    """Households of each owner, packed."""
    owner_count: NDArray[np.int64]
    """Zones with households of each owner."""


class Prices(NamedTuple):
    """What the search pays for, in households."""

    violation: float
    moved: float
    ground: float
    """A unit that leaves its grid, households apart."""
    border: float
    deviation: float
    community: float
    """A household whose community changes pays this on top."""
    measure: float
    """One of the second measure that a zone has too many or too few."""
    owner: float
    """A household that an owner is out of range by, in households of a zone."""
    zones: float
    """A zone that an owner has too many or too few."""
    tight: float
    """A zone or an owner within a hundredth of its minimum or maximum."""


@borrowing
def draw(state: NDArray[np.uint64], n: int) -> int:
    """Draw a whole number below `n` (xorshift64*, Vigna 2016) and advance `state`."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return int((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % n


@borrowing
def chance(state: NDArray[np.uint64]) -> float:
    """Draw a number between 0 and 1, neither of them."""
    return (draw(state, 1 << 30) + 0.5) / (1 << 30)


@borrowing
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


@borrowing
def kept(part: Subproblem, unit: int, zone: int) -> int:
    """Give the households of `unit` that are at home in `zone`."""
    for i in range(part.home_indptr[unit], part.home_indptr[unit + 1]):
        if part.home_zone[i] == zone:
            return int(part.home_households[i])
    return 0


@borrowing
def away(part: Subproblem, unit: int, owner: int) -> int:
    """Give 1 if the unit's community would change with `owner`, else 0."""
    home = part.home_owner[unit]
    return int(home != -1 and owner != home)


@borrowing
def out_of_range(count: int, lower: int, upper: int) -> int:
    """Give the households a zone is, or will be, out of range by; an empty one is closed."""
    size = count & TODAY
    if size == 0:
        return 0
    least = size - (count >> FALL_AT)
    most = size + ((count >> RISE_AT) & RISE)
    return max(0, lower - least) + max(0, most - upper)


@borrowing
def is_tight(size: int, lower: int, upper: int) -> bool:
    """Tell whether a count in range is within a hundredth of a bound, as `lawful` does."""
    if size < lower or size > upper:
        return False
    near_lower = lower > 0 and 100 * (size - lower) <= lower
    return near_lower or (upper < ANY and 100 * (upper - size) <= upper)


@borrowing
def size_price(part: Subproblem, prices: Prices, zone: int, count: int) -> float:
    """Price the size of a zone: violation first, then distance from the middle of the range."""
    size = count & TODAY
    if size == 0:
        return 0.0
    short = out_of_range(count, part.lower[zone], part.upper[zone])
    middle = 0.5 * (part.lower[zone] + part.upper[zone])
    price = prices.violation * short + prices.deviation * abs(size - middle)
    if is_tight(size, part.lower[zone], part.upper[zone]):
        price += prices.tight
    return float(price)


@borrowing
def owner_short(part: Subproblem, owner: int, count: int) -> int:
    """Give the households an owner with this many is out of range by."""
    return out_of_range(count, part.owner_lower[owner], part.owner_upper[owner])


@borrowing
def owner_size_price(part: Subproblem, prices: Prices, owner: int, count: int) -> float:
    """Price the households of an owner, as :func:`size_price` does those of a zone."""
    size = count & TODAY
    if size == 0:
        return 0.0
    lower, upper = part.owner_lower[owner], part.owner_upper[owner]
    price = prices.violation * prices.owner * out_of_range(count, lower, upper)
    if is_tight(size, lower, upper):
        price += prices.tight
    return float(price)


@borrowing
def owner_price(part: Subproblem, state: State, prices: Prices, unit: int, a: int, b: int) -> float:
    """Price the change of owner of one unit, from `a` to `b`."""
    h = int(part.counts[unit])
    price = (
        owner_size_price(part, prices, a, state.owner_size[a] - h)
        - owner_size_price(part, prices, a, state.owner_size[a])
        + owner_size_price(part, prices, b, state.owner_size[b] + h)
        - owner_size_price(part, prices, b, state.owner_size[b])
    )
    change = away(part, unit, b) - away(part, unit, a)
    return float(price + prices.community * part.households[unit] * change)


@borrowing
def count_price(part: Subproblem, prices: Prices, owner: int, count: int) -> float:
    """Price the number of zones of an owner."""
    wanted = part.owner_zones[owner]
    return float(prices.zones * abs(count - wanted)) if wanted >= 0 else 0.0


@borrowing
def more_zones_price(
    part: Subproblem, state: State, prices: Prices, owner: int, zones: int
) -> float:
    """Price `zones` more zones of an owner; negative is better."""
    count = int(state.owner_count[owner])
    return count_price(part, prices, owner, count + zones) - count_price(part, prices, owner, count)


@borrowing
def flip_count_price(
    part: Subproblem, state: State, prices: Prices, unit: int, here: int, to: int
) -> float:
    """Price the zones that a move opens or closes."""
    h = part.households[unit]
    if h == 0 or prices.zones == 0.0:
        return 0.0
    a, b = int(state.zone_owner[here]), int(state.zone_owner[to])
    closes, opens = int(today(state.size[here]) == h), int(today(state.size[to]) == 0)
    if a == b:
        return more_zones_price(part, state, prices, a, opens - closes)
    return more_zones_price(part, state, prices, a, -closes) + more_zones_price(
        part, state, prices, b, opens
    )


@borrowing
def fault_change(part: Subproblem, state: State, unit: int, to: int) -> int:
    """Give the faults (parts too many, missed pins, units not apart) that a move adds."""
    here = int(state.zone[unit])
    more = 0
    g = part.group[unit]
    if g >= 0:
        parts = state.parts[g]
        after = parts - (state.group_count[g, here] == 1) + (state.group_count[g, to] == 0)
        most = part.group_parts[g]
        more += max(0, after - most) - max(0, parts - most)
    pin = part.pin[unit]
    if pin >= 0:
        more += int(to != pin) - int(here != pin)
    for i in range(part.apart_indptr[unit], part.apart_indptr[unit + 1]):
        z = state.zone[part.apart[i]]
        more += int(z == to) - int(z == here)
    return more


@borrowing
def flip_price(part: Subproblem, state: State, prices: Prices, unit: int, to: int) -> float:
    """Price the move of `unit` to zone `to`; negative is better. Cost: its neighbours."""
    here = int(state.zone[unit])
    h = int(part.counts[unit])
    price = (
        size_price(part, prices, here, state.size[here] - h)
        - size_price(part, prices, here, state.size[here])
        + size_price(part, prices, to, state.size[to] + h)
        - size_price(part, prices, to, state.size[to])
    )
    a, b = int(state.zone_owner[here]), int(state.zone_owner[to])
    if a != b:
        price += owner_price(part, state, prices, unit, a, b)
    price += flip_count_price(part, state, prices, unit, here, to)
    price += prices.moved * (kept(part, unit, here) - kept(part, unit, to))
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
    if prices.measure > 0:
        m = part.measure[unit]
        price += prices.measure * (
            abs(state.measure[here] - m)
            - abs(state.measure[here])
            + abs(state.measure[to] + m)
            - abs(state.measure[to])
        )
    return float(price + FAULT * prices.violation * fault_change(part, state, unit, to))


@borrowing
def flip_short(part: Subproblem, state: State, unit: int, to: int) -> int:
    """Give the households out of range, faults included, that a move adds."""
    here = int(state.zone[unit])
    h = int(part.counts[unit])
    more = (
        out_of_range(state.size[here] - h, part.lower[here], part.upper[here])
        - out_of_range(state.size[here], part.lower[here], part.upper[here])
        + out_of_range(state.size[to] + h, part.lower[to], part.upper[to])
        - out_of_range(state.size[to], part.lower[to], part.upper[to])
    )
    a, b = int(state.zone_owner[here]), int(state.zone_owner[to])
    if a != b:
        more += (
            owner_short(part, a, state.owner_size[a] - h)
            - owner_short(part, a, state.owner_size[a])
            + owner_short(part, b, state.owner_size[b] + h)
            - owner_short(part, b, state.owner_size[b])
        )
    return int(more + FAULT * fault_change(part, state, unit, to))


@borrowing
def flip(part: Subproblem, state: State, unit: int, to: int) -> None:
    """Move `unit` to zone `to`."""
    here = int(state.zone[unit])
    h, lived_in = int(part.counts[unit]), int(part.households[unit])
    state.zone[unit] = to
    if lived_in > 0:
        state.owner_count[state.zone_owner[here]] -= int(today(state.size[here]) == lived_in)
        state.owner_count[state.zone_owner[to]] += int(today(state.size[to]) == 0)
    state.size[here] -= h
    state.size[to] += h
    state.measure[here] -= part.measure[unit]
    state.measure[to] += part.measure[unit]
    a, b = int(state.zone_owner[here]), int(state.zone_owner[to])
    if a != b:
        state.owner[unit] = b
        state.owner_size[a] -= h
        state.owner_size[b] += h
    g = part.group[unit]
    if g >= 0:
        state.group_count[g, here] -= 1
        state.group_count[g, to] += 1
        state.parts[g] += (state.group_count[g, to] == 1) - (state.group_count[g, here] == 0)


@borrowing
def whole_faults(part: Subproblem, state: State) -> int:
    """Count parts too many of groups, missed pins and pairs not apart."""
    faults = 0
    for g in range(len(part.group_parts)):
        faults += max(0, int(state.parts[g]) - int(part.group_parts[g]))
    twice = 0
    for u in range(len(state.zone)):
        faults += int(part.pin[u] >= 0 and part.pin[u] != state.zone[u])
        for i in range(part.apart_indptr[u], part.apart_indptr[u + 1]):
            twice += int(state.zone[part.apart[i]] == state.zone[u])
    return faults + twice // 2


@borrowing
def whole_short(part: Subproblem, state: State) -> int:
    """Give the households out of range in all, faults included."""
    short = FAULT * whole_faults(part, state)
    for z in range(len(state.size)):
        short += out_of_range(state.size[z], part.lower[z], part.upper[z])
    for c in range(len(state.owner_size)):
        short += owner_short(part, c, state.owner_size[c])
    return short


@borrowing
def stay_price(part: Subproblem, state: State, prices: Prices, unit: int, zone: int) -> float:
    """Price what a unit pays for being in a zone, sizes and borders apart."""
    h = part.households[unit]
    price = prices.moved * (h - kept(part, unit, zone))
    price += prices.community * h * away(part, unit, int(state.zone_owner[zone]))
    if part.zone_now[unit] >= 0 and part.zone_now[unit] != zone:
        price += prices.ground
    return float(price)


@borrowing
def whole_price(part: Subproblem, state: State, prices: Prices) -> float:
    """Price an assignment from nothing, as the sum that :func:`flip_price` keeps up to date."""
    price = FAULT * prices.violation * whole_faults(part, state)
    for z in range(len(state.size)):
        price += size_price(part, prices, z, state.size[z])
        price += prices.measure * abs(state.measure[z])
    for c in range(len(state.owner_size)):
        price += owner_size_price(part, prices, c, state.owner_size[c])
        price += count_price(part, prices, c, state.owner_count[c])
    for u in range(len(state.zone)):
        z = int(state.zone[u])
        price += stay_price(part, state, prices, u, z)
        for e in range(part.indptr[u], part.indptr[u + 1]):
            if state.zone[part.indices[e]] != z:
                price += 0.5 * prices.border * part.edge_cost[e]
    return price
