"""Remedies: gates, bridges and compounds that could be opened, proposed from the causes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.circle.attaching import legs
from lingwu_grid.circle.causes import ways_of_homes
from lingwu_grid.circle.network import NODE_M, split_edges
from lingwu_grid.circle.options import Links

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lingwu_grid.circle.network import Network
    from lingwu_grid.circle.walks import Walks

GATE, BRIDGE, OPENING = "开门", "架桥或地道", "小区开放"

GATE_EVERY_M, GATE_REACH_M = 40.0, 60.0
"""A gate is tried so often along a wall, where a street is so near."""

YARD_M = 200.0
"""So far from the wall may the first way inside be."""

BRIDGE_EVERY_M, BRIDGE_REACH_M = 100.0, 120.0
"""A bridge is tried so often along a barrier, where streets on both banks are so near."""

MOST_REMEDIES = 200
"""Tried together at most: those before most households."""


class Remedies(NamedTuple):
    """What could be built or opened, and the network with its ways as links."""

    kind: list[str]
    name: list[str]
    cost: NDArray[np.float64]
    shape: NDArray[np.object_]
    """Where it would be."""
    network: Network
    """Of today, with nodes where the new ways end."""
    links: Links
    left_out: int
    """Places that were not tried."""


def remedies_of(walks: Walks, far: NDArray[np.bool_], households: NDArray[np.int64]) -> Remedies:
    """
    Propose gates, bridges and openings where they could shorten the walk of somebody.

    Parameters
    ----------
    walks
        Homes and stations on the streets.
    far
        Homes beyond reach.
    households
        Of each home.
    """
    streets, walking = walks.ways.streets, walks.walking
    met = _met(walks, np.flatnonzero(far), households)
    barriers = streets.obstacles.barriers
    found: list[_Proposed] = []
    for obstacle in sorted(met, key=lambda o: (-met[o], o)):
        if obstacle < barriers:
            found += _bridges(walks, obstacle, walking.bridge_yuan)
        else:
            found += _gates(walks, obstacle, walking.gate_yuan)
    found = _apart(found)
    openings = _openings(walks)
    kept = found[: max(MOST_REMEDIES - len(openings), 0)]
    network, links = _linked(walks, kept, openings)
    cost = [w.cost for w in kept] + [walking.opening_yuan] * len(openings)
    grounds = streets.compounds.compounds.geometry.to_numpy()
    shapes = [w.line for w in kept] + [grounds[o.row] for o in openings]
    return Remedies(
        kind=[w.kind for w in kept] + [OPENING] * len(openings),
        name=[w.name for w in kept] + [o.name for o in openings],
        cost=np.array(cost, float),
        shape=np.array(shapes, object),
        network=network,
        links=links,
        left_out=len(found) - len(kept),
    )


class _Proposed(NamedTuple):
    kind: str
    name: str
    cost: float
    edges: tuple[int, int]
    along: tuple[float, float]
    line: shapely.LineString


class _Opening(NamedTuple):
    name: str
    row: int
    """Of the compound."""


def _met(walks: Walks, far: NDArray[np.int64], households: NDArray[np.int64]) -> dict[int, int]:
    """
    Count the households that each obstacle stands before.

    On their shortest way, were nothing there; and on the straight line to the nearest station:
    where no street was ever drawn across, no way leads over it.
    """
    ends, obstacles = walks.ends, walks.ways.streets.obstacles
    if not len(far) or not len(ends.stations):
        return {}
    homes = ends.homes[far]
    _, crossed = ways_of_homes(
        walks.ways, walks.assumed, walks.speeds.everybody, homes, ends.stations
    )
    before = [set(over) for over in crossed]
    if len(obstacles.lines):
        nearest = ends.stations[shapely.STRtree(ends.stations).nearest(homes)]
        tree = shapely.STRtree(obstacles.lines)
        for home, line in zip(*tree.query(legs(homes, nearest), "intersects"), strict=True):
            before[home].add(int(obstacles.of[line]))
    met: dict[int, int] = {}
    for home, over in zip(far.tolist(), before, strict=True):
        for obstacle in over:
            met[obstacle] = met.get(obstacle, 0) + int(households[home])
    return met


def _gates(walks: Walks, obstacle: int, yuan: float) -> list[_Proposed]:
    """Propose gates in the wall of a compound, towards the streets along it."""
    streets = walks.ways.streets
    row = obstacle - streets.obstacles.barriers
    ground = streets.compounds.compounds.geometry.iloc[row]
    wall = shapely.union_all(streets.obstacles.lines[streets.obstacles.of == obstacle])
    return [
        _Proposed(GATE, f"{streets.obstacles.names[obstacle]}开门", yuan, *way)
        for way in _across(walks, wall, obstacle, GATE_EVERY_M, GATE_REACH_M, ground)
    ]


def _bridges(walks: Walks, obstacle: int, yuan: float) -> list[_Proposed]:
    """Propose bridges or underpasses between the streets on both banks."""
    streets = walks.ways.streets
    line = shapely.union_all(streets.obstacles.lines[streets.obstacles.of == obstacle])
    return [
        _Proposed(BRIDGE, f"过{streets.obstacles.names[obstacle]}", yuan, *way)
        for way in _across(walks, line, obstacle, BRIDGE_EVERY_M, BRIDGE_REACH_M, None)
    ]


def _across(
    walks: Walks,
    wall: shapely.Geometry,
    obstacle: int,
    every: float,
    reach: float,
    ground: shapely.Geometry | None,
) -> Iterator[tuple[tuple[int, int], tuple[float, float], shapely.LineString]]:
    """Give the short ways across a wall that nothing else stands in, one for each stretch."""
    network, obstacles = walks.network, walks.ways.streets.obstacles
    walked = np.flatnonzero(network.forward | network.backward)
    tree = shapely.STRtree(network.line[walked])
    others = shapely.STRtree(obstacles.lines[obstacles.of != obstacle])
    for part in shapely.get_parts(wall):
        steps = max(int(part.length // every), 1)
        for k in range(steps):
            spot = part.interpolate((k + 0.5) * part.length / steps)
            far = reach if ground is None else YARD_M
            near = walked[tree.query(spot, "dwithin", distance=far)]
            along = shapely.line_locate_point(network.line[near], spot)
            feet = shapely.line_interpolate_point(network.line[near], along)
            side = _side(part, spot, feet, ground)
            close = shapely.distance(feet, spot) <= reach
            ends = []
            for which in (True, False):
                inside = which and ground is not None
                own = np.flatnonzero((side == which) & (close | inside))
                if len(own):
                    ends.append(own[int(np.argmin(shapely.distance(feet[own], spot)))])
            if len(ends) < 2:
                continue
            a, b = ends
            line = shapely.LineString([feet[a], spot, feet[b]])
            if line.length <= NODE_M or len(others.query(line, "intersects")):
                continue
            yield (int(near[a]), int(near[b])), (float(along[a]), float(along[b])), line


def _side(
    part: shapely.LineString,
    spot: shapely.Point,
    feet: NDArray[np.object_],
    ground: shapely.Geometry | None,
) -> NDArray[np.bool_]:
    """Tell on which side of a wall places lie: inside the ground, else left of the line."""
    if ground is not None:
        return np.asarray(shapely.intersects(ground, feet), bool)
    at = part.project(spot)
    a, b = (part.interpolate(min(max(at + d, 0.0), part.length)) for d in (-1.0, 1.0))
    xy = shapely.get_coordinates(feet)
    cross = (b.x - a.x) * (xy[:, 1] - spot.y) - (b.y - a.y) * (xy[:, 0] - spot.x)
    return np.asarray(cross > 0, bool)


def _apart(found: list[_Proposed]) -> list[_Proposed]:
    """Of ways between the same two streets keep the shortest."""
    best: dict[tuple[str, int, int], _Proposed] = {}
    for way in found:
        key = (way.name, min(way.edges), max(way.edges))
        if key not in best or way.line.length < best[key].line.length:
            best[key] = way
    return list(best.values())


def _openings(walks: Walks) -> list[_Opening]:
    """List the compounds that strangers may not walk through, under what is assumed."""
    streets = walks.ways.streets
    names = streets.obstacles.names[streets.obstacles.barriers :]
    closed = np.flatnonzero(~walks.ways.passed(walks.assumed))
    entered = np.intersect1d(closed, walks.ways.enters)
    return [
        _Opening(f"{names[row].removesuffix('围墙')}向外人开放", row) for row in entered.tolist()
    ]


def _linked(walks: Walks, kept: list[_Proposed], openings: list[_Opening]) -> tuple[Network, Links]:
    """Put nodes where new ways end; give the ways as links between them, and those inwards."""
    cuts: dict[int, list[float]] = {}
    for way in kept:
        for edge, along in zip(way.edges, way.along, strict=True):
            cuts.setdefault(edge, []).append(along)
    network, source = split_edges(walks.network, cuts)
    ends = [
        [
            _node_at(network, np.flatnonzero(source == edge), shapely.Point(way.line.coords[k]))
            for edge, k in zip(way.edges, (0, -1), strict=True)
        ]
        for way in kept
    ]
    both = np.array(ends, np.int64).reshape(-1, 2)
    rows = [(both[:, 0], both[:, 1]), (both[:, 1], both[:, 0])]
    long = np.array([way.line.length for way in kept])
    metres, of = [long, long], [np.arange(len(kept))] * 2
    for number, opening in enumerate(openings, len(kept)):
        inwards = walks.ways.enters[:, source] == opening.row
        for is_in, (a, b), walked in zip(
            inwards,
            ((network.start, network.end), (network.end, network.start)),
            (network.ahead, network.back),
            strict=True,
        ):
            rows.append((a[is_in], b[is_in]))
            metres.append(walked[is_in])
            of.append(np.full(int(is_in.sum()), number))
    tail, head = (np.concatenate(part) for part in zip(*rows, strict=True))
    links = Links(tail, head, np.concatenate(metres), np.concatenate(of), len(kept) + len(openings))
    return network, links


def _node_at(network: Network, pieces: NDArray[np.int64], place: shapely.Point) -> int:
    """Give the node of some edges that is nearest to a place."""
    nodes = np.concatenate([network.start[pieces], network.end[pieces]])
    away = np.hypot(*(network.node[nodes] - [place.x, place.y]).T)
    return int(nodes[int(np.argmin(away))])
