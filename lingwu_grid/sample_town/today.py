"""Today's grids: the lawful plan hidden in the town, spoilt by the mistakes of years.

Grids were merged when a worker left and split when one came, half a lot was handed over, a
new compound went to the wrong side, one piece lies apart from its grid; communities grew apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.graph import pieces
from lingwu_grid.sample_town.landuse import FLATS, MARKET, OLD, VILLAGE

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Atoms:
    """
    The pieces that today's grids are made of: lots and halves of lots.

    Parameters
    ----------
    lot
        Lot of each atom, shape (n,).
    households
        Resident households of each atom, shape (n,).
    use, compound
        Of the lot.
    indptr, indices
        Which atoms touch with no barrier between, CSR.
    """

    lot: NDArray[np.int64]
    households: NDArray[np.int64]
    use: NDArray[np.int64]
    compound: NDArray[np.int64]
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]


@dataclass
class _Draft:
    """Grids in the making, changed in place by each mistake."""

    atoms: Atoms
    grid: NDArray[np.int64]
    community: NDArray[np.int64]
    """Of each grid."""
    frozen: NDArray[np.bool_]
    """Grids that mistakes leave alone."""

    def size(self) -> NDArray[np.int64]:
        return np.bincount(self.grid, self.atoms.households, minlength=len(self.community)).astype(
            np.int64
        )

    def out(self) -> int:
        size = self.size()
        return int((((size < 300) | (size > 500)) & (size > 0)).sum())

    def neighbours(self) -> NDArray[np.int64]:
        """Pairs of grids that touch, both ways, shape (m, 2)."""
        source = np.repeat(np.arange(len(self.grid)), np.diff(self.atoms.indptr))
        pairs = np.stack([self.grid[source], self.grid[self.atoms.indices]], axis=1)
        return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)

    def is_whole(self, *grids: int) -> bool:
        inside = np.isin(self.grid, grids)
        label = np.where(inside, self.grid, -1).astype(np.int32)
        piece = pieces(self.atoms.indptr, self.atoms.indices, label)
        return all(len(np.unique(piece[self.grid == g])) == 1 for g in grids)


def spoil(
    atoms: Atoms,
    grid: NDArray[np.int64],
    community: NDArray[np.int64],
    *,
    per_street: int,
    share: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Make today's grids and communities from the hidden lawful ones.

    Parameters
    ----------
    atoms
        What grids are made of.
    grid
        Hidden grid of each atom, shape (n,).
    community
        Hidden community of each hidden grid.
    per_street
        Urban communities of each street; nothing was ever handed to another street.
    share
        Share of grids to bring out of range.
    rng
        Source of every choice.

    Returns
    -------
    tuple
        Today's grid of each atom, numbered from 0, and the community of each grid.
    """
    frozen = np.zeros(len(community), np.bool_)
    frozen[grid[np.isin(atoms.use, (VILLAGE, MARKET))]] = True
    draft = _Draft(atoms, grid.copy(), community.copy(), frozen)
    wanted = round(share * len(community))
    mistakes = (_hand_over, _hand_over, _hand_over, _merge, _hand_over, _hand_over, _split)
    for turn in range(40 * wanted):
        if draft.out() >= wanted:
            break
        mistakes[turn % len(mistakes)](draft, rng)
    apart = _enclave(draft, rng)
    _drift(draft, per_street, apart, rng)
    named, today = np.unique(draft.grid, return_inverse=True)
    return today, draft.community[named]


def _merge(draft: _Draft, rng: np.random.Generator) -> None:
    size, pairs = draft.size(), draft.neighbours()
    a, b = pairs[rng.integers(len(pairs))].tolist()
    if draft.frozen[[a, b]].any() or draft.community[a] != draft.community[b]:
        return
    if 560 < size[a] + size[b] <= 900 and max(size[a], size[b]) <= 500:
        draft.grid[draft.grid == b] = a


