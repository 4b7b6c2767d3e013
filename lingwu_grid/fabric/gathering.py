"""Gathering: cells become units; ground too small or too thin goes with what it lies by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.fabric.adjacency import Borders, join_borders
from lingwu_grid.fabric.enclosures import is_strip
from lingwu_grid.fabric.verges import ALONG_SHARE, THIN_M
from lingwu_grid.graph import linked

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLIVER_M2 = 200.0
"""Ground smaller than this, or a strip, is no unit of its own: two surveys of one line."""

HAIR_M = 0.02
"""Ground thinner than this is where two lines are rounded apart: nothing hangs together by it."""

ROUNDS = 4
"""Times that ground too small or too thin joins its neighbours."""


def gather_cells(
    cells: NDArray[np.object_],
    key: NDArray[np.int64],
    ground: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    zone: NDArray[np.int64],
    borders: Borders,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """
    Join cells of one key over open borders, slivers and verges to a neighbour of the same zone.

    Parameters
    ----------
    cells
        Polygons that tile.
    key
        Whose ground each is; -1 for ground without a home.
    ground
        Which cells have homes, and which are water without.
    zone
        Of each cell a grid or, where today has no grids, a community; -1 for none.
    borders
        Of the cells.

    Returns
    -------
    tuple
        The unit of each cell, and the cells that joined through a barrier: a strip of the far
        bank, by which nobody passes.
    """
    same = (key[borders.a] == key[borders.b]) & (key[borders.a] >= 0) & borders.is_open
    unit = linked(len(cells), borders.a[same], borders.b[same]).astype(np.int64)
    sealed = np.zeros(len(cells), np.bool_)
    is_hair = ~ground[0] & is_strip(shapely.area(cells), shapely.length(cells), HAIR_M)
    solid = borders.where(~is_hair[borders.a] & ~is_hair[borders.b])
    unit, sealed = _joined(cells, (unit, sealed), ground, zone, borders)
    stray = _strays(unit, is_hair, ground[0], solid)
    if (stray >= 0).any():
        loose = is_hair & np.isin(unit, unit[stray >= 0])
        unit = np.unique(np.where(stray < 0, unit, len(cells) + stray), return_inverse=True)[1]
        unit, sealed = _joined(cells, (unit, sealed), ground, zone, solid)
        unit = _beside(unit, loose, borders)
    return unit, sealed


def _joined(
    cells: NDArray[np.object_],
    so_far: tuple[NDArray[np.int64], NDArray[np.bool_]],
    ground: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    zone: NDArray[np.int64],
    borders: Borders,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Let slivers, then verges, join their neighbours."""
    unit, sealed = so_far
    for goal in (_sliver_targets, _verge_targets):
        # What joins may be what its neighbour lies along.
        for _ in range(ROUNDS):
            target, through = goal(_pieces(cells, unit, ground, zone, borders))
            sealed = sealed | through[unit]
            if (target == np.arange(len(target))).all():
                break
            unit = np.unique(target[unit], return_inverse=True)[1]
    return unit, sealed


def _beside(
    unit: NDArray[np.int64], loose: NDArray[np.bool_], borders: Borders
) -> NDArray[np.int64]:
    """Give each loose cell to the unit that it lies along."""
    unit, loose = unit.copy(), loose.copy()
    a, b = np.r_[borders.a, borders.b], np.r_[borders.b, borders.a]
    order = np.lexsort((b, -np.r_[borders.length_m, borders.length_m], a))
    a, b = a[order], b[order]
    while (ready := loose[a] & ~loose[b]).any():
        cell, first = np.unique(a[ready], return_index=True)
        unit[cell] = unit[b[ready][first]]
        loose[cell] = False
    return np.unique(unit, return_inverse=True)[1]


def _strays(
    unit: NDArray[np.int64], is_hair: NDArray[np.bool_], is_lived: NDArray[np.bool_], solid: Borders
) -> NDArray[np.int64]:
    """Number the pieces that hang by a hair on the home, or the most, of their unit; -1 for it."""
    same = unit[solid.a] == unit[solid.b]
    piece = linked(len(unit), solid.a[same], solid.b[same])
    weight = np.bincount(piece, 1 + len(unit) * is_lived)[piece]
    best = np.full(int(unit.max()) + 1, -1, np.int64)
    order = np.argsort(np.where(is_hair, 0, weight), kind="stable")
    best[unit[order]] = piece[order]
    return np.where(is_hair | (piece == best[unit]), -1, piece).astype(np.int64)


