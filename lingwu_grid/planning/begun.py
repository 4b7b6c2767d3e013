"""Begun: a plan of the same study as numbers, to go on from with other prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.engine.town.levels import Town

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.planning.record import PlanRecord


def town_of(record: PlanRecord, fabric: Fabric) -> Town:
    """
    Give a plan as the solver has it: what lives on under today's numbers, what is new after them.

    Parameters
    ----------
    record
        A plan of the study that the fabric is of.
    fabric
        The same units.
    """
    places = fabric.places
    before: dict[str, str] = {now: was for was, now in record.recoded.items()}
    grid_of: dict[str, str] = dict(
        zip(record.units["unit_id"], record.units["grid_id"], strict=True)
    )
    owner: dict[str, str] = dict(
        zip(record.grids["grid_id"], record.grids["community_id"], strict=True)
    )
    grids = _numbered(places.grid_ids, [before.get(g, g) for g in owner])
    communities = _numbered(places.community_ids, list(owner.values()))
    codes = [grid_of[unit] for unit in fabric.units["unit_id"].astype(str)]
    zone = np.array([grids[before.get(code, code)] for code in codes], np.int32)
    community = np.full(max(grids.values()) + 1, -1, np.int32)
    for grid, mine in owner.items():
        community[grids[before.get(grid, grid)]] = communities[mine]
    return Town(zone, community)


def _numbered(today: Sequence[str], plan: Sequence[str]) -> dict[str, int]:
    """Number today's codes in their order, and after them those that are not today's."""
    return {code: number for number, code in enumerate(dict.fromkeys([*today, *plan]))}
