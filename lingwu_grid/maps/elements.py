"""Elements of a map: folium's, with the text they make left as it is.

branca takes what an element has rendered for a template once more: ``{{ … }}`` in a name of the
data would be run, ``{% … %}`` would break the page, and a megabyte of GeoJSON is parsed for
nothing.
"""

from __future__ import annotations

import re
from typing import Any

import folium
from branca.element import Element, MacroElement

from lingwu_grid.maps.packing import packed
from lingwu_grid.maps.texts import as_script, script_template

PLACES = ("header", "html", "script")
"""Of a page, where an element may put something."""


ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\u(?!00[0-7]|202[89]|d[89a-f])([0-9a-f]{4})")
"""A character beyond ASCII as folium writes it in a script; after a backslash that is text it is
none, halves of pairs and what ends a line of a script stay as they are."""


def plainly(script: str) -> str:
    r"""
    Write Chinese as it is: half the bytes.

    Examples
    --------
    >>> plainly(r'"\u7f51\u683c\u2014 \\u683c \u003c \u2028"')
    '"网格— \\\\u683c \\u003c \\u2028"'
    """
    return ESCAPED.sub(lambda found: found.group(1) + chr(int(found.group(2), 16)), script)


class Text(Element):
    """Text that stands in a page as it is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render(self, **_: object) -> str:
        """Give the text."""
        return self._text


class Verbatim(MacroElement):
    """An element whose rendered text is not rendered again."""

    def render(self, **kwargs: object) -> None:  # type: ignore[override] # as branca's own does
        """Put what the element says where it belongs, then its children."""
        page: Any = self.get_root()
        for place in PLACES:
            macro = getattr(self._template.module, place, None)
            if macro is not None:
                text = Text(plainly(macro(self, kwargs)))
                getattr(page, place).add_child(text, name=self.get_name())
        for child in list(self._children.values()):
            child.render(**kwargs)


class Page(folium.Map, Verbatim):
    """A map without folium's sixteen external files."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium reads it from the class
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 - folium reads it from the class


class FeatureGroup(folium.FeatureGroup, Verbatim):
    """A layer."""


class GeoJson(folium.GeoJson, Verbatim):
    """Shapes with their properties, their places packed once the page is written."""

    def render(self, **kwargs: object) -> None:  # type: ignore[override] # as branca's own does
        """Write the places packed."""
        plain = self.data
        self.data = {**plain, "features": [_packed(feature) for feature in plain["features"]]}
        super().render(**kwargs)  # type: ignore[no-untyped-call] # folium has no types
        self.data = plain


def _packed(feature: dict[str, Any]) -> dict[str, Any]:
    shape = feature["geometry"]
    return {**feature, "geometry": {**shape, "coordinates": packed(shape["coordinates"])}}


class GeoJsonTooltip(folium.GeoJsonTooltip, Verbatim):
    """What is shown of a shape on hover."""


class CircleMarker(folium.CircleMarker, Verbatim):  # type: ignore[misc] # render, as above
    """A dot."""


class Tooltip(folium.Tooltip, Verbatim):
    """What is shown of a dot on hover; HTML."""


class LayerControl(folium.LayerControl, Verbatim):
    """The list of layers."""


class Script(Verbatim):
    """A template of ours, run after the map is made."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # branca has no types
        self._name = "Script"
        self.values = values
        self._template = script_template(template)


class Data(Verbatim):
    """Plain values that our scripts find as ``window.lingwu.<name>``."""

    def __init__(self, name: str, content: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # branca has no types
        self._name = "Data"
        self.key, self.text = name, as_script(content)
        self._template = script_template("data.js")
