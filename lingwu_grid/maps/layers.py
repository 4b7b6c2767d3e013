"""Layers of the planner's map: tables to GeoJSON with escaped labels."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from lingwu_grid.contract.kinds import STATUSES, barrier
from lingwu_grid.contract.rules import Band
from lingwu_grid.lawful import ANY, EXEMPT, Allowed, range_of, side
from lingwu_grid.maps.elements import (
    CircleMarker,
    FeatureGroup,
    GeoJson,
    GeoJsonTooltip,
    Tooltip,
)
from lingwu_grid.maps.packing import MICRO

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

UNSEEN = 4e-6
"""Degrees: a corner over a triangle smaller than this squared, some 0.15 m², is left out."""

ROAD = "#b0a99f"

MARKS = "marks"
"""The pane of what stands above the grids: water, railways, stations."""

COLOURS = ("#8dd3c7", "#fdb462", "#bebada", "#fb8072", "#80b1d3", "#b3de69", "#fccde5", "#ffed6f")
STATUS_COLOURS = {word: look.colour for word, look in STATUSES.items()}

LITERAL = {ord(sign): f"&#{ord(sign)};" for sign in "`$\\"}
"""What a JavaScript template literal reads as more than text: folium writes tooltips so."""

GRID_FIELDS = {
    "grid_id": "网格编码",
    "grid_name": "网格名称",
    "community_name": "社区",
    "households": "常住户数",
    "status": "合规状态",
    "reason": "说明",
    "lineage": "变更类型",
    "households_in": "调入户数",
    "households_out": "调出户数",
    "boundary_text": "四至",
}
OLD_GRID_FIELDS = {
    "grid_id": "网格编码",
    "grid_name": "网格名称",
    "households": "现状户数",
    "standing": "现状",
}
COMMUNITY_FIELDS = {
    "community_id": "社区编码",
    "community_name": "社区名称",
    "households": "常住户数",
    "grids": "网格数",
    "status": "合规状态",
    "reason": "说明",
    "lineage": "变更类型",
    "seats": "两委职数",
}
OLD_COMMUNITY_FIELDS = {
    "community_id": "社区编码",
    "community_name": "社区名称",
    "households": "现状户数",
}
CAUSE_FIELDS = {"number": "未能合规之处", "message": "原因", "households": "户数"}
MOVE_FIELDS = {
    "unit_id": "单元",
    "previous_grid_id": "原网格",
    "grid_id": "新网格",
    "households": "户数",
}


def escape(value: object) -> str:
    """
    Make any value safe to stand in HTML, also where folium puts that between back quotes.

    Examples
    --------
    >>> escape("<img src=x onerror=alert(1)>")
    '&lt;img src=x onerror=alert(1)&gt;'
    >>> escape("`${alert(1)}")
    '&#96;&#36;{alert(1)}'
    """
    return html.escape("" if value is None else str(value), quote=True).translate(LITERAL)


def lightened(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Give areas with fewer points, neighbours with the same: what no screen can show is left out.

    A unit has some sixty points, most of them along Voronoi edges a few centimetres off a line.

    Parameters
    ----------
    table
        Areas that tile, in degrees.
    """
    shapes = shapely.coverage_simplify(table.geometry.to_numpy(), UNSEEN)
    return table.set_geometry(gpd.GeoSeries(shapes, index=table.index, crs=table.crs))


def as_geojson(table: gpd.GeoDataFrame, fields: dict[str, str]) -> dict[str, Any]:
    """
    Give a table as GeoJSON with rounded coordinates and escaped values.

    Parameters
    ----------
    table
        EPSG:4490; web maps take it for WGS84, which it matches to less than a metre.
    fields
        Columns to keep.
    """
    shapes = shapely.set_precision(table.geometry.to_numpy(), 0.0)
    shapes = shapely.transform(shapes, lambda c: np.round(c, MICRO))
    columns = {name: table[name].map(escape).tolist() for name in fields}
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {name: values[i] for name, values in columns.items()},
                "geometry": shapely.geometry.mapping(shape),
            }
            for i, shape in enumerate(shapes)
        ],
    }


def area_layer(
    table: gpd.GeoDataFrame,
    name: str,
    fields: dict[str, str],
    *,
    style: dict[str, Any],
    paint: dict[str, str] | None = None,
    show: bool = True,
    pane: str = "overlayPane",
) -> FeatureGroup:
    """
    Draw polygons with a label on hover.

    Parameters
    ----------
    table
        What to draw.
    name
        The layer's name in the control.
    fields
        Columns of the label and their headings.
    style
        Leaflet path options.
    paint
        Fill colour by value of the first field; without it nothing is filled.
    show
        On when the map opens.
    pane
        Of the map; what is compared side by side has its own.
    """
    group = FeatureGroup(name=name, show=show)
    key = next(iter(fields))

    def styled(feature: dict[str, Any]) -> dict[str, Any]:
        colour = (paint or {}).get(feature["properties"][key], "#ffffff")
        return {**style, "fillColor": colour}

    GeoJson(
        as_geojson(table, fields),
        style_function=styled,
        highlight_function=lambda _: {"weight": 5, "fillOpacity": 0.55},
        tooltip=GeoJsonTooltip(
            fields=list(fields), aliases=list(fields.values()), sticky=True, class_name="card"
        ),
        pane=pane,
    ).add_to(group)
    return group


