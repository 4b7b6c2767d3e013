"""Roads and barriers: what nearly meets, and who is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import scipy.sparse as sp
import shapely
from scipy.sparse.csgraph import connected_components

from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.fabric.adjacency import CROSSING_M, crossing_points
from lingwu_grid.fabric.enclosures import collect_lines, label_by, make_faces
from lingwu_grid.graph import Runs
from lingwu_grid.ingest.turned import in_degrees

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

NEARLY_M = 5.0
"""A road that ends this near to another was meant to meet it."""

TOUCHES_M = 0.01


def lines(study: Study) -> list[Finding]:
    """
    Look at roads and barriers.

    Parameters
    ----------
    study
        What came.

    Returns
    -------
    list[Finding]
        Road ends that nearly meet another road, and ground with households that no crossing joins
        to the rest.
    """
    return _loose_ends(study) + _cut_off(study)


def _loose_ends(study: Study) -> list[Finding]:
    roads = study.table("roads")
    if not len(roads):
        return []
    parts, of = shapely.get_parts(roads.geometry.to_numpy(), return_index=True)
    ends = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    line = np.tile(np.arange(len(parts)), 2)
    tree = shapely.STRtree(parts)
    end, other = tree.query(ends, "dwithin", distance=NEARLY_M)
    foreign = line[end] != other
    end, other = end[foreign], other[foreign]
    away = shapely.distance(ends[end], parts[other])
    nearest = np.full(len(ends), np.inf)
    np.minimum.at(nearest, end, away)
    loose = np.flatnonzero((nearest > TOUCHES_M) & np.isfinite(nearest))
    at = gpd.GeoDataFrame(geometry=ends[loose], crs=study.crs)
    origin = roads["origin"].to_numpy(str)[of[line[loose]]]
    name = roads["name"].to_numpy(str)[of[line[loose]]]
    kind = Finding("notice", "road_nearly_meets", "roads", "", "道路端点没有接上旁边的道路",
                   "在原图中接上；步行网络在这里是断开的")  # fmt: skip
    return each(
        kind,
        [f"{n}（{o}）" if n else o for n, o in zip(name, origin, strict=True)],
        messages=[f"道路端点离旁边的道路 {d:.1f} 米，没有接上" for d in nearest[loose]],
        points=in_degrees(at, np.arange(len(loose))),
    )


def banks(study: Study) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """
    Part the study area by its barriers, and tell which parts crossings join.

    Parameters
    ----------
    study
        Barriers, crossings, bridges.

    Returns
    -------
    tuple
        The parts, and the component of each.
    """
    found = collect_lines(study)
    barriers = found.of(Runs.BARRIER)
    if not len(barriers):
        return np.array([study.outline], object), np.zeros(1, np.int64)
    edge = shapely.get_parts(shapely.boundary(study.outline))
    faces = make_faces(np.concatenate([barriers, edge]), study.outline)
    points = crossing_points(study, found)
    point, face = shapely.STRtree(faces).query(points, "dwithin", distance=CROSSING_M)
    joins = sp.coo_matrix(
        (np.ones(len(point)), (point, face)), shape=(max(len(points), 1), len(faces))
    ).tocsr()
    _, component = connected_components(joins.T @ joins, directed=False)
    return faces, component.astype(np.int64)


def _cut_off(study: Study) -> list[Finding]:
    faces, component = banks(study)
    if component.max() == 0:
        return []
    face = label_by(study.households.geometry.to_numpy(), faces)
    homes = np.bincount(face[face >= 0], minlength=len(faces))
    by_component = np.bincount(component, weights=homes).astype(np.int64)
    main = int(np.argmax(by_component))
    findings = []
    for c in np.flatnonzero((by_component > 0) & (np.arange(len(by_component)) != main)):
        biggest = np.flatnonzero(component == c)
        biggest = biggest[np.argmax(homes[biggest])]
        at = gpd.GeoDataFrame(geometry=faces[[biggest]], crs=study.crs)
        findings.append(
            Finding(
                "warning", "cut_off", "barriers", f"{by_component[c]} 户",
                "障碍围住这片地方，没有一处跨越点、桥或涵洞通到别处",
                "有桥或通道就补进 crossings 或 roads 的 bridge 列；没有就单独成格",
                in_degrees(at, np.arange(1))[0],
            )
        )  # fmt: skip
    return findings
