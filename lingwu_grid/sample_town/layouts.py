"""How buildings stand on a lot: slabs in rows, houses wall to wall, shops on a street, halls.

Each layout gives corner points of boxes in metres, shape (n, 4, 2), inside the free ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Frame(NamedTuple):
    """A lot's own axes: east along its side that runs most nearly east."""

    origin: NDArray[np.float64]
    angle: float

    def there(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn the town's coordinates into the lot's."""
        return np.asarray((points - self.origin) @ self._turn())

    def back(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn the lot's coordinates into the town's, on the centimetre."""
        return np.round(points @ self._turn().T + self.origin, 2)

    def _turn(self) -> NDArray[np.float64]:
        c, s = np.cos(self.angle), np.sin(self.angle)
        return np.array([[c, -s], [s, c]])


def frame_of(lot: shapely.Polygon) -> Frame:
    """Give a lot its axes."""
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(lot))[:4]
    side = box[1] - box[0]
    angle = float(np.arctan2(side[1], side[0]))
    angle = (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
    return Frame(shapely.get_coordinates(shapely.centroid(lot))[0], angle)


def _boxes(
    x: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64], d: NDArray[np.float64]
) -> NDArray[np.float64]:
    corners = np.stack(
        [
            np.stack([x, y], axis=-1),
            np.stack([x + w, y], axis=-1),
            np.stack([x + w, y + d], axis=-1),
            np.stack([x, y + d], axis=-1),
        ],
        axis=-2,
    )
    return np.asarray(corners.reshape(-1, 4, 2))


def _inside(boxes: NDArray[np.float64], ground: shapely.Geometry) -> NDArray[np.float64]:
    shapely.prepare(ground)
    inside: NDArray[np.float64] = boxes[shapely.contains(ground, shapely.polygons(boxes))]
    return inside


