"""Numba kernels of spanning trees: random trees and balanced cuts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.search._compiled import kernel
from lingwu_grid.engine.search._kernels import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
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
            degree = int(indptr[u + 1] - indptr[u])
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


@kernel
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


@kernel
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
