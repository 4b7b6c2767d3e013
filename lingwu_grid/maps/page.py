"""The planner's map: one HTML file that asks nobody for anything."""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Element, MacroElement
from jinja2 import Template

from lingwu_grid.maps import layers as draw

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

OUTSIDE = re.compile(
    r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)\s*=\s*["']?(?!data:)[^"'\s>]+"""
    r"""|url\(\s*["']?(?!data:|\#)[^)]+\)|@import""",
    re.IGNORECASE,
)
"""What would make a browser ask for another file."""

SCRIPT_BODY = re.compile(r"(<script\b[^>]*>).*?(</script>)", re.IGNORECASE | re.DOTALL)


class Page(folium.Map):
    """A folium map without folium's sixteen external files."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium reads it from the class
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 - folium reads it from the class


class Script(MacroElement):
    """A template of ours, run after the map is made."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # branca has no types
        self._name = "Script"
        self.values = values
        body = files("lingwu_grid.maps").joinpath("templates", template).read_text("utf-8")
        self._template = Template("{% macro script(this, kwargs) %}" + body + "{% endmacro %}")


def planner_map(record: PlanRecord) -> str:
    """
    Draw the planner's map.

    Parameters
    ----------
    record
        The plan.

    Returns
    -------
    str
        One HTML page; nothing outside it is needed.

    Raises
    ------
    ValueError
        If the page would ask for another file: a fault of ours, never of the data.
    """
    west, south, east, north = record.grids.total_bounds
    page = Page(tiles=None, prefer_canvas=True, zoom_snap=0.25, attribution_control=False)
    page.fit_bounds(
        [[south, west], [north, east]], padding_top_left=[330, 20], padding_bottom_right=[20, 40]
    )
    switched = _add_layers(page, record)
    folium.LayerControl(collapsed=False).add_to(page)
    page.add_child(
        Script("page.js", map=page.get_name(), **{k: v.get_name() for k, v in switched.items()})
    )
    root: Any = page.get_root()  # a branca Figure, which has no types
    root.header.add_child(Element(_head(record)), name="vendored")
    root.html.add_child(Element(_panel(record)), name="panel")
    text: str = root.render()
    # Inside a script "url(" is a function's name: only tags and styles can ask.
    outside = OUTSIDE.search(SCRIPT_BODY.sub(r"\1\2", text))
    if outside:
        raise ValueError(f"the map asks for another file: {outside.group(0)[:120]}")
    return text


def _add_layers(page: Page, record: PlanRecord) -> dict[str, folium.FeatureGroup]:
    back = record.backdrop
    if "roads" in back:
        roads = back["roads"]
        draw.line_layer(
            roads, "道路", roads["name"].map(lambda _: "#b0a99f"), 2, {"name": "道路"}
        ).add_to(page)
    switched: dict[str, folium.FeatureGroup] = {}
    if "grids" in back:
        now = draw.with_count(back["grids"], record, "grid_id")
        now = draw.with_standing(now, record.run["rules"]["grid"])
        switched["now_grids"] = draw.area_layer(
            now,
            "现状网格",
            draw.OLD_GRID_FIELDS,
            show=False,
            paint={
                draw.escape(g): draw.STANDING_COLOURS[s]
                for g, s in zip(now["grid_id"], now["standing"], strict=True)
            },
            style={"color": "#616161", "weight": 1.5, "fillOpacity": 0.35, "dashArray": "4 3"},
        )
    switched["plan_grids"] = draw.area_layer(
        record.grids,
        "方案网格",
        draw.GRID_FIELDS,
        paint=draw.neighbour_colours(record.grids, "grid_id"),
        style={"color": "#424242", "weight": 1.5, "fillOpacity": 0.35},
    )
    switched |= _changes(record)
    # As lines: an area, even unfilled, would take the pointer from the grids below it.
    outline = {"weight": 4}
    if "communities" in back:
        now = draw.with_count(back["communities"], record, "community_id")
        now = now.set_geometry(now.geometry.boundary)
        switched["now_communities"] = draw.area_layer(
            now,
            "现状社区",
            draw.OLD_COMMUNITY_FIELDS,
            show=False,
            style={**outline, "color": "#5e35b1", "dashArray": "8 5"},
        )
    switched["plan_communities"] = draw.area_layer(
        record.communities.set_geometry(record.communities.geometry.boundary),
        "方案社区",
        draw.COMMUNITY_FIELDS,
        style={**outline, "color": "#4527a0"},
    )
    for group in switched.values():
        group.add_to(page)
    return switched | _add_marks(page, record)


