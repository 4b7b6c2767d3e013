"""Kinds of towns and of lines: what sets a plain, a valley and an industrial town apart."""

from __future__ import annotations

from typing import NamedTuple

from lingwu_grid.contract.errors import RulesError

OUTLINE, ARTERIAL, COLLECTOR, STREET, LANE, WALL, CANAL, RAIL, RIVER = range(9)
"""What a line of the town is: from the ring road to the wall between two lots, and barriers."""
BARRIERS = (CANAL, RAIL, RIVER)
LEVEL_OF = {"canal": CANAL, "rail": RAIL, "river": RIVER}


class Course(NamedTuple):
    """A canal, river or railway: where it runs through a part, in shares of width and height."""

    kind: str
    begin: tuple[float, float]
    end: tuple[float, float]
    sway: float
    """How far it bends to either side, metres."""
    waves: float


class Part(NamedTuple):
    """A built-up part of the town that streets hold together."""

    share: float
    """Of the town's households."""
    aspect: float
    """Width over height."""
    bend: float
    """How far its long axis bows, as a share of its width."""
    courses: tuple[Course, ...]


class Kind(NamedTuple):
    """What a town is like."""

    parts: tuple[Part, ...]
    old: float
    """Share of the ground that old quarters take."""
    works: float
    """Share of the lots that are factories and offices."""


CANAL_COURSE = Course("canal", (0.55, -0.06), (0.72, 1.06), 38.0, 1.3)
RAILWAY_COURSE = Course("rail", (-0.06, 0.70), (1.06, 0.84), 22.0, 0.6)
RIVER_COURSE = Course("river", (-0.08, 0.44), (0.46, -0.08), 130.0, 1.1)

KINDS = {
    "town": Kind((Part(1.0, 1.15, 0.0, (CANAL_COURSE, RAILWAY_COURSE, RIVER_COURSE)),), 0.2, 0.04),
    "valley": Kind(
        (
            Part(
                1.0,
                4.6,
                0.09,
                (
                    Course("river", (-0.04, 0.36), (1.04, 0.42), 45.0, 2.5),
                    Course("rail", (-0.04, 0.80), (1.04, 0.74), 18.0, 1.2),
                ),
            ),
        ),
        0.16,
        0.05,
    ),
    "industrial": Kind(
        (
            Part(0.62, 1.1, 0.0, (CANAL_COURSE,)),
            Part(0.38, 1.5, 0.03, (RAILWAY_COURSE,)),
        ),
        0.1,
        0.14,
    ),
}


def kind_of(word: str) -> Kind:
    """
    Give the kind of town with this name.

    Raises
    ------
    RulesError
        If there is none.
    """
    if word not in KINDS:
        raise RulesError(f"没有“{word}”这种示例城镇", remedy="可以写：" + "、".join(KINDS))
    return KINDS[word]
