"""What makes a drawing a plan sheet: neatline, coordinates at its edge, scale, system, index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedFormatter, FixedLocator

from lingwu_grid.papers.labels import Labels, Look
from lingwu_grid.papers.scenery import draw_areas, frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from lingwu_grid.papers.scenery import Ground

STEPS_M = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)
MOST_TICKS = 7
"""On one edge."""
CROSS_PT = 5
INDEX_COLOURS = ("#eeeeee", "#7e57c2")
"""Of the other sheets, and of this one."""


def neatline(axes: Axes) -> None:
    """
    Frame a map: a neatline, coordinates in kilometres along it, crosses where they meet.

    Parameters
    ----------
    axes
        A map in metres whose window is set.
    """
    axes.set_axis_on()
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    step = next((s for s in STEPS_M if max(east - west, north - south) / s <= MOST_TICKS),
                STEPS_M[-1])  # fmt: skip
    xs, ys = (
        np.arange(np.ceil(a / step), np.floor(b / step) + 1) * step
        for a, b in ((west, east), (south, north))
    )
    for axis, at in ((axes.xaxis, xs), (axes.yaxis, ys)):
        axis.set_major_locator(FixedLocator(at.tolist()))
        axis.set_major_formatter(FixedFormatter([kilometres(v) for v in at.tolist()]))
    axes.tick_params(
        direction="in", length=4, labelsize=7, top=True, right=True, labeltop=False,
        labelright=False, pad=2,
    )  # fmt: skip
    for label in axes.get_yticklabels():
        label.set(rotation=90, va="center")
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=1.2)
    x, y = (g.ravel() for g in np.meshgrid(xs, ys))
    axes.scatter(x, y, marker="+", s=CROSS_PT**2, color="#616161", linewidths=0.5, zorder=4)


def kilometres(metres: float) -> str:
    """
    Write a coordinate as it stands at the edge of a sheet.

    Examples
    --------
    >>> kilometres(4217500.0), kilometres(529050.0)
    ('4217.50', '529.05')
    """
    return f"{metres / 1000:.2f}"


def margin_words(ground: Ground, scale: int) -> str:
    """Say the scale and the system of a sheet; heights are not shown."""
    return f"比例尺 1:{scale:,}　坐标系 {ground.system}　图廓注记单位：千米"


def index_map(ground: Ground, axes: Axes, sheets: Mapping[str, str], this: str) -> None:
    """
    Draw where the sheets lie, this one filled.

    Parameters
    ----------
    ground
        The plan.
    axes
        Where.
    sheets
        Number of the sheet of each community that has one.
    this
        Code of the community of this sheet.
    """
    table = ground.communities
    frame(axes, tuple(table.total_bounds), margin=0.02)
    faces = [INDEX_COLOURS[code == this] for code in table["community_id"]]
    draw_areas(axes, table.geometry.to_numpy(), face=faces, edge="#616161", width=0.4)
    labels = Labels(axes)
    order = table.assign(is_other=table["community_id"] != this).sort_values("is_other")
    for row in order[order["community_id"].isin(sheets)].itertuples(index=False):
        colour = "black" if row.is_other else "white"
        labels.in_sight(row.geometry, sheets[row.community_id], Look(5.5, colour))
