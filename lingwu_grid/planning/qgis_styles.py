"""
Styles for QGIS: in ``plan.gpkg``, where a layer that is added finds its own, and as a project.

Both are written by hand, after what QGIS 3.22 writes; no QGIS is needed.
"""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

from pyproj import CRS

from lingwu_grid.contract.kinds import BARRIERS, MOVED, STATUSES, UNKNOWN
from lingwu_grid.planning.qgis_layout import layouts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TABLE = "layer_styles"
GEOMETRY = "geom"
MADE = "2000-01-01T00:00:00.000Z"
"""A fixed date in the file: the same plan gives the same bytes."""

CREATE = f"""
create table "{TABLE}" (
  "id" integer primary key autoincrement not null, "f_table_catalog" text(256),
  "f_table_schema" text(256), "f_table_name" text(256), "f_geometry_column" text(256),
  "styleName" text(30), "styleQML" text, "styleSLD" text, "useAsDefault" boolean,
  "description" text, "owner" text(30), "ui" text(30), "update_time" datetime
)"""
"""As QGIS makes it."""

NAMES = {
    "grid_id": "网格编码", "grid_name": "网格名称", "kind": "类型", "community_id": "社区编码",
    "community_name": "社区名称", "subdistrict_id": "街道编码", "households": "常住户数",
    "residents": "常住人口", "party_org": "党组织", "buildings": "楼栋数",
    "area_km2": "面积（平方公里）",
    "status": "合规状态", "reason": "理由", "lineage": "变更类型",
    "previous_grid_ids": "原网格编码", "recoded_from": "改编前编码",
    "previous_grid_id": "原网格编码", "households_in": "调入户数", "households_out": "调出户数",
    "boundary_text": "四至", "partner_grid_id": "互助网格", "committee_seat": "两委席位",
    "reserve_seat": "替补席位", "station_id": "驿家编号", "station_name": "邻里驿家",
    "walk_minutes": "步行分钟", "share_15": "15分钟覆盖", "grids": "网格数", "seats": "两委职数",
    "service_fund": "服务经费（元/年）", "unit_id": "单元编号", "level": "层级",
    "level_name": "级别", "zone_id": "编码", "zone_name": "名称", "parent_id": "上级编码",
    "parent_name": "上级", "made_of": "由哪些社区组成",
    "name": "名称", "floor_area_m2": "建筑面积（平方米）", "households_15": "15分钟内户数",
    "m2_per_100": "每百户平方米", "overloaded": "超负荷", "method": "算法", "place": "位置",
    "elderly": "老年人", "metres": "米", "cause": "原因类型", "cause_households": "因此走不到的户",
    "minutes": "分钟", "band": "档", "label": "说明", "goes_round": "绕行原因",
    "spared_m": "少走的米", "site_id": "用房编号", "cost": "费用（元，假定）",
    "added_households": "多覆盖的户数",
}  # fmt: skip
"""What a planner calls a column."""


PROJECT = "lingwu_grid.qgz"
DEGREES = "EPSG:4490"
"""Of the files."""
ID = "lingwu_grid_"
"""Ids of ten characters or fewer are not kept by QGIS."""


class Fill(NamedTuple):
    """How an area is drawn; of a line, its edge."""

    colour: str
    opacity: int
    edge: str
    width: float
    dash: str = "solid"


class Style(NamedTuple):
    """How a layer is drawn."""

    layer: str
    title: str
    fill: Fill
    column: str = ""
    """Whose values have a colour each: see `looks`."""
    looks: tuple[tuple[str, str, str], ...] = ()
    """Value, word in the legend and colour."""
    label: str = ""
    """Expression of the label."""
    size: float = 8.0
    scale: int = 0
    """Labels from this scale on, 1 : so much; 0 for all."""
    kind: str = "fill"
    """`fill`, `line` or `marker`."""


