"""The name of a plan: the same units in the same grids and communities have the same one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd


def plan_id(units: gpd.GeoDataFrame) -> str:
    """
    Name a plan by what it says.

    Parameters
    ----------
    units
        Layer `units` of a plan: unit_id, grid_id, community_id, households.

    Returns
    -------
    str
        Twelve hexadecimal digits of a SHA-256.
    """
    return named_by(unit_lines(units))


def unit_lines(units: gpd.GeoDataFrame) -> list[str]:
    """Say of each unit of a plan what its name goes by."""
    columns = ["unit_id", "grid_id", "community_id", "households"]
    return list(map("\t".join, zip(*(units[c].astype(str) for c in columns), strict=True)))


def named_by(lines: Iterable[str]) -> str:
    """Name a plan by the lines of its units, in any order: a plan in parts has them in parts."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]


class Named(Protocol):
    """What a plan is named by."""

    @property
    def run(self) -> dict[str, Any]:
        """Say what it was made from; a part names its whole there."""

    @property
    def units(self) -> gpd.GeoDataFrame:
        """Its layer of units."""


def plan_of(record: Named) -> str:
    """Name the plan of a record: where this is a part, of the whole that it says it is part of."""
    return str(record.run.get("plan") or plan_id(record.units))
