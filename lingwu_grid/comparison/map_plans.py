"""A map as a plan: today's zones, or an office's own file, measured as plans are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.engine.instance import Bound, Solution
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.ingest.study import read_study, rules_of
from lingwu_grid.plan import Plan
from lingwu_grid.planning.making import make_record
from lingwu_grid.planning.run import run_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.fabric.units import Fabric

MOVES = ("affected", "households_moved_grid", "households_moved_community")


def plan_of_map(
    study: str | Path, zones: str | Path | None = None, rules: Rules | None = None
) -> Plan:
    """
    Give a map as a plan, to be set beside another.

    Parameters
    ----------
    study
        The folder with the households, roads, waters and buildings.
    zones
        A file of grids (and communities) in any format and under any name, ids or not: what an
        office drew. Without it, today's map.
    rules
        The settings; by default the folder's own.

    Returns
    -------
    Plan
        Every household in the zone its building stands in; ground and homes of no zone go to the
        nearest. Nothing is drawn anew and nobody moves: lawful or not is what the map is.

    Raises
    ------
    InputError
        If there are no grids in the file, or none today.
    """
    folder = Path(study)
    rules = rules or rules_of(folder)
    if zones is not None:
        path = Path(zones)
        if not path.exists():
            raise InputError("找不到这张图", where=str(path), remedy="核对路径")
        rules = rules.with_(files={path.name: "grids"} | rules.files)
    read = read_study(folder, rules, zones=zones)
    if not len(read.table("grids")):
        raise InputError(
            "这个文件夹里没有现状网格，比不了", where=str(folder),
            remedy="放一份现状网格图，或给出要比的图",
        )  # fmt: skip
    read = replace(read, name=read.name if zones is None else Path(zones).stem)
    fabric = build_fabric(read)
    grid = _of_units(fabric)
    solution = Solution(
        grid_of_unit=grid,
        community_of_grid=_communities(fabric, grid),
        moved=0,
        bound=Bound(0),
        status="feasible",
    )
    record = make_record(read, fabric, solution)
    # Its "today" is itself: what it moves against today's map is not known here.
    unknown = dict.fromkeys(MOVES) if zones is not None else {}
    bound = record.summary["lower_bound"] | {"global": None}
    summary = record.summary | unknown | {"lower_bound": bound}
    return Plan.of(replace(record, summary=summary, run=run_of(read, 0)))


def _of_units(fabric: Fabric) -> NDArray[np.int32]:
    """Give the grid of each unit; the nearest where its ground is in none."""
    grid = fabric.grid_now.astype(np.int32)
    shapes = fabric.units.geometry.to_numpy()
    known = np.flatnonzero(grid >= 0)
    lost = np.flatnonzero(grid < 0)
    if len(lost):
        near = shapely.STRtree(shapes[known]).nearest(shapes[lost])
        grid[lost] = grid[known[near]]
    return grid


def _communities(fabric: Fabric, grid: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give the community of each grid: its own, else that of most of its ground."""
    owner = fabric.places.grid_community.astype(np.int32)
    area = shapely.area(fabric.units.geometry.to_numpy())
    n = max(int(fabric.community_now.max()) + 1, 1)
    for z in np.flatnonzero(owner < 0).tolist():
        mine = (grid == z) & (fabric.community_now >= 0)
        if mine.any():
            owner[z] = int(np.bincount(fabric.community_now[mine], area[mine], n).argmax())
    owner[owner < 0] = 0
    return owner
