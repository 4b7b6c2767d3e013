"""Nesting: the levels of a written plan checked again, without what drew them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import shapely

from lingwu_grid.ingest.drivers import layers_of, read_layer

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

FILLS_M2 = 1.0
"""Ground that the zones of a level may miss or hold twice by rounding."""


class Nest(NamedTuple):
    """What a plan's levels are checked against."""

    rows: pd.DataFrame
    """One a household."""
    grids: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    layers: Path
    """With the layer of the levels."""
    crs: Any
    """Metres."""


def level_faults(nest: Nest, levels: list[dict[str, Any]]) -> dict[str, list[str]]:
    """
    Check the zones of each level: whose they are, how many live there, where they lie.

    Parameters
    ----------
    nest
        The files.
    levels
        Their entries in the summary.

    Returns
    -------
    dict[str, list[str]]
        What does not hold, by the name of the level.
    """
    if levels and "levels" not in layers_of(nest.layers):
        return {level["name"]: ["没有图层"] for level in levels}
    table = read_layer(nest.layers, "levels") if levels else None
    return {level["name"]: _faults(nest, level, table) for level in levels}


def _faults(nest: Nest, level: dict[str, Any], table: gpd.GeoDataFrame) -> list[str]:
    zones, key = table[table["level"] == level["id"]], f"{level['id']}_id"
    if level.get("made_of"):
        return _made_of(nest, zones, level)
    if key not in nest.rows or len(zones) != level["zones"]:
        return ["每户归属或图层不全"]
    faults = []
    count = nest.rows.groupby(key).size().reindex(zones["zone_id"], fill_value=0).to_numpy()
    wrong = zones["zone_id"][count != zones["households"].to_numpy()]
    faults += [f"{zone} 的户数与图层不符" for zone in wrong]
    faults += [f"{z} 在图层里没有" for z in sorted(set(nest.rows[key]) - set(zones["zone_id"]))]
    low, high = level["range"]
    for row in zones.itertuples(index=False):
        if not low <= row.households <= high and not row.reason:
            faults.append(f"{row.zone_id} 有 {row.households} 户，没有写理由")
        elif row.status == "合规" and not low <= row.households <= high:
            faults.append(f"{row.zone_id} 有 {row.households} 户，写成合规")
    above = _above(nest, level, table)
    pairs = nest.rows[[key, above.key]].drop_duplicates()
    home = zones.set_index("zone_id")["parent_id"]
    astray = pairs[pairs[above.key] != home.reindex(pairs[key]).to_numpy()]
    faults += [f"{zone} 的户不都在 {home.get(zone, '')}" for zone in sorted(set(astray[key]))]
    return faults + _fill(nest, zones, above)


def _made_of(nest: Nest, zones: gpd.GeoDataFrame, level: dict[str, Any]) -> list[str]:
    """Check zones that are made of whole communities: each is in one, and they add up."""
    members = zones.set_index("zone_id")["made_of"].str.split("、").explode()
    known = nest.communities.set_index("community_id")
    if sorted(members) != sorted(known.index):
        return ["不是每个社区恰在一个里"]
    count = known["households"].reindex(members).groupby(members.index).sum()
    low, high = level["range"]
    faults = []
    for row in zones.itertuples(index=False):
        if count[row.zone_id] != row.households:
            faults.append(f"{row.zone_id} 的户数与社区不符")
        if (row.status == "合规") != (low <= row.households <= high):
            faults.append(f"{row.zone_id} 有 {row.households} 户，写成{row.status}")
    ground = known.geometry.to_crs(nest.crs).reindex(members)
    union = ground.groupby(members.index).agg(lambda s: shapely.union_all(s.to_numpy()))
    shapes = zones.set_index("zone_id").geometry.to_crs(nest.crs)
    off = shapely.area(shapely.symmetric_difference(union.reindex(shapes.index), shapes.to_numpy()))
    return faults + [f"{zone} 的图形与其社区不符" for zone in shapes.index[off > FILLS_M2]]


class _Above(NamedTuple):
    """The zones that those of a level lie in, or are made of."""

    key: str
    shapes: gpd.GeoSeries


def _above(nest: Nest, level: dict[str, Any], levels: gpd.GeoDataFrame) -> _Above:
    if level["inside"] == "grid":
        return _Above("grid_id", nest.grids.set_index("grid_id").geometry)
    table = levels[levels["level"] == level["inside"]]
    return _Above(f"{level['inside']}_id", table.set_index("zone_id").geometry)


def _fill(nest: Nest, zones: gpd.GeoDataFrame, above: _Above) -> list[str]:
    """Check that zones are in one piece and fill the zone above, without overlap."""
    crs = nest.crs
    shapes = zones.geometry.to_crs(crs)
    several = zones["zone_id"][shapely.get_num_geometries(shapes.to_numpy()) > 1]
    faults = [f"{zone} 的图形分成几块" for zone in several]
    whole = above.shapes.to_crs(crs)
    union = shapes.groupby(zones["parent_id"]).agg(lambda s: shapely.union_all(s.to_numpy()))
    area = shapes.area.groupby(zones["parent_id"]).sum()
    for parent, shape in whole.items():
        if parent not in union.index:
            faults.append(f"{parent} 里没有划")
            continue
        off = shapely.area(shapely.symmetric_difference(union[parent], shape))
        double = float(area[parent]) - shapely.area(union[parent])
        if max(off, double) > FILLS_M2:
            faults.append(f"{parent} 没有铺满或有重叠，差 {max(off, double):.1f} 平方米")
    return faults
