"""Straight cuts: a border through a block once more, as a planner draws it with a ruler.

Where two grids share the ground of one of today's, every cut of it along one line, or two, is a
choice that can be listed. It is priced as it will be drawn: cells zigzag where a border does not.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.engine.search._counts import TODAY
from lingwu_grid.engine.search._kernels import stay_price
from lingwu_grid.engine.search.search import Draft, price_of, state_of
from lingwu_grid.engine.town.across import apart
from lingwu_grid.engine.town.levels import open_csr, with_task
from lingwu_grid.engine.town.recombine import (
    FULL,
    GAIN,
    LENGTH,
    clear_tasks,
    cut_task,
    cut_together,
    is_worse,
)
from lingwu_grid.graph import linked, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lingwu_grid.engine.instance import Instance, Stop
    from lingwu_grid.engine.search._kernels import State, Subproblem
    from lingwu_grid.engine.shapes import BorderPrices
    from lingwu_grid.engine.town.levels import Task, Town

WAYS, TURNS = 24, 12
"""Directions of the first line of a cut, rows and across them among these, and of the second."""

PLACES, SECONDS = 24, 8
"""Places tried of the first of two lines, and of the second for each of them."""

STRAIGHTER = 0.75
"""What a straight border is of the zigzag of its cells, about: cuts are looked at in that order."""

MOST = 200
"""Cuts of one border that are drawn at full effort, the cheapest; the straightest, a quarter."""

HOPE = 20.0
"""Households by which a cut may look dearer than what there is and still be drawn."""

ROUNDS = 3
"""Times at most that the borders are gone through."""


class _Block(NamedTuple):
    """Ground of one of today's grids that two zones share; all numbers are of the part."""

    a: int
    b: int
    units: NDArray[np.int64]
    """Of both zones, ascending."""
    may_change: NDArray[np.bool_]
    """The shared ground, as far as it is free."""
    near: NDArray[np.int64]
    """Pairs of neighbours among `units`, shape (m, 2)."""
    cost: NDArray[np.float64]
    """Price of a zone border between each of them."""


def cut_straight(
    instance: Instance, town: Town, seed: int, *, stop: Stop, workers: int = 1
) -> Town:
    """
    Draw the borders off the lines anew wherever a straight cut is the cheaper one.

    Parameters
    ----------
    instance
        The town and its rules.
    town
        A plan whose grids were cut anew.
    seed, stop, workers
        As for :func:`~lingwu_grid.engine.solve.solve`.

    Returns
    -------
    Town
        Nothing more out of range, every zone in one piece.
    """
    if instance.drawn is None:
        return town
    csr = open_csr(instance, LENGTH)
    streets, inside = clear_tasks(instance, town, csr, seed)
    for task in (*streets, *inside):
        priced = cut_task(instance, task)
        town = with_task(town, task, _swept(priced, instance.drawn, stop, workers))
    return town


def _swept(task: Task, drawn: BorderPrices, stop: Stop, workers: int) -> Draft:
    draft = task.draft
    fresh = np.ones(len(task.part.lower), np.bool_)  # zones that changed in the last round
    for _ in range(ROUNDS):
        shared = _shared(task, draft, fresh)
        fresh[:] = False
        for now in apart(list(shared)):
            if stop():
                break
            work = partial(_cut_pair, task, draft, drawn, shared)
            draft, changed = cut_together(task.part, draft, now, work, workers)
            fresh[changed] = True
        if not fresh.any():
            break
    return draft


def _shared(
    task: Task, draft: Draft, is_fresh: NDArray[np.bool_]
) -> dict[tuple[int, int], list[int]]:
    """List the grids of today whose ground two zones share, where a zone changed of late."""
    part, zone = task.part, draft.zone
    p, q = sources(part.indptr), part.indices
    free = ~part.is_locked
    use = (part.zone_now[p] == part.zone_now[q]) & (zone[p] < zone[q])
    use &= free[zone[p]] & free[zone[q]] & (is_fresh[zone[p]] | is_fresh[zone[q]])
    found = np.unique(np.stack([zone[p], zone[q], part.zone_now[p]], axis=1)[use], axis=0)
    shared: dict[tuple[int, int], list[int]] = {}
    for a, b, home in found.tolist():
        shared.setdefault((a, b), []).append(home)
    return shared


