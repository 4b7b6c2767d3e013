"""A sheet of a workbook, as columns: what the planner reads, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xlsxwriter.utility import xl_col_to_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Kind = Literal["text", "code", "count", "yuan", "km2", "share", "minutes"]

FIRST_ROW = 4
"""Row of a sheet, counted from 1, where its records begin: title, note, headers come before."""


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column.

    Parameters
    ----------
    header
        Its name, Chinese.
    values
        One a record; with a formula, what the formula comes to.
    kind
        How it is written; ``code`` is text whatever it looks like.
    width
        Characters.
    formula
        Gives the formula of a row (counted from 1); None where the values are written.
    is_summed
        True puts the sum under the column, over what a filter leaves.
    is_to_fill
        True marks a column the office fills in.
    """

    header: str
    values: Sequence[object]
    kind: Kind = "text"
    width: float = 12
    formula: Callable[[int], str] | None = None
    is_summed: bool = False
    is_to_fill: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    One sheet.

    Parameters
    ----------
    name
        On its tab.
    title
        Above the table.
    columns
        All of one length.
    note
        Under the title.
    frozen
        Columns that stay in sight.
    is_hidden
        True for a sheet to look things up in: a reader may show it, and it is not printed.
    """

    name: str
    title: str
    columns: Sequence[Column]
    note: str = ""
    frozen: int = 2
    is_hidden: bool = False

    def __post_init__(self) -> None:
        """Refuse columns of different lengths: a row would mix two records."""
        lengths = {len(column.values) for column in self.columns}
        if len(lengths) > 1:
            raise ValueError(f"columns of sheet {self.name} have lengths {sorted(lengths)}")

    @property
    def n_rows(self) -> int:
        """Records."""
        return len(self.columns[0].values)

    @property
    def last_row(self) -> int:
        """Row, counted from 1, of the last record; the one before the first where there is none."""
        return FIRST_ROW + self.n_rows - 1

    def letter(self, header: str) -> str:
        """Give the letter of a column."""
        letters: str = xl_col_to_name([column.header for column in self.columns].index(header))
        return letters
