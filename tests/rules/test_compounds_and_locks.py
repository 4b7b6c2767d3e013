"""What stays whole and what stays put: compounds at their limit, locked grids and communities."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

import lingwu_grid as lg
from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.fabric.enclosures import label_by
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.planning.certificate import _held_grids
from tests.walk.planted import Block, write_strip

if TYPE_CHECKING:
    from pathlib import Path

RULES = Rules(community=Band(1, 10**6))


@pytest.mark.parametrize(
    ("households", "rules", "units", "parts"),
    [
        (499, RULES, 1, []),
        (500, RULES, 1, []),
        (501, RULES, 16, [2]),
        (1000, RULES, 16, [2]),
        (1001, RULES, 16, [3]),
        (490, RULES.with_(margin=10), 1, []),
        (491, RULES.with_(margin=10), 16, [2]),
        (500, RULES.with_(compounds_whole=False), 16, [1]),
        (500, RULES.with_(split_compounds=("C1",)), 16, [1]),
    ],
)
def test_a_compound_stays_whole_up_to_the_limit(
    tmp_path: Path, households: int, rules: Rules, units: int, parts: list[int]
) -> None:
    study = lg.read_study(
        write_strip(tmp_path / "town", [Block(households, is_compound=True)]), rules
    )
    fabric = build_fabric(study)
    assert (fabric.units["households"] > 0).sum() == units
    graph = build_graph(fabric, rules)
    assert graph.group_parts.tolist() in (parts, []), "a compound in one unit needs no group"
    if parts and parts[0] > 1:
        assert graph.group_parts.tolist() == parts


@pytest.mark.parametrize(
    ("blocks", "wishes", "parts"),
    [
        ((200, 250), (), [2]),  # within the limit, in two grids today: may stay, may be gathered
        ((300, 350), (), [2]),
        ((300, 350, 200), (), [3]),  # in three grids, where two would hold it
        ((900, 200), (), [3]),  # in two grids, and three are needed
        ((300, 350, 200), (("C1",),), [2]),  # a wish for it together gathers it
    ],
)
def test_a_compound_gets_no_more_parts_than_today_or_are_needed(
    tmp_path: Path, blocks: tuple[int, ...], wishes: tuple[tuple[str, ...], ...], parts: list[int]
) -> None:
    strip = [Block(n, is_compound=True) for n in blocks]
    folder = write_strip(tmp_path / "town", strip)
    path = folder / "households" / "households.gpkg"
    gpd.read_file(path).assign(compound_id="C1").to_file(path, driver="GPKG")
    study = lg.read_study(folder, RULES.with_(together=wishes))
    graph = build_graph(build_fabric(study), study.rules)
    used = np.unique(graph.group[graph.group >= 0])
    assert graph.group_parts[used].tolist() == parts


def test_grids_of_a_locked_community_are_locked_and_no_others(tmp_path: Path) -> None:
    folder = write_strip(tmp_path / "town", [Block(400)] * 4, (2, 2))
    study = lg.read_study(folder, RULES)
    fabric = build_fabric(study)

    def locked(rules: Rules) -> tuple[list[bool], list[bool]]:
        graph = build_graph(fabric, rules)
        return graph.grid_is_locked.tolist(), graph.community_is_locked.tolist()

    assert locked(RULES) == ([False] * 4, [False] * 2)
    assert locked(RULES.with_(locked_communities=("C2",))) == (
        [False, False, True, True], [False, True],
    )  # fmt: skip
    assert locked(RULES.with_(locked_grids=("G1",))) == ([True, False, False, False], [False] * 2)


def test_the_certificate_holds_locked_and_special_grids() -> None:
    fabric: Any = SimpleNamespace(
        places=SimpleNamespace(
            grid_ids=("G1", "G2", "G3", "G4"),
            grid_is_locked=np.array([True, False, False, False]),
            grid_is_special=np.array([False, True, False, False]),
        )
    )
    assert _held_grids(fabric, Rules()) == ["G1", "G2"]
    assert _held_grids(fabric, Rules(locked_grids=("G4", "G1"))) == ["G1", "G2", "G4"]


def test_the_first_of_overlapping_zones_has_what_lies_in_both() -> None:
    shapes = np.array([shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)], object)
    points = shapely.points([0.5, 1.5, 2.5, 9.0], [0.5] * 4)
    assert label_by(points, shapes).tolist() == [0, 0, 1, -1]
    assert label_by(points, shapes[::-1]).tolist() == [1, 0, 0, -1]
    assert label_by(points, shapes[:0]).tolist() == [-1] * 4
