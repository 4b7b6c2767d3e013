"""Parts of a town: a community alone, or several together, cut out and written back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search._counts import packed
from lingwu_grid.engine.search._kernels import Prices, Subproblem
from lingwu_grid.engine.search.search import Draft
from lingwu_grid.engine.search.start import open_borders
from lingwu_grid.graph import groups_of, indptr_of, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Solution


FAINT_LENGTH = 0.05
"""Weight of a metre of border on a line while the search looks for few households."""


class Csr(NamedTuple):
    """Open borders of the town, each with the price of a zone border along it."""

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    edge: NDArray[np.float64]


class Town(NamedTuple):
    """An assignment of the whole town: units to zones, zones to communities."""

    zone: NDArray[np.int32]
    community: NDArray[np.int32]
    """Community of each zone; -1 for a number without units."""

    @classmethod
    def of(cls, solution: Solution) -> Town:
        """Take a solution in hand again."""
        return cls(solution.grid_of_unit, solution.community_of_grid)


class Task(NamedTuple):
    """One part to solve: it stands alone and may be solved anywhere."""

    units: NDArray[np.int64]
    """The town's units, ascending."""
    zones: NDArray[np.int32]
    """The town's zones, ascending; the part's numbers above are spare."""
    owners: NDArray[np.int32]
    """The town's communities, ascending."""
    part: Subproblem
    draft: Draft
    prices: Prices
    seed: tuple[int, ...]
    effort: int
    gap: float
    """Relative gap at which an exact model of a community is good enough."""


def open_csr(instance: Instance, length: float = FAINT_LENGTH) -> Csr:
    """
    Give the open borders as CSR, each with the price of a zone border along it.

    Parameters
    ----------
    instance
        The town and its rules.
    length
        What a metre of border weighs, on a line or not, against one off the lines.
    """
    indptr, indices = open_borders(instance.graph)
    edge = instance.graph.off_line_m + length * instance.graph.border_m
    return Csr(indptr, indices, edge[instance.graph.is_open])


def community_tasks(instance: Instance, town: Town, csr: Csr, seed: int) -> list[Task]:
    """
    Cut the town into one task per community.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment to improve.
    csr
        As :func:`open_csr` gives it.
    seed
        Each task gets this seed and its community's number.
    """
    of_unit = town.community[town.zone]
    return [
        make_task(instance, town, units, csr, seed=(seed, int(of_unit[units[0]])))
        for units in groups_of(of_unit)
    ]


def make_task(
    instance: Instance, town: Town, units: NDArray[np.int64], csr: Csr, *, seed: tuple[int, ...]
) -> Task:
    """
    Cut a part out of the town.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment of the town.
    units
        Units of the part, ascending; every zone is wholly inside or outside.
    csr
        As :func:`open_csr` gives it.
    seed
        Numbers that the part's random draws start from.

    Returns
    -------
    Task
        Local zones and owners are the town's in ascending order, then spare zones of each
        owner. The bounds of the owners count where there are several; one alone cannot change.
    """
    graph = instance.graph
    present = np.unique(town.zone[units])
    owners = np.unique(town.community[present])
    zones, owner = _with_closed(instance, town, units, present, owners)
    spare = _spare_zones(instance, town, units, owners, owner)
    owner = np.concatenate([owner, spare])
    number = np.full(max(int(town.zone.max()) + 1, graph.n_grids) + 1, -1, np.int32)
    number[zones] = np.arange(len(zones))
    lower, upper, locked = _bands(instance, zones, len(owner))
    start = number[town.zone[units]]
    indptr, indices, edge = _sub_csr(csr, units, graph.n_units)
    home = _entries(graph.home_indptr, units)
    pin = np.where(graph.pin[units] >= 0, number[graph.pin[units]], -1)
    group, group_parts = _groups(instance, town, units)
    apart_indptr, apart = _apart(instance, units)
    part = Subproblem(
        indptr=indptr,
        indices=indices,
        edge_cost=edge,
        households=graph.households[units],
        counts=packed(graph.households[units], graph.rise[units], graph.fall[units]),
        measure=instance.measure[units],
        home_indptr=np.append(0, np.diff(graph.home_indptr)[units].cumsum()).astype(np.int32),
        home_zone=number[graph.home_grid[home]],
        home_households=graph.home_households[home],
        zone_now=number[graph.grid_now[units]]
        if instance.keeps_today
        else np.full(len(units), -1, np.int32),
        is_fixed=locked[start] | instance.is_fixed[units],
        pin=pin.astype(np.int32),
        group=group,
        group_parts=group_parts,
        apart_indptr=apart_indptr,
        apart=apart,
        lower=lower,
        upper=upper,
        is_locked=locked,
        zone_owner=owner,
        home_owner=_home_owner(instance, units, owners),
        owner_lower=instance.community_lower(owners) * (len(owners) > 1),
        owner_upper=instance.community_upper(owners)
        if len(owners) > 1
        else np.full(1, np.iinfo(np.int32).max, np.int64),
        owner_zones=instance.grids_wanted(owners),
        x=graph.x[units],
        y=graph.y[units],
        drawn=np.arange(len(units), dtype=np.int32),
    )
    return Task(
        units, zones.astype(np.int32), owners.astype(np.int32), part, Draft(start, owner),
        instance.prices, seed, instance.effort, instance.proof_gap,
    )  # fmt: skip


