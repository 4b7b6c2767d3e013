"""Several ways into range: as many again where the best only just misses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine import solve as solving
from lingwu_grid.engine.instance import never, pose, silent
from lingwu_grid.engine.into_range import Run
from lingwu_grid.engine.town.levels import Town
from tests.engine.towns import lattice_graph

NEARLY, WAYS = solving.NEARLY, solving.WAYS


@pytest.mark.parametrize(
    ("shorts", "tried", "long"),
    [
        ([0] * WAYS, WAYS, 0),
        ([NEARLY + 1] * WAYS, WAYS, 1),
        ([NEARLY] * WAYS + [0] * WAYS, 2 * WAYS, 0),
        ([1] * 3 * WAYS, 3 * WAYS, 1),
        ([9, 0] + [9] * (WAYS - 2), WAYS, 0),
    ],
    ids=["in range", "far off", "nearly, then in", "nearly for ever", "one of them"],
)
def test_as_many_ways_again_where_the_best_nearly_comes_in(
    monkeypatch: pytest.MonkeyPatch, shorts: list[int], tried: int, long: int
) -> None:
    instance = pose(lattice_graph(2, 2, [400] * 4, [0, 1, 2, 3]), Rules(community=Band(1, 10**6)))
    calls = SimpleNamespace(ways=[], long=0)

    def one_way(run: Run, town: Town) -> Town:
        calls.ways.append(run.seed)
        return town._replace(community=np.full(4, shorts[len(calls.ways) - 1], np.int32))

    def longer(_: Run, town: Town) -> Town:
        calls.long += 1
        return town._replace(community=np.zeros(4, np.int32))

    monkeypatch.setattr(solving, "_one_way", one_way)
    monkeypatch.setattr(solving, "bring_into_range", longer)
    monkeypatch.setattr(solving, "worth", lambda _, town: (int(town.community[0]), 0))
    run = Run(instance, 7, never, 1, silent)
    town = Town(np.arange(4, dtype=np.int32), np.zeros(4, np.int32))
    ways = solving._brought_in(run, town)
    assert len(calls.ways) == len(set(calls.ways)) == tried
    assert calls.long == long
    assert int(ways[0][1].community[0]) == (0 if long else min(shorts[:tried]))
