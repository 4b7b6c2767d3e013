"""A town as one set of arrays, the same for every engine, and the measure of an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.graph import UnitGraph, indptr_of, pieces, sources
from lingwu_grid.ingest.study import read_study

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LOWER, UPPER = 300, 500


class Town(NamedTuple):
    """Units, their open neighbours, today's grids and communities; no bounds but those of grids."""

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    border_m: NDArray[np.float64]
    off_line_m: NDArray[np.float64]
    households: NDArray[np.int64]
    grid_now: NDArray[np.int32]
    community_now: NDArray[np.int32]
    grid_community: NDArray[np.int32]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    @property
    def component(self) -> NDArray[np.int32]:
        """Piece of each unit that no grid can leave."""
        return pieces(self.indptr, self.indices, np.zeros(len(self.x), np.int32))


class Score(NamedTuple):
    """An answer, measured."""

    zones: int
    in_range: int
    broken: int
    """Zones in more than one piece."""
    moved: int
    """Households whose grid changes, under the numbering that moves the fewest."""
    border_km: float


def read_town(folder: Path, *, compounds_whole: bool) -> Town:
    """
    Make the instance of a study.

    Parameters
    ----------
    folder
        A study.
    compounds_whole
        Whether compounds are one unit each, or their buildings are.
    """
    study = read_study(folder)
    rules = study.rules.with_(compounds_whole=compounds_whole)
    return town_of(build_graph(build_fabric(replace(study, rules=rules)), rules))


def town_of(graph: UnitGraph) -> Town:
    """Leave out of a graph what only this project knows: streets, locks, groups, other bounds."""
    source = sources(graph.indptr)
    same = graph.is_open & (graph.subdistrict[source] == graph.subdistrict[graph.indices])
    return Town(
        indptr=indptr_of(source[same], graph.n_units),
        indices=graph.indices[same],
        border_m=graph.border_m[same],
        off_line_m=graph.off_line_m[same],
        households=graph.households,
        grid_now=graph.grid_now,
        community_now=graph.community_now,
        grid_community=graph.grid_community,
        x=graph.x,
        y=graph.y,
    )


def as_graph(town: Town) -> UnitGraph:
    """Give the instance as this project's engine takes it."""
    n, n_grids = len(town.x), len(town.grid_community)
    n_communities = int(town.grid_community.max(initial=-1)) + 1
    lived = town.grid_now >= 0
    nobody = np.full(n, -1, np.int32)
    return UnitGraph(
        indptr=town.indptr,
        indices=town.indices,
        border_m=town.border_m,
        off_line_m=town.off_line_m,
        is_open=np.ones(len(town.indices), np.bool_),
        households=town.households,
        home_indptr=indptr_of(np.flatnonzero(lived), n),
        home_grid=town.grid_now[lived],
        home_households=town.households[lived],
        grid_now=town.grid_now,
        community_now=town.community_now,
        group=nobody,
        group_parts=np.empty(0, np.int32),
        pin=nobody,
        apart=np.empty((0, 2), np.int32),
        measure=np.zeros(n),
        subdistrict=np.zeros(n, np.int32),
        x=town.x,
        y=town.y,
        on_rim=np.ones(len(town.y), np.bool_),
        grid_community=town.grid_community,
        grid_lower=np.full(n_grids, LOWER, np.int64),
        grid_upper=np.full(n_grids, UPPER, np.int64),
        grid_is_locked=np.zeros(n_grids, np.bool_),
        grid_is_enclave=np.zeros(n_grids, np.bool_),
        community_subdistrict=np.zeros(n_communities, np.int32),
        community_lower=np.zeros(n_communities, np.int64),
        community_upper=np.full(n_communities, 10**9, np.int64),
        community_is_locked=np.zeros(n_communities, np.bool_),
    )


def score(town: Town, zone: NDArray[np.int64]) -> Score:
    """
    Measure an answer.

    Parameters
    ----------
    town
        The instance.
    zone
        Zone of each unit, shape (n_units,), any numbers.
    """
    zone = np.unique(zone, return_inverse=True)[1]
    size = np.bincount(zone, town.households)
    piece = pieces(town.indptr, town.indices, zone.astype(np.int32))
    parts = np.bincount(zone[np.unique(piece, return_index=True)[1]])
    shared = np.zeros((len(town.grid_community), len(size)))
    known = town.grid_now >= 0
    np.add.at(shared, (town.grid_now[known], zone[known]), town.households[known])
    rows, columns = linear_sum_assignment(-shared)
    cut = zone[sources(town.indptr)] != zone[town.indices]
    return Score(
        zones=len(size),
        in_range=int(((size >= LOWER) & (size <= UPPER)).sum()),
        broken=int((parts > 1).sum()),
        moved=int(town.households[known].sum() - shared[rows, columns].sum()),
        border_km=round(float(town.border_m[cut].sum()) / 2000, 1),
    )