STYLES = (
    Style("communities", "社区", Fill("#000000", 0, "#4527a0", 0.9),
          label="\"community_name\" || '\\n' || \"households\" || ' 户'", size=11),
    Style("grids", "网格", Fill("#ffffff", 150, "#616161", 0.3), column="status",
          looks=tuple((word, word, look.paper) for word, look in STATUSES.items()),
          label="\"grid_name\" || '\\n' || \"households\" || ' 户'", scale=20_000),
    Style("moves", "变动单元", Fill(MOVED, 150, "#e65100", 0.2)),
    Style("units", "单元", Fill("#000000", 0, "#bdbdbd", 0.1)),
    Style("levels", "微网格等层级", Fill("#000000", 0, "#00695c", 0.3, "dash"),
          label="\"zone_name\" || '\\n' || \"households\" || ' 户'", size=7, scale=4_000),
)  # fmt: skip

SERVICE = (
    Style("stations", "邻里驿家", Fill("#d81b60", 255, "#ffffff", 0.3), label='"name"', size=7,
          scale=10_000, kind="marker"),
    Style("proposed_stations", "建议新开的驿家", Fill("#0d47a1", 255, "#ffffff", 0.3),
          kind="marker"),
    Style("gaps", "服务缺口", Fill("#d50000", 38, "#b71c1c", 0.6)),
    Style("isochrones", "等时圈", Fill("#000000", 0, "#1b5e20", 0.4, "dash")),
    Style("bands", "步行分钟", Fill("#000000", 0, "#b0bec5", 0.1)),
    Style("catchments", "各站服务范围", Fill("#000000", 0, "#6d4c41", 0.3, "dash dot")),
    Style("routes", "走法", Fill("", 0, "#90a4ae", 0.1), kind="line"),
    Style("circles", "直线画圈（对照）", Fill("#000000", 0, "#c2185b", 0.4, "dot")),
)  # fmt: skip
"""Of the layers of a service circle: outlines, so that the plan is seen below them. What is to be
rebuilt is points, lines and areas in one layer, which no one style fits."""

BACKDROP = (
    Style("compounds", "小区", Fill("#000000", 0, "#8d6e63", 0.15, "dot"), label='"name"', size=6,
          scale=8_000),
    Style("barriers", "水系和铁路", Fill("", 0, UNKNOWN.colour, 0.7), label='"name"', kind="line",
          column="kind", looks=tuple((k, b.name, b.colour) for k, b in BARRIERS.items())),
    Style("roads", "道路", Fill("", 0, "#bcaaa4", 0.4), label='"name"', size=6, scale=10_000,
          kind="line"),
)  # fmt: skip
"""Of the project: what lies under the plan."""

SHOWN = ("communities", "moves", "levels", "grids", "compounds", "barriers", "roads")


def add_styles(path: Path, columns: Mapping[str, Sequence[str]]) -> None:
    """
    Write the style of each layer into a GeoPackage, where QGIS looks for it.

    Parameters
    ----------
    path
        ``plan.gpkg``, its layers written.
    columns
        Of each layer that is to have a style: the names of its columns, in their order.

    Notes
    -----
    QGIS keeps default styles in a table ``layer_styles`` ("Save style in database").
    """
    with closing(sqlite3.connect(path)) as package, package:
        package.execute(CREATE)
        package.execute(
            "insert into gpkg_contents (table_name, data_type, identifier, last_change) "
            "values (?, 'attributes', ?, ?)",
            (TABLE, TABLE, MADE),
        )
        package.executemany(
            f'insert into "{TABLE}" (f_table_catalog, f_table_schema, f_table_name, '  # noqa: S608
            'f_geometry_column, "styleName", "styleQML", "styleSLD", "useAsDefault", description, '
            "owner, update_time) values ('', '', ?, ?, ?, ?, '', 1, ?, '', ?)",
            [
                (s.layer, GEOMETRY, s.title, qml(s, columns[s.layer]), s.title, MADE)
                for s in (*STYLES, *SERVICE)
                if s.layer in columns
            ],
        )


