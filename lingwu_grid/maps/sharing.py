"""Maps that may leave the office: one street or community, sums only, told in tens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from lingwu_grid.disclosure.figures import COMPOUND, PAGES, Figures
from lingwu_grid.disclosure.telling import STEP
from lingwu_grid.lawful import ANY, UNLAWFUL
from lingwu_grid.maps.layers import joined, with_count, with_standing
from lingwu_grid.maps.lookup import household_flows
from lingwu_grid.maps.service import shared_service
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.pieces import LONG

if TYPE_CHECKING:
    import pandas as pd

    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.planning.service import Service

SHOWN = {"code_register": ("code", "name"), "impact": ("community_id", "when", "seats")}
"""What a shared part needs of the output tables; of all others it has nothing."""


class Shared:
    """
    Parts of a plan that streets and communities may have.

    All pages together are told so that no small count follows from them:
    see :class:`~lingwu_grid.disclosure.figures.Figures`.

    Parameters
    ----------
    record
        The plan.
    """

    def __init__(self, record: PlanRecord) -> None:
        self._record = record
        self._plan = plan_of(record)
        street = record.communities.set_index("community_id")["subdistrict_id"].astype(str)
        flows = household_flows(record.buildings)
        self._leaves = flows.assign(subdistrict_id=flows["community_id"].map(street))
        rules = record.certificate["rules"]
        limits = {
            level: {"": rules[level]}
            | {zone: (low, ANY if up is None else up) for zone, (low, up) in own.items()}
            for level, own in rules["own"].items()
        }
        self.figures = Figures(self._leaves, limits, PAGES, record.recoded)
        self._changes = self._flows(record)
        rows = record.assignment
        self._old_grids = rows[["grid_id", "previous_grid_id"]].drop_duplicates()
        nothing = {name: getattr(record, name).iloc[:0] for name in LONG}
        self._bare = replace(
            record.with_long(**nothing),
            grids=self._told(record.grids, "plan", "grid_id"),
            communities=self._told(record.communities, "community", "community_id"),
            backdrop=self._backdrop(record),
            certificate=record.certificate | {"joins": [], "units": []},
            levels=record.levels.iloc[:0],
            service=None if record.service is None else shared_service(record.service),
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
            water around; no household and no unit, and walks only of units so large that none is
            that of a family.
        """
        chosen = self._record.communities
        owners = set(chosen.loc[chosen[key].astype(str) == value, "community_id"])
        part = self._bare.part(owners)
        inside = set(part.grids["grid_id"])
        part = replace(part, service=self._service(owners))
        part = part.with_long(moves=self._changes_of(inside), buildings=self._compounds_of(owners))
        return replace(
            part,
            excluded=part.excluded.iloc[:0],
            findings=part.findings.iloc[:0],
            tables={
                name: table[list(SHOWN[name])] if name in SHOWN else table.iloc[:0]
                for name, table in part.tables.items()
            },
            summary=self._summary(key, value, part)
            | {"figures": self._figures(owners, [(key, value)])},
            run={"rules": {"grid": self._record.run["rules"]["grid"]}, "plan": self._plan},
        )

    def _service(self, owners: set[str]) -> Service | None:
        """Give the service circle with the walks of what lies in some communities."""
        service = self._bare.service
        if service is None or "routes" not in service.layers:
            return service
        units = self._record.units
        many = units["community_id"].isin(owners) & (units["households"] >= STEP)
        routes = service.layers["routes"]
        own = routes[routes["unit_id"].isin(set(units["unit_id"][many]))]
        layers = service.layers | {"routes": own.drop(columns="unit_id")}
        return replace(service, layers=layers)

    def _figures(self, owners: set[str], pages: list[tuple[str, str]]) -> dict[str, Any]:
        """Give every figure of a page with what it is of: for who checks the page afterwards."""
        record = self._record
        grids, communities = record.grids, record.communities
        today = record.backdrop.get("grids", grids.iloc[:0])
        return {
            "figures": self.figures.listed(owners, pages),
            "owners": {
                "plan": dict(zip(grids["grid_id"], grids["community_id"], strict=True)),
                "today": dict(zip(today["grid_id"], today["community_id"], strict=True)),
                "recoded": record.recoded,
                "streets": dict(
                    zip(communities["community_id"], communities["subdistrict_id"], strict=True)
                ),
            },
        }

    def _told(self, table: gpd.GeoDataFrame, kind: str, key: str) -> gpd.GeoDataFrame:
        """Tell the sizes of zones, and what comes and goes; a reason without its count."""
        codes = table[key].astype(str)
        columns = {"households": [self.figures.text(kind, code) for code in codes]}
        if kind == "plan":
            for name in ("in", "out"):
                columns[f"households_{name}"] = [self.figures.text(name, code) for code in codes]
        is_out = table["status"] == UNLAWFUL
        columns["reason"] = table["reason"].where(~is_out, table["reason"].str.split("，").str[0])
        return table.assign(**columns)

    def _backdrop(self, record: PlanRecord) -> dict[str, gpd.GeoDataFrame]:
        """Give what lies around, with the sizes of today's zones and where the grids stand."""
        out = dict(record.backdrop)
        for name, kind, key in (
            ("grids", "today", "grid_id"),
            ("communities", "community_today", "community_id"),
        ):
            if name in out:
                table = out[name]
                if name == "grids":
                    table = with_standing(with_count(table, record, key), record)
                sizes = [self.figures.text(kind, code) for code in table[key].astype(str)]
                out[name] = table.assign(households=sizes)
        return out

    def _flows(self, record: PlanRecord) -> gpd.GeoDataFrame:
        """Join what moves from one grid to another into one area; a flow of few is not drawn."""
        units = record.moves
        groups = units.groupby(["previous_grid_id", "grid_id"], sort=True)
        table = gpd.GeoDataFrame(
            groups["households"].sum().reset_index(),
            geometry=[joined(part.geometry) for _, part in groups],
            crs=units.crs,
        )
        keys = [("flow", *map(str, pair)) for pair in groups.groups]
        table["households"] = [self.figures.text(*key) for key in keys]
        is_few = np.array([self.figures.is_few(*key) for key in keys], bool)
        drawn = table[~is_few].reset_index(drop=True)
        return drawn.assign(unit_id=[f"{i + 1}" for i in range(len(drawn))])

    def _compounds_of(self, owners: set[str]) -> pd.DataFrame:
        """Give what becomes of the compounds here, in sums that tell no family."""
        rows = self._leaves[self._leaves["compound_id"] != ""]
        here = rows["community_id"].isin(owners) | rows["previous_community_id"].isin(owners)
        rows = rows[here].reset_index(drop=True)
        keys = rows[list(COMPOUND)].astype(str).itertuples(index=False, name=None)
        return rows.assign(households=[self.figures.text("compound", *key) for key in keys])

    def _changes_of(self, grids: set[str]) -> gpd.GeoDataFrame:
        every = self._changes
        here = every["grid_id"].isin(grids) | every["previous_grid_id"].isin(grids)
        return every[here].reset_index(drop=True)

    def _summary(self, key: str, value: str, part: PlanRecord) -> dict[str, Any]:
        """Sum up the part; bounds are those of the whole plan and are left out."""
        inside = set(part.grids["grid_id"])
        old = self._old_grids
        today = set(old.loc[old["grid_id"].isin(inside), "previous_grid_id"]) - {""}
        return {
            "study": self._record.summary.get("study", ""),
            "synthetic": self._record.summary["synthetic"],
            "households": self.figures.text(f"households_{key}", value),
            "grids": len(part.grids),
            "grids_today": len(today),
            "grids_recoded": {o: n for o, n in self._record.recoded.items() if n in inside},
            "communities": len(part.communities),
            "households_moved_grid": self.figures.text(f"moved_{key}", value),
            "households_moved_community": self.figures.text(f"across_{key}", value),
            "moved_share": None,
            "lower_bound": None,
            "explanations": [],
        }
