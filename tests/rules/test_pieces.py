"""Is a zone in one piece? One table, through every place that decides it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lingwu_grid.engine.search.search import can_leave
from lingwu_grid.graph import indptr_of
from lingwu_grid.graph import pieces as graph_pieces
from lingwu_grid.revision.checks import pieces as review_pieces
from lingwu_grid.verification import _in_pieces
from tests.engine.towns import lattice_part

CASES = json.loads((Path(__file__).parent / "pieces.json").read_text("utf-8"))
TABLE = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


def csr(case: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(case["joins"], np.int64)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    return indptr_of(both[:, 0], len(case["zone"])), both[:, 1].astype(np.int32)


@TABLE
def test_pieces_are_counted_alike(case: dict[str, Any]) -> None:
    zone, joins = np.array(case["zone"]), np.array(case["joins"], np.int64)
    count = len(case["pieces"])
    assert review_pieces(zone, joins, count).tolist() == case["pieces"]
    piece = graph_pieces(*csr(case), zone.astype(np.int32))
    assert [len(set(piece[zone == z].tolist())) for z in range(count)] == case["pieces"]
    names = np.array([f"Z{z}" for z in case["zone"]], object)
    assert _in_pieces(names, joins) == {f"Z{z}" for z in range(count) if case["pieces"][z] > 1}


@TABLE
def test_a_unit_may_leave_where_the_rest_stays_in_one_piece(case: dict[str, Any]) -> None:
    indptr, indices = csr(case)
    zone, joins = np.array(case["zone"], np.int32), np.array(case["joins"], np.int64)
    n = len(zone)
    part = lattice_part(n, 1, [1] * n, np.zeros(n, np.int32), (0, n))
    part = part._replace(indptr=indptr, indices=indices, edge_cost=np.ones(len(indices)))
    for unit in range(n):
        if case["pieces"][zone[unit]] > 1 or (zone == zone[unit]).sum() == 1:
            continue  # what is whole before is what the search asks about
        without = zone.astype(np.int64)
        without[unit] = zone.max() + 1
        left = review_pieces(without, joins, int(zone.max()) + 2)
        assert can_leave(part, zone, unit) == (left[zone[unit]] == 1), unit
