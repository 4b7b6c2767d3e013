"""Causes: what would bring homes within reach of a station if it were taken away."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.circle.doors import Doors, doors_of
from lingwu_grid.circle.reach import nearest_station, rows_in, tree_of
from lingwu_grid.circle.routes import crossings_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.assumptions import Assumed, Ways
    from lingwu_grid.circle.attaching import Attachment
    from lingwu_grid.circle.network import Network
    from lingwu_grid.circle.reach import Tree

TOO_FAR = "太远"
NO_WAY = "没有路相通"
BY_STREETS = "街道绕行"
TOGETHER = "几处障碍合起来"
AND = "和"
"""Between two obstacles that must go together."""

NO_STATION = "还没有邻里驿家"

PENALTY_M = 200.0
"""Metres that an obstacle counts for where a way with few of them is looked for."""

PAIR = 2

Rows = tuple["Attachment", list[frozenset[int]]]
"""Edges that places leave by, and what stands before each."""


REST = (BY_STREETS, TOO_FAR, NO_WAY, NO_STATION)
"""Words for homes that nothing helps which is taken away."""

MOST_TOLD = 6


def told_causes(causes: dict[str, int]) -> str:
    """
    Say what would help by being taken away, and whom nothing helps.

    Parameters
    ----------
    causes
        Households by cause.

    Examples
    --------
    >>> told_causes({"秦渠隔断": 40, "街道绕行": 300})
    '去掉秦渠 40 户能走到；街道绕行 300 户'
    """
    helped = [(w.removesuffix("隔断"), n) for w, n in causes.items() if w not in REST]
    parts = []
    if helped:
        listed = "、".join(f"{word} {n} 户" for word, n in helped[:MOST_TOLD])
        more = f"，另有 {len(helped) - MOST_TOLD} 种" if len(helped) > MOST_TOLD else ""
        many = "（一户可有几种办法）" if len(helped) > 1 else ""
        parts.append(f"去掉{listed}{more}能走到{many}")
    parts += [f"{word} {n} 户" for word, n in causes.items() if word in REST]
    return "；".join(parts)


class Causes(NamedTuple):
    """What keeps homes beyond reach."""

    helped: dict[str, NDArray[np.bool_]]
    """By what would be taken away: the homes that then come within reach; each walked again. A
    home may stand in several."""
    several: frozenset[str]
    """Those of them that are more than one obstacle."""
    rest: NDArray[np.object_]
    """Of each home that nothing brings within reach, a short word; empty for the others."""
    in_circle: NDArray[np.bool_]
    """Whether a circle of the reach round the nearest station would count each as covered."""

    def counted(self, households: NDArray[np.int64], these: NDArray[np.bool_]) -> dict[str, int]:
        """
        Count households of some homes by cause: single ones first, of most households.

        One may count under several: each number is what taking that away brings within reach.
        """
        of = {word: int(households[near & these].sum()) for word, near in self.helped.items()}
        for word in np.unique(self.rest[these & (self.rest != "")]).tolist():
            of[word] = int(households[these & (self.rest == word)].sum())
        found = [(word in self.several, -n, word) for word, n in of.items() if n]
        return {word: -n for _, n, word in sorted(found)}


def causes_of(
    ways: Ways,
    assumed: Assumed,
    speed: float,
    homes: NDArray[np.object_],
    stations: NDArray[np.object_],
    reach: float,
) -> Causes:
    """
    Tell why each home is beyond reach: what brings it within when it is taken away.

    Every barrier and every wall of a compound that a way no longer than `reach` could cross is
    taken away, alone, and everybody walks again; for homes that none alone helps, the pairs that
    lie on their ways; at last all of them. A street that was never built is none of them: only
    what is drawn across comes to be walked.

    Parameters
    ----------
    ways
        The network and what stands in it.
    assumed, speed
        Under which everybody walks.
    homes
        Points of the homes that are beyond reach.
    stations
        Points.
    reach
        Metres.
    """
    count = len(homes)
    if not len(stations):
        return Causes({}, frozenset(), np.full(count, NO_STATION, object), np.zeros(count, bool))
    away = shapely.distance(homes, stations[shapely.STRtree(stations).nearest(homes)])
    in_circle = away <= reach
    everything = ways.streets.obstacles.everything
    far, sites = doors_of(ways, homes), doors_of(ways, stations)
    opened = ways.under(assumed, speed, everything)
    # Of all ways at once: with fewer obstacles away, a home may leave by an edge farther off.
    at_best = nearest_station(opened, far.rows, sites.rows).metres
    hope = np.flatnonzero(at_best <= reach)
    helped: dict[str, NDArray[np.bool_]] = {}
    several = frozenset[str]()
    if len(hope):
        helped, several = _Near.of(ways, assumed, speed, far, hope, sites, reach).tried(count)
    some = np.zeros(count, bool)
    for brought in helped.values():
        some |= brought
    nothing = frozenset[int]()
    today = nearest_station(
        ways.under(assumed, speed), far.without(nothing), sites.without(nothing)
    ).metres
    word = np.where(np.isinf(today), NO_WAY, np.where(in_circle, BY_STREETS, TOO_FAR))
    return Causes(helped, several, np.where(some, "", word).astype(object), in_circle)


class _Near(NamedTuple):
    """The part of the network that ways within reach can lead through, all obstacles away."""

    ways: Ways
    assumed: Assumed
    speed: float
    far: Doors
    hope: NDArray[np.int64]
    """Homes that come within reach if everything is taken away."""
    sites: Doors
    reach: float
    keep: NDArray[np.bool_]
    """Edges of that part."""
    single: list[int]
    """Obstacles that such ways cross."""

    @classmethod
    def of(
        cls,
        ways: Ways,
        assumed: Assumed,
        speed: float,
        far: Doors,
        hope: NDArray[np.int64],
        sites: Doors,
        reach: float,
    ) -> _Near:
        whole = ways.under(assumed, speed, ways.streets.obstacles.everything)
        doors = far.rows.rows_of(hope)
        tree, back = tree_of(whole, sites.rows), tree_of(whole.turned(), doors)
        nodes = len(whole.node)
        onward, since = tree.metres[:nodes], back.metres[:nodes]
        on = onward + since <= reach
        keep = on[whole.start] | on[whole.end]
        for rows in (far.rows, sites.rows):
            keep[rows.edge[rows.edge >= 0]] = True
        start, end = whole.start, whole.end
        there = np.where(whole.forward, since[start] + whole.ahead + onward[end], np.inf)
        again = np.where(whole.backward, since[end] + whole.back + onward[start], np.inf)
        crossed = (np.minimum(there, again) <= reach) & (ways.streets.lock > 0)
        met = {o for k in np.unique(ways.streets.lock[crossed]) for o in ways.streets.sets[k]}
        met |= {o for needed in (*far.needs, *sites.needs) for o in needed}
        return cls(ways, assumed, speed, far, hope, sites, reach, keep, sorted(met))

    def tried(self, count: int) -> tuple[dict[str, NDArray[np.bool_]], frozenset[str]]:
        """Take obstacles away, one, two, all; give who comes within reach by what, and by many."""
        names, helped = self.ways.streets.obstacles.names, {}
        left = np.zeros(count, bool)
        left[self.hope] = True
        for obstacle in self.single:
            brought = self.within(frozenset([obstacle]), count)
            if brought.any():
                helped[f"{names[obstacle]}隔断"] = brought
                left &= ~brought
        alone = frozenset(helped)
        if left.any():
            for pair in self._pairs(left):
                brought = self.within(pair, count)
                if (brought & left).any():
                    words = AND.join(names[o] for o in sorted(pair))
                    helped[f"{words}隔断"] = brought
        for brought in helped.values():
            left &= ~brought
        left &= self.within(self.ways.streets.obstacles.everything, count)
        if left.any():
            helped[TOGETHER] = left
        return helped, frozenset(helped) - alone

    def network(self, taken: frozenset[int]) -> Network:
        return self.ways.under(self.assumed, self.speed, taken).barred(~self.keep, ~self.keep)

    def within(self, taken: frozenset[int], count: int) -> NDArray[np.bool_]:
        """Tell which homes are within reach without some obstacles."""
        doors = self.far.without(taken).rows_of(self.hope)
        brought = np.zeros(count, bool)
        walked = nearest_station(self.network(taken), doors, self.sites.without(taken)).metres
        brought[self.hope] = walked <= self.reach
        return brought

    def _pairs(self, left: NDArray[np.bool_]) -> list[frozenset[int]]:
        """List the pairs of obstacles on ways of homes that none alone helps, often met first."""
        streets = self.ways.streets
        network = self.network(streets.obstacles.everything)
        dear = np.where(streets.lock > 0, PENALTY_M / 2, 0.0)
        met = Counter[frozenset[int]]()
        for way in (network, replace(network, toll=network.toll + dear)):
            met.update(over for over in self._crossed(way, left) if len(over) == PAIR)
        return sorted(met, key=lambda pair: (-met[pair], sorted(pair)))

    def _crossed(self, network: Network, left: NDArray[np.bool_]) -> list[frozenset[int]]:
        """Give the obstacles on the shortest way of each home that is left."""
        homes, sites = ((doors.rows, doors.needs) for doors in (self.far, self.sites))
        _, crossed = _ways_on(network, self.ways, homes, sites, PENALTY_M)
        return [crossed[i] for i in np.flatnonzero(left).tolist()]


def ways_of_homes(
    ways: Ways,
    assumed: Assumed,
    speed: float,
    homes: NDArray[np.object_],
    stations: NDArray[np.object_],
) -> tuple[NDArray[np.float64], list[frozenset[int]]]:
    """
    Walk as if nothing stood anywhere; tell what those ways cross.

    Parameters
    ----------
    ways, assumed, speed
        As for :func:`causes_of`.
    homes
        Points.
    stations
        Points.

    Returns
    -------
    tuple
        Metres, and the obstacles on each way: without these the walk is no longer.
    """
    everything = ways.streets.obstacles.everything
    opened = ways.under(assumed, speed, everything)
    at_home, at_station = (doors_of(ways, places).taken(everything) for places in (homes, stations))
    return _ways_on(opened, ways, at_home, at_station, 0.0)


def _ways_on(
    network: Network, ways: Ways, homes: Rows, sites: Rows, penalty_m: float
) -> tuple[NDArray[np.float64], list[frozenset[int]]]:
    """Give the shortest way of each home and what it crosses; `penalty_m` for each at the door."""
    rows, needs = homes
    tree, streets = tree_of(network, sites[0]), ways.streets
    over = crossings_of(
        network,
        tree,
        lambda edge: streets.sets[streets.lock[edge]],
        _last_steps(network, tree, sites),
    )
    metres, _ = rows_in(tree, network, rows, sites[0])
    metres = metres + penalty_m * np.array([len(needed) for needed in needs])
    best = np.lexsort((metres, rows.of))[rows.first]
    edge, along = np.maximum(rows.edge[best], 0), rows.along[best]
    start, end = network.start[edge], network.end[edge]
    to_start, to_end = network.to_ends(edge, along)
    node = np.where(to_start + tree.metres[start] <= to_end + tree.metres[end], start, end)
    crossed = [
        needs[row] | over(n) if np.isfinite(m) else frozenset[int]()
        for row, n, m in zip(best.tolist(), node.tolist(), metres[best].tolist(), strict=True)
    ]
    return metres[best], crossed


def _last_steps(network: Network, tree: Tree, sites: Rows) -> dict[int, frozenset[int]]:
    """Tell what stands between the last nodes of ways and their stations."""
    (rows, needs), least = sites, dict[int, tuple[float, frozenset[int]]]()
    by_start, by_end = network.from_ends(np.maximum(rows.edge, 0), rows.along)
    for metres, ends in ((by_start, network.start), (by_end, network.end)):
        for row in np.flatnonzero(rows.edge >= 0).tolist():
            node = int(ends[rows.edge[row]])
            step = (float(metres[row] + rows.access[row]), needs[row])
            if rows.of[row] == tree.station[node] and step[0] < least.get(node, (np.inf,))[0]:
                least[node] = step
    return {node: needed for node, (_, needed) in least.items()}
