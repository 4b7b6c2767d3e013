"""Grids that wrap another: opened where that costs next to nothing.

A grid that lies all round another is hard to walk and harder to explain. A way is cut from the
inner grid to what lies outside, along the ground of the outer one where the fewest live, and the
search mends what that leaves.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search._kernels import rest_is_one_piece
from lingwu_grid.engine.search.search import Draft, annealed, price_of, violation
from lingwu_grid.engine.search.start import open_borders
from lingwu_grid.engine.town.across import is_locked_community
from lingwu_grid.engine.town.levels import Csr, Town, make_task, with_task
from lingwu_grid.graph import linked, pieces, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Stop
    from lingwu_grid.graph import UnitGraph

STEPS_PER_UNIT = 300
HEATS = (6.0, 0.05)


class Wrap(NamedTuple):
    """A zone, and the zones that it parts from the rest of the town."""

    outer: int
    inner: tuple[int, ...]


class _Way(NamedTuple):
    """Units of the outer zone, and the zone that is to get them."""

    units: tuple[int, ...]
    zone: int


def find_wraps(graph: UnitGraph, zone: NDArray[np.int32]) -> list[Wrap]:
    """
    List the zones that wrap others: without them, some zone has no way to the edge of the town.

    Parameters
    ----------
    graph
        Units, their borders (open or not), and which lie on the edge of the town.
    zone
        Zone of each unit, shape (n,); negative where there is none.

    Returns
    -------
    list[Wrap]
        By the number of the outer zone.
    """
    names, number = np.unique(zone, return_inverse=True)
    pairs = _pairs(graph, number, len(names))
    found = []
    for a in range(len(names)):
        piece = _pieces_without(pairs, len(names) + 1, a)
        inner = np.flatnonzero((piece != piece[len(names)]) & (np.arange(len(names) + 1) != a))
        if len(inner) and names[a] >= 0:
            found.append(Wrap(int(names[a]), tuple(names[inner].tolist())))
    return found


def _pairs(graph: UnitGraph, number: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """List the pairs of zones that touch; number `n` stands for what is outside the town."""
    a, b = number[sources(graph.indptr)], number[graph.indices]
    rim = np.unique(number[graph.on_rim])
    edge = np.stack([rim, np.full(len(rim), n)], axis=1)
    return np.unique(np.concatenate([np.stack([a, b], axis=1)[a != b], edge]), axis=0)


def _pieces_without(pairs: NDArray[np.int64], n: int, a: int) -> NDArray[np.int32]:
    use = pairs[(pairs != a).all(axis=1)]
    return linked(n, use[:, 0], use[:, 1])


def unwrap(instance: Instance, town: Town, csr: Csr, seed: int, stop: Stop) -> Town:
    """
    Open the wraps that today's map has not, each for `wrap_weight` households at most.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment, lawful or the best there is.
    csr
        Open borders of the town.
    seed
        Seed of the run.
    stop
        Asked between wraps.

    Returns
    -------
    Town
        Nothing more out of range.
    """
    graph = instance.graph
    known = {w.inner for w in find_wraps(graph, graph.grid_now)} if instance.keeps_today else set()
    for wrap in find_wraps(graph, town.zone):
        if stop():
            break
        if wrap.inner in known or not _still_wraps(graph, town.zone, wrap):
            continue
        for way in _ways(instance, town, wrap):
            opened = _opened(instance, town, csr, way, wrap, seed)
            if opened is not None:
                town = opened
                break
    return town


def _still_wraps(graph: UnitGraph, zone: NDArray[np.int32], wrap: Wrap) -> bool:
    names, number = np.unique(zone, return_inverse=True)
    at = np.searchsorted(names, [wrap.outer, *wrap.inner])
    if (names[np.minimum(at, len(names) - 1)] != [wrap.outer, *wrap.inner]).any():
        return False
    piece = _pieces_without(_pairs(graph, number, len(names)), len(names) + 1, int(at[0]))
    return bool((piece[at[1:]] != piece[len(names)]).any())


def _opened(
    instance: Instance, town: Town, csr: Csr, way: _Way, wrap: Wrap, seed: int
) -> Town | None:
    """Give the way to its zone and search for what that asks for; None where it costs too much."""
    owners = np.unique(town.community[[way.zone, wrap.outer]])
    if len(owners) > 1 and (
        instance.community_mode == "fixed" or is_locked_community(instance, owners).any()
    ):
        return None
    units = np.flatnonzero(np.isin(town.community[town.zone], owners))
    task = make_task(instance, town, units, csr, seed=(seed, 60_000, wrap.outer))
    part, zone = task.part, task.draft.zone.copy()
    mine = np.searchsorted(units, way.units)
    zone[mine] = np.searchsorted(task.zones, way.zone)
    outer = int(np.searchsorted(task.zones, wrap.outer))
    piece = pieces(part.indptr, part.indices, np.where(zone == outer, 0, -1).astype(np.int32))
    if part.is_fixed[mine].any() or len(np.unique(piece[zone == outer])) != 1:
        return None
    is_fixed = part.is_fixed.copy()
    is_fixed[mine] = True
    found = annealed(
        part._replace(is_fixed=is_fixed), Draft(zone, task.draft.owner), task.prices,
        heats=HEATS, steps=STEPS_PER_UNIT * len(units), seed=task.seed,
    )  # fmt: skip
    most = price_of(part, task.draft, task.prices) + instance.wrap_weight
    if violation(part, found) > violation(part, task.draft) or (
        price_of(part, found, task.prices) > most
    ):
        return None
    opened = with_task(town, task, found)
    if len(find_wraps(instance.graph, opened.zone)) >= len(find_wraps(instance.graph, town.zone)):
        return None
    return opened


def _ways(instance: Instance, town: Town, wrap: Wrap) -> list[_Way]:
    """List the shortest ways out: for each inner zone to keep, and for each zone outside."""
    graph, zone = instance.graph, town.zone
    indptr, indices = open_borders(graph)
    free = _free(indptr, indices, zone, wrap.outer)
    inner = np.isin(zone, wrap.inner)
    outside = ~inner & (zone != wrap.outer)
    leads_out = graph.on_rim | _touches(graph.indptr, graph.indices, outside)
    leads_in = _touches(graph.indptr, graph.indices, inner)
    ways = []
    for z in wrap.inner:
        begin = _touches(indptr, indices, zone == z)
        ways.append(_Way(_shortest(graph, free, begin, leads_out), z))
    source = sources(indptr)
    near = np.unique(zone[indices[(zone[source] == wrap.outer) & outside[indices]]])
    for z in near.tolist():
        begin = _touches(indptr, indices, zone == z)
        ways.append(_Way(_shortest(graph, free, begin, leads_in), int(z)))
    ways = [way for way in ways if way.units]
    return sorted(ways, key=lambda way: (graph.households[list(way.units)].sum(), way.zone))


def _free(
    indptr: NDArray[np.int32], indices: NDArray[np.int32], zone: NDArray[np.int32], outer: int
) -> NDArray[np.bool_]:
    """Mark the units that the outer zone can do without and stay in one piece."""
    free = np.zeros(len(zone), np.bool_)
    queue, seen = np.empty(len(zone), np.int32), np.zeros(len(zone), np.bool_)
    for u in np.flatnonzero(zone == outer).tolist():
        free[u] = rest_is_one_piece(indptr, indices, zone, u, queue, seen)
    return free


def _touches(
    indptr: NDArray[np.int32], indices: NDArray[np.int32], what: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    near = np.zeros(len(what), np.bool_)
    near[sources(indptr)[what[indices]]] = True
    return near


def _shortest(
    graph: UnitGraph,
    inside: NDArray[np.bool_],
    begin: NDArray[np.bool_],
    end: NDArray[np.bool_],
) -> tuple[int, ...]:
    """Find the way through some units on which the fewest live; empty where there is none."""
    price = graph.households + 0.5
    start = np.flatnonzero(inside & begin).tolist()
    heap = [(float(price[u]), u, -1) for u in start]
    heapq.heapify(heap)
    before: dict[int, int] = {}
    while heap:
        cost, u, last = heapq.heappop(heap)
        if u in before:
            continue
        before[u] = last
        if end[u]:
            way = [u]
            while before[way[-1]] >= 0:
                way.append(before[way[-1]])
            return tuple(way)
        row = slice(graph.indptr[u], graph.indptr[u + 1])
        for v in graph.indices[row][graph.is_open[row]].tolist():
            if inside[v] and v not in before:
                heapq.heappush(heap, (cost + float(price[v]), v, u))
    return ()
