"""Compounds, buildings, stations and the street's own figures against today's map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.contract.kinds import RETIRED
from lingwu_grid.fabric.enclosures import label_by
from lingwu_grid.ingest.turned import in_degrees

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

PART = 0.02
"""A share of its area below this is the noise of digitising."""
PART_M2 = 5.0
GATE_M = 25.0
CONTROL_SHARE = 0.03
"""Counts of two offices differ a little with the day; beyond three per cent somebody errs."""


def sites(study: Study) -> list[Finding]:
    """
    Look at places that a zone border should not cut, and at those that should lie inside.

    Parameters
    ----------
    study
        What came.

    Returns
    -------
    list[Finding]
        Compounds and buildings cut by a border of today, stations and premises outside, and gates
        away from their compound.
    """
    findings: list[Finding] = []
    for table, key, word in (
        ("compounds", "compound_id", "小区"),
        ("buildings", "building_id", "楼栋"),
    ):
        findings += _cut(study, table, key, word)
    findings += _ids_twice(study)
    findings += _outside(study) + _gates(study)
    return findings


def codes(study: Study) -> list[Finding]:
    """
    Tell of codes in the register that are retired and drawn, and of a register without grids.

    Parameters
    ----------
    study
        What came.

    Returns
    -------
    list[Finding]
        A warning for each retired code that today's map still has; one notice where there are no
        grids, since a point holds a code to its ground less firmly than a polygon does.
    """
    register = study.table("code_register")
    findings = []
    for level, table, key in (
        ("网格", "grids", "grid_id"),
        ("社区", "communities", "community_id"),
    ):
        retired = register[(register["level"] == level) & (register["status"] == RETIRED)]
        drawn = sorted(set(study.table(table)[key].astype(str)) & set(retired["code"].astype(str)))
        kind = Finding(
            "warning", "code_retired", "code_register", "编码登记",
            f"登记为停用的编码仍在现状{level}中，结果里又会在用",
            "方案若已批准，把批准的 plan.gpkg 作为现状网格和社区；登记写错了就改登记",
        )  # fmt: skip
        findings += each(kind, drawn)
    return findings + _without_grids(study)


def _without_grids(study: Study) -> list[Finding]:
    has_grids = len(study.table("grids")) or (study.households["grid_id"].fillna("") != "").any()
    if has_grids or not (study.table("code_register")["level"] == "网格").any():
        return []
    return [
        Finding(
            "notice", "register_without_grids", "code_register", "编码登记",
            "有编码登记而没有现状网格：编码按登记点认地，改动后可能换号；"
            "把上次结果的 plan.gpkg 作为现状网格最稳妥",
            "把上次结果的 plan.gpkg 拷进研究文件夹",
        )
    ]  # fmt: skip


def _cut(study: Study, table: str, key: str, word: str) -> list[Finding]:
    findings = []
    places = study.table(table)
    shapes = places.geometry.to_numpy()
    for zone_table, zone_key, zone_word in (
        ("communities", "community_id", "社区"),
        ("grids", "grid_id", "网格"),
    ):
        zones = study.table(zone_table)
        if not len(places) or not len(zones):
            continue
        place, zone = shapely.STRtree(zones.geometry.to_numpy()).query(shapes, "intersects")
        several = np.bincount(place, minlength=len(shapes))[place] > 1
        place, zone = place[several], zone[several]
        share = shapely.area(shapely.intersection(shapes[place], zones.geometry.to_numpy()[zone]))
        real = (share > PART_M2) & (share > PART * shapely.area(shapes[place]))
        pairs = pd.DataFrame(
            {"place": place[real], "zone": zones[zone_key].to_numpy(str)[zone[real]]}
        ).drop_duplicates()
        groups = pairs.groupby("place")["zone"].agg(list)
        groups = groups[groups.map(len) > 1]
        if table == "compounds" and zone_table == "grids":
            groups = groups[_fits_one_grid(study, groups.index.to_numpy())]
        at = groups.index.to_numpy(np.int64)
        kind = Finding(
            "warning", f"{table[:-1]}_cut_by_{zone_table[:-1].replace('ie', 'y')}", table, "", "",
            f"核对边线；划分时{word}尽量整体归一个{zone_word}",
        )  # fmt: skip
        findings += each(
            kind,
            places[key].iloc[at].astype(str).tolist(),
            messages=[f"{word}被{zone_word}边界切开：{'、'.join(z)}" for z in groups],
            points=in_degrees(places, at),
        )
    return findings


def _fits_one_grid(study: Study, compounds: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which compounds are small enough for one grid: a larger one must be cut."""
    shapes = study.table("compounds").geometry.to_numpy()
    inside = label_by(study.households.geometry.to_numpy(), shapes)
    homes = np.bincount(inside[inside >= 0], minlength=len(shapes))
    fits: NDArray[np.bool_] = homes[compounds] <= study.rules.grid.upper
    return fits


