"""A print layout for QGIS: an atlas, one sheet a community; after what QGIS 3.22 writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence

LAYOUT = "社区图集"
PAGE = (297.0, 210.0)
"""A4, lying; millimetres."""

SEEN = 0.1
"""Ground round the community on its sheet, as a share of its size."""

PAGE_ITEM, MAP, LABEL, LEGEND, SCALE = "65638", "65639", "65641", "65642", "65646"
"""What QGIS calls the kinds of items."""


class Place(NamedTuple):
    """Of an item on its page, millimetres."""

    x: float
    y: float
    width: float
    height: float


MAP_PLACE = Place(10, 26, 217, 174)
TITLE = Place(10, 8, 217, 10)
UNDER = Place(10, 18, 277, 7)
NORTH = Place(270, 26, 17, 14)
LEGEND_PLACE = Place(231, 44, 56, 110)
SCALE_PLACE = Place(231, 182, 56, 12)


def layouts(layer: str, source: str, bounds: Sequence[float], *, note: str) -> ET.Element:
    """
    Give the layouts of a project: one atlas over its communities.

    Parameters
    ----------
    layer
        Id of the layer of communities in the project.
    source
        Where that layer comes from, as the project names it.
    bounds
        What the first sheet shows before the atlas moves it: west, south, east, north.
    note
        Under the title of every sheet: what the plan was made from; any text.
    """
    root = ET.Element("Layouts")
    layout = ET.SubElement(
        root, "Layout", name=LAYOUT, units="mm", printResolution="300", worldFileMap=""
    )
    pages = ET.SubElement(layout, "PageCollection")
    _item(pages, PAGE_ITEM, Place(0, 0, *PAGE), "page")
    drawn = _item(layout, MAP, MAP_PLACE, "map", frame=True, followPreset="false", mapRotation="0")
    west, south, east, north = (repr(v) for v in _of_shape(bounds, MAP_PLACE))
    ET.SubElement(drawn, "Extent", xmin=west, ymin=south, xmax=east, ymax=north)
    ET.SubElement(drawn, "LayerSet")
    ET.SubElement(drawn, "AtlasMap", scalingMode="2", atlasDriven="1", margin=str(SEEN))
    sentence = '[% "community_name" %]　[% "households" %] 户，[% "grids" %] 个网格，[% "status" %]'
    _label(layout, TITLE, sentence, 16)
    _label(layout, UNDER, note.replace("[%", "[ %"), 9)
    _label(layout, NORTH, "北\n▲", 12)
    legend = _item(
        layout, LEGEND, LEGEND_PLACE, "legend",
        title="图例", resizeToContents="1", legendFilterByAtlas="0", map_uuid="map", wrapChar="",
        columnCount="1", symbolWidth="7", symbolHeight="4", boxSpace="1", splitLayer="0",
    )  # fmt: skip
    styles = ET.SubElement(legend, "styles")
    for name, size in (("title", 11), ("group", 9), ("subgroup", 9), ("symbolLabel", 8)):
        style = ET.SubElement(
            styles, "style", name=name, alignment="1", indent="0", marginTop="1", marginLeft="2"
        )
        _font(style, "styleFont", size)
    bar = _item(
        layout, SCALE, SCALE_PLACE, "scale", style="Single Box", mapUuid="map", unitType="meters",
        unitLabel="米", numMapUnitsPerScaleBarUnit="1", numSegments="2", numSegmentsLeft="0",
        numUnitsPerSegment="200", segmentSizeMode="1", minBarWidth="20", maxBarWidth="50",
        height="2", labelBarSpace="2", boxContentSpace="1",
    )  # fmt: skip
    _font(bar, "scaleBarFont", 8)
    ET.SubElement(
        layout, "Atlas", enabled="1", coverageLayer=layer, coverageLayerName="社区",
        coverageLayerProvider="ogr", coverageLayerSource=source, sortFeatures="1",
        sortKey='"community_id"', sortAscending="1", pageNameExpression='"community_name"',
        filenamePattern="'社区_' || \"community_id\"", hideCoverage="0", filterFeatures="0",
    )  # fmt: skip
    return root


def _of_shape(bounds: Sequence[float], place: Place) -> tuple[float, float, float, float]:
    """Widen what is seen to the shape of its place: QGIS would else change the place."""
    west, south, east, north = bounds
    wide = max(east - west, (north - south) * place.width / place.height)
    tall = wide * place.height / place.width
    x, y = (west + east) / 2, (south + north) / 2
    return x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2


def _item(
    into: ET.Element, kind: str, place: Place, name: str, *, frame: bool = False, **more: str
) -> ET.Element:
    at, size = f"{place.x:g},{place.y:g},mm", f"{place.width:g},{place.height:g},mm"
    usual = {
        "type": kind, "uuid": name, "id": name, "templateUuid": name, "size": size,
        "position": at, "positionOnPage": at, "referencePoint": "0", "visibility": "1",
        "opacity": "1", "frame": "true" if frame else "false", "background": "false",
        "outlineWidthM": "0.3,mm",
    }  # fmt: skip
    return ET.SubElement(into, "LayoutItem", usual | more)


def _label(into: ET.Element, place: Place, text: str, size: float) -> None:
    label = _item(
        into, LABEL, place, f"label-{place.x:g}-{place.y:g}", labelText=text, htmlState="0",
        halign="1", valign="128", marginX="0", marginY="0",
    )  # fmt: skip
    _font(label, "LabelFont", size)
    ET.SubElement(label, "FontColor", red="33", green="33", blue="33", alpha="255")


def _font(into: ET.Element, name: str, size: float) -> None:
    ET.SubElement(into, name, description=f"sans-serif,{size:g},-1,5,50,0,0,0,0,0", style="")
