"""UnitGraph: the town as numbers. Arrays and their checks, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Runs(IntEnum):
    """What most of a shared border runs on."""

    NOTHING = 0
    ROAD = 1
    BARRIER = 2
    WALL = 3
    OLD_BORDER = 4


_PER_UNIT = (
    "households", "grid_now", "community_now", "group", "pin", "measure", "subdistrict", "x", "y",
    "on_rim", "rise", "fall",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitGraph:
    """
    Units and their neighbours as CSR arrays; every array is checked once, here.

    Parameters
    ----------
    indptr, indices
        Neighbours of unit u: ``indices[indptr[u]:indptr[u + 1]]``; shapes (n + 1,), (m,).
        Symmetric, without loops.
    border_m
        Shared border of each entry, metres, shape (m,).
    off_line_m
        The part of it that runs on nothing a passer-by can see, metres, shape (m,).
    is_open
        True where the two units touch otherwise than through a barrier, shape (m,).
    households
        Resident households of each unit, shape (n,).
    home_indptr, home_grid, home_households
        Where a unit's households are today: grids and counts, CSR. Nearly every unit has one
        entry; a building on an old border has two.
    grid_now
        Today's grid of the unit's ground, shape (n,); -1 where there is none.
    community_now
        Today's community of the unit's ground, shape (n,); -1 where there is none.
    group
        Units that should share a zone (a compound over the limit), shape (n,); -1 for none.
    group_parts
        The most grids each group may be in, shape (n_groups,).
    pin
        The grid each unit must be in, shape (n,); -1 for any.
    apart
        Pairs of units that must not share a grid, shape (k, 2).
    measure
        A second count of each unit (elderly, party members), shape (n,); zeros for none.
    subdistrict
        Street (街道/镇) of each unit, shape (n,).
    x, y
        A point of each unit, metres, shape (n,).
    on_rim
        Units on the edge of the town, shape (n,).
    grid_community
        Today's community of each grid, shape (n_grids,); -1 where unknown.
    grid_lower, grid_upper
        Households each grid is kept in, exceptions and margin included, shape (n_grids,).
    grid_is_locked
        Grids that keep their units, shape (n_grids,).
    grid_is_enclave
        Grids that may lie in several pieces, shape (n_grids,).
    community_subdistrict
        Street of each community, shape (n_communities,); -1 where unknown.
    community_lower, community_upper
        Households each community is kept in, as for grids, shape (n_communities,).
    community_is_locked
        Communities that keep their grids and border, shape (n_communities,).
    rise, fall
        The most households that come to a unit, and that go, on any day of the years that a plan
        is to stay lawful for; shape (n,), zeros by default.

    Raises
    ------
    ValueError
        If shapes disagree, an index is out of range, the graph is not symmetric, or a count is
        negative.
    """

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    border_m: NDArray[np.float64]
    off_line_m: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    households: NDArray[np.int64]
    home_indptr: NDArray[np.int32]
    home_grid: NDArray[np.int32]
    home_households: NDArray[np.int64]
    grid_now: NDArray[np.int32]
    community_now: NDArray[np.int32]
    group: NDArray[np.int32]
    group_parts: NDArray[np.int32]
    pin: NDArray[np.int32]
    apart: NDArray[np.int32]
    measure: NDArray[np.float64]
    subdistrict: NDArray[np.int32]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    on_rim: NDArray[np.bool_]
    grid_community: NDArray[np.int32]
    grid_lower: NDArray[np.int64]
    grid_upper: NDArray[np.int64]
    grid_is_locked: NDArray[np.bool_]
    grid_is_enclave: NDArray[np.bool_]
    community_subdistrict: NDArray[np.int32]
    community_lower: NDArray[np.int64]
    community_upper: NDArray[np.int64]
    community_is_locked: NDArray[np.bool_]
    rise: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    fall: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        """Check every array once."""
        n, m = self.n_units, len(self.indices)
        for name in ("rise", "fall"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.zeros(n, np.int64))
            _expect(bool((getattr(self, name) >= 0).all()), f"{name} must not be negative")
        _expect(bool((self.fall <= self.households).all()), "more go than there are")
        for name in _PER_UNIT:
            _expect(len(getattr(self, name)) == n, f"{name} must have {n} entries")
        for name in ("border_m", "off_line_m", "is_open"):
            _expect(len(getattr(self, name)) == m, f"{name} must have {m} entries")
        _expect(int(self.indptr[-1]) == m, "indptr must end at the number of entries")
        _expect(len(self.home_indptr) == n + 1, "home_indptr must have n + 1 entries")
        _expect(bool((self.households >= 0).all()), "households must not be negative")
        _expect(m == 0 or (self.indices.min() >= 0 and self.indices.max() < n), "bad neighbour")
        _expect(n == 0 or int(self.grid_now.max()) < self.n_grids, "grid_now names no grid")
        _expect(n == 0 or int(self.pin.max()) < self.n_grids, "pin names no grid")
        _expect(self.apart.shape[1:] == (2,), "apart must be pairs")
        self._check_symmetry()
        self._check_homes()

    def _check_symmetry(self) -> None:
        source = sources(self.indptr)
        _expect(not (source == self.indices).any(), "a unit must not be its own neighbour")
        forward = np.lexsort((self.indices, source))
        backward = np.lexsort((source, self.indices))
        same = (source[forward] == self.indices[backward]).all() and (
            self.indices[forward] == source[backward]
        ).all()
        _expect(bool(same), "the neighbour relation must be symmetric")
        _expect(
            bool((self.is_open[forward] == self.is_open[backward]).all()),
            "a border must be open from both sides or from none",
        )

    def _check_homes(self) -> None:
        owner = sources(self.home_indptr)
        total = np.bincount(owner, self.home_households, minlength=self.n_units)
        _expect(bool((total <= self.households).all()), "more households at home than there are")

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.indptr) - 1

    @property
    def n_grids(self) -> int:
        """Number of today's grids."""
        return len(self.grid_community)

    @property
    def n_communities(self) -> int:
        """Number of today's communities."""
        return len(self.community_subdistrict)


