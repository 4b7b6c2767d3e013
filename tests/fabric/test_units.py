"""The fabric tiles the town, and barriers part it except at crossings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from lingwu_grid.contract.errors import RulesError
from lingwu_grid.contract.rules import Rules
from lingwu_grid.contract.settings import rules_from
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.graph import sources
from lingwu_grid.ingest.study import read_study

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

WEST, EAST = 440_000.0, 440_200.0


def _layer(
    folder: Path, layer: str, shapes: list[shapely.Geometry], **columns: list[object]
) -> None:
    table = gpd.GeoDataFrame(columns, geometry=shapes, crs=4544)
    table.to_file(folder / f"{layer}.geojson", driver="GeoJSON")


def canal_with_one_bridge(folder: Path, *, bridge: bool) -> Study:
    """Two homes on either side of a canal, streets east to west, a bridge on one of them."""
    folder.mkdir()
    x0, x1, xm = WEST, EAST, 440_100.0
    y0, ym, y1 = 4_218_000.0, 4_218_100.0, 4_218_200.0
    homes = [shapely.Point(x, y) for x in (x0 + 50, x1 - 50) for y in (y0 + 50, y1 - 50)]
    _layer(folder, "households", homes, household_id=["a", "b", "c", "d"])
    _layer(folder, "outline", [shapely.box(x0, y0, x1, y1)], name=["town"])
    canal = shapely.LineString([(xm, y0 - 10), (xm, y1 + 10)])
    _layer(folder, "barriers", [canal], name=["秦渠"], kind=["canal"])
    roads = [
        shapely.LineString([(x0, ym), (xm - 10, ym)]),
        shapely.LineString([(xm + 10, ym), (x1, ym)]),
        shapely.LineString([(xm - 10, ym), (xm + 10, ym)]),
    ]
    _layer(folder, "roads", roads[: 3 if bridge else 2], name=["人民街"] * (3 if bridge else 2),
           bridge=[0, 0, 1][: 3 if bridge else 2])  # fmt: skip
    return read_study(folder)


@pytest.mark.parametrize("bridge", [True, False])
def test_a_canal_is_passed_at_the_bridge_and_nowhere_else(tmp_path: Path, *, bridge: bool) -> None:
    study = canal_with_one_bridge(tmp_path / "town", bridge=bridge)
    fabric = build_fabric(study)
    graph = build_graph(fabric, Rules())
    middle = fabric.units.geometry.centroid.x < 440_100
    source = sources(graph.indptr)
    across = middle.to_numpy()[source] != middle.to_numpy()[graph.indices]
    assert across.any()
    assert graph.is_open[across].any() == bridge


def test_units_tile_the_study_area(small_study: Study) -> None:
    fabric = build_fabric(small_study)
    shapes = fabric.units.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    union = shapely.union_all(shapes)
    assert shapely.area(shapely.symmetric_difference(union, small_study.outline)) < 1.0
    assert abs(shapely.area(shapes).sum() - shapely.area(union)) < 1e-3
    assert int(fabric.units.households.sum()) == len(small_study.households)


def test_no_empty_ground_lies_all_round_something(small_study: Study) -> None:
    units = build_fabric(small_study).units
    empty = units.geometry[units["households"] == 0].to_numpy()
    assert len(empty) > 5
    assert (shapely.get_num_interior_rings(empty) == 0).all()


def test_every_household_lies_in_its_unit(small_study: Study) -> None:
    fabric = build_fabric(small_study)
    shapes = fabric.units.geometry.to_numpy()[fabric.unit_of_household]
    inside = shapely.dwithin(shapes, small_study.households.geometry.to_numpy(), 0.01)
    assert inside.all()


def test_a_compound_within_the_limit_is_one_unit(small_study: Study) -> None:
    fabric = build_fabric(small_study)
    home = _compound_of_household(small_study)
    for compound in np.unique(home[home != ""]):
        units = np.unique(fabric.unit_of_household[home == compound])
        if (home == compound).sum() <= 500:
            assert len(units) == 1, compound


def _compound_of_household(study: Study) -> np.ndarray:
    table = study.table("buildings").set_index("building_id").compound_id
    return study.households.building_id.map(table).fillna("").to_numpy(str)


def test_units_respect_old_borders_unless_a_compound_spans_them(small_study: Study) -> None:
    fabric = build_fabric(small_study)
    today = small_study.table("grids")
    plain = fabric.units[(fabric.units.compound_id == "") & (fabric.units.households > 0)]
    ids = np.array(fabric.places.grid_ids)[fabric.grid_now[plain.index]]
    shape = today.set_index("grid_id").geometry.reindex(ids).to_numpy()
    out = shapely.area(shapely.difference(plain.geometry.to_numpy(), shape))
    # Slivers between two surveys of one line may join across it, never a home's ground.
    assert (out < 0.2 * plain.geometry.area.to_numpy() + 60).all()


def test_a_rule_that_names_a_stranger_is_refused(small_study: Study) -> None:
    fabric: Fabric = build_fabric(small_study)
    with pytest.raises(RulesError, match="不存在"):
        build_graph(fabric, rules_from({"locked_grids": ["nobody"]}))


def test_empty_ground_that_its_street_cannot_reach_goes_with_its_neighbours(
    small_study: Study,
) -> None:
    fabric = build_fabric(small_study)
    graph = build_graph(fabric, small_study.rules)
    source = sources(graph.indptr)
    foreign = np.bincount(
        source, graph.subdistrict[graph.indices] != graph.subdistrict[source], graph.n_units
    )
    inner = np.flatnonzero((graph.households == 0) & (foreign == 0))
    assert len(inner)
    unit = int(inner[0])
    street = fabric.subdistrict.copy()
    street[unit] = 1 - street[unit]
    moved = build_graph(replace(fabric, subdistrict=street), small_study.rules)
    assert moved.subdistrict[unit] == graph.subdistrict[unit]
    assert (moved.subdistrict == graph.subdistrict).all()


def test_a_border_through_a_row_of_houses_weighs_twice(small_study: Study) -> None:
    fabric = build_fabric(small_study)
    graph = build_graph(fabric, small_study.rules)
    borders = fabric.borders
    assert (borders.party_m > 1).any()
    assert (borders.party_m <= borders.off_line_m + 1e-9).all()
    twice = borders.off_line_m + borders.party_m
    assert graph.off_line_m.sum() == pytest.approx(2 * twice.sum())
    a, b = borders.a[borders.party_m.argmax()], borders.b[borders.party_m.argmax()]
    entry = range(graph.indptr[a], graph.indptr[a + 1])
    (at,) = [e for e in entry if graph.indices[e] == b]
    assert graph.off_line_m[at] == pytest.approx(twice[borders.party_m.argmax()])