def _ids_twice(study: Study) -> list[Finding]:
    findings = []
    for table, key, word in (
        ("compounds", "compound_id", "小区"),
        ("buildings", "building_id", "楼栋"),
        ("stations", "station_id", "驿站"),
    ):
        rows = study.table(table)
        twice = (rows[key].duplicated(keep="first") & (rows[key].fillna("") != "")).to_numpy(bool)
        at = np.flatnonzero(twice)
        kind = Finding("warning", "id_twice", table, "", f"{word}编号重复", "核对并改正编号")
        places = [
            f"{k}（{o}）" for k, o in rows[[key, "origin"]].iloc[at].itertuples(index=False)
        ] if len(at) else []  # fmt: skip
        findings += each(kind, places, points=in_degrees(rows, at))
    return findings


def _outside(study: Study) -> list[Finding]:
    findings = []
    for table, key, word in (
        ("stations", "station_id", "邻里驿家"),
        ("premises", "premise_id", "备选用房"),
    ):
        rows = study.table(table)
        if not len(rows):
            continue
        out = np.flatnonzero(~shapely.intersects(study.outline, rows.geometry.to_numpy()))
        kind = Finding("warning", f"{table[:-1]}_outside", table, "", f"{word}在研究范围之外",
                       "核对坐标；确在范围外也可服务范围内的居民")  # fmt: skip
        findings += each(kind, _label(rows, key, out), points=in_degrees(rows, out))
    return findings


def _label(rows: gpd.GeoDataFrame, key: str, at: NDArray[np.int64]) -> list[str]:
    return [
        str(k) if k else str(o) for k, o in rows[[key, "origin"]].iloc[at].itertuples(index=False)
    ]


def _gates(study: Study) -> list[Finding]:
    gates, compounds = study.table("gates"), study.table("compounds")
    if not len(gates) or not len(compounds):
        return []
    points = gates.geometry.to_numpy()
    edges = shapely.boundary(compounds.geometry.to_numpy())
    near = shapely.STRtree(edges).query_nearest(points, all_matches=False)[1]
    far = np.flatnonzero(shapely.distance(points, edges[near]) > GATE_M)
    kind = Finding(
        "notice", "gate_away", "gates", "", f"大门离最近的小区围墙超过 {GATE_M:.0f} 米", "核对位置"
    )
    return each(kind, _label(gates, "compound_id", far), points=in_degrees(gates, far))


def control(study: Study) -> list[Finding]:
    """
    Set the street's own figures beside the count of households.

    Parameters
    ----------
    study
        All of its households: a part of them would differ from every figure.
    """
    table = study.tables.get("control")
    if table is None:
        return []
    findings = []
    said = pd.to_numeric(table["households"], errors="coerce").to_numpy(float)
    for i, row in enumerate(
        table[["grid_id", "community_id", "subdistrict_id"]].itertuples(index=False)
    ):
        where, counted = _counted(study, *(str(v) for v in row))
        if counted is None or not np.isfinite(said[i]):
            continue
        if abs(counted - said[i]) > CONTROL_SHARE * max(said[i], 1):
            findings.append(
                Finding(
                    "warning", "control_differs", "control", where,
                    f"街道上报 {said[i]:.0f} 户，数据里 {counted} 户，"
                    f"相差 {counted - said[i]:+.0f} 户",
                    "核对是否漏报、重报，或空挂户没有剔除",
                )
            )  # fmt: skip
    return findings


def _counted(
    study: Study, grid_id: str, community_id: str, street_id: str
) -> tuple[str, int | None]:
    for table, key, value in (
        ("grids", "grid_id", grid_id),
        ("communities", "community_id", community_id),
        ("subdistricts", "subdistrict_id", street_id),
    ):
        zones = study.table(table)
        if value and len(zones):
            mine = zones.geometry[zones[key] == value].to_numpy()
            points = study.households.geometry.to_numpy()
            return value, int((label_by(points, mine) >= 0).sum()) if len(mine) else None
    return "全部", len(study.households) if not (grid_id or community_id or street_id) else None