def qml(style: Style, columns: Sequence[str]) -> str:
    """
    Give a style as QGIS writes it.

    Parameters
    ----------
    style
        How the layer is drawn.
    columns
        Of the layer.
    """
    root = ET.Element("qgis", version="3.22", styleCategories="Symbology|Labeling|Fields")
    root.append(_renderer(style))
    if style.label:
        root.append(_labels(style))
    names = ET.SubElement(root, "aliases")
    for index, column in enumerate(columns):
        if column in NAMES:
            ET.SubElement(names, "alias", index=str(index), field=column, name=NAMES[column])
    return ET.tostring(root, encoding="unicode")


def write_project(
    folder: Path,
    title: str,
    layers: Mapping[str, Sequence[str]],
    bounds: Sequence[float],
    *,
    system: str,
    note: str,
) -> None:
    """
    Write a project of QGIS that shows the plan over roads, waters and compounds.

    Parameters
    ----------
    folder
        Where ``plan.gpkg`` and ``backdrop.gpkg`` are: the project names them beside itself.
    title
        Of the project.
    layers
        Columns of the layers that there are, those of ``backdrop.gpkg`` too.
    bounds
        What is seen when it opens: west, south, east, north.
    system
        Of `bounds` and of what is drawn: a plane one, where a street is as long as it is wide.
    note
        Under the title of every sheet of its atlas.
    """
    styles = {s.layer: s for s in (*STYLES, *BACKDROP) if s.layer in layers}
    shown = [styles[name] for name in SHOWN if name in styles]
    root = ET.Element("qgis", version="3.22", projectname=title)
    ET.SubElement(root, "title").text = title
    _reference(ET.SubElement(root, "projectCrs"), system)
    tree = ET.SubElement(root, "layer-tree-group")
    canvas = ET.SubElement(root, "mapcanvas", name="theMapCanvas")
    ET.SubElement(canvas, "units").text = "degrees" if system == DEGREES else "meters"
    extent = ET.SubElement(canvas, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), bounds, strict=True):
        ET.SubElement(extent, name).text = str(value)
    _reference(ET.SubElement(canvas, "destinationsrs"), system)
    held = ET.SubElement(root, "projectlayers")
    for style in shown:
        file = "plan.gpkg" if style in STYLES else "backdrop.gpkg"
        source = f"./{file}|layername={style.layer}"
        ET.SubElement(
            tree, "layer-tree-layer", id=ID + style.layer, name=style.title, source=source,
            providerKey="ogr", checked="Qt::Checked", expanded="0",
        )  # fmt: skip
        layer = ET.SubElement(
            held, "maplayer", type="vector", labelsEnabled=str(int(bool(style.label)))
        )
        for name, text in (
            ("id", ID + style.layer), ("datasource", source), ("layername", style.title),
        ):  # fmt: skip
            ET.SubElement(layer, name).text = text
        _reference(ET.SubElement(layer, "srs"), DEGREES)
        ET.SubElement(layer, "provider", encoding="UTF-8").text = "ogr"
        layer.extend(ET.fromstring(qml(style, layers[style.layer])))  # noqa: S314 - our own
    if "communities" in styles:
        atlas = f"./plan.gpkg|layername={styles['communities'].layer}"
        root.append(layouts(ID + "communities", atlas, bounds, note=note))
    properties = ET.SubElement(root, "properties")
    for group, key, kind, setting in (
        ("Paths", "Absolute", "bool", "false"),
        ("SpatialRefSys", "ProjectionsEnabled", "int", "1"),
        ("Measure", "Ellipsoid", "QString", "EPSG:7030"),
    ):  # fmt: skip
        ET.SubElement(ET.SubElement(properties, group), key, type=kind).text = setting
    content = b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    part = zipfile.ZipInfo(f"{PROJECT.removesuffix('.qgz')}.qgs", (2000, 1, 1, 0, 0, 0))
    part.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(folder / PROJECT, "w") as file_:
        file_.writestr(part, content + ET.tostring(root, encoding="utf-8"))


