"""What is guessed: tables and words, each with what it is taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.contract.schema import TABLES
from lingwu_grid.contract.settings import UNUSED

if TYPE_CHECKING:
    from lingwu_grid.ingest.columns_guessed import GuessedColumn


class GuessedTable(NamedTuple):
    """What a file, sheet or layer is taken for."""

    label: str
    table: str
    """Canonical; empty where it is not used."""
    why: str
    is_sure: bool
    encoding: str
    columns: tuple[GuessedColumn, ...] = ()

    @property
    def name(self) -> str:
        """What the contract calls it, in Chinese."""
        return TABLES[self.table].title if self.table else UNUSED


class GuessedWord(NamedTuple):
    """What a word for a status is taken for."""

    word: str
    kind: str
    """Of `STATUS_WORDS`; empty where nothing tells, and the rows count."""
    rows: int
