"""Mend what the search leaves out of range: exact models on a few grids round each fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine._kernels import Part, Prices, kept, out_of_range
from lingwu_grid.engine.exact import Instance, solve_exact
from lingwu_grid.engine.search import rank, state_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBOURHOODS = (4, 6, 9)
"""Zones of an exact model: the small one first, a larger one where it does not help."""

MOST_PAIRS = 2500
"""Units times zones of an exact model: larger ones take too long to be a repair."""

SHORT_PRICE = 2000.0

NODE_LIMIT = 60


def faulty_zones(part: Part, zone: NDArray[np.int32]) -> list[int]:
    """
    List the zones that are out of range or hold a part too many of a group, worst first.

    Parameters
    ----------
    part
        Units and zones.
    zone
        Zone of each unit, shape (n,).
    """
    state = state_of(part, zone)
    fault = np.array(
        [
            out_of_range(int(s), int(a), int(b))
            for s, a, b in zip(state.size, part.lower, part.upper, strict=True)
        ]
    )
    for g in np.flatnonzero(state.parts > part.group_parts):
        fault[state.group_count[g] > 0] += 100
    order = np.lexsort((np.arange(len(fault)), -fault))
    return [int(z) for z in order if fault[z] > 0]


def mend(part: Part, zone: NDArray[np.int32], prices: Prices) -> NDArray[np.int32]:
    """
    Solve small exact models round each fault until none is left or none helps.

    Parameters
    ----------
    part
        Units and zones.
    zone
        The assignment to mend, every zone in one piece.
    prices
        What a move costs.

    Returns
    -------
    NDArray[np.int32]
        An assignment at most as dear, every zone in one piece.
    """
    given_up: set[int] = set()
    while True:
        faults = [z for z in faulty_zones(part, zone) if z not in given_up]
        if not faults:
            return zone
        better = _mend_one(part, zone, prices, faults[0])
        if better is None:
            given_up.add(faults[0])
        else:
            zone = better


def _mend_one(
    part: Part, zone: NDArray[np.int32], prices: Prices, fault: int
) -> NDArray[np.int32] | None:
    before = rank(part, zone, prices)
    tried = 0
    for most in NEIGHBOURHOODS:
        zones = zones_around(part, zone, fault, most)
        pairs = int(np.isin(zone, zones).sum()) * len(zones)
        if len(zones) == tried or (tried and pairs > MOST_PAIRS):
            return None
        tried = len(zones)
        found = solve_zones(part, zone, prices, zones)
        if found is not None and rank(part, found, prices) < before:
            return found
    return None


def zones_around(part: Part, zone: NDArray[np.int32], centre: int, most: int) -> list[int]:
    """List up to `most` unlocked zones round a zone, nearest ring first, then by number."""
    source = np.repeat(np.arange(len(zone)), np.diff(part.indptr))
    pairs = np.unique(np.stack([zone[source], zone[part.indices]], axis=1), axis=0)
    chosen, ring = [centre], [centre]
    while ring and len(chosen) < most:
        near = np.unique(pairs[np.isin(pairs[:, 0], ring), 1])
        ring = [int(z) for z in near if z not in chosen and not part.is_locked[z]]
        chosen += ring[: most - len(chosen)]
    return chosen


def solve_zones(
    part: Part, zone: NDArray[np.int32], prices: Prices, zones: list[int]
) -> NDArray[np.int32] | None:
    """
    Solve the units of some zones exactly, the rest of the part standing still.

    Parameters
    ----------
    part
        Units and zones.
    zone
        Zone of each unit, shape (n,).
    prices
        What a move costs.
    zones
        Which zones to open up; up to two spare ones are added.

    Returns
    -------
    NDArray[np.int32] | None
        A whole assignment; None where the limits ran out first.
    """
    units = np.flatnonzero(np.isin(zone, zones))
    empty = np.bincount(zone, minlength=len(part.lower)) == 0
    spare = [int(z) for z in np.flatnonzero(empty & ~part.is_locked)[:2]]
    instance = _instance(part, zone, prices, units, (zones, spare))
    solved = solve_exact(instance, node_limit=NODE_LIMIT, gap=1e-4)
    if solved is None:
        return None
    out = zone.copy()
    out[units] = np.array(zones + spare, np.int32)[solved]
    return out


def _instance(
    part: Part,
    zone: NDArray[np.int32],
    prices: Prices,
    units: NDArray[np.int64],
    slots: tuple[list[int], list[int]],
) -> Instance:
    zones, spare = slots
    every = np.array(zones + spare)
    k = len(every)
    local = np.full(len(zone), -1, np.int64)
    local[units] = np.arange(len(units))
    indptr, indices = sub_graph(part.indptr, part.indices, units, local)
    number = np.full(len(part.lower), -1, np.int32)
    number[every] = np.arange(k)
    now = number[zone[units]]
    cost = _costs(part, prices, units, every)
    allowed = np.ones((len(units), k), np.bool_)
    fixed = part.is_fixed[units]
    allowed[fixed] = False
    allowed[fixed, now[fixed]] = True
    core = np.array(
        [_core(part, units, np.flatnonzero(now == i), cost[:, i]) for i in range(len(zones))]
        + _new_cores(part, units, now, len(spare)),
        np.int32,
    )
    has_fixed = np.array([bool(fixed[now == i].any()) for i in range(k)])
    return Instance(
        indptr=indptr,
        indices=indices,
        weight=part.households[units],
        now=now,
        cost=cost,
        allowed=allowed,
        lower=part.lower[every],
        upper=part.upper[every],
        may_close=~has_fixed,
        core=core,
        group=part.group[units],
        group_parts=_parts_left(part, zone, units),
        owner=np.full(k, -1, np.int32),
        owner_lower=np.empty(0, np.int64),
        owner_upper=np.empty(0, np.int64),
        short_price=SHORT_PRICE,
    )


def _parts_left(part: Part, zone: NDArray[np.int32], units: NDArray[np.int64]) -> NDArray[np.int32]:
    # Zones outside the model that hold a group's units have used up parts of it.
    outside = np.ones(len(zone), np.bool_)
    outside[units] = False
    outside &= part.group >= 0
    used = np.unique(np.stack([part.group[outside], zone[outside]], axis=1), axis=0)[:, 0]
    left: NDArray[np.int32] = np.maximum(
        part.group_parts - np.bincount(used, minlength=len(part.group_parts)), 1
    ).astype(np.int32)
    return left


def sub_graph(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    units: NDArray[np.int64],
    local: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Cut a CSR graph down to some units; `local` gives their new numbers, -1 elsewhere."""
    source = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    stays = (local[source] >= 0) & (local[indices] >= 0)
    degree = np.bincount(local[source[stays]], minlength=len(units))
    return (
        np.concatenate([[0], degree.cumsum()]).astype(np.int32),
        local[indices[stays]].astype(np.int32),
    )


