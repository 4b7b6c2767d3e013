"""Levels: zones inside grids, or made of communities, each with a range of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from lingwu_grid.contract.errors import RulesError

if TYPE_CHECKING:
    from collections.abc import Sequence

GRIDS, COMMUNITIES = "grid", "community"

TAKEN = frozenset(
    ["household", "unit", "building", "compound", GRIDS, COMMUNITIES, "previous_grid",
     "previous_community"]
)  # fmt: skip
"""Words that columns of the plan begin with."""


@dataclass(frozen=True, slots=True)
class Level:
    """
    One level of zones beside grids and communities.

    Parameters
    ----------
    id
        Lower-case letters: the column ``<id>_id`` of the assignment, and what stands in files.
    name
        What people call such a zone: 微网格.
    inside
        `grid`, or the id of a level above this one: every zone lies inside one of those.
    made_of
        `community`: every zone is made of whole communities; `inside` is then empty.
    lower, upper
        Households a zone may have, inclusive.
    """

    id: str
    name: str
    lower: int
    upper: int
    inside: str = ""
    made_of: str = ""

    @property
    def key(self) -> str:
        """Give the column of the assignment that tells a household's zone."""
        return f"{self.id}_id"


def levels_from(items: Sequence[object], where: str) -> tuple[Level, ...]:
    """
    Read the levels of ``rules.toml``.

    Parameters
    ----------
    items
        Its tables ``[[levels]]``.
    where
        Named in errors.

    Raises
    ------
    RulesError
        If one is incomplete, or lies inside what is not there; the sentence says how to mend it.

    Examples
    --------
    >>> levels_from([{"id": "micro", "name": "微网格", "lower": 30, "upper": 100}], "")[0].inside
    'grid'
    """
    found: list[Level] = []
    for item in items:
        found.append(_level(item, found, f"{where} [[levels]]"))
    return tuple(found)


def _level(item: object, known: Sequence[Level], where: str) -> Level:
    said = _keys(item, where)
    for key in ("id", "name"):
        if said[key] in [getattr(level, key) for level in known]:
            raise RulesError(
                f"层级的 {key} “{said[key]}”写了两次", where=where, remedy="各层级的名字各不相同"
            )
    lower, upper = said["lower"], said["upper"]
    is_whole = all(isinstance(n, int) and not isinstance(n, bool) for n in (lower, upper))
    if not is_whole or not 0 < lower <= upper:
        raise RulesError(
            f"{said['name']}的下限 {lower} 和上限 {upper} 不成立", where=where,
            remedy="下限须为正整数且不大于上限",
        )  # fmt: skip
    inside, made_of = str(said.get("inside", "")), str(said.get("made_of", ""))
    if not made_of:
        inside = inside or GRIDS
    _require_place(str(said["name"]), inside, made_of, known, where)
    return Level(str(said["id"]), str(said["name"]).strip(), lower, upper, inside, made_of)


def _keys(item: object, where: str) -> dict[str, Any]:
    """Give what is said of a level, its words checked."""
    if not isinstance(item, dict):
        raise RulesError("层级不是一个表", where=where, remedy="每个层级写成一段 [[levels]]")
    names = [f.name for f in fields(Level)]
    if strange := sorted(set(item) - set(names)):
        raise RulesError(
            f"层级没有名为 {strange[0]} 的设置", where=where, remedy=f"可用的有：{'、'.join(names)}"
        )
    if missing := [n for n in ("id", "name", "lower", "upper") if n not in item]:
        raise RulesError(
            f"层级缺 {'、'.join(missing)}", where=where,
            remedy='例如 id = "micro"，name = "微网格"，lower = 30，upper = 100',
        )  # fmt: skip
    if not re.fullmatch(r"[a-z][a-z_]{0,20}", str(item["id"])) or item["id"] in TAKEN:
        raise RulesError(
            f"层级的 id “{item['id']}”不行", where=where,
            remedy="用小写英文字母，且不是 grid、community 等已有的字",
        )  # fmt: skip
    if not str(item["name"]).strip():
        raise RulesError("层级没有名字", where=where, remedy="name 写这一层叫什么，例如“微网格”")
    return item


def _require_place(
    name: str, inside: str, made_of: str, known: Sequence[Level], where: str
) -> None:
    """Refuse a level that lies inside what is not there, or is made of what it cannot be."""
    if made_of and (inside or made_of != COMMUNITIES):
        raise RulesError(
            f"{name}的 made_of 不成立", where=where,
            remedy='由整个社区组成的写 made_of = "community"，不写 inside',
        )  # fmt: skip
    above = [GRIDS, *(level.id for level in known if level.inside)]
    if not made_of and inside not in above:
        raise RulesError(
            f"{name}的上一级 {inside} 不在", where=where,
            remedy=f"inside 写 {'、'.join(above)} 之一；上一级写在前面",
        )  # fmt: skip
