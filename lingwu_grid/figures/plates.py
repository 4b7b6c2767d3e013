"""Plates: maps on paper of the town, a community, a grid before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lingwu_grid.figures.sheet import mark, new_figure, our_style
from lingwu_grid.planning.identity import plan_id

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lingwu_grid.planning.record import PlanRecord

COLOURS = ("#8dd3c7", "#fdb462", "#bebada", "#fb8072", "#80b1d3", "#b3de69", "#fccde5", "#ffed6f")
STATUS_COLOURS = {"合规": "#c8e6c9", "例外": "#d1c4e9", "超限": "#ffcdd2"}
BARRIERS = {"rail": ("#37474f", 2.0), "expressway": ("#6d4c41", 2.0), "wall": ("#8d6e63", 0.8)}
WATER = ("#1e88e5", 2.4)
PAGE_CM = (29.7, 21.0)
MARGIN = 0.06
"""Ground around what is shown, as a share of its size."""

NICE = (1, 2, 5)
"""Lengths of a scale bar begin with one of these."""


def overview(record: PlanRecord) -> Figure:
    """
    Draw the whole plan: grids by status, communities, what moves.

    Parameters
    ----------
    record
        The plan.
    """
    atlas = _Atlas(record)
    with our_style():
        figure = new_figure(*PAGE_CM)
        axes = figure.add_subplot()
        atlas.ground(axes)
        colours = atlas.grids["status"].map(STATUS_COLOURS)
        atlas.grids.plot(ax=axes, color=colours, edgecolor="#616161", linewidth=0.5)
        if len(atlas.moves):
            atlas.moves.plot(ax=axes, color="#ff6d00", linewidth=0)
        atlas.marks(axes)
        atlas.communities.boundary.plot(ax=axes, color="#4527a0", linewidth=1.8)
        for row in atlas.communities.itertuples(index=False):
            _word(axes, row.geometry, f"{row.community_name}\n{row.households} 户", 8)
        count = atlas.grids["status"].value_counts()
        keys: list[Patch | Line2D] = [
            Patch(facecolor=colour, edgecolor="#616161", label=f"{word} {count.get(word, 0)} 个")
            for word, colour in STATUS_COLOURS.items()
        ]
        keys += [Patch(facecolor="#ff6d00", label="变动单元"), *_line_keys()]
        atlas.finish(figure, axes, f"{record.summary.get('study', '')} 社区网格方案总图", keys)
    return figure


def community_plate(record: PlanRecord, community_id: str) -> Figure:
    """
    Draw one community: its grids with their households.

    Parameters
    ----------
    record
        The plan.
    community_id
        Which.

    Raises
    ------
    ValueError
        If the plan has no such community.
    """
    atlas = _Atlas(record)
    mine = atlas.communities[atlas.communities["community_id"] == community_id]
    if not len(mine):
        raise ValueError(f"no community {community_id}")
    grids = atlas.grids[atlas.grids["community_id"] == community_id].reset_index(drop=True)
    row = mine.iloc[0]
    with our_style():
        figure = new_figure(*PAGE_CM)
        axes = figure.add_subplot()
        _frame(axes, mine.total_bounds)
        atlas.ground(axes)
        colours = [COLOURS[i % len(COLOURS)] for i in range(len(grids))]
        grids.plot(ax=axes, color=colours, alpha=0.75, edgecolor="#424242", linewidth=1)
        atlas.marks(axes)
        mine.boundary.plot(ax=axes, color="#4527a0", linewidth=2.5)
        for grid in grids.itertuples(index=False):
            tail = grid.grid_id[-3:]
            _word(axes, grid.geometry, f"{tail}\n{grid.households} 户", 9)
        keys: list[Patch | Line2D] = [
            Patch(
                facecolor=colour, alpha=0.75,
                label=f"{g.grid_id[-3:]} {g.grid_name} {g.households} 户 {g.lineage}",
            )
            for g, colour in zip(grids.itertuples(index=False), colours, strict=True)
        ]  # fmt: skip
        title = f"{row.community_name}（{row.households} 户，{row.grids} 个网格）"
        atlas.finish(figure, axes, title, [*keys, *_line_keys()])
    return figure


def grid_plate(record: PlanRecord, grid_id: str) -> Figure:
    """
    Draw one grid before and after, side by side.

    Parameters
    ----------
    record
        The plan.
    grid_id
        Which; it may be new, and then has no before.

    Raises
    ------
    ValueError
        If the plan has no such grid.
    """
    atlas = _Atlas(record)
    after = atlas.grids[atlas.grids["grid_id"] == grid_id]
    if not len(after):
        raise ValueError(f"no grid {grid_id}")
    before = atlas.today[atlas.today["grid_id"] == grid_id]
    shapes = [*after.geometry, *before.geometry]
    bounds = shapely.total_bounds(np.array(shapes, object))
    row = after.iloc[0]
    lived = record.assignment["previous_grid_id"].eq(grid_id).sum()
    words = (
        f"现状 {lived} 户" if len(before) else "现状：无（新设）",
        f"方案 {row.households} 户（{row.status}）",
    )
    with our_style():
        figure = new_figure(PAGE_CM[0], 15.0)
        for axes, zone, others, word, colour in zip(
            figure.subplots(1, 2), (before, after), (atlas.today, atlas.grids), words,
            ("#fb8c00", "#43a047"), strict=True,
        ):  # fmt: skip
            _frame(axes, bounds)
            atlas.ground(axes)
            if len(others):
                others.boundary.plot(ax=axes, color="#9e9e9e", linewidth=0.8, linestyle="--")
            if len(zone):
                zone.plot(ax=axes, color=colour, alpha=0.35, edgecolor=colour, linewidth=2.5)
            atlas.marks(axes)
            axes.set_title(word, fontsize=11)
            _scale_bar(axes)
        _north(axes)
        title = f"{row.grid_name}（{grid_id}）{row.lineage}：调入 {row.households_in} 户，"
        figure.suptitle(title + f"调出 {row.households_out} 户", fontsize=13)
        figure.supxlabel(row.boundary_text or "", fontsize=9)
        mark(figure, synthetic=bool(record.summary["synthetic"]), plan=atlas.plan)
    return figure


class _Atlas:
    """The layers of a plan in metres."""

    def __init__(self, record: PlanRecord) -> None:
        crs = record.run.get("crs") or record.grids.estimate_utm_crs()
        empty = gpd.GeoDataFrame({"grid_id": []}, geometry=[], crs=record.grids.crs)
        self.record = record
        self.plan = plan_id(record.units)
        self.grids = record.grids.to_crs(crs)
        self.communities = record.communities.to_crs(crs)
        self.moves = record.moves.to_crs(crs)
        back = {name: table.to_crs(crs) for name, table in record.backdrop.items()}
        self.today = back.get("grids", empty.to_crs(crs))
        self.back = back

    def ground(self, axes: Axes) -> None:
        """Draw the roads."""
        if "roads" in self.back:
            self.back["roads"].plot(ax=axes, color="#d7d0c5", linewidth=1.2)

    def marks(self, axes: Axes) -> None:
        """Draw water, railways and stations."""
        if "barriers" in self.back:
            barriers = self.back["barriers"]
            for kind in sorted(set(barriers["kind"])):
                colour, width = BARRIERS.get(kind, WATER)
                barriers[barriers["kind"] == kind].plot(ax=axes, color=colour, linewidth=width)
        if "stations" in self.back:
            self.back["stations"].plot(
                ax=axes, color="#d81b60", edgecolor="white", markersize=28, zorder=5
            )

    def finish(self, figure: Figure, axes: Axes, title: str, keys: list[Patch | Line2D]) -> None:
        """Put title, legend, scale bar and north arrow on a sheet."""
        axes.set_axis_off()
        axes.set_aspect("equal")
        _scale_bar(axes)
        _north(axes)
        figure.legend(handles=keys, loc="outside right upper", fontsize=8, frameon=False)
        figure.suptitle(title, fontsize=15)
        mark(figure, synthetic=bool(self.record.summary["synthetic"]), plan=self.plan)


def _line_keys() -> list[Line2D]:
    return [
        Line2D([], [], color="#4527a0", linewidth=2, label="社区界"),
        Line2D([], [], color=WATER[0], linewidth=2, label="水系"),
        Line2D([], [], color=BARRIERS["rail"][0], linewidth=2, label="铁路"),
        Line2D([], [], color="#d81b60", marker="o", linewidth=0, label="邻里驿家"),
    ]


def _frame(axes: Axes, bounds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    west, south, east, north = bounds
    pad = MARGIN * max(east - west, north - south)
    axes.set_xlim(west - pad, east + pad)
    axes.set_ylim(south - pad, north + pad)
    axes.set_autoscale_on(False)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _word(axes: Axes, shape: shapely.Geometry, text: str, size: float) -> None:
    point = shapely.point_on_surface(shape)
    axes.text(
        point.x, point.y, text, fontsize=size, ha="center", va="center", clip_on=True,
        bbox={"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 1},
    )  # fmt: skip


def _scale_bar(axes: Axes) -> None:
    """Draw a bar of a round number of metres, about a fifth of the width."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    about = (east - west) / 5
    power = 10 ** int(np.floor(np.log10(about)))
    metres = max(n * power for n in NICE if n * power <= about)
    y = south + 0.02 * (north - south)
    axes.plot([west, west + metres], [y, y], color="black", linewidth=3, solid_capstyle="butt")
    axes.text(west + metres / 2, y, f"{metres:,} 米", fontsize=8, ha="center", va="bottom")
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)


def _north(axes: Axes) -> None:
    axes.annotate(
        "北", xy=(0.97, 0.99), xytext=(0.97, 0.91), xycoords="axes fraction", ha="center",
        fontsize=10, arrowprops={"arrowstyle": "-|>", "color": "black", "linewidth": 1.5},
    )  # fmt: skip
