"""Is a plan lawful, and if not, why: what stands out of range, with the cause where one shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.instance import Explanation
from lingwu_grid.engine.search.start import open_borders
from lingwu_grid.engine.town.causes import (
    closed_pairs,
    community_causes,
    fits,
    region_causes,
)
from lingwu_grid.engine.town.tally import Sizes, community_sizes, zone_sizes
from lingwu_grid.graph import lesser_pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance
    from lingwu_grid.engine.town.levels import Town


def explain(instance: Instance, town: Town) -> tuple[Explanation, ...]:
    """
    Name what stands out of range in an assignment, with the cause where counting shows it.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The best assignment found.

    Returns
    -------
    tuple[Explanation, ...]
        Causes: those of :func:`~lingwu_grid.engine.town.causes.region_causes` and
        :func:`~lingwu_grid.engine.town.causes.community_causes`, `count_gap_grids` (a
        community whose households no number of grids can hold), `unit_over_limit` (one unit
        above the maximum), `grid_without_households` (no row lies in it),
        `grid_out_of_range`, `community_out_of_range`, `community_in_pieces`. Empty for a
        lawful plan.
    """
    grids, communities = _grids(instance, town), _communities(instance, town)
    told, broken = _over_size_units(instance), communities_in_pieces(instance, town)
    if not grids and not communities:
        return (*told, *broken)
    told += region_causes(instance)
    counted = community_causes(instance)
    # What a region's own cause explains is not told twice.
    explained = _ground(instance, told)
    told += [
        item
        for item in grids
        if not explained[np.isin(town.zone, item.grids)].all()
        or item.cause == "grid_without_households"
    ]
    explained = _ground(instance, counted)
    community = town.community[town.zone]
    communities = [
        item for item in communities if not explained[np.isin(community, item.communities)].all()
    ]
    return (*told, *counted, *communities, *broken)


def _ground(instance: Instance, told: list[Explanation]) -> NDArray[np.bool_]:
    """Mark the units that causes name, and those where nobody lives."""
    ground: NDArray[np.bool_] = instance.graph.households == 0
    ground[[u for item in told for u in item.units]] = True
    return ground


def _over_size_units(instance: Instance) -> list[Explanation]:
    heavy = np.flatnonzero(instance.graph.households > instance.new_upper)
    most = instance.upper.max() if len(instance.upper) else instance.new_upper
    now = instance.graph.grid_now
    return [
        Explanation(
            "unit_over_limit",
            int(instance.graph.households[u]),
            int(instance.graph.households[u] - most),
            grids=(int(now[u]),) if now[u] >= 0 else (),
            unit=int(u),
            units=(int(u),),
        )
        for u in heavy
        if instance.graph.households[u] > most
    ]


def communities_in_pieces(instance: Instance, town: Town) -> list[Explanation]:
    """
    Tell of communities that open borders do not hold together.

    Empty ground does not count, nor does a community that holds a declared enclave.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment.

    Returns
    -------
    list[Explanation]
        One a community, `community_in_pieces`: all of it but the largest piece.
    """
    graph = instance.graph
    community = town.community[town.zone].astype(np.int32)
    every = lesser_pieces(*open_borders(graph), community, graph.households)
    lived_in = [(int(community[p[0]]), p) for p in every if graph.households[p].any()]
    holders = set(town.community[: graph.n_grids][graph.grid_is_enclave].tolist())
    told = []
    for c in sorted({c for c, _ in lived_in} - holders):
        units = np.sort(np.concatenate([p for owner, p in lived_in if owner == c]))
        told.append(
            Explanation(
                "community_in_pieces",
                int(graph.households[units].sum()),
                communities=(c,),
                grids=tuple(np.unique(town.zone[units]).tolist()),
                units=tuple(units.tolist()),
                pairs=tuple(closed_pairs(instance, units)),
            )
        )
    return told


def _grids(instance: Instance, town: Town) -> list[Explanation]:
    sizes = zone_sizes(instance, town)
    size, short = sizes.households, sizes.short
    told = []
    for c in np.unique(town.community[short > 0]).tolist():
        inside = sizes.is_present & (town.community == c)
        grids = np.flatnonzero(inside & (short > 0))
        total, missing = int(size[inside].sum()), int(short[grids].sum())
        if not size[grids].any():
            cause, households = "grid_without_households", 0
        elif not fits(total, instance.new_lower, instance.new_upper):
            cause, households = "count_gap_grids", total
        else:
            cause, households = "grid_out_of_range", missing
        told.append(Explanation(cause, households, missing, (c,), tuple(grids.tolist())))
    return told


def _communities(instance: Instance, town: Town) -> list[Explanation]:
    sizes = community_sizes(instance, town)
    street = np.zeros(len(sizes.lower), np.int64)
    street[town.community[town.zone]] = instance.graph.subdistrict
    plain = (sizes.lower == instance.new_community_lower) & (
        sizes.upper == instance.new_community_upper
    )
    return [
        _why_community(instance, int(c), sizes, plain & (street == street[c]))
        for c in np.flatnonzero(sizes.short)
    ]


def _why_community(
    instance: Instance, c: int, sizes: Sizes, together: NDArray[np.bool_]
) -> Explanation:
    """Tell whether the communities of its street could be in range at all, by count."""
    size, short = sizes.households, int(sizes.short[c])
    total = int(size[together].sum())
    if fits(total, instance.new_community_lower, instance.new_community_upper):
        return Explanation("community_out_of_range", int(size[c]), short, communities=(c,))
    return Explanation("count_gap_communities", total, short, communities=(c,))