def _with_closed(
    instance: Instance,
    town: Town,
    units: NDArray[np.int64],
    present: NDArray[np.int32],
    owners: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Add today's grids that the town has closed: they may be taken up again where they were."""
    graph = instance.graph
    owner_of_unit = np.searchsorted(owners, town.community[town.zone[units]])
    closed = np.zeros(graph.n_grids + 1, np.bool_)
    closed[:-1] = ~graph.grid_is_locked
    closed[town.zone[town.zone < graph.n_grids]] = False
    ground = graph.grid_now[units]
    mine = closed[ground] & instance.keeps_today
    pairs = np.unique(
        np.stack([ground[mine], owner_of_unit[mine]], axis=1), axis=0, return_counts=True
    )
    order = np.lexsort((-pairs[1], pairs[0][:, 0]))
    first = np.unique(pairs[0][order, 0], return_index=True)[1]
    gone, owner_of_gone = pairs[0][order][first].T.astype(np.int32)
    zones = np.concatenate([present, gone])
    owner = np.concatenate(
        [np.searchsorted(owners, town.community[present]).astype(np.int32), owner_of_gone]
    )
    ascending = np.argsort(zones, kind="stable")
    return zones[ascending].astype(np.int32), owner[ascending]


def _spare_zones(
    instance: Instance,
    town: Town,
    units: NDArray[np.int64],
    owners: NDArray[np.int32],
    owner: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Give the owner of each spare zone: as many as an owner could need, two at least."""
    of_unit = np.searchsorted(owners, town.community[town.zone[units]])
    households = np.bincount(of_unit, instance.graph.households[units], minlength=len(owners))
    zones = np.bincount(owner, minlength=len(owners))
    most = np.ceil(households / instance.new_lower).astype(np.int64) + 1 - zones
    spare = np.maximum(2, most) if len(owners) == 1 else np.full(len(owners), 2)
    return np.repeat(np.arange(len(owners)), spare).astype(np.int32)


def _bands(
    instance: Instance, zones: NDArray[np.int32], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    old = np.flatnonzero(zones < instance.graph.n_grids)
    lower = np.full(n, instance.new_lower, np.int64)
    upper = np.full(n, instance.new_upper, np.int64)
    locked = np.zeros(n, np.bool_)
    lower[old] = instance.lower[zones[old]]
    upper[old] = instance.upper[zones[old]]
    locked[old] = instance.graph.grid_is_locked[zones[old]]
    return lower, upper, locked


def _entries(indptr: NDArray[np.int32], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """List the CSR entries of some rows, in the order of the rows."""
    start, degree = indptr[rows].astype(np.int64), np.diff(indptr)[rows].astype(np.int64)
    shift = np.repeat(start - np.concatenate([[0], degree.cumsum()[:-1]]), degree)
    entries: NDArray[np.int64] = np.arange(int(degree.sum())) + shift
    return entries


def _groups(
    instance: Instance, town: Town, units: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    graph = instance.graph
    named, group = np.unique(graph.group[units], return_inverse=True)
    skip = int(len(named) > 0 and named[0] < 0)
    parts = graph.group_parts[named[skip:]].copy()
    # Zones outside the part that hold a group's units have used up parts of it.
    outside = np.isin(graph.group, named[skip:])
    outside[units] = False
    if outside.any():
        used = np.unique(np.stack([graph.group[outside], town.zone[outside]], axis=1), axis=0)
        taken = np.bincount(np.searchsorted(named[skip:], used[:, 0]), minlength=len(parts))
        parts = np.maximum(parts - taken, 1).astype(np.int32)
    return (group - skip).astype(np.int32), parts


def _apart(
    instance: Instance, units: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    local = np.full(instance.graph.n_units, -1, np.int64)
    local[units] = np.arange(len(units))
    pairs = local[instance.graph.apart]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    return indptr_of(both[:, 0], len(units)), both[:, 1].astype(np.int32)


def _home_owner(
    instance: Instance, units: NDArray[np.int64], owners: NDArray[np.int32]
) -> NDArray[np.int32]:
    now = instance.graph.community_now[units]
    at = np.minimum(np.searchsorted(owners, now), len(owners) - 1)
    home = np.where(owners[at] == now, at, -2)
    return np.where(now < 0, -1, home).astype(np.int32)


def _sub_csr(
    csr: Csr, units: NDArray[np.int64], n: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    # Only the rows of `units` are touched: the cost is that of the part, not of the town.
    local = np.full(n, -1, np.int32)
    local[units] = np.arange(len(units))
    entry = _entries(csr.indptr, units)
    stays = local[csr.indices[entry]] >= 0
    row = np.repeat(np.arange(len(units)), np.diff(csr.indptr)[units])[stays]
    return (
        indptr_of(row, len(units)),
        local[csr.indices[entry[stays]]],
        csr.edge[entry[stays]],
    )


def with_task(town: Town, task: Task, draft: Draft) -> Town:
    """
    Write a part's assignment back into the town.

    Parameters
    ----------
    town
        As it was when the task was cut, outside the task at least.
    task
        The part.
        Its assignment; spare zones that it uses get new numbers in the town. So does a closed
        grid that it takes up again, where another part has taken it up since.
    """
    community = town.community.tolist()
    number = np.full(len(task.part.lower), -1, np.int32)
    number[: len(task.zones)] = task.zones
    elsewhere = np.ones(len(town.zone), np.bool_)
    elsewhere[task.units] = False
    taken = np.isin(number, town.zone[elsewhere])
    for z in np.unique(draft.zone).tolist():
        if z >= len(task.zones) or taken[z]:
            number[z] = len(community)
            community.append(-1)
        community[int(number[z])] = int(task.owners[draft.owner[z]])
    zone = town.zone.copy()
    zone[task.units] = number[draft.zone]
    return Town(zone, np.array(community, np.int32))


def absorb_empty(part: Subproblem, draft: Draft) -> Draft:
    """Give the ground of zones without households to a neighbour, unless nobody need live there."""
    zone = draft.zone.copy()
    source = sources(part.indptr)
    size = np.bincount(zone, part.households, minlength=len(part.lower))
    is_ghost = (size == 0) & (part.lower > 0) & ~part.is_locked
    while True:
        a, b = zone[source], zone[part.indices]
        touch = is_ghost[a] & ~is_ghost[b] & ~part.is_locked[b]
        touch &= draft.owner[a] == draft.owner[b]
        if not touch.any():
            return Draft(zone, draft.owner)
        first = int(touch.argmax())
        zone[zone == a[first]] = b[first]