def _reference(element: ET.Element, code: str) -> None:
    system = ET.SubElement(element, "spatialrefsys")
    # Without the text QGIS does not take the name of the project's own system.
    ET.SubElement(system, "wkt").text = CRS.from_user_input(code).to_wkt()
    ET.SubElement(system, "srsid").text = "1"
    ET.SubElement(system, "srid").text = code.removeprefix("EPSG:")
    ET.SubElement(system, "authid").text = code


def _renderer(style: Style) -> ET.Element:
    if not style.column:
        drawn = ET.Element("renderer-v2", type="singleSymbol")
        ET.SubElement(drawn, "symbols").append(_symbol("0", style.fill, style.kind))
        return drawn
    drawn = ET.Element("renderer-v2", type="categorizedSymbol", attr=style.column)
    kinds, symbols = ET.SubElement(drawn, "categories"), ET.SubElement(drawn, "symbols")
    for number, (value, word, colour) in enumerate([*style.looks, ("", "其他", "")]):
        ET.SubElement(kinds, "category", value=value, symbol=str(number), label=word, render="true")
        fill = style.fill
        if colour:
            is_area = style.kind == "fill"
            fill = fill._replace(colour=colour) if is_area else fill._replace(edge=colour)
        symbols.append(_symbol(str(number), fill, style.kind))
    return drawn


def _symbol(name: str, fill: Fill, kind: str) -> ET.Element:
    symbol = ET.Element("symbol", type=kind, name=name, alpha="1", clip_to_extent="1")
    how = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}[kind]
    layer = ET.SubElement(symbol, "layer", {"class": how, "enabled": "1"})
    of_line = {
        "line_color": _rgba(fill.edge, 255), "line_width": str(fill.width),
        "line_width_unit": "MM", "line_style": fill.dash,
    }  # fmt: skip
    of_fill = {
        "color": _rgba(fill.colour, fill.opacity), "style": "solid",
        "outline_color": _rgba(fill.edge, 255), "outline_style": fill.dash,
        "outline_width": str(fill.width), "outline_width_unit": "MM",
    }  # fmt: skip
    of_marker = of_fill | {"name": "circle", "size": "2.6", "size_unit": "MM"}
    drawn = {"fill": of_fill, "line": of_line, "marker": of_marker}[kind]
    for key, value in (drawn | {"joinstyle": "bevel"}).items():
        ET.SubElement(layer, "prop", k=key, v=value)
    return symbol


def _rgba(colour: str, opacity: int) -> str:
    return ",".join(str(int(colour[i : i + 2] or "0", 16)) for i in (1, 3, 5)) + f",{opacity}"


def _labels(style: Style) -> ET.Element:
    labels = ET.Element("labeling", type="simple")
    settings = ET.SubElement(labels, "settings", calloutType="simple")
    text = ET.SubElement(
        settings, "text-style", fieldName=style.label, isExpression="1", fontSize=str(style.size),
        fontSizeUnit="Point", textColor="33,33,33,255", multilineHeight="1",
    )  # fmt: skip
    ET.SubElement(
        text, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM",
        bufferColor="255,255,255,255", bufferOpacity="0.8",
    )  # fmt: skip
    where = {"fill": "1", "line": "2", "marker": "0"}[style.kind]
    ET.SubElement(settings, "placement", placement=where, polygonPlacementFlags="2")
    ET.SubElement(
        settings, "rendering", scaleVisibility="1" if style.scale else "0",
        scaleMin="0", scaleMax=str(style.scale), obstacle="0", displayAll="0", fontMinPixelSize="3",
        fontMaxPixelSize="10000", maxNumLabels="2000",
    )  # fmt: skip
    return labels