def _costs(
    part: Part, prices: Prices, units: NDArray[np.int64], zones: NDArray[np.int64]
) -> NDArray[np.float64]:
    h = part.households[units].astype(np.float64)
    home = np.array([[kept(part, int(u), int(z)) for z in zones] for u in units], np.float64)
    off = part.zone_now[units][:, None] != zones[None, :]
    abroad = part.home_community[units][:, None] != part.zone_community[zones][None, :]
    abroad &= part.home_community[units][:, None] >= 0
    cost: NDArray[np.float64] = prices.moved * (h[:, None] - home) + prices.ground * off
    cost += prices.community * h[:, None] * abroad
    return cost


def _core(
    part: Part, units: NDArray[np.int64], members: NDArray[np.int64], cost: NDArray[np.float64]
) -> int:
    # The unit whose leaving would cost most: the heaviest one at home, or the first of equals.
    if not len(members):
        return 0
    at_home = part.households[units[members]] - cost[members]
    return int(members[at_home.argmax()])


def _new_cores(
    part: Part, units: NDArray[np.int64], now: NDArray[np.int32], count: int
) -> list[int]:
    # New grids grow where the crowd is: heavy units of the largest zones that are not cores.
    size = np.bincount(now, part.households[units], minlength=int(now.max()) + 1)
    weight = part.households[units].astype(np.float64)
    heaviest = np.zeros(len(units), np.bool_)
    for z in range(len(size)):
        members = np.flatnonzero(now == z)
        if len(members):
            heaviest[members[weight[members].argmax()]] = True
    crowd = np.where(heaviest, -1.0, size[now] + weight)
    return [int(i) for i in np.argsort(-crowd, kind="stable")[:count]]