def _expect(holds: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise ValueError(message)


def indptr_of(owner: NDArray[np.integer[Any]], n: int) -> NDArray[np.int32]:
    """Give the CSR row starts of entries whose rows are `owner`, sorted or not, of `n` rows."""
    return np.concatenate([[0], np.bincount(owner, minlength=n).cumsum()]).astype(np.int32)


def sources(indptr: NDArray[np.int32]) -> NDArray[np.int64]:
    """Give the first unit of each CSR entry."""
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def linked(n: int, a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int32]:
    """
    Number the connected pieces of `n` nodes that links ``a[i]``, ``b[i]`` hold together.

    Returns
    -------
    NDArray[np.int32]
        Piece of each node, shape (n,).
    """
    matrix = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(n, n))
    return np.asarray(connected_components(matrix, directed=False)[1], np.int32)


def groups_of(label: NDArray[Any]) -> list[NDArray[np.int64]]:
    """
    List the places of each label, ascending; one empty list where there are no labels.

    Examples
    --------
    >>> [group.tolist() for group in groups_of(np.array([7, 2, 7]))]
    [[1], [0, 2]]
    """
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def pieces(
    indptr: NDArray[np.int32], indices: NDArray[np.int32], label: NDArray[np.int32]
) -> NDArray[np.int32]:
    """
    Number the connected pieces of equal label.

    Parameters
    ----------
    indptr, indices
        Neighbours, CSR.
    label
        A label of each node, shape (n,).

    Returns
    -------
    NDArray[np.int32]
        Piece of each node, shape (n,).
    """
    source = sources(indptr)
    joined = label[source] == label[indices]
    return linked(len(label), source[joined], indices[joined])


def lesser_pieces(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    label: NDArray[np.int32],
    weight: NDArray[np.int64],
) -> list[NDArray[np.int64]]:
    """
    List the pieces of labels that lie in several, all but the heaviest of each.

    Parameters
    ----------
    indptr, indices
        Neighbours, CSR.
    label, weight
        Label and weight of each node, shape (n,).

    Returns
    -------
    list[NDArray[np.int64]]
        The nodes of each such piece, ascending.
    """
    piece = pieces(indptr, indices, label)
    heavy = np.bincount(piece, weight)
    owner = label[np.unique(piece, return_index=True)[1]]
    order = np.lexsort((-heavy, owner))
    lesser = order[1:][owner[order[1:]] == owner[order[:-1]]]
    return [np.flatnonzero(piece == p) for p in np.sort(lesser)]
