"""Who is moved? One table, through every place that counts."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lingwu_grid.engine.town.levels import Town
from lingwu_grid.engine.town.tally import moved_households
from lingwu_grid.lawful import affected, moved, moves
from lingwu_grid.verification import _moves

CASES = json.loads((Path(__file__).parent / "moves.json").read_text("utf-8"))
TABLE = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


@TABLE
def test_a_row_moves_where_its_zone_changes_and_it_had_one(case: dict[str, Any]) -> None:
    rows = pd.DataFrame(
        {
            "previous_grid_id": [case["old"], "A"],
            "grid_id": [case["new"], "A"],
            "previous_community_id": ["C", case["old"]],
            "community_id": ["C", case["new"]],
        }
    )
    recoded = case.get("recoded", {})
    assert moves(rows, "grid", recoded).tolist() == [case["moves"], False]
    other = case["old"] not in ("", case["new"])  # communities have no new codes
    assert moves(rows, "community", recoded).tolist() == [False, other]
    n, m = int(case["moves"]), int(other)
    assert moved(rows, recoded) == (n, m, n + m)
    assert affected(rows, recoded).tolist() == [case["moves"], other]
    summary = {"households_moved_grid": n, "households_moved_community": m, "affected": n + m}
    stays = rows["previous_grid_id"].replace(recoded)
    files: Any = SimpleNamespace(rows=rows.assign(stays_in=stays), summary=summary)
    assert _moves(files) == []
    for key, count in summary.items():
        files.summary = summary | {key: count + 1}
        assert len(_moves(files)) == 1, key


@TABLE
def test_the_solver_counts_the_same(case: dict[str, Any]) -> None:
    """Grid 0 is G1, 1 is G2, 2 is G9, which the plan has no more, or has under another code."""
    number = {"G1": 0, "G2": 1, "G9": 2, "H1": 2}
    known = case["old"] != ""
    graph = SimpleNamespace(
        home_indptr=np.array([0, int(known)], np.int32),
        home_grid=np.array([number[case["old"]]] if known else [], np.int32),
        home_households=np.array([7] if known else [], np.int64),
    )
    town = Town(np.array([number[case["new"]]], np.int32), np.zeros(3, np.int32))
    instance: Any = SimpleNamespace(graph=graph)
    assert moved_households(instance, town) == 7 * case["moves"]
    assert moved_households(instance, town, np.zeros(1, bool)) == 0


def test_who_changes_both_is_affected_once() -> None:
    rows = pd.DataFrame(
        {
            "previous_grid_id": ["G1", "G1", "G1", "G1"],
            "grid_id": ["G1", "G2", "G1", "G2"],
            "previous_community_id": ["C1", "C1", "C1", "C1"],
            "community_id": ["C1", "C1", "C2", "C2"],
        }
    )
    assert moved(rows, {}) == (2, 2, 3)
