"""Fabric: units that tile the study area, and which household is in which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.schema import MEASURES
from lingwu_grid.fabric.adjacency import Borders, find_borders, join_borders, without_corridors
from lingwu_grid.fabric.buildings import Buildings, gather_buildings
from lingwu_grid.fabric.cells import make_cells
from lingwu_grid.fabric.enclosures import Lines, collect_lines, is_strip, label_by, make_faces
from lingwu_grid.fabric.footprints import bent_lines, footprints_of
from lingwu_grid.fabric.gathering import gather_cells
from lingwu_grid.fabric.places import Places, name_places
from lingwu_grid.fabric.wholes import compound_groups, compound_keys, today_of_buildings, yards

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

AREA_TOLERANCE = 1e-6
"""Share of the study area that units may miss by rounding."""


@dataclass(frozen=True)
class Fabric:
    """
    Units that tile the study area.

    Parameters
    ----------
    units
        unit_id, geometry, households, residents, every measure, buildings,
        compound_id; one row a unit.
    unit_of_household
        Unit of each row of ``study.households``, shape (n_households,).
    borders
        What units share.
    grid_of_household
        Today's grid of each row of ``study.households``; -1 for none.
    homes
        Today's grid of the households of each unit: columns unit, grid, households.
    places
        Ids of grids, communities and streets, and what lies in what.
    grid_now, community_now, subdistrict
        Of each unit's ground, codes of `places`; -1 for none.
    group
        Units that should share a grid, or few grids; -1 for none. `group_households` counts them.
    lines
        Roads, barriers, walls and borders, for names.
    named
        Units by the name a planner knows them by: columns name (compound, building or unit id)
        and unit.
    """

    units: gpd.GeoDataFrame
    unit_of_household: NDArray[np.int64]
    borders: Borders
    grid_of_household: NDArray[np.int64]
    homes: pd.DataFrame
    places: Places
    grid_now: NDArray[np.int64]
    community_now: NDArray[np.int64]
    subdistrict: NDArray[np.int64]
    group: NDArray[np.int64]
    group_households: NDArray[np.int64]
    lines: Lines
    named: pd.DataFrame

    def codes_today(self) -> NDArray[np.object_]:
        """Give the code of each unit's grid of today; empty for none."""
        codes: NDArray[np.object_] = np.array([*self.places.grid_ids, ""], object)[self.grid_now]
        return codes


def build_fabric(study: Study) -> Fabric:
    """
    Build the units of a study.

    Parameters
    ----------
    study
        What the office sent.

    Returns
    -------
    Fabric
        Units that tile ``study.outline``. A unit is a building's cell, a compound within the
        limit kept whole, or empty land.

    Raises
    ------
    InputError
        If the study area has no area.
    """
    if shapely.area(study.outline) <= 0:
        raise InputError("研究范围没有面积", remedy="检查“范围”文件，应为面图形")
    lines = collect_lines(study)
    buildings = gather_buildings(study)
    places = name_places(study)
    key, whole = compound_keys(study, buildings, today_of_buildings(study, places, buildings))
    footprints = footprints_of(study)
    bent = bent_lines(study, lines, footprints)
    faces = make_faces(bent, study.outline)
    cells, cell_key = make_cells(faces, bent, buildings, key, (study.outline, footprints))
    points = shapely.point_on_surface(cells)
    grid, community, street = places.of_points(study, points)
    strip = is_strip(shapely.area(cells), shapely.length(cells))
    cell_key = yards(study, (points, grid), cell_key, (whole, strip))
    zone = grid if len(study.table("grids")) else community
    borders = find_borders(cells, lines, study)
    cell_of_building = shapely.STRtree(cells).nearest(buildings.point)
    lived = np.zeros(len(cells), np.bool_)
    lived[cell_of_building] = True
    water = label_by(points, _areas(study.table("barriers"))) >= 0
    unit_of_cell, sealed = gather_cells(cells, cell_key, (lived, water & ~lived), zone, borders)
    borders = _without_passage(borders, sealed)
    ground = _Ground(cells, unit_of_cell, grid, community, street, cell_of_building)
    return _as_fabric(study, ground, borders, buildings, (places, lines))


class _Ground(NamedTuple):
    """Cells, and what each belongs to."""

    cells: NDArray[np.object_]
    unit: NDArray[np.int64]
    grid: NDArray[np.int64]
    community: NDArray[np.int64]
    street: NDArray[np.int64]
    of_building: NDArray[np.int64]
    """Cell of each building."""


def _areas(table: gpd.GeoDataFrame) -> NDArray[np.object_]:
    shapes = table.geometry.to_numpy()
    areas: NDArray[np.object_] = shapes[np.isin(shapely.get_type_id(shapes), (3, 6))]
    return areas


def _without_passage(borders: Borders, sealed: NDArray[np.bool_]) -> Borders:
    shut = sealed[borders.a] | sealed[borders.b]
    return borders._replace(
        clear_m=np.where(shut, 0.0, borders.clear_m),
        has_crossing=borders.has_crossing & ~shut,
    )


