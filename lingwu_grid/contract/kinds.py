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
    """How a status is drawn."""

    colour: str
    """On a screen."""
    paper: str


LIVING, RETIRED = "在用", "停用"
"""What the register says of a code."""

STATUSES: dict[str, Look] = {
    "合规": Look("#2e7d32", "#c8e6c9"),
    "例外": Look("#6a51a3", "#d1c4e9"),
    "超限": Look("#c62828", "#ffcdd2"),
}
"""Of grids and communities of a plan, in the order of legends."""

SIDES: dict[str, str] = {
    "超上限": "#e53935", "不足下限": "#fb8c00", "在范围内": "#cfd8dc", "例外": "#d1c4e9",
}  # fmt: skip
"""How today's zones stand, and their colour."""
