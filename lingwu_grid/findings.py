"""Findings: what the data did, row by row, in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal

Severity = Literal["error", "warning", "notice"]


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


@dataclass(frozen=True, slots=True)
class Findings:
    """
    A list of findings that only grows by making a longer one.

    Examples
    --------
    >>> one = Findings().plus(Finding("notice", "crs_assumed", "roads", "", "坐标系未声明"))
    >>> len(one.rows), one.rows[0].code
    (1, 'crs_assumed')
    """

    rows: tuple[Finding, ...] = field(default=())

    def plus(self, *more: Finding) -> Findings:
        """Give these findings and `more`, in order."""
        return Findings(self.rows + more)

    def joined(self, other: Findings) -> Findings:
        """Give these findings followed by the other's."""
        return Findings(self.rows + other.rows)

    def columns(self) -> dict[str, list[str]]:
        """Give the findings column by column, ready to become a table."""
        return {f.name: [getattr(row, f.name) for row in self.rows] for f in fields(Finding)}