def _changes(record: PlanRecord) -> dict[str, folium.FeatureGroup]:
    """Draw what a reader looks for first: who moves, and what could not be made lawful."""
    drawn: dict[str, folium.FeatureGroup] = {}
    if len(record.moves):
        drawn["moves"] = draw.area_layer(
            record.moves,
            "变动单元",
            draw.MOVE_FIELDS,
            style={"color": "#e65100", "weight": 1, "fillOpacity": 0.45},
            paint={draw.escape(u): "#ff6d00" for u in record.moves["unit_id"]},
        )
    causes = draw.cause_table(record)
    if len(causes):
        drawn["causes"] = draw.area_layer(
            causes,
            "未能合规之处",
            draw.CAUSE_FIELDS,
            style={"color": "#b71c1c", "weight": 4, "dashArray": "2 7", "fillOpacity": 0.4},
            paint=dict.fromkeys(causes["number"], "#ff1744"),
        )
    return drawn


def _add_marks(page: Page, record: PlanRecord) -> dict[str, folium.FeatureGroup]:
    """Draw what people find their way by: water, railway and stations."""
    back = record.backdrop
    marks: dict[str, folium.FeatureGroup] = {}
    if "barriers" in back:
        colours = back["barriers"]["kind"].map(draw.BARRIER_COLOURS).fillna("#8d6e63")
        marks["barriers"] = draw.line_layer(
            back["barriers"], "水系与铁路", colours, 4, {"name": "名称"}
        )
    if "stations" in back:
        marks["stations"] = draw.station_layer(back["stations"])
    for group in marks.values():
        group.add_to(page)
    return marks


@cache
def _vendored(name: str) -> str:
    return files("lingwu_grid.maps").joinpath("vendor", name).read_text("utf-8")


def _style() -> str:
    def inlined(match: re.Match[str]) -> str:
        image = files("lingwu_grid.maps").joinpath("vendor", match.group(1)).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(image).decode()})"

    leaflet = re.sub(r"url\(images/([\w.-]+)\)", inlined, _vendored("leaflet.css"))
    # Old Internet Explorer's vector language: no browser of ours asks for it.
    leaflet = leaflet.replace("behavior: url(#default#VML);", "")
    own = files("lingwu_grid.maps").joinpath("templates", "page.css").read_text("utf-8")
    return leaflet + own


def _head(record: PlanRecord) -> str:
    script = _vendored("leaflet.js").replace("</script", "<\\/script")
    title = draw.escape(record.summary.get("study", ""))
    return (
        f'<meta charset="utf-8"><title>{title} 社区网格方案</title>'
        f"<style>{_style()}</style><script>{script}</script>"
    )


def _panel(record: PlanRecord) -> str:
    body = files("lingwu_grid.maps").joinpath("templates", "panel.html").read_text("utf-8")
    grids = record.grids["status"].value_counts()
    communities = record.communities["status"].value_counts()
    legend = [
        (draw.STATUS_COLOURS[word], word, int(grids.get(word, 0)), int(communities.get(word, 0)))
        for word in draw.STATUS_COLOURS
    ]
    text: str = Template(body, autoescape=True).render(
        summary=record.summary,
        legend=legend,
        has_before="grids" in record.backdrop,
        lineage=record.grids["lineage"].value_counts().to_dict(),
        made=json.dumps(record.run.get("seed", 0)),
    )
    return text
