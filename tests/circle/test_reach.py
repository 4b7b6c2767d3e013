"""Distances are those of NetworkX, to a micrometre, wherever places join the network."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lingwu_grid.circle.attaching import Attachment, attach
from lingwu_grid.circle.network import Network, make_network
from lingwu_grid.circle.reach import nearest_station, within_reach

if TYPE_CHECKING:
    from numpy.typing import NDArray


def random_network(rng: np.random.Generator, nodes: int, share_one_way: float) -> Network:
    """Lines between random places, not all connected, some of them one-way, some parallel."""
    place = rng.integers(0, 1000, (nodes, 2)).astype(float)
    count = int(1.3 * nodes)
    ends = rng.integers(0, nodes, (count, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    ends = np.concatenate([ends, ends[:3]])
    bends = place[ends].mean(axis=1) + rng.normal(0, 40, (len(ends), 2))
    lines = shapely.linestrings(np.stack([place[ends[:, 0]], bends, place[ends[:, 1]]], axis=1))
    return make_network(lines, one_way=rng.random(len(lines)) < share_one_way)


def random_places(rng: np.random.Generator, network: Network, count: int) -> Attachment:
    edge = rng.integers(0, len(network.line), count)
    along = rng.random(count) * network.length[edge]
    along[::5] = 0.0  # at the very end of an edge
    along[1::5] = network.length[edge[1::5]]
    return Attachment(edge, along, rng.random(count) * 30)


def by_networkx(network: Network, homes: Attachment, stations: Attachment) -> NDArray[np.float64]:
    """Cut every edge at everything that joins it, and let NetworkX walk."""
    graph: nx.DiGraph = nx.DiGraph()

    def step(a: object, b: object, metres: float) -> None:
        if not graph.has_edge(a, b) or graph[a][b]["w"] > metres:
            graph.add_edge(a, b, w=metres)

    for e in range(len(network.line)):
        length = float(network.length[e])
        stops: list[tuple[float, int, object]] = [(0.0, 0, ("n", int(network.start[e])))]
        stops.append((length, 3, ("n", int(network.end[e]))))
        for rank, kind, places in ((1, "h", homes), (2, "s", stations)):
            stops += [
                (float(places.along[i]), rank, (kind, int(i)))
                for i in np.flatnonzero(places.edge == e)
            ]
        stops.sort(key=lambda stop: stop[:2])
        for (at, _, a), (then, _, b) in pairwise(stops):
            if network.forward[e]:
                step(a, b, then - at)
            if network.backward[e]:
                step(b, a, then - at)
    for i in range(len(stations.edge)):
        step(("s", i), "goal", float(stations.access[i]))
    away = nx.single_source_dijkstra_path_length(graph.reverse(), "goal", weight="w")
    return np.array([away.get(("h", i), np.inf) + homes.access[i] for i in range(len(homes.edge))])


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3]), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_every_distance_is_that_of_networkx(seed: int, one_way: float, stations: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, 40, one_way)
    homes, sites = random_places(rng, network, 60), random_places(rng, network, stations)
    homes.edge[:stations] = sites.edge  # some live on the street of a station
    homes.along[:stations] = rng.random(stations) * network.length[sites.edge]
    found = nearest_station(network, homes, sites)
    wanted = by_networkx(network, homes, sites)
    np.testing.assert_allclose(found.metres, wanted, atol=1e-6)
    assert ((found.station >= 0) == np.isfinite(wanted)).all()
    for i in np.flatnonzero(found.station >= 0)[:10]:
        s = found.station[[i]]
        alone = Attachment(sites.edge[s], sites.along[s], sites.access[s])
        one = Attachment(homes.edge[[i]], homes.along[[i]], homes.access[[i]])
        np.testing.assert_allclose(
            nearest_station(network, one, alone).metres, wanted[i], atol=1e-6
        )


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_pairs_within_reach_agree_with_the_nearest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, 30, 0.2)
    homes, sites = random_places(rng, network, 40), random_places(rng, network, 5)
    found = nearest_station(network, homes, sites)
    home, site, metres = within_reach(network, homes, sites, 800.0, at_once=2)
    best = np.full(40, np.inf)
    np.minimum.at(best, home, metres)
    near = found.metres <= 800.0
    np.testing.assert_allclose(best[near], found.metres[near], atol=1e-6)
    assert not np.isfinite(best[~near]).any()
    assert len(np.unique(home * 10 + site)) == len(home)


def test_a_place_behind_a_wall_takes_the_street_it_can_reach() -> None:
    network = make_network(
        np.array([shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 50), (100, 50)])])
    )
    wall = np.array([shapely.LineString([(0, 10), (100, 10)])])
    point = np.array([shapely.Point(50, 15)])
    free = attach(network, point)
    assert (free.edge[0], free.along[0], free.access[0]) == (0, 50.0, 15.0)
    behind = attach(network, point, wall)
    assert (behind.edge[0], behind.along[0], behind.access[0]) == (1, 50.0, 35.0)


def test_a_place_far_from_every_street_is_off_the_network() -> None:
    network = make_network(np.array([shapely.LineString([(0, 0), (100, 0)])]))
    assert attach(network, np.array([shapely.Point(50, 5000)])).edge.tolist() == [-1]
    far = attach(network, np.array([shapely.Point(50, 5000)]))
    near = attach(network, np.array([shapely.Point(50, 5)]))
    assert np.isinf(nearest_station(network, far, near).metres).all()
    assert np.isinf(nearest_station(network, near, far).metres).all()
