"""The engines to compare: each takes a town and seconds, and gives a zone to every unit.

Called with no seconds, an engine only loads what it needs.
"""

from __future__ import annotations

import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.instance import LOWER, UPPER, Town, as_graph
from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import pose
from lingwu_grid.engine.solve import solve
from lingwu_grid.graph import sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Engine = Callable[[Town, float], NDArray[np.int64]]

RULES = Rules(grid=Band(LOWER, UPPER), community=Band(1, 10**9), community_move_weight=0)
IMBALANCES = (0.03, 0.1, 0.2, 0.3)
SEEDS = (1, 2, 3)


def ours(town: Town, seconds: float, *, first: bool) -> NDArray[np.int64]:
    """
    Solve with this project: the first lawful plan, or the best in the time.

    Today's communities divide the work, as they do for a planner; they have no bounds here.
    """
    instance = pose(as_graph(town), RULES)
    end = time.perf_counter() + seconds

    def stop(*, is_lawful: bool = True) -> bool:
        return is_lawful and (first or time.perf_counter() > end)

    return solve(instance, seed=0, stop=stop).grid_of_unit.astype(np.int64)


def _by_piece(
    town: Town, cut: Callable[[NDArray[np.int64], int], NDArray[np.int64]]
) -> NDArray[np.int64]:
    """Cut each connected piece into the number of zones that suits it, and number them through."""
    zone = np.zeros(len(town.x), np.int64)
    done = 0
    for piece in np.unique(town.component):
        units = np.flatnonzero(town.component == piece)
        total = int(town.households[units].sum())
        today = len(np.unique(town.grid_now[units]))
        count = min(max(today, -(-total // UPPER), 1), max(total // LOWER, 1))
        zone[units] = done + (cut(units, count) if count > 1 else 0)
        done += count
    return zone


def _local(town: Town, units: NDArray[np.int64]) -> tuple[list[int], list[int], list[int]]:
    """Give neighbours and border of some units as lists, renumbered; metres as whole numbers."""
    number = np.full(len(town.x), -1, np.int64)
    number[units] = np.arange(len(units))
    entry = number[sources(town.indptr)] >= 0
    degree = np.diff(town.indptr)[units]
    start = np.r_[0, degree.cumsum()].tolist()
    near = number[town.indices[entry]].tolist()
    weight = np.maximum(1, town.border_m[entry].round()).astype(int).tolist()
    return start, near, weight


def _best(town: Town, answers: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Take the answer with the most zones in range."""

    def good(zone: NDArray[np.int64]) -> int:
        size = np.bincount(zone, town.households)
        return int(((size >= LOWER) & (size <= UPPER)).sum())

    return max(answers, key=good)


def metis(town: Town, seconds: float) -> NDArray[np.int64]:
    """Cut with METIS, contiguous, at several tolerances and seeds; the best by zones in range."""
    import pymetis  # noqa: PLC0415 - an extra of the benchmark

    if not seconds:
        return np.zeros(len(town.x), np.int64)

    def cut(imbalance: float, seed: int, units: NDArray[np.int64], count: int) -> Any:  # noqa: ANN401
        start, near, weight = _local(town, units)
        options = pymetis.Options(ufactor=int(1000 * imbalance), seed=seed, contig=1)
        _, part = pymetis.part_graph(
            count, xadj=start, adjncy=near, eweights=weight,
            vweights=town.households[units].tolist(), options=options, recursive=False,
        )  # fmt: skip
        return np.array(part)

    cuts = [partial(cut, i, s) for i in IMBALANCES for s in SEEDS]
    return _best(town, [_by_piece(town, one) for one in cuts])


def kahip(town: Town, seconds: float) -> NDArray[np.int64]:
    """Cut with KaHIP, at several tolerances and seeds; the best by zones in range."""
    import kahip as library  # noqa: PLC0415 - an extra of the benchmark

    if not seconds:
        return np.zeros(len(town.x), np.int64)

    def cut(imbalance: float, seed: int, units: NDArray[np.int64], count: int) -> Any:  # noqa: ANN401
        start, near, weight = _local(town, units)
        households = town.households[units].tolist()
        # 2 is its "strong" configuration.
        _, part = library.kaffpa(
            households,
            start,
            weight,
            near,
            count,
            imbalance,
            True,  # noqa: FBT003 - it takes them by position
            seed,
            2,
        )
        return np.array(part)

    cuts = [partial(cut, i, 1) for i in (0.1, 0.2)]
    return _best(town, [_by_piece(town, one) for one in cuts])


def ward(town: Town, seconds: float) -> NDArray[np.int64]:
    """Merge by Ward's distance of places under contiguity, as spopt's WardSpatial does."""
    import geopandas as gpd  # noqa: PLC0415
    from libpysal.weights import W  # noqa: PLC0415 - an extra of the benchmark
    from spopt.region import WardSpatial  # noqa: PLC0415

    if not seconds:
        return np.zeros(len(town.x), np.int64)

    def cut(units: NDArray[np.int64], count: int) -> Any:  # noqa: ANN401
        start, near, _ = _local(town, units)
        w = W({i: near[start[i] : start[i + 1]] for i in range(len(units))}, silence_warnings=True)
        table = gpd.GeoDataFrame(
            {"x": town.x[units], "y": town.y[units]},
            geometry=gpd.points_from_xy(town.x[units], town.y[units]),
        )
        model = WardSpatial(table, w, ["x", "y"], n_clusters=count)
        model.solve()
        return np.asarray(model.labels_)

    return _by_piece(town, cut)


def max_p(town: Town, seconds: float) -> NDArray[np.int64]:
    """Form as many zones of 300 or more as can be, by spopt's max-p heuristic."""
    import geopandas as gpd  # noqa: PLC0415
    from libpysal.weights import W  # noqa: PLC0415 - an extra of the benchmark
    from spopt.region import MaxPHeuristic  # noqa: PLC0415

    if not seconds:
        return np.zeros(len(town.x), np.int64)
    zone, done = np.zeros(len(town.x), np.int64), 0
    for piece in np.unique(town.component):
        units = np.flatnonzero(town.component == piece)
        start, near, _ = _local(town, units)
        w = W({i: near[start[i] : start[i + 1]] for i in range(len(units))}, silence_warnings=True)
        table = gpd.GeoDataFrame(
            {"x": town.x[units], "households": town.households[units]},
            geometry=gpd.points_from_xy(town.x[units], town.y[units]),
        )
        np.random.seed(1)  # noqa: NPY002 - the library draws from the global generator
        model = MaxPHeuristic(
            table, w, ["x"], "households", LOWER, top_n=1,
            max_iterations_construction=1, max_iterations_sa=1,
        )  # fmt: skip
        model.solve()
        labels = np.unique(model.labels_, return_inverse=True)[1]
        zone[units] = done + labels
        done += int(labels.max()) + 1
    return zone


def gerrychain_stable(town: Town, seconds: float) -> NDArray[np.int64]:
    """Anneal flips from today's grids with GerryChain's optimiser: in range, then few moves."""
    from gerrychain import Graph, Partition  # noqa: PLC0415 - an extra of the benchmark
    from gerrychain.constraints import contiguous  # noqa: PLC0415
    from gerrychain.optimization import SingleMetricOptimizer  # noqa: PLC0415
    from gerrychain.proposals import propose_random_flip  # noqa: PLC0415
    from gerrychain.updaters import Tally, cut_edges  # noqa: PLC0415

    if not seconds:
        return np.zeros(len(town.x), np.int64)
    import networkx as nx  # noqa: PLC0415

    start = _attached(town)
    plain = nx.Graph()
    plain.add_nodes_from(
        (i, {"households": int(h), "grid": int(g)})
        for i, (h, g) in enumerate(zip(town.households, start, strict=True))
    )
    plain.add_edges_from(
        (int(a), int(b)) for a, b in zip(sources(town.indptr), town.indices, strict=True) if a < b
    )
    graph = Graph.from_networkx(plain)

    def moved(partition: Any) -> int:  # noqa: ANN401
        if partition.parent is None or not partition.flips:
            return 0 if partition.parent is None else int(partition.parent["moved"])
        count = int(partition.parent["moved"])
        for unit, zone in partition.flips.items():
            before = partition.parent.assignment.mapping[unit]
            weight = int(town.households[unit])
            count += weight * (int(zone != start[unit]) - int(before != start[unit]))
        return count

    first = Partition(
        graph, assignment="grid",
        updaters={
            "households": Tally("households", alias="households"), "cut_edges": cut_edges,
            "moved": moved,
        },
    )  # fmt: skip

    def price(partition: Any) -> float:  # noqa: ANN401
        sizes = partition["households"].values()
        short = sum(max(LOWER - h, h - UPPER, 0) for h in sizes)
        return 12.0 * short + float(partition["moved"])

    random.seed(1)
    optimiser = SingleMetricOptimizer(
        propose_random_flip, [contiguous], first, price, maximize=False
    )
    began = time.perf_counter()
    end, steps = began + seconds, 10**8

    def beta(_step: int) -> float:
        # From a heat of 40 households down to a half, as this project's own search.
        share = min(1.0, (time.perf_counter() - began) / seconds)
        return float(1 / (40 * (0.5 / 40) ** share))

    for number, _ in enumerate(optimiser.simulated_annealing(steps, beta, beta_magnitude=1)):
        if number % 100 == 0 and time.perf_counter() > end:
            break
    best = optimiser.best_part
    return np.array([best.assignment.mapping[i] for i in range(len(town.x))], np.int64)


def _attached(town: Town) -> NDArray[np.int64]:
    """Start from today's grids, each in one piece."""
    from lingwu_grid.engine.search.start import attach_pieces  # noqa: PLC0415

    graph = as_graph(town)
    keep = np.zeros(graph.n_units, np.bool_)
    zone = attach_pieces(graph, graph.grid_now, graph.community_now, keep, graph.grid_is_locked)
    return zone.astype(np.int64)


def gerrychain_seed(town: Town, seconds: float) -> NDArray[np.int64]:
    """Cut by random spanning trees from nothing, as GerryChain's seed plans are made."""
    import networkx as nx  # noqa: PLC0415
    from gerrychain import Graph  # noqa: PLC0415 - an extra of the benchmark
    from gerrychain.tree import recursive_tree_part  # noqa: PLC0415

    if not seconds:
        return np.zeros(len(town.x), np.int64)

    def cut(units: NDArray[np.int64], count: int) -> Any:  # noqa: ANN401
        start, near, _ = _local(town, units)
        plain = nx.Graph()
        plain.add_nodes_from(
            (i, {"households": int(h)}) for i, h in enumerate(town.households[units])
        )
        plain.add_edges_from(
            (i, j) for i in range(len(units)) for j in near[start[i] : start[i + 1]] if i < j
        )
        middle = float(town.households[units].sum()) / count
        epsilon = min(middle - LOWER, UPPER - middle) / middle
        random.seed(1)
        parts = recursive_tree_part(
            Graph.from_networkx(plain), range(count), middle, "households", max(epsilon, 0.01)
        )
        return np.array([parts[i] for i in range(len(units))])

    return _by_piece(town, cut)


ENGINES: dict[str, Engine] = {
    "lingwu_grid, first lawful": partial(ours, first=True),
    "lingwu_grid, a tenth": lambda town, seconds: ours(town, seconds / 10, first=False),
    "lingwu_grid": partial(ours, first=False),
    "METIS": metis,
    "KaHIP strong": kahip,
    "spopt Ward": ward,
    "spopt max-p": max_p,
    "GerryChain seed plan": gerrychain_seed,
    "GerryChain stable": gerrychain_stable,
}
"""By the name in the table."""
