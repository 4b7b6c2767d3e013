"""Settings read from ``rules.toml``: every key checked, the nearest known one offered."""

from __future__ import annotations

import datetime as dt
import difflib
import tomllib
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

from lingwu_grid.contract.errors import RulesError, wrong_setting
from lingwu_grid.contract.levels import levels_from
from lingwu_grid.contract.schema import MEASURES, STATUS_WORDS, TABLES, table_named
from lingwu_grid.contract.staffing import Staffing, staffing_from
from lingwu_grid.contract.walking import Walking, walking_from

if TYPE_CHECKING:
    from pathlib import Path

from lingwu_grid.contract.rules import (
    DATUMS,
    Band,
    CommunityMode,
    Exemption,
    Pin,
    Rules,
    Scenario,
    SecondMeasure,
)

UNUSED = "不用"
"""What an office writes for a file that is not to be used."""


def read_rules(path: Path) -> Rules:
    """
    Read ``rules.toml``.

    Parameters
    ----------
    path
        A TOML file in UTF-8.

    Raises
    ------
    RulesError
        If the file is not TOML, or a key is unknown, or a value is of the wrong kind; the
        sentence names the key and the nearest known one.
    """
    if not path.is_file():
        raise RulesError("找不到设置文件", where=str(path), remedy="核对 --rules 后面的路径")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(
            f"读不懂设置文件：{error}", where=str(path), remedy="用 UTF-8 保存，按示例改正该行"
        ) from error
    return rules_from(raw, where=str(path))


def rules_from(raw: dict[str, Any], *, where: str = "rules") -> Rules:
    """
    Build rules from nested plain values.

    Parameters
    ----------
    raw
        The content of ``rules.toml``.
    where
        Named in errors.

    Raises
    ------
    RulesError
        As :func:`read_rules`.
    """
    _refuse_unknown(raw, [f.name for f in fields(Rules)], where)
    values: dict[str, Any] = {}
    for key, value in raw.items():
        values[key] = _converted(key, value, where)
    return Rules(**values)


def _converted(key: str, value: object, where: str) -> object:
    readers = {
        "grid": _band,
        "community": _band,
        "exceptions": lambda k, v, w: tuple(_exemption(item, w) for item in _list(k, v, w)),
        "levels": lambda k, v, w: levels_from(_list(k, v, w), w),
        "locked_grids": _words,
        "locked_communities": _words,
        "enclaves": _words,
        "split_compounds": _words,
        "together": _groups,
        "apart": _groups,
        "open_crossings": _groups,
        "pins": lambda k, v, w: tuple(_pin(item, w) for item in _list(k, v, w)),
        "second_measure": _second_measure,
        "staffing": _staffing,
        "walking": _walking,
        "prove": _claim,
        "proof_gap": _weight,
        "border_weight": _weight,
        "balance_weight": _weight,
        "tight_weight": _weight,
        "neck_weight": _weight,
        "wrap_weight": _weight,
        "columns": lambda k, v, w: {t: _headers(t, m, w) for t, m in _table(k, v, w).items()},
        "files": _files,
        "status_words": _status_words,
        "datum": _datums,
        "communities": _choice,
        "scenario": _choice,
        "study_name": lambda _k, v, _w: str(v),
        "notice": lambda _k, v, _w: str(v),
        "tiles": lambda _k, v, _w: str(v),
        "effective_date": _day,
        "compounds_whole": _claim,
        "villages_whole": _claim,
        "synthetic": _claim,
    }
    return readers.get(key, _whole)(key, value, where)


def _day(key: str, value: object, where: str) -> str:
    try:
        return dt.date.fromisoformat(str(value)).isoformat() if value else ""
    except ValueError as error:
        raise wrong_setting(key, value, "一个日子，写成“2027-01-05”", where) from error


def _band(key: str, value: object, where: str) -> Band:
    table = _table(key, value, where)
    _refuse_unknown(table, ["lower", "upper"], f"{where} [{key}]")
    default: Band = getattr(Rules(), key)
    return Band(
        _whole(f"{key}.lower", table.get("lower", default.lower), where),
        _whole(f"{key}.upper", table.get("upper", default.upper), where),
    )


def _words(key: str, value: object, where: str) -> tuple[str, ...]:
    return tuple(str(item) for item in _list(key, value, where))


