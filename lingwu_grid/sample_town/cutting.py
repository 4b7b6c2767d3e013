"""Cutting the ground between arterials into lots: streets first, then lanes or walls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.sample_town.kinds import COLLECTOR, LANE, STREET, WALL
from lingwu_grid.sample_town.planar import HA, arrange, axes, bowed, turns

if TYPE_CHECKING:
    from numpy.typing import NDArray

SNAP_M = 40.0
"""A street that would end this near another's end meets it instead: a crossing of four."""
LEAST_END_M = 24.0
"""No street ends nearer to a corner than this; it goes to the corner."""
GOES_ON = 0.9
"""Share of the streets that go on across where another ends at the edge of the ground."""
EARLIEST = 0.3
ON_M = 0.3
TRIES = 6
LEAST_SHARE = 0.2
"""Of the ground that is cut, the smaller side has this much."""


class Cutter:
    """
    Cuts the ground of one part of a town.

    Parameters
    ----------
    old
        Share of the ground that old quarters take.
    rng
        Source of every choice.
    names_from
        Streets are numbered from here.
    """

    def __init__(self, old: float, rng: np.random.Generator, *, names_from: int) -> None:
        self.rng = rng
        self.share = old
        self.old: list[shapely.Polygon] = []
        self.lines: list[tuple[shapely.LineString, int, str]] = []
        self.outline = shapely.Polygon()
        self._ends: list[tuple[float, float]] = []
        self._number = names_from

    def cut(self, arterials: list[shapely.LineString], courses: list[shapely.LineString]) -> None:
        """
        Cut what lies between the arterials, water and railway.

        Parameters
        ----------
        arterials, courses
            Lines, metres.
        """
        alone = arrange(np.array(arterials, object))
        self.outline = shapely.union_all(alone.faces)
        ground = arrange(np.array([*arterials, *courses], object))
        inside = shapely.within(shapely.point_on_surface(ground.faces), self.outline)
        faces = ground.faces[inside]
        is_old = self._old_quarters(faces)
        for face, old in zip(faces.tolist(), is_old.tolist(), strict=True):
            if old:
                self.old.append(face)
            self._cut(face, old=old)

    def _old_quarters(self, faces: NDArray[np.object_]) -> NDArray[np.bool_]:
        # The old town lies in the middle and is one piece; a few old streets lie outside it.
        at = shapely.get_coordinates(shapely.centroid(faces))
        away = np.linalg.norm((at - at.mean(axis=0)) / np.ptp(at, axis=0).clip(1), axis=1)
        area = shapely.area(faces)
        order = np.argsort(away + self.rng.normal(0, 0.03, len(faces)))
        taken = area[order].cumsum() <= self.share * area.sum()
        taken[0] = True
        is_old = np.zeros(len(faces), np.bool_)
        is_old[order[taken]] = True
        return is_old

    def _cut(self, face: shapely.Polygon, *, old: bool) -> None:
        block = self.rng.uniform(3.2, 5.4) if old else self.rng.uniform(7.0, 12.0)
        stack = [face]
        while stack:
            polygon = stack.pop()
            hectares = polygon.area / HA
            lot = self.rng.uniform(1.0, 2.2) if old else self.rng.uniform(2.0, 4.4)
            if hectares < 1.5 * lot:
                continue
            if hectares > 1.4 * block:
                level = COLLECTOR if hectares > 2.4 * block else STREET
            else:
                level = LANE if old else WALL
            found = self._halved(polygon, at_street=level != WALL)
            if found is None:
                continue
            line, parts = found
            self._number += 1
            self.lines.append((line, level, self._name(line, level)))
            if level != WALL:
                self._ends += [line.coords[0], line.coords[-1]]
            stack += parts

    def _halved(
        self, polygon: shapely.Polygon, *, at_street: bool
    ) -> tuple[shapely.LineString, list[shapely.Polygon]] | None:
        for _ in range(TRIES):
            line = self._across(polygon, at_street=at_street)
            if line is None:
                continue
            drawn = np.array([shapely.boundary(polygon), line], object)
            parts = arrange(drawn).faces.tolist()
            if len(parts) == 2 and min(p.area for p in parts) > LEAST_SHARE * polygon.area:
                return line, parts
        return None

    def _name(self, line: shapely.LineString, level: int) -> str:
        if level == WALL:
            return ""
        if level == LANE:
            return f"示例巷{self._number}号"
        (x, y), (u, v) = line.coords[0], line.coords[-1]
        return f"示例{'街' if abs(u - x) > abs(v - y) else '路'}{self._number}号"

    def _across(self, polygon: shapely.Polygon, *, at_street: bool) -> shapely.LineString | None:
        """Draw a line across the longer axis, somewhere in the middle, not quite square."""
        corner, long, short = axes(polygon)
        share = self.rng.uniform(0.38, 0.62)
        turn = self.rng.normal(0, 0.05)
        onward = self._onward(polygon, corner, long) if at_street else None
        if onward is not None and self.rng.random() < GOES_ON:
            share = float((onward - corner) @ long / (long @ long))
            turn = 0.0
        middle = corner + long * share + short * 0.5
        direction = short / max(np.hypot(*short), 1e-9)
        c, s = np.cos(turn), np.sin(turn)
        direction = np.array([[c, -s], [s, c]]) @ direction
        reach = np.hypot(*short) * 1.2 + 50
        ray = shapely.LineString([middle - direction * reach, middle + direction * reach])
        pieces = shapely.get_parts(shapely.intersection(ray, polygon))
        if not len(pieces):
            return None
        chord = pieces[int(np.argmax(shapely.length(pieces)))]
        ends = [self._settled(np.array(p), polygon, at_street=at_street) for p in chord.coords]
        line = bowed(ends[0], ends[1], self.rng.normal(0, 0.02))
        for candidate in (line, shapely.LineString(ends)):
            inside = shapely.intersection(candidate, polygon)
            if candidate.length > 30 and inside.length > candidate.length - 0.5:
                return candidate
        return None

    def _onward(
        self, polygon: shapely.Polygon, corner: NDArray[np.float64], long: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Give the end of a street at this ground's edge that can go on across it, if any."""
        if not self._ends:
            return None
        known = np.array(self._ends)
        share = (known - corner) @ long / (long @ long)
        x0, y0, x1, y1 = polygon.bounds
        x, y = known.T
        near = (x >= x0 - 1) & (x <= x1 + 1) & (y >= y0 - 1) & (y <= y1 + 1)
        near &= np.abs(share - 0.5) < 0.5 - EARLIEST
        near[near] = shapely.distance(polygon.exterior, shapely.points(known[near])) < ON_M
        if not near.any():
            return None
        return np.asarray(known[near][np.argmin(np.abs(share[near] - 0.5))], np.float64)

    def _settled(
        self, end: NDArray[np.float64], polygon: shapely.Polygon, *, at_street: bool
    ) -> NDArray[np.float64]:
        """Move an end to another street's end or to a corner when it is near."""
        if at_street and self._ends:
            known = np.array(self._ends)
            far = np.hypot(*(known - end).T)
            nearest = int(np.argmin(far))
            on = polygon.exterior.distance(shapely.Point(known[nearest]))
            if far[nearest] < SNAP_M and on < ON_M:
                return np.asarray(known[nearest], np.float64)
        corners = _corners(polygon)
        far = np.hypot(*(corners - end).T)
        if len(far) and far.min() < LEAST_END_M:
            return np.asarray(corners[int(np.argmin(far))], np.float64)
        return end


def _corners(polygon: shapely.Polygon) -> NDArray[np.float64]:
    """Give the points of a ring where it turns by more than 25 degrees."""
    ring = np.array(polygon.exterior.coords)[:-1]
    return np.asarray(ring[turns(ring) > np.radians(25)])
