"""How today's map stands: sizes, pieces, nesting; the same questions for any map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.audit.areas import LEAST_M2
from lingwu_grid.audit.means import tight_means
from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.fabric.adjacency import CROSSING_M, crossing_points
from lingwu_grid.fabric.enclosures import collect_lines, label_by
from lingwu_grid.graph import Runs
from lingwu_grid.ingest.turned import in_degrees
from lingwu_grid.lawful import OVER, UNDER, Bands, community_bands, grid_bands, side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.ingest.study import Study

HULL_RATIO, HULL_MARGIN_M = 0.4, 8.0
"""How closely the sketch of a zone without a polygon follows its homes, and how far it passes
them."""

NESTED = 0.01
"""Share of a grid that may lie over its community's border: two drawings of one line differ."""


@dataclass(frozen=True)
class Standing:
    """
    How the zones of a map stand.

    Parameters
    ----------
    zones
        One row a grid or community: level, zone_id, name, households, standing, pieces; with its
        polygon where there is one.
    findings
        What is against the policy, zone by zone.
    """

    zones: gpd.GeoDataFrame
    findings: tuple[Finding, ...]


def today(study: Study) -> Standing:
    """
    Measure today's map against the policy.

    Parameters
    ----------
    study
        Zones as polygons; without polygons, as columns of the households (then sizes only).

    Returns
    -------
    Standing
        Policy §4: grids of 300–500 and communities of 3000–5000 resident households, or what the
        rules say.
    """
    frames, findings = [], []
    for table, key, level in (
        ("grids", "grid_id", "网格"),
        ("communities", "community_id", "社区"),
    ):
        zones = _counted(study, table, key, level)
        bands = _bands(study, table, zones)
        zones["standing"] = [
            side(n, bands.of(z), bands.usual)
            for z, n in zip(zones["zone_id"], zones["households"].tolist(), strict=True)
        ]
        findings += _sizes(zones, table, bands)
        findings += tight_means(study, zones, table, level, bands)
        if len(study.table(table)):
            findings += _cut(zones, study, table)
        frames.append(zones)
    findings += _nesting(study)
    both = pd.concat([f for f in frames if len(f)] or frames, ignore_index=True)
    return Standing(gpd.GeoDataFrame(both, geometry="geometry", crs=study.crs), tuple(findings))


def _counted(study: Study, table: str, key: str, level: str) -> gpd.GeoDataFrame:
    drawn, homes = study.table(table), study.households
    if len(drawn):
        row = label_by(homes.geometry.to_numpy(), drawn.geometry.to_numpy())
        zone = np.append(drawn[key].to_numpy(object), "")[row]
        shapes = drawn.dissolve(key, as_index=False) if drawn[key].duplicated().any() else drawn
        name = f"{table[:-1]}_name" if table == "grids" else "community_name"
        zones = gpd.GeoDataFrame(
            {"zone_id": shapes[key].to_numpy(object), "name": shapes[name].to_numpy(object),
             "kind": shapes["kind"].to_numpy(object)},
            geometry=shapes.geometry.to_numpy(), crs=study.crs,
        )  # fmt: skip
    else:
        zone = homes[key].to_numpy(object)
        of = {str(z): places for z, places in homes.geometry.groupby(zone) if z}
        ids = sorted(of)
        zones = gpd.GeoDataFrame(
            {"zone_id": ids, "name": "", "kind": ""},
            geometry=[_about(of[z]) for z in ids], crs=study.crs,
        )  # fmt: skip
        zones["pieces"] = 0  # it has no polygon: what is drawn is where its homes lie
    count = pd.Series(zone).value_counts()
    zones["households"] = zones["zone_id"].map(count).fillna(0).astype(np.int64)
    zones["level"] = level
    return zones


def _about(homes: gpd.GeoSeries) -> shapely.Geometry:
    """Draw where the homes of a zone lie that is a word in a column and no polygon."""
    places = shapely.multipoints(homes.to_numpy())
    return shapely.concave_hull(places, ratio=HULL_RATIO).buffer(HULL_MARGIN_M)


def _bands(study: Study, table: str, zones: gpd.GeoDataFrame) -> Bands:
    if table == "grids":
        return grid_bands(study.rules, zones.loc[zones["kind"] == "special", "zone_id"])
    return community_bands(study.rules, zones.loc[zones["kind"] == "village", "zone_id"])


