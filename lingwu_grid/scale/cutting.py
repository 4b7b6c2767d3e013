"""Cutting: one part of a study as a study of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from lingwu_grid.contract.errors import RulesError
from lingwu_grid.contract.findings import Findings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.scale.division import Division

MARGIN_M = 200.0
"""Ground round a part whose lines and compounds it is given: borders run on them, and are named
by them. Beyond it nothing of a part depends on what lies there."""

BY_GROUND = (
    "roads", "barriers", "crossings", "compounds", "gates", "stations", "premises",
)  # fmt: skip
BY_POINT = ("buildings", "code_register")


class Cutter:
    """
    Cuts parts out of a study; what they have in common is worked out once.

    Parameters
    ----------
    ground
        The whole, without its households.
    division
        The parts.
    """

    def __init__(self, ground: Study, division: Division) -> None:
        self._ground, self._division = ground, division
        self._trees = {
            name: shapely.STRtree(ground.table(name).geometry.to_numpy())
            for name in BY_GROUND
            if name in ground.tables
        }
        self._owner = {
            name: division.of_points(_points(ground.table(name)))
            for name in BY_POINT
            if name in ground.tables
        }
        places = division.places
        grid = places.grid_code(ground.table("grids")["grid_id"])
        self._community_of_grid = np.array([*places.community_ids, ""], object)[
            places.grid_community[grid]
        ]

    def study(self, number: int, households: gpd.GeoDataFrame) -> Study:
        """
        Give a part as a study of its own.

        Parameters
        ----------
        number
            Which.
        households
            Its rows.
        """
        ground, part = self._ground, self._division.parts[number]
        tables = self.tables(number)
        return replace(
            ground,
            rules=self._rules(part.communities, households, tables),
            households=households,
            excluded=ground.excluded.iloc[:0],
            tables=tables,
            outline=part.area,
            findings=Findings(),
            part=f"{number + 1:03d}-",
        )

    def tables(self, number: int) -> dict[str, gpd.GeoDataFrame]:
        """Give the tables of a part, and of what lies around it."""
        ground, part = self._ground, self._division.parts[number]
        near = shapely.buffer(part.area, MARGIN_M)
        shapely.prepare(near)
        tables = {name: self._near(name, near) for name in self._trees}
        for name, owner in self._owner.items():
            tables[name] = ground.table(name)[owner == number].reset_index(drop=True)
        tables |= self._zones(part.communities)
        tables["neighbours"] = self._neighbours(near, part.communities)
        if "growth" in ground.tables and "compounds" in tables:
            growth = ground.tables["growth"]
            compounds = tables["compounds"]
            inside = shapely.point_on_surface(compounds.geometry.to_numpy())
            mine = compounds["compound_id"][shapely.intersects(inside, part.area)]
            here = growth["compound_id"].isin(mine)
            tables["growth"] = growth[here].reset_index(drop=True)
        return {name: table for name, table in tables.items() if len(table)}

    def _near(self, name: str, near: shapely.Geometry) -> gpd.GeoDataFrame:
        table = self._ground.table(name)
        rows = np.sort(self._trees[name].query(near, predicate="intersects"))
        chosen = table.iloc[rows].reset_index(drop=True)
        if name == "roads" and len(chosen):
            # A road of the whole province is cut to what can touch the part, well outside it.
            west, south, east, north = near.bounds
            cut = shapely.clip_by_rect(
                chosen.geometry.to_numpy(),
                west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M,
            )  # fmt: skip
            chosen = chosen.set_geometry(gpd.GeoSeries(cut, crs=table.crs))
        return chosen

    def _zones(self, communities: tuple[str, ...]) -> dict[str, gpd.GeoDataFrame]:
        """Give today's zones of a part."""
        ground, places = self._ground, self._division.places
        table = ground.table("communities")
        number = {c: i for i, c in enumerate(places.community_ids)}
        streets = {
            places.subdistrict_ids[places.community_subdistrict[number[c]]] for c in communities
        }
        own = {"communities": table[table["community_id"].isin(communities)]}
        if "grids" in ground.tables:
            own["grids"] = ground.table("grids")[np.isin(self._community_of_grid, communities)]
        if "subdistricts" in ground.tables:
            table = ground.table("subdistricts")
            own["subdistricts"] = table[table["subdistrict_id"].isin(streets)]
        return {name: table.reset_index(drop=True) for name, table in own.items()}

    def _neighbours(self, near: shapely.Geometry, communities: tuple[str, ...]) -> gpd.GeoDataFrame:
        """Give the communities beyond the seams: borders are named by them."""
        table = self._ground.table("communities")
        others = table[~table["community_id"].isin(communities)]
        others = others[shapely.intersects(near, others.geometry.to_numpy())]
        name = others["community_name"].where(
            others["community_name"] != "", others["community_id"]
        )
        return gpd.GeoDataFrame(
            {"name": name.to_numpy()}, geometry=others.geometry.to_numpy(), crs=table.crs
        )

    def _rules(
        self,
        communities: tuple[str, ...],
        households: gpd.GeoDataFrame,
        tables: dict[str, gpd.GeoDataFrame],
    ) -> Rules:
        """Give the settings of a part: those that speak of its places, and of all."""
        rules = self._ground.rules
        grids = set(tables["grids"]["grid_id"]) if "grids" in tables else set()
        named = {*households["building_id"], *households["compound_id"]}
        if "compounds" in tables:
            named |= set(tables["compounds"]["compound_id"])
        return rules.with_(
            locked_grids=_kept(rules.locked_grids, grids),
            locked_communities=_kept(rules.locked_communities, set(communities)),
            enclaves=_kept(rules.enclaves, grids),
            exceptions=tuple(
                e for e in rules.exceptions if e.grid_id in grids or e.community_id in communities
            ),
            pins=tuple(p for p in rules.pins if p.grid_id in grids),
            together=_whole_groups(rules.together, named),
            apart=tuple(kept for group in rules.apart if len(kept := _kept(group, named)) > 1),
            open_crossings=tuple(p for p in rules.open_crossings if set(p) <= grids),
        )


