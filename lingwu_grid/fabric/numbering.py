"""Numbering: a fabric and rules become a UnitGraph; names become numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.contract.errors import RulesError
from lingwu_grid.fabric.wishes import read_wishes
from lingwu_grid.graph import UnitGraph, indptr_of, linked
from lingwu_grid.lawful import community_bands, grid_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.fabric.places import Places
    from lingwu_grid.fabric.units import Fabric


RIM_M = 1.0
"""Outline that no other unit shares, above which a unit lies on the edge of the town."""

PARTY = 1.0
"""What a border between houses that touch weighs on top: it goes through a row, round a house."""

CORRIDOR_M = 3.0
"""Shorter contact joins nothing that is not one grid today: no corridors."""


def build_graph(
    fabric: Fabric,
    rules: Rules,
    growth: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> UnitGraph:
    """
    Turn a fabric into numbers.

    Parameters
    ----------
    fabric
        Units and their borders.
    rules
        Bands, exceptions and locks, by id.
    growth
        The most that come to each unit, and that go, in years that the plan is to stay lawful
        for (`rise_and_fall`); None to look at today alone.

    Returns
    -------
    UnitGraph
        Ids are left behind: grid 41 is ``fabric.places.grid_ids[41]``.

    Raises
    ------
    RulesError
        If a rule names a grid or community that does not exist.
    """
    places, borders = fabric.places, fabric.borders
    _refuse_strangers(rules, places)
    n = len(fabric.units)
    households = fabric.units["households"].to_numpy(np.int64)
    is_open, street = passable(fabric, rules)
    source = np.concatenate([borders.a, borders.b])
    target = np.concatenate([borders.b, borders.a])
    order = np.lexsort((target, source))
    twice = np.tile(np.arange(len(borders.a)), 2)[order]
    special = np.array(places.grid_ids, object)[places.grid_is_special]
    villages = np.array(places.community_ids, object)[places.community_is_village]
    grid_lower, grid_upper = grid_bands(rules, special).limits(places.grid_ids)
    community_lower, community_upper = community_bands(rules, villages).limits(places.community_ids)
    homes = fabric.homes.sort_values(["unit", "grid"])
    point = fabric.units.geometry.representative_point()
    wishes = read_wishes(fabric, rules)
    measure = rules.second_measure.column
    rise, fall = growth or (np.zeros(n, np.int64), np.zeros(n, np.int64))
    return UnitGraph(
        indptr=indptr_of(source, n),
        indices=target[order].astype(np.int32),
        border_m=borders.length_m[twice],
        off_line_m=(borders.off_line_m + PARTY * borders.party_m)[twice],
        is_open=is_open[twice],
        households=households,
        home_indptr=indptr_of(homes["unit"].to_numpy(), n),
        home_grid=homes["grid"].to_numpy(np.int32),
        home_households=homes["households"].to_numpy(np.int64),
        grid_now=fabric.grid_now.astype(np.int32),
        community_now=fabric.community_now.astype(np.int32),
        group=wishes.group,
        group_parts=wishes.group_parts,
        pin=wishes.pin,
        apart=wishes.apart,
        measure=fabric.units[measure].to_numpy(float) if measure else np.zeros(n),
        subdistrict=street.astype(np.int32),
        x=point.x.to_numpy(float),
        y=point.y.to_numpy(float),
        on_rim=_on_rim(fabric),
        grid_community=places.grid_community.astype(np.int32),
        grid_lower=grid_lower,
        grid_upper=grid_upper,
        grid_is_locked=places.grid_is_locked
        | places.grid_is_special
        | np.isin(places.grid_ids, rules.locked_grids)
        | _in_locked_community(places, rules),
        grid_is_enclave=np.isin(places.grid_ids, rules.enclaves),
        community_subdistrict=places.community_subdistrict.astype(np.int32),
        community_lower=community_lower,
        community_upper=community_upper,
        community_is_locked=_community_locks(places, rules),
        rise=rise,
        fall=fall,
    )


def _on_rim(fabric: Fabric) -> NDArray[np.bool_]:
    """Mark the units part of whose outline no other unit shares."""
    borders, n = fabric.borders, len(fabric.units)
    shared = np.bincount(borders.a, borders.length_m, n) + np.bincount(
        borders.b, borders.length_m, n
    )
    outline = shapely.length(fabric.units.geometry.to_numpy())
    return np.asarray(outline - shared > RIM_M, np.bool_)


def _refuse_strangers(rules: Rules, places: Places) -> None:
    for kind, named, known in (
        (
            "网格",
            [
                *rules.locked_grids,
                *rules.enclaves,
                *(g for pair in rules.open_crossings for g in pair),
                *(e.grid_id for e in rules.exceptions if e.grid_id),
            ],
            places.grid_ids,
        ),
        (
            "社区",
            [
                *rules.locked_communities,
                *(e.community_id for e in rules.exceptions if e.community_id),
            ],
            places.community_ids,
        ),
    ):
        strangers = sorted(set(named) - set(known))
        if strangers:
            raise RulesError(
                f"设置里提到的{kind} {'、'.join(strangers)} 不存在",
                where="rules.toml",
                remedy=f"核对编码；数据里的{kind}编码如 {'、'.join(known[:3]) or '（无）'}",
            )


def _community_locks(places: Places, rules: Rules) -> NDArray[np.bool_]:
    locked: NDArray[np.bool_] = places.community_is_locked | np.isin(
        places.community_ids, rules.locked_communities
    )
    return locked | places.community_is_village if rules.villages_whole else locked


def _in_locked_community(places: Places, rules: Rules) -> NDArray[np.bool_]:
    # A locked community keeps its grids; a village only keeps its border.
    locked = places.community_is_locked | np.isin(places.community_ids, rules.locked_communities)
    return np.append(locked, False)[places.grid_community]


def passable(fabric: Fabric, rules: Rules) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """
    Tell which borders join, not closed by a barrier or opened by the rules; and whose ground it is.

    Parameters
    ----------
    fabric
        Units and their borders.
    rules
        Crossings opened by the planner.

    Returns
    -------
    tuple[NDArray[np.bool_], NDArray[np.int64]]
        Whether each border of ``fabric.borders`` joins: one closed border of empty land that
        barriers cut off from everything does, nobody there need pass. And the street of each
        unit: empty land that nothing of its own street touches goes with its neighbour's.
    """
    is_open, street = _opened(fabric, rules), fabric.subdistrict.astype(np.int64)
    is_open = _reach_empty_land(fabric, street, is_open)
    while len(astray := _astray(fabric, street, is_open)):
        street = _with_neighbour(fabric, street, int(astray[0]))
        is_open = _reach_empty_land(fabric, street, is_open)
    return is_open, street


def _with_neighbour(fabric: Fabric, street: NDArray[np.int64], unit: int) -> NDArray[np.int64]:
    """Give a unit the street that it has the longest border with, its own left out."""
    borders, street = fabric.borders, street.copy()
    touch = np.flatnonzero((borders.a == unit) | (borders.b == unit))
    other = street[borders.a[touch] + borders.b[touch] - unit]
    length = np.bincount(other, borders.length_m[touch] * (other != street[unit]))
    street[unit] = int(length.argmax())
    return street


def _astray(
    fabric: Fabric, street: NDArray[np.int64], is_open: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """List the units of empty pieces that touch no ground of their own street outside."""
    borders, n = fabric.borders, len(fabric.units)
    same = street[borders.a] == street[borders.b]
    piece = joined_pieces(fabric, is_open & same)
    empty = np.bincount(piece, fabric.units["households"].to_numpy(np.int64)) == 0
    near = same & (piece[borders.a] != piece[borders.b])
    ends = np.concatenate([borders.a[near], borders.b[near]])
    touched = np.bincount(piece[ends], minlength=len(empty))
    # Only what touches another street can go with it.
    is_rim = np.zeros(n, np.bool_)
    is_rim[borders.a[~same]] = is_rim[borders.b[~same]] = True
    whole = np.bincount(street, minlength=int(street.max(initial=0)) + 1)
    alone = np.bincount(piece) == whole[street[np.unique(piece, return_index=True)[1]]]
    lost = empty & (touched == 0) & ~alone
    return np.flatnonzero(lost[piece] & is_rim)


def _opened(fabric: Fabric, rules: Rules) -> NDArray[np.bool_]:
    """Close corridors; open the borders between the grids that the rules let one pass between."""
    borders, ids = fabric.borders, fabric.places.grid_ids
    a, b = fabric.grid_now[borders.a], fabric.grid_now[borders.b]
    is_corridor = (borders.clear_m < CORRIDOR_M) & ~borders.has_crossing & (a != b)
    is_open = np.asarray(borders.is_open & ~is_corridor, np.bool_)
    for pair in rules.open_crossings:
        codes = [ids.index(g) for g in pair]
        is_open |= np.isin(a, codes) & np.isin(b, codes) & (a != b)
    return is_open


def joined_pieces(fabric: Fabric, joins: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the pieces of ground that the borders of `joins` hold together."""
    borders = fabric.borders
    return linked(len(fabric.units), borders.a[joins], borders.b[joins])


def _reach_empty_land(
    fabric: Fabric, street: NDArray[np.int64], is_open: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Open one closed border of empty land that barriers cut off: nobody there need pass."""
    borders, is_open = fabric.borders, is_open.copy()
    households = fabric.units["households"].to_numpy(np.int64)
    same_street = street[borders.a] == street[borders.b]
    while True:
        piece = joined_pieces(fabric, is_open & same_street)
        empty = np.bincount(piece, households) == 0
        a, b = piece[borders.a], piece[borders.b]
        # Inside its own street first: no grid crosses a street's limit.
        way = (a != b) & (empty[a] | empty[b]) & same_street
        if not way.any():
            return is_open
        ways = np.flatnonzero(way)
        is_open[ways[np.lexsort((ways, -borders.length_m[ways]))][0]] = True
