"""``compare.html``: two plans wiped over each other, with who differs and what each has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.maps import layers as draw
from lingwu_grid.maps.elements import Script
from lingwu_grid.maps.shell import new_page, rendered
from lingwu_grid.maps.texts import filled
from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    import pandas as pd

    from lingwu_grid.planning.record import PlanRecord

FIRST, SECOND = "#1565c0", "#d81b60"
"""Borders of either plan that the other has not; no status has these colours."""

PANES = {"first": 420, "second": 421}
FIELDS = {
    "grid_id": "网格编码", "grid_name": "网格", "community_name": "社区", "households": "常住户数",
    "status": "状态",
}  # fmt: skip


def compare_page(
    plans: tuple[PlanRecord, PlanRecord],
    differing: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    borders: gpd.GeoDataFrame,
    figures: pd.DataFrame,
    *,
    notice: str,
) -> str:
    """
    Draw two plans, the first left of a bar that is drawn along, the second right of it.

    Parameters
    ----------
    plans
        The two.
    differing
        Units of each that hold a household whose grid differs.
    borders
        Borders that only one has: columns plan (`first`, `second`), geometry.
    figures
        Main figures: columns 指标, 甲, 乙, 乙减甲.
    notice
        Who may see it.

    Returns
    -------
    str
        One HTML page; nothing outside it is needed.

    Raises
    ------
    ValueError
        If the page would ask for another file: a fault of ours, never of the data.
    """
    page = new_page(tuple(plans[0].grids.total_bounds), PANES)
    if "roads" in plans[0].backdrop:
        draw.road_layer(plans[0].backdrop["roads"]).add_to(page)
    if "barriers" in plans[0].backdrop:
        draw.barrier_layer(plans[0].backdrop["barriers"], 3).add_to(page)
    for pane, plan, units, colour in zip(PANES, plans, differing, (FIRST, SECOND), strict=True):
        _add(page, pane, plan, units, borders[borders["plan"] == pane], colour)
    page.add_child(Script("compare.js", map=page.get_name()))
    title = f"{plans[1].summary.get('study', '')} 两案对照"
    panel = filled(
        "compare.html", title=title, notice=notice, figures=figures.to_numpy(object).tolist(),
        synthetic=any(bool(plan.summary["synthetic"]) for plan in plans), colours=(FIRST, SECOND),
        plans=[plan_of(plan) for plan in plans],
    )  # fmt: skip
    return rendered(page, title=title, panel=panel, css=("page.css", "compare.css"))


def _add(
    page: folium.Map,
    pane: str,
    plan: PlanRecord,
    units: gpd.GeoDataFrame,
    only: gpd.GeoDataFrame,
    colour: str,
) -> None:
    """Draw one plan in a pane of its own: units that differ, its grids, the borders of its own."""
    word = {"first": "甲", "second": "乙"}[pane]
    if len(units):
        draw.area_layer(
            units, f"{word}：归属不同的楼栋", {"grid_id": "网格编码", "households": "常住户数"},
            style={"color": colour, "weight": 0, "fillOpacity": 0.35}, pane=pane,
            paint=dict.fromkeys(map(draw.escape, units["grid_id"]), colour),
        ).add_to(page)  # fmt: skip
    draw.area_layer(
        plan.grids, f"{word}：网格", FIELDS, pane=pane,
        style={"color": "#616161", "weight": 1.2, "fillOpacity": 0.02},
        paint=dict.fromkeys(map(draw.escape, plan.grids["grid_id"]), "#9e9e9e"),
    ).add_to(page)  # fmt: skip
    communities = plan.communities.set_geometry(plan.communities.geometry.boundary)
    draw.area_layer(
        communities, f"{word}：社区", {"community_name": "社区"}, pane=pane,
        style={"color": "#4527a0", "weight": 3},
    ).add_to(page)  # fmt: skip
    if len(only) and not only.geometry.is_empty.all():
        draw.area_layer(
            only.assign(said=f"只有{word}有的网格界"), f"{word}：只有它有的边界", {"said": "边界"},
            style={"color": colour, "weight": 4}, pane=pane,
        ).add_to(page)  # fmt: skip
