"""Towns in a strip, drawn on purpose: blocks of 16 buildings side by side, one grid each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
from shapely.geometry import LineString, Point, box

if TYPE_CHECKING:
    from pathlib import Path

CRS = "EPSG:4544"
X0, Y0, SIDE = 500_000.0, 4_200_000.0, 200.0


class Block(NamedTuple):
    """A grid of 4 × 4 buildings."""

    households: int
    is_locked: bool = False
    is_compound: bool = False
    canal_after: bool = False
    """A canal without a bridge lies on its east side."""
    in_one_building: bool = False


def write_strip(folder: Path, blocks: list[Block], communities: tuple[int, ...] = ()) -> Path:
    """
    Write a strip of blocks, west to east, as a study; grids are called G1, G2 and so on.

    `communities` gives how many blocks each community has, called C1, C2 and so on.
    """
    points, codes, buildings, compounds = [], [], [], []
    for i, block in enumerate(blocks):
        places = 1 if block.in_one_building else 16
        counts = np.full(places, block.households // places)
        counts[: block.households % places] += 1
        for b, n in enumerate(counts.tolist()):
            x = X0 + i * SIDE + 25 + 50 * (b % 4)
            y = Y0 + 25 + 50 * (b // 4)
            points += [Point(x, y)] * n
            codes += [f"G{i + 1}"] * n
            buildings += [f"B{i + 1}-{b}"] * n
            compounds += [f"C{i + 1}" if block.is_compound else ""] * n
    households = gpd.GeoDataFrame(
        {
            "household_id": [f"H{k}" for k in range(len(points))],
            "building_id": buildings,
            "compound_id": compounds,
            "grid_id": codes,
        },
        geometry=points,
        crs=CRS,
    )
    shapes = [box(X0 + i * SIDE, Y0, X0 + (i + 1) * SIDE, Y0 + SIDE) for i in range(len(blocks))]
    grids = gpd.GeoDataFrame(
        {
            "grid_id": [f"G{i + 1}" for i in range(len(blocks))],
            "grid_name": [f"第{i + 1}网格" for i in range(len(blocks))],
        },
        geometry=shapes,
        crs=CRS,
    )
    lines = [
        LineString([(X0 + (i + 1) * SIDE, Y0 - 10), (X0 + (i + 1) * SIDE, Y0 + SIDE + 10)])
        for i, block in enumerate(blocks)
        if block.canal_after
    ]
    (folder / "households").mkdir(parents=True)
    (folder / "boundaries").mkdir()
    households.to_file(folder / "households" / "households.gpkg", driver="GPKG")
    grids.to_file(folder / "boundaries" / "grids.gpkg", driver="GPKG")
    if lines:
        barriers = gpd.GeoDataFrame(
            {"name": ["渠"] * len(lines), "kind": ["canal"] * len(lines)}, geometry=lines, crs=CRS
        )
        barriers.to_file(folder / "boundaries" / "barriers.gpkg", driver="GPKG")
    _write_communities(folder, grids, communities)
    return folder


def _write_communities(folder: Path, grids: gpd.GeoDataFrame, communities: tuple[int, ...]) -> None:
    if not communities:
        return
    number = np.repeat(np.arange(len(communities)), communities)
    codes = np.array([f"C{c + 1}" for c in number])
    table = grids.assign(community_id=codes)
    table.to_file(folder / "boundaries" / "grids.gpkg", driver="GPKG")
    whole = table[["community_id", "geometry"]].dissolve("community_id").reset_index()
    whole["community_name"] = "社区" + whole.community_id
    whole.to_file(folder / "boundaries" / "communities.gpkg", driver="GPKG")
