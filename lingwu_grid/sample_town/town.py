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
from lingwu_grid.sample_town.landuse import (
    BLOCKS_PER_GRID,
    MARKET,
    settle,
    street_count,
    village_count,
)
from lingwu_grid.sample_town.lattice import make_lattice
from lingwu_grid.sample_town.scenery import (
    barrier_table,
    compound_tables,
    crossing_table,
    place_table,
    road_table,
)
from lingwu_grid.sample_town.today import Atoms, halves, spoil

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.buildings import Buildings, Rows
    from lingwu_grid.sample_town.landuse import LandUse
    from lingwu_grid.sample_town.lattice import Lattice

CRS = "EPSG:4544"
CENTRE = (617_500.0, 4_219_200.0)
"""Near Lingwu in EPSG:4544 (easting, northing), metres."""


@dataclass(frozen=True)
class Town:
    """The tables of the input contract, in :data:`CRS`, and what the town was made from."""

    tables: dict[str, gpd.GeoDataFrame]
    households: gpd.GeoDataFrame
    growth: pd.DataFrame
    seed: int


def make_town(*, households: int = 46_500, communities: int | None = None, seed: int = 24) -> Town:
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

    Raises
    ------
    RulesError
        If the size is outside the range, or leaves a community under 3,000 households.
    """
    if not 5_000 <= households <= 5_000_000:
        raise RulesError(f"示例城镇的户数 {households} 超出 5000–5000000", remedy="换一个户数")
    rng = np.random.default_rng(seed)
    count = communities or max(1, round((households - 2_000) / 3_170))
    count -= count % street_count(count)
    if not 1 <= count <= (households - 600) / 3_020:
        raise RulesError(
            f"{households} 户不够 {count} 个社区，每个社区至少 3000 户",
            remedy="减少社区数或增加户数",
        )
    villages = village_count(count)
    # More would not fit into so many communities, and no lawful plan would be hidden.
    grids = round(min(households - 340 * villages, 4_800 * count) / 345)
    blocks = grids * BLOCKS_PER_GRID + 2 * villages
    nx = max(4, round(blocks**0.5 * 1.08))
    ny = max(4, round(blocks / nx))
    lattice = make_lattice(nx, ny, rng, CENTRE)
    land = settle(lattice, households=households, communities=count, rng=rng)
    return _assemble(lattice, land, rng, seed)


def _assemble(lattice: Lattice, land: LandUse, rng: np.random.Generator, seed: int) -> Town:
    buildings = put_up(lattice, land, rng)
    rows = house(buildings, land.use[buildings.block], rng)
    halved = halves(np.arange(lattice.n_blocks), land.use, rng)
    east = rng.random(lattice.n_blocks) < 0.5
    first = np.cumsum(1 + halved) - (1 + halved)
    atoms = _atoms(lattice, land, buildings, (halved, east, first))
    grid, community = spoil(
        atoms,
        land.grid[atoms.block],
        _community_of_grid(land),
        per_street=land.per_street,
        share=0.30,
        rng=rng,
    )
    shapes = _atom_shapes(lattice, atoms.block, halved, east)
    tables = _zone_tables(lattice, land, atoms, grid, community, shapes)
    compound_codes, more = compound_tables(lattice, land, rng)
    tables |= more
    tables["roads"] = road_table(lattice, land)
    tables["barriers"] = barrier_table(lattice)
    tables["crossings"] = crossing_table(lattice)
    tables |= place_table(lattice, land, rng)
    tables["buildings"] = _building_table(buildings, land, compound_codes)
    table = _household_table(rows, tables["buildings"], tables["grids"])
    growth = pd.DataFrame(
        {
            "compound_id": compound_codes[:4],
            "households": [120, 80, -60, 200],
            "date": ["2027-06-30", "2027-12-31", "2028-06-30", "2028-12-31"],
        }
    )
    return Town(tables, table, growth, seed)


def _community_of_grid(land: LandUse) -> NDArray[np.int64]:
    first = np.unique(land.grid, return_index=True)[1]
    return land.community[first]


def _atoms(
    lattice: Lattice,
    land: LandUse,
    buildings: Buildings,
    cuts: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]],
) -> Atoms:
    halved, east, first = cuts
    block = np.repeat(np.arange(lattice.n_blocks), 1 + halved)
    second = np.where(east[buildings.block], buildings.east_half, buildings.north_half)
    atom = first[buildings.block] + (second & halved[buildings.block])
    weight = np.bincount(atom, buildings.households, minlength=len(block)).astype(np.int64)
    pairs = [np.stack([first[halved], first[halved] + 1], axis=1)]
    for a, b in lattice.neighbours.tolist():
        pairs.append(_touching_halves(lattice, a, b, cuts))
    both = np.concatenate(pairs)
    both = np.unique(np.concatenate([both, both[:, ::-1]]), axis=0)
    degree = np.bincount(both[:, 0], minlength=len(block))
    indptr = np.concatenate([[0], degree.cumsum()]).astype(np.int32)
    return Atoms(
        block, weight, land.use[block], land.compound[block], indptr, both[:, 1].astype(np.int32)
    )


def _touching_halves(
    lattice: Lattice,
    a: int,
    b: int,
    cuts: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]],
) -> NDArray[np.int64]:
    """Pair the halves of two neighbouring blocks that share half an edge (b is east or north)."""
    halved, east, first = cuts
    j, i = divmod(a, lattice.nx)
    is_east = b == a + 1
    parts = {0, 1}
    if is_east and i + 1 == lattice.canal_column:
        parts = {n for n in (0, 1) if j + n in lattice.bridge_rows}
    if not is_east and j + 1 == lattice.rail_row:
        parts = {n for n in (0, 1) if i + n in lattice.bridge_columns}

    def half(block: int, along: int, side: int) -> int:
        # `along`: which half of the shared edge; `side`: 1 if the edge is the far one.
        if not halved[block]:
            return int(first[block])
        cut_east = bool(east[block])
        return int(first[block]) + (side if cut_east == is_east else along)

    return np.array([(half(a, n, 1), half(b, n, 0)) for n in sorted(parts)], np.int64)


def _atom_shapes(
    lattice: Lattice,
    block: NDArray[np.int64],
    halved: NDArray[np.bool_],
    east: NDArray[np.bool_],
) -> NDArray[np.object_]:
    rings = []
    for b in range(lattice.n_blocks):
        ring = lattice.ring(b, drawn=True)[:-1]
        if not halved[b]:
            rings.append(ring)
        elif east[b]:
            # 16 points: corners at 0, 4, 8, 12, middles of the edges at 2, 6, 10, 14.
            rings += [ring[[0, 1, 2, 10, 11, 12, 13, 14, 15]], ring[[2, 3, 4, 5, 6, 7, 8, 9, 10]]]
        else:
            rings += [ring[[0, 1, 2, 3, 4, 5, 6, 14, 15]], ring[[14, 6, 7, 8, 9, 10, 11, 12, 13]]]
    shapes: NDArray[np.object_] = np.array([shapely.Polygon(r) for r in rings])
    if len(shapes) != len(block):
        raise ValueError("every atom must have a shape")
    return shapes


def _zone_tables(
    lattice: Lattice,
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
    outline = gpd.GeoDataFrame({"name": ["合成示例城镇"]}, geometry=[lattice.outline()], crs=CRS)
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
    compound = land.compound[buildings.block]
    codes = np.array([*compound_codes, ""], dtype=object)
    return gpd.GeoDataFrame(
        {
            "building_id": [f"B{i + 1:06d}" for i in range(len(buildings.block))],
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
