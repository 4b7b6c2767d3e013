"""Ways into range: many are begun, those in range are gone on with, or else the nearest."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine import ways as room
from lingwu_grid.engine.instance import never, pose, silent
from lingwu_grid.engine.into_range import Run
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.engine.ways import BATCHES, BEGUN, GONE_ON, NEARLY, ways_into_range
from tests.engine.towns import lattice_graph

INSTANCE = pose(lattice_graph(2, 2, [400] * 4, [0, 1, 2, 3]), Rules(community=Band(1, 10**6)))
START = Town(np.arange(4, dtype=np.int32), np.zeros(4, np.int32))
HALF = BEGUN // 2


@pytest.mark.parametrize(
    ("begun", "mended", "gone_on", "long", "best"),
    [
        ([0] * BEGUN, 0, GONE_ON, 0, 0),
        ([9] * 5 + [0] * 2 + [9] * (BEGUN - 7), 0, 2, 0, 0),  # mending is not tried
        ([9] * BEGUN, 0, GONE_ON, 0, 0),
        ([9] * BEGUN, NEARLY + 1, GONE_ON, 1, 0),
        ([9] * BEGUN * BATCHES, NEARLY, BEGUN * BATCHES, 1, 0),
        ([9] * BEGUN + [9, 0] + [9] * (BEGUN - 2), NEARLY, BEGUN + 1, 0, 0),
        (([99] * HALF + [7] * HALF) * BATCHES, 5, BEGUN * BATCHES, 1, 0),
    ],
    ids=["in range", "two", "mended", "far off", "nearly for ever", "then one", "some nearer"],
)
def test_the_best_ways_are_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
    begun: list[int], mended: int, gone_on: int, long: int, best: int,
) -> None:  # fmt: skip
    calls = SimpleNamespace(seeds=[], mended=[], searched=0, long=0)

    def out_of_range(short: int) -> Town:
        return Town(np.arange(4, dtype=np.int32), np.full(4, short, np.int32))

    def begin(run: Run, _: Town) -> Town:
        calls.seeds.append(run.seed)
        return out_of_range(begun[len(calls.seeds) - 1])

    def mend(_: Run, town: Town, *, is_brief: bool) -> Town:
        assert is_brief
        calls.mended.append(int(town.community[0]))
        return out_of_range(mended)

    def search(_: Run, town: Town) -> Town:
        calls.searched += 1
        return town

    def longer(_: Run, __: Town) -> Town:
        calls.long += 1
        return out_of_range(0)

    monkeypatch.setattr(room, "bring_near", begin)
    monkeypatch.setattr(room, "mend_on", mend)
    monkeypatch.setattr(room, "searched", search)
    monkeypatch.setattr(room, "bring_into_range", longer)
    monkeypatch.setattr(room, "relabel", lambda _, town: town)
    monkeypatch.setattr(room, "worth", lambda _, town: (int(town.community[0]), 0))
    ways = ways_into_range(Run(INSTANCE, 7, never, 1, silent), START)
    assert len(set(calls.seeds)) == len(calls.seeds) == len(begun)
    assert calls.seeds[0] == 7
    assert calls.searched == gone_on
    # In no batch is anything mended where one came in; the nearest go first.
    batches = [begun[i : i + BEGUN] for i in range(0, len(begun), BEGUN)]
    assert len(calls.mended) == min(gone_on, BEGUN * sum(0 not in batch for batch in batches))
    assert calls.mended[:BEGUN] == sorted(calls.mended[:BEGUN])
    assert calls.long == long
    shorts = [int(town.community[0]) for _, town in ways]
    assert shorts[0] == best
    assert shorts == sorted(shorts)


@pytest.mark.parametrize(("effort", "count"), [(100, BEGUN), (50, HALF), (1, 1), (200, 2 * BEGUN)])
def test_as_many_ways_as_the_effort_says(
    monkeypatch: pytest.MonkeyPatch, effort: int, count: int
) -> None:
    seeds: list[int] = []

    def begin(run: Run, town: Town) -> Town:
        seeds.append(run.seed)
        return town

    monkeypatch.setattr(room, "bring_near", begin)
    instance = replace(INSTANCE, effort=effort)
    ways_into_range(Run(instance, 0, never, 1, silent), START)
    assert len(seeds) == count
