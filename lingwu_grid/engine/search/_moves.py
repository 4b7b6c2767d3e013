"""Numba kernels of the moves: flip, chain (swap), cluster, merge-split, whole zone.

Contiguity is a hard rule of every move; ranges are priced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search._compiled import borrowing, kernel
from lingwu_grid.engine.search._counts import today
from lingwu_grid.engine.search._kernels import (
    Prices,
    State,
    Subproblem,
    away,
    draw,
    flip,
    flip_price,
    flip_short,
    kept,
    more_zones_price,
    owner_short,
    owner_size_price,
    rest_is_one_piece,
)
from lingwu_grid.engine.search._trees import cut_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHAIN = 3
"""Most flips of a chain: two make a swap or an ejection, three a rotation."""

CLUSTER = 24
"""Most units that may go along with one that holds them to their zone."""


FAR = 4
"""Empty units (a street, a green) that a unit may reach over; the buffers have room for them."""

LARGE = 400
"""Units of a part above which moves that walk all of it become rarer."""


class Scratch(NamedTuple):
    """Buffers of the moves, of one part; `seen` and `side` are left all False."""

    queue: NDArray[np.int32]
    seen: NDArray[np.bool_]
    side: NDArray[np.bool_]
    member: NDArray[np.bool_]
    done_unit: NDArray[np.int32]
    done_from: NDArray[np.int32]
    """What a move did, to undo it: a unit and where it was; or -1 - zone and its owner."""


@kernel
def new_scratch(n: int) -> Scratch:
    """Make the buffers for a part of `n` units; a merge-split may touch all of them."""
    return Scratch(
        np.empty(n + 1, np.int32), np.zeros(n, np.bool_), np.zeros(n, np.bool_),
        np.zeros(n, np.bool_), np.empty(n + FAR, np.int32), np.empty(n + FAR, np.int32),
    )  # fmt: skip


class Change(NamedTuple):
    """What a move did: entries in the scratch, price and households out of range added."""

    entries: int
    price: float
    short: int


@borrowing
def may_leave(part: Subproblem, state: State, scratch: Scratch, unit: int, to: int) -> bool:
    """Tell whether zone and owner of `unit` stay in one piece when it goes to `to`."""
    queue, seen = scratch.queue, scratch.seen
    if not rest_is_one_piece(part.indptr, part.indices, state.zone, unit, queue, seen):
        return False
    if state.zone_owner[to] == state.owner[unit]:
        return True
    return rest_is_one_piece(part.indptr, part.indices, state.owner, unit, queue, seen)


@borrowing
def touches(part: Subproblem, state: State, unit: int, zone: int) -> bool:
    """Tell whether a unit has a neighbour in a zone."""
    for e in range(part.indptr[unit], part.indptr[unit + 1]):
        if state.zone[part.indices[e]] == zone:
            return True
    return False


@borrowing
def some_neighbour(part: Subproblem, state: State, unit: int, rng: NDArray[np.uint64]) -> int:
    """Draw the zone of a neighbour that may take the unit; -1 if the one drawn may not."""
    degree = int(part.indptr[unit + 1] - part.indptr[unit])
    if degree == 0 or part.is_fixed[unit]:
        return -1
    to = state.zone[part.indices[part.indptr[unit] + draw(rng, degree)]]
    here = int(state.zone[unit])
    if to == here or part.is_locked[to] or part.is_locked[here]:
        return -1
    return to


@borrowing
def do_flip(
    part: Subproblem,
    state: State,
    prices: Prices,
    scratch: Scratch,
    change: Change,
    unit: int,
    to: int,
) -> Change:
    """Flip a unit and write it down."""
    price = change.price + flip_price(part, state, prices, unit, to)
    short = change.short + flip_short(part, state, unit, to)
    scratch.done_unit[change.entries] = unit
    scratch.done_from[change.entries] = state.zone[unit]
    flip(part, state, unit, to)
    return Change(change.entries + 1, price, short)


@borrowing
def undo(part: Subproblem, state: State, scratch: Scratch, count: int) -> None:
    """Take a move back."""
    for i in range(count - 1, -1, -1):
        _put_back(part, state, int(scratch.done_unit[i]), int(scratch.done_from[i]))


@borrowing
def _put_back(part: Subproblem, state: State, unit: int, before: int) -> None:
    if unit >= 0:
        flip(part, state, unit, before)
    else:
        give_zone(state, -1 - unit, before)


@borrowing
def give_zone(state: State, zone: int, owner: int) -> None:
    """Give a whole zone to another owner."""
    state.owner_size[state.zone_owner[zone]] -= state.size[zone]
    state.owner_size[owner] += state.size[zone]
    is_open = int(today(state.size[zone]) > 0)
    state.owner_count[state.zone_owner[zone]] -= is_open
    state.owner_count[owner] += is_open
    state.zone_owner[zone] = owner
    for u in range(len(state.zone)):
        if state.zone[u] == zone:
            state.owner[u] = owner


@borrowing
def chain(
    part: Subproblem, state: State, prices: Prices, scratch: Scratch, unit: int, to: int,
    rng: NDArray[np.uint64],
) -> Change:  # fmt: skip
    """
    Flip a unit, then one that lies in the zone it went to, up to three: a swap, or an ejection.

    The chain ends as soon as it pays. What was done stays done; the caller undoes it.
    """
    change = Change(0, 0.0, 0)
    if not may_leave(part, state, scratch, unit, to):
        return change
    change = do_flip(part, state, prices, scratch, change, unit, to)
    while change.entries < CHAIN and change.price >= 0:
        zone = int(state.zone[unit])
        # A unit near the last one, of the zone that has just grown.
        next_unit = -1
        at = unit
        for _ in range(6):
            degree = int(part.indptr[at + 1] - part.indptr[at])
            v = int(part.indices[part.indptr[at] + draw(rng, degree)])
            if state.zone[v] != zone:
                continue
            at = v
            if v == unit or part.is_fixed[v]:
                continue
            goal = some_neighbour(part, state, v, rng)
            if goal >= 0 and may_leave(part, state, scratch, v, goal):
                next_unit = v
                change = do_flip(part, state, prices, scratch, change, v, goal)
                break
        if next_unit < 0:
            break
        unit = next_unit
    return change


@borrowing
def take_neighbours(
    part: Subproblem, state: State, unit: int, queue: NDArray[np.int32], seen: NDArray[np.bool_],
    total: int,
) -> int:  # fmt: skip
    """Queue the neighbours of a unit in its own zone that were not seen; give the new total."""
    for f in range(part.indptr[unit], part.indptr[unit + 1]):
        w = part.indices[f]
        if state.zone[w] == state.zone[unit] and not seen[w]:
            seen[w] = True
            queue[total] = w
            total += 1
    return total


@borrowing
def cluster(
    part: Subproblem, state: State, prices: Prices, scratch: Scratch, unit: int, to: int
) -> Change:
    """
    Flip a unit together with the small pieces of its zone that hang on it.

    The largest piece stays; nothing is done where the others are many.
    """
    change = Change(0, 0.0, 0)
    here = int(state.zone[unit])
    if state.zone_owner[to] != state.zone_owner[here]:
        return change
    queue, seen = scratch.queue, scratch.seen
    seen[unit] = True
    queue[0] = unit
    total = 1
    large = 0
    for e in range(part.indptr[unit], part.indptr[unit + 1]):
        v = part.indices[e]
        if state.zone[v] != here or seen[v]:
            continue
        first = total
        head = total
        queue[total] = v
        seen[v] = True
        total += 1
        while head < total and total - first <= CLUSTER:
            u = queue[head]
            head += 1
            total = take_neighbours(part, state, u, queue, seen, total)
        if head < total or total - first > CLUSTER:
            # A large piece: it stays. Forget it, but stay off what was seen of it.
            large += 1
            for i in range(first, total):
                seen[queue[i]] = False
            total = first
            if large > 1:
                break
    for i in range(total):
        seen[queue[i]] = False
    if large != 1:
        return change
    for i in range(total):
        if part.is_fixed[queue[i]]:
            return change
    for i in range(total):
        change = do_flip(part, state, prices, scratch, change, int(queue[i]), to)
    return change


@kernel
def merge_split(
    part: Subproblem, state: State, prices: Prices, scratch: Scratch, unit: int, to: int,
    rng: NDArray[np.uint64],
) -> Change:  # fmt: skip
    """Cut two touching zones of one owner anew by a random spanning tree (ReCom)."""
    change = Change(0, 0.0, 0)
    here = int(state.zone[unit])
    if state.zone_owner[to] != state.zone_owner[here]:
        return change
    for u in range(len(state.zone)):
        scratch.member[u] = state.zone[u] == here or state.zone[u] == to
    lower = min(part.lower[here], part.lower[to])
    upper = max(part.upper[here], part.upper[to])
    cut_tree(
        part.indptr, part.indices, part.households, scratch.member, unit, 2, lower, upper, 1, rng,
        scratch.side,
    )  # fmt: skip
    same = 0
    for u in range(len(state.zone)):
        if scratch.member[u]:
            at_home = kept(part, u, here) - kept(part, u, to)
            same += at_home if scratch.side[u] else -at_home
    for u in range(len(state.zone)):
        goal = here if scratch.side[u] == (same >= 0) else to
        if not scratch.member[u] or goal == state.zone[u]:
            continue
        if part.is_fixed[u]:
            undo(part, state, scratch, change.entries)
            scratch.side[:] = False
            return Change(0, 0.0, 0)
        change = do_flip(part, state, prices, scratch, change, u, goal)
    scratch.side[:] = False
    return change


@borrowing
def whole_zone(
    part: Subproblem, state: State, prices: Prices, scratch: Scratch, unit: int, to: int
) -> Change:
    """Give the zone of `unit` to the owner of zone `to`, if its own owner stays in one piece."""
    change = Change(0, 0.0, 0)
    zone = int(state.zone[unit])
    a, b = int(state.zone_owner[zone]), int(state.zone_owner[to])
    if a == b or part.is_locked[zone]:
        return change
    price = 0.0
    for u in range(len(state.zone)):
        if state.zone[u] == zone:
            price += prices.community * part.households[u] * (away(part, u, b) - away(part, u, a))
    if not _owner_is_one_piece_without(part, state, scratch, zone):
        return change
    size, size_a, size_b = state.size[zone], state.owner_size[a], state.owner_size[b]
    price += owner_size_price(part, prices, a, size_a - size)
    price -= owner_size_price(part, prices, a, size_a)
    price += owner_size_price(part, prices, b, size_b + size)
    price -= owner_size_price(part, prices, b, size_b)
    short = owner_short(part, a, size_a - size) - owner_short(part, a, size_a)
    short += owner_short(part, b, size_b + size) - owner_short(part, b, size_b)
    if today(state.size[zone]) > 0:
        price += more_zones_price(part, state, prices, a, -1)
        price += more_zones_price(part, state, prices, b, 1)
    scratch.done_unit[0] = -1 - zone
    scratch.done_from[0] = a
    give_zone(state, zone, b)
    return Change(1, price, short)


@borrowing
def _owner_is_one_piece_without(
    part: Subproblem, state: State, scratch: Scratch, zone: int
) -> bool:
    owner = int(state.zone_owner[zone])
    queue, seen = scratch.queue, scratch.seen
    wanted = 0
    tail = 0
    for u in range(len(state.zone)):
        if state.owner[u] == owner and state.zone[u] != zone:
            wanted += 1
            if tail == 0:
                queue[0] = u
                seen[u] = True
                tail = 1
    head = 0
    while head < tail:
        u = queue[head]
        head += 1
        for e in range(part.indptr[u], part.indptr[u + 1]):
            v = part.indices[e]
            if state.owner[v] == owner and state.zone[v] != zone and not seen[v]:
                seen[v] = True
                queue[tail] = v
                tail += 1
    for i in range(tail):
        seen[queue[i]] = False
    return tail == wanted


@borrowing
def attempt(
    part: Subproblem, state: State, prices: Prices, scratch: Scratch, rng: NDArray[np.uint64]
) -> Change:
    """Draw a move and do it; the caller keeps it or undoes it."""
    change = Change(0, 0.0, 0)
    unit = int(part.drawn[draw(rng, len(part.drawn))])
    to = some_neighbour(part, state, unit, rng)
    if to < 0:
        return change
    kind = draw(rng, 8192)
    if kind < 4:
        # These walk the whole part: the rarer, the larger it is.
        if draw(rng, len(state.zone)) >= LARGE:
            return change
        if kind == 0:
            return merge_split(part, state, prices, scratch, unit, to, rng)
        return whole_zone(part, state, prices, scratch, unit, to)
    if kind < 512:
        return chain(part, state, prices, scratch, unit, to, rng)
    now = int(part.zone_now[unit])
    is_away = now >= 0 and now != state.zone[unit] and not part.is_locked[now]
    if kind < 1536 and is_away and touches(part, state, unit, now):
        to = now  # back to today's zone
    if may_leave(part, state, scratch, unit, to):
        return do_flip(part, state, prices, scratch, change, unit, to)
    if kind < 2048:
        return cluster(part, state, prices, scratch, unit, to)
    return change
