"""Sharing out: which part of a plan each wish of a patch belongs to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.revision.patch import Patch


def shared_out(plan: PlanRecord, patches: list[Patch]) -> list[list[Patch]]:
    """
    Give each part of a plan its share of the patches.

    Parameters
    ----------
    plan
        In one part or in several.
    patches
        Of any number of offices.

    Raises
    ------
    InputError
        If a unit is given to a grid of another part: nobody can get there.
    """
    if len(plan.pieces) == 1:
        return [patches]
    split = _Split(plan)
    shares: list[list[Patch]] = [[] for _ in plan.pieces]
    for patch in patches:
        for number, share in split.of(patch).items():
            shares[number].append(share)
    return shares


class _Split:
    """Where the wishes of a patch belong."""

    def __init__(self, plan: PlanRecord) -> None:
        self._unit: dict[str, int] = {}
        self._grid: dict[str, int] = {}
        self._community: dict[str, int] = {}
        for number, piece in enumerate(plan.pieces):
            units = piece.table("units")
            self._unit |= dict.fromkeys(units["unit_id"], number)
            self._grid |= dict.fromkeys(units["grid_id"], number)
            self._community |= dict.fromkeys(units["community_id"], number)
        streets = plan.communities[["subdistrict_id", "community_id"]].itertuples(index=False)
        self._street: dict[str, int] = {}
        for street, community in streets:
            self._street.setdefault(str(street), self._community[community])

    def of(self, patch: Patch) -> dict[int, Patch]:
        """
        Divide a patch by parts.

        Raises
        ------
        InputError
            If a unit is given to a grid of another part: nobody can get there.
        """

        def home(grid: str) -> int:
            if grid in self._grid:
                return self._grid[grid]
            owner = patch.new_grids.get(grid, "")
            return self._community.get(owner, self._street[patch.street])

        apart = [e for e in patch.edits if self._unit[e.unit] != home(e.after)]
        if apart:
            raise InputError(
                f"单元 {apart[0].unit} 和网格 {apart[0].after} 之间没有住户能过去的地方",
                where=patch.name,
                remedy="请街道在这个方案的审议页上重新导出",
            )
        found: dict[int, Patch] = {}
        for number in sorted(
            {self._unit[e.unit] for e in patch.edits}
            | {home(g) for g in (*patch.locks, *(c.grid for c in patch.comments))}
        ):
            found[number] = replace(
                patch,
                edits=tuple(e for e in patch.edits if self._unit[e.unit] == number),
                new_grids={g: c for g, c in patch.new_grids.items() if home(g) == number},
                locks=tuple(g for g in patch.locks if home(g) == number),
                comments=tuple(c for c in patch.comments if home(c.grid) == number),
            )
        return found
