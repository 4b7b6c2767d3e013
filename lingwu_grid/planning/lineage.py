"""Codes and lineage: what each grid of the plan is called, and what became of today's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from lingwu_grid.lawful import followed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

UNCHANGED, ADJUSTED, SPLIT, MERGED, NEW = "不变", "调整", "拆分", "合并", "新设"


def keep_codes(
    zone: NDArray[np.int64],
    home: tuple[NDArray[np.int64], NDArray[np.int64]],
    weight: NDArray[np.int64],
    n_now: int,
) -> NDArray[np.int64]:
    """
    Match zones drawn anew to today's, so that the most households keep their zone.

    Parameters
    ----------
    zone
        Zone of each unit, shape (n_units,).
    home
        Unit and today's zone of each row, shapes (n_rows,); -1 for none.
    weight
        Households of each row.
    n_now
        Number of today's zones.

    Returns
    -------
    NDArray[np.int64]
        Number of each zone, indexed by zone: below `n_now` it is today's zone, from `n_now` on
        it is new. The matching is a largest assignment (Kuhn 1955).
    """
    n = int(zone.max()) + 1
    unit, now = home
    table = np.zeros((n, n_now), np.int64)
    known = now >= 0
    np.add.at(table, (zone[unit[known]], now[known]), weight[known])
    rows, columns = linear_sum_assignment(-table)
    number = np.full(n, -1, np.int64)
    shared = table[rows, columns] > 0
    number[rows[shared]] = columns[shared]
    number[number < 0] = n_now + np.arange(int((number < 0).sum()))
    return number


class Lineage(NamedTuple):
    """What each zone of the plan comes from."""

    kind: NDArray[np.object_]
    """不变, 调整, 拆分, 合并 or 新设, one a zone of the plan."""
    previous: NDArray[np.object_]
    """Ids of today's zones that its households come from, largest first, joined by 、."""
    arrived: NDArray[np.int64]
    """Households that were in another zone, or in none: before + arrived - left = after."""
    left: NDArray[np.int64]


def trace(
    flow: pd.DataFrame,
    zones: list[str],
    old_ids: set[str],
    ground_changed: set[str],
    recoded: Mapping[str, str],
) -> Lineage:
    """
    Tell what each zone of the plan comes from.

    Parameters
    ----------
    flow
        Households by old and new id: columns old (empty for none), new, households.
    zones
        Ids of the plan's zones.
    old_ids
        Ids of today's zones.
    ground_changed
        Ids whose ground changed, even if no household did.
    recoded
        New id of each of today's zones that has another one now: it is the same zone, adjusted.

    Returns
    -------
    Lineage
        A zone that keeps most of an old zone, which is gone, is merged; one that lost its
        households to a new zone is split.
    """
    told, flow = flow, flow.assign(old=followed(flow["old"], recoded))
    old_ids = set(followed(old_ids, recoded))
    ground_changed = ground_changed | set(recoded.values())
    came = flow[(flow["old"] != flow["new"]) & (flow["old"] != "")]
    arrived = came.groupby("new")["households"].sum()
    left = came.groupby("old")["households"].sum()
    joined = flow[flow["old"] != flow["new"]].groupby("new")["households"].sum()
    retired = old_ids - set(zones)
    new_zones = set(zones) - old_ids
    feeds_new = set(came[came["new"].isin(new_zones)]["old"])
    takes_retired = set(came[came["old"].isin(retired)]["new"])
    kinds = []
    for z in zones:
        changed = z in ground_changed or arrived.get(z, 0) or left.get(z, 0)
        if z in new_zones:
            kinds.append(NEW)
        elif not changed:
            kinds.append(UNCHANGED)
        elif z in feeds_new:
            kinds.append(SPLIT)
        else:
            kinds.append(MERGED if z in takes_retired else ADJUSTED)
    ranked = told[told["old"] != ""].sort_values(
        ["new", "households", "old"], ascending=[True, False, True]
    )
    previous = ranked.groupby("new")["old"].agg("、".join)
    return Lineage(
        np.array(kinds, object),
        np.array([previous.get(z, "") for z in zones], object),
        np.array([int(joined.get(z, 0)) for z in zones], np.int64),
        np.array([int(left.get(z, 0)) for z in zones], np.int64),
    )


def changed_communities(communities: pd.DataFrame, grids: pd.DataFrame) -> set[str]:
    """Give the communities that are not as they were, or hold a grid that is not."""
    touched = grids.loc[grids["lineage"] != UNCHANGED, "community_id"]
    own = communities.loc[communities["lineage"] != UNCHANGED, "community_id"]
    return {*touched, *own}


FIRST_SPECIAL = 901
"""Serials from here to 999 are for special grids (专属网格)."""


def new_codes(community: Sequence[str], used: Iterable[str], special: Sequence[bool]) -> list[str]:
    """
    Give new grids the next free serials of their communities.

    A 15-digit code is the community's 12 digits and a 3-digit serial; a code once used, by a
    living grid or a retired one, is never given again; 901–999 are for special grids, and only
    for those.

    Parameters
    ----------
    community
        Community id of each new grid, in the order they are to be numbered.
    used
        Every grid id ever seen.
    special
        Whether each new grid is a special one.

    Examples
    --------
    >>> home, used = "640181001001", ["640181001001007", "640181001001901"]
    >>> new_codes([home, home, home], used, [False, True, False])
    ['640181001001008', '640181001001902', '640181001001009']
    """
    highest: dict[tuple[str, bool], int] = {}
    for code in used:
        head, tail = code[:-3], code[-3:]
        if tail.isdigit():
            kind = (head, int(tail) >= FIRST_SPECIAL)
            highest[kind] = max(highest.get(kind, 0), int(tail))
    codes = []
    for kind in zip(community, special, strict=True):
        highest[kind] = highest.get(kind, FIRST_SPECIAL - 1 if kind[1] else 0) + 1
        codes.append(f"{kind[0]}{highest[kind]:03d}")
    return codes
