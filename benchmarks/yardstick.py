"""
A yardstick for new borders: the shortest of many random cuts of the same ground.

Wherever households went from one grid of a plan to a grid beside it, the ground of both is cut
anew along random spanning trees (DeFord, Duchin, Solomon 2021) into two grids within their range.
The shortest new border found is compared with the plan's. The cuts may move as many households as
they like, and may lie across a wall or a canal: it is a hard yardstick. Nothing of the solver is
used.

    python -m benchmarks.yardstick PLAN [TREES] [SEED]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely

LEAST, MOST = 300, 500
"""Households of a grid (policy, section 4); a grid outside it in the plan may stay so."""

TOUCH_M = 0.5
"""Units with less border in common do not touch."""


def town_of(plan: Path) -> nx.Graph:
    """Give the units of a plan with households and both grids, and the metres between them."""
    units = gpd.read_file(plan / "plan.gpkg", layer="units")
    units = units.to_crs(units.estimate_utm_crs())
    shapes = units.geometry.to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, "intersects")
    a, b = a[a < b], b[a < b]
    metres = shapely.length(shapely.intersection(shapes[a], shapes[b]))
    recoded = json.loads((plan / "summary.json").read_text("utf-8"))["grids_recoded"]
    units["previous_grid_id"] = units["previous_grid_id"].replace(recoded)
    town = nx.Graph()
    columns = ["households", "previous_grid_id", "grid_id"]
    for k, (n, was, now) in enumerate(units[columns].itertuples(index=False, name=None)):
        town.add_node(k, households=int(n), was=was, now=now)
    keep = metres > TOUCH_M
    town.add_weighted_edges_from(
        zip(a[keep].tolist(), b[keep].tolist(), metres[keep].tolist(), strict=True), "metres"
    )
    return town


def changed_pairs(town: nx.Graph) -> list[tuple[str, str]]:
    """List the neighbouring grids between which households went."""
    went = {
        (d["was"], d["now"])
        for _, d in town.nodes(data=True)
        if d["households"] and d["was"] and d["was"] != d["now"]
    }
    beside = {
        tuple(sorted((town.nodes[a]["now"], town.nodes[b]["now"])))
        for a, b in town.edges
        if town.nodes[a]["now"] != town.nodes[b]["now"]
    }
    return sorted({pair for way in went if (pair := tuple(sorted(way))) in beside})


def new_border(ground: nx.Graph, side: set[int]) -> float:
    """Sum up the border of one side that parts what is together today, metres."""
    return sum(
        float(d["metres"])
        for a, b, d in ground.edges(data=True)
        if (a in side) != (b in side) and ground.nodes[a]["was"] == ground.nodes[b]["was"]
    )


def best_cut(ground: nx.Graph, trees: int, rng: np.random.Generator) -> float | None:
    """Give the least new border of random cuts into two grids in range; None where none is."""
    total = sum(d["households"] for _, d in ground.nodes(data=True))
    least, edges = None, list(ground.edges)
    for _ in range(trees):
        weight = dict(zip(edges, rng.random(len(edges)).tolist(), strict=True))
        nx.set_edge_attributes(ground, weight, "weight")
        tree = nx.minimum_spanning_tree(ground)
        root = next(iter(tree))
        below = {n: d["households"] for n, d in ground.nodes(data=True)}
        parent = dict(nx.bfs_predecessors(tree, root))
        for n in reversed(list(nx.bfs_tree(tree, root))):
            if n in parent:
                below[parent[n]] += below[n]
        for n, up in parent.items():
            if LEAST <= below[n] <= MOST and LEAST <= total - below[n] <= MOST:
                rest = tree.copy()
                rest.remove_edge(n, up)
                metres = new_border(ground, nx.node_connected_component(rest, n))
                least = metres if least is None else min(least, metres)
    return least


def measured(plan: Path, trees: int = 250, seed: int = 0) -> pd.DataFrame:
    """Compare each pair of grids of a plan with the best of its random cuts."""
    town, rng, rows = town_of(plan), np.random.default_rng(seed), []
    for p, q in changed_pairs(town):
        ground = town.subgraph(n for n, d in town.nodes(data=True) if d["now"] in {p, q}).copy()
        own = {n for n, d in ground.nodes(data=True) if d["now"] == p}
        best = best_cut(ground, trees, rng) if nx.is_connected(ground) else None
        rows.append({"grids": f"{p} {q}", "plan_m": new_border(ground, own), "best_m": best})
    return pd.DataFrame(rows)


def main() -> None:
    """Print the table and the sums of the pairs that random cuts reach."""
    table = measured(Path(sys.argv[1]), *(int(x) for x in sys.argv[2:4]))
    print(table.round(0).to_string(index=False))  # noqa: T201
    cut = table.dropna()
    plan, best = cut["plan_m"].sum(), cut["best_m"].sum()
    print(  # noqa: T201
        f"{len(cut)} of {len(table)} pairs cut; plan {plan:.0f} m, best {best:.0f} m, "
        f"ratio {plan / best if best else float('nan'):.2f}"
    )


if __name__ == "__main__":
    main()
