"""Housing: a household without coordinates stands in the building it names."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.contract.findings import Finding
from lingwu_grid.ingest.recurring import place_of_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

HOUSE = r"(?:号楼|号|栋|幢|楼|#)+$"
"""Words after the number of a house, which one table has and another has not."""


def place_by_building(
    rows: gpd.GeoDataFrame,
    missing: NDArray[np.bool_],
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None,
) -> list[Finding]:
    """
    Give households without coordinates a point in their building; changes `rows`.

    A building is found by its number, where that stands in one place; else by its compound and
    number, or compound and name ("阳光城", "3号楼"). What fits several houses gives no place.

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
    point = buildings.geometry.representative_point()
    place = pd.Series(place_of_number(buildings))
    codes = _codes_of(compounds)
    own = _pair(rows, "building_id", codes)
    alone = buildings["building_id"].mask((place > 0).to_numpy(), "")
    told = []
    for word, theirs, wanted in (
        ("楼栋编号", alone, rows["building_id"]),
        ("小区和楼号", _pair(buildings, "building_id", codes), own),
        ("小区和楼名", _pair(buildings, "name", codes), own),
    ):
        name = theirs.to_numpy(object)
        # Two footprints of one number in one place are one house; two houses of a name are two.
        houses = place if word != "小区和楼名" else pd.Series(range(len(name)))
        is_one = houses.groupby(name).transform("nunique").to_numpy() == 1
        known = pd.Series(point.to_numpy(object), index=name)[is_one & (name != "")]
        found = wanted.map(known[~known.index.duplicated()])
        use = missing & found.notna().to_numpy()
        if use.any():
            rows.loc[use, "geometry"] = found[use]
            missing = missing & ~use
            told.append((word, int(use.sum())))
    if not told:
        return []
    by = "、".join(f"{count} 行按{word}" for word, count in told)
    return [
        Finding(
            "notice", "placed_by_building", "households", f"{sum(n for _, n in told)} 行",
            f"没有坐标，按楼栋位置放置（{by}）",
        )
    ]  # fmt: skip


def _codes_of(compounds: gpd.GeoDataFrame | None) -> Mapping[str, str]:
    """Give the code of each compound by its name, where only one has that name."""
    if compounds is None:
        return {}
    named = compounds[(compounds["name"] != "") & ~compounds["name"].duplicated(keep=False)]
    return dict(zip(named["name"], named["compound_id"], strict=True))


def _pair(table: gpd.GeoDataFrame, column: str, codes: Mapping[str, str]) -> pd.Series:
    """Give compound and house in one text; empty where either is."""
    compound = table["compound_id"].map(lambda said: codes.get(said, said))
    house = table[column].map(lambda said: unicodedata.normalize("NFKC", str(said)).strip())
    house = house.str.replace(HOUSE, "", regex=True).str.lstrip("0")
    return (compound + "\0" + house).mask((compound == "") | (house == ""), "")
