"""Walks round zones: points lie on the border, bearings and metres lead from one to the next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import shapely

from lingwu_grid.tracing.numbers import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lingwu_grid.tracing.claims import Claims
    from lingwu_grid.tracing.reading import Table

NEAR_M = 1.5
"""A point this near to the border drawn lies on it: corners under a metre are left out."""
DEGREE = 3600

POINTS = ("点号", "X（北，米）", "Y（东，米）")
LEGS = ("第几圈", "起点", "止点", "方位角", "距离（米）")
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
        self._points: dict[str, dict[str, tuple[float, float]]] = {}
        self._lines: dict[str, shapely.Geometry] = {
            level: shapely.union_all(shapely.boundary(facts.metres[layer].to_numpy()))
            for level, layer in (("网格", "grids"), ("社区", "communities"))
        }
        for line in self._lines.values():
            shapely.prepare(line)

    def is_walk(self, table: Table) -> bool:
        """Tell whether a table is points or a walk."""
        return any(set(kind) <= set(table.headers) for kind in (POINTS, LEGS, NOTICE))

    def found(self, table: Table) -> Iterator[tuple[str, Found]]:
        """Give the numbers of a table of points or of a walk, with where they stand."""
        at = {name: number for number, name in enumerate(table.headers)}
        rows = [["" if v is None else str(v) for v in row] for row in table.rows]
        level = "网格" if table.where.startswith("网格") else "社区"
        if set(POINTS) <= set(table.headers):
            self._points[level] = {}
            for turn, row in enumerate(rows, start=1):
                number, x, y = (row[at[name]] for name in POINTS)
                yield number, Found(number[1:], turn)
                self._points[level][number] = (float(x), float(y))
                yield from self._on_border(level, number, (x, y))
        elif set(LEGS) <= set(table.headers):
            yield from self._round(level, [[row[0], *(row[at[n]] for n in LEGS)] for row in rows])
        else:
            yield from self._listed([[row[at[name]] for name in NOTICE] for row in rows])

    def _round(self, level: str, rows: list[list[str]]) -> Iterator[tuple[str, Found]]:
        """Follow legs from point to point; a ring ends where it began."""
        points, zone, begin, ring = self._points.get(level, {}), "", "", 0
        for code, printed, start, end, bearing, metres in rows:
            ring = 1 if code != zone else ring + (not begin)
            begin, zone = begin or start, code
            where = f"{code} {start}—{end}"
            yield where, Found(printed, ring)
            yield from _leg(where, [points.get(start), points.get(end)], (bearing, metres))
            begin = "" if end == begin else begin

    def _listed(self, rows: list[list[str]]) -> Iterator[tuple[str, Found]]:
        """Follow a list of points: a leg goes to the next, or back to where its ring began."""
        places = [(float(row[1]), float(row[2])) for row in rows]
        begin = 0
        for turn, (number, x, y, bearing, metres) in enumerate(rows):
            known = self._points.get("社区", {}).get(number, places[turn])
            yield number, Found(x, known[0])
            yield from self._on_border("社区", number, (x, y))
            ends = [places[turn], places[begin]]
            is_last = turn + 1 == len(rows)
            if not is_last and not all(f.agrees for _, f in _leg("", ends, (bearing, metres))):
                ends[1] = places[turn + 1]
            else:
                begin = turn + 1
            yield from _leg(number, ends, (bearing, metres))

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
    where: str, ends: Sequence[tuple[float, float] | None], printed: tuple[str, str]
) -> Iterator[tuple[str, Found]]:
    if ends[0] is None or ends[1] is None:
        yield where, Found(printed[1], "（没有这个点）")
        return
    north, east = ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]
    seconds = round(math.degrees(math.atan2(east, north)) % 360 * DEGREE) % (360 * DEGREE)
    bearing = f"{seconds // DEGREE}°{seconds % DEGREE // 60:02d}′{seconds % 60:02d}″"
    yield where, Found(printed[0], bearing)
    yield where, Found(printed[1], math.hypot(north, east))