def _bounds(ground: shapely.Geometry, frame: Frame) -> tuple[float, float, float, float]:
    points = frame.there(shapely.get_coordinates(ground))
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def slabs(
    ground: shapely.Geometry, frame: Frame, wanted: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Give rows of slabs that face south (行列式), a court left free in the middle."""
    tower = rng.random() < 0.18
    length, depth = (
        (rng.uniform(26, 32), rng.uniform(15, 19))
        if tower
        else (rng.uniform(38, 62), rng.uniform(11.5, 13.5))
    )
    gap, shift = rng.uniform(9, 14), rng.uniform(0, 12)
    pitch = float(np.clip(ground.area / max(wanted, 1) / (length + gap), depth + 13, 52))
    found = np.zeros((0, 4, 2))
    for _ in range(4):
        x0, y0, x1, y1 = _bounds(ground, frame)
        y = np.arange(y0 + 1, y1 - depth, pitch)
        x = np.arange(x0 + 1, x1 - length / 2, length + gap)
        grid_x, grid_y = np.meshgrid(x, y)
        grid_x = grid_x + shift * (np.arange(len(y)) % 2)[:, None]
        size = np.full(grid_x.size, length) * rng.choice((1.0, 1.0, 0.72), grid_x.size)
        boxes = _boxes(grid_x.ravel(), grid_y.ravel(), size, np.full(grid_x.size, depth))
        found = _inside(frame.back(boxes), ground)
        if len(found) >= wanted:
            break
        pitch, length, gap = max(depth + 11, 0.86 * pitch), 0.86 * length, 0.86 * gap
    if len(found) > wanted:
        away = np.hypot(*(found.mean(axis=1) - frame.origin).T)
        found = found[np.sort(np.argsort(-away, kind="stable")[:wanted])]
    return found


def houses(
    ground: shapely.Geometry,
    frame: Frame,
    wanted: int,
    rng: np.random.Generator,
    *,
    loose: bool = False,
) -> NDArray[np.float64]:
    """
    Give houses wall to wall along lanes, back to back.

    Parameters
    ----------
    ground
        Where they may stand.
    frame
        The lot's axes.
    wanted
        How many.
    rng
        Source of every irregularity.
    loose
        A village: yards between the houses, and lanes that wind.
    """
    x0, y0, x1, y1 = _bounds(ground, frame)
    depth, front = (8.8, 10.0) if loose else (rng.uniform(8.5, 10.5), 8.5)
    lane, yard = (6.5, 7.0) if loose else (3.6, 0.0)
    boxes = []
    y = y0 + 1.0
    while y + depth < y1:
        for row in (y, y + depth + yard):
            wide = rng.uniform(0.85, 1.3, int((x1 - x0) / front) + 2) * front
            passage = rng.random(len(wide)) < (0.55 if loose else 0.2)
            step = wide + passage * (rng.uniform(2.5, 7.0, len(wide)) if loose else 2.4)
            x = np.round(x0 + np.concatenate([[0], step.cumsum()[:-1]]), 2)
            end = np.round(x + wide, 2)
            # Wall to wall: the next house begins where this one ends.
            joined = ~passage[:-1]
            x[1:] = np.where(joined, end[:-1], x[1:])
            boxes.append(_boxes(x, np.full(len(x), row), end - x, np.full(len(x), depth)))
        y += 2 * depth + yard + lane
    if not boxes:
        return np.zeros((0, 4, 2))
    made = np.concatenate(boxes)
    if loose:
        x, y_at = made[..., 0].copy(), made[..., 1].copy()
        made[..., 0] += 3.5 * np.sin(y_at / 31.0)
        made[..., 1] += 4.0 * np.sin(x / 43.0)
    found = _inside(frame.back(made), ground)
    if len(found) > wanted:
        found = (
            found[np.sort(rng.permutation(len(found))[:wanted])]
            if loose
            else _thinned(found, wanted, rng)
        )
    return found


def _thinned(
    boxes: NDArray[np.float64], wanted: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Leave out whole yards: a few houses next to one another at a time."""
    kept = np.ones(len(boxes), np.bool_)
    middle = boxes.mean(axis=1)
    while kept.sum() > wanted:
        at = middle[rng.choice(np.flatnonzero(kept))]
        near = np.flatnonzero(kept & (np.hypot(*(middle - at).T) < 16))
        kept[near[: int(kept.sum() - wanted)]] = False
    return boxes[kept]


def shops(
    street: shapely.LineString, ground: shapely.Geometry, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Give shop-houses wall to wall along a street, on one side of it."""
    a, b = shapely.get_coordinates(street)[[0, -1]]
    along = (b - a) / np.hypot(*(b - a))
    frame = Frame(a, float(np.arctan2(along[1], along[0])))
    side = float(np.sign(frame.there(shapely.get_coordinates(shapely.centroid(ground)))[0, 1]))
    wide = np.round(rng.uniform(7.0, 10.0, int(np.hypot(*(b - a)) / 7.0) + 1), 2)
    begin = np.concatenate([[0], wide.cumsum()[:-1]])
    depth = 11.0
    off = 16.0 if side > 0 else -16.0 - depth
    boxes = _boxes(begin, np.full(len(wide), off), wide, np.full(len(wide), depth))
    return _inside(frame.back(boxes), ground)


def halls(
    ground: shapely.Geometry,
    frame: Frame,
    size: tuple[float, float],
    wanted: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Give a few large buildings: a school's wings, a works' sheds, offices, a market."""
    x0, y0, x1, y1 = _bounds(ground, frame)
    w, d = size
    x = np.arange(x0 + 4, x1 - w, w + rng.uniform(14, 30))
    y = np.arange(y0 + 4, y1 - d, d + rng.uniform(16, 34))
    if not len(x) or not len(y):
        return np.zeros((0, 4, 2))
    grid_x, grid_y = np.meshgrid(x, y)
    full = np.ones(grid_x.size)
    found = _inside(frame.back(_boxes(grid_x.ravel(), grid_y.ravel(), w * full, d * full)), ground)
    # They stand at one end; the rest is yard or playing field.
    return found[:wanted]
