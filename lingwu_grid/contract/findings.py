"""Findings: what the data did, row by row, in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Severity = Literal["error", "warning", "notice"]
"""`error`: a plan made from this would be wrong, none is made; `warning`: something was set aside
or assumed, look at it; `notice`: told for the record."""

COLUMNS = ("severity", "code", "table", "place", "message", "remedy")

MOST_EACH = 100
"""So many of one kind are listed one by one; the rest in a sum."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in the data: what, where, and what to do."""

    severity: Severity
    code: str
    table: str
    place: str
    """Row number, id, or both."""
    message: str
    remedy: str = ""
    point: tuple[float, float] | None = None
    """Where it lies, longitude and latitude in degrees; for the map, not for the file."""
    count: int = 1
    """Places it stands for: the last of a long list stands for the rest."""


@dataclass(frozen=True, slots=True)
class Findings:
    """
    A list of findings that only grows by making a longer one.

    Examples
    --------
    >>> one = Findings().plus(Finding("notice", "crs_assumed", "roads", "", "坐标系未声明"))
    >>> len(one.rows), one.rows[0].code, len(one.errors())
    (1, 'crs_assumed', 0)
    """

    rows: tuple[Finding, ...] = field(default=())

    def plus(self, *more: Finding) -> Findings:
        """Give these findings and `more`, in order."""
        return Findings(self.rows + more)

    def joined(self, other: Findings) -> Findings:
        """Give these findings followed by the other's."""
        return Findings(self.rows + other.rows)

    def errors(self) -> tuple[Finding, ...]:
        """Give those that forbid a plan."""
        return tuple(row for row in self.rows if row.severity == "error")

    def columns(self) -> dict[str, list[str]]:
        """Give the findings column by column, ready to become a table."""
        return {name: [getattr(row, name) for row in self.rows] for name in COLUMNS}


def each(
    kind: Finding,
    places: Sequence[str],
    *,
    messages: Sequence[str] | None = None,
    points: Sequence[tuple[float, float] | None] | None = None,
) -> list[Finding]:
    """
    Tell one thing of many places: the first hundred one by one, the rest as a count.

    Parameters
    ----------
    kind
        What all of them share; its own place is not used.
    places
        Where, one a finding.
    messages
        What, one a finding; the kind's own where all are alike.
    points
        Longitude and latitude of each.

    Examples
    --------
    >>> kind = Finding("warning", "residents_many", "households", "", "人口过多")
    >>> [f.place for f in each(kind, [f"第 {n} 行" for n in range(102)])][-2:]
    ['第 99 行', '另有 2 处']
    """
    shown = [
        replace(
            kind,
            place=str(place),
            message=messages[i] if messages is not None else kind.message,
            point=points[i] if points is not None else kind.point,
        )
        for i, place in enumerate(places[:MOST_EACH])
    ]
    rest = len(places) - len(shown)
    if rest:
        shown.append(replace(kind, place=f"另有 {rest} 处", point=None, count=rest))
    return shown
