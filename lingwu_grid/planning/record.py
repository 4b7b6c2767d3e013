"""PlanRecord: the plan as tables, whole or in parts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self, cast

import geopandas as gpd
import numpy as np
import shapely

from lingwu_grid.lawful import moved
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.levels import no_levels
from lingwu_grid.planning.pieces import LONG, Held, whole_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from lingwu_grid.planning.pieces import Piece
    from lingwu_grid.planning.service import Service

WHOLE = (
    "grids_in_range", "communities_in_range", "exceptions", "tight_zones", "zones_leaving",
    "grids_touched", "levels",
)  # fmt: skip
"""Figures of a summary that are the whole plan's: a piece cut out of it has none of them."""

AROUND = 0.003
"""Ground around a part that its map shows, degrees: some 300 m."""


@dataclass(frozen=True)
class PlanRecord:
    """
    A plan, as tables.

    Parameters
    ----------
    grids, communities
        Layers of ``plan.gpkg``, EPSG:4490, columns of the output contract.
    pieces
        The long tables, by part: layers `units` and `moves`, `assignment` (one row a household
        that counts, private), `buildings`. A plan in one part has one piece.
    excluded, findings
        Rows not counted; what the data did.
    tables
        Output tables by name, those of :data:`~lingwu_grid.planning.tables.TABLES`.
    summary, run, certificate
        ``summary.json``, ``run.json`` and ``certificate.json``.
    backdrop
        Roads, barriers, stations and today's zones, EPSG:4490, for maps.
    service
        The service circle, once it has been measured.
    levels
        Zones of the other levels, columns of :data:`~lingwu_grid.planning.levels.COLUMNS`.
    """

    grids: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    pieces: tuple[Piece, ...]
    excluded: pd.DataFrame
    findings: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    summary: dict[str, Any]
    run: dict[str, Any]
    certificate: dict[str, Any]
    backdrop: dict[str, gpd.GeoDataFrame]
    service: Service | None = None
    levels: gpd.GeoDataFrame = field(default_factory=no_levels)

    @property
    def units(self) -> gpd.GeoDataFrame:
        """Layer `units`: unit_id, grid_id, community_id, previous_grid_id, households."""
        return cast("gpd.GeoDataFrame", whole_table(self.pieces, "units"))

    @property
    def moves(self) -> gpd.GeoDataFrame:
        """Layer `moves`: the units whose grid changes."""
        return cast("gpd.GeoDataFrame", whole_table(self.pieces, "moves"))

    @property
    def assignment(self) -> pd.DataFrame:
        """Table ``assignment.csv``: one row a household (private)."""
        return whole_table(self.pieces, "assignment")

    @property
    def changes(self) -> pd.DataFrame:
        """Table ``changes.csv``: the change register."""
        return self.tables["changes"]

    @property
    def impact(self) -> pd.DataFrame:
        """Table ``impact.csv``: seats and funds before and after."""
        return self.tables["impact"]

    @property
    def stories(self) -> pd.DataFrame:
        """Table ``stories.csv``: the change, piece by piece."""
        return self.tables["stories"]

    @property
    def code_register(self) -> pd.DataFrame:
        """Table ``code_register.csv``: every code ever given."""
        return self.tables["code_register"]

    @property
    def names(self) -> dict[str, str]:
        """Name of every code ever given, grids and communities."""
        register = self.code_register.drop_duplicates("code")
        return dict(zip(register["code"], register["name"], strict=True))

    @property
    def recoded(self) -> dict[str, str]:
        """Give the new code of each grid of today that passes to another community."""
        recoded: dict[str, str] = self.summary["grids_recoded"]
        return recoded

    @property
    def buildings(self) -> pd.DataFrame:
        """Table ``buildings.csv``: households by building."""
        return whole_table(self.pieces, "buildings")

    @property
    def work_crs(self) -> Any:  # noqa: ANN401 - of pyproj, or its name
        """The system in metres that the plan was made in; of one that does not say, what fits."""
        return self.run.get("crs") or self.communities.estimate_utm_crs()

    def parts(self) -> Iterator[PlanRecord]:
        """
        Give each part of the plan as a plan of its own, with its own bounds.

        Yields
        ------
        PlanRecord
            The plan itself where it has one part.
        """
        if len(self.pieces) == 1:
            yield self
            return
        joins = np.array(self.certificate["joins"], np.int64).reshape(-1, 2)
        ends = np.cumsum([0, *(part["units"] for part in self.certificate["parts"])]).tolist()
        own = {summary["part"]: summary for summary in self.summary["parts"]}
        named = {"plan": plan_of(self)}
        for name, piece, (a, b) in zip(self.run["parts"], self.pieces, pairwise(ends), strict=True):
            inside = (joins[:, 0] >= a) & (joins[:, 0] < b)
            here = {
                "units": self.certificate["units"][a:b],
                "joins": (joins[inside] - a).tolist(),
                "parts": [],
            }
            alone = replace(
                self,
                pieces=(piece,),
                certificate=self.certificate | here,
                run=self.run | named,
            )
            part = alone.part(set(piece.table("units")["community_id"]))
            bounds = {"lower_bound": self.summary["lower_bound"] | own[name]["lower_bound"]}
            figures = {key: own[name][key] for key in own[name] if key in self.summary}
            yield replace(part, summary=part.summary | figures | bounds)

    def part(self, communities: Iterable[str]) -> Self:
        """
        Give the part of the plan that some of its communities are.

        Parameters
        ----------
        communities
            Ids of the plan's communities: those of a street, of a part, or a single one.

        Returns
        -------
        PlanRecord
            Their layers, tables and counts, the units that join, and what lies around on the
            map; the bounds are those of the whole plan and are left out.
        """
        owners = set(communities)
        layers = {n: _rows_of(getattr(self, n), owners) for n in ("grids", "communities")}
        held = Held(*(whole_table(self.pieces, name) for name in LONG)).of(owners)
        frame = shapely.buffer(shapely.box(*layers["communities"].total_bounds), AROUND)
        ground = shapely.union_all(shapely.make_valid(layers["communities"].geometry.to_numpy()))
        return replace(
            self,
            **layers,
            levels=cast("gpd.GeoDataFrame", _rows_of(self.levels, owners)),
            pieces=(held,),
            tables={name: _rows_of(table, owners) for name, table in self.tables.items()},
            summary={key: value for key, value in self.summary.items() if key not in WHOLE}
            | _part_summary(self, held.assignment, layers),
            # What the bound of the whole is worked out from is nothing of a part.
            certificate=self.certificate | _joins_of(self.certificate, held.units) | {"needs": []},
            run={key: value for key, value in self.run.items() if key != "frontier"}
            | {"plan": plan_of(self)},
            backdrop={
                name: near
                for name, table in self.backdrop.items()
                if len(near := _near(table, name, frame, (ground, owners)))
            },
        )

    def with_long(self, **tables: pd.DataFrame) -> Self:
        """Give the same plan with other long tables, by name."""
        there = {name: whole_table(self.pieces, name) for name in LONG} | tables
        return replace(self, pieces=(Held(**there),))


