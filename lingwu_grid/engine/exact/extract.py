"""Exact models of some zones of a part: who may go where, at what price."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array

from lingwu_grid.engine.exact.model import ExactModel
from lingwu_grid.engine.search._counts import TODAY, come_and_go
from lingwu_grid.engine.search._kernels import FAULT
from lingwu_grid.engine.search.search import Draft, state_of
from lingwu_grid.graph import indptr_of, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.search._kernels import Prices, Subproblem

SHORT_PRICE = 1000.0
"""Of a household out of range: more than it takes to move to mend it."""

SPARE_ZONES = 2
"""Zones of a model that do not exist yet, for each owner in it."""


class Model(NamedTuple):
    """An exact, and what its nodes and zones are in the part."""

    exact: ExactModel
    units: NDArray[np.int64]
    zones: NDArray[np.int64]


def zones_model(
    part: Subproblem,
    draft: Draft,
    prices: Prices,
    zones: NDArray[np.int64],
    *,
    spare: int = SPARE_ZONES,
) -> Model:
    """
    Write some zones of a part as an exact, the rest standing still.

    Parameters
    ----------
    part
        Units and zones.
    draft
        The assignment to start from, every zone in one piece.
    prices
        What a move costs.
    zones
        Which zones to open up.
    spare
        Zones without units that each owner may open as well.
    """
    units = np.flatnonzero(np.isin(draft.zone, zones))
    every = np.concatenate([zones, _spare(part, draft, zones, spare)])
    k, fresh = len(every), len(every) - len(zones)
    local = np.full(len(draft.zone), -1, np.int64)
    local[units] = np.arange(len(units))
    indptr, indices = sub_graph(part.indptr, part.indices, units, local)
    number = np.full(len(part.lower), -1, np.int32)
    number[every] = np.arange(k)
    now = number[draft.zone[units]]
    home = _at_home(part, units, every)
    cost = _costs(part, draft, prices, units, every, home)
    fixed = part.is_fixed[units]
    allowed = np.ones((len(units), k), np.bool_)
    allowed[fixed] = False
    allowed[fixed, now[fixed]] = True
    has_fixed = np.bincount(now[fixed], minlength=k) > 0
    owners, owner = np.unique(draft.owner[every], return_inverse=True)
    # One owner alone cannot change, whatever happens inside it.
    is_several = len(owners) > 1
    there = np.ones(len(draft.zone), np.bool_)
    there[units] = False
    rise, fall = come_and_go(part.counts)
    outside, come, go = (
        np.bincount(draft.owner[draft.zone[there]], count[there], len(part.owner_lower)).astype(
            np.int64
        )
        for count in (part.households, rise, fall)
    )
    pairs = local[_apart_pairs(part)]
    exact = ExactModel(
        indptr=indptr,
        indices=indices,
        weight=part.households[units],
        now=now,
        cost=cost,
        allowed=allowed,
        lower=part.lower[every],
        upper=part.upper[every],
        may_close=~has_fixed,
        core=np.array(
            _cores(now, home, len(zones)) + _new_cores(part, units, now, draft.owner[every], fresh),
            np.int32,
        ),
        group=part.group[units],
        group_parts=_parts_left(part, draft.zone, units),
        owner=owner.astype(np.int32) if is_several else np.full(k, -1, np.int32),
        owner_lower=(part.owner_lower - outside + go)[owners] * is_several,
        owner_upper=(part.owner_upper - outside - come)[owners],
        apart=pairs[(pairs >= 0).all(axis=1)].astype(np.int32),
        short_price=SHORT_PRICE,
        deviation_price=prices.deviation,
        wanted_zones=_wanted(part, draft, zones, owners),
        count_price=prices.zones,
        rise=rise[units],
        fall=fall[units],
    )
    return Model(exact, units, every)


def _wanted(
    part: Subproblem, draft: Draft, zones: NDArray[np.int64], owners: NDArray[np.int32]
) -> int:
    """Give how many zones a model should have open, -1 for any number."""
    wanted = part.owner_zones[owners]
    if (wanted < 0).any():
        return -1
    present = np.flatnonzero(state_of(part, draft).size & TODAY)
    outside = present[np.isin(draft.owner[present], owners) & ~np.isin(present, zones)]
    return max(0, int(wanted.sum()) - len(outside))


def placed(draft: Draft, model: Model, zone: NDArray[np.int32]) -> Draft:
    """Write a model's answer back into the assignment of the part."""
    out = draft.zone.copy()
    out[model.units] = model.zones[zone]
    return Draft(out, draft.owner)


