"""Give an office's columns their canonical names, and its words their canonical values."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.errors import InputError
from lingwu_grid.findings import Finding
from lingwu_grid.schema import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lingwu_grid.ingest.tables import Source

TRUE_WORDS = ("1", "1.0", "t", "true", "y", "yes", "是", "有")


def canonical(source: Source, own: Mapping[str, str]) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Rename the columns of a table; codes become text.

    Parameters
    ----------
    source
        The table as read.
    own
        The office's own headers from the rules: canonical name to header.

    Returns
    -------
    tuple
        The frame with canonical columns first-come (others are dropped, named in a finding), and
        findings.

    Raises
    ------
    InputError
        If a required column is missing; the sentence lists the headers that came.
    """
    table = TABLES[source.table]
    headers = {c: _plain(str(c)) for c in source.frame.columns if c != "geometry"}
    chosen: dict[object, str] = {}
    for name, aliases in table.columns.items():
        wanted = [own[name]] if name in own else [name, *aliases]
        match = _first_match(wanted, headers, taken=chosen)
        if match is not None:
            chosen[match] = name
        elif name in own:
            raise InputError(
                f"{source.label} 里没有列“{own[name]}”",
                where=f"rules.toml [columns.{table.name}]",
                remedy="文件里的列有：" + "、".join(map(str, headers)),
            )
    _require(table, set(chosen.values()), source, list(map(str, headers)))
    keep = [*chosen, *(["geometry"] if "geometry" in source.frame.columns else [])]
    frame = source.frame[keep].rename(columns=chosen)
    for name in table.codes:
        if name in frame.columns:
            frame[name] = as_code(frame[name])
    findings = _unused(source, headers, chosen)
    return frame, findings


def _first_match(
    wanted: list[str], headers: dict[object, str], taken: dict[object, str]
) -> object | None:
    for alias in wanted:
        for header, plain in headers.items():
            if plain == _plain(alias) and header not in taken:
                return header
    return None


def _require(table: Table, have: set[str], source: Source, headers: list[str]) -> None:
    missing = [name for name in table.required if name not in have]
    if missing:
        words = "、".join(f"{m}（如“{table.columns[m][0]}”）" for m in missing)
        raise InputError(
            f"{source.label} 缺少列 {words}",
            where=str(source.path),
            remedy="补上这一列，或在 rules.toml 的 [columns."
            + table.name
            + "] 里写明它的列名；文件里的列有："
            + "、".join(headers),
        )


def _unused(source: Source, headers: dict[object, str], chosen: dict[object, str]) -> list[Finding]:
    rest = [str(h) for h in headers if h not in chosen and str(h) not in ("source", "来源")]
    if not rest:
        return []
    return [
        Finding(
            "notice",
            "columns_unused",
            source.table,
            source.label,
            "没有用到的列：" + "、".join(rest[:20]),
            "如需使用，在 rules.toml 的 [columns] 里写明",
        )
    ]


def _plain(header: str) -> str:
    return "".join(unicodedata.normalize("NFKC", header).split()).lower()


def as_code(values: pd.Series) -> pd.Series:
    """
    Make codes text: no ``.0`` from a spreadsheet, no spaces, full-width digits narrowed.

    Parameters
    ----------
    values
        A column of codes of any type.

    Returns
    -------
    pandas.Series
        Text; empty where there was nothing.
    """
    if pd.api.types.is_float_dtype(values.dtype):
        text = values.map(lambda v: "" if pd.isna(v) else f"{v:.0f}")
    else:
        text = values.astype(object).where(values.notna(), "").astype(str)
    text = text.str.normalize("NFKC").str.strip()
    return text.where(~text.isin(["nan", "None", "<NA>"]), "").astype(object)


def as_whole(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """
    Read whole numbers.

    Returns
    -------
    tuple
        int64 values (0 where unreadable or empty), and True where text was there but no number.
    """
    text = values.astype(object).where(values.notna(), "").astype(str).str.normalize("NFKC")
    text = text.str.strip().str.replace(",", "", regex=False)
    number = pd.to_numeric(text, errors="coerce")
    number = number.where(np.isfinite(number))
    wrong = number.isna() & ~text.isin(["", "nan", "None", "<NA>"])
    return number.fillna(0).round().astype(np.int64), wrong


def as_word(values: pd.Series, words: Mapping[str, tuple[str, ...]], default: str) -> pd.Series:
    """Give each value its canonical word; unknown text is kept, nothing becomes `default`."""
    plain = values.astype(object).where(values.notna(), "").astype(str).str.strip()
    lookup = {alias: name for name, aliases in words.items() for alias in (name, *aliases)}
    lookup[""] = default
    return plain.str.lower().map(lambda v: lookup.get(v, v)).astype(object)


def as_claim(values: pd.Series) -> pd.Series:
    """Read yes/no values as booleans; nothing is no."""
    text = values.astype(object).where(values.notna(), "").astype(str).str.strip().str.lower()
    return text.isin(TRUE_WORDS)
