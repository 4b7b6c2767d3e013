"""Proposing: settings as the text of ``rules.toml``; what the office had written stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomlkit

from lingwu_grid.contract.schema import STATUS_WORDS, TABLES
from lingwu_grid.contract.settings import UNUSED
from lingwu_grid.ingest.study import rules_file

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path
    from typing import Any

    from lingwu_grid.contract.rules import Rules


def as_toml(folder: Path, old: Rules, new: Rules) -> str:
    """
    Write the settings of a folder, with what is new among files, columns, words and datum.

    Parameters
    ----------
    folder
        Its own ``rules.toml`` is taken over, comments and order included.
    old
        The settings in it.
    new
        The settings wanted.
    """
    own = rules_file(folder)
    document = tomlkit.parse(own.read_text(encoding="utf-8-sig") if own else "")
    if own is None:
        document.add(tomlkit.comment("由 check --guess 认出；改错了的地方，存盘后再运行即可"))
    _add(document, "files", {
        file: TABLES[t].title if t else UNUSED for file, t in new.files.items()
        if old.files.get(file) != t
    })  # fmt: skip
    _add(document, "status_words", {
        word: STATUS_WORDS[kind][0] for word, kind in new.status_words.items()
        if old.status_words.get(word) != kind
    })  # fmt: skip
    _add(document, "datum", {t: d for t, d in new.datum.items() if old.datum.get(t) != d})
    for name, headers in new.columns.items():
        known = old.columns.get(name, {})
        fresh = {
            column: list(said) if isinstance(said, tuple) else said
            for column, said in headers.items() if known.get(column) != said
        }  # fmt: skip
        if fresh:
            if "columns" not in document:
                document["columns"] = tomlkit.table(is_super_table=True)
            _add(document["columns"], name, fresh)
    return tomlkit.dumps(document)


def _add(place: MutableMapping[str, Any], section: str, values: Mapping[str, Any]) -> None:
    if not values:
        return
    if section not in place:
        place[section] = tomlkit.table()
    for key, value in values.items():
        place[section][key] = value
