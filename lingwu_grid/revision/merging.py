"""Patches become one list of changes; what offices disagree on is told, not decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lingwu_grid.contract.errors import InputError
from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.revision.patch import Edit, Patch

SHOWN = 8
"""Faults of a file named in one sentence."""


@dataclass(frozen=True)
class Merged:
    """
    What all offices wish together.

    Parameters
    ----------
    target
        Grid of each unit that changes: an id of the plan, or the name of a new grid.
    source
        The file that asked for it.
    new_grids
        Community of each new grid, by file and its own id.
    locks
        Grids that are to stay as they are then.
    conflicts
        Sentences; empty where the offices agree.
    contested
        Units of the conflicts; they are not in `target`.
    """

    target: dict[str, str]
    source: dict[str, str]
    new_grids: dict[str, str]
    locks: tuple[str, ...]
    conflicts: tuple[str, ...]
    contested: tuple[str, ...]


def require_fit(record: PlanRecord, patch: Patch) -> None:
    """
    Refuse a patch for another plan, or one that names what is not there.

    Raises
    ------
    InputError
        With everything that does not fit, in one sentence.
    """
    mine = plan_of(record)
    if patch.plan != mine:
        raise InputError(
            f"这份意见是对另一个方案（{patch.plan}）提的，这里的方案是 {mine}",
            where=patch.name,
            remedy="用当时发出的方案文件夹；方案更新后请街道在新的审议页上重提",
        )
    grid_of = dict(zip(record.units["unit_id"], record.units["grid_id"], strict=True))
    grids = set(record.grids["grid_id"]) | set(patch.new_grids)
    owner = dict(zip(record.grids["grid_id"], record.grids["community_id"], strict=True))
    street = dict(
        zip(record.communities["community_id"], record.communities["subdistrict_id"], strict=True)
    )
    wrong = [f"没有街道 {patch.street}"] if patch.street not in set(street.values()) else []
    wrong += [f"新网格的编号 {g} 已有网格在用" for g in patch.new_grids if g in owner]
    wrong += [f"没有单元 {e.unit}" for e in patch.edits if e.unit not in grid_of]
    wrong += [f"没有网格 {e.after}" for e in patch.edits if e.after not in grids]
    wrong += [
        f"单元 {e.unit} 在方案里属 {grid_of[e.unit]}，意见写 {e.before}"
        for e in patch.edits
        if e.unit in grid_of and grid_of[e.unit] != e.before
    ]
    wrong += [
        f"单元 {e.unit} 不在街道 {patch.street}"
        for e in patch.edits
        if e.unit in grid_of and str(street.get(owner[grid_of[e.unit]])) != patch.street
    ]
    wrong += [f"没有社区 {c}" for c in patch.new_grids.values() if c not in street]
    wrong += [f"没有网格 {g}" for g in patch.locks if g not in grids]
    wrong += [
        f"单元 {e.unit} 不能跨街道"
        for e in patch.edits
        if e.unit in grid_of
        and e.after in grids
        and street.get(owner[grid_of[e.unit]])
        != street.get(owner.get(e.after, patch.new_grids.get(e.after, "")))
    ]
    if wrong:
        more = f"；共 {len(wrong)} 处" if len(wrong) > SHOWN else ""
        raise InputError(
            "、".join(dict.fromkeys(wrong[:SHOWN])) + more,
            where=patch.name,
            remedy="请街道在这个方案的审议页上重新导出",
        )


def merge(patches: list[Patch], record: PlanRecord) -> Merged:
    """
    Merge patches.

    Parameters
    ----------
    patches
        Each fits the plan.
    record
        The plan.

    Returns
    -------
    Merged
        Units that two offices give to different grids, or take out of or put into a grid that
        another office wants left alone, are conflicts.
    """
    names = record.names
    target: dict[str, str] = {}
    source: dict[str, str] = {}
    conflicts: list[str] = []
    contested: set[str] = set()
    locked: dict[str, list[Patch]] = {}
    # The same file sent twice is one wish.
    patches = list({patch.digest: patch for patch in reversed(patches)}.values())[::-1]
    for patch in patches:
        for grid in patch.locks:
            locked.setdefault(grid, []).append(patch)
    for patch, edit in [(p, edit) for p in patches for edit in p.edits]:
        after = own_name(patch, edit.after)
        other = target.get(edit.unit)
        against = _kept_by_others(patch, edit, locked, names)
        if other is not None and other != after:
            against.insert(0, _given_twice(patch, source[edit.unit], other, after, names))
        if against:
            contested.add(edit.unit)
            conflicts += [f"单元 {edit.unit}：{words}" for words in against]
        target[edit.unit], source[edit.unit] = after, patch.name
    for unit in contested:
        target.pop(unit)
    kept = set(target.values())
    known = set(record.grids["grid_id"])
    return Merged(
        target=target,
        source={u: source[u] for u in target},
        new_grids={
            own_name(p, g): c
            for p in patches
            for g, c in p.new_grids.items()
            if own_name(p, g) in kept
        },
        locks=tuple(sorted(g for g in locked if g in known)),
        conflicts=tuple(dict.fromkeys(conflicts)),
        contested=tuple(sorted(contested)),
    )


def _given_twice(patch: Patch, first: str, other: str, after: str, names: Mapping[str, str]) -> str:
    """Say that a unit is given to two grids: by two offices, or by one that is of two minds."""
    one, two = said_name(other, names), said_name(after, names)
    if first == patch.name:
        return f"{patch.name} 里前后不一，既划给 {one} 又划给 {two}"
    return f"{first} 划给 {one}，{patch.name} 划给 {two}"


def _kept_by_others(
    patch: Patch, edit: Edit, locked: dict[str, list[Patch]], names: Mapping[str, str]
) -> list[str]:
    """Say which offices want a grid left alone that a unit leaves or enters."""
    return [
        f"{patch.name} 改动 {said_name(grid, names)}，{keeper.name} 要求锁定它"
        for grid in (edit.before, edit.after)
        for keeper in locked.get(grid, [])
        if keeper.digest != patch.digest
    ]


def own_name(patch: Patch, grid: str) -> str:
    """Tell the new grids of two offices apart: both call theirs new-1."""
    return f"{patch.name}:{grid}#{patch.digest[:12]}" if grid in patch.new_grids else grid


def said_name(grid: str, names: Mapping[str, str]) -> str:
    """Say a grid to people: by its name, a new one by the office's own number and file."""
    file, _, own = (grid.rpartition("#")[0] or grid).rpartition(":")
    return f"新网格{own.removeprefix('new-')}（{file}）" if file else names.get(grid, grid)
