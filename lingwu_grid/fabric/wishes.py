"""What a planner wishes of places: pins, together, apart, crossings; names become numbers."""

from __future__ import annotations

import difflib
from itertools import chain, combinations, product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lingwu_grid.contract.errors import RulesError
from lingwu_grid.lawful import grid_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.fabric.units import Fabric


class Wishes(NamedTuple):
    """Wishes as numbers."""

    pin: NDArray[np.int32]
    """Grid each unit must be in; -1 for any."""
    group: NDArray[np.int32]
    group_parts: NDArray[np.int32]
    apart: NDArray[np.int32]
    """Pairs of units that must not share a grid."""


def read_wishes(fabric: Fabric, rules: Rules) -> Wishes:
    """
    Turn the wishes of `rules` about compounds, buildings and units into numbers.

    Parameters
    ----------
    fabric
        Names of places.
    rules
        Pins, together, apart.

    Returns
    -------
    Wishes
        Groups hold the compounds over the limit as well.

    Raises
    ------
    RulesError
        If a place or grid does not exist, or one place is pinned to two grids.
    """
    group, parts = _together(fabric, rules)
    return Wishes(_pins(fabric, rules), group, parts, _apart(fabric, rules))


def units_of(fabric: Fabric, place: str, where: str) -> NDArray[np.int64]:
    """
    List the units of a compound, building or unit.

    Raises
    ------
    RulesError
        If there is no such place; the sentence names the nearest one.
    """
    named = fabric.named
    units: NDArray[np.int64] = named.loc[named["name"] == place, "unit"].to_numpy(np.int64)
    if not len(units):
        near = difflib.get_close_matches(place, named["name"].unique().tolist(), n=1)
        hint = f"您是不是要写 {near[0]}？" if near else "填数据里的小区、楼栋或单元编号"
        raise RulesError(f"找不到小区、楼栋或单元 {place}", where=where, remedy=hint)
    return np.unique(units)


def _pins(fabric: Fabric, rules: Rules) -> NDArray[np.int32]:
    where = "rules.toml [[pins]]"
    pin = np.full(len(fabric.units), -1, np.int32)
    for item in rules.pins:
        if item.grid_id not in fabric.places.grid_ids:
            raise RulesError(f"网格 {item.grid_id} 不存在", where=where, remedy="核对网格编码")
        grid = fabric.places.grid_ids.index(item.grid_id)
        units = units_of(fabric, item.place, where)
        if ((pin[units] >= 0) & (pin[units] != grid)).any():
            raise RulesError(
                f"{item.place} 被固定到两个网格",
                where=where,
                remedy="一处只能固定到一个网格；整体保留的小区各楼不能分别固定",
            )
        pin[units] = grid
    return pin


def _together(fabric: Fabric, rules: Rules) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    group = fabric.group.astype(np.int32)
    households = fabric.units["households"].to_numpy(np.int64)
    next_group = int(group.max(initial=-1)) + 1
    for places in rules.together:
        units = np.concatenate([units_of(fabric, p, "rules.toml together") for p in places])
        kin = np.unique(group[units])
        member = np.isin(group, kin[kin >= 0])
        member[units] = True
        group[member] = next_group
        next_group += 1
    if not next_group:
        return group, np.empty(0, np.int32)
    used = group >= 0
    total = np.bincount(group[used], households[used], minlength=next_group)
    # Households of a compound that lie outside its units count too.
    known = len(fabric.group_households)
    total[:known] = np.where(total[:known] > 0, fabric.group_households, 0)
    limit = grid_bands(rules, ()).wanted.upper
    fewest = np.maximum(np.ceil(total / limit), 1).astype(np.int32)
    # Nobody asked for a compound to be gathered that lies in more grids today: it may stay so.
    # Places that are wished together are.
    homes = fabric.homes.assign(group=fabric.group[fabric.homes["unit"].to_numpy()])
    today = homes[homes["group"] >= 0].groupby("group")["grid"].nunique()
    fewest[today.index] = np.maximum(fewest[today.index], today.to_numpy())
    return group, fewest


def _apart(fabric: Fabric, rules: Rules) -> NDArray[np.int32]:
    where = "rules.toml apart"
    pairs: set[tuple[int, int]] = set()
    for first, second in chain.from_iterable(combinations(p, 2) for p in rules.apart):
        here, there = (units_of(fabric, place, where) for place in (first, second))
        if np.isin(here, there).any():
            raise RulesError(
                f"{first} 和 {second} 在同一个不可分的单元里，不能分开",
                where=where,
                remedy="去掉这一条，或把所在小区列入 split_compounds",
            )
        pairs |= {(min(a, b), max(a, b)) for a, b in product(here.tolist(), there.tolist())}
    return np.array(sorted(pairs), np.int32).reshape(-1, 2)
