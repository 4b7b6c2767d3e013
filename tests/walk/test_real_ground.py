"""Real ground in small: a file nobody knows, a table elsewhere, parks, how many grids."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

import lingwu_grid as lg
from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import pose
from lingwu_grid.engine.solve import solve
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.engine.town.tally import moved_households, zone_sizes
from lingwu_grid.graph import pieces
from tests.engine.towns import lattice_graph

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.ingest.study import Study
    from lingwu_grid.plan import Plan


def test_s5_a_file_with_an_unknown_name_is_told_with_a_guess(
    small_folder: Path, tmp_path: Path
) -> None:
    town = tmp_path / "town"
    shutil.copytree(small_folder, town)
    before = next(town.rglob("grids.gpkg"))
    gpd.read_file(before).to_file(before.with_name("current_grids.geojson"))
    before.unlink()
    told = [f for f in lg.check(town).findings if f.code == "file_unused"]
    assert [f.place for f in told] == ["current_grids.geojson"]
    assert "像是“网格”" in told[0].message


def test_s6_a_table_in_the_wrong_place_is_put_aside_and_check_writes_all_it_found(
    small_folder: Path, small_study: Study, tmp_path: Path
) -> None:
    town = tmp_path / "town"
    shutil.copytree(small_folder, town)
    path = next(town.rglob("communities.geojson"))
    table = gpd.read_file(path)
    path.unlink()
    table.set_geometry(table.translate(3, 2)).to_file(path)
    found = lg.check(town)
    assert [f.place for f in found.findings if f.code == "table_far"] == ["communities.geojson"]
    # Everybody is counted all the same: the table is no outline.
    assert int(found.zones()["households"].sum()) >= len(small_study.households)
    folder = found.save(tmp_path / "out")
    assert {"check.html", "findings.csv"} <= {p.name for p in folder.iterdir()}


def test_s8_no_polygon_changes_where_nobody_moves(small_plan: Plan, small_study: Study) -> None:
    rows = small_plan.assignment
    left = rows["previous_grid_id"].replace(small_plan.recoded)
    moved = set(rows["grid_id"][left != rows["grid_id"]]) | set(left[left != rows["grid_id"]])
    today = small_study.table("grids").set_index("grid_id").geometry
    plan = small_plan.grids.to_crs(small_study.crs).set_index("grid_id").geometry
    same = [g for g in plan.index if g in today.index and g not in moved]
    assert len(same) >= 3
    # Where today's polygons overlap or leave a crack, one of them gives way: the office is told.
    off = shapely.symmetric_difference(
        shapely.make_valid(today[same].to_numpy()), plan[same].to_numpy()
    )
    assert (shapely.area(shapely.buffer(off, -2.5)) == 0).all()


def test_b1_two_grids_too_large_become_four() -> None:
    """813, 468, 829 and 388 households: six grids, for hardly more than must leave (642)."""
    homes = np.zeros((12, 12), np.int64)
    now = np.zeros((12, 12), np.int64)
    for zone, total in enumerate((813, 468, 829, 388)):
        y, x = divmod(zone, 2)
        block = (slice(6 * y, 6 * y + 6), slice(6 * x, 6 * x + 6))
        homes[block] = total // 36
        homes[block].reshape(-1)[: total % 36] += 1
        homes[6 * y, 6 * x] += total - homes[block].sum()
        now[block] = zone
    instance = pose(
        lattice_graph(12, 12, homes.ravel().tolist(), now.ravel().tolist()),
        Rules(community=Band(1, 10**6)),
    )
    found = solve(instance, seed=0)
    town = Town(found.grid_of_unit, found.community_of_grid)
    assert len(np.unique(town.zone)) == 6
    assert zone_sizes(instance, town).short.sum() == 0
    graph = instance.graph
    assert pieces(graph.indptr, graph.indices, town.zone).max() == 5
    assert 642 <= moved_households(instance, town) <= 690
