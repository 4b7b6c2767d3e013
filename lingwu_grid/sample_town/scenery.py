"""Roads, water, railway, crossings, compounds with gates, stations and premises of the town."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
import shapely.ops

from lingwu_grid.sample_town import names
from lingwu_grid.sample_town.kinds import (
    ARTERIAL,
    BARRIERS,
    COLLECTOR,
    LANE,
    LEVEL_OF,
    OUTLINE,
    RAIL,
    STREET,
)
from lingwu_grid.sample_town.landuse import LIVED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.landuse import LandUse
    from lingwu_grid.sample_town.streets import StreetPlan
    from lingwu_grid.sample_town.ways import Ways

CRS = "EPSG:4544"
BRIDGE_M = 14.0
"""Half the length of a bridge; a street without one ends as far from the bank."""
CLASS = {
    OUTLINE: "tertiary",
    ARTERIAL: "secondary",
    COLLECTOR: "tertiary",
    STREET: "residential",
    LANE: "residential",
}
KIND = {level: kind for kind, level in LEVEL_OF.items()}


def road_table(plan: StreetPlan, ways: Ways) -> gpd.GeoDataFrame:
    """
    Draw the streets and the ways inside lots; bridges are rows of their own.

    Parameters
    ----------
    plan
        The ground.
    ways
        Ways inside the lots.
    """
    bridged = {(round(p.x, 2), round(p.y, 2)) for _, p in plan.crossings}
    banks = _ends(plan.ground.edges[np.isin(plan.level, BARRIERS)])
    rows: list[tuple[str, str, bool, shapely.LineString]] = []
    for edge in np.flatnonzero(np.isin(plan.level, list(CLASS))).tolist():
        line = plan.ground.edges[edge]
        ends = [(round(x, 2), round(y, 2)) for x, y in (line.coords[0], line.coords[-1])]
        over = tuple(end in bridged for end in ends)
        short = tuple(end in banks for end in ends)
        rows += _pieces(plan.name[edge], CLASS[int(plan.level[edge])], line, short, over)
    for number, line in enumerate(ways.line.tolist()):
        is_service = bool(ways.is_service[number])
        rows.append(
            (
                "" if is_service else f"示例胡同{number + 1}号",
                "service" if is_service else "footway",
                False,
                line,
            )
        )
    return gpd.GeoDataFrame(
        {
            "name": [r[0] for r in rows],
            "class": [r[1] for r in rows],
            "bridge": [int(r[2]) for r in rows],
        },
        geometry=[r[3] for r in rows],
        crs=CRS,
    )


def _ends(edges: NDArray[np.object_]) -> set[tuple[float, float]]:
    points = shapely.get_coordinates(shapely.boundary(edges))
    return {(round(x, 2), round(y, 2)) for x, y in points.tolist()}


def _pieces(
    name: str,
    kind: str,
    line: shapely.LineString,
    at_bank: tuple[bool, ...],
    over: tuple[bool, ...],
) -> list[tuple[str, str, bool, shapely.LineString]]:
    """Cut a street where it meets a bank: a bridge where there is one, a dead end elsewhere."""
    reach = min(BRIDGE_M, 0.4 * line.length)
    begin = reach if at_bank[0] else 0.0
    end = line.length - (reach if at_bank[1] else 0.0)
    rows = [(name, kind, False, shapely.ops.substring(line, begin, end))]
    if over[0]:
        rows.append((name, kind, True, shapely.ops.substring(line, 0.0, begin)))
    if over[1]:
        rows.append((name, kind, True, shapely.ops.substring(line, end, line.length)))
    return rows


def barrier_table(plan: StreetPlan) -> gpd.GeoDataFrame:
    """Draw water and railway, the whole way through the town and a little beyond."""
    return gpd.GeoDataFrame(
        {
            "name": [name for _, name, _ in plan.courses],
            "kind": [KIND[level] for level, _, _ in plan.courses],
        },
        geometry=[line for _, _, line in plan.courses],
        crs=CRS,
    )


def crossing_table(plan: StreetPlan) -> gpd.GeoDataFrame:
    """List the crossings: one point where each bridge meets its barrier."""
    called, count = [], dict.fromkeys(range(len(plan.courses)), 0)
    for course, _ in plan.crossings:
        count[course] += 1
        level, name, _ = plan.courses[course]
        called.append(f"{name}{count[course]}号{'立交' if level == RAIL else '桥'}")
    return gpd.GeoDataFrame(
        {"name": called}, geometry=[point for _, point in plan.crossings], crs=CRS
    )


def compound_tables(
    shapes: list[shapely.Polygon], land: LandUse, ways: Ways
) -> tuple[list[str], dict[str, gpd.GeoDataFrame]]:
    """
    Draw compound walls and gates.

    Parameters
    ----------
    shapes
        Polygon of each compound.
    land
        Compound of each lot.
    ways
        Ways inside the lots; a gate stands where one meets the wall.

    Returns
    -------
    tuple
        Code of each compound, and the tables `compounds` and `gates`.
    """
    gates: list[tuple[int, shapely.Point]] = []
    mine = np.flatnonzero(ways.is_service)
    for lot, line in zip(ways.lot[mine].tolist(), ways.line[mine].tolist(), strict=True):
        c = int(land.compound[lot])
        met = shapely.get_parts(shapely.intersection(line, shapely.boundary(shapes[c])))
        gates += [(c, shapely.centroid(place)) for place in met[:1] if not place.is_empty]
    for c in sorted(set(range(len(shapes))) - {c for c, _ in gates}):
        gates.append((c, shapely.line_interpolate_point(shapes[c].exterior, 0.1, normalized=True)))
    gates.sort(key=lambda g: (g[0], g[1].x, g[1].y))
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
    plan: StreetPlan, land: LandUse, rng: np.random.Generator
) -> dict[str, gpd.GeoDataFrame]:
    """Place the Neighbourhood Stations and the candidate premises on streets beside homes."""
    lived = np.isin(land.use, LIVED)
    sides = plan.ground.sides
    beside = (lived[sides] & (sides >= 0)).any(axis=1)
    streets = np.flatnonzero(np.isin(plan.level, (COLLECTOR, STREET, LANE)) & beside)
    share = len(plan.lots) / 270
    n_stations, n_premises = max(3, round(17 * share)), max(6, round(40 * share))
    chosen = rng.permutation(streets)[: n_stations + n_premises]
    along = rng.uniform(0.25, 0.75, len(chosen))
    on = shapely.get_coordinates(
        shapely.line_interpolate_point(plan.ground.edges[chosen], along, normalized=True)
    )
    points = np.round(on + rng.uniform(-6, 6, on.shape), 2)
    n_stations = min(n_stations, len(chosen))
    rest = len(chosen) - n_stations
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
