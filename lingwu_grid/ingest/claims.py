"""Claims: which table of the contract a file, sheet or layer holds, and what its columns mean."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.contract.schema import table_named
from lingwu_grid.ingest.files import stem_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lingwu_grid.contract.rules import Headers, Rules

NOTHING: Mapping[str, str] = MappingProxyType({})


class Claims(NamedTuple):
    """What an office says of its files; their names say the rest."""

    columns: Mapping[str, Headers] = MappingProxyType({})
    """Table to canonical name to the office's own header."""
    files: Mapping[str, str] = NOTHING
    """File, with its ending or without, or ``file:sheet``, to its table; empty for one that is
    not to be used."""

    @classmethod
    def by(cls, rules: Rules) -> Claims:
        """Take what the settings say."""
        return cls(rules.columns, rules.files)

    def of(self, path: Path) -> str | None:
        """Give the table a whole file holds: what the settings say, else its name."""
        said = self._said(path)
        return table_named(stem_of(path)) if said is None else said or None

    def _said(self, path: Path) -> str | None:
        """Give what the settings say of a whole file; None where they say nothing."""
        return self.files.get(path.name, self.files.get(stem_of(path)))

    def of_layer(self, path: Path, layer: str, whole: str | None) -> str | None:
        """Give the table a sheet or layer holds: the settings, its own name, then its file's."""
        label = f"{path.name}:{layer}"
        if label in self.files:
            return self.files[label] or None
        said = self._said(path)
        return table_named(layer.removesuffix(".shp")) or whole if said is None else said or None

    def leaves_out(self, path: Path, layer: str = "") -> bool:
        """Tell whether the settings say that a file, or one of its sheets, is not to be used."""
        whole = self._said(path)
        own = self.files.get(f"{path.name}:{layer}", whole) if layer else whole
        return own == ""

    def left_out_of(self, path: Path) -> list[str]:
        """List a file, or its sheets and layers, that the settings say are not to be used."""
        return [
            label for label, table in self.files.items()
            if not table
            and (label in (path.name, stem_of(path)) or label.startswith(f"{path.name}:"))
        ]  # fmt: skip

    def own(self, table: str) -> Headers:
        """Give the office's own headers of a table, by canonical name."""
        return self.columns.get(table, NOTHING)
