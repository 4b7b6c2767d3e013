"""The town to begin from: today's, with its pieces attached, or one cut out of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.instance import never
from lingwu_grid.engine.search.start import attach_pieces, cold_start, open_borders
from lingwu_grid.engine.town.communities import settle_communities, zone_graph
from lingwu_grid.engine.town.levels import Town

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Stop


def first_town(
    instance: Instance, *, seed: int, workers: int, is_loose: bool = False, stop: Stop = never
) -> Town:
    """
    Give the assignment that a solve begins from.

    Parameters
    ----------
    instance
        The town and its rules.
    seed
        Same seed, same town.
    workers
        Streets solved at a time; the result does not depend on it.
    is_loose
        As :func:`~lingwu_grid.engine.town.communities.settle_communities` takes it.
    stop
        Who stops at once has today's communities as they are.

    Returns
    -------
    Town
        Every zone in one piece; communities in range as far as whole zones can bring them there,
        each in one piece where that can be, unless `is_loose`.
    """
    graph = instance.graph
    keep = instance.is_fixed
    if instance.keeps_today:
        zone = attach_pieces(graph, graph.grid_now, graph.community_now, keep, graph.grid_is_locked)
        today = np.full(int(max(zone.max() + 1, graph.n_grids)), -1, np.int32)
        today[: graph.n_grids] = graph.grid_community
        if (today[np.unique(zone)] >= 0).all() and stop(is_lawful=False):
            return Town(zone, today)
        return _with_communities(instance, zone, today, seed, workers, is_loose=is_loose)
    indptr, indices = open_borders(graph)
    if graph.n_communities and instance.community_mode != "redraw":
        label = attach_pieces(
            graph, graph.community_now, graph.community_now, keep, graph.community_is_locked
        )
    else:
        label = np.int32(graph.n_communities) + cold_start(
            indptr, indices, graph.households, graph.subdistrict, seed=seed,
            band=(instance.new_community_lower, instance.new_community_upper),
        )  # fmt: skip
    band = (instance.new_lower, instance.new_upper)
    zone = cold_start(indptr, indices, graph.households, label, seed=seed, band=band)
    zone += np.int32(graph.n_grids)
    today = np.full(int(zone.max()) + 1, -1, np.int32)
    today[zone] = label
    if graph.n_communities and instance.community_mode != "redraw":
        return _with_communities(instance, zone, today, seed, workers, is_loose=is_loose)
    return Town(zone, today)


def _with_communities(
    instance: Instance,
    zone: NDArray[np.int32],
    today: NDArray[np.int32],
    seed: int,
    workers: int,
    *,
    is_loose: bool,
) -> Town:
    graph = instance.graph
    if instance.community_mode == "redraw" or not graph.n_communities:
        indptr, indices = zone_graph(instance, zone)
        size = np.bincount(zone, graph.households).astype(np.int64)
        street = np.zeros(len(size), np.int32)
        street[zone] = graph.subdistrict
        band = (instance.new_community_lower, instance.new_community_upper)
        drawn = cold_start(indptr, indices, size, street, seed=seed, band=band)
        return Town(zone, drawn + np.int32(graph.n_communities))
    if instance.community_mode == "fixed" and (today[np.unique(zone)] >= 0).all():
        return Town(zone, today)
    settled = settle_communities(instance, zone, today, workers=workers, is_loose=is_loose)
    return Town(zone, settled)
