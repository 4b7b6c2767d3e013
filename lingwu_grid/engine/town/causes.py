"""Why no lawful plan can exist: regions that no number of grids fits, and pinch points in them.

A region is what grids cannot leave: connected over open borders, in one street, without the
ground of locked grids. Each cause is a necessary condition that fails, whatever plan is drawn.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.instance import Explanation
from lingwu_grid.graph import indptr_of, pieces, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance


def fits(households: int, lower: int, upper: int) -> bool:
    """
    Tell whether some number of zones in range has this many households together.

    Examples
    --------
    >>> [fits(n, 300, 500) for n in (299, 300, 501, 599, 600, 0)]
    [False, True, False, False, True, True]
    """
    return -(-households // upper) <= households // lower


def left_over(households: int, lower: int, upper: int) -> int:
    """
    Give the fewest households that must go elsewhere so that the rest fits.

    Examples
    --------
    >>> [left_over(n, 300, 500) for n in (250, 400, 560, 600)]
    [250, 0, 60, 0]
    """
    if fits(households, lower, upper):
        return 0
    return households - households // lower * upper


def out_by(households: int, lower: int, upper: int) -> int:
    """
    Give the fewest households that some zones are out of range by, which hold this many together.

    Examples
    --------
    >>> [out_by(n, 300, 500) for n in (250, 299, 400, 501, 560, 600)]
    [50, 1, 0, 1, 40, 0]
    """
    most = max(households // lower, 1)  # so many have enough, unless even one has not
    over = max(households - most * upper, 0)
    short = max((most + (over > 0)) * lower - households, 0)
    return min(over, short) if over else short


def region_causes(instance: Instance) -> list[Explanation]:
    """
    Explain the regions that no number of grids fits, and the units that hold too much together.

    Parameters
    ----------
    instance
        The town and its rules.

    Returns
    -------
    list[Explanation]
        Causes `lock_encloses`, `barrier_cuts`, `count_gap_component` and `pinch_point`.
    """
    region = _regions(instance)
    weight = np.bincount(region, instance.graph.households, minlength=int(region.max()) + 1)
    lower, upper = instance.new_lower, instance.new_upper
    told = []
    for r in np.flatnonzero(weight > 0).tolist():
        units = np.flatnonzero(region == r)
        if _has_own_bands(instance, units):
            continue
        if not fits(int(weight[r]), lower, upper):
            why = _why_region(instance, units, int(weight[r]))
            told.append(replace(why, short=out_by(int(weight[r]), lower, upper)))
        else:
            told += _pinch_points(instance, units)
    return told


def community_causes(instance: Instance) -> list[Explanation]:
    """
    Explain the ground that no number of communities fits.

    Parameters
    ----------
    instance
        The town and its rules.

    Returns
    -------
    list[Explanation]
        One for each piece that communities cannot leave: connected over open borders, in one
        street, without the ground of locked communities. Cause `count_gap_communities` where
        that is the whole street, `community_cut_off` where it is a part.
    """
    graph = instance.graph
    if instance.community_mode == "fixed":
        return []
    held = np.append(graph.community_is_locked, False)[graph.community_now]
    region = _joined(instance, np.where(held, -1, graph.subdistrict), graph.is_open)
    weight = np.bincount(region, graph.households).astype(np.int64)
    lower, upper = instance.new_community_lower, instance.new_community_upper
    told = []
    for r in np.flatnonzero(weight > 0).tolist():
        units = np.flatnonzero(region == r)
        now = np.unique(graph.community_now[units])
        own = (instance.community_lower(now) != lower) | (instance.community_upper(now) != upper)
        if held[units[0]] or own[now >= 0].any() or fits(int(weight[r]), lower, upper):
            continue
        street = graph.subdistrict == graph.subdistrict[units[0]]
        is_whole = int(graph.households[street].sum()) == int(weight[r])
        cause = "count_gap_communities" if is_whole else "community_cut_off"
        pairs = [] if is_whole else closed_pairs(instance, units)
        item = _explained(cause, instance, units, int(weight[r]), pairs=pairs)
        told.append(replace(item, short=out_by(int(weight[r]), lower, upper)))
    return told


def _label(instance: Instance) -> NDArray[np.int64]:
    """What a grid may not leave: its community where that is fixed, else its street."""
    graph = instance.graph
    held = np.append(graph.community_is_locked, False)[graph.community_now]
    if instance.community_mode == "fixed":
        held |= graph.community_now >= 0
    label: NDArray[np.int64] = np.where(
        held, graph.community_now, graph.n_communities + graph.subdistrict
    ).astype(np.int64)
    return label


def _locked(instance: Instance) -> NDArray[np.bool_]:
    locked: NDArray[np.bool_] = np.append(instance.graph.grid_is_locked, False)[
        instance.graph.grid_now
    ]
    return locked


def _joined(
    instance: Instance, label: NDArray[np.int64], keep: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Number the pieces of equal label over the CSR entries to keep."""
    graph = instance.graph
    indptr = indptr_of(sources(graph.indptr)[keep], graph.n_units)
    return pieces(indptr, graph.indices[keep], label.astype(np.int32))