class _Pieces(NamedTuple):
    """Units in the making, and which touch."""

    area: NDArray[np.float64]
    girth: NDArray[np.float64]
    is_lived: NDArray[np.bool_]
    is_water: NDArray[np.bool_]
    zone: NDArray[np.int64]
    pairs: pd.DataFrame
    """Each pair both ways: a, b, m (metres), clear (metres that are no barrier), open."""


def _pieces(
    cells: NDArray[np.object_],
    unit: NDArray[np.int64],
    ground: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    zone: NDArray[np.int64],
    borders: Borders,
) -> _Pieces:
    n = int(unit.max()) + 1
    joined = join_borders(borders, unit)
    inner = unit[borders.a] == unit[borders.b]
    girth = np.bincount(unit, shapely.length(cells), minlength=n)
    girth -= 2 * np.bincount(unit[borders.a[inner]], borders.length_m[inner], minlength=n)
    # A crack of no zone that joined its neighbour does not say whose that is: the largest does.
    area = shapely.area(cells)
    own = np.full(n, -1, np.int64)
    largest_last = np.argsort(area, kind="stable")
    own[unit[largest_last]] = zone[largest_last]
    one_way = {"m": joined.length_m, "clear": joined.clear_m, "open": joined.is_open}
    pairs = pd.DataFrame({"a": joined.a, "b": joined.b, **one_way})
    return _Pieces(
        np.bincount(unit, area, minlength=n).astype(np.float64),
        girth.astype(np.float64),
        np.bincount(unit, ground[0], minlength=n) > 0,
        np.bincount(unit, ~ground[1], minlength=n) == 0,
        own,
        pd.concat([pairs, pairs.rename(columns={"a": "b", "b": "a"})], ignore_index=True),
    )


def _verge_targets(pieces: _Pieces) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give the home each verge goes with: what it lies along, in its own zone; else itself."""
    pair, own = pieces.pairs, pieces.zone
    a, b = pair["a"].to_numpy(), pair["b"].to_numpy()
    is_verge = ~pieces.is_lived & ~pieces.is_water & is_strip(pieces.area, pieces.girth, THIN_M)
    long = pair["clear"].to_numpy() >= ALONG_SHARE * pieces.girth[a]
    pair = pair[is_verge[a] & pieces.is_lived[b] & (own[a] == own[b]) & long]
    best = pair.sort_values(["a", "clear", "b"], ascending=[True, False, True])
    best = best.drop_duplicates("a")
    target = np.arange(len(own))
    target[best["a"]] = best["b"]
    return target, np.zeros(len(own), np.bool_)


def _sliver_targets(pieces: _Pieces) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give the unit each unit joins (itself if it is no sliver), and who joins by a barrier."""
    area, own, pair = pieces.area, pieces.zone, pieces.pairs
    n = len(area)
    is_sliver = ~pieces.is_lived & (
        (area < SLIVER_M2) | is_strip(area, pieces.girth) | pieces.is_water
    )
    target, through = np.arange(n), np.zeros(n, np.bool_)
    # Ground of no zone joins any neighbour.
    a, b = pair["a"].to_numpy(), pair["b"].to_numpy()
    pair = pair[is_sliver[a] & ((own[a] == own[b]) | (own[a] < 0))]
    # An open border before a closed one, then the longest.
    pair = pair.sort_values(["a", "open", "m", "b"], ascending=[True, False, False, True])
    best = pair.drop_duplicates("a")
    # A sliver joins a sliver only downwards, so that no circle arises.
    best = best[~is_sliver[best["b"]] | (best["b"] < best["a"])]
    target[best["a"]] = best["b"]
    through[best["a"]] = ~best["open"].to_numpy(bool)
    while (target[target] != target).any():
        target = target[target]
    return target, through
