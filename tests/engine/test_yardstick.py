"""The yardstick for new borders, on grounds whose best cut is seen at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest

from benchmarks.yardstick import best_cut, changed_pairs, measured, new_border

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.plan import Plan


def ladder(homes: int) -> nx.Graph:
    """Two rows of eight; rungs of 1 m and rails of 10 m, but one pair of rails of 2 m."""
    town = nx.Graph()
    for k in range(16):
        town.add_node(k, households=homes, was="a" if k < 14 else "b", now="a" if k < 8 else "b")
    for k in range(14):
        town.add_edge(k, k + 2, metres=2.0 if k in (8, 9) else 10.0)
    for k in range(0, 16, 2):
        town.add_edge(k, k + 1, metres=1.0)
    return town


def test_the_best_cut_goes_through_the_narrow_place() -> None:
    town = ladder(50)  # 800 households: six to ten of the sixteen on either side
    assert best_cut(town, 200, np.random.default_rng(0)) == pytest.approx(4.0)
    assert new_border(town, set(range(8))) == pytest.approx(20.0)
    # The border of today between b's home and the rest costs nothing new.
    assert new_border(town, set(range(14))) == 0.0


def test_ground_that_is_no_two_grids_is_not_cut() -> None:
    assert best_cut(ladder(30), 50, np.random.default_rng(0)) is None  # 480 households


def test_only_grids_that_exchanged_households_are_cut() -> None:
    town = ladder(50)
    assert changed_pairs(town) == [("a", "b")]
    nx.set_node_attributes(town, {k: town.nodes[k]["was"] for k in town}, "now")
    assert changed_pairs(town) == []


def test_a_plan_is_measured_from_its_files(small_plan: Plan, tmp_path: Path) -> None:
    folder = small_plan.save(tmp_path / "out")
    table = measured(folder, trees=5)
    assert len(table)
    assert (table["plan_m"] >= 0).all()
    assert (table["best_m"].dropna() >= 0).all()
