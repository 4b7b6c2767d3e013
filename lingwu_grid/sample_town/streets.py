"""The street plan: arterials that bend, streets between them, lanes, walls; water and railway.

A mesh of arterials is bent; water and railway are drawn slantwise over it; what lies between is
cut again and again across its longer axis: first by streets, then by lanes (in old quarters) or
by the walls between lots. What lies on both sides of a line is found afterwards, from the drawn
lines alone (:mod:`lingwu_grid.sample_town.planar`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.graph import linked
from lingwu_grid.sample_town import names
from lingwu_grid.sample_town.cutting import Cutter
from lingwu_grid.sample_town.kinds import (
    ARTERIAL,
    BARRIERS,
    COLLECTOR,
    LANE,
    LEVEL_OF,
    OUTLINE,
    STREET,
    WALL,
)
from lingwu_grid.sample_town.planar import GRID_M, HA, Arrangement, arrange, bowed, loops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.kinds import Course, Kind, Part

HALF_WIDTH_M = np.array([8.0, 13.0, 9.0, 7.0, 2.5, 0.0, 14.0, 12.0, 22.0])
"""From the middle of a line to the lots beside it, by level."""

HOUSEHOLDS_PER_HA = 62.0
SUPERBLOCK_HA = 42.0
APART_M = 1_500.0
"""Between two parts of a town."""
SMALL_M2 = 1_500.0
THIN = 0.18
"""4πA/P² below which a small lot is a verge."""
OVER_M = 0.06
ROUNDS = 12
REDRAWN = 20
AT_CROSSING_M = 4.0
LOT_FRONT_M = 22.0
"""Lots that share less do not touch."""
CLEAR_M = 40.0
"""No main street's bridge stands nearer to another water or railway than this."""


class StreetPlan(NamedTuple):
    """The ground of the town: lots, and the lines between them."""

    ground: Arrangement
    """Lots (faces) and the lines between them (edges)."""
    level: NDArray[np.int64]
    """What each edge is, shape (n_edges,)."""
    name: NDArray[np.object_]
    """Name of the line each edge lies on, shape (n_edges,)."""
    is_old: NDArray[np.bool_]
    """Lots in old quarters, shape (n_lots,)."""
    part: NDArray[np.int64]
    """Part of the town of each lot, shape (n_lots,)."""
    courses: list[tuple[int, str, shapely.LineString]]
    """Water and railways whole: level, name, line."""
    crossings: list[tuple[int, shapely.Point]]
    """Bridges: which course, and where."""

    @property
    def lots(self) -> NDArray[np.object_]:
        """Polygons of the lots, shape (n_lots,)."""
        return self.ground.faces

    def pairs(self) -> NDArray[np.int64]:
        """Give the lots that touch with no barrier closed between them, shape (m, 2)."""
        return open_pairs(self.ground, self.level, self.crossings, front=LOT_FRONT_M)


def open_pairs(
    ground: Arrangement,
    level: NDArray[np.int64],
    crossings: list[tuple[int, shapely.Point]],
    *,
    front: float,
) -> NDArray[np.int64]:
    """Give the faces that share a front with no barrier closed along it, shape (m, 2)."""
    between = (ground.sides >= 0).all(axis=1) & ~closed(ground.edges, level, crossings)
    both = np.sort(ground.sides[between], axis=1)
    pairs, inverse = np.unique(both, axis=0, return_inverse=True)
    shared = np.bincount(inverse, shapely.length(ground.edges[between]), minlength=len(pairs))
    return np.asarray(pairs[shared >= front], np.int64)


def closed(
    edges: NDArray[np.object_],
    level: NDArray[np.int64],
    crossings: list[tuple[int, shapely.Point]],
) -> NDArray[np.bool_]:
    """Mark the edges on water or railway that have no crossing at their end."""
    barred = np.isin(level, BARRIERS)
    if crossings:
        at = shapely.multipoints([point for _, point in crossings])
        barred &= shapely.distance(edges, at) > AT_CROSSING_M
    return barred


