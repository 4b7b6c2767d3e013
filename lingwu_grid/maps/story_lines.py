"""The border that one story changes: what is new of it, and what ends."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.planning.story_ground import SHIFT_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.planning.record import PlanRecord

TOUCH = 1e-9
"""Degrees: units this near share a border; they tile."""

SHIFT = SHIFT_M / 1e5
"""The same in degrees, about: what is drawn as new or gone is what is told so."""


class _Zones(NamedTuple):
    """Zone of every unit, today and in the plan."""

    today: NDArray[np.object_]
    plan: NDArray[np.object_]


class Lines:
    """
    The borders between the units of a plan, told by what parts them.

    Parameters
    ----------
    record
        The plan, or a part of it.
    """

    def __init__(self, record: PlanRecord) -> None:
        units = record.units
        self._shapes = units.geometry.to_numpy()
        self._number = {unit: k for k, unit in enumerate(units["unit_id"])}
        self._tree = shapely.STRtree(self._shapes)
        plan = units["grid_id"].to_numpy(object)
        today = units["previous_grid_id"].fillna("").to_numpy(object)
        now = dict(zip(record.grids["grid_id"], record.grids["community_id"], strict=True))
        back = record.backdrop.get("grids")
        was = {} if back is None else dict(zip(back["grid_id"], back["community_id"], strict=True))
        self._grids = _Zones(today, plan)
        self._communities = _Zones(
            np.array([was.get(g, "") for g in today], object),
            np.array([now.get(g, "") for g in plan], object),
        )

    def of(
        self, units: list[str], ground: shapely.Geometry, *, is_whole: bool, is_across: bool = False
    ) -> dict[str, NDArray[np.object_]]:
        """
        Give the border of a story that is new, and that which ends.

        Parameters
        ----------
        units
            Its units.
        ground
            They as one shape.
        is_whole
            For a grid that passes to another community: the border of communities is meant.
        is_across
            For households that change grid and community: the border of either is meant.

        Returns
        -------
        dict
            `fresh`: lines to what was of one zone with it and is no more; `ended`: to
            what was of another and is of one now; `faded`: to what is of one community with it
            now and was not, where grids meet still; `between`: what of `fresh` parts communities.
        """
        levels = [] if is_whole else [self._grids]
        if is_whole or is_across:
            levels.append(self._communities)
        mine = np.array([self._number[unit] for unit in units])
        near = np.setdiff1d(self._tree.query(ground, "dwithin", distance=TOUCH), mine)
        rim = shapely.boundary(ground)
        about = self._tree.query(rim, "dwithin", distance=SHIFT)
        own = np.isin(self._grids.plan[near], self._grids.plan[mine])
        abroad = ~np.isin(self._communities.plan[near], self._communities.plan[mine])
        fresh, ended, faded, between = [], [], [], []
        for zones in levels:
            was = np.isin(zones.today[near], zones.today[mine])
            now = np.isin(zones.plan[near], zones.plan[mine])
            before = self._borders(about, zones.today)
            fresh.append(self._shared(rim, near[was & ~now], before))
            between.append(self._shared(rim, near[was & ~now & abroad], before))
            beyond = self._borders(about, zones.plan)
            ended.append(self._shared(rim, near[~was & now & own], beyond))
            faded.append(self._shared(rim, near[~was & now & ~own], beyond))
        return {
            "fresh": _joined(fresh), "ended": _joined(ended), "faded": _joined(faded),
            "between": _joined(between),
        }  # fmt: skip

    def _borders(self, units: NDArray[np.int64], zone: NDArray[np.object_]) -> shapely.Geometry:
        """Give the borders that some units make between their zones."""
        grounds = [
            shapely.union_all(shapely.make_valid(self._shapes[units[zone[units] == z]]))
            for z in sorted(set(zone[units].tolist()))
        ]
        pairs = [shapely.intersection(a, b) for a, b in combinations(grounds, 2)]
        return shapely.union_all(pairs) if pairs else shapely.GeometryCollection()

    def _shared(
        self, rim: shapely.Geometry, units: NDArray[np.int64], other: shapely.Geometry
    ) -> shapely.Geometry:
        """Give where a rim meets units, but for what only shifted from another border."""
        rest = shapely.union_all(shapely.make_valid(self._shapes[units]))
        met = shapely.get_parts(shapely.intersection(rim, rest))
        met = shapely.line_merge(shapely.multilinestrings(met[shapely.get_type_id(met) == 1]))
        left = shapely.get_parts(shapely.difference(met, shapely.buffer(other, SHIFT)))
        lines = left[(shapely.get_type_id(left) == 1) & (shapely.length(left) > SHIFT)]
        return shapely.multilinestrings(lines)


def _joined(lines: list[shapely.Geometry]) -> NDArray[np.object_]:
    """Join what continues or repeats each other."""
    parts = shapely.get_parts(shapely.line_merge(shapely.union_all(lines)))
    return np.asarray(parts[~shapely.is_empty(parts)], object)