def _split(draft: _Draft, rng: np.random.Generator) -> None:
    g = int(rng.integers(len(draft.community)))
    members = np.flatnonzero(draft.grid == g)
    total = draft.atoms.households[members].sum()
    if draft.frozen[g] or len(members) < 2 or not 300 <= total <= 500:
        return
    leaving = int(rng.choice(members))
    new = len(draft.community)
    before = draft.grid.copy()
    draft.grid[leaving] = new
    draft.community = np.append(draft.community, draft.community[g])
    draft.frozen = np.append(draft.frozen, False)
    gone = draft.atoms.households[leaving]
    if min(gone, total - gone) < 110 or not draft.is_whole(g, new):
        draft.grid = before
        draft.community, draft.frozen = draft.community[:-1], draft.frozen[:-1]


def _hand_over(draft: _Draft, rng: np.random.Generator) -> None:
    atom = int(rng.integers(len(draft.grid)))
    a = int(draft.grid[atom])
    around = draft.atoms.indices[draft.atoms.indptr[atom] : draft.atoms.indptr[atom + 1]]
    others = np.unique(draft.grid[around])
    others = others[(others != a) & (draft.community[others] == draft.community[a])]
    if draft.frozen[a] or not len(others) or (draft.grid == a).sum() < 2:
        return
    b = int(rng.choice(others))
    left = draft.size()[a] - draft.atoms.households[atom]
    grown = draft.size()[b] + draft.atoms.households[atom]
    if draft.frozen[b] or not 120 <= left < 300 or not 500 < grown <= 900:
        return
    draft.grid[atom] = b
    if not draft.is_whole(a, b):
        draft.grid[atom] = a


def _enclave(draft: _Draft, rng: np.random.Generator) -> int:
    """Give a small piece to a grid two streets away, and say which; -1 if there is none."""
    small = np.flatnonzero((draft.atoms.households > 15) & (draft.atoms.households < 90))
    for atom in rng.permutation(small).tolist():
        a = int(draft.grid[atom])
        around = draft.atoms.indices[draft.atoms.indptr[atom] : draft.atoms.indptr[atom + 1]]
        touching = np.unique(draft.grid[around])
        same = np.flatnonzero(draft.community == draft.community[a])
        pairs = draft.neighbours()
        second = np.unique(pairs[np.isin(pairs[:, 0], touching), 1])
        others = np.setdiff1d(np.intersect1d(same, second), touching)
        others = others[~draft.frozen[others] & (draft.size()[others] > 0)]
        if draft.frozen[a] or not len(others) or (draft.grid == a).sum() < 2:
            continue
        draft.grid[atom] = int(others[0])
        if draft.is_whole(a):
            return int(atom)
        draft.grid[atom] = a
    return -1


def _drift(draft: _Draft, per_street: int, apart: int, rng: np.random.Generator) -> None:
    # Communities grew apart: whole grids changed hands until some are far out of range.
    villages = np.unique(draft.community[draft.grid[draft.atoms.use == VILLAGE]])
    for _ in range(12 * len(np.unique(draft.community))):
        pairs = draft.neighbours()
        g, h = pairs[rng.integers(len(pairs))].tolist()
        a, b = int(draft.community[g]), int(draft.community[h])
        size = np.bincount(draft.community, draft.size(), minlength=max(a, b) + 1)
        if a == b or a in villages or b in villages or draft.frozen[g]:
            continue
        if a // per_street != b // per_street:
            continue
        moved = draft.size()[g]
        grows = size[a] <= size[b] or rng.random() < 0.15
        if grows and size[a] - moved > 1900 and size[b] + moved < 7000:
            draft.community[g] = b
            if not (_community_whole(draft, a, apart) and _community_whole(draft, b, apart)):
                draft.community[g] = a


def _community_whole(draft: _Draft, community: int, apart: int) -> bool:
    label = draft.community[draft.grid].astype(np.int32)
    piece = pieces(draft.atoms.indptr, draft.atoms.indices, label)
    mine = label == community
    # The planted enclave may lie apart; everything else hangs together.
    if apart >= 0:
        mine[apart] = False
    return len(np.unique(piece[mine])) <= 1


def halves(use: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose the lots to be halved: half of the old quarters, and a few compounds as a trap."""
    chance = np.where(use == FLATS, 0.03, np.where(use == OLD, 0.45, 0.0))
    chosen: NDArray[np.bool_] = rng.random(len(use)) < chance
    return chosen
