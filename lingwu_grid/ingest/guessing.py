"""Guessing: what every file of a folder is, as settings that a planner says yes to."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.contract.errors import InputError, NoHouseholdsError
from lingwu_grid.contract.schema import STATUS_WORDS
from lingwu_grid.contract.settings import rules_from
from lingwu_grid.ingest.caged import read_file
from lingwu_grid.ingest.claims import Claims
from lingwu_grid.ingest.columns import as_code
from lingwu_grid.ingest.columns_guessed import guessed_columns, missing_columns
from lingwu_grid.ingest.doubts import Doubt, doubts_of
from lingwu_grid.ingest.files import KNOWN, Limits, files_of
from lingwu_grid.ingest.guessed import GuessedTable, GuessedWord
from lingwu_grid.ingest.headers import own_headers
from lingwu_grid.ingest.likeness import Likely, likely_table
from lingwu_grid.ingest.personal import looks_like_data
from lingwu_grid.ingest.proposing import as_toml
from lingwu_grid.ingest.status_guessed import MOST_WORDS, status_columns, status_meant
from lingwu_grid.ingest.study import Study, read_study, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.ingest.tables import Source

DEEP = 3
"""Levels of folders in which files that are not read are looked for."""
FEW_ROWS = 5
RECURS = 0.005
"""Share of rows whose number stands on another row with other values, from which it is no id."""


class Blind(Claims):
    """Claims that say nothing, so that every sheet and layer is given as it stands."""

    def of(self, path: Path) -> str | None:  # noqa: ARG002 - whatever it is called
        """Give no table for any file."""
        return None

    def of_layer(self, path: Path, layer: str, whole: str | None) -> str | None:  # noqa: ARG002
        """Give no table for any layer."""
        return None


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
    doubts
        What a planner should look at before saying yes; grave ones are not passed by ``--yes``.
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
    doubts: tuple[Doubt, ...]
    elsewhere: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]
    rules: Rules
    text: str
    study: Study | None
    trouble: str


def guess_study(folder: str | Path) -> GuessRecord:
    """
    Propose what every file, sheet, column and word of a folder means.

    Parameters
    ----------
    folder
        The study, with files of any names; its own ``rules.toml`` is kept and added to.

    Returns
    -------
    GuessRecord
        The proposal, and what is read with exactly that. Nothing is written.

    Raises
    ------
    InputError
        If the folder is missing.
    RulesError
        If ``rules.toml`` is wrong.
    """
    folder = Path(folder)
    rules = rules_of(folder)
    sources, broken = _peeked(folder, rules)
    likely = _without_strangers([_likely(source, rules) for source in sources])
    recurring = _recurring([s for s, g in zip(sources, likely, strict=True) if _is_homes(g)])
    tables = [_guessed(s, g, rules, recurring) for s, g in zip(sources, likely, strict=True)]
    yes_no, twisted = _yes_no(sources, tables)
    proposed = rules.with_(
        files=rules.files | _files(sources, tables, Claims.by(rules)),
        columns=_columns(rules, tables),
        status_words=yes_no | rules.status_words,
    )
    first, _ = _read(folder, proposed.with_(datum={"all": "auto"} | proposed.datum))
    words = _strange_words(first)
    proposed = proposed.with_(
        status_words={w.word: w.kind for w in words if w.kind} | proposed.status_words,
        datum=_datums(first) | proposed.datum,
    )
    text = as_toml(folder, rules, proposed)
    final = rules_from(tomllib.loads(text), where="rules.toml")
    study, trouble = _read(folder, final)  # what is shown is what is read after the yes
    return GuessRecord(
        folder=folder, tables=tuple(tables), words=tuple(words),
        doubts=tuple(doubts_of(sources, tables, words, study, twisted=twisted)),
        elsewhere=tuple(_elsewhere(folder)), broken=tuple(broken),
        rules=final, text=text, study=study, trouble=trouble,
    )  # fmt: skip


def _peeked(folder: Path, rules: Rules) -> tuple[list[Source], list[tuple[str, str]]]:
    limits = Limits.of(rules)
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


def _likely(source: Source, rules: Rules) -> Likely | None:
    said = rules.files.get(source.label)
    if said is not None:
        return Likely(said, float("inf"), "rules.toml 里写明") if said else None
    return likely_table(source.label, source.frame)


def _is_homes(guess: Likely | None) -> bool:
    return guess is not None and guess.table == "households"


def _without_strangers(likely: list[Likely | None]) -> list[Likely | None]:
    """Take nothing for households on weak evidence where there are surer ones."""
    is_sure = any(g is not None and _is_homes(g) and g.is_sure for g in likely)
    weak = "像是居民户，但依据不足，而已有更像的；若确是，在 rules.toml 的 [files] 里写明"
    return [
        Likely("", 0.0, weak) if is_sure and g is not None and _is_homes(g) and not g.is_sure else g
        for g in likely
    ]


def _recurring(homes: Sequence[Source]) -> frozenset[str]:
    """Tell which columns have numbers that come again, on other rows, in all files together."""
    if not homes:
        return frozenset()
    rows = pd.concat([s.frame.astype(str) for s in homes], ignore_index=True).fillna("")
    is_copy = rows.duplicated().to_numpy()
    again = set()
    for header in map(str, rows.columns):
        code = as_code(rows[header])
        twice = code.duplicated().to_numpy() & (code != "").to_numpy() & ~is_copy
        if twice.mean() > RECURS:
            again.add(header)
    return frozenset(again)


def _guessed(
    source: Source, likely: Likely | None, rules: Rules, recurring: frozenset[str]
) -> GuessedTable:
    """Take a sheet or layer for what it looks like, where it has what such a table needs."""
    if likely is None:
        is_said = rules.files.get(source.label) == ""
        return _unused(source, "按 rules.toml 不用" if is_said else "看不出是哪张表")
    if not likely.table:
        return _unused(source, likely.why)
    if any(looks_like_data(str(h)) for h in source.frame.columns):
        return _unused(
            source, f"像是“{likely.name}”，但第一行就是数据，没有列名：在最上面加一行列名"
        )
    own = rules.columns.get(likely.table, {})
    again = recurring if likely.table == "households" else frozenset()
    columns = guessed_columns(source, likely.table, own, again)
    lacking = missing_columns(columns, likely.table)
    if lacking:
        need = "、".join(lacking)
        return _unused(source, f"像是“{likely.name}”（{likely.why}），但没有可以当作{need}的列")
    return GuessedTable(
        source.label, likely.table, likely.why, likely.is_sure, source.encoding, tuple(columns)
    )


def _unused(source: Source, why: str) -> GuessedTable:
    return GuessedTable(source.label, "", why, is_sure=False, encoding=source.encoding)


def _files(
    sources: Iterable[Source], tables: Iterable[GuessedTable], claims: Claims
) -> dict[str, str]:
    """Name the files that reading would not take for what they are; none is left out for good."""
    return {
        t.label: t.table
        for s, t in zip(sources, tables, strict=True)
        if t.table and (t.label != s.path.name or claims.of(s.path) != t.table)
    }


def _columns(
    rules: Rules, tables: Iterable[GuessedTable]
) -> dict[str, dict[str, str | tuple[str, ...]]]:
    """Give the headers that reading would not find by itself, after those the office said."""
    columns = {name: dict(own) for name, own in rules.columns.items()}
    for table in tables:
        mine = columns.setdefault(table.table, {}) if table.table else {}
        for column in table.columns:
            said = own_headers(mine, column.name)
            if column.name and column.why and column.header not in said:
                every = (*said, column.header)
                mine[column.name] = every[0] if len(every) == 1 else every
    return {name: own for name, own in columns.items() if own}


def _yes_no(
    sources: Iterable[Source], tables: Iterable[GuessedTable]
) -> tuple[dict[str, str], bool]:
    """Give what yes and no stand for in the columns of status; and whether two files differ."""
    meant: dict[str, str] = {}
    is_twisted = False
    for source, table in zip(sources, tables, strict=True):
        chosen = [c.header for c in table.columns if c.name == "status"]
        for column in status_columns(source.frame, chosen if table.table == "households" else ()):
            is_twisted |= any(meant.get(w, kind) != kind for w, kind in column.words.items())
            meant |= column.words
    usual = {w: kind for kind, words in STATUS_WORDS.items() for w in words}
    return {w: kind for w, kind in meant.items() if usual.get(w) != kind}, is_twisted


def _strange_words(study: Study | None) -> list[GuessedWord]:
    """List the words for a status that are no known ones, with what they seem to stand for."""
    if study is None:
        return []
    status = study.households["status"]
    often = status[~status.isin([*STATUS_WORDS])].value_counts().sort_index()
    if len(often) > MOST_WORDS:  # remarks, which may name persons
        return [GuessedWord(f"（{len(often)} 种写法，不像居住状态）", "", int(often.sum()))]
    meant = [GuessedWord(str(word), status_meant(str(word)), int(n)) for word, n in often.items()]
    rare = [word for word in meant if not word.kind and word.rows < FEW_ROWS]
    rest = f"（另 {len(rare)} 种少见的写法）"  # what stands on a few rows may be a name
    told = [GuessedWord(rest, "", sum(word.rows for word in rare))] if rare else []
    return [word for word in meant if word not in rare] + told


def _read(folder: Path, rules: Rules) -> tuple[Study | None, str]:
    try:
        return read_study(folder, rules), ""
    except NoHouseholdsError:
        return None, (
            "各个文件里没有一份看得出是居民户。处理办法：在 rules.toml 的 [files] 里写明哪一份是，"
            '例如 "2026年核查.csv" = "居民户"；文件夹里本来没有的，放进来再运行'
        )
    except InputError as error:
        return None, f"{error.what}。处理办法：{error.remedy}"


def _datums(study: Study | None) -> dict[str, str]:
    """Give the datum of each table; files of one table that differ are told apart by fit."""
    found: dict[str, set[str]] = {}
    for source in study.sources if study is not None else ():
        found.setdefault(source["table"], set()).add(source["datum"])
    return {
        table: next(iter(datums)) if len(datums) == 1 else "auto"
        for table, datums in found.items()
        if datums != {"cgcs2000"}
    }


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
