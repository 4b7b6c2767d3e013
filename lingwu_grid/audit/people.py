"""Household rows against buildings, water and today's zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.fabric.enclosures import label_by
from lingwu_grid.ingest.counting import places_of
from lingwu_grid.ingest.housing import houses_of
from lingwu_grid.ingest.turned import in_degrees

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

MOST_RESIDENTS = 30
"""More people than this at one door are a dormitory or a slip of the pen."""

FAR_M = 50.0
"""A household this far from its own building has a wrong point or a wrong building."""

BORDER_M = 2.0
"""Surveys of a border differ so much; a point nearer than this is on both sides."""

SAME_PLACE_M = 0.1


def people(study: Study) -> list[Finding]:
    """
    Look at the household rows that count.

    Parameters
    ----------
    study
        What came.

    Returns
    -------
    list[Finding]
        Impossible numbers of residents, points on water or far from their building, ids that no
        table knows, rows whose zone by attribute is not the one they lie in, and rows that look
        like one household under two ids.
    """
    rows = study.households
    residents = rows["residents"].to_numpy()
    given = rows["residents_given"].to_numpy(bool)
    tell = _Teller(study)
    tell(
        (residents < 0) | (given & (residents == 0)),
        Finding("warning", "residents_none", "households", "", "常住户的人口不大于 0",
                "核对人口数，或把状态改为空置、空挂"),
    )  # fmt: skip
    tell(
        residents > MOST_RESIDENTS,
        Finding("warning", "residents_many", "households", "", f"一户人口超过 {MOST_RESIDENTS} 人",
                "核对人口数；宿舍、福利院请写状态“集体户”"),
    )  # fmt: skip
    tell(
        _on_water(study),
        Finding("warning", "on_water", "households", "", "位置在河、渠的水面上", "核对坐标"),
    )
    _by_building(study, tell)
    _by_zone(study, tell, "grids", "grid_id", "网格")
    _by_zone(study, tell, "communities", "community_id", "社区")
    tell(
        _twice(study),
        Finding("notice", "same_household", "households", "",
                "与另一行地址、位置、人口都相同，编号不同", "核对是不是同一户登记了两次"),
    )  # fmt: skip
    return tell.findings


class _Teller:
    """Turns a mask over household rows into findings with places."""

    def __init__(self, study: Study) -> None:
        self._rows = study.households
        self.findings: list[Finding] = []

    def __call__(self, wrong: NDArray[np.bool_], kind: Finding) -> None:
        at = np.flatnonzero(wrong)
        if len(at):
            self.findings += each(
                kind, places_of(self._rows, at), points=in_degrees(self._rows, at)
            )


def _on_water(study: Study) -> NDArray[np.bool_]:
    barriers = study.table("barriers")
    shapes = barriers.geometry.to_numpy()
    wet = shapes[
        np.isin(shapely.get_type_id(shapes), (3, 6))
        & barriers["kind"].isin(["river", "canal"]).to_numpy(bool)
    ]
    return label_by(study.households.geometry.to_numpy(), wet) >= 0


def _by_building(study: Study, tell: _Teller) -> None:
    rows, buildings = study.households, study.table("buildings")
    if not len(buildings):
        return
    numbers, of_building = np.unique(buildings["building_id"].to_numpy(object), return_inverse=True)
    place = pd.Index(numbers).get_indexer(pd.Index(rows["building_id"]))
    named = (rows["building_id"] != "").to_numpy(bool)
    unknown = named & (place < 0)
    unknown[unknown] = ~_at_home(rows[unknown], buildings)
    tell(
        unknown,
        Finding("warning", "building_unknown", "households", "", "楼栋编号不在楼栋表里",
                "核对楼栋编号（位数、前导零），或补上楼栋"),
    )  # fmt: skip
    away = np.zeros(len(rows))
    known = np.flatnonzero(named & (place >= 0))
    # A number that recurs is that of several houses: the nearest counts.
    shapes = buildings.geometry.to_numpy()[np.argsort(of_building, kind="stable")]
    houses = shapely.geometrycollections(shapes, indices=np.sort(of_building))
    away[known] = shapely.distance(rows.geometry.to_numpy()[known], houses[place[known]])
    tell(
        away > FAR_M,
        Finding("warning", "far_from_building", "households", "",
                f"离自己的楼栋超过 {FAR_M:.0f} 米", "核对坐标或楼栋编号"),
    )  # fmt: skip


def _at_home(rows: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell who stands in a house whose number or name is theirs, written another way."""
    row, house = shapely.STRtree(buildings.geometry.to_numpy()).query(
        rows.geometry.to_numpy(), "intersects"
    )
    said = houses_of(rows["building_id"]).to_numpy(object)[row]
    names = [houses_of(buildings[c]).to_numpy(object)[house] for c in ("building_id", "name")]
    home = np.zeros(len(rows), np.bool_)
    home[row[(said == names[0]) | (said == names[1])]] = True
    return home


def _by_zone(study: Study, tell: _Teller, table: str, key: str, word: str) -> None:
    rows, zones = study.households, study.table(table)
    said = rows[key].to_numpy(str)
    if not len(zones) or not (said != "").any():
        return
    ids = zones[key].to_numpy(str)
    tell(
        (said != "") & ~np.isin(said, ids),
        Finding("warning", f"{key.removesuffix('_id')}_unknown", "households", "",
                f"所属{word}编号不在{word}表里", "核对编号（位数、前导零、全角）"),
    )  # fmt: skip
    shapes = zones.geometry.to_numpy()
    lies = label_by(rows.geometry.to_numpy(), shapes)
    differ = (said != "") & np.isin(said, ids) & (lies >= 0) & (ids[lies] != said)
    at = np.flatnonzero(differ)
    near = shapely.distance(rows.geometry.to_numpy()[at], shapely.boundary(shapes)[lies[at]])
    differ[at[near < BORDER_M]] = False
    tell(
        differ,
        Finding("warning", f"{key.removesuffix('_id')}_differs", "households", "",
                f"登记的{word}与位置所在的{word}不同", "核对坐标和登记；划分时以位置为准"),
    )  # fmt: skip


def _twice(study: Study) -> NDArray[np.bool_]:
    rows = study.households
    address = rows["address"].to_numpy(str)
    xy = np.round(shapely.get_coordinates(rows.geometry.to_numpy()) / SAME_PLACE_M)
    columns = pd.DataFrame(
        {"a": address, "x": xy[:, 0], "y": xy[:, 1], "n": rows["residents"].to_numpy(),
         "e": rows["elderly"].to_numpy()}
    )  # fmt: skip
    again: NDArray[np.bool_] = columns.duplicated(keep="first").to_numpy() & (address != "")
    return again