def _rows_of(table: pd.DataFrame, communities: set[str]) -> pd.DataFrame:
    """Give the rows of some communities; a table that names none belongs to all."""
    if "community_id" not in table:
        return table
    return table[table["community_id"].isin(communities)].reset_index(drop=True)


def _part_summary(
    record: PlanRecord, rows: pd.DataFrame, layers: dict[str, pd.DataFrame]
) -> dict[str, Any]:
    """Count what a part has, what moves there, and what is not lawful there."""
    count = moved(rows, record.recoded)
    today = set(rows["previous_grid_id"]) - {""}
    here = {old: new for old, new in record.recoded.items() if old in today}
    places = {
        "grids": set(layers["grids"]["grid_id"]),
        "communities": set(layers["communities"]["community_id"]),
    }
    return {
        "households": len(rows),
        "grids": len(layers["grids"]),
        "communities": len(layers["communities"]),
        "grids_today": len(today),
        "grids_retired": sorted(today - set(record.grids["grid_id"]) - set(here)),
        "grids_recoded": here,
        "households_moved_grid": count.grid,
        "households_moved_community": count.community,
        "affected": count.either,
        "moved_share": round(count.grid / max(len(rows), 1), 6),
        "lower_bound": None,
        "explanations": [
            item
            for item in record.summary.get("explanations", [])
            if any(place.intersection(item[key]) for key, place in places.items())
        ],
    }


def _joins_of(certificate: dict[str, Any], units: gpd.GeoDataFrame) -> dict[str, Any]:
    """Give the pairs of units that join in a part, numbered as its own."""
    inside = np.isin(np.array(certificate["units"], object), units["unit_id"].to_numpy(object))
    pairs = np.array(certificate["joins"], np.int64).reshape(-1, 2)
    if not len(inside):
        return {}
    number = np.cumsum(inside) - 1
    kept = pairs[inside[pairs].all(axis=1)]
    return {"units": units["unit_id"].tolist(), "joins": number[kept].tolist()}


def _near(
    table: gpd.GeoDataFrame,
    name: str,
    frame: shapely.Polygon,
    part: tuple[shapely.Geometry, set[str]],
) -> gpd.GeoDataFrame:
    """Give what lies around a part; long lines are cut off where the map ends."""
    if name in ("grids", "communities") and "community_id" in table:
        ground, communities = part
        # Zones of a community that is retired are those of whoever has their ground.
        shapely.prepare(ground)
        here = shapely.intersects(ground, shapely.point_on_surface(table.geometry.to_numpy()))
        return table[table["community_id"].isin(communities) | here].reset_index(drop=True)
    near = table[shapely.intersects(table.geometry.to_numpy(), frame)].reset_index(drop=True)
    if name in ("roads", "barriers"):
        cut = shapely.intersection(near.geometry.to_numpy(), frame)
        near = near.set_geometry(gpd.GeoSeries(cut, crs=table.crs))
    return near
