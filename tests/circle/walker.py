"""A walker who knows nothing of ours: raw lines, NetworkX, the rules of a walk as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import shapely
from scipy.spatial import KDTree
from shapely.ops import substring

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

BESIDE = 30.0
THIN = 0.002


def walls_standing(study: Study, gone: frozenset[str]) -> shapely.Geometry:
    """Give all that stands in the way, open at crossings and gates, but for what is gone."""
    standing = []
    points = study.table("crossings").geometry.tolist()
    holes = shapely.union_all([p.buffer(3.0) for p in points])
    barriers = study.table("barriers")
    for name, shape in zip(barriers["name"], barriers.geometry, strict=True):
        if name not in gone:
            standing.append(shape.difference(holes))
    gates, compounds = study.table("gates"), study.table("compounds")
    for code, name, shape in zip(
        compounds["compound_id"], compounds["name"], compounds.geometry, strict=True
    ):
        own = gates.geometry[gates["compound_id"] == code]
        if len(own) and f"{name}围墙" not in gone:
            standing.append(shape.boundary.difference(shapely.union_all(own.buffer(12.0))))
    return shapely.union_all(standing)


def streets_walked(study: Study, gone: frozenset[str]) -> list[shapely.LineString]:
    """Give what can be walked: streets between what stands, and the ways of the gates."""
    roads = shapely.union_all(study.table("roads").geometry.to_numpy())
    now = walls_standing(study, frozenset())
    cut_now = shapely.get_parts(roads.difference(now.buffer(THIN)))
    ways = []
    compounds = study.table("compounds").set_index("compound_id").geometry
    gates = study.table("gates")
    for code, gate in zip(gates["compound_id"], gates.geometry, strict=True):
        near = sorted(cut_now, key=gate.distance)
        free = next(s for s in near if not shapely.crosses(shapely.shortest_line(gate, s), now))
        ways += [shapely.shortest_line(gate, free), shapely.LineString(
            [gate, shapely.point_on_surface(compounds[code])])]  # fmt: skip
    cut = roads.difference(walls_standing(study, gone).buffer(THIN))
    lines = list(shapely.get_parts(shapely.union_all(shapely.get_parts(cut), grid_size=0.001)))
    for way in ways[::2]:
        foot = shapely.Point(way.coords[1])
        split = min(lines, key=foot.distance)
        lines.remove(split)
        at = split.project(foot)
        lines += [substring(split, 0, at), substring(split, at, split.length)]
    return [line for line in [*lines, *ways] if line.length > THIN / 2]


class Town:
    """Streets as a graph of NetworkX; ends within three millimetres are one place."""

    def __init__(self, study: Study, gone: frozenset[str]) -> None:
        self.lines = streets_walked(study, gone)
        self.drawn = np.array(self.lines, object)
        self.standing = walls_standing(study, gone)
        shapely.prepare(self.standing)
        ends = np.array([line.coords[k] for line in self.lines for k in (0, -1)])
        same = nx.Graph()
        same.add_nodes_from(range(len(ends)))
        same.add_edges_from(KDTree(ends).query_pairs(0.003))
        number = {}
        for i, piece in enumerate(nx.connected_components(same)):
            number |= dict.fromkeys(piece, i)
        self.ends = [(number[2 * i], number[2 * i + 1]) for i in range(len(self.lines))]
        self.at = {number[i]: shapely.Point(xy) for i, xy in enumerate(ends)}
        self.graph = nx.MultiGraph()
        for (a, b), line in zip(self.ends, self.lines, strict=True):
            self.graph.add_edge(a, b, length=line.length)

    def doors(self, point: shapely.Point) -> list[tuple[int, float, float]]:
        """Give the near points of streets a place may leave by: nearest free, and 30 m farther."""
        legs = shapely.shortest_line(point, self.drawn)
        long = shapely.length(legs)
        ends = shapely.get_point(legs, -1)
        feet = [
            next((n for n in self.ends[i] if self.at[n].distance(ends[i]) < 0.003), None)
            for i in range(len(legs))
        ]
        found, least = [], np.inf
        for i in np.argsort(long, kind="stable").tolist():
            if long[i] > min(800, least + BESIDE):
                break
            if not shapely.crosses(legs[i], self.standing):
                least = min(least, long[i])
                found.append((i, self.lines[i].project(point), long[i]))
        nearest = min((f[2] for f in found), default=0.0)

        def is_local(i: int) -> bool:
            node = feet[i]
            return node is None or all(
                feet[j] == node for j, ends in enumerate(self.ends) if node in ends
            )

        return [
            f for f in found if f[2] == nearest or (f[2] <= nearest + BESIDE and is_local(f[0]))
        ]


def metres(study: Study, gone: frozenset[str]) -> NDArray[np.float64]:
    """
    Walk from the place of each household to the nearest station; one a household.

    Who leaves by a door today may leave by it when something is gone.
    """
    town = Town(study, gone)
    doors = _Doors(town, Town(study, frozenset()) if gone else None)
    away = {}
    for number, point in enumerate(study.table("stations").geometry):
        for i, along, access in doors.of(point):
            away[number, i] = (along, access)
            for end, more in zip(town.ends[i], (along, town.lines[i].length - along), strict=True):
                town.graph.add_edge("station", end, length=more + access)
    reach = nx.single_source_dijkstra_path_length(town.graph, "station", weight="length")
    found = []
    for point in study.households.geometry:
        best = np.inf
        for i, along, access in doors.of(point):
            for end, more in zip(town.ends[i], (along, town.lines[i].length - along), strict=True):
                best = min(best, access + more + reach.get(end, np.inf))
            for (_, e), (at, leg) in away.items():
                if e == i:
                    best = min(best, access + abs(at - along) + leg)
        found.append(best)
    return np.array(found)


class _Doors:
    """Where somebody leaves a place: by the doors of a town, and by those of today."""

    def __init__(self, town: Town, today: Town | None) -> None:
        self.town, self.today = town, today

    def of(self, point: shapely.Point) -> list[tuple[int, float, float]]:
        """List the doors of a place: street, metres along it, metres to it."""
        found = self.town.doors(point)
        for i, along, access in self.today.doors(point) if self.today else []:
            foot = self.today.lines[i].interpolate(along)
            line = int(np.argmin(shapely.distance(self.town.drawn, foot)))
            found.append((line, self.town.lines[line].project(foot), access))
        return found
