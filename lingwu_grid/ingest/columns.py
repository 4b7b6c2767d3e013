"""Give an office's columns their canonical names, and its words their canonical values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding
from lingwu_grid.contract.schema import STATUS_WORDS, TABLES, Table
from lingwu_grid.ingest.garbled import looks_garbled
from lingwu_grid.ingest.headers import SHAPEFILE_NAME_BYTES, own_headers, plain
from lingwu_grid.ingest.numbers import as_number
from lingwu_grid.ingest.personal import looks_like_data

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from lingwu_grid.contract.rules import Headers
    from lingwu_grid.ingest.tables import Source

EMPTY_CODES = ("nan", "none", "null", "<na>", "#n/a")
MOST = 1e12
"""No count of people or households is larger; what is, was no count."""

SCIENTIFIC = r"\d(?:\.\d+)?[eE]\+?\d+"

TRUE_WORDS = ("1", "1.0", "t", "true", "y", "yes", "是", "有")


def canonical(
    source: Source, own: Headers, elsewhere: Container[str] = ()
) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Rename the columns of a table; codes become text.

    Parameters
    ----------
    source
        The table as read.
    own
        The office's own headers from the rules: canonical name to header or headers.
    elsewhere
        Plain headers of the other files of the table: what is there need not be here.

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
    headers = {c: plain(c) for c in source.frame.columns if c != "geometry"}
    chosen = recognised(source, source.table, own)
    for name in own:
        here = {plain(h) for h in own_headers(own, name)}
        if (
            name in table.columns
            and not here & set(headers.values())
            and not any(h in elsewhere for h in here)
        ):
            raise InputError(
                f"{source.label} 里没有列“{'、'.join(own_headers(own, name))}”",
                where=f"rules.toml [columns.{table.name}]",
                remedy="文件里的列有：" + "、".join(map(str, headers)),
            )
    _require(table, set(chosen.values()), source, list(map(str, headers)))
    keep = [*chosen, *(["geometry"] if "geometry" in source.frame.columns else [])]
    frame = source.frame[keep].rename(columns=chosen)
    for name in table.codes:
        if name in frame.columns:
            frame[name] = as_code(frame[name])
    findings = [*_unused(source, headers, chosen), *_rounded(source, table, frame)]
    return frame, findings


def recognised(source: Source, table: str, own: Headers) -> dict[object, str]:
    """
    Tell which columns of a table are known by their headers.

    Parameters
    ----------
    source
        The table as read.
    table
        What it is taken for.
    own
        The office's own headers: canonical name to header or headers; they come first.

    Returns
    -------
    dict
        Header to canonical name.
    """
    headers = {c: plain(c) for c in source.frame.columns if c != "geometry"}
    chosen: dict[object, str] = {}
    for name, aliases in TABLES[table].columns.items():
        wanted = [*own_headers(own, name), name, *aliases]
        match = _first_match(wanted, headers, taken=chosen)
        if match is None and _is_shapefile(source):
            match = _cut_match(wanted, headers, taken=chosen)
        if match is not None:
            chosen[match] = name
    return chosen


def _rounded(source: Source, table: Table, frame: pd.DataFrame) -> list[Finding]:
    """Tell of codes that a spreadsheet turned into 6.40E+14: their end is lost."""
    findings = []
    for name in table.codes:
        if name not in frame.columns:
            continue
        lost = frame[name].str.fullmatch(SCIENTIFIC).to_numpy(bool)
        if lost.any():
            row = source.place_of(int(np.flatnonzero(lost)[0]))
            findings.append(
                Finding(
                    "error", "code_scientific", source.table, row,
                    f"编号成了科学计数（{frame[name][lost].iloc[0]}），共 {int(lost.sum())} 行，"
                    "末几位已丢失",
                    "在 Excel 里把这一列设为“文本”，重新导出",
                )
            )  # fmt: skip
    return findings


def _first_match(
    wanted: list[str], headers: dict[object, str], taken: dict[object, str]
) -> object | None:
    for alias in wanted:
        for header, word in headers.items():
            if word == plain(alias) and header not in taken:
                return header
    return None


def _is_shapefile(source: Source) -> bool:
    return source.path.suffix.lower() in (".shp", ".zip")


def _cut_match(
    wanted: list[str], headers: dict[object, str], taken: dict[object, str]
) -> object | None:
    """Find a header that is the first ten bytes of a name: a Shapefile keeps no more."""
    for alias in wanted:
        for header, word in headers.items():
            is_cut = len(word.encode()) >= SHAPEFILE_NAME_BYTES
            if is_cut and header not in taken and plain(alias).startswith(word):
                return header
    return None


def _require(table: Table, have: set[str], source: Source, headers: list[str]) -> None:
    missing = [name for name in table.required if name not in have]
    if missing and any(map(looks_like_data, headers)):
        raise InputError(
            f"{source.label} 的第一行就是数据，没有列名",
            where=str(source.path.name),
            remedy="在最上面加一行列名，如“户编号、经度、纬度、状态”",
        )
    if missing and looks_garbled(headers, table.name):
        raise InputError(
            f"{source.label} 的列名是乱码，而且有字已经丢失，无法还原",
            where=str(source.path.name),
            remedy="请提供单位重新导出，编码选 UTF-8 或 GB18030，导出后不要再另存",
        )
    if missing:
        words = "、".join(f"{m}（如“{table.columns[m][0]}”）" for m in missing)
        raise InputError(
            f"{source.label} 缺少列 {words}",
            where=str(source.path),
            remedy="补上这一列，或在 rules.toml 的 [columns."
            + table.name
            + "] 里写明它的列名，或运行 python -m lingwu_grid.check 文件夹 --guess；文件里的列有："
            + "、".join(headers),
        )


def _unused(source: Source, headers: dict[object, str], chosen: dict[object, str]) -> list[Finding]:
    rest = [str(h) for h in headers if h not in chosen and str(h) not in ("source", "来源")]
    if not rest:
        return []
    speaking = []
    if source.table == "households" and "status" not in chosen.values():
        speaking = [h for h in rest if h in source.frame.columns and says_status(source.frame[h])]
    return [
        *(
            Finding(
                "warning",
                "status_unused",
                source.table,
                source.label,
                f"列“{name}”写着常住、空挂等状态，但没有用到：所有行都按常住计入",
                f'若是居住状态，在 rules.toml 的 [columns.households] 里写 status = "{name}"',
            )
            for name in speaking
        ),
        Finding(
            "notice",
            "columns_unused",
            source.table,
            source.label,
            "没有用到的列：" + "、".join(rest[:20]),
            "如需使用，在 rules.toml 的 [columns] 里写明",
        ),
    ]


def says_status(values: pd.Series) -> bool:
    """Tell whether a column holds words of a status other than resident."""
    telling = {w for kind, words in STATUS_WORDS.items() if kind != "resident" for w in words}
    return bool(values.astype(str).str.strip().isin(telling - {"否"}).any())


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
    # A spreadsheet's mark for text, and the ".0" of a number column saved as text.
    text = text.where(~text.str.startswith("'"), text.str[1:])
    if text.str.fullmatch(r"\d+\.0+|").all():
        text = text.str.replace(r"\.0+$", "", regex=True)
    return text.where(~text.str.lower().isin(EMPTY_CODES), "").astype(object)


def as_whole(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """
    Read whole numbers.

    Returns
    -------
    tuple
        int64 values (0 where unreadable or empty), and True where text was there but no number.
    """
    number, wrong = as_number(values)
    wrong |= np.abs(number) > MOST
    whole = np.nan_to_num(np.where(wrong, 0.0, number)).round().astype(np.int64)
    return pd.Series(whole, index=values.index), pd.Series(wrong, index=values.index)


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
