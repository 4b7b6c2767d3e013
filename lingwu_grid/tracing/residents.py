"""What residents are told: that a paper names just the buildings that go that way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lingwu_grid.tracing.words import Z

if TYPE_CHECKING:
    from lingwu_grid.tracing.ledgers import Ledgers
    from lingwu_grid.tracing.numbers import Names

WHO = re.compile(r"^(.*)各位住户")
WAYS = (
    re.compile(rf"起由(?P<c0>{Z})（(?P<g0>{Z})）调整为(?P<c1>{Z})（(?P<g1>{Z})）"),
    re.compile(rf"起随所在的(?P<g0>{Z})由(?P<c0>{Z})改属(?P<c1>{Z})(?:，改称(?P<g1>{Z}))?"),
    re.compile(rf"起划归(?P<c1>{Z})（(?P<g1>{Z})）"),
)
WHICH = "适用楼栋："


class Residents:
    """
    The notes to residents, paragraph by paragraph.

    Parameters
    ----------
    facts
        The plan.
    names
        What things are called.
    """

    def __init__(self, facts: Ledgers, names: Names) -> None:
        self._facts = facts
        self._names = names
        self._place, self._way = "", dict[str, str]()

    def found(self, text: str) -> list[tuple[str, str]]:
        """
        Take the next paragraph.

        Parameters
        ----------
        text
            As printed.

        Returns
        -------
        list
            Buildings as printed, each with what it must be; those that are missing too.
        """
        masked = self._names.masked(text)
        if who := WHO.match(text):
            self._place = "" if who[1] == "下列楼栋" else who[1]
        for kind in WAYS:
            if found := kind.search(masked):
                self._way = {
                    key: self._names.of(mark) for key, mark in found.groupdict().items() if mark
                }
        if not text.startswith(WHICH):
            return []
        told = set(re.split(r"、\s*", text.removeprefix(WHICH).rstrip("。")))
        known = self._buildings()
        out = [(name, name if name in known else "不是这样走的楼栋") for name in sorted(told)]
        return out + [("（没有写）", name) for name in sorted(known - told)]

    def _buildings(self) -> set[str]:
        """Give the buildings of the place that go the way of the last paragraph."""
        facts, way = self._facts, self._way
        rows = facts.housed[facts.passing.to_numpy()]
        rows = rows[rows["compound"] == self._place]
        wanted = {
            "previous_grid_id": way.get("g0", ""), "community_id": way.get("c1", ""),
            "grid_id": way.get("g1", way.get("g0", "")),
        }  # fmt: skip
        if "c0" in way:  # who had no grid is told where he goes, not whence
            wanted["previous_community_id"] = way["c0"]
        for column, name in wanted.items():
            rows = rows[rows[column].map(lambda c: facts.names.get(c, c)) == name]
        return set(rows["house"].where(rows["house"] != "", rows["place"]))
