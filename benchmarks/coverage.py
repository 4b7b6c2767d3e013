"""
The service circle at size, beside other ways to the same distances.

    python -m benchmarks.coverage    # SciPy, NetworkX; igraph and pandana where they are installed

Networks are square lattices with some streets missing, homes and stations at random places on the
edges. The other engines walk from node to node, so that homes and stations sit on nodes where they
are compared; set-up and question are timed apart for each.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace

import networkx as nx
import numpy as np
import scipy.sparse as sp
import shapely
from scipy.sparse.csgraph import dijkstra

from lingwu_grid.circle.attaching import Attachment, attach
from lingwu_grid.circle.joint import most_brought
from lingwu_grid.circle.models import Demand, Terms
from lingwu_grid.circle.network import Network, make_network
from lingwu_grid.circle.options import Links, options_of
from lingwu_grid.circle.reach import nearest_station, within_reach
from lingwu_grid.circle.siting import most_covered

STEP_M = 100.0
write = sys.stdout.write


def lattice(side: int, seed: int = 1) -> Network:
    """Streets every hundred metres, one in ten missing."""
    x, y = np.meshgrid(np.arange(side) * STEP_M, np.arange(side) * STEP_M)
    point = np.stack([x.ravel(), y.ravel()], axis=1)
    point += np.random.default_rng(seed).uniform(-20, 20, point.shape)
    number = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], 1),
            np.stack([number[:-1].ravel(), number[1:].ravel()], 1),
        ]
    )
    keep = np.random.default_rng(seed).random(len(pairs)) > 0.1
    return make_network(shapely.linestrings(point[pairs[keep]]))


def somewhere(network: Network, count: int, seed: int) -> np.ndarray:
    """Give points beside the streets."""
    rng = np.random.default_rng(seed)
    low, high = network.node.min(axis=0), network.node.max(axis=0)
    return shapely.points(rng.uniform(low, high, (count, 2)))


def size(side: int, homes: int, stations: int, households: int) -> None:
    """Print the seconds of one size: homes are buildings, households live in them."""
    began = time.perf_counter()
    network = lattice(side)
    built = time.perf_counter()
    at_home, at_site = (
        attach(network, somewhere(network, homes, 2)),
        attach(network, somewhere(network, stations, 3)),
    )
    joined = time.perf_counter()
    found = nearest_station(network, at_home, at_site)
    walked = time.perf_counter()
    of = np.random.default_rng(4).integers(0, homes, households)
    metres = found.metres[of]
    zone = of * 5_000 // homes
    for band in (360.0, 720.0, 1080.0):
        np.bincount(zone, weights=metres <= band, minlength=5_000)
    done = time.perf_counter()
    write(
        f"{len(network.node):>8} nodes {homes:>7} homes {households:>8} households "
        f"{stations:>4} stations: "
        f"build {built - began:.1f} s, attach {joined - built:.2f} s, "
        f"nearest {walked - joined:.3f} s, households and bands {done - walked:.3f} s, "
        f"after the network {done - built:.2f} s, reached {np.isfinite(found.metres).mean():.1%}, "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n"
    )


def beside_others(side: int, stations: int) -> None:
    """
    Print set-up and question of each engine on one network, and the largest difference.

    The same arrays, every node an origin. Set-up is all that must be there before a question can be
    asked: our network of lines, a graph, a matrix, a contraction.
    """
    network = lattice(side)
    rng = np.random.default_rng(5)
    node_edge = np.zeros(len(network.node), np.int64)
    along = np.zeros(len(network.node))
    node_edge[network.end], along[network.end] = np.arange(len(network.end)), network.length
    node_edge[network.start], along[network.start] = np.arange(len(network.start)), 0.0
    homes = Attachment(node_edge, along, np.zeros(len(node_edge)))
    chosen = rng.choice(np.unique(network.start), stations, replace=False)
    sites = Attachment(node_edge[chosen], along[chosen], np.zeros(stations))
    edges = (network.start, network.end, network.length)
    write(f"{len(network.node)} nodes, {stations} stations\n")
    begin = time.perf_counter
    began = begin()
    make_network(network.line)
    built = begin()
    ours = nearest_station(network, homes, sites).metres
    _told("ours (to edges)", built - began, begin() - built, ours, ours)
    for name, ask in (
        ("SciPy min_only", _scipy), ("igraph", _igraph), ("NetworkX", _networkx),
        ("pandana", _pandana),
    ):  # fmt: skip
        try:
            _told(name, *ask(network.node, edges, chosen), ours)
        except ImportError:
            write(f"  {name:16} is not installed\n")


def _told(name: str, setup: float, asked: float, metres: np.ndarray, ours: np.ndarray) -> None:
    both = np.isfinite(ours) & np.isfinite(metres)
    off = np.abs(ours[both] - metres[both]).max()
    write(f"  {name:16} set-up {setup:.3f} s, ask {asked:.3f} s, difference {off:.1e} m\n")


Edges = tuple[np.ndarray, np.ndarray, np.ndarray]
Answer = tuple[float, float, np.ndarray]


def _scipy(node: np.ndarray, edges: Edges, chosen: np.ndarray) -> Answer:
    began = time.perf_counter()
    a, b, metres = edges
    graph = sp.csr_matrix((metres, (a, b)), shape=(len(node),) * 2)
    built = time.perf_counter()
    away = dijkstra(graph, directed=False, indices=chosen, min_only=True)
    return built - began, time.perf_counter() - built, away


def _igraph(node: np.ndarray, edges: Edges, chosen: np.ndarray) -> Answer:
    import igraph  # noqa: PLC0415 - a peer

    began = time.perf_counter()
    a, b, metres = edges
    root = np.full(len(chosen), len(node))
    pairs = np.column_stack([np.r_[a, root], np.r_[b, chosen]])
    graph = igraph.Graph(n=len(node) + 1, edges=pairs.tolist())
    weights = np.r_[metres, np.zeros(len(chosen))].tolist()
    built = time.perf_counter()
    away = graph.distances(source=[len(node)], weights=weights)[0]
    return built - began, time.perf_counter() - built, np.array(away[: len(node)])


def _networkx(node: np.ndarray, edges: Edges, chosen: np.ndarray) -> Answer:
    began = time.perf_counter()
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(*(part.tolist() for part in edges), strict=True))
    built = time.perf_counter()
    away = nx.multi_source_dijkstra_path_length(graph, set(chosen.tolist()))
    asked = time.perf_counter() - built
    return built - began, asked, np.array([away.get(i, np.inf) for i in range(len(node))])


def _pandana(node: np.ndarray, edges: Edges, chosen: np.ndarray) -> Answer:
    import pandana  # noqa: PLC0415 - a peer
    import pandas as pd  # noqa: PLC0415 - with it

    began = time.perf_counter()
    a, b, metres = edges
    x, y = pd.Series(node[:, 0]), pd.Series(node[:, 1])
    streets = pandana.Network(x, y, pd.Series(a), pd.Series(b), pd.DataFrame({"m": metres}))
    streets.set_pois("s", 1e6, 1, node[chosen, 0], node[chosen, 1])
    built = time.perf_counter()
    away = streets.nearest_pois(1e6, "s", num_pois=1)[1].to_numpy()
    return built - began, time.perf_counter() - built, away


def siting(side: int, homes: int, candidates: int, count: int) -> None:
    """Print the seconds of the covering model; `side` is how far the town goes, in streets."""
    network = lattice(side)
    at_home = attach(network, somewhere(network, homes, 7))
    at_site = attach(network, somewhere(network, candidates, 8))
    began = time.perf_counter()
    home, site, metres = within_reach(network, at_home, at_site, 1080.0)
    reach = time.perf_counter() - began
    weight = np.random.default_rng(9).integers(1, 60, homes)
    demand = Demand(weight, home, site, metres, candidates)
    began = time.perf_counter()
    found = most_covered(demand, Terms(np.zeros(candidates, bool), count=count))
    solved = time.perf_counter() - began
    write(f"MCLP {homes} units, {candidates} candidates, {count} to open: ")
    write(f"{len(home)} pairs in {reach:.1f} s, ")
    write(f"solved {solved:.1f} s, {found.status}, gap {found.gap:.1e}\n")


def together(homes: int, candidates: int, remedies: int, budget: float) -> None:
    """Print the seconds of rooms and remedies together: a town cut by canals, links across."""
    network = lattice(70)
    middle = network.node[network.start] + network.node[network.end]
    banks = np.abs((middle[:, 1] / 2) % 1000 - 500) < 60
    cut = replace(network, forward=network.forward & ~banks, backward=network.backward & ~banks)
    rng = np.random.default_rng(11)
    across = rng.choice(np.flatnonzero(banks), remedies, replace=False)
    a, b, length = network.start[across], network.end[across], network.length[across]
    of = np.arange(remedies)
    links = Links(np.r_[a, b], np.r_[b, a], np.r_[length, length], np.r_[of, of], remedies)
    at_home, at_site = (
        attach(cut, somewhere(cut, homes, 7)),
        attach(cut, somewhere(cut, candidates, 8)),
    )
    is_open = np.arange(candidates) < 20
    households = rng.integers(1, 60, homes)
    began = time.perf_counter()
    options = options_of(cut, at_home, at_site, is_open, links, 1080.0)
    found = time.perf_counter() - began
    room = np.arange(candidates + remedies) < candidates
    today = np.append(is_open, np.zeros(remedies, bool))
    cost = (
        np.where(room, rng.integers(100, 300, len(room)), rng.integers(5, 30, len(room))) * 1000.0
    )
    terms = Terms(
        today, today=today, cost=np.where(today, 0.0, cost), budget=budget, room=room, priced=True
    )
    began = time.perf_counter()
    best = most_brought(options, households, terms, seconds=100.0)
    solved = time.perf_counter() - began
    write(f"together {homes} homes, {candidates} rooms, {remedies} links, {budget:,.0f} yuan: ")
    write(f"{len(options.home)} options {found:.1f} s, solved {solved:.1f} s, {best.status}, ")
    write(f"{best.objective:.0f} brought, bound {best.bound:.0f}, gap {best.gap:.1e}, ")
    write(f"{(best.chosen & ~today & room).sum()} rooms and {(best.chosen & ~room).sum()} links\n")


if __name__ == "__main__":
    size(78, 5_000, 20, 50_000)
    size(548, 100_000, 600, 2_500_000)
    beside_others(78, 20)
    beside_others(548, 600)
    siting(70, 5_000, 500, 15)
    siting(140, 20_000, 2_000, 20)
    together(5_000, 500, 200, 1_000_000)
