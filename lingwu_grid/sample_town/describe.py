"""Figures of a town's streets, blocks and buildings, beside those of real Chinese towns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.sample_town.planar import GRID_M, HA, arrange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.sample_town.town import Town

LEAST_HA = 0.05
BINS = 36
"""Of street bearings, ten degrees each (Boeing 2019)."""
NO_STREET = ("service", "footway")
"""Ways inside compounds and alleys: the published figures are of streets that cars may use."""

SOURCE = (
    "Boeing, G. (2022). Street Network Models and Indicators for Every Urban Area in the World. "
    "Geographical Analysis 54(3). 指标文件 doi:10.7910/DVN/ZTFPTB"
)
TOWNS = 38
"""Chinese urban centres of 100–1,600 nodes in the two runs of rows that were read: ids
11328–11544 without a name, and Weihai to Wuhai."""


class Measure(NamedTuple):
    """One figure: how it is called, and its least and most in the towns read; NaN if unknown."""

    key: str
    title: str
    least: float
    most: float


MEASURES = (
    Measure("orientation_order", "街道方向有序度 φ", 0.06, 0.88),
    Measure("length_mean", "路段平均长（米）", 189.0, 622.0),
    Measure("circuity", "绕行系数", 1.00, 1.11),
    Measure("k_avg", "路口平均岔数", 2.54, 3.29),
    Measure("prop_deadend", "断头路占路口比例", 0.07, 0.28),
    Measure("prop_4way", "十字路口比例", 0.16, 0.61),
    Measure("block_ha_median", "街区面积中位数（公顷）", np.nan, np.nan),
    Measure("block_ha_least", "最小街区（公顷）", np.nan, np.nan),
    Measure("block_ha_most", "最大街区（公顷）", np.nan, np.nan),
    Measure("coverage", "建筑密度（建筑基底占地比例）", np.nan, np.nan),
    Measure("coverage_compounds", "小区内建筑密度", np.nan, np.nan),
)


def describe(town: Town) -> pd.DataFrame:
    """
    Measure a town as street networks are measured.

    Streets are those open to all: ways inside compounds are left out. Blocks lie between
    streets, water, railway and the edge of the town. Nodes where two pieces of
    one street meet do not count as junctions. Orientation order is φ of Boeing, G. (2019), Urban
    spatial order, Applied Network Science 4:67.

    Parameters
    ----------
    town
        From :func:`~lingwu_grid.sample_town.town.make_town`.

    Returns
    -------
    DataFrame
        One row a measure: key, title, value, least and most in the real towns read (NaN where no
        published figure was found).
    """
    roads = town.tables["roads"]
    streets = roads.geometry[~roads["class"].isin(NO_STREET)].to_numpy()
    noded = shapely.union_all(streets, grid_size=GRID_M)
    value = _network(noded)
    edges = [*streets, *town.tables["barriers"].geometry, *_rings(town)]
    blocks = shapely.area(arrange(np.array(edges, object)).faces) / HA
    blocks = blocks[blocks > LEAST_HA]
    value |= {
        "block_ha_median": float(np.median(blocks)),
        "block_ha_least": float(blocks.min()),
        "block_ha_most": float(blocks.max()),
    }
    buildings, compounds = town.tables["buildings"], town.tables["compounds"]
    built = shapely.area(buildings.geometry.to_numpy())
    value["coverage"] = float(built.sum() / town.tables["outline"].area.sum())
    inside = buildings["compound_id"].to_numpy() != ""
    value["coverage_compounds"] = float(built[inside].sum() / compounds.area.sum())
    return pd.DataFrame(
        [(m.key, m.title, value[m.key], m.least, m.most) for m in MEASURES],
        columns=["key", "title", "value", "least", "most"],
    )


def _rings(town: Town) -> list[shapely.Geometry]:
    return [shapely.boundary(shape) for shape in town.tables["outline"].geometry]


def _network(noded: shapely.Geometry) -> dict[str, float]:
    """Measure streets cut where they meet."""
    segments = shapely.get_parts(shapely.line_merge(noded))
    # A ring that meets nothing has no ends, and is no street between two junctions.
    segments = segments[~shapely.is_closed(segments)]
    ends = shapely.get_coordinates(shapely.boundary(segments))
    _, degree = np.unique(np.round(ends, 2), axis=0, return_counts=True)
    degree = degree[degree != 2]
    length = shapely.length(segments)
    first, last = ends[0::2], ends[1::2]
    step = last - first
    straight = np.hypot(*step.T)
    real = straight > 1.0
    return {
        "orientation_order": orientation_order(
            np.degrees(np.arctan2(step[real, 0], step[real, 1]))
        ),
        "length_mean": float(length.mean()),
        "circuity": float(length[real].sum() / straight[real].sum()),
        "k_avg": float(degree.mean()),
        "prop_deadend": float((degree == 1).mean()),
        "prop_4way": float((degree == 4).mean()),
    }


def orientation_order(bearing: NDArray[np.float64]) -> float:
    """
    Give φ of Boeing (2019): 1 for one right-angled grid, 0 for streets in all directions.

    Parameters
    ----------
    bearing
        Of each street segment, degrees; its opposite counts as well.

    Examples
    --------
    >>> import numpy as np
    >>> round(orientation_order(np.array([0.0, 90.0])), 3)
    1.0
    >>> abs(round(orientation_order(np.arange(0.0, 180.0, 10.0)), 3))
    0.0
    """
    both = np.concatenate([bearing, bearing + 180.0]) % 360.0
    width = 360.0 / BINS
    count = np.bincount(((both + width / 2) // width).astype(int) % BINS, minlength=BINS)
    share = count[count > 0] / count.sum()
    entropy = float(-(share * np.log(share)).sum())
    grid, most = np.log(4), np.log(BINS)
    return float(1 - ((entropy - grid) / (most - grid)) ** 2)


def sentences(table: pd.DataFrame) -> list[str]:
    """Say the figures, one a line, and where the published ones are from."""
    said = []
    for row in table.itertuples():
        known = f"（实有城镇 {row.least:g}–{row.most:g}）" if np.isfinite(row.least) else ""
        said.append(f"{row.title}：{row.value:.3g}{known}")
    said.append(f"括号内：中国 {TOWNS} 个城镇的最小和最大，{SOURCE}；其余没有找到可比的公开数字")
    return said