def _regions(instance: Instance) -> NDArray[np.int32]:
    # Locked ground gets labels of its own, one a grid: it neither joins nor is told of.
    graph = instance.graph
    label = np.where(_locked(instance), 10**6 + graph.grid_now, _label(instance))
    return _joined(instance, label, graph.is_open)


def _has_own_bands(instance: Instance, units: NDArray[np.int64]) -> bool:
    """Tell whether some grid of a region is locked, or may have another size than the rest."""
    grids = np.unique(instance.graph.grid_now[units])
    grids = grids[grids >= 0]
    own = (instance.lower[grids] != instance.new_lower) | (
        instance.upper[grids] != instance.new_upper
    )
    return bool((own | instance.graph.grid_is_locked[grids]).any())


def _why_region(instance: Instance, units: NDArray[np.int64], households: int) -> Explanation:
    """Tell whether locks, barriers or nothing but the count is in the way."""
    graph = instance.graph
    label, lower, upper = _label(instance), instance.new_lower, instance.new_upper
    first = int(units[0])
    unlocked = _joined(instance, label, graph.is_open)
    larger = unlocked == unlocked[first]
    locks = np.unique(graph.grid_now[larger & _locked(instance)])
    if len(locks) and fits(int(graph.households[larger].sum()), lower, upper):
        near = _grids_around(instance, units)
        locks = np.intersect1d(locks, near)
        return _explained("lock_encloses", instance, units, households, others=locks)
    free = np.where(_locked(instance), 10**6 + graph.grid_now, label)
    over = _joined(instance, free, np.ones(len(graph.indices), np.bool_))
    wider = over == over[first]
    if wider.sum() > len(units) and fits(int(graph.households[wider].sum()), lower, upper):
        pairs = closed_pairs(instance, units)
        return _explained("barrier_cuts", instance, units, households, pairs=pairs)
    return _explained("count_gap_component", instance, units, households)


def _grids_around(instance: Instance, units: NDArray[np.int64]) -> NDArray[np.int32]:
    graph = instance.graph
    inside = np.zeros(graph.n_units, np.bool_)
    inside[units] = True
    touch = inside[sources(graph.indptr)] & ~inside[graph.indices] & graph.is_open
    return np.unique(graph.grid_now[graph.indices[touch]])