def _block(task: Task, draft: Draft, a: int, b: int, home: int) -> _Block:
    part = task.part
    units = np.flatnonzero((draft.zone == a) | (draft.zone == b))
    number = np.full(len(draft.zone), -1, np.int64)
    number[units] = np.arange(len(units))
    p, q = number[sources(part.indptr)], number[part.indices]
    use = (p >= 0) & (q >= 0) & (p < q)
    free = (part.zone_now[units] == home) & ~part.is_fixed[units] & (part.pin[units] < 0)
    return _Block(
        a, b, units, free, np.stack([p[use], q[use]], axis=1),
        part.edge_cost[use] * task.prices.border,
    )  # fmt: skip


def _cut_pair(
    task: Task,
    draft: Draft,
    drawn: BorderPrices,
    shared: dict[tuple[int, int], list[int]],
    pair: tuple[int, int],
) -> NDArray[np.int32]:
    """Cut what two zones share of some grids of today, one after the other."""
    a, b = pair
    for home in shared[pair]:
        block = _block(task, draft, a, b, home)
        if drawn.border(*_sides(task, block, draft.zone[block.units] == b)):
            draft = _best_cut(task, draft, drawn, block)
    return draft.zone


def _sides(
    task: Task, block: _Block, is_b: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return task.units[block.units[~is_b]], task.units[block.units[is_b]]


def _best_cut(task: Task, draft: Draft, drawn: BorderPrices, block: _Block) -> Draft:
    """Give the cheapest of the cuts that can be listed, or the draft itself."""
    part, units = task.part, block.units

    def cost_of(of: Draft, is_b: NDArray[np.bool_]) -> float:
        cells = block.cost[is_b[block.near[:, 0]] != is_b[block.near[:, 1]]].sum()
        whole = price_of(part, of, task.prices) - float(cells)
        sides = _sides(task, block, is_b)
        return whole + drawn.border(*sides) + sum(map(drawn.necks, sides))

    is_b = draft.zone[units] == block.b
    best, least = draft, cost_of(draft, is_b) - GAIN
    seen = {is_b.tobytes()}
    for side in _cuts(task, draft, drawn, block):
        mended = _in_one_piece(block, side)
        if mended is None or mended.tobytes() in seen:
            continue
        seen.add(mended.tobytes())
        zone = draft.zone.copy()
        zone[units] = np.where(mended, block.b, block.a)
        found = Draft(zone, draft.owner)
        if is_worse(part, draft, found):
            continue
        cost = cost_of(found, mended)
        if cost < least:
            best, least = found, cost
    return best


def _cuts(
    task: Task, draft: Draft, drawn: BorderPrices, block: _Block
) -> Iterator[NDArray[np.bool_]]:
    """Give cuts along a line or two, as the units of `b`: cheapest, then straightest by cells."""
    part, units, pool = task.part, block.units, np.flatnonzero(block.may_change)
    households = part.households[units]
    is_b = draft.zone[units] == block.b
    rest_b = int(households[is_b & ~block.may_change].sum())
    rest_a = int(households[~is_b & ~block.may_change].sum())
    total = int(households[pool].sum())
    state = state_of(part, draft)
    least, most = _range(part, state, block, rest_a, rest_b, total)
    dearer = np.array([
        stay_price(part, state, task.prices, u, block.b)
        - stay_price(part, state, task.prices, u, block.a)
        for u in units[pool].tolist()
    ])  # fmt: skip
    place = np.full(len(units), -1, np.int64)
    place[pool] = np.arange(len(pool))
    touched = (place[block.near] >= 0).any(axis=1)
    near, cost = block.near[touched], block.cost[touched]
    chosen: dict[bytes, tuple[float, float, NDArray[np.bool_]]] = {}
    x, y = part.x[units], part.y[units]
    rows = _rows(x[near[:, 1]] - x[near[:, 0]], y[near[:, 1]] - y[near[:, 0]])
    for cuts in _lines(x[pool], y[pool], households[pool], least, most, rows):
        sides = np.repeat(is_b[None, :], len(cuts), axis=0)
        sides[:, pool] = cuts
        cells = (sides[:, near[:, 0]] != sides[:, near[:, 1]]) @ cost
        price = cuts @ dearer + STRAIGHTER * cells
        for k in (*np.argsort(price, kind="stable")[:2].tolist(), int(cells.argmin())):
            chosen.setdefault(sides[k].tobytes(), (float(price[k]), float(cells[k]), sides[k]))
    most_paid = float(is_b[pool] @ dearer) + drawn.border(*_sides(task, block, is_b)) + HOPE
    fit = [key for key, one in chosen.items() if one[0] <= most_paid]
    many = MOST * min(task.effort, FULL) // FULL
    cheapest = sorted(fit, key=lambda key: chosen[key][0])[:many]
    straightest = sorted(fit, key=lambda key: chosen[key][1])[: many // 4]
    for key in dict.fromkeys((*cheapest, *straightest)):
        yield chosen[key][2]


def _range(
    part: Subproblem, state: State, block: _Block, rest_a: int, rest_b: int, total: int
) -> tuple[int, int]:
    """Give the fewest and the most households of the shared ground that may be in `b`."""
    a, b = block.a, block.b
    least = max(part.lower[b] - rest_b, total + rest_a - part.upper[a], 0)
    most = min(part.upper[b] - rest_b, total + rest_a - part.lower[a], total)
    p, q = int(state.zone_owner[a]), int(state.zone_owner[b])
    if p != q:
        size, now = state.owner_size & TODAY, int(state.size[b] & TODAY) - rest_b
        least = max(least, now + part.owner_lower[q] - size[q], now - part.owner_upper[p] + size[p])
        most = min(most, now + part.owner_upper[q] - size[q], now - part.owner_lower[p] + size[p])
    return int(least), int(most)


def _lines(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    households: NDArray[np.int64],
    least: int,
    most: int,
    rows: float,
) -> Iterator[NDArray[np.bool_]]:
    """Give the cuts with `least` to `most` households, by the directions of their lines."""
    along = rows + np.linspace(0.0, 2 * np.pi, WAYS, endpoint=False)
    for first in along:
        order = np.argsort(-(x * np.cos(first) + y * np.sin(first)), kind="stable")
        count = households[order].cumsum()
        enough = np.flatnonzero(count >= least)
        for way in (None, *along[:: WAYS // TURNS]):
            cuts = []
            if way is None:
                fits = enough[count[enough] <= most]
                cuts = [order[: k + 1] for k in fits.tolist()]
            else:
                for k in _spread(enough, PLACES).tolist():
                    inside = order[: k + 1]
                    far = np.argsort(
                        -(x[inside] * np.cos(way) + y[inside] * np.sin(way)), kind="stable"
                    )
                    sums = households[inside[far]].cumsum()
                    fits = np.flatnonzero((sums >= least) & (sums <= most))
                    cuts += [inside[far[: j + 1]] for j in _spread(fits, SECONDS).tolist()]
            if cuts:
                found = np.zeros((len(cuts), len(x)), np.bool_)
                for row, cut in zip(found, cuts, strict=True):
                    row[cut] = True
                yield found


def _rows(east: NDArray[np.float64], north: NDArray[np.float64]) -> float:
    """Give the direction of rows and lanes, as most neighbours lie to each other, radians."""
    # Four times the angle: along a row and across it are the same.
    return float(np.angle(np.exp(4j * np.arctan2(north, east)).sum()) / 4)


def _spread(places: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Take so many at most, evenly, the first and the last among them."""
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).round().astype(np.int64)]


def _in_one_piece(block: _Block, side: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Give what a side does not hold together to the other; None where that is not free to go."""
    weight = 1 + len(side) * ~block.may_change  # what cannot go stays
    for _ in range(2):
        p, q = block.near[side[block.near[:, 0]] == side[block.near[:, 1]]].T
        piece = linked(len(side), p, q)
        stray = np.zeros(len(side), np.bool_)
        for which in (True, False):
            mine = np.flatnonzero(side == which)
            if not len(mine):
                return None
            largest = np.bincount(piece[mine], weight[mine]).argmax()
            stray[mine[piece[mine] != largest]] = True
        if not stray.any():
            return side
        if (stray & ~block.may_change).any():
            return None
        side = side ^ stray
    return None