def lay_out(kind: Kind, households: int, rng: np.random.Generator) -> StreetPlan:
    """
    Draw the streets of a town, around (0, 0).

    Parameters
    ----------
    kind
        What the town is like.
    households
        How many live in it; sets its area.
    rng
        Source of every irregularity.
    """
    for _ in range(REDRAWN):
        plan = _drawn_once(kind, households, rng)
        if int(_components(plan).max()) + 1 == len(kind.parts):
            return plan
    raise ValueError("no street plan hangs together")


def _drawn_once(kind: Kind, households: int, rng: np.random.Generator) -> StreetPlan:
    lines: list[shapely.LineString] = []
    level: list[int] = []
    name: list[str] = []
    courses: list[tuple[int, str, shapely.LineString]] = []
    left = 0.0
    old: list[shapely.Polygon] = []
    outlines: list[shapely.Polygon] = []
    for number, part in enumerate(kind.parts):
        mesh = _mesh(part, households * part.share, rng)
        mesh[..., 0] += left - mesh[..., 0].min()
        mesh[..., 1] -= (mesh[..., 1].min() + mesh[..., 1].max()) / 2
        left = mesh[..., 0].max() + APART_M
        drawn = _arterials(mesh, rng)
        whole = [
            (LEVEL_OF[c.kind], _course_name(c, number), _course(c, mesh, rng)) for c in part.courses
        ]
        cutter = Cutter(kind.old, rng, names_from=len(lines))
        cutter.cut([line for line, _, _ in drawn], [line for _, _, line in whole])
        outlines.append(cutter.outline)
        old += cutter.old
        for line, at, called in [*drawn, *cutter.lines]:
            lines.append(line)
            level.append(at)
            name.append(called)
        for at, called, line in whole:
            inside = shapely.intersection(line, shapely.buffer(cutter.outline, OVER_M))
            for piece in shapely.get_parts(inside).tolist():
                lines.append(piece)
                level.append(at)
                name.append(called)
        courses += whole
    return _found(lines, np.array(level), np.array(name, object), courses, outlines, old)


def moved(plan: StreetPlan, centre: tuple[float, float]) -> StreetPlan:
    """Give the plan with its middle at ``centre``, on the same lattice of centimetres."""
    low, high = np.array(shapely.total_bounds(plan.lots)).reshape(2, 2)
    shift = np.round(np.array(centre) - (low + high) / 2, 2)

    def there(shape: shapely.Geometry) -> shapely.Geometry:
        return shapely.transform(shape, lambda points: np.round(points + shift, 2))

    ground = plan.ground._replace(faces=there(plan.ground.faces), edges=there(plan.ground.edges))
    return plan._replace(
        ground=ground,
        courses=[(level, name, there(line)) for level, name, line in plan.courses],
        crossings=[(course, there(point)) for course, point in plan.crossings],
    )


def _found(
    lines: list[shapely.LineString],
    level: NDArray[np.int64],
    name: NDArray[np.object_],
    courses: list[tuple[int, str, shapely.LineString]],
    outlines: list[shapely.Polygon],
    old: list[shapely.Polygon],
) -> StreetPlan:
    drawn = np.array(lines, object)
    for _ in range(ROUNDS):
        ground = arrange(drawn)
        spare = np.union1d(loops(ground), _spare(ground, level))
        level, name = level[ground.source], name[ground.source]
        if len(spare):
            kept = np.delete(np.arange(len(level)), spare)
            drawn, level, name = ground.edges[kept], level[kept], name[kept]
            continue
        is_old, part = _old_lots(ground, old), _parts(ground, outlines)
        plan = StreetPlan(ground, level, name, is_old, part, courses, [])
        plan = plan._replace(crossings=_crossings(plan))
        link = _missing_link(plan)
        if link is None:
            return plan
        drawn = np.append(ground.edges, link)
        level = np.append(level, STREET)
        name = np.append(name, f"示例便民路{len(level)}号")
    return plan


def _old_lots(ground: Arrangement, old: list[shapely.Polygon]) -> NDArray[np.bool_]:
    inside = shapely.point_on_surface(ground.faces)
    is_old = np.zeros(len(inside), np.bool_)
    is_old[np.unique(shapely.STRtree(inside).query(old, predicate="contains")[1])] = True
    return is_old


