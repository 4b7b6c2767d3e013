"""What a border costs as it is drawn: the length of the line on the map, and its bends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from lingwu_grid.fabric import border_prices as room
from lingwu_grid.fabric.border_prices import DrawnBorders, is_zigzag
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.outlines import BEND_M, outlines_of
from lingwu_grid.fabric.straight import straightened
from lingwu_grid.fabric.units import build_fabric

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study


def test_the_length_is_that_of_the_border_on_the_map(
    small_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    fabric = build_fabric(small_study)
    x = build_graph(fabric, small_study.rules).x
    zone = fabric.grid_now.astype(np.int32).copy()
    inside = np.flatnonzero(zone == np.bincount(zone[zone >= 0]).argmax())
    a, b = (
        inside[side]
        for side in (x[inside] <= np.median(x[inside]), x[inside] > np.median(x[inside]))
    )
    zone[b] = zone.max() + 1
    outlines = outlines_of(fabric, small_study.rules)
    borders = DrawnBorders(small_study, fabric, outlines)
    monkeypatch.setattr(room, "ZIGZAG_M", 0.0)
    priced, price = borders.border(a, b), small_study.rules.border_weight / 1000
    monkeypatch.setattr(room, "BEND_M", 0.0)
    plain = borders.border(a, b)
    shapes = straightened(small_study, fabric, zone).units.geometry.to_numpy()
    one, two = (shapely.coverage_union_all(shapes[side]) for side in (a, b))
    line = shapely.intersection(shapely.boundary(one), shapely.boundary(two))
    off = shapely.difference(line, shapely.union_all(shapely.buffer(fabric.lines.shape, 0.05)))
    assert plain == pytest.approx(price * shapely.length(off), rel=0.02)
    assert 0 < plain < price * shapely.length(line)
    # A bend costs 25 m on either side.
    bends = sum(
        _bends(part, fabric.lines.shape) for part in shapely.get_parts(shapely.line_merge(off))
    )
    assert bends
    assert priced - plain == pytest.approx(price * 50 * bends)
    assert borders.border(b, a) == pytest.approx(plain)
    monkeypatch.setattr(room, "ZIGZAG_M", 400.0)
    assert borders.border(b, a) - plain == pytest.approx(price * 400)
    assert borders.necks(a) == outlines.necks(a) <= outlines(a)


def _bends(line: shapely.LineString, lines: np.ndarray) -> int:
    """Count the corners over 30 degrees that are seen, and that no line is near."""
    corners = shapely.get_coordinates(shapely.simplify(line, 2.0))
    count = 0
    for before, at, after in zip(corners, corners[1:], corners[2:], strict=False):
        one, two = at - before, after - at
        turned = np.degrees(abs(np.arctan2(np.cross([*one, 0], [*two, 0])[2], np.dot(one, two))))
        count += bool(turned > 30 and shapely.distance(shapely.Point(at), lines).min() > 3)
    return count


@pytest.mark.parametrize(
    ("bends", "length", "is_one"),
    [
        (0, 10.0, False), (1, 10.0, False), (2, 133.0, True), (2, 134.0, False),
        (3, 199.9, True), (3, 200.0, False), (30, 1999.0, True), (30, 2000.0, False),
    ],
)  # fmt: skip
def test_a_zigzag_bends_more_than_once_and_a_half_in_100_metres(
    bends: int, length: float, *, is_one: bool
) -> None:
    assert is_zigzag(bends, length) == is_one


def test_a_jog_that_is_gone_two_metres_aside_is_no_bend(small_study: Study) -> None:
    fabric = build_fabric(small_study)
    borders = DrawnBorders(small_study, fabric, outlines_of(fabric, small_study.rules))
    far = shapely.get_coordinates(fabric.lines.shape).max(axis=0) + 100

    def weighed(jog: float) -> float:
        path = np.array([(0, 0), (100, 0), (100, jog), (200, jog)]) + far
        return borders.weigh(path) - 200 - jog

    # Half of a jog lies on either side of the line that is left.
    assert weighed(3.9) == pytest.approx(0, abs=1e-6)
    assert weighed(4.1) == pytest.approx(2 * 2 * BEND_M)


def test_a_border_on_lines_costs_nothing(small_study: Study) -> None:
    fabric = build_fabric(small_study)
    borders = DrawnBorders(small_study, fabric, outlines_of(fabric, small_study.rules))
    grids = [np.flatnonzero(fabric.grid_now == g) for g in range(4)]
    assert all(borders.border(p, q) == 0.0 for p in grids for q in grids if p is not q)
