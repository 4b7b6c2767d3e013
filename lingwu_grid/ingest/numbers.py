"""Numbers as people type them: full-width, with thousands, units, degrees and minutes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMPTY = ("", "nan", "none", "null", "<na>", "#n/a", "n/a", "-", "—", "/", "无")
"""What stands in a cell that has nothing to say; lower case."""

UNITS = re.compile(r"(?:户|人|名|口|层|米|平方米|平米|㎡|m2|m|元|度|°)$")
THOUSANDS = re.compile(r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
DEGREES = re.compile(
    r"^(?P<head>[東东西南北nsew]?)(?:经|纬|經|緯)?:?"
    r"(?P<d>\d{1,3})[°度d:](?P<m>\d{1,2}(?:\.\d+)?)(?:[′'’分m:]|$)"
    r"(?:(?P<s>\d{1,2}(?:\.\d+)?)(?:[″\"”秒s]|''|′′|$)?)?(?P<tail>[nsew]?)$"
)
"""106°20′15.3″E, 东经106度20分15秒, 106:20:15."""


def as_text(values: pd.Series) -> pd.Series:
    """Give text without full-width forms and outer spaces; empty where there was nothing."""
    text = values.astype(object).where(values.notna(), "").astype(str)
    return text.str.normalize("NFKC").str.strip()


def as_number(
    values: pd.Series, *, degrees: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """
    Read numbers.

    Parameters
    ----------
    values
        Any type; text may be full-width, have thousands, a unit or a decimal comma.
    degrees
        The column holds longitudes or latitudes: degrees, minutes and seconds are read too, and a
        comma is a decimal point.

    Returns
    -------
    tuple
        Finite numbers, NaN where empty or unreadable, and True where there was text but no number.

    Examples
    --------
    >>> as_number(pd.Series(["１２", "1,234", "3人", "", "x"]))[0].tolist()
    [12.0, 1234.0, 3.0, nan, nan]
    >>> as_number(pd.Series(["106°30′00″E", "106,5"]), degrees=True)[0].tolist()
    [106.5, 106.5]
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        found = values.to_numpy(np.float64, na_value=np.nan)
        finite = np.isfinite(found)
        return np.where(finite, found, np.nan), ~finite & values.notna().to_numpy()
    raw = values.astype(object).where(values.notna(), "").astype(str)
    found = np.array(pd.to_numeric(raw, errors="coerce"), np.float64)
    left = np.flatnonzero(~np.isfinite(found))
    if len(left):
        text = as_text(raw.iloc[left])
        distinct, place = np.unique(text.to_numpy(str), return_inverse=True)
        found[left] = np.array([_number(word, degrees=degrees) for word in distinct])[place]
        wrong = np.zeros(len(found), bool)
        wrong[left] = np.isnan(found[left]) & ~text.str.lower().isin(EMPTY).to_numpy()
        return found, wrong
    return found, np.zeros(len(found), bool)


def _number(text: str, *, degrees: bool) -> float:
    word = re.sub(r"\s", "", text).lower()
    if degrees:
        angle = DEGREES.match(word)
        if angle:
            return _angle(angle)
    word = UNITS.sub("", word)
    if not degrees and THOUSANDS.match(word):
        word = word.replace(",", "")
    elif DECIMAL_COMMA.match(word):
        word = word.replace(",", ".")
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?", word):
        return float("nan")
    value = float(word)
    return value if np.isfinite(value) else float("nan")


def _angle(parts: re.Match[str]) -> float:
    minutes, seconds = float(parts["m"]), float(parts["s"] or 0)
    if minutes >= 60 or seconds >= 60:
        return float("nan")
    size = float(parts["d"]) + minutes / 60 + seconds / 3600
    is_negative = parts["head"] in ("西", "南", "s", "w") or parts["tail"] in ("s", "w")
    return -size if is_negative else size
