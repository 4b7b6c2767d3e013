"""The shell of every map page: one HTML file that asks nobody for anything."""

from __future__ import annotations

import base64
import html
import re
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import folium

from lingwu_grid.maps.elements import Page, Text
from lingwu_grid.maps.texts import template_text

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTSIDE = re.compile(
    r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)\s*=\s*["']?(?!data:)[^"'\s>]+"""
    r"""|url\(\s*["']?(?!data:|\#)[^)]+\)|@import""",
    re.IGNORECASE,
)
"""What would make a browser ask for another file."""

SCRIPT_BODY = re.compile(r"(<script\b[^>]*>).*?(</script>)", re.IGNORECASE | re.DOTALL)


def new_page(
    bounds: tuple[float, float, float, float], panes: Mapping[str, int] = MappingProxyType({})
) -> Page:
    """
    Give an empty map.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees; the view leaves room for the panel.
    panes
        Panes of its own, by name, and how high each stands.
    """
    west, south, east, north = bounds
    page = Page(tiles=None, prefer_canvas=True, zoom_snap=0.25, attribution_control=False)
    page.fit_bounds(
        [[south, west], [north, east]], padding_top_left=[330, 20], padding_bottom_right=[20, 40]
    )
    for pane, height in panes.items():
        folium.map.CustomPane(pane, z_index=height, pointer_events=True).add_to(page)
    return page


def rendered(page: Page, *, title: str, panel: str, css: tuple[str, ...] = ("page.css",)) -> str:
    """
    Give the whole page.

    Parameters
    ----------
    page
        A map with its layers.
    title
        Of the window; any text.
    panel
        HTML beside the map.
    css
        Style sheets among the templates.

    Returns
    -------
    str
        HTML; nothing outside it is needed.

    Raises
    ------
    ValueError
        If the page would ask for another file: a fault of ours, never of the data.
    """
    root: Any = page.get_root()  # a branca Figure, which has no types
    root.header.add_child(Text(_head(title, css)), name="vendored")
    root.html.add_child(Text(panel), name="panel")
    return _asking_nobody(root.render())


def plain_page(title: str, body: str, *, css: tuple[str, ...]) -> str:
    """
    Give a whole page with Leaflet and without folium.

    Parameters
    ----------
    title
        Of the window; any text.
    body
        HTML, scripts included.
    css
        Style sheets among the templates.

    Raises
    ------
    ValueError
        If the page would ask for another file: a fault of ours, never of the data.
    """
    return _asking_nobody(
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head>{_head(title, css)}'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body>{body}</body></html>\n"
    )


def _asking_nobody(text: str) -> str:
    # Inside a script "url(" is a function's name: only tags and styles can ask.
    outside = OUTSIDE.search(SCRIPT_BODY.sub(r"\1\2", text))
    if outside:
        raise ValueError(f"the map asks for another file: {outside.group(0)[:120]}")
    return text


def _head(title: str, css: tuple[str, ...]) -> str:
    script = (
        _vendored("leaflet.js").replace("</script", "<\\/script")
        + template_text("packed.js")
        + template_text("canvas.js")
    )
    style = _leaflet_style() + "".join(template_text(name) for name in css)
    return (
        f'<meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{style}</style><script>{script}</script>"
    )


@cache
def _vendored(name: str) -> str:
    return files("lingwu_grid.maps").joinpath("vendor", name).read_text("utf-8")


def _leaflet_style() -> str:
    def inlined(match: re.Match[str]) -> str:
        image = files("lingwu_grid.maps").joinpath("vendor", match.group(1)).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(image).decode()})"

    leaflet = re.sub(r"url\(images/([\w.-]+)\)", inlined, _vendored("leaflet.css"))
    # Old Internet Explorer's vector language: no browser of ours asks for it.
    return leaflet.replace("behavior: url(#default#VML);", "")
