"""Guessing: what every file of a folder is, as settings that a planner says yes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import tomlkit

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.schema import STATUS_WORDS, TABLES
from lingwu_grid.contract.settings import UNUSED
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.columns_guessed import (
    ASKS_EMPTY,
    GuessedColumn,
    guessed_columns,
    missing_columns,
    status_meant,
)
from lingwu_grid.ingest.files import KNOWN, Limits, files_of
from lingwu_grid.ingest.likeness import Likely, likely_table
from lingwu_grid.ingest.study import Study, read_study, rules_file, rules_of
from lingwu_grid.ingest.tables import Source, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lingwu_grid.contract.rules import Rules

DEEP = 3
"""Levels of folders in which files that are not read are looked for."""


class Blind(Claims):
    """Claims that say nothing, so that every sheet and layer is given as it stands."""

    def of(self, path: Path) -> str | None:  # noqa: ARG002 - whatever it is called
        """Give no table for any file."""
        return None

    def of_layer(self, path: Path, layer: str, whole: str | None) -> str | None:  # noqa: ARG002
        """Give no table for any layer."""
        return None


class GuessedTable(NamedTuple):
    """What a file, sheet or layer is taken for."""

    label: str
    table: str
    """Canonical; empty where it is not used."""
    why: str
    is_sure: bool
    encoding: str
    columns: tuple[GuessedColumn, ...] = ()
    lacks: str = ""
    """What it looks like, where it has not what such a table needs: each run tells of it again."""

    @property
    def name(self) -> str:
        """What the contract calls it, in Chinese."""
        return TABLES[self.table].file_names[0] if self.table else UNUSED


class GuessedWord(NamedTuple):
    """What a word for a status is taken for."""

    word: str
    kind: str
    """Of `STATUS_WORDS`; empty where nothing tells, and the rows count."""
    rows: int


@dataclass(frozen=True)
class GuessRecord:
    """
    A whole mapping of a folder, proposed.

    Parameters
    ----------
    folder
        The study.
    tables
        Every sheet and layer of every file.
    words
        Words for a status that are no known ones.
    elsewhere
        Files in other folders, which no command reads.
    broken
        Files that could not be opened, with the sentence.
    rules, text
        The settings proposed, and the same as ``rules.toml``: what the office had written stays.
    study
        The study as read with them; None where it cannot be used.
    trouble
        Why not.
    """

    folder: Path
    tables: tuple[GuessedTable, ...]
    words: tuple[GuessedWord, ...]
    elsewhere: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]
    rules: Rules
    text: str
    study: Study | None
    trouble: str


def guess_study(folder: str | Path, rules: Rules | None = None) -> GuessRecord:
    """
    Propose what every file, sheet, column and word of a folder means.

    Parameters
    ----------
    folder
        The study, with files of any names.
    rules
        The settings; by default the folder's own, which the proposal keeps and adds to.

    Returns
    -------
    GuessRecord
        The proposal, and what a check with it reads. Nothing is written.

    Raises
    ------
    InputError
        If the folder is missing.
    RulesError
        If ``rules.toml`` is wrong.
    """
    folder = Path(folder)
    rules = rules or rules_of(folder)
    sources, broken = _peeked(folder, rules)
    tables = [_guessed(source, rules) for source in sources]
    claims = Claims.by(rules)
    proposed = rules.with_(
        files=rules.files
        | {
            t.label: t.table
            for s, t in zip(sources, tables, strict=True)
            if (t.label != s.path.name or claims.of(s.path) != t.table) and not t.lacks
        },
        columns=_columns(rules, tables),
        status_words=_yes_means_empty(tables) | rules.status_words,
    )
    study, trouble = _read(folder, proposed)
    words = _strange_words(study)
    meant = {w.word: w.kind for w in words if w.kind}
    if meant:
        proposed = proposed.with_(status_words=meant | proposed.status_words)
        study, trouble = _read(folder, proposed)
    proposed = proposed.with_(datum=_datums(study) | proposed.datum)
    return GuessRecord(
        folder, tuple(tables), tuple(words), tuple(_elsewhere(folder)), tuple(broken), proposed,
        _as_toml(folder, rules, proposed), study, trouble,
    )  # fmt: skip


def _peeked(folder: Path, rules: Rules) -> tuple[list[Source], list[tuple[str, str]]]:
    limits = Limits(rules.max_file_mb, rules.max_rows, rules.max_vertices)
    claims = Claims.by(rules)
    sources: list[Source] = []
    broken: list[tuple[str, str]] = []
    for path in files_of(folder):
        if claims.leaves_out(path):
            continue
        try:
            sources += read_file(path, Blind(), limits)
        except InputError as error:
            broken.append((path.name, f"{error.what}。{error.remedy}"))
    often = Counter(source.path for source in sources)
    # The only layer of a file goes by the name of the file.
    return [replace(s, label=s.path.name) if often[s.path] == 1 else s for s in sources], broken


def _guessed(source: Source, rules: Rules) -> GuessedTable:
    """Take a sheet or layer for what it looks like, where it has what such a table needs."""
    said = rules.files.get(source.label)
    likely = likely_table(source.label, source.frame)
    if said is not None:
        likely = Likely(said, float("inf"), "rules.toml 里写明") if said else None
    if likely is None:
        return GuessedTable(
            source.label, "", "看不出是哪张表", is_sure=False, encoding=source.encoding
        )
    columns = guessed_columns(source, likely.table, rules.columns.get(likely.table, {}))
    lacking = missing_columns(columns, likely.table)
    if lacking:
        why = f"像是“{likely.name}”（{likely.why}），但没有可以当作{'、'.join(lacking)}的列"
        return GuessedTable(
            source.label, "", why, is_sure=False, encoding=source.encoding, lacks=likely.table
        )
    return GuessedTable(
        source.label, likely.table, likely.why, likely.is_sure, source.encoding, tuple(columns)
    )


def _columns(rules: Rules, tables: Iterable[GuessedTable]) -> dict[str, dict[str, str]]:
    """Give the headers that reading would not find by itself; what the office said stays."""
    columns = {name: dict(own) for name, own in rules.columns.items()}
    for table in tables:
        mine = {c.name: c.header for c in table.columns if c.name and c.why}
        if table.table and mine:
            columns[table.table] = mine | columns.get(table.table, {})
    return columns


def _yes_means_empty(tables: Iterable[GuessedTable]) -> dict[str, str]:
    headers = [
        c.header for t in tables if t.table == "households" for c in t.columns
        if c.name == "status"
    ]  # fmt: skip
    is_asked = any(ASKS_EMPTY.search(header) for header in headers)
    return {"是": "registered_only", "否": "resident"} if is_asked else {}


def _strange_words(study: Study | None) -> list[GuessedWord]:
    """List the words for a status that are no known ones, with what they seem to stand for."""
    if study is None:
        return []
    status = study.households["status"]
    often = status[~status.isin([*STATUS_WORDS])].value_counts().sort_index()
    return [GuessedWord(str(word), status_meant(str(word)), int(n)) for word, n in often.items()]


def _read(folder: Path, rules: Rules) -> tuple[Study | None, str]:
    try:
        return read_study(folder, rules, datum="auto"), ""
    except InputError as error:
        return None, f"{error.what}。处理办法：{error.remedy}"


def _datums(study: Study | None) -> dict[str, str]:
    if study is None:
        return {}
    return {s["table"]: s["datum"] for s in study.sources if s["datum"] != "cgcs2000"}


def _elsewhere(folder: Path) -> list[str]:
    """List the files of other folders within: no command reads them there."""
    read = set(files_of(folder))
    return sorted(
        str(path.relative_to(folder).as_posix())
        for path in folder.rglob("*")
        if path.suffix.lower() in KNOWN and path.is_file() and path not in read
        and len(path.relative_to(folder).parts) <= DEEP
        and not any(part.startswith((".", "~")) for part in path.relative_to(folder).parts)
        and not any(p.suffix.lower() == ".parquet" for p in path.parents)
    )  # fmt: skip


def _as_toml(folder: Path, old: Rules, new: Rules) -> str:
    """Write the settings the folder has, with what is new among files, columns, words, datum."""
    own = rules_file(folder)
    document = tomlkit.parse(own.read_text(encoding="utf-8-sig") if own else "")
    if own is None:
        document.add(tomlkit.comment("由 check --guess 认出；改错了的地方，存盘后再运行即可"))
    tables = {file: TABLES[t].file_names[0] if t else UNUSED for file, t in new.files.items()}
    kinds = {word: STATUS_WORDS[kind][0] for word, kind in new.status_words.items()}
    _add(document, "files", tables, old.files)
    _add(document, "status_words", kinds, old.status_words)
    _add(document, "datum", new.datum, old.datum)
    for name, headers in new.columns.items():
        known = old.columns.get(name, {})
        if set(headers) - set(known):
            if "columns" not in document:
                document.add("columns", tomlkit.table(is_super_table=True))
            _add(document["columns"], name, headers, known)
    return tomlkit.dumps(document)


def _add(
    document: tomlkit.container.Container | tomlkit.TOMLDocument,
    section: str,
    values: Mapping[str, str],
    known: Mapping[str, str],
) -> None:
    fresh = {key: value for key, value in values.items() if key not in known}
    if not fresh:
        return
    if section not in document:
        document.add(section, tomlkit.table())
    for key, value in fresh.items():
        document[section].add(key, value)
