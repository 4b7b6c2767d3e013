"""互助网格: which two neighbouring grids of a community help each other out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from lingwu_grid.fabric.adjacency import Borders
    from lingwu_grid.planning.naming import Names


def partners(near: nx.Graph[str], grid_ids: list[str]) -> list[str]:
    """
    Pair the grids of each community with a neighbour.

    As many grids as possible are in a pair, and of such pairings the one with the longest shared
    borders is taken (Edmonds 1965, through NetworkX). A grid left over leans on the neighbour
    with which it shares most border.

    Parameters
    ----------
    near
        What :func:`neighbours` gives.
    grid_ids
        Grids of the plan.

    Returns
    -------
    list[str]
        The partner of each grid; empty where its community has no neighbour for it.
    """
    graph = near.edge_subgraph(near.edges)
    chosen: dict[str, str] = {}
    for part in sorted(nx.connected_components(graph), key=min):
        pairs = nx.max_weight_matching(graph.subgraph(sorted(part)), maxcardinality=True)
        chosen |= {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    for grid in sorted(set(graph) - set(chosen)):
        near = graph[grid]
        chosen[grid] = max(sorted(near), key=lambda other: near[other]["weight"])
    return [chosen.get(grid, "") for grid in grid_ids]


def neighbours(borders: Borders, names: Names) -> nx.Graph[str]:
    """Join the grids of each community that share border to pass; weight in metres, whole."""
    graph: nx.Graph[str] = nx.Graph()
    owner = dict(zip(names.grid_of_unit, names.community_of_unit, strict=True))
    graph.add_nodes_from((str(g), {"community": str(c)}) for g, c in sorted(owner.items()))
    shared = _shared_metres(borders, names)
    graph.add_weighted_edges_from((a, b, round(metres)) for (a, b), metres in shared.items())
    return graph


def _shared_metres(borders: Borders, names: Names) -> pd.Series:
    """Give the metres of border that two grids of one community share, by sorted pair."""
    grid, community = names.grid_of_unit, names.community_of_unit
    a, b = borders.a, borders.b
    use = borders.is_open & (grid[a] != grid[b]) & (community[a] == community[b])
    ends = np.sort(np.stack([grid[a[use]].astype(str), grid[b[use]].astype(str)], axis=1), axis=1)
    table = pd.DataFrame({"a": ends[:, 0], "b": ends[:, 1], "metres": borders.length_m[use]})
    return table.groupby(["a", "b"])["metres"].sum()