def _as_fabric(
    study: Study,
    ground: _Ground,
    borders: Borders,
    buildings: Buildings,
    named: tuple[Places, Lines],
) -> Fabric:
    places, lines = named
    n = int(ground.unit.max()) + 1
    unit_of_building = ground.unit[ground.of_building]
    unit_of_household = unit_of_building[buildings.of_household]
    people = {
        name: np.bincount(
            unit_of_household, study.households[name].to_numpy(np.int64), minlength=n
        ).astype(np.int64)
        for name in ("residents", *MEASURES)
    }
    grid_of_household = _grid_of_household(
        study, places, ground.grid[ground.of_building], buildings
    )
    compound = np.full(n, "", object)
    compound[unit_of_building] = buildings.compound
    shapes = _dissolved(ground.cells, ground.unit)
    units = gpd.GeoDataFrame(
        {
            "unit_id": [f"U{study.part}{i + 1:06d}" for i in range(n)],
            "households": np.bincount(unit_of_household, minlength=n),
            **people,
            "buildings": np.bincount(unit_of_building, minlength=n),
            "compound_id": compound,
        },
        geometry=shapes,
        crs=study.crs,
    )
    missing = abs(shapely.area(study.outline) - shapely.area(shapes).sum())
    if missing > AREA_TOLERANCE * shapely.area(study.outline) + 1.0:
        raise InputError(
            f"单元没有铺满研究范围，差 {missing:.1f} 平方米", remedy="检查范围和边界图形是否自相交"
        )
    homes = pd.DataFrame({"unit": unit_of_household, "grid": grid_of_household})
    homes = homes.groupby(["unit", "grid"]).size().rename("households").reset_index()
    group, group_households = compound_groups(study, unit_of_building, buildings, n)
    grid_now = _main_label(ground, ground.grid, homes)
    community_now = _main_label(ground, ground.community, None)
    by_grid = np.append(places.grid_community, -1)[grid_now]
    return Fabric(
        units=units,
        unit_of_household=unit_of_household,
        borders=without_corridors(
            join_borders(borders, ground.unit), shapely.length(shapes), grid_now
        ),
        grid_of_household=grid_of_household,
        homes=homes[homes["grid"] >= 0],
        places=places,
        grid_now=grid_now,
        community_now=np.where(by_grid >= 0, by_grid, community_now),
        subdistrict=_main_label(ground, ground.street, None),
        group=group,
        group_households=group_households,
        lines=lines,
        named=_named(study, units, unit_of_household, unit_of_building, buildings),
    )


def _named(
    study: Study,
    units: gpd.GeoDataFrame,
    unit_of_household: NDArray[np.int64],
    unit_of_building: NDArray[np.int64],
    buildings: Buildings,
) -> pd.DataFrame:
    named = pd.concat(
        [
            pd.DataFrame({"name": buildings.compound, "unit": unit_of_building}),
            pd.DataFrame(
                {"name": study.households["building_id"].to_numpy(), "unit": unit_of_household}
            ),
            pd.DataFrame({"name": units["unit_id"], "unit": np.arange(len(units))}),
        ]
    ).astype({"name": str})
    return named[named["name"] != ""].drop_duplicates().reset_index(drop=True)


def _grid_of_household(
    study: Study, places: Places, grid_of_building: NDArray[np.int64], buildings: Buildings
) -> NDArray[np.int64]:
    # By place where there are polygons, else by the household's own column.
    if not len(study.table("grids")):
        return places.grid_code(study.households["grid_id"])
    points = study.households.geometry.to_numpy()
    of_building = grid_of_building[buildings.of_household]
    # A home inside its house is where its point is; one beside it, where the house is.
    at_home = shapely.intersects(buildings.footprint[buildings.of_household], points)
    own = places.of_points(study, points[at_home])[0]
    known = of_building.copy()
    known[at_home] = np.where(own >= 0, own, of_building[at_home])
    return known


def _dissolved(cells: NDArray[np.object_], unit_of_cell: NDArray[np.int64]) -> NDArray[np.object_]:
    order = np.argsort(unit_of_cell, kind="stable")
    start = np.unique(unit_of_cell[order], return_index=True)[1]
    shapes = np.empty(len(start), object)
    for u, members in enumerate(np.split(order, start[1:])):
        shapes[u] = (
            cells[members[0]] if len(members) == 1 else shapely.coverage_union_all(cells[members])
        )
    return shapes


def _main_label(
    ground: _Ground, label: NDArray[np.int64], homes: pd.DataFrame | None
) -> NDArray[np.int64]:
    """Give each unit the label of most of its households, or of most of its ground."""
    frame = pd.DataFrame(
        {"unit": ground.unit, "label": label, "w": shapely.area(ground.cells) * 1e-9}
    )
    if homes is not None:
        people = homes.rename(columns={"grid": "label", "households": "w"}).astype({"w": float})
        frame = pd.concat([frame, people[people["label"] >= 0]])
    total = frame.groupby(["unit", "label"])["w"].sum().reset_index()
    best = total.sort_values(["unit", "w", "label"], ascending=[True, False, True])
    labels: NDArray[np.int64] = best.drop_duplicates("unit")["label"].to_numpy(np.int64)
    return labels
