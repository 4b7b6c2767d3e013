"""Division: the ground of a study in parts that no household may leave.

No household changes street (hard rule of a plan), so streets are independent. A street that is
too large alone is divided further where nothing may cross: between communities that only a barrier
joins, and between all communities where these are fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.fabric.adjacency import CROSSING_M, OPEN_M, crossing_points, near_any
from lingwu_grid.fabric.enclosures import ON_LINE_M, collect_lines, label_by, make_faces
from lingwu_grid.fabric.places import Places, name_places
from lingwu_grid.graph import Runs, linked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study


class Part(NamedTuple):
    """Ground that is solved alone."""

    name: str
    """The code of its street; with a number where a street has several parts."""
    communities: tuple[str, ...]
    area: shapely.Geometry
    """Borders shared with another part have the same vertices in both, to the bit."""


@dataclass(frozen=True)
class Division:
    """
    A study in parts.

    Parameters
    ----------
    parts
        In the order of their names.
    zones, part_of_zone
        Today's smallest zones as polygons, and the part of each: where a household lies.
    places
        Ids of the whole study.
    """

    parts: tuple[Part, ...]
    zones: NDArray[np.object_]
    part_of_zone: NDArray[np.int64]
    places: Places

    def of_points(self, points: NDArray[np.object_]) -> NDArray[np.int64]:
        """Tell the part of points; the nearest for one on no zone."""
        zone = label_by(points, self.zones)
        part = np.append(self.part_of_zone, -1)[zone]
        part[shapely.is_missing(points)] = 0  # what has no place is kept somewhere
        lost = np.flatnonzero(part < 0)
        if len(lost):
            part[lost] = shapely.STRtree(self.areas).nearest(points[lost])
        return part

    def street_of(self, number: int) -> str:
        """Give the code of a part's street."""
        code = self.places.community_ids.index(self.parts[number].communities[0])
        return self.places.subdistrict_ids[int(self.places.community_subdistrict[code])]

    @property
    def areas(self) -> NDArray[np.object_]:
        """The ground of each part."""
        return np.array([part.area for part in self.parts], object)


def divide(ground: Study, *, limit: int | None) -> Division | None:
    """
    Divide the ground of a study.

    Parameters
    ----------
    ground
        Today's communities, with or without grids; of households one a building, each with
        ``weight``, how many live there.
    limit
        Households above which a street is divided further, where it can be; None for streets as
        they are, whoever lives there.

    Returns
    -------
    Division | None
        None where there is nothing to divide by: no communities, or one part in all.
    """
    places = name_places(ground)
    communities = ground.table("communities")
    if not len(communities) or not len(places.community_ids):
        return None
    zones, community = _zones(ground, places)
    part = places.community_subdistrict
    if limit is not None:
        part = _part_of_community(ground, places, (zones, community), limit)
    if len(set(part.tolist())) < 2:
        return None
    number, part_of_zone = np.unique(part[community], return_inverse=True)
    areas = _areas(ground, zones, part_of_zone, len(number))
    names = _names(places, [np.flatnonzero(part == n) for n in number.tolist()])
    parts = [
        Part(name, tuple(places.community_ids[c] for c in np.flatnonzero(part == n)), area)
        for name, n, area in zip(names, number.tolist(), areas, strict=True)
    ]
    return Division(tuple(parts), zones, part_of_zone, places)


def _zones(ground: Study, places: Places) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Give today's smallest zones that have a community, and which."""
    grids = ground.table("grids")
    if len(grids):
        code = places.grid_community[places.grid_code(grids["grid_id"])]
        return grids.geometry.to_numpy()[code >= 0], code[code >= 0]
    table = ground.table("communities")
    number = {c: i for i, c in enumerate(places.community_ids)}
    return table.geometry.to_numpy(), np.array([number[c] for c in table["community_id"]])


