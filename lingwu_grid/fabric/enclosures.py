"""Enclosures: the faces of roads, barriers, compound walls and today's borders."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.graph import Runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

GRID_M = 1e-5
"""Precision of noding, metres: fine enough that a border stays where it was drawn."""

ON_LINE_M = 3.0
"""A border this near to a road, barrier or wall runs on it: surveys differ by a metre or two."""


SPIKE_M = 1.0
SPIKE_M2 = 0.2
"""What an outline loses where it is narrower than :data:`SPIKE_M` and that is no mere corner."""


STRIP_M = 5.0
"""Ground thinner than this on the whole lies between two surveys of one line."""


class Lines(NamedTuple):
    """Every line that may be a border, with what it is and its name."""

    shape: NDArray[np.object_]
    kind: NDArray[np.int8]
    name: NDArray[np.object_]

    def of(self, kind: Runs) -> NDArray[np.object_]:
        """Give the lines of one kind."""
        chosen: NDArray[np.object_] = self.shape[self.kind == kind]
        return chosen


def collect_lines(study: Study) -> Lines:
    """
    Collect the lines of a study.

    Parameters
    ----------
    study
        Roads, barriers, compounds, grids, communities and the outline are used.

    Returns
    -------
    Lines
        Single line strings.
    """
    groups: list[tuple[NDArray[np.object_], Runs, NDArray[np.object_]]] = []
    for table, kind in (
        ("roads", Runs.ROAD),
        ("barriers", Runs.BARRIER),
        ("compounds", Runs.WALL),
        ("grids", Runs.OLD_BORDER),
        ("communities", Runs.OLD_BORDER),
    ):
        frame = study.table(table)
        has_names = kind != Runs.OLD_BORDER
        names = frame["name"].to_numpy(object) if has_names else np.full(len(frame), "", object)
        shapes_in = frame.geometry.to_numpy()
        shapes_in = without_spikes(shapes_in) if kind == Runs.WALL else shapes_in
        groups.append((_as_lines(shapes_in), kind, names))
    groups.append((_as_lines(np.array([study.outline])), Runs.OLD_BORDER, np.array([""], object)))
    shapes, kinds, names_out = [], [], []
    for shape, kind, names in groups:
        parts, index = shapely.get_parts(shape, return_index=True)
        shapes.append(parts)
        kinds.append(np.full(len(parts), kind, np.int8))
        names_out.append(names[index])
    return Lines(np.concatenate(shapes), np.concatenate(kinds), np.concatenate(names_out))


def without_spikes(walls: NDArray[np.object_]) -> NDArray[np.object_]:
    """
    Take the spikes off compounds: an outline that runs out and back on itself is no wall.

    Parameters
    ----------
    walls
        Polygons.

    Returns
    -------
    NDArray[np.object_]
        The same, but for those with a part narrower than 1 m.
    """
    thinned = shapely.buffer(walls, -SPIKE_M / 2, join_style="mitre")
    opened = shapely.buffer(thinned, SPIKE_M / 2, join_style="mitre")
    spiked = (shapely.area(walls) - shapely.area(opened) > SPIKE_M2) & ~shapely.is_empty(opened)
    cut: NDArray[np.object_] = np.where(spiked, opened, walls)
    return cut


def _as_lines(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    is_area = np.isin(shapely.get_type_id(shapes), (3, 6))
    lines: NDArray[np.object_] = np.where(is_area, shapely.boundary(shapes), shapes)
    # A polygon with holes has several rings; each is a line of its own in get_parts.
    return lines


def make_faces(lines: NDArray[np.object_], area: shapely.Geometry) -> NDArray[np.object_]:
    """
    Node lines and take the faces inside an area.

    Parameters
    ----------
    lines
        Line strings in any relation to each other.
    area
        Faces whose inner point is outside are dropped.

    Returns
    -------
    NDArray[np.object_]
        Polygons whose shared borders have the same vertices, to the bit.
    """
    # Lines that only continue each other become one first: noding a city then takes half the time
    # and half the memory.
    joined = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    noded = shapely.union_all(joined, grid_size=GRID_M)
    faces: NDArray[np.object_] = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    shapely.prepare(area)
    inside: NDArray[np.object_] = faces[shapely.intersects(area, shapely.point_on_surface(faces))]
    return inside


def is_strip(
    area: NDArray[np.number], girth: NDArray[np.number], width: float = STRIP_M
) -> NDArray[np.bool_]:
    """Tell ground that is a strip: on the whole thinner than `width`, metres."""
    strip: NDArray[np.bool_] = 2 * area / np.maximum(girth, 1e-9) < width
    return strip


def label_by(points: NDArray[np.object_], shapes: NDArray[np.object_]) -> NDArray[np.int64]:
    """
    Tell which shape each point lies in; the first where they overlap.

    Parameters
    ----------
    points
        Points, shape (n,).
    shapes
        Polygons, shape (m,).

    Returns
    -------
    NDArray[np.int64]
        Index of the polygon, shape (n,); -1 for none.
    """
    label = np.full(len(points), -1, np.int64)
    if len(shapes):
        point, shape = shapely.STRtree(shapes).query(points, predicate="intersects")
        order = np.lexsort((-shape, point))
        label[point[order]] = shape[order]
    return label