def _spare(
    part: Subproblem, draft: Draft, zones: NDArray[np.int64], most: int
) -> NDArray[np.int64]:
    """List zones without units: every closed one that is somebody's home, and some new ones."""
    n = len(part.lower)
    is_home = np.bincount(part.home_zone[part.home_zone >= 0], minlength=n) > 0
    free = np.flatnonzero((np.bincount(draft.zone, minlength=n) == 0) & ~part.is_locked)
    chosen = [np.empty(0, np.int64)]
    for c in np.unique(draft.owner[zones]).tolist():
        mine = free[draft.owner[free] == c]
        chosen += [mine[is_home[mine]], mine[~is_home[mine]][:most]]
    return np.concatenate(chosen).astype(np.int64)


def _costs(
    part: Subproblem,
    draft: Draft,
    prices: Prices,
    units: NDArray[np.int64],
    zones: NDArray[np.int64],
    home: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Price every unit in every zone."""
    h = part.households[units].astype(np.float64)
    cost = prices.moved * (h[:, None] - home)
    cost += prices.ground * (part.zone_now[units][:, None] != zones[None, :])
    abroad = part.home_owner[units][:, None] != draft.owner[zones][None, :]
    abroad &= part.home_owner[units][:, None] != -1
    cost += prices.community * h[:, None] * abroad
    pin = part.pin[units][:, None]
    cost += FAULT * SHORT_PRICE * ((pin >= 0) & (pin != zones[None, :]))
    return np.asarray(cost, np.float64)


def _at_home(
    part: Subproblem, units: NDArray[np.int64], zones: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Count the households of every unit that are at home in every zone."""
    row = np.full(len(part.households), -1, np.int64)
    row[units] = np.arange(len(units))
    column = np.full(len(part.lower) + 1, -1, np.int64)
    column[zones] = np.arange(len(zones))
    owner = row[sources(part.home_indptr)]
    at = column[part.home_zone]
    use = (owner >= 0) & (at >= 0)
    shape = (len(units), len(zones))
    count = coo_array((part.home_households[use], (owner[use], at[use])), shape=shape)
    return np.asarray(count.toarray(), np.float64)


def _cores(now: NDArray[np.int32], home: NDArray[np.float64], count: int) -> list[int]:
    # The unit whose leaving would cost most: the heaviest one at home, or the first of equals.
    cores = []
    for z in range(count):
        members = np.flatnonzero(now == z)
        cores.append(int(members[home[members, z].argmax()]) if len(members) else 0)
    return cores


def _new_cores(
    part: Subproblem,
    units: NDArray[np.int64],
    now: NDArray[np.int32],
    owner: NDArray[np.int32],
    count: int,
) -> list[int]:
    # New grids grow where the crowd is: heavy units of the largest zones that are not cores.
    size = np.bincount(now, part.households[units], minlength=len(owner))
    weight = part.households[units].astype(np.float64)
    heaviest = np.zeros(len(units), np.bool_)
    for z in np.unique(now).tolist():
        members = np.flatnonzero(now == z)
        heaviest[members[weight[members].argmax()]] = True
    crowd = np.where(heaviest, -1.0, size[now] + weight)
    cores: list[int] = []
    for z in range(len(owner) - count, len(owner)):
        mine = np.where(owner[now] == owner[z], crowd, -2.0)
        mine[cores] = -2.0
        cores.append(int(mine.argmax()))
    return cores


def _apart_pairs(part: Subproblem) -> NDArray[np.int64]:
    pairs = np.stack([sources(part.apart_indptr), part.apart.astype(np.int64)], axis=1)
    return pairs[pairs[:, 0] < pairs[:, 1]]


def _parts_left(
    part: Subproblem, zone: NDArray[np.int32], units: NDArray[np.int64]
) -> NDArray[np.int32]:
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
    source = sources(indptr)
    stays = (local[source] >= 0) & (local[indices] >= 0)
    return indptr_of(local[source[stays]], len(units)), local[indices[stays]].astype(np.int32)
