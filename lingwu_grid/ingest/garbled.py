"""Garbled text (乱码): written in one encoding, read in another, saved so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.contract.findings import Finding
from lingwu_grid.ingest.headers import known_headers

if TYPE_CHECKING:
    from collections.abc import Iterable

WAYS = (("gb18030", "utf-8"), ("cp1252", "gb18030"), ("latin-1", "gb18030"), ("cp1252", "utf-8"),
        ("latin-1", "utf-8"))  # fmt: skip
"""Read by the first, written by the second: the ways text is spoiled and can be restored."""

LOST = ("\ufffd", "锟斤拷", "烫烫烫", "???")
"""What is left where the bytes themselves were lost."""

CHINESE_MARKS = "，。、（）《》“”：；－—·〔〕０１２３４５６７８９"

SAMPLE = 400
MOSTLY = 0.8


def restore(frame: pd.DataFrame, table: str, label: str) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Restore text that was read in the wrong encoding, where that can be done without guessing.

    UTF-8 bytes of ordinary Chinese text are no GB18030 text that would again be UTF-8, so a text
    of which four fifths turn back into Chinese was garbled.

    Parameters
    ----------
    frame
        A table of text as read.
    table, label
        Named in findings.

    Returns
    -------
    tuple
        The table, and a finding when it was restored or when text is lost for good.
    """
    lost = ""
    ways: set[tuple[str, str]] = set()
    headers = [str(c) for c in frame.columns]
    way = _way_of(headers)
    if way is not None:
        ways.add(way)
        frame = frame.rename(columns={c: _turned(str(c), way) for c in frame.columns})
    for name in _text_columns(frame):
        words = [v for v in frame[name].iloc[:SAMPLE].unique() if isinstance(v, str)]
        lost = lost or next((w for w in words if any(mark in w for mark in LOST)), "")
        way = _way_of(words)
        if way is not None:
            ways.add(way)
            turned = {v: _turned(v, way) for v in frame[name].unique() if isinstance(v, str)}
            frame[name] = frame[name].map(lambda v, turned=turned: turned.get(v, v))
    findings = [
        Finding(
            "warning", "text_restored", table, label,
            f"文字是乱码：{read.upper()} 的内容被当作 {written.upper()} 存过，已还原",
            "核对几个名称；最好请提供单位重新导出",
        )
        for written, read in sorted(ways)
    ]  # fmt: skip
    if lost:
        findings.append(
            Finding(
                "warning", "text_lost", table, label,
                f"有文字已经变成乱码，无法还原（例如“{lost[:20]}”）",
                "请提供单位重新导出，编码选 UTF-8 或 GB18030",
            )
        )  # fmt: skip
    return frame, findings


def looks_garbled(headers: Iterable[str], table: str) -> bool:
    """
    Tell whether headers are known ones that were spoiled beyond restoring.

    Examples
    --------
    >>> [looks_garbled([h], "households") for h in ("鎴风紪鍙", "甲")]
    [True, False]
    """
    heads = {h[:2] for h in known_headers(table, {}) if not h[:2].isascii() and len(h) > 1}
    strange = [h for h in headers if h[:1] and not h[:1].isascii()]
    for written, read in WAYS:
        turned = [h.encode(written, "ignore").decode(read, "ignore") for h in strange]
        if any(t[:2] in heads for t in turned):
            return True
    return False


def _text_columns(frame: pd.DataFrame) -> list[str]:
    return [
        c for c in frame.columns
        if c != "geometry"
        and (frame[c].dtype == object or pd.api.types.is_string_dtype(frame[c].dtype))
    ]  # fmt: skip


def _way_of(words: list[str]) -> tuple[str, str] | None:
    """Give the way in which the words of one column were spoiled; None where they were not."""
    strange = [w for w in words if not w.isascii()]
    return next((way for way in WAYS if _turns_back(strange, way)), None)


def _turned(word: str, way: tuple[str, str]) -> str:
    try:
        return word.encode(way[0]).decode(way[1])
    except (UnicodeEncodeError, UnicodeDecodeError):
        return word


def _turns_back(words: Iterable[str], way: tuple[str, str]) -> bool:
    tested = [w for w in words if len(w) >= 2]
    good = sum(w != (turned := _turned(w, way)) and _is_chinese(turned, w) for w in tested)
    return good >= 3 and good >= MOSTLY * len(tested)


def _is_chinese(text: str, spoiled: str) -> bool:
    # A Finnish or French name turns in part only, or swallows a plain letter.
    if sum(c.isascii() for c in text) != sum(c.isascii() for c in spoiled):
        return False
    strange = [c for c in text if not c.isascii()]
    return bool(strange) and all("\u4e00" <= c <= "\u9fff" or c in CHINESE_MARKS for c in strange)
