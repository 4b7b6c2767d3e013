"""Verges are cut where what lies along them changes, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely

from lingwu_grid.fabric import verges
from lingwu_grid.fabric.enclosures import make_faces
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.fabric.verges import junction_cuts, verge_cuts

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study


@pytest.mark.parametrize(
    ("wide", "gap", "keys", "count"),
    [
        (12.0, 0.0, (3, 4), 1),
        (12.0, 0.0, (3, 3), 0),  # one compound in two faces
        (12.0, 0.0, (-1, 4), 0),  # nobody lives in one
        (12.0, 0.4, (3, 4), 1),  # two surveys of one wall
        (12.0, 0.6, (3, 4), 0),  # a passage between them
        (39.9, 0.0, (3, 4), 1),
        (40.1, 0.0, (3, 4), 0),  # a green
        (2.1, 0.0, (3, 4), 1),
        (1.9, 0.0, (3, 4), 0),  # a sliver
    ],
)  # fmt: skip
def test_a_verge_is_cut_straight_across_where_two_compounds_meet(
    wide: float, gap: float, keys: tuple[int, ...], count: int
) -> None:
    verge = shapely.Polygon(
        [(0, 0), (200, 0), (200, wide), (100 + gap, wide), (100, wide), (0, wide)]
    )
    left = shapely.box(0, wide, 100, wide + 80)
    right = shapely.box(100 + gap, wide, 200, wide + 80)
    cuts = junction_cuts(np.array([verge, left, right], object), np.array([-1, *keys]))
    assert len(cuts) == count
    for cut in cuts:
        assert shapely.length(cut) == pytest.approx(wide)
        x, y = shapely.get_coordinates(cut).T
        assert np.abs(x - 100).max() <= gap + 1e-6
        assert sorted(y) == pytest.approx([0, wide])


def test_no_cut_runs_through_a_compound() -> None:
    """Ground on both sides of a thin row: what is nearest may lie behind it."""
    row = shapely.box(50, 12, 150, 15)
    verge = shapely.difference(shapely.box(0, 0, 200, 20), row)
    left, right = shapely.box(50, 12, 100, 15), shapely.box(100, 12, 150, 15)
    verge = shapely.node(shapely.union_all([verge.boundary, left.boundary, right.boundary]))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(verge)))
    lived = shapely.within(shapely.point_on_surface(faces), row)
    cuts = junction_cuts(faces, np.where(lived, np.arange(len(faces)), -1))
    free = shapely.difference(shapely.union_all(cuts), row)
    assert {shapely.to_wkt(cut, rounding_precision=1) for cut in shapely.get_parts(free)} == {
        f"LINESTRING ({x} 15, {x} 20)" for x in (50, 100, 150)
    }
    assert not shapely.crosses(cuts, row).any()
    assert junction_cuts(np.empty(0, object), np.empty(0, np.int64)).tolist() == []


def test_three_compounds_in_a_row_part_their_verge_in_three() -> None:
    verge = shapely.Polygon([(0, 0), (300, 0), (300, 12), (200, 12), (100, 12), (0, 12)])
    row = [shapely.box(100 * i, 12, 100 * i + 100, 92) for i in range(3)]
    faces = np.array([verge, *row], object)
    cuts = junction_cuts(faces, np.array([-1, 5, 6, 7]))
    lines = np.concatenate([shapely.boundary(faces), cuts])
    parts = make_faces(lines, shapely.box(0, 0, 300, 12))
    assert sorted(round(a) for a in shapely.area(parts)) == [1200, 1200, 1200]


@pytest.mark.parametrize(("east", "count"), [(99.9, 1), (100.1, 0)])
def test_no_cut_runs_through_a_building(east: float, count: int) -> None:
    verge = shapely.Polygon([(0, 0), (200, 0), (200, 12), (100, 12), (0, 12)])
    faces = np.array([verge, shapely.box(0, 12, 100, 90), shapely.box(100, 12, 200, 90)], object)
    kiosk = np.array([shapely.box(90, 3, east, 8)], object)
    assert len(verge_cuts(faces, np.array([-1, 1, 2]), kiosk)) == count


@pytest.mark.parametrize(
    ("wide", "key", "parts"),
    [(0.4, -1, 2), (1.9, -1, 2), (2.1, -1, 1), (0.4, 7, 1)],  # a crack; a verge; someone's ground
)
def test_a_crack_along_the_street_ends_where_its_verge_ends(
    wide: float, key: int, parts: int
) -> None:
    verge = shapely.Polygon([(0, 0), (200, 0), (200, 12), (100, 12), (0, 12)])
    crack = shapely.box(0, -wide, 200, 0)
    faces = np.array(
        [verge, shapely.box(0, 12, 100, 90), shapely.box(100, 12, 200, 90), crack], object
    )
    cuts = verge_cuts(faces, np.array([-1, 1, 2, key]), np.empty(0, object))
    lines = np.concatenate([shapely.boundary(faces), cuts])
    found = make_faces(lines, shapely.box(0, -wide, 200, 0))
    assert len(found) == parts
    assert shapely.area(found) == pytest.approx(200 * wide / parts)


def _astray(study: Study) -> float:
    """Measure the outlines of compounds that run along the wall of another of their grid, m."""
    fabric = build_fabric(study)
    units = fabric.units.assign(grid=fabric.grid_now)
    own = units[(units["compound_id"] != "") & (units["households"] > 0)]
    table = study.table("compounds")
    walls = pd.Series(table.geometry.to_numpy(), table["compound_id"].astype(str))
    grid = own.groupby("compound_id")["grid"].agg(set).reindex(walls.index)
    points, of = shapely.get_parts(
        shapely.extract_unique_points(shapely.segmentize(own.geometry.to_numpy(), 5.0)),
        return_index=True,
    )
    off = shapely.distance(points, walls.reindex(own["compound_id"]).to_numpy()[of])
    at, wall = shapely.STRtree(walls.to_numpy()).query(points, "dwithin", distance=10.0)
    whose, grids = own["compound_id"].to_numpy()[of[at]], own["grid"].to_numpy()[of[at]]
    here = [isinstance(g, set) and n in g for g, n in zip(grid.iloc[wall], grids, strict=True)]
    other = (walls.index.to_numpy()[wall] != whose) & np.array(here)
    return 5.0 * len(np.unique(at[other & (off[at] > 60.0)]))


def test_no_compound_is_led_along_the_wall_of_another(
    small_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = _astray(small_study)
    monkeypatch.setattr(verges, "junction_cuts", lambda *_: np.empty(0, object))
    before = _astray(small_study)
    assert before > 100
    assert now <= before / 4


def test_a_verge_goes_with_the_home_it_lies_along(small_study: Study) -> None:
    fabric = build_fabric(small_study)
    units, borders = fabric.units, fabric.borders
    area, girth = units.area.to_numpy(), units.length.to_numpy()
    verge = (units["households"].to_numpy() == 0) & (2 * area / girth < verges.THIN_M)
    a, b = np.r_[borders.a, borders.b], np.r_[borders.b, borders.a]
    share = np.tile(borders.clear_m, 2) / girth[a]
    same = (fabric.grid_now[a] == fabric.grid_now[b]) & (units["households"].to_numpy()[b] > 0)
    assert verge.any()
    assert (share[verge[a] & same] < verges.ALONG_SHARE + 0.01).all()


@pytest.mark.parametrize(
    ("notch", "count"), [(0.0, 1), (4.0, 1), (30.0, 2)], ids=["plain", "off its line", "step"]
)
def test_a_field_ends_where_the_verge_begins(notch: float, count: int) -> None:
    """A wall 12 m off the street, a field beside it: the verge is cut off at its corner."""
    wall = shapely.Polygon(
        [(100, 12), (140, 12), (140, 12 + notch), (200, 12 + notch), (200, 90), (100, 90)]
        if notch
        else [(100, 12), (200, 12), (200, 90), (100, 90)]
    )
    ground = shapely.difference(shapely.box(0, 0, 200, 90), wall)
    cuts = junction_cuts(np.array([ground, wall], object), np.array([-1, 7]))
    assert "LINESTRING (100 12, 100 0)" in [shapely.to_wkt(c, rounding_precision=0) for c in cuts]
    assert len(cuts) == count