def _parts(ground: Arrangement, outlines: list[shapely.Polygon]) -> NDArray[np.int64]:
    inside = shapely.point_on_surface(ground.faces)
    part = np.zeros(len(inside), np.int64)
    for number, outline in enumerate(outlines):
        part[shapely.within(inside, shapely.buffer(outline, 1.0))] = number
    return part


def _missing_link(plan: StreetPlan) -> shapely.LineString | None:
    """Draw a street over the water or railway that leaves lots without any way to the rest."""
    label = _components(plan)
    largest = np.array(
        [np.bincount(label[plan.part == p]).argmax() for p in range(int(plan.part.max()) + 1)]
    )
    apart = label != largest[plan.part]
    sides = plan.ground.sides
    over = (sides >= 0).all(axis=1) & np.isin(plan.level, BARRIERS)
    over &= apart[sides].any(axis=1) & (label[sides[:, 0]] != label[sides[:, 1]])
    if not over.any():
        return None
    length = np.where(over, shapely.length(plan.ground.edges), 0)
    edge = int(np.argmax(length))
    a, m, b = shapely.get_coordinates(
        shapely.line_interpolate_point(plan.ground.edges[edge], [0.45, 0.5, 0.55], normalized=True)
    )
    normal = (b - a)[::-1] * np.array([-1, 1]) / np.hypot(*(b - a))
    ray = shapely.LineString([m - 1_500 * normal, m + 1_500 * normal])
    ground = shapely.buffer(shapely.union_all(plan.lots[sides[edge]]), OVER_M)
    pieces = shapely.get_parts(shapely.intersection(ray, ground))
    through = pieces[shapely.distance(pieces, shapely.Point(m)) < 1]
    return shapely.set_precision(through[0], GRID_M)