def _part_of_community(
    ground: Study,
    places: Places,
    drawn: tuple[NDArray[np.object_], NDArray[np.int64]],
    limit: int,
) -> NDArray[np.int64]:
    """Number the part of each community: its street, or a piece of it."""
    zones, community = drawn
    street = places.community_subdistrict
    zone = label_by(ground.households.geometry.to_numpy(), zones)
    weight = ground.households["weight"].to_numpy(np.int64)
    lived = np.bincount(community[zone[zone >= 0]], weight[zone >= 0], minlength=len(street))
    part = np.full(len(street), -1, np.int64)
    shapes = [shapely.union_all(zones[community == c]) for c in range(len(street))]
    count = 0
    for s in np.unique(street).tolist():
        members = np.flatnonzero(street == s)
        pieces = [members]
        if lived[members].sum() > limit:
            pieces = _apart(ground, np.array(shapes, object)[members], members)
        for packed in _packed(pieces, lived, limit):
            part[packed] = count
            count += 1
    return _with_the_empty(part, lived, shapes)


def _apart(
    ground: Study, shapes: NDArray[np.object_], members: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Group communities that a household may pass between: over a border that is no barrier."""
    n = len(members)
    if ground.rules.communities == "fixed":
        return list(members.reshape(-1, 1))
    lines = collect_lines(ground)
    barrier = shapely.buffer(shapely.union_all(lines.of(Runs.BARRIER)), ON_LINE_M)
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=ON_LINE_M)
    a, b = a[a < b], b[a < b]
    near = shapely.buffer(shapes[a], ON_LINE_M)
    border = shapely.intersection(shapely.boundary(shapes[b]), near)
    is_open = shapely.length(shapely.difference(border, barrier)) >= OPEN_M + 2 * ON_LINE_M
    is_crossed = near_any(border, crossing_points(ground, lines), CROSSING_M + ON_LINE_M)
    joined = is_open | is_crossed
    piece = linked(n, a[joined], b[joined])
    return [members[piece == p] for p in range(int(piece.max()) + 1)]


def _packed(
    pieces: list[NDArray[np.int64]], lived: NDArray[np.integer[Any]], limit: int
) -> list[NDArray[np.int64]]:
    """Put pieces together again, in their order, up to the limit."""
    packed: list[NDArray[np.int64]] = []
    held = 0.0
    for piece in pieces:
        households = float(lived[piece].sum())
        if packed and held + households <= limit:
            packed[-1] = np.concatenate([packed[-1], piece])
            held += households
        else:
            packed.append(piece)
            held = households
    return packed


def _with_the_empty(
    part: NDArray[np.int64], lived: NDArray[np.integer[Any]], shapes: list[shapely.Geometry]
) -> NDArray[np.int64]:
    """Give the ground of a part where nobody lives to the nearest one where somebody does."""
    homes = np.bincount(part, lived)
    if not homes.any():
        raise InputError("没有一户落在现状社区里", remedy="核对社区边界和居民户的坐标系")
    full = np.flatnonzero(homes[part] > 0)
    out = part.copy()
    tree = shapely.STRtree([shapes[c] for c in full])
    for c in np.flatnonzero(homes[part] == 0).tolist():
        out[c] = part[full[0 if shapes[c].is_empty else tree.nearest(shapes[c])]]
    return out


def _areas(
    ground: Study, zones: NDArray[np.object_], part: NDArray[np.int64], n: int
) -> list[shapely.Geometry]:
    """
    Part the study area among the parts.

    The borders of the parts are noded once, together, so that two parts share each seam to the
    bit; ground of no zone goes to the nearest part.
    """
    unions = np.array([shapely.union_all(zones[part == p]) for p in range(n)], object)
    rings = shapely.boundary(np.append(unions, ground.outline))
    faces = make_faces(shapely.get_parts(rings), ground.outline)
    points = shapely.point_on_surface(faces)
    owner = np.append(part, -1)[label_by(points, zones)]
    lost = np.flatnonzero(owner < 0)
    owner[lost] = shapely.STRtree(unions).nearest(points[lost])
    return [shapely.coverage_union_all(faces[owner == p]) for p in range(n)]


def _names(places: Places, groups: list[NDArray[np.int64]]) -> list[str]:
    """Name parts by their street; those of a divided one by numbers as well."""
    of_street = [places.subdistrict_ids[places.community_subdistrict[g[0]]] for g in groups]
    names = []
    for i, street in enumerate(of_street):
        alone = of_street.count(street) == 1
        names.append(street if alone else f"{street}-{of_street[: i + 1].count(street):02d}")
    return names
