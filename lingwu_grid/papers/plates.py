"""Plates: maps on paper of the town and of a community, as it is and before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lingwu_grid.contract.kinds import MOVED
from lingwu_grid.disclosure.telling import UNCOUNTED
from lingwu_grid.papers.colours import distinct
from lingwu_grid.papers.labels import Look
from lingwu_grid.papers.picture import mark, new_figure, our_style
from lingwu_grid.papers.scenery import (
    BORDER,
    OLD,
    STATUS_COLOURS,
    Ground,
    draw_areas,
    draw_lines,
    frame,
    in_window,
    labels_of,
    line_keys,
    north_arrow,
    scale_bar,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lingwu_grid.planning.record import PlanRecord

PAGE_CM = (29.7, 21.0)
OLD_NEAR_M = 3.0
"""Today's borders of grids are drawn so far outside a community: two surveys of one line."""


def overview(plan: PlanRecord | Ground) -> Figure:
    """
    Draw the whole plan: grids by status, communities, what moves.

    Parameters
    ----------
    plan
        The plan, or its ground where several sheets are drawn.
    """
    ground = Ground.of(plan)
    with our_style():
        figure = new_figure(*PAGE_CM)
        axes = figure.add_subplot()
        frame(axes, tuple(ground.grids.total_bounds), margin=0.02)
        keys = draw_overview(ground, axes)
        figure.legend(handles=keys, loc="outside right upper", fontsize=8, frameon=False)
        name = ground.record.summary.get("study", "")
        figure.suptitle(f"{name} 社区网格方案总图", fontsize=15)
        mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
        label_overview(ground, axes, {})
    return figure


def draw_overview(ground: Ground, axes: Axes) -> list[Patch | Line2D]:
    """Draw the whole plan onto axes whose window is set; give its legend."""
    ground.roads(axes)
    grids = ground.grids
    colours = grids["status"].map(STATUS_COLOURS).tolist()
    draw_areas(axes, grids.geometry.to_numpy(), face=colours, edge="#616161", width=0.5)
    draw_areas(axes, ground.moves.geometry.to_numpy(), face=MOVED)
    ground.marks(axes)
    draw_areas(axes, ground.communities.geometry.to_numpy(), edge=BORDER, width=1.8)
    scale_bar(axes)
    north_arrow(axes)
    count = grids["status"].value_counts()
    keys: list[Patch | Line2D] = [
        Patch(facecolor=colour, edgecolor="#616161", label=f"{status} {count.get(status, 0)} 个")
        for status, colour in STATUS_COLOURS.items()
    ]
    return [*keys, Patch(facecolor=MOVED, label="变动单元"), *line_keys()]


def label_overview(ground: Ground, axes: Axes, sheets: Mapping[str, str]) -> None:
    """Write the names of communities, households, and the number of the sheet where there is."""
    labels = labels_of(ground, axes)
    for row in ground.communities.itertuples(index=False):
        sheet = sheets.get(row.community_id, "")
        size = f"{row.households} 户"
        texts = [f"{row.community_name}\n{size}" + f"\n{sheet}" * bool(sheet),
                 f"{row.community_name}\n{size}", row.community_name]  # fmt: skip
        labels.of_area(row.geometry, texts, Look(8, is_boxed=True))
    ground.name_roads(axes, labels)


def community_plate(plan: PlanRecord | Ground, community_id: str) -> Figure:
    """
    Draw one community: its grids with their households.

    Parameters
    ----------
    plan
        The plan, or its ground where several sheets are drawn.
    community_id
        Which.

    Raises
    ------
    ValueError
        If the plan has no such community.
    """
    ground = Ground.of(plan)
    mine = ground.communities[ground.communities["community_id"] == community_id]
    if not len(mine):
        raise ValueError(f"no community {community_id}")
    row = mine.iloc[0]
    with our_style():
        figure = new_figure(*PAGE_CM)
        axes = figure.add_subplot()
        frame(axes, tuple(mine.total_bounds))
        grids, colours = draw_community(ground, axes, community_id)
        keys: list[Patch | Line2D] = [
            Patch(
                facecolor=colour, alpha=0.75,
                label=f"{g.grid_id[-3:]} {g.grid_name} {g.households} 户 {g.lineage}",
            )
            for g, colour in zip(grids.itertuples(index=False), colours, strict=True)
        ]  # fmt: skip
        figure.legend(
            handles=[*keys, *line_keys()], loc="outside right upper", fontsize=8, frameon=False
        )
        title = f"{row.community_name}（{row.households} 户，{row.grids} 个网格）"
        figure.suptitle(title, fontsize=15)
        mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
        label_community(ground, axes, community_id)
    return figure


