"""What an assignment of the town amounts to: sizes out of range, households moved, its rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.graph import sources
from lingwu_grid.lawful import short_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance
    from lingwu_grid.engine.shapes import Shape
    from lingwu_grid.engine.town.levels import Town


class Sizes(NamedTuple):
    """Zones or communities by size, all of shape (n,)."""

    households: NDArray[np.int64]
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    is_present: NDArray[np.bool_]
    """False for a number without units."""
    rise: NDArray[np.int64]
    fall: NDArray[np.int64]
    """The most that come, and that go, on any day of the horizon."""

    @property
    def short(self) -> NDArray[np.int64]:
        """Households that each is, or will be, out of range by."""
        least, most = self.households - self.fall, self.households + self.rise
        out = short_by(least, most, self.lower, self.upper)
        return np.asarray(out * self.is_present, np.int64)


def zone_sizes(instance: Instance, town: Town) -> Sizes:
    """
    Count the households of every zone.

    Parameters
    ----------
    instance
        Households and bounds.
    town
        The assignment.
    """
    n = len(town.community)
    lower = np.full(n, instance.new_lower, np.int64)
    upper = np.full(n, instance.new_upper, np.int64)
    old = min(n, len(instance.lower))
    lower[:old], upper[:old] = instance.lower[:old], instance.upper[:old]
    return _counted(instance, town.zone, lower, upper)


def community_sizes(instance: Instance, town: Town) -> Sizes:
    """
    Count the households of every community, new ones included.

    Parameters
    ----------
    instance
        Households and bounds.
    town
        The assignment.
    """
    n = max(instance.graph.n_communities, int(town.community.max(initial=-1)) + 1)
    every = np.arange(n, dtype=np.int32)
    lower, upper = instance.community_lower(every), instance.community_upper(every)
    return _counted(instance, town.community[town.zone], lower, upper)


def _counted(
    instance: Instance,
    zone: NDArray[np.int32],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
) -> Sizes:
    graph, n = instance.graph, len(lower)
    size, rise, fall = (
        np.bincount(zone, count, minlength=n).astype(np.int64)
        for count in (graph.households, graph.rise, graph.fall)
    )
    return Sizes(size, lower, upper, np.bincount(zone, minlength=n) > 0, rise, fall)


def moved_households(
    instance: Instance, town: Town, inside: NDArray[np.bool_] | None = None
) -> int:
    """
    Count the households whose grid changes; those without a grid today do not count.

    Parameters
    ----------
    instance
        Where households are today.
    town
        The assignment.
    inside
        Units to count, shape (n_units,); all of them by default.
    """
    graph = instance.graph
    owner = sources(graph.home_indptr)
    away = town.zone[owner] != graph.home_grid
    if inside is not None:
        away &= inside[owner]
    return int(graph.home_households[away].sum())


def affected_households(instance: Instance, town: Town) -> int:
    """
    Count the households whose grid or community changes.

    Parameters
    ----------
    instance
        Where households are today.
    town
        The assignment.
    """
    graph = instance.graph
    owner = sources(graph.home_indptr)
    crossed = (graph.community_now >= 0) & (graph.community_now != town.community[town.zone])
    away = (town.zone[owner] != graph.home_grid) | crossed[owner]
    return int(graph.home_households[away].sum())


def worth(instance: Instance, town: Town) -> tuple[int, int]:
    """Rank a town, less is better: households out of range first, then weighted ones moved."""
    graph = instance.graph
    short = zone_sizes(instance, town).short.sum() + community_sizes(instance, town).short.sum()
    away = (graph.community_now >= 0) & (graph.community_now != town.community[town.zone])
    crossed = int(graph.households[away].sum())
    moved = moved_households(instance, town) + instance.community_weight * crossed
    return int(short), moved


def outlines(
    shape: Shape, units: NDArray[np.int64], zone: NDArray[np.int32], zones: NDArray[np.int32]
) -> float:
    """Price the outlines of some zones, those without units left out; `zone` of each of `units`."""
    inside = [units[zone == z] for z in zones.tolist()]
    return sum(shape(group) for group in inside if len(group))
