"""Walking: the assumptions behind every minute, and what remedies cost (policy §17)."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - read by dataclasses
from dataclasses import dataclass, field
from typing import Any

from lingwu_grid.contract import policy
from lingwu_grid.contract.errors import InputError, wrong_setting

SLOWEST, FASTEST = 0.2, 3.0
"""Metres a second that a walk may have: a frail person with a frame, and a runner."""

LONGEST_WAIT_S = 300.0
"""Nobody waits longer before a road."""

STEEPEST_STAIRS = 10.0
"""Metres that a metre of stairs may count for."""

STRANGERS = ("unknown", "open", "closed")

MOST_YUAN = 1e12

DAY_TIME = re.compile(r"(\d{1,2})[:：](\d{2})")
HOURS = re.compile(rf"{DAY_TIME.pattern}\s*(?:-|—|–|~|～|至|到)+\s*{DAY_TIME.pattern}")
NEVER = ("否", "不开", "不开放", "关闭", "封闭", "常闭", "长期关闭", "no", "0", "false", "closed")
ALWAYS = ("", "是", "全天", "24小时", "开放", "常开", "yes", "1", "true", "open", "24h")
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Walking:
    """
    How people walk where no table tells it, and what a remedy costs.

    Parameters
    ----------
    speed_m_s, elderly_speed_m_s
        Metres a second on level ground.
    compounds
        Whether strangers may walk through compounds with gates: `open`, `closed`, or `unknown`,
        which is counted as open and shown as an interval; the column `open` of a compound is
        believed before this.
    crossing_s
        Seconds lost at crossing a road of a class (OSM highway values); classes not told are
        counted as 0, and shown as an interval.
    stairs
        Metres that a metre of stairs (class ``steps``) counts for.
    at
        Time of day, "08:30", at which gates with hours are looked at; empty for any time at which
        they open.
    gate_yuan, bridge_yuan, opening_yuan
        What a new gate, a footbridge or underpass, and opening a compound to strangers cost, yuan:
        an assumption of the office, none of the policy's.
    """

    speed_m_s: float = policy.WALKING_SPEED_M_S
    elderly_speed_m_s: float = policy.ELDERLY_SPEED_M_S
    compounds: str = "unknown"
    crossing_s: Mapping[str, float] = field(default_factory=dict)
    stairs: float = 2.0
    at: str = ""
    gate_yuan: float = 50_000.0
    bridge_yuan: float = 2_000_000.0
    opening_yuan: float = 20_000.0


def require_walk(word: str, speed: float) -> None:
    """
    Refuse a speed that nobody walks at: minutes, kilometres an hour, a slip of the keyboard.

    Raises
    ------
    InputError
        If it is not between `SLOWEST` and `FASTEST` metres a second; kilometres an hour are asked
        back.
    """
    if not SLOWEST <= speed <= FASTEST:
        raise InputError(
            f"{word}须在每秒 {SLOWEST}—{FASTEST} 米之间，现在是 {speed}",
            where="步行",
            remedy=_other_speed(speed),
        )


def _other_speed(speed: float) -> str:
    hourly = speed / 3.6
    if SLOWEST <= hourly <= FASTEST:
        return f"{speed:g} 是不是公里/小时？那是每秒 {hourly:.2f} 米，写成 {hourly:.2f}"
    return "例如 1.2（老年人 0.8）"


def walking_from(raw: dict[str, Any], where: str) -> Walking:
    """
    Read the table ``[walking]`` of ``rules.toml``.

    Parameters
    ----------
    raw
        Its keys, known ones only.
    where
        Named in errors.

    Raises
    ------
    RulesError
        If a value is of the wrong kind or nothing that can be.
    """
    for name, value in raw.items():
        for is_right, wanted in _wants(name, value):
            if not is_right:
                raise wrong_setting(f"walking.{name}", value, wanted, where)
    values: dict[str, Any] = {
        name: float(value) if isinstance(value, int) else value for name, value in raw.items()
    }
    return Walking(**values)


def is_open_at(hours: str, at: str) -> bool | None:
    """
    Tell whether a gate is open; None where its hours cannot be read.

    Parameters
    ----------
    hours
        As an office writes them: "06:00-22:00", "6:30—8:30、17:00—19:00", 全天, 否; empty for
        always.
    at
        Time of day; empty asks whether it ever opens.

    Examples
    --------
    >>> [is_open_at("06:00-22:00", t) for t in ("05:59", "06:00", "21:59", "22:00", "")]
    [False, True, True, False, True]
    >>> is_open_at("22:00-06:00", "23:30"), is_open_at("常闭", ""), is_open_at("早上", "08:00")
    (True, False, None)
    """
    text = hours.strip().lower()
    if text in ALWAYS or text in NEVER:
        return text in ALWAYS
    found = [tuple(map(int, span)) for span in HOURS.findall(text)]
    spans = [(a * 60 + b, c * 60 + d) for a, b, c, d in found]
    wrong = any(max(b, d) >= 60 for _, b, _, d in found)
    if not spans or wrong or any(max(a, b) > DAY_MINUTES or a == b for a, b in spans):
        return None
    if not at:
        return True
    hour, minute = map(int, at.replace("：", ":").split(":"))
    now = hour * 60 + minute
    return any(a <= now < b if a <= b else now >= a or now < b for a, b in spans)


def _is_time(value: object) -> bool:
    found = DAY_TIME.fullmatch(value) if isinstance(value, str) else None
    return found is not None and int(found[1]) < 24 and int(found[2]) < 60


def _is_number(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _wants(name: str, value: object) -> list[tuple[bool, str]]:
    """List what a setting must meet, and the words for it; the first that fails is told."""
    if name == "compounds":
        return [(value in STRANGERS, "、".join(STRANGERS) + " 之一")]
    if name == "at":
        return [(value == "" or _is_time(value), '一天里的时间，例如 "08:30"')]
    if name == "crossing_s":
        waits = value.values() if isinstance(value, dict) else [None]
        right = all(_is_number(seconds, 0.0, LONGEST_WAIT_S) for seconds in waits)
        return [(right, f"一个表，每级道路 0—{LONGEST_WAIT_S:g} 秒，例如 {{primary = 30}}")]
    if name == "stairs" or name.endswith("_yuan"):
        low, high = (1.0, STEEPEST_STAIRS) if name == "stairs" else (0.0, MOST_YUAN)
        return [(_is_number(value, low, high), f"{low:g}—{high:g} 的数")]
    if not isinstance(value, int | float) or isinstance(value, bool):
        return [(False, "数（米/秒）")]
    limits = f"每秒 {SLOWEST}—{FASTEST} 米；{_other_speed(value)}"
    return [(SLOWEST <= value <= FASTEST, limits)]
