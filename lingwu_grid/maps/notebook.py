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
    from numpy.typing import NDArray

    from lingwu_grid.planning.record import PlanRecord

CLASSES = 5
"""Of a column of numbers, each with as many grids as can be."""

MOST_WORDS = 10
"""Different words that a map tells apart by colour."""

OTHER = "#e0e0e0"
MISSING = "缺"

STEPS = np.linspace(0, 1, CLASSES + 1)[1:-1]
MOST_SKEWED = 2
"""Fewer cuts than this by equal count: nearly all grids have the same value."""


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
        Of ``plan.grids``, by its name or its Chinese one; numbers and days are told in classes of
        equal count, words one by one.

    Raises
    ------
    InputError
        If the grids have no such column, or one that cannot be told by colour.
    """
    grids = record.grids
    known = [name for name in grids.columns if name != "geometry"]
    column = {title: name for name, title in draw.GRID_FIELDS.items()}.get(column, column)
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
    if values.isna().all():
        raise InputError(f"“{column}”这一列全是空的", remedy="换一列")
    if pd.api.types.is_bool_dtype(values):
        return values.map({True: "是", False: "否"}).astype(object).fillna(MISSING)
    if pd.api.types.is_datetime64_any_dtype(values):
        days = values.dt.strftime("%Y-%m-%d")
        return _classes(values.map(pd.Timestamp.toordinal, na_action="ignore"), days)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_complex_dtype(values):
        finite = values.astype(float).replace([np.inf, -np.inf], np.nan)
        return _classes(finite, finite.map(_plain, na_action="ignore"))
    words_of = values.astype(object).where(values.notna(), "").astype(str).replace("", MISSING)
    if words_of.nunique() > max(MOST_WORDS, len(STATUSES)):
        raise InputError(
            f"“{column}”有 {words_of.nunique()} 种值，颜色分不清",
            remedy=f"用数字的列，或不超过 {MOST_WORDS} 种值的列",
        )
    return words_of


def _plain(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"


def _classes(values: pd.Series, words: pd.Series) -> pd.Series:
    """
    Put numbers into classes that begin and end with values there are; few values stand alone.

    Parameters
    ----------
    values
        Numbers; what is missing is a class of its own.
    words
        How each is written.
    """
    there = np.unique(values.dropna())
    written = dict(zip(values, words, strict=True))
    if len(there) <= CLASSES:
        groups = np.arange(len(there))
    else:
        rank = np.searchsorted(there, np.quantile(values.dropna(), STEPS), side="right")
        cuts = np.unique(np.clip(rank, 1, len(there) - 1))
        if len(cuts) < MOST_SKEWED:  # most grids have one value: the others are not lost in it
            cuts = np.arange(1, len(there)) if len(there) <= MOST_WORDS else _even(there)
        groups = np.searchsorted(cuts, np.arange(len(there)), side="right")
    names = [
        _span(written[part[0]], written[part[-1]])
        for part in np.split(there, np.flatnonzero(np.diff(groups)) + 1)
    ]
    order = np.unique(groups, return_inverse=True)[1]
    kinds = pd.Categorical.from_codes(
        [
            len(names) if pd.isna(v) else int(order[np.searchsorted(there, v)])
            for v in values.tolist()
        ],
        categories=[*names, MISSING],
        ordered=True,
    )
    return pd.Series(kinds, index=values.index)


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} 至 {last}"


def _even(there: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give the cuts between values that part their range evenly."""
    edges = np.linspace(there[0], there[-1], CLASSES + 1)[1:-1]
    return np.unique(np.clip(np.searchsorted(there, edges), 1, len(there) - 1))


def _colours(label: pd.Series) -> dict[str, str]:
    """Give each class a colour that everybody tells apart: light to dark, or one by one."""
    if isinstance(label.dtype, pd.CategoricalDtype):
        words = [str(word) for word in label.cat.categories if word != MISSING]
        steps = np.linspace(0.95, 0.1, max(len(words), 2))
        colours = {w: to_hex(colormaps["cividis"](s)) for w, s in zip(words, steps, strict=False)}
    else:
        words = sorted(set(label) - {MISSING})
        known = {word: look.colour for word, look in STATUSES.items()}
        palette = colormaps["tab10"]
        colours = {w: known.get(w, to_hex(palette(k % 10))) for k, w in enumerate(words)}
    return colours | ({MISSING: OTHER} if (label == MISSING).any() else {})
