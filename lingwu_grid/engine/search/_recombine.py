"""Numba kernels of recombination: two zones cut anew along many random spanning trees.

A tree is drawn so that it seldom crosses a line; every edge of it is a cut, and all cuts of a
tree are priced in one walk from the leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.search._compiled import borrowing, kernel
from lingwu_grid.engine.search._counts import today
from lingwu_grid.engine.search._kernels import (
    Prices,
    State,
    Subproblem,
    chance,
    draw,
    owner_size_price,
    size_price,
    stay_price,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLAT, STRIPED, KINDS = 0, 1, 4
"""Kinds of trees in turn: without regard to lines, in stripes, and twice by lines alone."""

LEAST_COST = 2.0
"""Price of an edge on a line, in the odds that a tree crosses it."""


@kernel
def _grow(
    part: Subproblem,
    units: NDArray[np.int32],
    local: NDArray[np.int32],
    kind: int,
    rng: NDArray[np.uint64],
    parent: NDArray[np.int32],
    order: NDArray[np.int32],
) -> int:
    # Prim (1957) over random weights: an edge inside a block joins early, one over a line late.
    # A striped tree joins what lies side by side first: its cuts are straight across.
    n = len(units)
    angle = np.pi * chance(rng)
    across_x, across_y = np.cos(angle), np.sin(angle)
    best = np.full(n, np.inf)
    parent[:] = -1
    done = np.zeros(n, np.bool_)
    # Only what touches the tree is looked at: some dozens of hundreds.
    edge, wide = np.empty(n, np.int32), 1
    edge[0] = draw(rng, n)
    best[edge[0]] = 0.0
    for count in range(n):
        if wide == 0:
            return count
        place = 0
        for i in range(1, wide):
            if best[edge[i]] < best[edge[place]]:
                place = i
        at = edge[place]
        wide -= 1
        edge[place] = edge[wide]
        done[at] = True
        order[count] = at
        u = units[at]
        for e in range(part.indptr[u], part.indptr[u + 1]):
            j = local[part.indices[e]]
            if j < 0 or done[j]:
                continue
            weight = -np.log(chance(rng))
            if kind == STRIPED:
                v = part.indices[e]
                dx, dy = part.x[v] - part.x[u], part.y[v] - part.y[u]
                along = abs(dx * across_x + dy * across_y) / (np.hypot(dx, dy) + 1e-9)
                weight = (along + 0.02) * (0.5 + weight)
            if kind != FLAT:
                weight /= part.edge_cost[e] + LEAST_COST
            if weight < best[j]:
                if best[j] == np.inf:
                    edge[wide] = j
                    wide += 1
                best[j] = weight
                parent[j] = at
    return n


@borrowing
def _meeting(parent: NDArray[np.int32], depth: NDArray[np.int32], i: int, j: int) -> int:
    while i != j:
        if depth[i] >= depth[j]:
            i = int(parent[i])
        else:
            j = int(parent[j])
    return i


@borrowing
def pair_price(
    part: Subproblem, state: State, prices: Prices, a: int, b: int, size_a: int, total: int
) -> float:
    """Price the sizes of two zones, and of their owners, that share `total` (packed counts)."""
    size_b = total - size_a
    if today(size_a) == 0 or today(size_b) == 0:
        return np.inf
    price = size_price(part, prices, a, size_a) + size_price(part, prices, b, size_b)
    p, q = int(state.zone_owner[a]), int(state.zone_owner[b])
    if p != q:
        rest_p = int(state.owner_size[p] - state.size[a])
        rest_q = int(state.owner_size[q] - state.size[b])
        price += owner_size_price(part, prices, p, rest_p + size_a)
        price += owner_size_price(part, prices, q, rest_q + size_b)
    return float(price)


@kernel
def _sizes_priced(
    part: Subproblem, state: State, prices: Prices, a: int, b: int, total: int
) -> NDArray[np.float64]:
    # A call that hands a part over costs more than what it works out: each size once, not each
    # cut. Where households are to come or go, sizes are too many to price beforehand.
    sized = np.empty(total + 1 if today(total) == total else 0)
    for size in range(len(sized)):
        sized[size] = pair_price(part, state, prices, a, b, size, total)
    return sized


@kernel
def _mark(
    row: NDArray[np.bool_], at: int, parent: NDArray[np.int32], order: NDArray[np.int32]
) -> None:
    """Mark what hangs below the edge over the `at`-th node of a tree."""
    row[:] = False
    row[order[at]] = True
    for k in range(at + 1, len(order)):
        row[order[k]] = row[order[k]] or row[parent[order[k]]]


@kernel
def cut_pair(
    part: Subproblem,
    state: State,
    prices: Prices,
    a: int,
    b: int,
    units: NDArray[np.int32],
    local: NDArray[np.int32],
    rng: NDArray[np.uint64],
    found: NDArray[np.bool_],
    price: NDArray[np.float64],
) -> None:
    """
    Cut the units of two zones anew along random trees; give the cheapest cut of each tree.

    Parameters
    ----------
    units
        The units of both zones.
    local
        Scratch of the part, all -1; left so.
    found
        Rows receive the units that are to be in `a`, shape (trees, n).
    price
        Receives what each row costs, the same terms for all cuts of the pair; inf for none.
    """
    n = len(units)
    for i in range(n):
        local[units[i]] = i
    in_a, in_b = np.empty(n), np.empty(n)
    total, cost_b = 0, 0.0
    for i in range(n):
        u = int(units[i])
        in_a[i] = stay_price(part, state, prices, u, a)
        in_b[i] = stay_price(part, state, prices, u, b)
        total += part.counts[u]
        cost_b += in_b[i]
    cost_a = in_a.sum()
    sized = _sizes_priced(part, state, prices, a, b, total)
    parent, order, depth = np.empty(n, np.int32), np.empty(n, np.int32), np.zeros(n, np.int32)
    below = np.empty(n, np.int64)
    border, gain = np.empty(n), np.empty(n)
    for tree in range(len(price)):
        price[tree] = np.inf
        if _grow(part, units, local, tree % KINDS, rng, parent, order) < n:
            continue
        for k in range(n):
            i = order[k]
            depth[i] = 0 if k == 0 else depth[parent[i]] + 1
            below[i] = part.counts[units[i]]
            gain[i] = in_a[i] - in_b[i]
            border[i] = 0.0
        for i in range(n):
            u = units[i]
            for e in range(part.indptr[u], part.indptr[u + 1]):
                j = local[part.indices[e]]
                if j > i:
                    cost = prices.border * part.edge_cost[e]
                    border[i] += cost
                    border[j] += cost
                    border[_meeting(parent, depth, i, int(j))] -= 2 * cost
        for k in range(n - 1, 0, -1):
            i = order[k]
            below[parent[i]] += below[i]
            gain[parent[i]] += gain[i]
            border[parent[i]] += border[i]
        best, to_a = -1, True
        for k in range(1, n):
            i = order[k]
            rest = total - below[i]
            if len(sized):
                one, other = sized[below[i]], sized[rest]
            else:
                one = pair_price(part, state, prices, a, b, below[i], total)
                other = pair_price(part, state, prices, a, b, rest, total)
            one += border[i] + cost_b + gain[i]
            other += border[i] + cost_a - gain[i]
            if min(one, other) < price[tree]:
                price[tree] = min(one, other)
                best, to_a = k, one <= other
        if best >= 0:
            _mark(found[tree], best, parent, order)
            if not to_a:
                found[tree] = ~found[tree]
    for i in range(n):
        local[units[i]] = -1
