"""Options: by which station, and with which remedies, each home comes within reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse.csgraph import dijkstra

from lingwu_grid.circle.reach import each_site, homes_within, reversed_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.circle.attaching import Attachment
    from lingwu_grid.circle.network import Network

Needs = frozenset[int]


class Links(NamedTuple):
    """New ways between nodes of the network; several may be one remedy."""

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    """Walked from tail to head; a way in both directions stands twice."""
    metres: NDArray[np.float64]
    remedy: NDArray[np.int64]
    """Which remedy each is of."""
    remedies: int
    """How many there are."""


class Options(NamedTuple):
    """One way a home comes within reach, a row."""

    home: NDArray[np.int64]
    site: NDArray[np.int64]
    """Station or room; -1 for one that is open today."""
    needs: list[Needs]
    """Remedies that must be there."""


def options_of(
    network: Network,
    homes: Attachment,
    sites: Attachment,
    is_open: NDArray[np.bool_],
    links: Links,
    limit: float,
) -> Options:
    """
    List how each home can come within reach, and by no more than it takes.

    For every site the ways from the ends of the new links are followed backwards, with the set of
    remedies they use (labels with dominance: Martins 1984): a label that is no shorter than one
    with fewer remedies is dropped. The list is complete: a home is within reach of a site under a
    set of remedies exactly where a row with that site and a part of that set is here.

    Parameters
    ----------
    network
        Of today.
    homes, sites
        Where they join it.
    is_open
        Sites of today; all of them are one.
    links
        What could be built or opened.
    limit
        Metres from door to door.

    Returns
    -------
    Options
        Homes that are within reach today have none.
    """
    ends, of = np.unique(np.concatenate([links.tail, links.head]), return_inverse=True)
    of = of.reshape(-1)
    tail, head = of[: len(links.tail)], of[len(links.tail) :]
    # Metres from every node to each end of a link, and from each end to another.
    to_end = _to_ends(network, sites, ends, limit)
    between = to_end[:, ends].T
    near = [homes_within(network, homes, row, limit) for row in to_end]
    found = _Found(homes, is_open)
    for site, row, home, metres in each_site(network, homes, sites, limit):
        found.add(site, frozenset(), home, metres, limit)
        for end, walked, needs in _labels(row[ends], between, (tail, head, *links[2:4]), limit):
            found.add(site, needs, *near[end], limit - walked)
    return found.options()


def _to_ends(
    network: Network, sites: Attachment, ends: NDArray[np.int64], limit: float
) -> NDArray[np.float64]:
    if not len(ends):
        return np.zeros((0, len(network.node)))
    graph = reversed_graph(network, sites, np.flatnonzero(sites.is_joined))
    metres: NDArray[np.float64] = dijkstra(graph, directed=True, indices=ends, limit=limit)
    return metres[:, : len(network.node)]


def _labels(
    at_ends: NDArray[np.float64],
    between: NDArray[np.float64],
    links: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]],
    limit: float,
) -> list[tuple[int, float, Needs]]:
    """
    Follow links backwards from a site; give ends with the metres on from them and the remedies.

    Parameters
    ----------
    at_ends
        From each end to the site without any remedy.
    between
        From each end to each other.
    links
        Tails and heads as ends, metres, remedies.
    limit
        Metres.
    """
    tail, head, metres, remedy = links
    kept: dict[int, list[tuple[float, Needs]]] = {}
    front: list[tuple[NDArray[np.float64], Needs]] = [(at_ends, frozenset())]
    out: list[tuple[int, float, Needs]] = []
    while front:
        waiting: dict[Needs, NDArray[np.float64]] = {}
        for on_from, needs in front:
            over = on_from[head] + metres
            for k in np.flatnonzero(over <= limit).tolist():
                wanted = needs | {int(remedy[k])}
                end, walked = int(tail[k]), float(over[k])
                if walked >= at_ends[end] or _is_beaten(kept.get(end, []), walked, wanted):
                    continue
                kept.setdefault(end, []).append((walked, wanted))
                out.append((end, walked, wanted))
                row = waiting.setdefault(wanted, np.full(len(at_ends), np.inf))
                np.minimum(row, between[:, end] + walked, out=row)
        front = [(row, needs) for needs, row in waiting.items()]
    return out


def _is_beaten(kept: list[tuple[float, Needs]], walked: float, needs: Needs) -> bool:
    return any(metres <= walked and less <= needs for metres, less in kept)


class _Found:
    """Options as they are found; of each home only those that no other makes needless."""

    def __init__(self, homes: Attachment, is_open: NDArray[np.bool_]) -> None:
        self.is_open = is_open
        self.rows: list[dict[int, list[Needs]]] = [{} for _ in homes.first]

    def add(
        self,
        site: int,
        needs: Needs,
        home: NDArray[np.int64],
        metres: NDArray[np.float64],
        limit: float,
    ) -> None:
        """Add a way for all homes that are near enough to its end."""
        key = -1 if self.is_open[site] else site
        for h in home[metres <= limit].tolist():
            known = self.rows[h].setdefault(key, [])
            if not any(less <= needs for less in known):
                known[:] = [more for more in known if not needs <= more]
                known.append(needs)

    def options(self) -> Options:
        """List them by home; nothing of homes that are within reach today."""
        home, site, needs = [], [], []
        for h, of in enumerate(self.rows):
            today = of.get(-1, [])
            if frozenset() in today:
                continue
            for s in sorted(of):
                for wanted in sorted(of[s], key=sorted):
                    if s >= 0 and any(less <= wanted for less in today):
                        continue
                    home.append(h)
                    site.append(s)
                    needs.append(wanted)
        return Options(np.array(home, np.int64), np.array(site, np.int64), needs)
