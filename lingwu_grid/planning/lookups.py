"""Words looked up by code: a code that nobody named has an empty word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping


def named(codes: pd.Series, words: pd.Series | Mapping[str, object]) -> pd.Series:
    """
    Look words up by code.

    Parameters
    ----------
    codes
        Any codes.
    words
        Word by code; it may be empty, as where a table did not come.

    Returns
    -------
    pandas.Series
        Text, in the order of `codes`; empty where there is no word.

    Examples
    --------
    >>> named(pd.Series(["a", "b"]), {"a": "甲"}).tolist()
    ['甲', '']
    """
    known = dict(words.items())
    found = [known.get(code, "") for code in codes]
    return pd.Series(
        ["" if word is None or pd.isna(word) else str(word) for word in found],
        index=codes.index, dtype=object,
    )  # fmt: skip
