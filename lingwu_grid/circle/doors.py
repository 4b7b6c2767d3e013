"""Doors: every street a place could leave by, and what stands before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from lingwu_grid.circle.attaching import (
    BESIDE_M,
    FARTHEST_M,
    TRIED,
    Attachment,
    attach,
    is_local,
    legs,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.assumptions import Ways
    from lingwu_grid.circle.streets import Streets


class Doors(NamedTuple):
    """Places, and every street they could leave by if nothing stood there."""

    point: NDArray[np.object_]
    streets: Streets
    rows: Attachment
    """Edges near each place, whatever stands before or over them."""
    needs: list[frozenset[int]]
    """Obstacles before each row, and over its edge."""
    today: NDArray[np.bool_]
    """Whether each row is one that places leave by as things stand."""

    def without(self, taken: frozenset[int]) -> Attachment:
        """Give the rows that are free without some obstacles, as :func:`attach` takes them."""
        return self.taken(taken)[0]

    def taken(self, taken: frozenset[int]) -> tuple[Attachment, list[frozenset[int]]]:
        """Give those rows, and what would stand before each; those of today are never lost."""
        rows, of = self.rows, self.rows.of
        kept = self.near(taken) | self.today
        # A place without any keeps its first row, which leads nowhere.
        joined = np.zeros(len(self.point), bool)
        joined[of[kept]] = True
        use = kept | (~joined[of] & (np.diff(of, prepend=-1) > 0))
        edge = np.where(kept, rows.edge, -1)[use]
        given = Attachment(edge, rows.along[use], rows.access[use], of[use])
        return given, [self.needs[i] for i in np.flatnonzero(use).tolist()]

    def near(self, taken: frozenset[int]) -> NDArray[np.bool_]:
        """Tell which rows places would leave by without some obstacles."""
        rows, of = self.rows, self.rows.of
        free = np.array([needed <= taken for needed in self.needs], bool) & (rows.edge >= 0)
        access = np.where(free, rows.access, np.inf)
        nearest = np.full(len(self.point), np.inf)
        np.minimum.at(nearest, of, access)
        network = self.streets.without(taken)
        open_ = np.flatnonzero((network.forward | network.backward)[rows.edge] & (rows.edge >= 0))
        local = np.zeros(len(of), bool)
        local[open_] = is_local(network, of[open_], rows.edge[open_], rows.along[open_])
        access = np.where(local | (access == nearest[of]), access, np.inf)
        order = np.lexsort((rows.edge, access, of))
        rank = np.empty(len(of), np.int64)
        rank[order] = np.arange(len(of)) - np.searchsorted(of, of[order])
        return np.isfinite(access) & (access <= nearest[of] + BESIDE_M) & (rank < TRIED)


def doors_of(ways: Ways, places: NDArray[np.object_]) -> Doors:
    """
    List the edges near each place, and what stands before each.

    Parameters
    ----------
    ways
        The streets with what stands on them.
    places
        Points, shape (n,).
    """
    streets, network = ways.streets, ways.streets.whole
    today = attach(streets.network, places, streets.shut)
    nearest = np.where(today.is_joined, today.access[today.first], FARTHEST_M)
    limit = np.minimum(nearest + BESIDE_M, FARTHEST_M)
    place, edge = shapely.STRtree(network.line).query(places, "dwithin", distance=limit)
    # One that is far from every street keeps a row that leads nowhere.
    missing = np.setdiff1d(np.arange(len(places)), place)
    order = np.lexsort((edge, place))
    place, edge = place[order].astype(np.int64), edge[order].astype(np.int64)
    along = shapely.line_locate_point(network.line[edge], places[place])
    foot = shapely.line_interpolate_point(network.line[edge], along)
    over = [set(streets.sets[k]) for k in streets.lock[edge].tolist()]
    if len(streets.shut):
        tree, of = shapely.STRtree(streets.shut), streets.obstacles.of
        for row, line in zip(*tree.query(legs(places[place], foot), "crosses"), strict=True):
            over[row].add(int(of[line]))
    every = np.concatenate([place, missing])
    order = np.argsort(every, kind="stable")
    rows = Attachment(
        np.append(edge, np.full(len(missing), -1))[order].astype(np.int64),
        np.append(along, np.zeros(len(missing)))[order],
        np.append(shapely.distance(places[place], foot), np.full(len(missing), np.inf))[order],
        every[order],
    )
    needs = [*map(frozenset, over), *[frozenset[int]()] * len(missing)]
    nothing = np.zeros(len(order), bool)
    doors = Doors(places, streets, rows, [needs[i] for i in order], nothing)
    return doors._replace(today=doors.near(frozenset()))
