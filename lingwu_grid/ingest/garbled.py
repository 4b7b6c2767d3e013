"""Garbled text (乱码): written in one encoding, read in another, saved so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

WAYS = (("gb18030", "utf-8"), ("cp1252", "gb18030"), ("latin-1", "gb18030"), ("cp1252", "utf-8"),
        ("latin-1", "utf-8"))  # fmt: skip
"""Read by the first, written by the second: the ways text is spoiled and can be restored."""

LOST = ("\ufffd", "锟斤拷", "烫烫烫", "???")
"""What is left where the bytes themselves were lost."""

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
    words = _strange_words(frame)
    way = next((w for w in WAYS if _turns_back(words, w)), None)
    findings = []
    if way is not None:
        frame = frame.rename(columns={c: _turned(str(c), way) for c in frame.columns})
        for name in _text_columns(frame):
            distinct = pd.Series(frame[name].unique()).dropna()
            turned = {v: _turned(v, way) for v in distinct if isinstance(v, str)}
            frame[name] = frame[name].map(lambda v, turned=turned: turned.get(v, v))
        findings.append(
            Finding(
                "warning", "text_restored", table, label,
                f"文字是乱码：{way[1].upper()} 的内容被当作 {way[0].upper()} 存过，已还原",
                "核对几个名称；最好请提供单位重新导出",
            )
        )  # fmt: skip
    elif any(mark in word for word in words for mark in LOST):
        shown = next(word for word in words if any(mark in word for mark in LOST))
        findings.append(
            Finding(
                "warning", "text_lost", table, label,
                f"有文字已经变成乱码，无法还原（例如“{shown[:20]}”）",
                "请提供单位重新导出，编码选 UTF-8 或 GB18030",
            )
        )  # fmt: skip
    return frame, findings


def _text_columns(frame: pd.DataFrame) -> list[str]:
    return [
        c for c in frame.columns
        if c != "geometry"
        and (frame[c].dtype == object or pd.api.types.is_string_dtype(frame[c].dtype))
    ]  # fmt: skip


def _strange_words(frame: pd.DataFrame) -> list[str]:
    words = [str(c) for c in frame.columns]
    for name in _text_columns(frame):
        words += [v for v in frame[name].iloc[:SAMPLE].unique() if isinstance(v, str)]
    return [w for w in words if not w.isascii() or "???" in w]


def _turned(word: str, way: tuple[str, str]) -> str:
    try:
        return word.encode(way[0]).decode(way[1])
    except (UnicodeEncodeError, UnicodeDecodeError):
        return word


def _turns_back(words: Iterable[str], way: tuple[str, str]) -> bool:
    tested = [w for w in words if len(w) >= 2]
    good = sum(w != (turned := _turned(w, way)) and _is_chinese(turned) for w in tested)
    return good >= 3 and good >= MOSTLY * len(tested)


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)
