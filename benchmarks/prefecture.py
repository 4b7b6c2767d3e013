"""
Write a synthetic prefecture: towns side by side, households as a folder of GeoParquet.

    python -m benchmarks.prefecture FOLDER                    # ten towns of 500,000 households
    python -m benchmarks.prefecture FOLDER --towns 2 --households 100000

Each town is drawn from a seed of its own, under a county code of its own. Nothing in it is real.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from lingwu_grid.sample_town.names import STREET_OFFICE
from lingwu_grid.sample_town.town import make_town
from lingwu_grid.sample_town.writing import RULES, SYNTHETIC

COUNTY = STREET_OFFICE[0][:6]
CODES = ("grid_id", "community_id", "subdistrict_id")
IDS = ("building_id", "compound_id", "household_id", "station_id", "premise_id")
GAP_M = 2_000.0


def write_prefecture(folder: Path, *, towns: int, households: int, seed: int = 24) -> None:
    """
    Write a prefecture as a study folder.

    Parameters
    ----------
    folder
        Gets `households/` and `boundaries/`.
    towns
        How many, side by side from west to east, 2 km apart.
    households
        Resident households of each, about.
    seed
        Of the first town; the next take the numbers that follow.
    """
    rows, boundaries = folder / "households" / "households.parquet", folder / "boundaries"
    rows.mkdir(parents=True, exist_ok=True)
    boundaries.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[gpd.GeoDataFrame]] = {}
    east = 0.0
    for number in range(towns):
        town = make_town(households=households, seed=seed + number)
        west, _, far, _ = town.tables["outline"].total_bounds
        shift = east - west
        east += far - west + GAP_M
        for name, table in {**town.tables, "households": town.households}.items():
            tables.setdefault(name, []).append(_moved(table, number, shift))
        homes = tables.pop("households")[0].to_crs(4490).assign(source=SYNTHETIC)
        homes.to_parquet(rows / f"town-{number:02d}.parquet", index=False)
    for name, parts in tables.items():
        whole = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
        whole.assign(source=SYNTHETIC).to_file(boundaries / f"{name}.gpkg", layer=name)
    rules = RULES.replace("合成示例城镇", "合成示例地区")
    (boundaries / "rules.toml").write_text(rules, encoding="utf-8", newline="\n")


def _moved(table: gpd.GeoDataFrame, number: int, shift: float) -> gpd.GeoDataFrame:
    """Put a table of a town in its place, under codes and ids of its own."""
    out = table.copy()
    for name in out.columns.intersection([*CODES, *IDS]):
        text = out[name].astype(str)
        if name in CODES:
            out[name] = text.str.replace(f"^{COUNTY}", f"{int(COUNTY) + number}", regex=True)
        else:
            out[name] = np.where(text == "", "", f"{number:02d}-" + text)
    return out.set_geometry(out.geometry.translate(xoff=shift))


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--towns", type=int, default=10)
    parser.add_argument("--households", type=int, default=500_000, help="户数，每个城镇")
    options = parser.parse_args()
    write_prefecture(options.folder, towns=options.towns, households=options.households)


if __name__ == "__main__":
    main()