def line_layer(
    table: gpd.GeoDataFrame,
    name: str,
    colours: pd.Series,
    weight: float,
    fields: dict[str, str],
    *,
    pane: str = "overlayPane",
) -> FeatureGroup:
    """Draw lines in the colours given, with a label on hover."""
    group = FeatureGroup(name=name)
    data = as_geojson(table, fields)
    for feature, colour in zip(data["features"], colours, strict=True):
        feature["properties"]["colour"] = colour
    GeoJson(
        data,
        style_function=lambda f: {
            "color": f["properties"]["colour"],
            "weight": weight,
            "opacity": 0.9,
            "fillOpacity": 0.2,
        },
        tooltip=GeoJsonTooltip(fields=list(fields), aliases=list(fields.values())),
        pane=pane,
    ).add_to(group)
    return group


def road_layer(roads: gpd.GeoDataFrame) -> FeatureGroup:
    """Draw roads, the pieces of one name as one line; its name on hover."""
    names = roads["name"].fillna("").astype(str)
    shapes = [
        shapely.line_merge(shapely.multilinestrings(shapely.get_parts(pieces.to_numpy())))
        for _, pieces in roads.geometry.groupby(names, sort=True)
    ]
    table = gpd.GeoDataFrame({"name": sorted(set(names))}, geometry=shapes, crs=roads.crs)
    return line_layer(table, "道路", table["name"].map(lambda _: ROAD), 2, {"name": "道路"})


def barrier_layer(
    table: gpd.GeoDataFrame, weight: float, *, pane: str = "overlayPane"
) -> FeatureGroup:
    """Draw rivers, railways and other barriers, each in the colour of its kind."""
    colours = table["kind"].map(lambda kind: barrier(str(kind)).colour)
    return line_layer(table, "水系与铁路", colours, weight, {"name": "名称"}, pane=pane)


def dot(
    point: shapely.Point,
    radius: int,
    *,
    line: tuple[str, int],
    fill: str,
    tooltip: Tooltip,
) -> CircleMarker:
    """Give a mark at a point, above the grids; `line` is its colour and width."""
    marker = CircleMarker(
        [round(point.y, MICRO), round(point.x, MICRO)],
        radius=radius,
        tooltip=tooltip,
        color=line[0],
        weight=line[1],
        fill=True,
        fill_color=fill,
        fill_opacity=1,
    )
    marker.options["pane"] = MARKS  # folium passes on only the options it knows
    return marker


def station_layer(table: gpd.GeoDataFrame) -> FeatureGroup:
    """Draw the Neighbourhood Stations as dots."""
    group = FeatureGroup(name="邻里驿家")
    for name, point in zip(table["name"], table.geometry, strict=True):
        dot(point, 6, line=("#ffffff", 2), fill="#d81b60", tooltip=Tooltip(escape(name))).add_to(
            group
        )
    return group


def joined(shapes: gpd.GeoSeries) -> shapely.Geometry:
    """Join areas in degrees, where a sliver may have turned over when it left the metres."""
    return shapely.union_all(shapely.make_valid(shapes.to_numpy()))


def cause_table(record: PlanRecord) -> gpd.GeoDataFrame:
    """
    Give the ground of each explanation: its units, else the grids it names.

    Parameters
    ----------
    record
        The plan; its summary has the explanations.

    Returns
    -------
    geopandas.GeoDataFrame
        number (as in the panel), message, households; those with a place only.
    """
    rows, shapes = [], []
    for number, item in enumerate(record.summary["explanations"], start=1):
        inside = record.units["unit_id"].isin(item["units"])
        here = record.units.geometry[inside]
        if not len(here):
            here = record.grids.geometry[record.grids["grid_id"].isin(item["grids"])]
        if len(here):
            rows.append((str(number), item["message"], item["households"]))
            shapes.append(joined(here))
    return gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=list(CAUSE_FIELDS)), geometry=shapes, crs=record.units.crs
    )


def neighbour_colours(table: gpd.GeoDataFrame, key: str) -> dict[str, str]:
    """Give touching zones different colours: greedy, in the order of their ids."""
    shapes = table.geometry.to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, "dwithin", distance=1e-6)
    near: dict[int, list[int]] = {}
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        if i != j:
            near.setdefault(i, []).append(j)
    chosen: dict[int, int] = {}
    for i in np.argsort(table[key].to_numpy(str), kind="stable").tolist():
        taken = {chosen[j] for j in near.get(i, []) if j in chosen}
        free = [c for c in range(len(COLOURS)) if c not in taken]
        chosen[i] = free[0] if free else i % len(COLOURS)
    return {escape(table[key].iloc[i]): COLOURS[c] for i, c in chosen.items()}


def with_count(today: gpd.GeoDataFrame, record: PlanRecord, key: str) -> gpd.GeoDataFrame:
    """Add to today's zones the households that live in them; a shared part has them already."""
    if "households" in today:
        return today
    count = record.assignment.groupby(f"previous_{key}").size()
    return today.assign(households=today[key].map(count).fillna(0).astype(int))


def with_standing(table: gpd.GeoDataFrame, record: PlanRecord) -> gpd.GeoDataFrame:
    """
    Tell which of today's grids are over, under or within what each may have.

    A shared part has it already: its sizes are words.
    """
    if "standing" in table:
        return table
    rules = record.certificate["rules"]
    own, usual = rules["own"]["grid"], Band(*rules["grid"])
    sides = []
    for grid, households in zip(table["grid_id"], table["households"].tolist(), strict=True):
        lower, upper = range_of(rules, "grid", grid)
        band = Allowed(lower, ANY if upper is None else upper, EXEMPT if grid in own else "")
        sides.append(side(households, band, usual))
    return table.assign(standing=sides)
