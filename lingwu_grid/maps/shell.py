"""The shell of every map page: one HTML file that asks nobody for anything."""

from __future__ import annotations

import base64
import html
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

import folium
from branca.element import Element, MacroElement
from jinja2 import Template

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
        self._template = Template(
            "{% macro script(this, kwargs) %}" + template_text(template) + "{% endmacro %}"
        )


class Data(MacroElement):
    """Plain values that our scripts find as ``window.lingwu.<name>``."""

    def __init__(self, name: str, content: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # branca has no types
        self._name = "Data"
        self.key, self.text = name, as_script(content)
        self._template = Template(
            "{% macro script(this, kwargs) %}"
            "window.lingwu = window.lingwu || {};"
            "window.lingwu.{{ this.key }} = {{ this.text }};"
            "{% endmacro %}"
        )


def template_text(name: str) -> str:
    """Give a template of the maps."""
    return files("lingwu_grid.maps").joinpath("templates", name).read_text("utf-8")


def filled(name: str, **values: object) -> str:
    """Fill an HTML template; every value is escaped."""
    text: str = Template(template_text(name), autoescape=True).render(**values)
    return text


def as_script(content: object) -> str:
    r"""
    Give plain values as JSON that may stand inside a script element.

    Examples
    --------
    >>> as_script({"name": "</script>"})
    '{"name": "\\u003c/script\\u003e"}'
    """
    text = json.dumps(content, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def new_page(bounds: tuple[float, float, float, float]) -> Page:
    """
    Give an empty map.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees; the view leaves room for the panel.
    """
    west, south, east, north = bounds
    page = Page(tiles=None, prefer_canvas=True, zoom_snap=0.25, attribution_control=False)
    page.fit_bounds(
        [[south, west], [north, east]], padding_top_left=[330, 20], padding_bottom_right=[20, 40]
    )
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
    root.header.add_child(Element(_head(title, css)), name="vendored")
    root.html.add_child(Element(panel), name="panel")
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
    script = _vendored("leaflet.js").replace("</script", "<\\/script")
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
