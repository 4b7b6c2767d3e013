"""A small office's files, made from the synthetic town, ready to be damaged."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyogrio
import shapely

from lingwu_grid.fabric.enclosures import label_by
from lingwu_grid.sample_town.town import make_town

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

HOMES = "居民户.csv"


@dataclass
class Office:
    """Tables as they will be written; a damage changes one of them, or the files afterwards."""

    homes: pd.DataFrame
    """户编号, 经度, 纬度, 楼栋编号, 小区编号, 地址, 状态, 常住人口, 网格编码, 社区编码."""
    tables: dict[str, gpd.GeoDataFrame]
    epsg: dict[str, int] = field(default_factory=dict)
    """System a table is written in; degrees unless told."""
    files: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path, *, homes: bool = True) -> None:
        """Write households as UTF-8 CSV, everything else as GeoPackages."""
        for name, table in self.tables.items():
            pyogrio.write_dataframe(
                table.to_crs(self.epsg.get(name, 4490)), folder / f"{name}.gpkg", layer=name
            )
        if homes:
            self.homes.to_csv(folder / HOMES, index=False, encoding="utf-8")

    def rows(self, count: int) -> list[int]:
        """Give rows of resident households spread over the table."""
        live = np.flatnonzero((self.homes["状态"] == "常住").to_numpy())
        return live[:: max(1, len(live) // count)][:count].tolist()


@cache
def _base() -> tuple[pd.DataFrame, dict[str, gpd.GeoDataFrame]]:
    town = make_town(households=5_000, communities=1, seed=5)
    homes, grids = town.households, town.tables["grids"]
    degrees = homes.geometry.to_crs(4490)
    lies = label_by(homes.geometry.to_numpy(), grids.geometry.to_numpy())
    grid = np.append(grids["grid_id"].to_numpy(object), "")[lies]
    community = np.append(grids["community_id"].to_numpy(object), "")[lies]
    number = homes.groupby("building_id").cumcount() + 1
    compound = homes["building_id"].map(
        town.tables["buildings"].set_index("building_id")["compound_id"]
    )
    table = pd.DataFrame(
        {
            "户编号": homes["household_id"].to_numpy(),
            "经度": degrees.x.round(7).to_numpy(),
            "纬度": degrees.y.round(7).to_numpy(),
            "楼栋编号": homes["building_id"].to_numpy(),
            "小区编号": compound.fillna("").to_numpy(),
            "地址": ("灵州街" + homes["building_id"] + "-" + number.astype(str)).to_numpy(),
            "状态": homes["status"].to_numpy(),
            "常住人口": homes["residents"].to_numpy(),
            "网格编码": grid,
            "社区编码": community,
        }
    )
    return table, town.tables


def office() -> Office:
    """Give an office of its own to each test."""
    homes, tables = _base()
    return Office(homes.copy(), {name: table.copy() for name, table in tables.items()})


def squares(x: float, y: float, size: float) -> shapely.Geometry:
    """Give a square with its lower left corner at a place, metres."""
    return shapely.box(x, y, x + size, y + size)
