"""Maps that may leave the office: one street or community, sums only, small ones masked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from lingwu_grid.lawful import moves
from lingwu_grid.maps.layers import joined
from lingwu_grid.maps.lookup import compound_flows
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.pieces import LONG

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

SMALL = 5
"""Fewer households than this are not told (the usual threshold of small cells)."""

MASK = f"少于 {SMALL}"

SHOWN = {"code_register": ("code", "name"), "impact": ("community_id", "when", "seats")}
"""What a shared part needs of the output tables; of all others it has nothing."""


class Shared:
    """
    Parts of a plan that streets and communities may have.

    What the parts have in common, sums over half a million rows, is worked out once.

    Parameters
    ----------
    record
        The plan.
    """

    def __init__(self, record: PlanRecord) -> None:
        self._record = record
        self._plan = plan_of(record)
        self._changes = _changes(record)
        self._flows = _masked(compound_flows(record.buildings), ("households",))
        rows = record.assignment
        self._moves = pd.DataFrame(
            {
                "grid_id": rows["grid_id"],
                "moved": moves(rows, "grid"),
                "across": moves(rows, "community"),
            }
        ).groupby("grid_id").sum()  # fmt: skip
        self._old_grids = rows[["grid_id", "previous_grid_id"]].drop_duplicates()
        nothing = {name: getattr(record, name).iloc[:0] for name in LONG}
        self._bare = replace(
            record.with_long(**nothing),
            backdrop=_with_sums(record),
            certificate=record.certificate | {"joins": [], "units": []},
        )

    def part(self, key: str, value: str) -> PlanRecord:
        """
        Give the part of a street or community.

        Parameters
        ----------
        key
            `subdistrict_id` or `community_id`.
        value
            Which.

        Returns
        -------
        PlanRecord
            Its grids and communities, what changes there joined into whole areas, roads and
            water around; no household, no unit, no walk of anybody.
        """
        chosen = self._record.communities
        owners = set(chosen.loc[chosen[key].astype(str) == value, "community_id"])
        part = self._bare.part(owners)
        inside = set(part.grids["grid_id"])
        part = part.with_long(moves=self._changes_of(inside), buildings=self._compounds_of(owners))
        return replace(
            part,
            grids=_masked(part.grids, ("households_in", "households_out")).reset_index(drop=True),
            excluded=part.excluded.iloc[:0],
            findings=part.findings.iloc[:0],
            tables={
                name: table[list(SHOWN[name])] if name in SHOWN else table.iloc[:0]
                for name, table in part.tables.items()
            },
            summary=self._summary(part.communities, part.grids),
            run={"rules": {"grid": self._record.run["rules"]["grid"]}, "plan": self._plan},
        )

    def _compounds_of(self, owners: set[str]) -> pd.DataFrame:
        """Give what becomes of the compounds here, in sums that tell no family."""
        rows = self._flows
        here = rows["community_id"].isin(owners) | rows["previous_community_id"].isin(owners)
        return rows[here].reset_index(drop=True)

    def _changes_of(self, grids: set[str]) -> gpd.GeoDataFrame:
        every = self._changes
        here = every["grid_id"].isin(grids) | every["previous_grid_id"].isin(grids)
        return every[here].reset_index(drop=True)

    def _summary(self, communities: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> dict[str, Any]:
        """Sum up the part; bounds are those of the whole plan and are left out."""
        inside = set(grids["grid_id"])
        moves = self._moves[self._moves.index.isin(inside)].sum()
        old = self._old_grids
        today = set(old.loc[old["grid_id"].isin(inside), "previous_grid_id"]) - {""}
        return {
            "study": self._record.summary.get("study", ""),
            "synthetic": self._record.summary["synthetic"],
            "households": int(communities["households"].sum()),
            "grids": len(grids),
            "grids_today": len(today),
            "communities": len(communities),
            "households_moved_grid": _told(int(moves["moved"])),
            "households_moved_community": _told(int(moves["across"])),
            "moved_share": None,
            "lower_bound": None,
            "explanations": [],
        }


def _told(count: int) -> int | str:
    """
    Tell a count of people who move so that no smaller count follows from it.

    A grid's size before and after are told exactly, so an exact number that came would give away
    how few left: what is not small is told in fives.
    """
    if count == 0:
        return 0
    return MASK if count < SMALL else f"约 {SMALL * round(count / SMALL)}"


def _changes(record: PlanRecord) -> gpd.GeoDataFrame:
    """Join what moves from one grid to another into one area, its households summed up."""
    units = record.moves
    groups = units.groupby(["previous_grid_id", "grid_id"], sort=True)
    table = gpd.GeoDataFrame(
        groups["households"].sum().reset_index(),
        geometry=[joined(part.geometry) for _, part in groups],
        crs=units.crs,
    )
    masked = _masked(table, ("households",))
    return masked.assign(unit_id=[f"{i + 1}" for i in range(len(masked))])


def _masked(table: gpd.GeoDataFrame, columns: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Put words for counts of people who move, as :func:`_told` does."""
    out = table.copy()
    for name in columns:
        count = pd.to_numeric(out[name]).astype(int)
        out[name] = np.array([_told(n) for n in count.tolist()], object)
    return out


def _with_sums(record: PlanRecord) -> dict[str, gpd.GeoDataFrame]:
    """Give the backdrop with the households that today's zones have: sums, taken before masking."""
    out = {}
    for name, table in record.backdrop.items():
        key = {"grids": "grid_id", "communities": "community_id"}.get(name)
        if key is None:
            out[name] = table
            continue
        count = record.assignment.groupby(f"previous_{key}").size()
        today = table[key].map(count).fillna(0).astype(int)
        if name == "grids":
            today = _unsubtracted(today, table[key], record)
        out[name] = table.assign(households=today)
    return out


def _unsubtracted(today: pd.Series, ids: pd.Series, record: PlanRecord) -> pd.Series:
    """
    Round today's size of grids that few people enter or leave.

    The plan's size is told exactly; with today's beside it, the few would follow by subtraction.
    A grid in range stays in range.
    """
    plan = record.grids.set_index("grid_id")[["households_in", "households_out"]]
    few = ((plan > 0) & (plan < SMALL)).any(axis=1)
    tell = ids.map(few).fillna(value=False).to_numpy(bool)
    band = record.run["rules"]["grid"]
    rounded = SMALL * np.round(today / SMALL).astype(int)
    inside = today.between(band["lower"], band["upper"])
    rounded = rounded.where(~inside, rounded.clip(band["lower"], band["upper"]))
    return today.where(~tell, rounded)