def _claim(key: str, value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise wrong_setting(key, value, "true 或 false", where)
    return value


def _exemption(item: object, where: str) -> Exemption:
    table = _table("exceptions", item, where)
    _refuse_unknown(table, [f.name for f in fields(Exemption)], f"{where} [[exceptions]]")
    if not str(table.get("reason", "")).strip() or not str(table.get("kind", "")).strip():
        raise RulesError(
            "例外没有写明种类或理由",
            where=f"{where} [[exceptions]]",
            remedy="每条例外都要有 kind 和 reason",
        )
    if bool(table.get("grid_id")) == bool(table.get("community_id")):
        raise RulesError(
            "例外须指明一个网格或一个社区",
            where=f"{where} [[exceptions]]",
            remedy="grid_id 和 community_id 恰填一个",
        )
    return Exemption(
        kind=str(table["kind"]),
        reason=str(table["reason"]),
        grid_id=str(table.get("grid_id", "")),
        community_id=str(table.get("community_id", "")),
        lower=_whole("lower", table.get("lower", 0), where),
        upper=_whole("upper", table.get("upper", 0), where),
    )


def _groups(key: str, value: object, where: str) -> tuple[tuple[str, ...], ...]:
    groups = tuple(_words(key, item, where) for item in _list(key, value, where))
    for group in groups:
        if len(set(group)) < 2:
            raise wrong_setting(key, list(group), "至少两个不同编号的列表", where)
    return groups


def _pin(item: object, where: str) -> Pin:
    table = _table("pins", item, where)
    _refuse_unknown(table, ["place", "grid_id"], f"{where} [[pins]]")
    place, grid_id = str(table.get("place", "")), str(table.get("grid_id", ""))
    if not place or not grid_id:
        raise RulesError(
            "固定归属没有写全",
            where=f"{where} [[pins]]",
            remedy="place（小区、楼栋或单元编号）和 grid_id 都要填",
        )
    return Pin(place, grid_id)


def _headers(key: str, value: object, where: str) -> dict[str, str | tuple[str, ...]]:
    return {
        str(name): tuple(map(str, said)) if isinstance(said, list | tuple) else str(said)
        for name, said in _table(f"columns.{key}", value, where).items()
    }


def _files(key: str, value: object, where: str) -> dict[str, str]:
    tables = {str(file): str(name) for file, name in _table(key, value, where).items()}
    for file, name in tables.items():
        if name not in ("", UNUSED) and table_named(name) is None:
            known = "、".join(t.title for t in TABLES.values())
            raise wrong_setting(f"{key}.{file}", name, f"{known}、{UNUSED} 之一", where)
    return {file: table_named(name) or "" for file, name in tables.items()}


def _status_words(key: str, value: object, where: str) -> dict[str, str]:
    known = {word: kind for kind, words in STATUS_WORDS.items() for word in (kind, *words)}
    meant = {str(word): str(kind) for word, kind in _table(key, value, where).items()}
    for word, kind in meant.items():
        if kind not in known:
            allowed = "、".join(words[0] for words in STATUS_WORDS.values())
            raise wrong_setting(f"{key}.{word}", kind, f"{allowed} 之一", where)
    return {word: known[kind] for word, kind in meant.items()}


def _datums(key: str, value: object, where: str) -> dict[str, str]:
    table = _table(key, value, where)
    _refuse_unknown(table, ["all", *TABLES], f"{where} [{key}]")
    for name, datum in table.items():
        if datum not in DATUMS:
            raise wrong_setting(f"{key}.{name}", datum, "、".join(DATUMS) + " 之一", where)
    return {str(name): str(datum) for name, datum in table.items()}


def _second_measure(key: str, value: object, where: str) -> SecondMeasure:
    table = _table(key, value, where)
    _refuse_unknown(table, ["column", "weight"], f"{where} [{key}]")
    column, weight = table.get("column", ""), table.get("weight", 0.2)
    if column not in MEASURES:
        raise wrong_setting("second_measure.column", column, " 或 ".join(MEASURES), where)
    return SecondMeasure(column, _weight("second_measure.weight", weight, where))


def _staffing(key: str, value: object, where: str) -> Staffing:
    table = _table(key, value, where)
    _refuse_unknown(table, [f.name for f in fields(Staffing)], f"{where} [{key}]")
    return staffing_from(table, where)


def _walking(key: str, value: object, where: str) -> Walking:
    table = _table(key, value, where)
    _refuse_unknown(table, [f.name for f in fields(Walking)], f"{where} [{key}]")
    return walking_from(table, where)


def _weight(key: str, value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise wrong_setting(key, value, "非负数", where)
    return float(value)


def _choice(key: str, value: object, where: str) -> object:
    allowed = get_args(CommunityMode if key == "communities" else Scenario)
    if value not in allowed:
        raise wrong_setting(key, value, "、".join(allowed) + " 之一", where)
    return value


def _whole(key: str, value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise wrong_setting(key, value, "非负整数", where)
    return value


def _table(key: str, value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong_setting(key, value, "一个表", where)
    return value


def _list(key: str, value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise wrong_setting(key, value, "一个列表", where)
    return value


def _refuse_unknown(raw: dict[str, Any], known: list[str], where: str) -> None:
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise RulesError(
                f"没有名为 {key} 的设置",
                where=where,
                remedy=f"您是不是要写 {near[0]}？" if near else "可用的有：" + "、".join(known),
            )
