"""Polygons of one table against each other: overlaps, gaps, holes, pieces, slivers, ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.ingest.turned import in_degrees

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

LEAST_M2 = 1.0
"""Less ground than this is the noise of digitising."""

SLIVER_M = 1.0
"""A strip whose mean width is under this is a slip of two lines, not ground."""

TABLES = (("grids", "grid_id", "网格"), ("communities", "community_id", "社区"))


def areas(study: Study) -> list[Finding]:
    """
    Look at the polygons of grids and communities.

    Parameters
    ----------
    study
        What came.

    Returns
    -------
    list[Finding]
        Ids used twice, polygons in pieces, enclaves, overlaps, gaps, slivers and ground outside
        the study area; also references to zones that no table has.
    """
    findings: list[Finding] = []
    for table, key, word in TABLES:
        zones = study.table(table)
        if len(zones):
            findings += _ids(zones, table, key, word)
            findings += _pieces(zones, study, table, key, word)
            findings += _enclaves(zones, table, key, word)
            findings += _overlaps(zones, table, key, word)
            findings += _gaps(zones, study, table, word)
    findings += _references(study)
    return findings


def mean_width(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """
    Give the mean width of areas, metres: twice the area over the perimeter.

    Examples
    --------
    >>> mean_width(np.array([shapely.box(0, 0, 100, 0.5)])).round(1).tolist()
    [0.5]
    """
    length = shapely.length(shapes)
    width: NDArray[np.float64] = np.where(
        length > 0, 2 * shapely.area(shapes) / np.maximum(length, 1e-12), 0.0
    )
    return width


def _ids(zones: gpd.GeoDataFrame, table: str, key: str, word: str) -> list[Finding]:
    ids = zones[key]
    twice = np.flatnonzero((ids.duplicated(keep="first") & (ids != "")).to_numpy(bool))
    kind = Finding("warning", "id_twice", table, "", f"两个图形用同一个{word}编号，按一个处理",
                   "不是同一个就改编号；是同一个就合并图形")  # fmt: skip
    empty = np.flatnonzero((ids == "").to_numpy(bool))
    blank = Finding("warning", "id_missing", table, "", f"{word}没有编号", "补上编号")
    return each(kind, _named(zones, key, twice), points=in_degrees(zones, twice)) + each(
        blank, _named(zones, key, empty), points=in_degrees(zones, empty)
    )


def _named(zones: gpd.GeoDataFrame, key: str, at: NDArray[np.int64]) -> list[str]:
    return [
        f"{zone}（{origin}）" if zone else str(origin)
        for zone, origin in zones[[key, "origin"]].iloc[at].itertuples(index=False)
    ]


def _pieces(
    zones: gpd.GeoDataFrame, study: Study, table: str, key: str, word: str
) -> list[Finding]:
    shapes = zones.geometry.to_numpy()
    parts, of = shapely.get_parts(shapes, return_index=True)
    ground = shapely.area(parts) > LEAST_M2
    count = np.bincount(of[ground], minlength=len(shapes))
    declared = zones[key].isin(study.rules.enclaves).to_numpy(bool)
    several = np.flatnonzero((count > 1) & ~declared)
    kind = Finding("warning", "multipart", table, "", f"{word}分成几块（飞地）",
                   "核对；确需飞地的写进 rules.toml 的 enclaves")  # fmt: skip
    messages = [f"{word}分成 {count[i]} 块（飞地）" for i in several]
    thin = (mean_width(parts) < SLIVER_M) | ~ground
    sliver = np.unique(of[thin])
    strip = Finding("notice", "sliver", table, "", f"{word}带有宽不到 {SLIVER_M:.0f} 米的碎条",
                    "多半是两条边没有对齐，核对即可")  # fmt: skip
    outside = shapely.area(shapely.difference(shapes, shapely.buffer(study.outline, 0.05)))
    out = np.flatnonzero(outside > LEAST_M2)
    beyond = Finding("warning", "zone_outside", table, "", f"{word}伸出研究范围",
                     "核对范围和边线；范围外的部分不参与划分")  # fmt: skip
    return (
        each(kind, _named(zones, key, several), messages=messages,
             points=in_degrees(zones, several))
        + each(strip, _named(zones, key, sliver), points=in_degrees(zones, sliver))
        + each(beyond, _named(zones, key, out), points=in_degrees(zones, out))
    )  # fmt: skip


def _enclaves(zones: gpd.GeoDataFrame, table: str, key: str, word: str) -> list[Finding]:
    """Tell of zones that lie wholly inside another."""
    shapes = zones.geometry.to_numpy()
    parts, of = shapely.get_parts(shapes, return_index=True)
    holed = np.flatnonzero(shapely.get_num_interior_rings(parts) > 0)
    if not len(holed):
        return []
    filled = shapely.polygons(shapely.get_exterior_ring(parts[holed]))
    inner = shapely.point_on_surface(shapes)
    host, guest = shapely.STRtree(inner).query(filled, "contains")
    other = of[holed[host]] != guest
    whole = shapely.covers(filled[host], shapes[guest])
    pairs = np.flatnonzero(other & whole)
    ids = zones[key].to_numpy(object)
    kind = Finding("notice", "enclave", table, "", "", "核对；确需如此可写进 enclaves")
    return each(
        kind,
        [str(ids[guest[p]]) for p in pairs],
        messages=[f"整个{word}被 {ids[of[holed[host[p]]]]} 包围" for p in pairs],
        points=in_degrees(zones, guest[pairs]),
    )


def _overlaps(zones: gpd.GeoDataFrame, table: str, key: str, word: str) -> list[Finding]:
    shapes = zones.geometry.to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, "intersects")
    a, b = a[a < b], b[a < b]
    both = shapely.intersection(shapes[a], shapes[b])
    area = shapely.area(both)
    ids = zones[key].to_numpy(object)
    big = np.flatnonzero((area > LEAST_M2) & (ids[a] != ids[b]))
    thin = mean_width(both[big]) < SLIVER_M
    place = [f"{ids[a[i]]} 与 {ids[b[i]]}" for i in big]
    at = gpd.GeoDataFrame(geometry=both[big], crs=zones.crs)
    points = in_degrees(at, np.arange(len(big)))
    messages = [f"重叠 {area[i]:.0f} 平方米" for i in big]
    return [
        Finding(
            "notice" if narrow else "warning",
            "overlap_sliver" if narrow else "overlap",
            table,
            where,
            words,
            f"核对两个{word}的边线；划分时重叠处归先列出的一个",
            point,
        )
        for where, words, point, narrow in zip(place, messages, points, thin, strict=True)
    ]


def _gaps(zones: gpd.GeoDataFrame, study: Study, table: str, word: str) -> list[Finding]:
    left = shapely.difference(study.outline, shapely.union_all(zones.geometry.to_numpy()))
    parts = shapely.get_parts(left)
    parts = parts[shapely.area(parts) > LEAST_M2]
    if not len(parts):
        return []
    width = mean_width(parts)
    thin = width < SLIVER_M
    homes = shapely.STRtree(study.households.geometry.to_numpy())
    part, _ = homes.query(parts, "intersects")
    people = np.bincount(part, minlength=len(parts))
    at = gpd.GeoDataFrame(geometry=parts, crs=zones.crs)
    order = np.argsort(-shapely.area(parts), kind="stable")
    points = in_degrees(at, order)
    findings = []
    for severity, code, chosen in (("warning", "gap", ~thin[order]),
                                   ("notice", "gap_sliver", thin[order])):  # fmt: skip
        here = np.flatnonzero(chosen)
        kind = Finding("warning" if severity == "warning" else "notice", code, table, "",
                       f"没有{word}的空地", f"核对边线；划分时空地并入相邻的{word}")  # fmt: skip
        findings += each(
            kind,
            [f"空地 {n + 1}" for n in range(len(here))],
            messages=[
                f"没有{word}的空地 {shapely.area(parts[order[i]]):.0f} 平方米"
                f"（长约 {shapely.length(parts[order[i]]) / 2:.0f} 米，"
                f"平均宽 {width[order[i]]:.1f} 米），"
                f"内有 {people[order[i]]} 户"
                for i in here
            ],
            points=[points[i] for i in here],
        )
    return findings


def _references(study: Study) -> list[Finding]:
    findings: list[Finding] = []
    remedy = "核对编号（位数、前导零、全角）"
    for table, key, own, other, word in (
        ("grids", "community_id", "grid_id", "communities", "社区"),
        ("communities", "subdistrict_id", "community_id", "subdistricts", "街道"),
    ):
        zones, known = study.table(table), study.table(other)
        if not len(zones) or not len(known):
            continue
        said = zones[key].fillna("").to_numpy(str)
        lost = np.flatnonzero((said != "") & ~np.isin(said, known[key].to_numpy(str)))
        kind = Finding("warning", f"{key.removesuffix('_id')}_unknown", table, "",
                       f"所属{word}编号不在{word}表里", remedy)  # fmt: skip
        findings += each(kind, _named(zones, own, lost), points=in_degrees(zones, lost))
    return findings
