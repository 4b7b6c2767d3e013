"""Two plans drawn beside each other, with what differs."""

from __future__ import annotations

from math import cos, radians
from typing import TYPE_CHECKING

from lingwu_grid.papers.picture import mark, new_figure, our_style

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure

    from lingwu_grid.planning.record import PlanRecord

DIFFERS, ONLY_HERE, BORDER = "#f4c7dc", "#d81b60", "#8a8a8a"


def _affected(households: int | None) -> str:
    return "" if households is None else f"受影响 {households:,} 户，"


def two_maps(
    first: PlanRecord,
    second: PlanRecord,
    differing: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    borders: gpd.GeoDataFrame,
) -> Figure:
    """
    Draw both plans; fill the units that differ, thicken borders that only one of them has.

    Parameters
    ----------
    first, second
        The plans.
    differing
        Units of each that hold a household whose grid differs.
    borders
        Borders that only one has: columns plan, km, geometry.
    """
    with our_style():
        figure = new_figure(40, 22)
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        for axes, plan, units, word, line in zip(
            panels, (first, second), differing, "甲乙", borders.itertuples(index=False), strict=True
        ):
            if len(units):
                units.plot(ax=axes, color=DIFFERS, linewidth=0, aspect=None)
            plan.grids.boundary.plot(ax=axes, color=BORDER, linewidth=0.5, aspect=None)
            plan.communities.boundary.plot(ax=axes, color="black", linewidth=1.0, aspect=None)
            if not line.geometry.is_empty:
                borders[borders["plan"] == line.plan].plot(
                    ax=axes, color=ONLY_HERE, linewidth=1.6, aspect=None
                )
            s = plan.summary
            axes.set_title(
                f"{word}：{s['grids']} 个网格，{_affected(s['affected'])}"
                f"只有它有的边界 {line.km:g} 公里",
                fontsize=13,
            )
            axes.set_axis_off()
            middle = plan.grids.total_bounds[[1, 3]].mean()
            axes.set_aspect(1 / cos(radians(middle)))  # a degree of longitude is shorter
        figure.suptitle(
            "粉色：两个方案里网格不同的住户单元；红线：只有本方案有的边界（内部使用，不外发）",
            fontsize=12,
        )
        mark(figure, synthetic=bool(first.summary["synthetic"]))
    return figure
