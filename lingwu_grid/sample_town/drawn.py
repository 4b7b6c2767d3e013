"""The map an office drew by hand: a metre or two off the streets, and some lots halved.

Today's grids are made of these pieces (atoms). The hand shakes once for each corner, so that
neighbours still share their border; a few cracks and overlaps are put in afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.sample_town.kinds import BARRIERS, WALL
from lingwu_grid.sample_town.planar import arrange, axes, loops, turns
from lingwu_grid.sample_town.streets import StreetPlan, open_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUT_M = 40.0
CRACKS = 4
CRACK_M = 0.18
FRONT_M = 12.0
SHAKE_M = 0.9
MOST_M = 2.5
SURVEYED_M = 0.3
"""Banks and railways are surveyed: two surveys differ by less."""


class Drawn(NamedTuple):
    """What the office drew."""

    atoms: NDArray[np.object_]
    """Lots and halves of lots, shape (n_atoms,)."""
    lot: NDArray[np.int64]
    """Lot of each atom, shape (n_atoms,)."""
    pairs: NDArray[np.int64]
    """Atoms that touch with no barrier closed between, shape (m, 2)."""


def cut_through(lot: shapely.Polygon) -> shapely.LineString | None:
    """Give the line that halves a lot across its longer axis; none for a lot too thin there."""
    corner, long, short = axes(lot)
    middle = corner + long * 0.5 + short * 0.5
    ray = shapely.LineString([middle - short, middle + short])
    pieces = shapely.get_parts(shapely.intersection(ray, shapely.buffer(lot, 6.0)))
    chord = pieces[int(np.argmin(shapely.distance(pieces, shapely.Point(middle))))]
    return chord if shapely.intersection(chord, lot).length >= CUT_M else None


def draw(plan: StreetPlan, cuts: dict[int, shapely.LineString], rng: np.random.Generator) -> Drawn:
    """
    Draw the town by hand.

    Parameters
    ----------
    plan
        The ground.
    cuts
        Lots that a border halves, and where.
    rng
        The hand.
    """
    edges = _shaken(plan, rng)
    lots = arrange(edges)
    owner = _owner(lots.faces, plan.lots)
    halving = []
    for face, lot in zip(lots.faces.tolist(), owner.tolist(), strict=True):
        if lot in cuts:
            halving += shapely.get_parts(
                shapely.intersection(cuts[lot], shapely.buffer(face, 0.06))
            ).tolist()
    ground = arrange(np.array([*edges.tolist(), *halving], object))
    level = np.concatenate([plan.level, np.full(len(halving), WALL)])[ground.source]
    while len(loop := loops(ground)):
        kept = np.delete(np.arange(len(level)), loop)
        edges, level = ground.edges[kept], level[kept]
        ground = arrange(edges)
        level = level[ground.source]
    pairs = open_pairs(ground, level, plan.crossings, front=FRONT_M)
    return Drawn(ground.faces, _owner(ground.faces, plan.lots), pairs)


def _owner(faces: NDArray[np.object_], lots: NDArray[np.object_]) -> NDArray[np.int64]:
    nearest = shapely.STRtree(lots).nearest(shapely.point_on_surface(faces))
    return np.asarray(nearest, np.int64)


def cracked(grids: NDArray[np.object_], seed: int) -> NDArray[np.object_]:
    """
    Draw a few borders twice, a hand's breadth apart: cracks and overlaps.

    Parameters
    ----------
    grids
        Polygons that share their borders.
    seed
        Chooses where.

    Returns
    -------
    NDArray[np.object_]
        The same, but for one vertex of each of :data:`CRACKS` grids.
    """
    rng = np.random.default_rng([seed, 2])
    edge = shapely.boundary(shapely.union_all(grids))
    made = grids.copy()
    left = CRACKS
    for number in rng.permutation(len(grids)).tolist():
        if not left:
            break
        ring = shapely.get_coordinates(shapely.get_exterior_ring(grids[number]))[:-1]
        before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
        reach = np.hypot(*before.T) + np.hypot(*after.T)
        inner = shapely.distance(shapely.points(ring), edge) > 5.0
        at = np.flatnonzero((turns(ring) < np.radians(15)) & (reach > 15) & (reach < 50) & inner)
        if len(at):
            k = int(rng.choice(at))
            along = after[k] + before[k]
            normal = along[::-1] * np.array([-1, 1]) / np.hypot(*along)
            ring[k] += np.round((CRACK_M if left % 2 else -CRACK_M) * normal, 2)
            made[number] = shapely.Polygon(ring)
            left -= 1
    return made


def _shaken(plan: StreetPlan, rng: np.random.Generator) -> NDArray[np.object_]:
    edges = plan.ground.edges.copy()
    points = shapely.get_coordinates(edges)
    at, inverse = np.unique(points, axis=0, return_inverse=True)
    barred = np.isin(plan.level, BARRIERS)
    on_bank = np.zeros(len(at), np.bool_)
    on_bank[inverse[np.repeat(barred, shapely.get_num_coordinates(edges))]] = True
    shake = np.clip(rng.normal(0, SHAKE_M, at.shape), -MOST_M, MOST_M)
    shake[on_bank] = np.clip(shake[on_bank], -SURVEYED_M, SURVEYED_M)
    return np.asarray(shapely.set_coordinates(edges, np.round(at + shake, 2)[inverse]))
