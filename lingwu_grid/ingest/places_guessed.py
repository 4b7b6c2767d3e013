"""Places guessed: which columns of a table are coordinates, by header and by numbers."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.contract.schema import TABLES
from lingwu_grid.ingest.headers import plain
from lingwu_grid.ingest.numbers import as_number, as_text

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

LOOKED_AT = 2000
"""Rows that are looked at."""
TOWN_DEGREES, TOWN_M = 2.0, 200_000.0
"""A town is no wider."""
DECIMALS = 3
"""Of degrees that are places: a hundred metres; areas and prices have two."""
USUAL = 0.8
"""Share of the cells that must be as a place is."""
LON, LAT = (73.0, 136.0), (3.0, 54.0)
"""Degrees of China."""
EASTING, ZONED, NORTHING = (1e5, 1e6), (1.3e7, 4.6e7), (1.8e6, 6.2e6)
"""Metres of its projected systems: a number of the zone may stand before the easting."""
EAST = re.compile("经|东|lon|lng|x|^e")
NORTH = re.compile("纬|北|lat|y|^n")
PAIR = r"[(\[]?\d{1,3}\.\d{3,}\s*[,，;\s]\s*\d{1,3}\.\d{3,}[)\]]?"


def coordinate_columns(frame: pd.DataFrame) -> dict[str, str]:
    """
    Find the columns that hold coordinates, by their headers or by their numbers.

    Returns
    -------
    dict
        lon and lat, or x and y, or lonlat, to the header; empty where there is none.
    """
    table = TABLES["households"].columns
    by_header = {
        name: str(c) for name in ("lonlat", "y", "x", "lat", "lon") for c in frame.columns
        if plain(c) in {plain(name), *map(plain, table[name])}
    }  # fmt: skip
    for pair in (("lon", "lat"), ("x", "y")):
        if set(pair) <= set(by_header):
            return {name: by_header[name] for name in pair}
    if "lonlat" in by_header:
        return {"lonlat": by_header["lonlat"]}
    return _by_numbers(frame)


def _by_numbers(frame: pd.DataFrame) -> dict[str, str]:
    """Find two columns of numbers that lie as a town does; else one of pairs of numbers."""
    columns = [str(c) for c in frame.columns if c != "geometry"]
    if len(frame):
        numbers = {c: as_number(frame[c].iloc[:LOOKED_AT], degrees=True)[0] for c in columns}
        for names, xs, ys in (
            (("lon", "lat"), _degrees(numbers, LON), _degrees(numbers, LAT)),
            (("x", "y"), _metres(numbers, EASTING, ZONED), _metres(numbers, NORTHING)),
        ):
            pairs = [(_likeness(x, y), x, y) for x, y in product(xs, ys) if x != y]
            if pairs:
                _, *best = max(pairs, key=lambda pair: pair[0])
                return dict(zip(names, best, strict=True))
    for column in columns:
        text = as_text(frame[column].iloc[:LOOKED_AT])
        text = text[text != ""]
        if len(text) and text.str.fullmatch(PAIR).mean() >= USUAL:
            return {"lonlat": column}
    return {}


def _likeness(east: str, north: str) -> int:
    """Count how many of two headers say themselves which way they go."""
    return bool(EAST.search(plain(east))) + bool(NORTH.search(plain(north)))


def _degrees(numbers: dict[str, NDArray[np.float64]], within: tuple[float, float]) -> list[str]:
    found = []
    for name, values in numbers.items():
        known = values[np.isfinite(values)]
        fine = np.abs(known * 10**DECIMALS - np.round(known * 10**DECIMALS)) > 1e-6
        if _lies(values, within, TOWN_DEGREES) and fine.mean() >= USUAL / 2:
            found.append(name)
    return found


def _metres(numbers: dict[str, NDArray[np.float64]], *within: tuple[float, float]) -> list[str]:
    return [
        name for name, values in numbers.items()
        if any(_lies(values, one, TOWN_M) for one in within) and not _counts_up(values)
    ]  # fmt: skip


def _counts_up(values: NDArray[np.float64]) -> bool:
    """Tell whether numbers go up by one: an order, no place."""
    steps = np.diff(np.sort(values[np.isfinite(values)]))
    return bool(len(steps) and (steps == 1).mean() >= USUAL)


def _lies(values: NDArray[np.float64], within: tuple[float, float], widest: float) -> bool:
    known = values[np.isfinite(values)]
    if len(known) < max(3, len(values) / 2):
        return False
    low, high = np.quantile(known, [0.05, 0.95])
    return bool(within[0] <= low and high <= within[1] and 0 < high - low < widest)
