"""Codes, lineage and standing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lingwu_grid.planning.lineage import keep_codes, trace


def test_lineage_of_a_split_a_merger_and_a_new_grid() -> None:
    flow = pd.DataFrame(
        [("a", "a", 400), ("a", "n", 350), ("b", "c", 120), ("c", "c", 300), ("d", "d", 400)],
        columns=["old", "new", "households"],
    )
    told = trace(flow, ["a", "c", "d", "n"], {"a", "b", "c", "d"}, {"a", "c", "n"}, {})
    assert told.kind.tolist() == ["拆分", "合并", "不变", "新设"]
    assert told.previous.tolist() == ["a", "c、b", "d", "a"]
    assert told.arrived.tolist() == [0, 120, 0, 350]
    assert told.left.tolist() == [350, 0, 0, 0]


def test_before_and_arrived_less_left_is_after_where_some_had_no_grid() -> None:
    """Fifty who were in no grid come to a; that alone is no change of a grid."""
    flow = pd.DataFrame(
        [("a", "a", 300), ("", "a", 50), ("a", "b", 20), ("b", "b", 400), ("", "n", 310)],
        columns=["old", "new", "households"],
    )
    told = trace(flow, ["a", "b", "n"], {"a", "b"}, set(), {})
    assert told.arrived.tolist() == [50, 20, 310]
    assert told.left.tolist() == [20, 0, 0]
    assert told.kind.tolist() == ["调整", "调整", "新设"]
    assert trace(flow.iloc[:2], ["a"], {"a"}, set(), {}).kind.tolist() == ["不变"]


def test_a_grid_with_a_new_code_is_the_grid_it_was() -> None:
    """Grid a is b7 in another community; 20 of its households go to c, 30 of d come to it."""
    flow = pd.DataFrame(
        [("a", "b7", 380), ("a", "c", 20), ("c", "c", 300), ("d", "b7", 30), ("d", "d", 400)],
        columns=["old", "new", "households"],
    )
    told = trace(flow, ["b7", "c", "d"], {"a", "c", "d"}, set(), {"a": "b7"})
    assert told.kind.tolist() == ["调整", "调整", "调整"]
    assert told.previous.tolist() == ["a、d", "c、a", "d"]
    assert (told.arrived.tolist(), told.left.tolist()) == ([30, 20, 0], [20, 0, 30])
    alone = trace(flow.iloc[[0]], ["b7"], {"a"}, set(), {"a": "b7"})
    assert (alone.kind[0], alone.arrived[0], alone.left[0]) == ("调整", 0, 0)


def test_zones_drawn_anew_keep_the_code_of_most_households() -> None:
    """Zone 0 holds 90 of old grid 1, zone 1 holds 80 of old grid 0, zone 2 nobody's."""
    zone = np.array([0, 0, 1, 2])
    number = keep_codes(
        zone, (np.arange(4), np.array([1, 0, 0, -1])), np.array([90, 10, 80, 50]), 2
    )
    assert number.tolist() == [1, 0, 2]
