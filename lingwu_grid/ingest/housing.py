"""Housing: a household without coordinates stands in the building it names."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.contract.findings import Finding
from lingwu_grid.ingest.recurring import place_of_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

BEFORE = re.compile(r"^第|^0+(?=\w)")
AFTER = re.compile(r"(?:\.0|\d*单元.*|号楼|号|栋|幢|座|楼|#)$")
"""Words round the number of a house, which one table has and another has not."""

NONE, SEVERAL = -1, -2
"""No house fits; more than one does."""


def place_by_building(
    rows: gpd.GeoDataFrame,
    missing: NDArray[np.bool_],
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None,
) -> list[Finding]:
    """
    Give households without coordinates a point in their building; changes `rows`.

    One that names a compound which has buildings is looked for there, by number or by name
    ("阳光城", "3号楼"); else by the number of the building alone. Where several houses fit, or
    number and name lead to two, it has no place.

    Parameters
    ----------
    rows
        Households: building_id, compound_id and geometry.
    missing
        Those without a place, shape (n_rows,).
    buildings
        building_id, compound_id, name and footprints.
    compounds
        compound_id and name: a table may have either for a compound. None where there are none.

    Returns
    -------
    list[Finding]
        How many were placed, and by what.
    """
    codes = _codes_of(compounds)
    theirs, own = (_each(t["compound_id"], lambda c: _code(c, codes)) for t in (buildings, rows))
    number = buildings["building_id"].map(str)
    # Two footprints of one number in one place of one compound are one house.
    keys = [theirs.to_numpy(object), number.to_numpy(object), place_of_number(buildings)]
    house = pd.factorize(pd.MultiIndex.from_arrays(keys))[0]
    wanted = own + "\0" + houses_of(rows["building_id"])
    by_number = _find(theirs + "\0" + houses_of(number), house, wanted)
    by_name = _find(theirs + "\0" + houses_of(buildings["name"]), house, wanted)
    alone = _find(number, house, rows["building_id"])
    at_home = np.maximum(by_number, by_name)  # one of them, where the other finds none
    at_home[(by_number >= 0) & (by_name >= 0) & (by_number != by_name)] = SEVERAL
    at_home[(by_number == SEVERAL) | (by_name == SEVERAL)] = SEVERAL
    is_known = own.isin(set(theirs) - {""}).to_numpy()
    # A building of no compound may be that of any.
    free = alone.copy()
    belongs = np.append(theirs.to_numpy(object), "")[_first_of(house)][alone]
    free[is_known & (belongs != "")] = NONE
    found = np.where(is_known & (at_home != NONE), at_home, free)
    found[(rows["building_id"] == "").to_numpy()] = NONE
    use = missing & (found >= 0)
    if not use.any():
        return []
    point = buildings.geometry.representative_point().to_numpy(object)
    rows.loc[use, "geometry"] = point[_first_of(house)[found[use]]]
    count = {
        "小区和楼号（楼名）": int((use & is_known & (at_home >= 0)).sum()),
        "楼栋编号": int((use & ~(is_known & (at_home >= 0))).sum()),
    }
    by = "、".join(f"{n} 行按{word}" for word, n in count.items() if n)
    return [
        Finding(
            "notice", "placed_by_building", "households", f"{int(use.sum())} 行",
            f"没有坐标，按楼栋位置放置（{by}）",
        )
    ]  # fmt: skip


def house_of(said: object) -> str:
    """
    Give the number or name of a house without the words round it.

    Examples
    --------
    >>> [house_of(s) for s in ("３号楼", "第3 栋", "03#", "3.0", "3号楼2单元", "A座", "鼓楼")]
    ['3', '3', '3', '3', '3', 'a', '鼓']
    """
    text = "".join(unicodedata.normalize("NFKC", str(said)).split()).casefold()
    for _ in range(3):
        text = AFTER.sub("", text)
    return BEFORE.sub("", BEFORE.sub("", text))


def houses_of(said: pd.Series) -> pd.Series:
    """Give :func:`house_of` of each."""
    return _each(said, house_of)


def _each(said: pd.Series, plain: Callable[[str], str]) -> pd.Series:
    """Apply a function once to each word there is: the rows are many, the words few."""
    code, words = pd.factorize(said, use_na_sentinel=False)
    return pd.Series(np.array([plain(word) for word in words], object)[code], index=said.index)


def _find(names: pd.Series, house: NDArray[np.int64], wanted: pd.Series) -> NDArray[np.int64]:
    """Give the house of each name that is wanted, `NONE` or `SEVERAL`."""
    one = pd.Series(house).groupby(names.to_numpy(object)).agg(["min", "nunique"])
    one = one[[not str(name).endswith("\0") and name != "" for name in one.index]]
    known = one["min"].where(one["nunique"] == 1, SEVERAL)
    return np.asarray(wanted.map(known).fillna(NONE).to_numpy(np.int64))


def _first_of(house: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the first row of each house; for `NONE` and `SEVERAL`, one past the last."""
    first = np.unique(house, return_index=True)[1]
    return np.append(first, [len(house), len(house)])


def _codes_of(compounds: gpd.GeoDataFrame | None) -> Mapping[str, str]:
    """Give the code of each compound by its name, where only one has that name."""
    if compounds is None:
        return {}
    named = compounds[(compounds["name"] != "") & ~compounds["name"].duplicated(keep=False)]
    return dict(zip(named["name"].map(_plain), named["compound_id"], strict=True))


def _code(said: str, codes: Mapping[str, str]) -> str:
    return codes.get(_plain(said), said)


def _plain(said: str) -> str:
    return unicodedata.normalize("NFKC", str(said)).strip()
