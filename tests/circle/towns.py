"""Random towns in memory: streets with gaps, a canal, a railway, walled compounds, stations."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import shapely

from tests.circle.tiny import place, stations, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

STEP, SIDE = 170.0, 9
WIDE = STEP * (SIDE - 1)


def random_town(seed: int) -> Study:
    """Give a town of 64 blocks; a second drawing of the same seed is the same town."""
    rng = np.random.default_rng(seed)
    xy = np.array([[(c * STEP, r * STEP) for c in range(SIDE)] for r in range(SIDE)])
    xy += rng.uniform(-12, 12, xy.shape)
    lines = _streets(rng, xy)
    corners = shapely.multipoints(xy.reshape(-1, 2))
    barriers = [_across(rng, corners, upright=upright) for upright in (False, True)]
    yards, gates = _compounds(rng, xy, shapely.union_all(barriers))
    ids = [f"X{i}" for i in range(len(yards))]
    homes = [
        tuple(_middle(xy, r, c) + rng.uniform(-46, 46, 2))
        for r, c in itertools.product(range(SIDE - 1), range(SIDE - 1))
        for _ in range(3)
    ]
    return place(
        homes,
        each=1,
        roads=table("roads", lines, name="街"),
        barriers=table("barriers", barriers, name=["东渠", "西铁路"], kind=["canal", "rail"]),
        crossings=table("crossings", _crossings(rng, barriers, shapely.union_all(lines))),
        compounds=table("compounds", yards, compound_id=ids, name=[f"{i}号院" for i in ids]),
        gates=table("gates", gates, compound_id=ids),
        stations=stations(*[tuple(rng.uniform(100, WIDE - 100, 2)) for _ in range(2)]),
    )


def _streets(rng: np.random.Generator, xy: NDArray[np.float64]) -> list[shapely.LineString]:
    ways = itertools.product(range(SIDE), range(SIDE), ((0, 1), (1, 0)))
    return [
        shapely.LineString([xy[r, c], xy[r + dr, c + dc]])
        for r, c, (dr, dc) in ways
        if r + dr < SIDE and c + dc < SIDE and rng.random() > 0.12
    ]


def _across(
    rng: np.random.Generator, corners: shapely.MultiPoint, *, upright: bool
) -> shapely.LineString:
    """Draw a line from side to side that stays clear of corners: nothing to be guessed."""
    while True:
        a, b = rng.uniform(200, WIDE - 200, 2)
        ends = [(-100, a), (WIDE + 100, b)]
        line = shapely.LineString([p[::-1] if upright else p for p in ends])
        if line.distance(corners) > 25:
            return line


def _crossings(
    rng: np.random.Generator, barriers: list[shapely.LineString], streets: shapely.Geometry
) -> list[shapely.Point]:
    chosen = []
    for shape in barriers:
        met = shapely.get_parts(shapely.intersection(shape, streets))
        chosen += [met[k] for k in rng.choice(len(met), min(2, len(met)), replace=False)]
    return chosen


def _middle(xy: NDArray[np.float64], r: int, c: int) -> NDArray[np.float64]:
    corners: NDArray[np.float64] = xy[r : r + 2, c : c + 2].reshape(-1, 2)
    return corners.mean(axis=0)


def _compounds(
    rng: np.random.Generator, xy: NDArray[np.float64], barriers: shapely.Geometry
) -> tuple[list[shapely.Polygon], list[shapely.Point]]:
    blocks = rng.permutation([(r, c) for r in range(SIDE - 1) for c in range(SIDE - 1)])
    yards, gates = [], []
    for r, c in blocks[:10]:
        middle = _middle(xy, r, c)
        yard = shapely.box(*(middle - 48), *(middle + 48))
        if yard.distance(barriers) >= 20:
            yards.append(yard)
            gates.append(shapely.line_interpolate_point(yard.boundary, rng.uniform(0, 380)))
    return yards, gates
