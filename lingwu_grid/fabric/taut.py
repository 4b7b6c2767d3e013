"""Taut strings: how straight a course can run through the free ground between buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.fabric.outlines import is_sharp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.courses import Course

CLEARANCE_M = 1.5
"""Least distance of a border from a building, where the gap is wide enough for it."""

PAST_M = 0.05
"""Distance at which a border may pass what it keeps clear of."""

TURN_M = 15.0
"""Metres of border that one bend less is worth."""

GAIN_M = 0.1
"""Metres by which a bend moved must be better."""

PULLS = 5
"""Times at most that a course is pulled taut and thinned."""

MOST = 50
"""Vertices looked at together; a longer course is first thinned piece by piece."""


def drawn(
    course: Course, shapes: NDArray[np.object_], solid: shapely.STRtree
) -> NDArray[np.float64]:
    """
    Draw a course straight through the ground of the units on either side of it.

    Parameters
    ----------
    course
        As it runs along cells.
    shapes
        Polygon of each unit.
    solid
        What no border may run through.
    """
    ground = shapely.coverage_union_all(shapes[course.units])
    near = solid.geometries[solid.query(ground, "intersects")]
    return straight(course.path, ground, kept_clear(course.path, near))


def kept_clear(path: NDArray[np.float64], near: NDArray[np.object_]) -> NDArray[np.object_]:
    """Give what a course keeps clear of: with room around it where the old course has room."""
    line = shapely.linestrings(path)
    wide = shapely.buffer(near, CLEARANCE_M, quad_segs=2)
    room = shapely.distance(near, line)
    tight = room < CLEARANCE_M
    narrow = shapely.buffer(near, np.maximum(room - PAST_M, 0.0), quad_segs=2)
    out: NDArray[np.object_] = np.where(tight & (room > 0.1), narrow, np.where(tight, near, wide))
    return out


def straight(
    path: NDArray[np.float64], ground: shapely.Geometry, obstacles: NDArray[np.object_]
) -> NDArray[np.float64]:
    """
    Pull a course taut while it stays in its ground and passes the same buildings.

    Parameters
    ----------
    path
        Its vertices, shape (n, 2); the two ends stay.
    ground
        What it may run through.
    obstacles
        What it may not run through, nor pass on the other side.

    Returns
    -------
    numpy.ndarray
        Shape (m, 2): as short as can be found, a bend weighed as `TURN_M`.
    """
    shapely.prepare(ground)
    middle = shapely.get_coordinates(shapely.point_on_surface(obstacles))
    free = _Free(ground, shapely.boundary(ground), shapely.STRtree(obstacles), middle)
    while len(path) > MOST:
        kept = [_thinned(path[i : i + MOST + 1], free)[:-1] for i in range(0, len(path) - 1, MOST)]
        thin = np.concatenate([*kept, path[-1:]])
        if len(thin) > 0.8 * len(path):
            return thin
        path = thin
    path = _thinned(path, free)
    for _ in range(PULLS):
        pulled = _pulled(path, free)
        if pulled is None:
            break
        path = _thinned(pulled, free)
    return path


class _Free(NamedTuple):
    """Where a course may run."""

    ground: shapely.Geometry
    edge: shapely.Geometry
    tree: shapely.STRtree
    middle: NDArray[np.float64]
    """A point in each obstacle, shape (m, 2)."""

    def holds(self, lines: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Tell which lines run in the ground and touch no obstacle."""
        held: NDArray[np.bool_] = shapely.covers(self.ground, lines)
        inside = np.flatnonzero(held)
        held[inside[np.unique(self.tree.query(lines[inside], "intersects")[0])]] = False
        return held

    def turned(self, path: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Give how far a course has turned round each obstacle at each vertex, radians, (n, m).

        Two courses with the same ends pass an obstacle on the same side if they turn by the same
        angle round it; if not, they differ by whole turns.
        """
        east, north = (path[:, None] - self.middle).transpose(2, 0, 1)
        step = np.diff(np.arctan2(north, east), axis=0)
        step -= 2 * np.pi * np.round(step / (2 * np.pi))
        return np.concatenate([np.zeros((1, len(self.middle))), step.cumsum(axis=0)])


def _thinned(path: NDArray[np.float64], free: _Free) -> NDArray[np.float64]:
    """Find the course over some of the vertices that is shortest, bends priced."""
    n = len(path)
    i, j = np.triu_indices(n, 2)
    chords = shapely.linestrings(np.stack([path[i], path[j]], axis=1))
    held = free.holds(chords)
    turned = free.turned(path)
    # A chord turns by less than half a turn round what it does not run through.
    held[held] = (np.abs(turned[j[held]] - turned[i[held]]) < np.pi).all(axis=1)
    i, j = i[held], j[held]
    i = np.concatenate([np.arange(n - 1), i])
    j = np.concatenate([np.arange(1, n), j])
    cost = np.hypot(*(path[i] - path[j]).T) + TURN_M
    least, before = np.full(n, np.inf), np.zeros(n, np.int64)
    least[0] = 0.0
    for k in range(1, n):
        into = np.flatnonzero(j == k)
        total = least[i[into]] + cost[into]
        best = int(total.argmin())
        least[k], before[k] = total[best], i[into[best]]
    chain = [n - 1]
    while chain[-1]:
        chain.append(int(before[chain[-1]]))
    return path[chain[::-1]]


def _pulled(path: NDArray[np.float64], free: _Free) -> NDArray[np.float64] | None:
    """Draw bends round the corners that they pass; None where none is better so."""
    k, is_better = 1, False
    while k < len(path) - 1:
        before, bend, after = path[k - 1 : k + 2]
        most = _cost(path, k, bend[None]) - GAIN_M
        ways = _round(before, bend, after, free.tree)
        costs = np.array([_cost(path, k, way) for way in ways])
        now, kept = free.turned(path[k - 1 : k + 2])[-1], 1
        for i in np.argsort(costs, kind="stable").tolist():
            if costs[i] > most:
                break
            course = np.concatenate([[before], ways[i], [after]])
            sides = shapely.linestrings(np.stack([course[:-1], course[1:]], axis=1))
            is_same = (np.abs(free.turned(course)[-1] - now) < np.pi).all()
            # On the edge of the ground a new vertex would be none of what lies beyond.
            is_within = (shapely.distance(shapely.points(ways[i]), free.edge) > PAST_M).all()
            if is_same and is_within and free.holds(sides).all():
                path, kept = np.concatenate([path[:k], ways[i], path[k + 1 :]]), len(ways[i])
                is_better = True
                break
        k += kept
    return path if is_better else None


def _round(
    before: NDArray[np.float64],
    bend: NDArray[np.float64],
    after: NDArray[np.float64],
    tree: shapely.STRtree,
) -> list[NDArray[np.float64]]:
    """List what a bend may become: one of the corners inside it, or a string round them all."""
    triangle = shapely.Polygon([before, bend, after])
    held = tree.geometries[tree.query(triangle, "intersects")]
    # Where an obstacle is round, the corner of its box is what a course passes it by.
    held = np.concatenate([held, shapely.minimum_rotated_rectangle(held)])
    corners = shapely.get_coordinates(shapely.buffer(held, PAST_M, join_style="mitre"))
    inside = np.unique(corners[shapely.intersects_xy(triangle, *corners.T)], axis=0)
    ways = list(inside[:, None])
    hull = shapely.convex_hull(shapely.multipoints([before, after, *inside]))
    ring = shapely.get_coordinates(hull)[:-1]
    ring = np.roll(ring, -int((ring == before).all(axis=1).argmax()), axis=0)
    if len(ring) > 3:  # the first is `before`; `after` is next to it, one way or the other
        ways.append(ring[1:-1] if (ring[-1] == after).all() else ring[:1:-1])
    return ways


def _cost(path: NDArray[np.float64], k: int, way: NDArray[np.float64]) -> float:
    """Weigh a course near its vertex `k`, were that another way: metres, and sharp bends."""
    near = np.concatenate([path[max(k - 2, 0) : k], way, path[k + 1 : k + 3]])
    steps = np.diff(near, axis=0)
    bends = is_sharp(np.diff(np.arctan2(steps[:, 1], steps[:, 0]))).sum()
    return float(np.hypot(*steps.T).sum() + TURN_M * bends)
