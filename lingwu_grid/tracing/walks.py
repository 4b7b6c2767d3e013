"""Walks round zones: points lie on the border, bearings and metres lead from one to the next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import shapely

from lingwu_grid.tracing.numbers import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lingwu_grid.tracing.claims import Claims
    from lingwu_grid.tracing.reading import Table

NEAR_M = 1.5
"""A point this near to the border drawn lies on it: corners under a metre are left out."""
DEGREE = 3600

POINTS = ("点号", "X（北，米）", "Y（东，米）")
LEGS = ("起点", "止点", "方位角", "距离（米）")
NOTICE = ("点号", "X（北）", "Y（东）", "方位角", "距离（米）")


class Walks:
    """
    The borders of a plan, to compare walks with.

    Parameters
    ----------
    facts
        The plan.
    """

    def __init__(self, facts: Claims) -> None:
        self._points: dict[tuple[str, str], tuple[float, float]] = {}
        self._lines = {
            level: shapely.union_all(
                shapely.boundary(layer.to_crs(facts.rules_crs).geometry.to_numpy())
            )
            for level, layer in (("网格", facts.layers["grids"]), ("社区", facts.layers["communities"]))
        }  # fmt: skip

    def is_walk(self, table: Table) -> bool:
        """Tell whether a table is points or a walk."""
        return any(set(kind) <= set(table.headers) for kind in (POINTS, LEGS, NOTICE))

    def found(self, table: Table) -> Iterator[tuple[str, Found]]:
        """Give the numbers of a table of points or of a walk, with where they stand."""
        at = {name: table.headers.index(name) for name in table.headers}
        rows = [[str(v) for v in row] for row in table.rows]
        level = "网格" if table.where.startswith("网格") else "社区"
        if set(POINTS) <= set(table.headers):
            for row in rows:
                number, x, y = (row[at[name]] for name in POINTS)
                self._points[level, number] = (float(x), float(y))
                yield from self._on_border(level, number, (x, y))
        elif set(LEGS) <= set(table.headers):
            for row in rows:
                start, end, bearing, metres = (row[at[name]] for name in LEGS)
                ends = [self._points.get((level, p)) for p in (start, end)]
                yield from _leg(f"{start}—{end}", ends, (bearing, metres))
        else:
            places = [(float(r[at["X（北）"]]), float(r[at["Y（东）"]])) for r in rows]
            for row, here, there in zip(rows, places, [*places[1:], places[0]], strict=True):
                yield from self._on_border(level, row[0], (row[at["X（北）"]], row[at["Y（东）"]]))
                if row is rows[-1] and len(places) < 3:
                    continue
                yield from _leg(row[0], [here, there], (row[at["方位角"]], row[at["距离（米）"]]))

    def _on_border(
        self, level: str, number: str, printed: tuple[str, str]
    ) -> Iterator[tuple[str, Found]]:
        x, y = map(float, printed)
        point = shapely.Point(y, x)
        line = self._lines[level]
        if shapely.dwithin(line, point, NEAR_M):
            there = (x, y)
        else:
            nearest = line.interpolate(line.project(point))
            there = (nearest.y, nearest.x)
        for text, value in zip(printed, there, strict=True):
            yield number, Found(text, value)


def _leg(
    where: str, ends: list[tuple[float, float] | None], printed: tuple[str, str]
) -> Iterator[tuple[str, Found]]:
    if ends[0] is None or ends[1] is None:
        yield where, Found(printed[1], "（没有这个点）")
        return
    north, east = ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]
    seconds = round(math.degrees(math.atan2(east, north)) % 360 * DEGREE) % (360 * DEGREE)
    bearing = f"{seconds // DEGREE}°{seconds % DEGREE // 60:02d}′{seconds % 60:02d}″"
    yield where, Found(printed[0], bearing)
    yield where, Found(printed[1], math.hypot(north, east))
