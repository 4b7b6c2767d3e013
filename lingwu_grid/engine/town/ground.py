"""Ground where nobody lives stays with a grid whose households stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.town.tally import outlines
from lingwu_grid.graph import groups_of, pieces, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance
    from lingwu_grid.engine.town.levels import Csr, Town


NECK = 200.0
"""Price in households above which a park is not worth it: less than a neck's."""


def keep_ground(instance: Instance, town: Town, csr: Csr) -> Town:
    """
    Give empty ground back to, and take it from, grids that neither gained nor lost a household.

    A park that changes hands moves nobody, yet it redraws a grid that need not be touched.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        The assignment.
    csr
        Open borders of the town.

    Returns
    -------
    Town
        No zone and no community in more pieces, no household elsewhere, no neck for a park.
    """
    if not instance.keeps_today:
        return town
    zone, now = town.zone.copy(), instance.graph.grid_now
    for chunk in chunks(csr, np.flatnonzero(astray(instance, zone)), zone, now):
        moved = zone.copy()
        moved[chunk] = now[chunk]
        if not _is_worse(instance, town, csr, zone, moved):
            zone = moved
    return town._replace(zone=zone)


def astray(instance: Instance, zone: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark the empty units that grids which keep their households lost or gained, shape (n,)."""
    graph, now, calm = instance.graph, instance.graph.grid_now, untouched(instance, zone)
    there = np.bincount(zone, minlength=max(len(calm), int(zone.max()) + 1)) > 0
    empty = (graph.households == 0) & (now >= 0) & (now != zone) & there[np.maximum(now, 0)]
    new = zone >= len(calm)
    return np.asarray(
        empty & (calm[np.maximum(now, 0)] | (calm[np.where(new, 0, zone)] & ~new)), np.bool_
    )


def touched(instance: Instance, zone: NDArray[np.int32]) -> list[int]:
    """List the grids that keep their households, but not their ground."""
    calm, units = untouched(instance, zone), np.flatnonzero(astray(instance, zone))
    ends = np.unique(np.concatenate([zone[units], instance.graph.grid_now[units]]))
    ends = ends[ends < len(calm)]
    return [int(grid) for grid in ends[calm[ends]]]


def untouched(instance: Instance, zone: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell of each grid of today whether it has all of its households, and no others."""
    graph = instance.graph
    n = len(graph.grid_lower)
    owner = zone[sources(graph.home_indptr)]
    stays = owner == graph.home_grid
    home, count = graph.home_grid, graph.home_households
    all_homes = np.bincount(home[home >= 0], count[home >= 0], n)[:n]
    mine = stays & (home >= 0)
    kept = np.bincount(home[mine], count[mine], n)[:n]
    has = np.bincount(zone, graph.households, n)[:n]
    return np.asarray((kept == all_homes) & (has == all_homes) & (has > 0), np.bool_)


def chunks(
    csr: Csr, units: NDArray[np.int64], zone: NDArray[np.int32], now: NDArray[np.int32]
) -> list[NDArray[np.int64]]:
    """Group units that lie together, all in one zone and from one grid of today."""
    pair = np.stack([zone[units], now[units]], axis=1)
    label = -1 - np.arange(len(zone), dtype=np.int32)  # the rest joins nobody
    label[units] = np.unique(pair, axis=0, return_inverse=True)[1].reshape(-1)
    piece = pieces(csr.indptr, csr.indices, label)
    return [units[group] for group in groups_of(piece[units])] if len(units) else []


def _is_worse(
    instance: Instance,
    town: Town,
    csr: Csr,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
) -> bool:
    """Tell whether a zone or community falls apart, or a zone gets a neck."""
    old, new = (_pieces(town, csr, zone) for zone in (before, after))
    if any(a > b for a, b in zip(new, old, strict=True)):
        return True
    return dearer_outlines(instance, before, after) > NECK


def dearer_outlines(
    instance: Instance, before: NDArray[np.int32], after: NDArray[np.int32]
) -> float:
    """Give what the outlines of a plan cost more than those of another, today's own left out."""
    now, units = instance.graph.grid_now, np.arange(len(before))
    changed = np.union1d(before[before != after], after[before != after])

    def price(zone: NDArray[np.int32]) -> float:
        drawn = [z for z in changed.tolist() if not np.array_equal(zone == z, now == z)]
        return outlines(instance.shape, units, zone, np.array(drawn, np.int32))

    return price(after) - price(before)


def _pieces(town: Town, csr: Csr, zone: NDArray[np.int32]) -> list[int]:
    """Count the pieces of all zones, and of all communities."""
    labels = (zone, town.community[zone])
    return [int(pieces(csr.indptr, csr.indices, label).max()) for label in labels]