def _spare(ground: Arrangement, level: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give one edge of each sliver whose removal joins it to its neighbour."""
    area, girth = shapely.area(ground.faces), shapely.length(ground.faces)
    small = (area < SMALL_M2) | ((area < 4 * SMALL_M2) & (4 * np.pi * area / girth**2 < THIN))
    minor = np.isin(level[ground.source], (STREET, COLLECTOR, LANE, WALL))
    between = (ground.sides >= 0).all(axis=1) & minor
    length = shapely.length(ground.edges)
    spare = []
    for lot in np.flatnonzero(small).tolist():
        mine = np.flatnonzero(between & (ground.sides == lot).any(axis=1))
        if len(mine):
            spare.append(int(mine[np.argmax(length[mine])]))
    return np.unique(np.array(spare, np.int64))


def _mesh(part: Part, households: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Give the corners of the superblocks, shape (rows + 1, columns + 1, 2)."""
    area = households / HOUSEHOLDS_PER_HA * HA
    count = max(4.0, area / (SUPERBLOCK_HA * HA))
    columns = max(2, round((count * part.aspect) ** 0.5))
    rows = max(2, round(count / columns))
    side = (area / (columns * rows)) ** 0.5
    x = np.concatenate([[0], rng.uniform(0.75, 1.25, columns).cumsum()])
    y = np.concatenate([[0], rng.uniform(0.75, 1.25, rows).cumsum()])
    grid = np.stack(np.meshgrid(x * side * columns / x[-1], y * side * rows / y[-1]), axis=-1)
    span = grid[-1, -1]
    phase = rng.uniform(0, 2 * np.pi, 2)
    t = grid / 2_100.0
    bend = np.stack(
        [
            side * (0.2 * np.sin(2.1 * t[..., 1] + phase[0]) + 0.06 * np.sin(4.3 * t[..., 0])),
            side * (0.17 * np.sin(1.8 * t[..., 0] + phase[1]) + 0.06 * np.sin(3.7 * t[..., 1])),
        ],
        axis=-1,
    )
    bend[..., 1] += part.bend * span[0] * np.sin(np.pi * grid[..., 0] / span[0])
    jitter = rng.normal(0, 0.05 * side, grid.shape)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        jitter[edge] *= 2.2
    return np.asarray(grid + bend + jitter, np.float64)


def _arterials(
    mesh: NDArray[np.float64], rng: np.random.Generator
) -> list[tuple[shapely.LineString, int, str]]:
    """Draw the ring road and the arterials."""
    drawn = []
    rows, columns = mesh.shape[0] - 1, mesh.shape[1] - 1
    for j in range(rows + 1):
        is_ring = j in (0, rows)
        called = "环城街" if is_ring else names.numbered(names.EAST_STREETS, j - 1, "示例大街")
        for i in range(columns):
            line = bowed(mesh[j, i], mesh[j, i + 1], *_bend(rng))
            drawn.append((line, OUTLINE if is_ring else ARTERIAL, called))
    for i in range(columns + 1):
        is_ring = i in (0, columns)
        called = "环城路" if is_ring else names.numbered(names.NORTH_STREETS, i - 1, "示例大道")
        for j in range(rows):
            line = bowed(mesh[j, i], mesh[j + 1, i], *_bend(rng))
            drawn.append((line, OUTLINE if is_ring else ARTERIAL, called))
    return drawn


def _bend(rng: np.random.Generator) -> tuple[float, float]:
    return rng.normal(0, 0.018), rng.normal(0, 0.006)


def _course_name(course: Course, number: int) -> str:
    known = {"canal": names.CANAL, "rail": names.RAILWAY, "river": names.RIVER}
    return known[course.kind] + ("" if number == 0 else f"{number + 1}号")


def _course(
    course: Course, mesh: NDArray[np.float64], rng: np.random.Generator
) -> shapely.LineString:
    low, high = mesh.reshape(-1, 2).min(axis=0), mesh.reshape(-1, 2).max(axis=0)
    t = np.linspace(0, 1, 41)[:, None]
    share = np.array(course.begin) * (1 - t) + np.array(course.end) * t
    points = low + share * (high - low)
    # In a valley the water follows the town.
    lift = mesh[:, :, 1].mean(axis=0)
    bow = np.interp(points[:, 0], mesh[:, :, 0].mean(axis=0), lift - lift.mean())
    flat = abs(course.end[0] - course.begin[0]) > 0.9
    points[:, 1] += bow * (0.9 if flat else 0.0)
    along = points[-1] - points[0]
    normal = along[::-1] * np.array([-1, 1]) / np.linalg.norm(along)
    wave = np.sin(2 * np.pi * course.waves * t + rng.uniform(0, 2 * np.pi))
    return shapely.set_precision(shapely.LineString(points + course.sway * wave * normal), GRID_M)


def _crossings(plan: StreetPlan) -> list[tuple[int, shapely.Point]]:
    """Bridge the arterials, then whatever street joins parts that would lie apart."""
    candidates = _meetings(plan)
    chosen = [(c, p) for rank, c, p in candidates if rank == ARTERIAL]
    apart = _components(plan._replace(crossings=chosen)).max()
    for rank, course, point in candidates:
        more = [*chosen, (course, point)]
        if rank == ARTERIAL or not apart:
            continue
        left = _components(plan._replace(crossings=more)).max()
        if left < apart:
            chosen, apart = more, left
    return chosen


def _components(plan: StreetPlan) -> NDArray[np.int32]:
    """Give the piece that each lot hangs together with, shape (n_lots,)."""
    return linked(len(plan.lots), *plan.pairs().T)


def _meetings(plan: StreetPlan) -> list[tuple[int, int, shapely.Point]]:
    """Give where a street meets water or railway and goes on: its rank, the course, the point."""
    found = []
    # The ring road lies half outside: a bridge there joins no two lots.
    for rank in (ARTERIAL, COLLECTOR, STREET):
        ends = shapely.get_coordinates(shapely.boundary(plan.ground.edges[plan.level == rank]))
        at, count = np.unique(ends, axis=0, return_counts=True)
        nodes = shapely.points(at[count >= 2])
        for number, (_, _, line) in enumerate(plan.courses):
            others = [c for k, (_, _, c) in enumerate(plan.courses) if k != number]
            clear = np.ones(len(nodes), np.bool_)
            if others and rank < STREET:
                clear = shapely.distance(nodes, shapely.union_all(others)) > CLEAR_M
            on = (shapely.distance(nodes, line) < AT_CROSSING_M / 4) & clear
            found += [(rank, number, node) for node in nodes[on].tolist()]
    return found
