"""Roads, canal, railway, crossings, compounds with gates, stations and premises of the town."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
import shapely.ops

from lingwu_grid.sample_town import names
from lingwu_grid.sample_town.landuse import FIELD, FLATS, OLD, VILLAGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.landuse import LandUse
    from lingwu_grid.sample_town.lattice import Lattice

CRS = "EPSG:4544"
BRIDGE_M = 14.0
"""Half the length of a bridge; a street without one ends as far from the bank."""


def _street_name(line: int, lines: int, known: tuple[str, ...], stem: str) -> tuple[str, str]:
    """Give the name and class of a lattice line: main streets first, lanes between."""
    if line in (0, lines):
        return f"环城{stem}", "tertiary"
    if line % 2 == 0:
        return names.numbered(known, line // 2 - 1, f"示例{stem}"), "secondary"
    return names.numbered((), line, f"示例{stem}巷"), "residential"


def road_table(lattice: Lattice, land: LandUse) -> gpd.GeoDataFrame:
    """
    Draw the streets; lanes inside a large compound are gone, bridges are rows of their own.

    Parameters
    ----------
    lattice
        The street plan.
    land
        Compounds of the blocks.
    """
    east, north = lattice.street
    block = land.compound.reshape(lattice.ny, lattice.nx)
    use = land.use.reshape(lattice.ny, lattice.nx)
    rows: list[tuple[str, str, bool, shapely.LineString]] = []
    for j in range(lattice.ny + 1):
        name, kind = _street_name(j, lattice.ny, names.EAST_STREETS, "街")
        for i in range(lattice.nx):
            ends = (i == lattice.canal_column, i + 1 == lattice.canal_column)
            leads_over = any(ends) and j in lattice.bridge_rows
            if j == lattice.rail_row or (
                not leads_over and _inner(block, use, (j - 1, i), (j, i), kind)
            ):
                continue
            rows += _pieces(name, kind, east[j, i], ends, bridge=j in lattice.bridge_rows)
    for i in range(lattice.nx + 1):
        name, kind = _street_name(i, lattice.nx, names.NORTH_STREETS, "路")
        for j in range(lattice.ny):
            ends = (j == lattice.rail_row, j + 1 == lattice.rail_row)
            leads_over = any(ends) and i in lattice.bridge_columns
            if i == lattice.canal_column or (
                not leads_over and _inner(block, use, (j, i - 1), (j, i), kind)
            ):
                continue
            rows += _pieces(name, kind, north[j, i], ends, bridge=i in lattice.bridge_columns)
    return gpd.GeoDataFrame(
        {
            "name": [r[0] for r in rows],
            "class": [r[1] for r in rows],
            "bridge": [int(r[2]) for r in rows],
        },
        geometry=[r[3] for r in rows],
        crs=CRS,
    )


def _inner(
    compound: NDArray[np.int64],
    use: NDArray[np.int64],
    a: tuple[int, int],
    b: tuple[int, int],
    kind: str,
) -> bool:
    inside = min(*a, *b) >= 0 and max(a[0], b[0]) < len(use) and max(a[1], b[1]) < len(use[0])
    if not inside:
        return False
    same = compound[a] >= 0 and compound[a] == compound[b]
    open_land = kind == "residential" and use[a] >= FIELD and use[b] >= FIELD
    return bool(same or open_land)


def _pieces(
    name: str,
    kind: str,
    points: NDArray[np.float64],
    at_barrier: tuple[bool, bool],
    *,
    bridge: bool,
) -> list[tuple[str, str, bool, shapely.LineString]]:
    line = shapely.LineString(points)
    begin = BRIDGE_M if at_barrier[0] else 0.0
    end = line.length - (BRIDGE_M if at_barrier[1] else 0.0)
    rows = [(name, kind, False, shapely.ops.substring(line, begin, end))]
    if bridge and at_barrier[0]:
        rows.append((name, kind, True, shapely.ops.substring(line, 0.0, begin)))
    if bridge and at_barrier[1]:
        rows.append((name, kind, True, shapely.ops.substring(line, end, line.length)))
    return rows


def barrier_table(lattice: Lattice) -> gpd.GeoDataFrame:
    """Draw the canal and the railway, the whole way through the town."""
    canal = lattice.street[1][:, lattice.canal_column].reshape(-1, 2)
    rail = lattice.street[0][lattice.rail_row].reshape(-1, 2)
    return gpd.GeoDataFrame(
        {"name": [names.CANAL, names.RAILWAY], "kind": ["canal", "rail"]},
        geometry=[_beyond(canal), _beyond(rail)],
        crs=CRS,
    )


def _beyond(points: NDArray[np.float64]) -> shapely.LineString:
    # Lines run on past the limit of the town, as surveyed ones do.
    points = points[np.r_[True, (np.diff(points, axis=0) != 0).any(axis=1)]]
    first = points[0] + (points[0] - points[1]) / np.linalg.norm(points[0] - points[1]) * 60
    last = points[-1] + (points[-1] - points[-2]) / np.linalg.norm(points[-1] - points[-2]) * 60
    return shapely.LineString(np.vstack([first, points, last]))


def crossing_table(lattice: Lattice) -> gpd.GeoDataFrame:
    """List the crossings: one point where each bridge meets its barrier."""
    east, north = lattice.street
    points = [north[j - 1, lattice.canal_column, -1] for j in lattice.bridge_rows]
    points += [east[lattice.rail_row, i - 1, -1] for i in lattice.bridge_columns]
    canal = [f"{names.CANAL}{n + 1}号桥" for n in range(len(lattice.bridge_rows))]
    rail = [f"{names.RAILWAY}{n + 1}号立交" for n in range(len(lattice.bridge_columns))]
    return gpd.GeoDataFrame({"name": canal + rail}, geometry=shapely.points(points), crs=CRS)


def compound_tables(
    lattice: Lattice, land: LandUse, rng: np.random.Generator
) -> tuple[list[str], dict[str, gpd.GeoDataFrame]]:
    """
    Draw compound walls and gates.

    Parameters
    ----------
    lattice
        The street plan.
    land
        Compound of each block.
    rng
        Source of the gates' places.

    Returns
    -------
    tuple
        Code of each compound, and the tables `compounds` and `gates`.
    """
    shapes, gates = [], []
    for c in range(int(land.compound.max()) + 1):
        blocks = np.flatnonzero(land.compound == c)
        rings = [shapely.Polygon(lattice.ring(int(b), drawn=False)) for b in blocks]
        # The wall stands back from the middle of the street.
        wall = shapely.set_precision(
            shapely.buffer(shapely.coverage_union_all(rings), -7.0, join_style="mitre"), 0.01
        )
        shapes.append(wall)
        spread = (0.1, 0.6) if len(blocks) == 1 else (0.05, 0.35, 0.7)
        gates += [
            (
                c,
                shapely.line_interpolate_point(
                    wall.exterior, s + rng.uniform(0, 0.08), normalized=True
                ),
            )
            for s in spread
        ]
    codes = [f"XQ{c + 1:04d}" for c in range(len(shapes))]
    compounds = gpd.GeoDataFrame(
        {
            "compound_id": codes,
            "name": [names.numbered(names.COMPOUNDS, c, "示例小区") for c in range(len(codes))],
            "manager": [f"示例物业{c % 9 + 1}" for c in range(len(codes))],
        },
        geometry=shapes,
        crs=CRS,
    )
    table = gpd.GeoDataFrame(
        {"compound_id": [codes[c] for c, _ in gates]}, geometry=[p for _, p in gates], crs=CRS
    )
    return codes, {"compounds": compounds, "gates": table}


def place_table(
    lattice: Lattice, land: LandUse, rng: np.random.Generator
) -> dict[str, gpd.GeoDataFrame]:
    """Place the Neighbourhood Stations and the candidate premises beside homes."""
    lived = np.flatnonzero(np.isin(land.use, (FLATS, OLD, VILLAGE)))
    share = lattice.n_blocks / 220
    n_stations, n_premises = max(3, round(17 * share)), max(6, round(40 * share))
    blocks = rng.permutation(lived)[: n_stations + n_premises]
    uv = rng.uniform(0.03, 0.07, (len(blocks), 2))
    points = np.concatenate([lattice.inside(int(b), uv[k : k + 1]) for k, b in enumerate(blocks)])
    n_stations = min(n_stations, len(blocks))
    rest = len(blocks) - n_stations
    kinds = ("老年活动室", "日间照料中心", "物业用房")
    stations = gpd.GeoDataFrame(
        {
            "station_id": [f"ZJ{k + 1:03d}" for k in range(n_stations)],
            "name": [f"示例邻里驿家{k + 1}" for k in range(n_stations)],
            "floor_area_m2": rng.integers(80, 600, n_stations),
            "services": "为老、为幼、为妇、为残",
        },
        geometry=shapely.points(points[:n_stations]),
        crs=CRS,
    )
    premises = gpd.GeoDataFrame(
        {
            "premise_id": [f"YF{k + 1:03d}" for k in range(rest)],
            "name": [f"示例用房{k + 1}" for k in range(rest)],
            "kind": [kinds[k % 3] for k in range(rest)],
            "floor_area_m2": rng.integers(60, 400, rest),
            "cost": rng.integers(2, 20, rest) * 10_000,
        },
        geometry=shapely.points(points[n_stations:]),
        crs=CRS,
    )
    return {"stations": stations, "premises": premises}