def draw_community(
    ground: Ground, axes: Axes, community_id: str
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Draw a community onto axes whose window is set; give its grids and their colours."""
    grids = ground.grids[ground.grids["community_id"] == community_id].reset_index(drop=True)
    mine = ground.communities[ground.communities["community_id"] == community_id]
    shapes = grids.geometry.to_numpy()
    colours = distinct(shapes)
    ground.roads(axes)
    around = in_window(ground.communities, axes).geometry.to_numpy()
    draw_areas(axes, around, edge="#9e9e9e", width=1.2)
    draw_areas(axes, shapes, face=colours, alpha=0.75)
    ground.compounds(axes)
    ground.marks(axes)
    outline = mine.geometry.iloc[0]
    near = ground.today[shapely.intersects(ground.today.geometry.to_numpy(), outline)]
    dashes = shapely.boundary(near.geometry.to_numpy())
    dashes = shapely.intersection(dashes, shapely.buffer(outline, OLD_NEAR_M))
    draw_lines(axes, dashes, OLD, 1.0, style="--")
    old = ground.communities_today
    old = old[old["community_id"] == community_id].geometry.to_numpy()
    draw_areas(axes, old, edge=OLD, width=2.2, style="--")
    draw_areas(axes, shapes, edge="#424242", width=1.0)
    draw_areas(axes, mine.geometry.to_numpy(), edge=BORDER, width=2.5)
    scale_bar(axes)
    north_arrow(axes)
    return grids, colours


def label_community(ground: Ground, axes: Axes, community_id: str) -> None:
    """Write grids, neighbours, roads and compounds: what matters most takes its place first."""
    labels = labels_of(ground, axes)
    grids, all_of = ground.grids, ground.communities
    for grid in grids[grids["community_id"] == community_id].itertuples(index=False):
        serial = str(grid.grid_id)[-3:]
        labels.of_area(grid.geometry, [f"{serial}\n{grid.households} 户", serial],
                       Look(9, is_boxed=True))  # fmt: skip
    ground.name_roads(axes, labels)
    mine = all_of[all_of["community_id"] == community_id]
    near = in_window(all_of, axes)
    for other in near[near["community_id"] != community_id].itertuples(index=False):
        beyond = shapely.difference(other.geometry, mine.geometry.iloc[0])
        labels.in_sight(beyond, str(other.community_name), Look(8, "#757575"))
    ground.name_compounds(axes, labels)


def changes_plate(plan: PlanRecord | Ground, community_id: str) -> Figure:
    """
    Draw one community before and after, side by side.

    Parameters
    ----------
    plan
        The plan, or its ground where several sheets are drawn.
    community_id
        Which; it may be new, and then has no before.

    Raises
    ------
    ValueError
        If the plan has no such community.
    """
    ground = Ground.of(plan)
    mine = ground.communities[ground.communities["community_id"] == community_id]
    if not len(mine):
        raise ValueError(f"no community {community_id}")
    old = ground.communities_today
    old = old[old["community_id"] == community_id]
    bounds = shapely.total_bounds(np.array([*mine.geometry, *old.geometry], object))
    west, south, east, north = bounds.tolist()
    shape = (north - south) / max(east - west, 1.0)
    row = mine.iloc[0]
    with our_style():
        figure = new_figure(16.0, float(np.clip(8.0 * shape + 1.6, 5.0, 20.0)))
        left, right = figure.subplots(1, 2)
        drawn = []
        for axes, grids, outline, said in (
            (left, ground.today, old, "现状" if len(old) else "现状：无（新设）"),
            (right, ground.grids, mine, f"方案（{row.households} 户，{row.grids} 个网格）"),
        ):
            frame(axes, tuple(bounds.tolist()))
            ground.roads(axes)
            here = grids.iloc[np.sort(grids.sindex.intersection(bounds))]
            draw_areas(axes, here.geometry.to_numpy(), edge="#9e9e9e", width=0.6)
            draw_areas(axes, outline.geometry.to_numpy(), face="#ede7f6", alpha=0.45)
            if axes is right:
                draw_areas(axes, ground.moves.geometry.to_numpy(), face=MOVED, alpha=0.6)
            inside = here[here["community_id"] == community_id]
            draw_areas(axes, inside.geometry.to_numpy(), edge="#424242", width=0.9)
            ground.marks(axes)
            draw_areas(axes, outline.geometry.to_numpy(), edge=BORDER, width=1.8)
            axes.set_title(said, fontsize=9)
            scale_bar(axes)
            drawn.append((axes, inside))
        north_arrow(right)
        mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
        for axes, inside in drawn:
            labels = labels_of(ground, axes)
            for grid in inside.itertuples(index=False):
                labels.of_area(grid.geometry, [str(grid.grid_id)[-3:]], Look(6.5, is_boxed=True))
    return figure


def notice_plate(ground: Ground, community_id: str) -> Figure:
    """
    Draw a community's old border dashed and its new one, for the public: names, no counts.

    Parameters
    ----------
    ground
        The plan.
    community_id
        Which; of one that is dissolved only the old border is there.

    Raises
    ------
    ValueError
        If neither today nor the plan has such a community.
    """
    mine = ground.communities[ground.communities["community_id"] == community_id]
    old = ground.communities_today
    old = old[old["community_id"] == community_id]
    if not len(mine) and not len(old):
        raise ValueError(f"no community {community_id}")
    shapes = np.array([*mine.geometry, *old.geometry], object)
    west, south, east, north = bounds = shapely.total_bounds(shapes).tolist()
    shape = (north - south) / max(east - west, 1.0)
    with our_style():
        figure = new_figure(15.6, float(np.clip(15.6 * shape + 2.5, 9.0, 18.0)))
        axes = figure.add_subplot()
        frame(axes, tuple(bounds))
        ground.roads(axes)
        grids = ground.grids[ground.grids["community_id"] == community_id]
        draw_areas(axes, (mine if len(mine) else old).geometry.to_numpy(), face="#ede7f6",
                   alpha=0.45)  # fmt: skip
        draw_areas(axes, grids.geometry.to_numpy(), edge="#616161", width=0.8)
        ground.compounds(axes)
        ground.marks(axes)
        draw_areas(axes, mine.geometry.to_numpy(), edge=BORDER, width=2.4)
        draw_areas(axes, old.geometry.to_numpy(), edge=OLD, width=2.0, style="--")
        scale_bar(axes)
        north_arrow(axes)
        keys = [
            Line2D([], [], color=OLD, linestyle="--", linewidth=2, label="原界线"),
            Line2D([], [], color=BORDER, linewidth=2.4, label="现界线"),
        ]
        keys = keys[not len(old) : 2 if len(mine) else 1]
        figure.legend(handles=keys, loc="outside upper center", ncols=2, fontsize=8, frameon=False)
        mark(
            figure, synthetic=ground.is_synthetic, plan=ground.plan, may_leave=UNCOUNTED
        )  # fmt: skip
        labels = labels_of(ground, axes)
        for grid in grids.itertuples(index=False):
            labels.of_area(grid.geometry, [str(grid.grid_name)], Look(7, is_boxed=True))
        if not len(mine):
            gone = f"原{old['community_name'].iloc[0]}"
            labels.of_area(old.geometry.iloc[0], [gone], Look(11, is_boxed=True))
        ground.name_roads(axes, labels)
        ground.name_compounds(axes, labels)
    return figure
