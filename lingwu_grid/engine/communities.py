"""The upper level: communities are brought into range by whole grids, with the fewest moves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.exact import Instance, solve_exact
from lingwu_grid.engine.mend import sub_graph
from lingwu_grid.engine.start import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.problem import Problem

REACH = 2
"""How many grids away from its own a community may take a grid."""

NODE_LIMIT = 400
GAP = 0.01
"""Of the model of communities: whole grids are coarse, a hundredth is less than one grid."""

CORES = 6
"""Choices of cores that the communities may grow from."""


def zone_graph(
    problem: Problem, zone: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give which zones touch over an open border, as CSR over zone numbers."""
    graph = problem.graph
    n = int(zone.max()) + 1
    a = zone[sources(graph.indptr)[graph.is_open]].astype(np.int64)
    b = zone[graph.indices[graph.is_open]]
    pairs = np.unique(a[a != b] * n + b[a != b])
    degree = np.bincount(pairs // n, minlength=n)
    return np.concatenate([[0], degree.cumsum()]).astype(np.int32), (pairs % n).astype(np.int32)


def settle_communities(
    problem: Problem, zone: NDArray[np.int32], today: NDArray[np.int32]
) -> NDArray[np.int32]:
    """
    Bring communities into range by whole grids, changing the fewest households.

    Streets are solved one by one: no grid crosses a street's limit.

    Parameters
    ----------
    problem
        Bounds of communities, weights and locks.
    zone
        Zone of each unit, every zone in one piece, shape (n,).
    today
        Community of each zone, shape (n_zones,); -1 where unknown.

    Returns
    -------
    NDArray[np.int32]
        Community of each zone, shape (n_zones,); every community in one piece if that was
        possible at all.
    """
    graph = problem.graph
    indptr, indices = zone_graph(problem, zone)
    size = np.bincount(zone, graph.households).astype(np.int64)
    present = np.bincount(zone, minlength=len(size)) > 0
    street = np.full(len(size), -1, np.int32)
    street[zone] = graph.subdistrict
    settled = today.copy()
    for s in np.unique(street[present]).tolist():
        nodes = np.flatnonzero(present & (street == s))
        communities = np.flatnonzero(graph.community_subdistrict == s)
        if not len(communities):
            continue
        csr = (indptr, indices)
        settled[nodes] = communities[_best_of_cores(problem, nodes, communities, today, size, csr)]
    return settled


def _best_of_cores(
    problem: Problem,
    nodes: NDArray[np.int64],
    communities: NDArray[np.int64],
    today: NDArray[np.int32],
    size: NDArray[np.int64],
    csr: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> NDArray[np.int32]:
    """Solve for several choices of cores until the communities are in range; keep the best."""
    instance = _community_instance(problem, nodes, communities, today, size, *csr)
    best, least = instance.now, community_shortage(instance, instance.now)
    for attempt in range(CORES):
        core = _central_nodes(instance, attempt)
        trial = replace(instance, core=core)
        solved = solve_exact(trial, node_limit=NODE_LIMIT, gap=GAP)
        short = least if solved is None else community_shortage(instance, solved)
        if solved is not None and (attempt == 0 or short < least):
            best, least = solved, short
        if not least:
            break
    return best


def community_shortage(instance: Instance, zone: NDArray[np.int32]) -> int:
    """Count the households that open zones are out of range by."""
    size = np.bincount(zone, instance.weight, minlength=len(instance.lower)).astype(np.int64)
    short = np.maximum(np.maximum(instance.lower - size, size - instance.upper), 0)
    return int(short[size > 0].sum())


def _community_instance(
    problem: Problem,
    nodes: NDArray[np.int64],
    communities: NDArray[np.int64],
    today: NDArray[np.int32],
    size: NDArray[np.int64],
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
) -> Instance:
    graph = problem.graph
    local = np.full(len(size), -1, np.int64)
    local[nodes] = np.arange(len(nodes))
    sub_indptr, sub_indices = sub_graph(indptr, indices, nodes, local)
    number = np.full(graph.n_communities + 1, -1, np.int32)
    number[communities] = np.arange(len(communities))
    now = _nearest_label(sub_indptr, sub_indices, number[today[nodes]])
    locked = graph.community_is_locked[communities]
    allowed = _within_reach(sub_indptr, sub_indices, now, len(communities))
    # A locked community keeps its grids and takes none.
    allowed[:, locked] = False
    allowed[locked[now]] = False
    allowed[np.arange(len(nodes)), now] = True
    weight = size[nodes]
    cost = problem.community_weight * weight[:, None].astype(np.float64) + 0.5
    cost = np.repeat(cost, len(communities), axis=1)
    cost[np.arange(len(nodes)), now] = 0.0
    return Instance(
        indptr=sub_indptr,
        indices=sub_indices,
        weight=weight,
        now=now,
        cost=cost,
        allowed=allowed,
        lower=graph.community_lower[communities],
        upper=graph.community_upper[communities],
        may_close=~locked,
        core=np.zeros(len(communities), np.int32),
        group=np.full(len(nodes), -1, np.int32),
        group_parts=np.empty(0, np.int32),
        owner=np.full(len(communities), -1, np.int32),
        owner_lower=np.empty(0, np.int64),
        owner_upper=np.empty(0, np.int64),
        short_price=2000.0 * problem.community_weight,
    )


def _nearest_label(
    indptr: NDArray[np.int32], indices: NDArray[np.int32], label: NDArray[np.int32]
) -> NDArray[np.int32]:
    # New ground takes the community of a neighbour; an island takes the first.
    label = label.copy()
    source = sources(indptr)
    while (label < 0).any():
        reached = (label[source] < 0) & (label[indices] >= 0)
        if not reached.any():
            label[label < 0] = 0
            break
        label[source[reached][::-1]] = label[indices[reached][::-1]]
    return label


def _within_reach(
    indptr: NDArray[np.int32], indices: NDArray[np.int32], now: NDArray[np.int32], k: int
) -> NDArray[np.bool_]:
    near = np.zeros((len(now), k), np.bool_)
    near[np.arange(len(now)), now] = True
    source = sources(indptr)
    for _ in range(REACH):
        wider = near.copy()
        np.logical_or.at(wider, source, near[indices])
        near = wider
    return near


def _central_nodes(instance: Instance, attempt: int) -> NDArray[np.int32]:
    # The core of a community is the grid with the most inner neighbours by household; later
    # attempts take others down the list, for a shape that the first core cannot grow into.
    now, weight = instance.now, instance.weight
    source = sources(instance.indptr)
    inside = now[source] == now[instance.indices]
    pull = np.bincount(source[inside], weight[instance.indices[inside]], minlength=len(now))
    core = np.zeros(len(instance.lower), np.int32)
    for c in range(len(core)):
        members = np.flatnonzero(now == c)
        if len(members):
            order = members[np.argsort(-(pull + weight)[members], kind="stable")]
            core[c] = order[attempt * len(order) // CORES]
    return core
