"""AB岗: which member of the two committees backs the worker of which grids (policy §4, §15)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import networkx as nx
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_GRIDS = 3
"""One member covers one to three grids (§4 and §15 together: 5, 7 or 9 members, 6 to 16 grids)."""


class Backing(NamedTuple):
    """Who backs a grid."""

    seat: int
    """Of the member, from 1, within the community; 0 for nobody."""
    reserve: int
    """Seat of the member who steps in for that one; 0 where there is no other."""


def backings(
    near: nx.Graph[str], households: Mapping[str, int], seats: Mapping[str, int]
) -> dict[str, Backing]:
    """
    Give each member of a community's committees one to three adjacent grids.

    As few grids as can be lie apart from the others of their member; of such divisions the one
    is taken in which members have most nearly the same households (least sum of squares), proven
    by a set partitioning model (Garfinkel and Nemhauser 1970). Where there are more members than
    grids, those without one are the reserve; else the neighbour with the fewest households is.

    Parameters
    ----------
    near
        Grids, those joined that share a border one can pass, within a community; attribute
        ``community`` of each node.
    households
        Of each grid.
    seats
        Of each community.

    Returns
    -------
    dict
        By grid.
    """
    found: dict[str, Backing] = {}
    members: dict[str, list[str]] = {}
    for grid, community in sorted(near.nodes(data="community")):
        members.setdefault(community, []).append(grid)
    for community, grids in members.items():
        bundles = divided(near.subgraph(grids), households, seats[community])
        for number, bundle in enumerate(bundles, start=1):
            reserve = _reserve(near, households, bundles, number, seats[community])
            found |= {grid: Backing(number, reserve) for grid in bundle}
    return found


def divided(
    near: nx.Graph[str], households: Mapping[str, int], seats: int
) -> list[tuple[str, ...]]:
    """
    Divide the grids of one community among its members.

    Parameters
    ----------
    near, households
        As for :func:`backings`; one community's.
    seats
        Members.

    Returns
    -------
    list
        Grids of each member who has some, in the order of the first grid.
    """
    grids = sorted(near)
    count = min(seats, len(grids))
    most = max(MOST_GRIDS, -(-len(grids) // max(count, 1)))
    for apart in (False, True):
        bundles = _bundles(near, grids, most, apart=apart)
        chosen = _partition(grids, bundles, households, count)
        if chosen is not None:
            return sorted(bundles[i][0] for i in chosen)
    return [(grid,) for grid in grids]


def _bundles(
    near: nx.Graph[str], grids: Sequence[str], most: int, *, apart: bool
) -> list[tuple[tuple[str, ...], int]]:
    """List sets of grids that one member may have, and how many pieces too many each has."""
    made = []
    for size in range(1, most + 1):
        for bundle in combinations(grids, size):
            pieces = nx.number_connected_components(near.subgraph(bundle)) - 1
            if apart or not pieces:
                made.append((bundle, pieces))
    return made


def _partition(
    grids: Sequence[str],
    bundles: Sequence[tuple[tuple[str, ...], int]],
    households: Mapping[str, int],
    count: int,
) -> list[int] | None:
    """Choose bundles that take each grid once, at least cost; None where there are none."""
    place = {grid: i for i, grid in enumerate(grids)}
    rows = [place[grid] for bundle, _ in bundles for grid in bundle]
    columns = [j for j, (bundle, _) in enumerate(bundles) for _ in bundle]
    taken = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(grids), len(bundles)))
    loads = np.array([sum(households[g] for g in bundle) for bundle, _ in bundles], float)
    mean = sum(households[g] for g in grids) / max(count, 1)
    uneven = ((loads - mean) / max(mean, 1.0)) ** 2
    dear = 1.0 + float(uneven.max(initial=0.0)) * max(count, 1)  # a piece costs more than all else
    cost = uneven + dear * np.array([pieces for _, pieces in bundles], float)
    found = milp(
        cost,
        integrality=np.ones(len(bundles)),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(taken, 1, 1),
            LinearConstraint(np.ones((1, len(bundles))), count, count),
        ],
        options={"mip_rel_gap": 0.0},
    )
    return None if found.x is None else np.flatnonzero(found.x > 0.5).tolist()


def _reserve(
    near: nx.Graph[str],
    households: Mapping[str, int],
    bundles: Sequence[tuple[str, ...]],
    number: int,
    seats: int,
) -> int:
    """Name who steps in: a member without a grid; else a neighbour, the one with least to do."""
    if seats > len(bundles):
        return len(bundles) + 1 + (number - 1) % (seats - len(bundles))
    mine = set(bundles[number - 1])
    beside = set().union(*(near[grid] for grid in mine)) - mine
    others = [k for k in range(1, len(bundles) + 1) if k != number]

    def load(seat: int) -> tuple[bool, int]:
        theirs = bundles[seat - 1]
        return not beside & set(theirs), sum(households[grid] for grid in theirs)

    return min(others, key=load, default=0)
