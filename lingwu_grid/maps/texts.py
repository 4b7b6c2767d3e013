"""Texts of pages: templates filled, plain values as script."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from jinja2 import Template


@cache
def template_text(name: str) -> str:
    """Give a template of the maps."""
    return files("lingwu_grid.maps").joinpath("templates", name).read_text("utf-8")


MODULE_WORDS = re.compile(r"^import [^;]+;\n|^export (?=const|function|class)", re.MULTILINE)


@cache
def module_text(name: str) -> str:
    """Give a module of the pages' scripts as it may stand inside a function, beside others."""
    return MODULE_WORDS.sub("", template_text(name))


@cache
def words() -> dict[str, dict[str, str]]:
    """Give the words of every language that has a file in ``words/``, by its code."""
    folder = files("lingwu_grid.maps").joinpath("words")
    return {
        file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json")
    }


@cache
def script_template(name: str) -> Template:
    """Give a script of the maps as folium asks for one: a macro of the element `this`."""
    macro = "{% macro script(this, kwargs) %}" + template_text(name) + "{% endmacro %}"
    template: Template = Template(macro)
    return template


@cache
def _html_template(name: str) -> Template:
    template: Template = Template(template_text(name), autoescape=True)
    return template


def filled(name: str, **values: object) -> str:
    """Fill an HTML template; every value is escaped."""
    text: str = _html_template(name).render(**values)
    return text


def as_script(content: object) -> str:
    r"""
    Give plain values as JSON that may stand inside a script element.

    Examples
    --------
    >>> as_script({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
