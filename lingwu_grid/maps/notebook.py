"""Pages inside a notebook, and a map coloured by any column."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import to_hex

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.kinds import STATUSES
from lingwu_grid.maps import layers as draw
from lingwu_grid.maps.shell import new_page, rendered
from lingwu_grid.maps.texts import filled

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

CLASSES = 5
"""Of a column of numbers, each with as many grids as can be."""

MOST_WORDS = 10
"""Different words that a map tells apart by colour."""

OTHER = "#e0e0e0"


class Page:
    """
    A page shown inside a notebook.

    Parameters
    ----------
    page
        HTML that asks for nothing outside it.
    """

    def __init__(self, page: str) -> None:
        self._page = page

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self._page, quote=True)}" '
            'style="width:100%;height:560px;border:0"></iframe>'
        )


def column_page(record: PlanRecord, column: str) -> str:
    """
    Draw the grids of a plan in colours of one of their columns.

    Parameters
    ----------
    record
        The plan.
    column
        Of ``plan.grids``; numbers are told in classes of equal count, words one by one.

    Raises
    ------
    InputError
        If the grids have no such column, or one that cannot be told by colour.
    """
    grids = record.grids
    known = [name for name in grids.columns if name != "geometry"]
    if column not in known:
        raise InputError(f"网格没有“{column}”这一列", remedy=f"可选：{'、'.join(known)}")
    label = _labels(grids[column], column)
    colours = _colours(label)
    page = new_page(tuple(grids.total_bounds))
    roads = record.backdrop.get("roads")
    if roads is not None and len(roads):
        draw.road_layer(roads).add_to(page)
    fields = {"grid_id": "网格编码", "grid_name": "网格名称", "community_name": "社区"}
    fields |= {} if column in fields else {column: draw.GRID_FIELDS.get(column, column)}
    draw.area_layer(
        grids,
        "网格",
        fields,
        paint={
            draw.escape(g): colours[word] for g, word in zip(grids["grid_id"], label, strict=True)
        },
        style={"color": "#616161", "weight": 1, "fillOpacity": 0.75},
    ).add_to(page)
    draw.area_layer(
        record.communities.set_geometry(record.communities.geometry.boundary), "社区",
        {"community_name": "社区"}, style={"color": "#4527a0", "weight": 3},
    ).add_to(page)  # fmt: skip
    count = label.value_counts()
    title = f"{record.summary.get('study', '')} {draw.GRID_FIELDS.get(column, column)}"
    panel = filled(
        "column.html", title=title, synthetic=bool(record.summary["synthetic"]),
        legend=[(colour, word, int(count.get(word, 0))) for word, colour in colours.items()],
    )  # fmt: skip
    return rendered(page, title=title, panel=panel)


def _labels(values: pd.Series, column: str) -> pd.Series:
    """Give the class or word of each value, in the order of a legend."""
    if pd.api.types.is_numeric_dtype(values) and values.notna().any():
        edges = np.unique(np.quantile(values.dropna(), np.linspace(0, 1, CLASSES + 1)))
        if len(edges) == 1:
            return values.map(lambda v: "缺" if pd.isna(v) else f"{v:g}")
        if pd.api.types.is_integer_dtype(values):
            edges = np.unique(np.floor(edges))
            lower = [edges[0], *(edges[1:-1] + 1)]  # each class begins where the last one ended
        else:
            lower = list(edges[:-1])
        words = [f"{a:g}—{b:g}" for a, b in zip(lower, edges[1:], strict=True)]
        classes = pd.cut(values, edges, labels=words, include_lowest=True)
        ordered: pd.Series = classes.cat.add_categories("缺").fillna("缺")
        return ordered
    words_of = values.astype(object).where(values.notna(), "").astype(str).replace("", "缺")
    if words_of.nunique() > max(MOST_WORDS, len(STATUSES)):
        raise InputError(
            f"“{column}”有 {words_of.nunique()} 种值，颜色分不清",
            remedy=f"用数字的列，或不超过 {MOST_WORDS} 种值的列",
        )
    return words_of


def _colours(label: pd.Series) -> dict[str, str]:
    """Give each class a colour that everybody tells apart: light to dark, or one by one."""
    if isinstance(label.dtype, pd.CategoricalDtype):
        words = [str(word) for word in label.cat.categories if word != "缺"]
        steps = np.linspace(0.95, 0.1, max(len(words), 2))
        colours = {w: to_hex(colormaps["cividis"](s)) for w, s in zip(words, steps, strict=False)}
    else:
        words = sorted(set(label) - {"缺"})
        known = {word: look.colour for word, look in STATUSES.items()}
        palette = colormaps["tab10"]
        colours = {w: known.get(w, to_hex(palette(k % 10))) for k, w in enumerate(words)}
    return colours | ({"缺": OTHER} if (label == "缺").any() else {})
