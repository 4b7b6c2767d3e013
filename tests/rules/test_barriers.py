"""What parts and what joins: barriers before roads, crossings at one distance for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.audit.lines import banks
from lingwu_grid.audit.today import today
from lingwu_grid.contract.kinds import BARRIERS, UNKNOWN, barrier
from lingwu_grid.contract.rules import Rules
from lingwu_grid.fabric.adjacency import what_runs_here
from lingwu_grid.fabric.enclosures import Lines, label_by
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.graph import Runs, pieces
from lingwu_grid.maps.review_page import review_page, town_of
from lingwu_grid.papers.scenery import Ground

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.ingest.study import Study

X, Y, SIDE = 440_000.0, 4_218_000.0, 200.0


def lines(**kinds: tuple[float, Runs]) -> Lines:
    """Lines from west to east, so many metres north of zero."""
    shapes = [shapely.LineString([(-50, y), (50, y)]) for y, _ in kinds.values()]
    return Lines(
        np.array(shapes, object),
        np.array([runs for _, runs in kinds.values()], np.int8),
        np.full(len(shapes), "", object),
    )


@pytest.mark.parametrize(
    ("drawn", "runs"),
    [
        ({}, Runs.NOTHING),
        ({"road": (2.9, Runs.ROAD)}, Runs.ROAD),
        ({"road": (3.1, Runs.ROAD)}, Runs.NOTHING),
        ({"canal": (2.9, Runs.BARRIER)}, Runs.BARRIER),
        ({"canal": (3.1, Runs.BARRIER)}, Runs.NOTHING),
        ({"wall": (3.0, Runs.WALL)}, Runs.WALL),
        ({"old": (0.009, Runs.OLD_BORDER)}, Runs.OLD_BORDER),
        ({"old": (0.011, Runs.OLD_BORDER)}, Runs.NOTHING),
        ({"road": (0.0, Runs.ROAD), "canal": (2.9, Runs.BARRIER)}, Runs.BARRIER),
        ({"road": (2.9, Runs.ROAD), "wall": (0.0, Runs.WALL)}, Runs.ROAD),
        ({"wall": (2.9, Runs.WALL), "old": (0.0, Runs.OLD_BORDER)}, Runs.WALL),
        ({"canal": (2.9, Runs.BARRIER), "wall": (0.0, Runs.WALL)}, Runs.BARRIER),
    ],
)
def test_what_runs_at_a_border(drawn: dict[str, tuple[float, Runs]], runs: Runs) -> None:
    """A road on the bank of a canal does not open the canal."""
    at = np.array([shapely.Point(0, 0)], object)
    found = lines(**drawn) if drawn else lines(far=(99.0, Runs.ROAD))
    assert what_runs_here(at, found).tolist() == [runs]


def two_banks(folder: Path, *, crossing_off_m: float, kind: str = "canal") -> Study:
    """Four homes, a canal between two and two, a crossing so far east of it."""
    folder.mkdir()

    def write(layer: str, shapes: list[shapely.Geometry], **columns: list[object]) -> None:
        table = gpd.GeoDataFrame(columns, geometry=shapes, crs=4544)
        table.to_file(folder / f"{layer}.geojson", driver="GeoJSON")

    middle = X + SIDE / 2
    homes = [shapely.Point(X + dx, Y + dy) for dx in (50, 150) for dy in (50, 150)]
    write("households", homes, household_id=list("abcd"), grid_id=["G1"] * 4)
    write("grids", [shapely.box(X, Y, X + SIDE, Y + SIDE)], grid_id=["G1"])
    canal = shapely.LineString([(middle, Y - 10), (middle, Y + SIDE + 10)])
    write("barriers", [canal], name=["秦渠"], kind=[kind])
    road = shapely.LineString([(X, Y + 100), (X + SIDE, Y + 100)])
    write("roads", [road], name=["人民街"], bridge=[0])
    write("crossings", [shapely.Point(middle + crossing_off_m, Y + 100)], name=["便桥"])
    return lg.read_study(folder)


@pytest.mark.parametrize(("off_m", "joins"), [(0.0, True), (1.4, True), (1.6, False), (2.0, False)])
def test_the_check_and_the_solver_agree_where_a_crossing_joins(
    tmp_path: Path, off_m: float, *, joins: bool
) -> None:
    study = two_banks(tmp_path / "town", crossing_off_m=off_m)
    graph = build_graph(build_fabric(study), Rules())
    alike = np.zeros(graph.n_units, np.int32)
    open_ends = graph.is_open
    source = np.repeat(np.arange(graph.n_units), np.diff(graph.indptr))
    indptr = np.concatenate(
        [[0], np.bincount(source[open_ends], minlength=graph.n_units).cumsum()]
    ).astype(np.int32)
    lived = graph.households > 0
    count = len(set(pieces(indptr, graph.indices[open_ends], alike)[lived].tolist()))
    assert (count == 1) == joins
    faces, component = banks(study)
    homes = component[label_by(study.households.geometry.to_numpy(), faces)]
    assert (len(set(homes.tolist())) == 1) == joins
    cut = [f for f in today(study).findings if f.code == "cut_by_barrier"]
    assert bool(cut) != joins


def test_an_unknown_kind_is_told_parts_and_is_drawn_the_same_everywhere(tmp_path: Path) -> None:
    study = two_banks(tmp_path / "town", crossing_off_m=9.0, kind="悬崖")
    (told,) = [f for f in study.findings.rows if f.code == "kind_unknown"]
    assert (told.severity, told.table) == ("warning", "barriers")
    assert "悬崖" in told.message
    assert "barriers.geojson" in told.place
    assert "水渠" in told.remedy or "渠" in told.remedy
    plan = lg.partition(study, Rules(community=lg.Rules().grid, prove=False, effort=10))
    assert any(f["code"] == "kind_unknown" for f in plan.findings.to_dict("records"))
    colour = UNKNOWN.colour
    assert plan.explore()._repr_html_().count(colour) > 0
    assert town_of(plan, "")["styles"]["悬崖"]["color"] == colour
    assert colour in review_page(plan, "")
    assert barrier("悬崖") is UNKNOWN
    axes = plan.draw().figure.axes[0]
    drawn = {
        "#%02x%02x%02x" % tuple(round(255 * c) for c in rgb[:3])  # noqa: UP031 - a tuple of three
        for collection in axes.collections
        for rgb in np.atleast_2d(collection.get_edgecolor())
    }
    assert colour in drawn
    assert Ground(plan) is not None


def test_every_kind_has_words_a_name_and_a_colour() -> None:
    for kind, look in BARRIERS.items():
        assert barrier(kind) is look
        assert look.words
        assert look.name
        assert look.colour.startswith("#")
        assert look.width > 0
