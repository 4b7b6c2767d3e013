"""Plates of one grid: before and after, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from lingwu_grid.papers.labels import Look
from lingwu_grid.papers.picture import mark, new_figure, our_style
from lingwu_grid.papers.scenery import (
    OLD,
    Ground,
    draw_areas,
    frame,
    in_window,
    labels_of,
    north_arrow,
    scale_bar,
)

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lingwu_grid.papers.scenery import Bounds
    from lingwu_grid.planning.record import PlanRecord

PAGE_CM = (29.7, 15.0)
BEFORE_COLOUR, AFTER_COLOUR = "#fb8c00", "#43a047"


def grid_plate(plan: PlanRecord | Ground, grid_id: str) -> Figure:
    """
    Draw one grid before and after, side by side.

    Parameters
    ----------
    plan
        The plan, or its ground where several sheets are drawn.
    grid_id
        Which; it may be new, and then has no before.

    Raises
    ------
    ValueError
        If the plan has no such grid.
    """
    ground = Ground.of(plan)
    row = _grid_row(ground, grid_id)
    with our_style():
        figure = new_figure(*PAGE_CM)
        left, right = figure.subplots(1, 2)
        for axes in (left, right):
            frame(axes, grid_bounds(ground, grid_id))
        draw_grid(ground, (left, right), grid_id)
        figure.suptitle(f"{grid_title(row)}\n{row.boundary_text or ''}", fontsize=11)
        mark(figure, synthetic=ground.is_synthetic, plan=ground.plan)
        label_grid(ground, left, ground.today)
        label_grid(ground, right, ground.grids)
    return figure


def grid_title(row: gpd.GeoSeries) -> str:
    """Say in a line what becomes of a grid."""
    was = f"（原编码 {row.recoded_from}）" if row.recoded_from else ""
    return (
        f"{row.grid_name}（{row.grid_id}）{row.lineage}{was}：调入 {row.households_in} 户，"
        f"调出 {row.households_out} 户"
    )


def _grid_row(ground: Ground, grid_id: str) -> gpd.GeoSeries:
    after = ground.grids[ground.grids["grid_id"] == grid_id]
    if not len(after):
        raise ValueError(f"no grid {grid_id}")
    return after.iloc[0]


def grid_bounds(ground: Ground, grid_id: str) -> Bounds:
    """Give the bounds of a grid, of today and of the plan."""
    before, after = _before_after(ground, grid_id)
    shapes = np.array([*after.geometry, *before.geometry], object)
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    return west, south, east, north


def _before_after(ground: Ground, grid_id: str) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    was = _grid_row(ground, grid_id).recoded_from or grid_id
    return (
        ground.today[ground.today["grid_id"] == was],
        ground.grids[ground.grids["grid_id"] == grid_id],
    )


def draw_grid(ground: Ground, pair: tuple[Axes, Axes], grid_id: str) -> None:
    """Draw a grid before and after onto two axes whose windows are set."""
    row = _grid_row(ground, grid_id)
    before, after = _before_after(ground, grid_id)
    lived = ground.lived.get(row.recoded_from or grid_id, 0)
    said = (
        f"现状 {lived} 户" if len(before) else "现状：无（新设）",
        f"方案 {row.households} 户（{row.status}）",
    )
    for axes, zone, others, text, colour in zip(
        pair, (before, after), (ground.today, ground.grids), said,
        (BEFORE_COLOUR, AFTER_COLOUR), strict=True,
    ):  # fmt: skip
        ground.roads(axes)
        draw_areas(axes, in_window(others, axes).geometry.to_numpy(), edge="#9e9e9e", width=0.8)
        if axes is pair[1]:
            draw_areas(axes, before.geometry.to_numpy(), edge=OLD, width=2.5, style="--")
        shapes = zone.geometry.to_numpy()
        draw_areas(axes, shapes, face=colour, alpha=0.35, edge=colour, width=2.5)
        ground.compounds(axes)
        ground.marks(axes)
        axes.set_title(text, fontsize=11)
        scale_bar(axes)
    north_arrow(pair[1])


def label_grid(ground: Ground, axes: Axes, grids: gpd.GeoDataFrame) -> None:
    """Write grids, roads and compounds onto a map of one grid and those around it."""
    labels = labels_of(ground, axes)
    for grid in in_window(grids, axes).itertuples(index=False):
        labels.in_sight(grid.geometry, str(grid.grid_name), Look(7, "#424242", is_boxed=True))
    ground.name_roads(axes, labels)
    ground.name_compounds(axes, labels)
