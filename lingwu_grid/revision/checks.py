"""What is lawful about an assignment; the same rules as the review page's ``core.js``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lingwu_grid.graph import linked
from lingwu_grid.lawful import ANY

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Fault(NamedTuple):
    """What is wrong with a grid or community."""

    kind: str
    """grid_ or community_, and over, under, pieces or locked."""
    zone: str
    amount: int
    """Households out of range, pieces, or units that changed."""


def fresh_faults(now: list[Fault], before: list[Fault]) -> list[Fault]:
    """
    Tell the faults that an edit has made or made worse; the rest the plan has itself.

    Examples
    --------
    >>> before = [Fault("grid_over", "G1", 10)]
    >>> fresh_faults([Fault("grid_over", "G1", 10)], before)
    []
    >>> fresh_faults([Fault("grid_over", "G1", 17)], before)
    [Fault(kind='grid_over', zone='G1', amount=17)]
    """
    amount = {fault[:2]: fault.amount for fault in before}
    return [fault for fault in now if fault.amount > amount.get(fault[:2], 0)]


@dataclass(frozen=True)
class Zones:
    """
    Grids or communities.

    Parameters
    ----------
    ids
        In order of their numbers.
    lower, upper
        Households each may have, inclusive.
    locked
        Those that keep their units.
    enclave
        Those that may lie in pieces.
    """

    ids: list[str]
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    locked: NDArray[np.bool_]
    enclave: NDArray[np.bool_]


@dataclass(frozen=True)
class Town:
    """
    Units and the zones they are in, as numbers.

    Parameters
    ----------
    households
        Of each unit, shape (n_units,).
    grid
        Of each unit in the plan that is checked against, shape (n_units,).
    joins
        Pairs of units that join, shape (k, 2).
    grids, communities
        Zones; `community` is that of each grid.
    band
        Households that a new grid may have, inclusive.
    """

    households: NDArray[np.int64]
    grid: NDArray[np.int64]
    joins: NDArray[np.int64]
    grids: Zones
    community: NDArray[np.int64]
    communities: Zones
    band: tuple[int, int]

    def with_grids(self, community: NDArray[np.int32]) -> Town:
        """
        Give the same town with more grids, and communities of grids.

        Parameters
        ----------
        community
            Of each grid, the town's own first; -1 for a number without units.
        """
        more = len(community) - len(self.grids.ids)
        plain = np.zeros(more, np.bool_)
        grids = Zones(
            ids=[*self.grids.ids, *(f"新网格{k + 1}" for k in range(more))],
            lower=np.append(self.grids.lower, np.full(more, self.band[0])),
            upper=np.append(self.grids.upper, np.full(more, self.band[1])),
            locked=np.append(self.grids.locked, plain),
            enclave=np.append(self.grids.enclave, plain),
        )
        return replace(self, grids=grids, community=community.astype(np.int64))


def town_from(content: dict[str, Any]) -> Town:
    """Take the plain values of a review page, or of a test vector, as arrays."""

    def zones(items: list[dict[str, Any]]) -> Zones:
        most = [ANY if item["range"][1] is None else item["range"][1] for item in items]
        return Zones(
            ids=[item["id"] for item in items],
            lower=np.array([item["range"][0] for item in items], np.int64),
            upper=np.array(most, np.int64),
            locked=np.array([bool(item["locked"]) for item in items], np.bool_),
            enclave=np.array([bool(item["enclave"]) for item in items], np.bool_),
        )

    return Town(
        households=np.array(content["households"], np.int64),
        grid=np.array(content["grid"], np.int64),
        joins=np.array(content["joins"], np.int64).reshape(-1, 2),
        grids=zones(content["grids"]),
        community=np.array([g["community"] for g in content["grids"]], np.int64),
        communities=zones(content["communities"]),
        band=(content["gridRange"][0], content["gridRange"][1]),
    )


def faults_of(town: Town, grid: NDArray[np.int64]) -> list[Fault]:
    """
    Tell every fault of an assignment.

    Parameters
    ----------
    town
        Its `grid` is the plan's: what is locked is measured against it.
    grid
        Of each unit, shape (n_units,).

    Returns
    -------
    list[Fault]
        In the order of kind and zone; a zone without units is gone and has none.
    """
    found = _lock_faults(town, grid)
    for level, zone, zones in (
        ("grid", grid, town.grids),
        ("community", town.community[grid], town.communities),
    ):
        count = len(zones.ids)
        size = np.bincount(zone, town.households, minlength=count).astype(np.int64)
        parts = pieces(zone, town.joins, count)
        for z in np.flatnonzero(parts).tolist():
            over, under = int(size[z] - zones.upper[z]), int(zones.lower[z] - size[z])
            if over > 0:
                found.append(Fault(f"{level}_over", zones.ids[z], over))
            if under > 0:
                found.append(Fault(f"{level}_under", zones.ids[z], under))
            if parts[z] > 1 and not zones.enclave[z]:
                found.append(Fault(f"{level}_pieces", zones.ids[z], int(parts[z])))
    return sorted(found, key=lambda f: f.kind + f.zone)


def pieces(zone: NDArray[np.int64], joins: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """
    Count the pieces of every zone.

    Parameters
    ----------
    zone
        Of each unit, shape (n_units,).
    joins
        Pairs of units that join, shape (k, 2).
    count
        Zones.
    """
    same = joins[zone[joins[:, 0]] == zone[joins[:, 1]]]
    piece = linked(len(zone), same[:, 0], same[:, 1])
    first = np.unique(piece, return_index=True)[1]
    return np.bincount(zone[first], minlength=count).astype(np.int64)


def _lock_faults(town: Town, grid: NDArray[np.int64]) -> list[Fault]:
    found = []
    owner = (town.community[town.grid], town.community[grid])
    for level, was, now, zones in (
        ("grid", town.grid, grid, town.grids),
        ("community", *owner, town.communities),
    ):
        changed = was != now
        touched = np.bincount(
            np.concatenate([was[changed], now[changed]]), minlength=len(zones.ids)
        )
        found += [
            Fault(f"{level}_locked", zones.ids[z], int(touched[z]))
            for z in np.flatnonzero((touched > 0) & zones.locked).tolist()
        ]
    return found