def _sizes(zones: gpd.GeoDataFrame, table: str, bands: Bands) -> list[Finding]:
    findings = []
    size = zones["households"].to_numpy()
    for word, code in ((OVER, "over"), (UNDER, "under")):
        at = np.flatnonzero((zones["standing"] == word).to_numpy(bool))
        limits = [bands.of(zone) for zone in zones["zone_id"].iloc[at]]
        limit = [band.upper if word == OVER else band.lower for band in limits]
        one = table.removesuffix("s").replace("ie", "y")
        kind = Finding("warning", f"{one}_{code}", table, "", "",
                       "运行 python -m lingwu_grid.partition 得到调整方案")  # fmt: skip
        findings += each(
            kind,
            [_title(zones, i) for i in at.tolist()],
            messages=[
                f"{size[i]} 户，{word} {n} 户，差 {abs(size[i] - n)} 户"
                for i, n in zip(at.tolist(), limit, strict=True)
            ],
            points=in_degrees(zones, at) if len(at) and zones.geometry.notna().all() else None,
        )
    return findings


def _title(zones: gpd.GeoDataFrame, i: int) -> str:
    name, key = str(zones["name"].iloc[i]), str(zones["zone_id"].iloc[i])
    return f"{name}（{key}）" if name else key


def _cut(zones: gpd.GeoDataFrame, study: Study, table: str) -> list[Finding]:
    """Tell of zones that a barrier parts into pieces with households, without a crossing."""
    found = collect_lines(study)
    barriers = found.of(Runs.BARRIER)
    zones["pieces"] = shapely.get_num_geometries(zones.geometry.to_numpy()).astype(np.int64)
    if not len(barriers):
        return []
    shapes = zones.geometry.to_numpy()
    line, zone = shapely.STRtree(shapes).query(barriers, "crosses")
    crossings = shapely.STRtree(crossing_points(study, found))
    homes = shapely.STRtree(study.households.geometry.to_numpy())
    cut: dict[int, int] = {}
    for i in np.unique(zone):
        walls = shapely.union_all(barriers[line[zone == i]])
        parts = shapely.get_parts(shapely.difference(shapes[i], shapely.buffer(walls, 0.01)))
        parts = parts[shapely.area(parts) > LEAST_M2]
        part, _ = homes.query(parts, "intersects")
        lived = np.unique(part)
        if len(lived) > 1:
            pieces = _joined(parts, crossings, lived)
            if pieces > 1:
                cut[int(i)] = pieces
    at = np.array(sorted(cut), np.int64)
    zones.loc[zones.index[at], "pieces"] = [cut[i] for i in at.tolist()]
    kind = Finding(
        "warning", "cut_by_barrier", table, "", "", "有桥或通道就补进 crossings；没有就调整边界"
    )
    return each(
        kind,
        [_title(zones, i) for i in at],
        messages=[f"被河渠、铁路等隔成 {cut[i]} 块，中间没有跨越点" for i in at.tolist()],
        points=in_degrees(zones, at),
    )


def _joined(
    parts: NDArray[np.object_], crossings: shapely.STRtree, lived: NDArray[np.int64]
) -> int:
    """Count the pieces with households after crossings have joined what they join."""
    group = np.arange(len(parts))
    part, crossing = crossings.query(parts, "dwithin", distance=CROSSING_M)
    for c in np.unique(crossing):
        members = part[crossing == c]
        group[np.isin(group, group[members])] = group[members].min()
    return len(np.unique(group[lived]))


def _nesting(study: Study) -> list[Finding]:
    grids, communities = study.table("grids"), study.table("communities")
    if not len(grids) or not len(communities):
        return []
    first = communities.drop_duplicates("community_id").set_index("community_id").geometry
    own = grids["community_id"].map(first)
    known = own.notna().to_numpy(bool)
    shapes = grids.geometry.to_numpy()
    outside = np.zeros(len(grids))
    outside[known] = shapely.area(shapely.difference(shapes[known], own[known].to_numpy(object)))
    share = outside / np.maximum(shapely.area(shapes), 1e-9)
    at = np.flatnonzero((share > NESTED) & (outside > 10 * LEAST_M2))
    kind = Finding("warning", "not_nested", "grids", "", "", "核对网格的社区编号和两级边线")
    return each(
        kind,
        [str(g) for g in grids["grid_id"].iloc[at]],
        messages=[
            f"{100 * share[i]:.0f}% 的面积在所属社区 {grids['community_id'].iloc[i]} 之外"
            for i in at
        ],
        points=in_degrees(grids, at),
    )