def closed_pairs(instance: Instance, units: NDArray[np.int64]) -> list[tuple[int, int]]:
    """List the pairs of grids that a barrier parts round a region, the longest contact first."""
    graph = instance.graph
    inside = np.zeros(graph.n_units, np.bool_)
    inside[units] = True
    source = sources(graph.indptr)
    closed = inside[source] & ~inside[graph.indices] & ~graph.is_open
    closed &= graph.subdistrict[source] == graph.subdistrict[graph.indices]
    closed &= (graph.grid_now[source] >= 0) & (graph.grid_now[graph.indices] >= 0)
    closed &= graph.grid_now[source] != graph.grid_now[graph.indices]
    key = graph.grid_now[source[closed]].astype(np.int64) * graph.n_grids
    key += graph.grid_now[graph.indices[closed]]
    names, inverse = np.unique(key, return_inverse=True)
    order = np.argsort(-np.bincount(inverse, graph.border_m[closed]), kind="stable")
    return [(int(k) // graph.n_grids, int(k) % graph.n_grids) for k in names[order][:6]]


def _explained(
    cause: str,
    instance: Instance,
    units: NDArray[np.int64],
    households: int,
    *,
    others: NDArray[np.int32] | None = None,
    pairs: list[tuple[int, int]] | None = None,
    unit: int = -1,
) -> Explanation:
    graph = instance.graph
    lived = units[graph.households[units] > 0]
    grids = np.unique(graph.grid_now[lived])
    communities = np.unique(graph.community_now[lived])
    return Explanation(
        cause,
        households,
        communities=tuple(communities[communities >= 0].tolist()),
        grids=tuple(grids[grids >= 0].tolist()),
        unit=unit,
        units=tuple(units.tolist()),
        others=tuple(() if others is None else others.tolist()),
        pairs=tuple(pairs or ()),
    )


def _pinch_points(instance: Instance, units: NDArray[np.int64]) -> list[Explanation]:
    """
    Find units that must hold together more than a grid may have.

    Of each branch that hangs on one unit, what no number of grids fits must join that unit's
    grid (the block-cut tree's leaf blocks; sizes as in (l, u)-partition of a tree).
    """
    told = []
    for unit, branches in _branches(instance, units):
        rest = [
            left_over(
                int(instance.graph.households[b].sum()), instance.new_lower, instance.new_upper
            )
            for b in branches
        ]
        total = int(instance.graph.households[unit]) + sum(rest)
        if total > instance.new_upper:
            hanging = [b for b, r in zip(branches, rest, strict=True) if r]
            where = np.concatenate([[unit], *hanging]).astype(np.int64)
            item = _explained("pinch_point", instance, where, total, unit=unit)
            told.append(replace(item, short=total - instance.new_upper))
    return told


def _branches(
    instance: Instance, units: NDArray[np.int64]
) -> list[tuple[int, list[NDArray[np.int64]]]]:
    """Give each unit whose loss would part its region, with the parts."""
    graph = instance.graph
    label = np.full(graph.n_units, -1, np.int64)
    out = []
    for unit in _articulations(instance, units):
        label[units] = 0
        label[unit] = -1
        piece = _joined(instance, label, graph.is_open)
        rest = units[units != unit]
        out.append((unit, [rest[piece[rest] == p] for p in np.unique(piece[rest])]))
    return out


def _articulations(instance: Instance, units: NDArray[np.int64]) -> list[int]:
    """List the units of a region without which it falls apart (Tarjan 1972), ascending."""
    graph = instance.graph
    inside = set(units.tolist())
    near = {
        u: [
            int(v)
            for v, is_open in zip(
                graph.indices[graph.indptr[u] : graph.indptr[u + 1]],
                graph.is_open[graph.indptr[u] : graph.indptr[u + 1]],
                strict=True,
            )
            if is_open and int(v) in inside
        ]
        for u in units.tolist()
    }
    root = int(units[0])
    found: dict[int, int] = {root: 0}
    low: dict[int, int] = {root: 0}
    stack = [(root, -1, iter(near[root]))]
    cut: set[int] = set()
    children = 0
    while stack:
        unit, parent, rest = stack[-1]
        step = next(rest, None)
        if step is None and parent < 0:
            stack.pop()
        elif step is None:
            stack.pop()
            low[parent] = min(low[parent], low[unit])
            if parent != root and low[unit] >= found[parent]:
                cut.add(parent)
            children += parent == root
        elif step not in found:
            found[step] = low[step] = len(found)
            stack.append((step, unit, iter(near[step])))
        elif step != parent:
            low[unit] = min(low[unit], found[step])
    return sorted(cut | ({root} if children > 1 else set()))