def _points(table: gpd.GeoDataFrame) -> NDArray[np.object_]:
    points: NDArray[np.object_] = shapely.point_on_surface(table.geometry.to_numpy())
    return points


def _kept(ids: tuple[str, ...], known: set[str]) -> tuple[str, ...]:
    return tuple(i for i in ids if i in known)


def _whole_groups(
    groups: tuple[tuple[str, ...], ...], named: set[str]
) -> tuple[tuple[str, ...], ...]:
    """Keep the groups that lie in a part; one that lies in two can be in no one grid."""
    for group in groups:
        if 0 < len(_kept(group, named)) < len(group):
            raise RulesError(
                f"{'、'.join(group)} 不在同一个街道，不能划在一个网格",
                where="rules.toml [together]",
                remedy="每一组只写同一街道的小区、楼栋",
            )
    return tuple(group for group in groups if set(group) <= named)


def refuse_unknown(ground: Study, division: Division, buildings: set[str]) -> None:
    """
    Refuse settings that speak of places that no part has.

    Parameters
    ----------
    ground, division
        The whole.
    buildings
        Every building id of the household rows.

    Raises
    ------
    RulesError
        The sentence names the first.
    """
    rules, places = ground.rules, division.places
    grids = [
        *rules.locked_grids, *rules.enclaves, *(g for p in rules.open_crossings for g in p),
        *(e.grid_id for e in rules.exceptions if e.grid_id), *(p.grid_id for p in rules.pins),
    ]  # fmt: skip
    communities = [
        *rules.locked_communities, *(e.community_id for e in rules.exceptions if e.community_id),
    ]  # fmt: skip
    spoken = [
        *(p.place for p in rules.pins), *(p for g in (*rules.together, *rules.apart) for p in g),
        *rules.split_compounds,
    ]  # fmt: skip
    named = buildings | set(ground.table("compounds")["compound_id"])
    for kind, asked, known in (
        ("网格", grids, set(places.grid_ids)),
        ("社区", communities, set(places.community_ids)),
        ("小区或楼栋", spoken, named),
    ):
        strangers = [code for code in asked if code not in known]
        if strangers:
            raise RulesError(
                f"设置里提到的{kind} {strangers[0]} 不存在",
                where="rules.toml",
                remedy="核对编码；分部划分的研究里，pins、together、apart 不能用单元编号",
            )
