"""Labels: words on a map that never cover one another; what has no room is left out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from matplotlib import font_manager

from lingwu_grid.papers.picture import families, in_our_font, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

LINE = 1.28
"""Height of a line, in sizes of its letters: matplotlib's own spacing and a little air."""
AIR_PT = 1.0
"""Left free around every label."""
LATTICE = 7
"""Places tried across the width, and the height, of an area."""
MOST_INSIDE = 16
RINGS_PT = (18.0, 28.0, 40.0, 56.0)
"""How far from an area without room its label is set, with a line to it."""
COMPASS = np.radians(np.arange(0, 360, 30))
SMALLER = (1.0, 0.85, 0.72)
"""Sizes tried before a label leaves its area."""
ALONG = (0.5, 0.35, 0.65, 0.2, 0.8)
"""Places along a line tried for its name, as shares of its length."""
INDENT, CLOSING = "　　", "，。；：、）"
"""A line that goes on begins with the first, and never with one of the second."""
MEASURED_PT = 100


class Look(NamedTuple):
    """How a label is written."""

    size: float
    colour: str = "black"
    is_boxed: bool = False


class Labels:
    """
    The labels of one map; those placed first keep their places.

    Parameters
    ----------
    axes
        A map whose window is set; of a figure that lays itself out, everything else must stand.
    """

    def __init__(self, axes: Axes) -> None:
        figure: Figure = axes.figure  # type: ignore[assignment]  # no map here is a subfigure
        if figure.get_layout_engine() is not None:
            in_our_font(figure)
            figure.draw_without_rendering()
        axes.apply_aspect()
        (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
        inches = axes.get_position().width * figure.get_size_inches()[0]
        self._axes = axes
        self._window = shapely.box(west, south, east, north)
        self._pt = (east - west) / (72 * inches)
        """Metres of a point on paper."""
        self._taken: list[shapely.Geometry] = []

    def keep_free(self, x: float, y: float, wide_pt: float, high_pt: float) -> None:
        """Keep a place around a point free, shape in points on paper."""
        self._taken.append(self._box((x, y), (wide_pt, high_pt), 0.0))

    def keep_area(self, shape: shapely.Geometry) -> None:
        """Keep an area free, metres."""
        self._taken.append(shape)

    def of_area(self, shape: shapely.Geometry, texts: Sequence[str], look: Look) -> bool:
        """
        Label an area: inside where there is room, else beside it with a line.

        Parameters
        ----------
        shape
            The area, metres.
        texts
            What to write, the fullest first; a shorter one is taken where that has no room.
        look
            How.

        Returns
        -------
        bool
            Whether there was room for any of them.
        """
        seen = shapely.intersection(shape, self._window)
        own = [text for text in texts if text]
        if not own or not shapely.area(seen):
            return False
        inside = _inside(seen)
        for is_within in (True, False):
            for text in own:
                for share in SMALLER:
                    at = self._first(text, look.size * share, inside, seen if is_within else None)
                    if at is not None:
                        self._write(text, at, look._replace(size=look.size * share))
                        return True
        shortest, size = own[-1], look.size * SMALLER[-1]
        around = [
            (inside[0][0] + d * self._pt * np.cos(a), inside[0][1] + d * self._pt * np.sin(a), 0.0)
            for d in RINGS_PT
            for a in COMPASS
        ]
        at = self._first(shortest, size, around, None)
        if at is None:
            return False
        self._axes.plot(
            [inside[0][0], at[0]], [inside[0][1], at[1]], color=look.colour, linewidth=0.5,
            zorder=5,
        )  # fmt: skip
        self._taken.append(shapely.LineString([inside[0][:2], at[:2]]))
        self._write(shortest, at, look._replace(size=size))
        return True

    def in_sight(self, shape: shapely.Geometry, text: str, look: Look) -> bool:
        """Label what of an area is seen where it has room; tell whether it has."""
        seen = shapely.intersection(shape, self._window)
        at = None
        if shapely.area(seen) > 0:
            at = self._first(text, look.size, _inside(seen), seen)
        if at is not None:
            self._write(text, at, look)
        return at is not None

    def at_point(self, x: float, y: float, text: str, look: Look) -> bool:
        """Label a point: on it, else just above or below; tell whether there was room."""
        step = 0.8 * look.size * self._pt
        spots = [(x, y + k * step, 0.0) for k in (0, 1, -1, 2, -2)]
        at = self._first(text, look.size, spots, None)
        if at is not None:
            self._write(text, at, look)
        return at is not None

    def along(
        self, line: shapely.LineString, text: str, look: Look, *, beside: bool = False
    ) -> bool:
        """Write a name along a line that is long enough, on or beside it; tell if it has room."""
        length = shapely.length(line)
        wide = _measured(text, look.size)[0] * self._pt
        if wide > length:
            return False
        share = wide / length / 2
        spots = []
        for middle in ALONG:
            low, high = max(0.0, middle - share), min(1.0, middle + share)
            a, b, c = (
                shapely.line_interpolate_point(line, s, normalized=True)
                for s in (low, high, (low + high) / 2)
            )
            turn = (np.degrees(np.arctan2(b.y - a.y, b.x - a.x)) + 90) % 180 - 90
            off = look.size * self._pt * beside
            spots.append((c.x - off * np.sin(np.radians(turn)),
                          c.y + off * np.cos(np.radians(turn)), turn))  # fmt: skip
        at = self._first(text, look.size, spots, None)
        if at is not None:
            self._write(text, at, look)
        return at is not None

    def _box(
        self, at: tuple[float, float], size_pt: tuple[float, float], turn: float
    ) -> shapely.Polygon:
        wide, high = ((s / 2 + AIR_PT) * self._pt for s in size_pt)
        corners = np.array([(-wide, -high), (wide, -high), (wide, high), (-wide, high)])
        c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        return shapely.Polygon(corners @ np.array([(c, s), (-s, c)]) + at)

    def _first(
        self,
        text: str,
        size: float,
        spots: Iterable[tuple[float, float, float]],
        within: shapely.Geometry | None,
    ) -> tuple[float, float, float] | None:
        """Take the first place that is free, and inside an area where one is asked for."""
        extent = _measured(text, size)
        taken = np.array(self._taken, object)
        for x, y, turn in spots:
            box = self._box((x, y), extent, turn)
            if not shapely.covers(self._window, box) or shapely.intersects(taken, box).any():
                continue
            if within is None or shapely.covers(within, box):
                self._taken.append(box)
                return x, y, turn
        return None

    def _write(self, text: str, at: tuple[float, float, float], look: Look) -> None:
        box = {"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.5}
        self._axes.text(
            at[0], at[1], printable(text), fontsize=look.size, color=look.colour,
            ha="center", va="center", rotation=at[2], rotation_mode="anchor", clip_on=True,
            zorder=6, bbox=box if look.is_boxed else None,
        )  # fmt: skip


def _inside(shape: shapely.Geometry) -> list[tuple[float, float, float]]:
    """Give places inside an area, the one farthest from its border first."""
    parts = shapely.get_parts(shape)
    part = parts[np.argmax(shapely.area(parts))]
    west, south, east, north = shapely.bounds(part).tolist()
    share = (np.arange(LATTICE) + 0.5) / LATTICE
    x, y = (g.ravel() for g in np.meshgrid(west + share * (east - west),
                                           south + share * (north - south)))  # fmt: skip
    best = shapely.get_point(shapely.maximum_inscribed_circle(part, tolerance=1.0), 0)
    points = np.array([best, *shapely.points(x, y)], object)
    room = np.where(shapely.covers(part, points), shapely.distance(points, part.boundary), -1.0)
    order: NDArray[np.int64] = np.argsort(-room, kind="stable")[:MOST_INSIDE]
    kept = [(points[i].x, points[i].y, 0.0) for i in order.tolist() if room[i] >= 0]
    return kept or [(best.x, best.y, 0.0)]


def _measured(text: str, size: float) -> tuple[float, float]:
    r"""
    Measure a text on paper, points.

    Examples
    --------
    >>> wide, high = _measured("灵武\n市", 10.0)
    >>> round(wide), round(high)
    (20, 26)
    """
    lines = printable(text).split("\n")
    wide = max(sum(_advance(sign) for sign in line) for line in lines)
    return wide * size / MEASURED_PT, len(lines) * LINE * size


def wrapped(texts: Sequence[str], size: float, width_pt: float) -> list[str]:
    """
    Break texts into lines that have room; a line that goes on is indented.

    Examples
    --------
    >>> wrapped(["灵武市社区网格", "图集"], 10.0, 45.0)
    ['灵武市社', '　　区网', '　　格', '图集']
    """
    lines = []
    for text in texts:
        line, wide = "", 0.0
        for sign in text:
            step = _advance(sign) * size / MEASURED_PT
            if line and wide + step > width_pt and sign not in CLOSING:
                lines.append(line)
                line, wide = INDENT, len(INDENT) * size
            line, wide = line + sign, wide + step
        lines.append(line)
    return lines


@cache
def _advance(sign: str) -> float:
    """Give the width of a sign at a size of 100 points."""
    for name in families():
        font = font_manager.get_font(font_manager.findfont(name))
        if ord(sign) in font.get_charmap():
            font.set_size(MEASURED_PT, 72)
            return float(font.load_char(ord(sign)).linearHoriAdvance / 65536)
    return float(MEASURED_PT)
