"""Codes, lineage, standing and 四至."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.fabric.enclosures import Lines
from lingwu_grid.graph import Runs
from lingwu_grid.planning.boundary_text import NAMELESS, boundary_texts
from lingwu_grid.planning.lineage import keep_codes, trace

SQUARE = np.array([shapely.box(0, 0, 400, 400)])


def _lines(named: dict[str, list[tuple[float, float]]], kind: Runs = Runs.ROAD) -> Lines:
    return Lines(
        np.array([shapely.LineString(xy) for xy in named.values()]),
        np.full(len(named), kind, np.int8),
        np.array(list(named), object),
    )


def test_a_square_between_four_streets_reads_as_a_clerk_writes_it() -> None:
    lines = _lines(
        {
            "朔方路": [(402, -50), (402, 450)],
            "人民街": [(-50, -2), (450, -2)],
            "西平路": [(-1, -50), (-1, 450)],
            "灵白街": [(-50, 403), (450, 403)],
        }
    )
    assert boundary_texts(SQUARE, lines) == ["东至朔方路，南至人民街，西至西平路，北至灵白街"]


def test_names_of_one_side_stand_in_order_of_length_and_a_nameless_side_is_flagged() -> None:
    lines = _lines({"长路": [(400, 0), (400, 290)], "短路": [(400, 290), (400, 400)]})
    assert boundary_texts(SQUARE, lines)[0].startswith(f"东至长路、短路，南至{NAMELESS}")


def test_lineage_of_a_split_a_merger_and_a_new_grid() -> None:
    flow = pd.DataFrame(
        [("a", "a", 400), ("a", "n", 350), ("b", "c", 120), ("c", "c", 300), ("d", "d", 400)],
        columns=["old", "new", "households"],
    )
    told = trace(flow, ["a", "c", "d", "n"], {"a", "b", "c", "d"}, {"a", "c", "n"})
    assert told.kind.tolist() == ["拆分", "合并", "不变", "新设"]
    assert told.previous.tolist() == ["a", "c、b", "d", "a"]
    assert told.arrived.tolist() == [0, 120, 0, 350]
    assert told.left.tolist() == [350, 0, 0, 0]


def test_zones_drawn_anew_keep_the_code_of_most_households() -> None:
    """Zone 0 holds 90 of old grid 1, zone 1 holds 80 of old grid 0, zone 2 nobody's."""
    zone = np.array([0, 0, 1, 2])
    number = keep_codes(
        zone, (np.arange(4), np.array([1, 0, 0, -1])), np.array([90, 10, 80, 50]), 2
    )
    assert number.tolist() == [1, 0, 2]
