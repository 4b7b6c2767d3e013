"""The upper level: communities are brought into range by whole grids or by a few buildings.

The model moves whole grids and, between communities that touch, single households at the price of
a building that changes grid and community; the search then realises those as buildings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.exact.branching import Limits, solve_exact
from lingwu_grid.engine.exact.extract import SHORT_PRICE, sub_graph
from lingwu_grid.engine.exact.model import ExactModel
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.engine.town.parallel import run_all
from lingwu_grid.graph import indptr_of, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance

REACH = 2
"""How many grids away from its own a community may take a grid."""

LIMITS = Limits(nodes=200, gap=0.01)
"""Whole grids are coarse: a hundredth is less than one grid."""

LARGE = 6000
"""Pairs of a grid and a community above which a rough answer does: the search mends it."""

LARGE_LIMITS = Limits(nodes=1, gap=0.1)

CORES = 4
"""Choices of cores that the communities may grow from, where the first leave some short."""

TRANSFER_MOST = 400.0
"""Households that buildings may carry over one border: about a grid."""


def zone_graph(
    instance: Instance, zone: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give which zones touch over an open border, as CSR over zone numbers."""
    graph = instance.graph
    n = int(zone.max()) + 1
    a = zone[sources(graph.indptr)[graph.is_open]].astype(np.int64)
    b = zone[graph.indices[graph.is_open]]
    pairs = np.unique(a[a != b] * n + b[a != b])
    return indptr_of(pairs // n, n), (pairs % n).astype(np.int32)


def settle_communities(
    instance: Instance,
    zone: NDArray[np.int32],
    today: NDArray[np.int32],
    *,
    workers: int = 1,
    closing: int = -1,
    is_loose: bool = False,
) -> NDArray[np.int32]:
    """
    Bring communities into range by whole grids, changing the fewest households.

    Streets are solved one by one: no grid crosses a street's limit.

    Parameters
    ----------
    instance
        Bounds of communities, weights and locks.
    zone
        Zone of each unit, every zone in one piece, shape (n,).
    today
        Community of each zone, shape (n_zones,); -1 where unknown.
    workers
        Streets solved at a time; the result does not depend on it.
    closing
        A community that is to end; -1 for none. Other streets are left as they are then.
    is_loose
        Ask fewer grids for a way to the core of their community: better shapes, mostly in one
        piece, but not for certain.

    Returns
    -------
    NDArray[np.int32]
        Community of each zone, shape (n_zones,); every community in one piece if that was
        possible at all.
    """
    graph = instance.graph
    indptr, indices = zone_graph(instance, zone)
    size, *ahead = (
        np.bincount(zone, count).astype(np.int64)
        for count in (graph.households, graph.rise, graph.fall)
    )
    present = np.bincount(zone, minlength=len(size)) > 0
    street = np.full(len(size), -1, np.int32)
    street[zone] = graph.subdistrict
    instances = []
    streets = street[present] if closing < 0 else graph.community_subdistrict[[closing]]
    for s in np.unique(streets).tolist():
        nodes = np.flatnonzero(present & (street == s))
        communities = np.flatnonzero(graph.community_subdistrict == s)
        if len(communities):
            part = (instance, nodes, communities, today, size, indptr, indices)
            exact = replace(_community_instance(*part), rise=ahead[0][nodes], fall=ahead[1][nodes])
            if closing >= 0:
                exact = _without(exact, int(np.searchsorted(communities, closing)))
            instances.append((nodes, communities, exact))
    best = run_all(lambda item: _best_of_cores(item[2], is_loose=is_loose), instances, workers)
    settled = today.copy()
    for (nodes, communities, _), chosen in zip(instances, best, strict=True):
        settled[nodes] = communities[chosen]
    return settled


def dissolved(instance: Instance, town: Town, community: int) -> Town | None:
    """
    Settle the communities of a street again without one of them.

    Parameters
    ----------
    instance
        Bounds of communities, weights and locks.
    town
        The assignment, every zone in one piece.
    community
        The one that ends.

    Returns
    -------
    Town | None
        None where the community is new or locked, or holds a locked grid.
    """
    graph = instance.graph
    mine = np.unique(town.zone[town.community[town.zone] == community])
    is_locked = np.append(graph.grid_is_locked, False)
    if community >= graph.n_communities or graph.community_is_locked[community]:
        return None
    if is_locked[np.minimum(mine, graph.n_grids)].any():
        return None
    settled = settle_communities(instance, town.zone, town.community, closing=community)
    if (settled[mine] == community).any():
        return None
    return Town(town.zone, settled)


def _without(exact: ExactModel, community: int) -> ExactModel:
    """Close a community: its grids may go to any other, and it takes none."""
    allowed, lower = exact.allowed.copy(), exact.lower.copy()
    allowed[exact.now == community] = exact.may_close  # a locked one takes nothing
    allowed[:, community] = False
    lower[community] = 0
    is_other = ~(exact.transfer == community).any(axis=1)
    return replace(exact, allowed=allowed, lower=lower, transfer=exact.transfer[is_other])


def _best_of_cores(exact: ExactModel, *, is_loose: bool) -> NDArray[np.int32]:
    """Solve for several choices of cores until the communities are in range; keep the best."""
    limits = LIMITS if exact.cost.size < LARGE else LARGE_LIMITS
    best, least = exact.now, np.inf
    for attempt in range(CORES):
        trial = replace(exact, core=_central_nodes(exact, attempt), is_loose=is_loose)
        solved = solve_exact(trial, limits)
        if solved is None:
            continue
        if solved.price < least:
            best, least = solved.zone, solved.price
        bought = exact.price(solved.zone)
        bought += float(solved.received.sum()) * exact.transfer_price
        if solved.price < bought + 0.5:
            break
    return best


def _community_instance(
    instance: Instance,
    nodes: NDArray[np.int64],
    communities: NDArray[np.int64],
    today: NDArray[np.int32],
    size: NDArray[np.int64],
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
) -> ExactModel:
    graph = instance.graph
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
    crossing = np.unique(
        np.stack([now[sources(sub_indptr)], now[sub_indices]], axis=1), axis=0
    ).astype(np.int64)
    crossing = crossing[crossing[:, 0] != crossing[:, 1]]
    crossing = crossing[~locked[crossing].any(axis=1)]
    cost = instance.community_weight * weight[:, None].astype(np.float64) + 0.5
    cost = np.repeat(cost, len(communities), axis=1)
    cost[np.arange(len(nodes)), now] = 0.0
    return ExactModel(
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
        apart=np.empty((0, 2), np.int32),
        short_price=SHORT_PRICE,
        transfer=crossing,
        transfer_price=instance.community_weight + 1.0,
        transfer_most=TRANSFER_MOST,
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


def _central_nodes(exact: ExactModel, attempt: int) -> NDArray[np.int32]:
    # The core of a community is the grid with the most inner neighbours by household; later
    # attempts take others down the list, for a shape that the first core cannot grow into.
    now, weight = exact.now, exact.weight
    source = sources(exact.indptr)
    inside = now[source] == now[exact.indices]
    pull = np.bincount(source[inside], weight[exact.indices[inside]], minlength=len(now))
    core = np.zeros(len(exact.lower), np.int32)
    for c in range(len(core)):
        members = np.flatnonzero(now == c)
        if len(members):
            order = members[np.argsort(-(pull + weight)[members], kind="stable")]
            core[c] = order[attempt * len(order) // CORES]
    return core
