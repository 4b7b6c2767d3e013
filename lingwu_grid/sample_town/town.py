"""The synthetic town as tables: streets, blocks, compounds, today's grids, households."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.errors import RulesError
from lingwu_grid.sample_town import names
from lingwu_grid.sample_town.buildings import house, put_up
from lingwu_grid.sample_town.drawn import cracked, cut_through, draw
from lingwu_grid.sample_town.kinds import kind_of
from lingwu_grid.sample_town.landuse import MARKET, settle, street_count
from lingwu_grid.sample_town.planar import csr
from lingwu_grid.sample_town.scenery import (
    CRS,
    barrier_table,
    compound_tables,
    crossing_table,
    place_table,
    road_table,
)
from lingwu_grid.sample_town.streets import lay_out, moved
from lingwu_grid.sample_town.today import Atoms, halves, spoil
from lingwu_grid.sample_town.ways import compound_shapes, inner_ways, lots_without_streets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.buildings import Buildings, Rows
    from lingwu_grid.sample_town.drawn import Drawn
    from lingwu_grid.sample_town.landuse import LandUse
    from lingwu_grid.sample_town.streets import StreetPlan

CENTRE = (617_500.0, 4_219_200.0)
"""Near Lingwu in EPSG:4544 (easting, northing), metres."""


@dataclass(frozen=True)
class Town:
    """The tables of the input contract, in :data:`CRS`, and what the town was made from."""

    tables: dict[str, gpd.GeoDataFrame]
    households: gpd.GeoDataFrame
    growth: pd.DataFrame
    seed: int
    kind: str


def make_town(
    *,
    households: int = 46_500,
    communities: int | None = None,
    seed: int = 21,
    kind: str = "town",
) -> Town:
    """
    Make a synthetic town.

    Parameters
    ----------
    households
        Resident households, about; 5,000 to 5,000,000.
    communities
        Urban communities; by default one for every 3,170 households outside the villages, or a
        few less, so that every street has as many.
    seed
        Same numbers, same town, byte for byte.
    kind
        ``town`` on a plain, ``valley`` along a river, ``industrial`` in detached parts.

    Raises
    ------
    RulesError
        If the size is outside the range, leaves a community under 3,000 households, or there is
        no such kind.
    """
    like = kind_of(kind)
    if not 5_000 <= households <= 5_000_000:
        raise RulesError(f"示例城镇的户数 {households} 超出 5000–5000000", remedy="换一个户数")
    rng = np.random.default_rng(seed)
    count = communities or max(1, round((households - 2_000) / 3_170))
    count -= count % street_count(count)
    if not len(like.parts) <= count <= (households - 600) / 3_020:
        raise RulesError(
            f"{households} 户不够 {max(count, len(like.parts))} 个社区，每个社区至少 3000 户",
            remedy="减少社区数或增加户数",
        )
    plan = moved(lay_out(like, households, rng), CENTRE)
    free = lots_without_streets(plan)
    land = settle(plan, free, like, households=households, communities=count, rng=rng)
    return _assemble(plan, free, land, rng, (seed, kind))


def _assemble(
    plan: StreetPlan,
    free: NDArray[np.object_],
    land: LandUse,
    rng: np.random.Generator,
    made_from: tuple[int, str],
) -> Town:
    halved = np.flatnonzero(halves(land.use, rng))
    drawn_through = {lot: cut_through(plan.lots[lot]) for lot in halved.tolist()}
    cuts = {lot: line for lot, line in drawn_through.items() if line is not None}
    drawn = draw(plan, cuts, rng)
    ways = inner_ways(plan, land, rng)
    buildings = put_up(plan, land, free, ways, cuts, rng)
    rows = house(buildings, land.use[buildings.lot], rng)
    atoms = _atoms(land, buildings, drawn)
    grid, community = spoil(
        atoms,
        land.grid[atoms.lot],
        _community_of_grid(land),
        per_street=land.per_street,
        share=0.30,
        rng=rng,
    )
    tables = _zone_tables(land, atoms, grid, community, drawn.atoms)
    walls = compound_shapes(land, free)
    compound_codes, more = compound_tables(walls, land, ways)
    tables |= more
    tables["roads"] = road_table(plan, ways)
    tables["barriers"] = barrier_table(plan)
    tables["crossings"] = crossing_table(plan)
    tables |= place_table(plan, land, rng)
    tables["grids"].geometry = cracked(tables["grids"].geometry.to_numpy(), made_from[0])
    tables["buildings"] = _building_table(buildings, land, compound_codes)
    table = _household_table(rows, tables["buildings"], tables["grids"])
    growth = pd.DataFrame(
        {
            "compound_id": compound_codes[:4],
            "households": [120, 80, -60, 200],
            "date": ["2027-06-30", "2027-12-31", "2028-06-30", "2028-12-31"],
        }
    )
    return Town(tables, table, growth, *made_from)


def _community_of_grid(land: LandUse) -> NDArray[np.int64]:
    first = np.unique(land.grid, return_index=True)[1]
    return land.community[first]


def _atoms(land: LandUse, buildings: Buildings, drawn: Drawn) -> Atoms:
    middle = shapely.points(buildings.corners.mean(axis=1))
    atom = shapely.STRtree(drawn.atoms).nearest(middle)
    weight = np.bincount(atom, buildings.households, minlength=len(drawn.atoms)).astype(np.int64)
    indptr, indices = csr(drawn.pairs, len(drawn.atoms))
    lot = drawn.lot
    return Atoms(lot, weight, land.use[lot], land.compound[lot], indptr, indices)


def _zone_tables(
    land: LandUse,
    atoms: Atoms,
    grid: NDArray[np.int64],
    community: NDArray[np.int64],
    shapes: NDArray[np.object_],
) -> dict[str, gpd.GeoDataFrame]:
    n_urban = int(land.community.max()) + 1 - land.n_villages
    codes = [names.community_code(c, land.per_street) for c in range(n_urban)]
    codes += [
        (names.TOWN[0] + names.VILLAGES[v][0], names.VILLAGES[v][1], names.TOWN[0])
        for v in range(land.n_villages)
    ]
    shape = [shapely.coverage_union_all(shapes[grid == g]) for g in range(len(community))]
    special = np.zeros(len(community), np.bool_)
    special[grid[atoms.use == MARKET]] = True
    grids = _numbered_grids(np.array(shape), community, codes, special)
    whole = grids.dissolve("community_id").geometry
    frame = pd.DataFrame(codes, columns=["community_id", "community_name", "subdistrict_id"])
    frame = frame[frame.community_id.isin(whole.index)].reset_index(drop=True)
    village = frame.subdistrict_id == names.TOWN[0]
    communities = gpd.GeoDataFrame(
        frame.assign(
            kind=np.where(village, "村", "城市社区"),
            party_org=np.where(village, "党支部", "党总支"),
        ),
        geometry=whole.reindex(frame.community_id).to_numpy(),
        crs=CRS,
    )
    streets = communities[["subdistrict_id", "geometry"]].dissolve("subdistrict_id").reset_index()
    known = dict((names.STREET_OFFICE, names.TOWN))
    streets["name"] = [known.get(c, f"示例街道{c[-3:]}") for c in streets.subdistrict_id]
    whole_town = shapely.coverage_union_all(shapes)
    outline = gpd.GeoDataFrame({"name": ["合成示例城镇"]}, geometry=[whole_town], crs=CRS)
    return {"grids": grids, "communities": communities, "subdistricts": streets, "outline": outline}


def _numbered_grids(
    shape: NDArray[np.object_],
    community: NDArray[np.int64],
    codes: list[tuple[str, str, str]],
    special: NDArray[np.bool_],
) -> gpd.GeoDataFrame:
    # Serials run west to east, then north to south, within a community; special grids 901–999.
    x, y = shapely.get_coordinates(shapely.centroid(shape)).T
    order = np.lexsort((-y, np.round(x / 200), special, community))
    serial = np.zeros(len(shape), np.int64)
    for c in np.unique(community):
        plain = order[(community[order] == c) & ~special[order]]
        serial[plain] = np.arange(1, len(plain) + 1)
        extra = order[(community[order] == c) & special[order]]
        serial[extra] = 901 + np.arange(len(extra))
    return gpd.GeoDataFrame(
        {
            "grid_id": [f"{codes[c][0]}{s:03d}" for c, s in zip(community, serial, strict=True)],
            "grid_name": [
                f"{codes[c][1]}第{s}网格" for c, s in zip(community, serial, strict=True)
            ],
            "community_id": [codes[c][0] for c in community],
            "kind": np.where(special, "专属", "基础"),
        },
        geometry=shape,
        crs=CRS,
    ).sort_values("grid_id", ignore_index=True)


def _building_table(
    buildings: Buildings, land: LandUse, compound_codes: list[str]
) -> gpd.GeoDataFrame:
    compound = land.compound[buildings.lot]
    codes = np.array([*compound_codes, ""], dtype=object)
    return gpd.GeoDataFrame(
        {
            "building_id": [f"B{i + 1:06d}" for i in range(len(buildings.lot))],
            "compound_id": codes[compound],
            "levels": buildings.levels,
        },
        geometry=shapely.polygons(buildings.corners),
        crs=CRS,
    )


def _household_table(
    rows: Rows,
    buildings: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    n = len(rows.building)
    where = gpd.GeoSeries(shapely.points(rows.point), crs=CRS)
    tree = shapely.STRtree(grids.geometry.to_numpy())
    inside = tree.nearest(shapely.points(rows.point))
    return gpd.GeoDataFrame(
        {
            "household_id": [f"H{i + 1:07d}" for i in range(n)],
            "building_id": buildings.building_id.to_numpy()[rows.building],
            "status": rows.status,
            "residents": rows.residents,
            "elderly": rows.elderly,
            "community_id": grids.community_id.to_numpy()[inside],
        },
        geometry=where,
        crs=CRS,
    )
