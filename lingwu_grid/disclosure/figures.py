"""The figures of all pages that leave the office, told so that no small one follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from lingwu_grid.disclosure.attack import ANY, Printed, beside, exposed
from lingwu_grid.disclosure.telling import STEP, told, told_size, window
from lingwu_grid.lawful import moves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

STEPS = (STEP, 2 * STEP, 5 * STEP)
"""Segments of a figure, each tried where the one before gives a small count away."""

SIZE_STEPS = (STEP, STEP + 1, *STEPS[1:])
"""
Segments of a size: one household more is often enough, and still tells it to five.

Sizes then no longer begin and end where the sums do that small counts are differences of.
"""

WITHHELD = "不公布"

Key = tuple[str, ...]

ZONES = {
    "today": ("previous_grid_id", "grid"),
    "plan": ("grid_id", "grid"),
    "community_today": ("previous_community_id", "community"),
    "community": ("community_id", "community"),
}
"""Sizes of zones: column of the leaves, and the level of its limits."""

FLOW = ("previous_grid_id", "grid_id")
SUMS = ("households", "moved", "across")
"""Sums of a page: all, those whose grid changes, those whose community does."""

PAGES = ("subdistrict_id", "community_id")
"""A page for each street and one for each community: columns of the leaves."""

COMPOUND = ("compound_id", *FLOW, "previous_community_id", "community_id")


class Figures:
    """
    Every count that pages print, as text.

    Parameters
    ----------
    leaves
        previous_grid_id, grid_id, previous_community_id, community_id, compound_id, households,
        and the columns of `pages`: the smallest groups of households that anybody tells apart.
    limits
        By level (`grid`, `community`): zone to its lower and upper bound; "" for the usual ones.
    pages
        Columns of the leaves by which pages are made: one for each value, with sums of its own.
    recoded
        New code of each grid of today that has another one in the plan.
    """

    def __init__(
        self,
        leaves: pd.DataFrame,
        limits: Mapping[str, Mapping[str, Sequence[int]]],
        pages: Sequence[str],
        recoded: Mapping[str, str],
    ) -> None:
        self._leaves = leaves.reset_index(drop=True)
        self._limits = limits
        self._truth = self._leaves["households"].to_numpy(np.int64)
        self._members = groups_of(self._leaves, pages, recoded)
        self._step: dict[Key, int] = {}
        self.withheld = self._protect()

    def text(self, *key: str) -> str:
        """Tell a figure: what it is of, and of which zone, compound or page."""
        if key not in self._members:
            return "0"
        count = int(self._truth[self._members[key]].sum())
        at, steps = self._step.get(key, 0), _steps_of(key)
        if at == len(steps):
            return WITHHELD
        if key[0] in ZONES:
            limits = self._limits[ZONES[key[0]][1]]
            return told_size(count, limits.get(key[1], limits[""]), steps[at])
        return told(count, steps[at])

    def is_few(self, *key: str) -> bool:
        """Tell whether a figure is of too few to be drawn, however widely it is told."""
        return int(self._truth[self._members.get(key, [])].sum()) < STEP

    def printed(self) -> Printed:
        """Give what an attacker has who holds all pages and sees where houses change sides."""
        texts = {key: self.text(*key) for key in self._members}
        return printed_of(self._members, texts, np.minimum(self._truth, 1))

    def listed(self, communities: set[str], pages: Sequence[Key]) -> list[list[str]]:
        """
        List the figures that a page may print: what each is of, and its text.

        Parameters
        ----------
        communities
            On the page.
        pages
            Its own sums, as `("community_id", code)`.
        """
        rows = self._leaves
        here = rows["community_id"].isin(communities) | rows["previous_community_id"].isin(
            communities
        )
        sums = {(f"{kind}_{page}", code) for page, code in pages for kind in SUMS}
        return [
            [*key, self.text(*key)]
            for key, at in self._members.items()
            if (key in sums or (key[0].split("_")[0] not in SUMS and here.iloc[at].any()))
            and not (key[0] == "flow" and self.is_few(*key))
        ]

    def _protect(self) -> int:
        """Widen what gives a small count away until nothing does; give how much is withheld."""
        cells: dict[Key, Sequence[int]] = {key: at.tolist() for key, at in self._members.items()}
        cells |= {("leaf", str(i)): [i] for i in range(len(self._leaves))}
        while away := exposed(self.printed(), self._truth, cells):
            leaves = np.concatenate([cells[name] for name in away])
            wider = {
                key
                for key, at in self._members.items()
                if not self._is_withheld(key) and np.isin(at, leaves).any()
            }
            if not wider:
                raise ValueError(f"{away[0]} follows from sums that cannot be told more widely")
            first = min(map(self._reluctance, wider))
            self._step |= {
                key: self._step.get(key, 0) + 1 for key in wider if self._reluctance(key) == first
            }
        self._give_back(cells)
        return sum(map(self._is_withheld, self._step))

    def _give_back(self, cells: Mapping[Key, Sequence[int]]) -> None:
        """Tell what was widened with others as closely as it may be; sizes first."""
        for key in sorted(self._step, key=lambda key: (key[0] not in ZONES, key)):
            near = set(beside(self.printed().sums, self._members[key].tolist()).tolist())
            touched = {name: at for name, at in cells.items() if not near.isdisjoint(at)}
            widest = self._step.pop(key)
            for at in range(widest + 1):
                self._step[key] = at
                if at == widest or not exposed(self.printed(), self._truth, touched):
                    break

    def _is_withheld(self, key: Key) -> bool:
        return self._step.get(key, 0) == len(_steps_of(key))

    def _reluctance(self, key: Key) -> tuple[bool, bool]:
        """Order what could be told more widely: withheld last; sizes, that all ask for, late."""
        return self._step.get(key, 0) + 1 == len(_steps_of(key)), key[0] in ZONES


def _steps_of(key: Key) -> tuple[int, ...]:
    return SIZE_STEPS if key[0] in ZONES else STEPS


def groups_of(
    leaves: pd.DataFrame, pages: Sequence[str], recoded: Mapping[str, str]
) -> dict[Key, NDArray[np.int64]]:
    """
    Give the leaves of every figure.

    Parameters
    ----------
    leaves, pages, recoded
        As for :class:`Figures`; households are not used.

    Returns
    -------
    dict
        Key of the figure to rows of the leaves.
    """
    members: dict[Key, NDArray[np.int64]] = {}
    every = np.ones(len(leaves), bool)
    moving, across = moves(leaves, "grid", recoded), moves(leaves, "community", recoded)

    def add(kind: str, columns: Sequence[str], chosen: NDArray[np.bool_]) -> None:
        at = np.flatnonzero(chosen)
        for name, places in leaves.iloc[at].groupby(list(columns), sort=True).indices.items():
            code = name if isinstance(name, tuple) else (name,)
            members[kind, *map(str, code)] = at[places]

    for kind, (column, _) in ZONES.items():
        add(kind, [column], leaves[column].to_numpy(object) != "")
    add("in", ["grid_id"], moving)
    add("out", ["previous_grid_id"], moving)
    add("flow", FLOW, moving)
    add("compound", COMPOUND, leaves["compound_id"].to_numpy(object) != "")
    for page in pages:
        for kind, chosen in zip(SUMS, (every, moving, across), strict=True):
            add(f"{kind}_{page}", [page], chosen)
    return members


def printed_of(
    members: Mapping[Key, NDArray[np.int64]], texts: Mapping[Key, str], least: NDArray[Any]
) -> Printed:
    """Write down what texts say of sums of leaves; `least` is what each leaf is at least."""
    bounds = np.array([_bounds(texts[key]) for key in members]).reshape(-1, 2)
    ends = np.cumsum([0, *(len(at) for at in members.values())])
    inside = np.concatenate([*members.values(), np.empty(0, np.int64)])
    shape = (len(members), len(least))
    sums = csr_array((np.ones(len(inside)), inside, ends), shape=shape)
    return Printed(sums, bounds[:, 0], bounds[:, 1], least.astype(np.float64))


def _bounds(text: str) -> tuple[float, float]:
    return (0, ANY) if text == WITHHELD else window(text)
