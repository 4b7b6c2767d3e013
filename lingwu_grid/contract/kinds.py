"""Kinds of barriers and statuses of zones: what they are called and how they are drawn.

One entry here is all a new kind takes: every reader, map, page, paper and cause follows from it.
An unknown kind is told as a finding, stands in the way like any other, and is drawn the same
everywhere.
"""

from __future__ import annotations

from typing import NamedTuple


class BarrierKind(NamedTuple):
    """A kind of barrier."""

    words: tuple[str, ...]
    """What an office calls it."""
    name: str
    """What we call it, in Chinese: also the start of the name of one without a name."""
    colour: str
    width: float
    """On paper, points."""
    legend: str
    """Its line of a legend; kinds that share it are drawn alike."""


BARRIERS: dict[str, BarrierKind] = {
    "river": BarrierKind(("河", "河流", "water"), "河流", "#1e88e5", 2.4, "水系"),
    "canal": BarrierKind(("渠", "水渠", "干渠"), "水渠", "#1e88e5", 2.4, "水系"),
    "rail": BarrierKind(("铁路", "railway"), "铁路", "#37474f", 2.0, "铁路"),
    "expressway": BarrierKind(
        ("高速", "高速公路", "motorway"), "高速公路", "#6d4c41", 2.0, "高速公路"
    ),
    "wall": BarrierKind(("墙", "围墙"), "围墙", "#8d6e63", 0.8, "围墙"),
}

UNKNOWN = BarrierKind((), "障碍", "#8d6e63", 1.6, "其他障碍")
"""A kind that is none of them."""


def barrier(kind: str) -> BarrierKind:
    """Give how a barrier is called and drawn, whatever its kind."""
    return BARRIERS.get(kind, UNKNOWN)


class Look(NamedTuple):
    """How a status is drawn: never by colour alone."""

    colour: str
    """On a screen."""
    paper: str
    mark: str
    """Beside the count; empty for what needs no attention."""


LIVING, RETIRED = "在用", "停用"
"""What the register says of a code."""

STATUSES: dict[str, Look] = {
    "合规": Look("#00897b", "#d7f0e6", ""),
    "例外": Look("#6a51a3", "#c5b3e6", "◆"),
    "超限": Look("#c62828", "#f4a3a0", "✕"),
}
"""
Of grids and communities of a plan, in the order of legends.

Any two colours of one kind differ by 20 or more (CIE76), also for who sees no red or no green.
"""

SIDES: dict[str, Look] = {
    "超上限": Look("#c62828", "#c62828", "▲"),
    "不足下限": Look("#1565c0", "#1565c0", "▼"),
    "在范围内": Look("#dfe5e8", "#dfe5e8", ""),
    "例外": Look("#b39ddb", "#b39ddb", "◆"),
}
"""How today's zones stand; apart for everybody's eyes from one another and from `MOVED`."""

MOVED = "#ff6d00"
"""What the plan moves."""

MINUTES = ("#006d5b", "#5fb8a0", "#f0eeb5", "#f39a4d", "#7b1fa2")
"""Walks up to 5, 10 and 15 minutes, longer ones, and none."""
