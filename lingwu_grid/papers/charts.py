"""Charts of the service circle: shares by community, coverage against stations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.contract.kinds import MINUTES, SIDES, STATUSES
from lingwu_grid.lawful import INSIDE
from lingwu_grid.papers.picture import mark, new_figure, our_style, printable
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.planning.service import Service


def service_figures(record: PlanRecord) -> dict[str, Figure]:
    """
    Draw the charts of a plan's service circle.

    Parameters
    ----------
    record
        The plan; without a service circle there are none.

    Returns
    -------
    dict
        Figures by name.
    """
    if record.service is None:
        return {}
    drawn = {"coverage_communities": share_chart(record, record.service)}
    proposal = record.service.summary.get("proposal")
    if proposal and len(proposal["curve"]) > 1:
        drawn["coverage_curve"] = curve_chart(record.service)
    return drawn


def share_chart(record: PlanRecord, service: Service) -> Figure:
    """
    Draw how many households of each community walk how long.

    Parameters
    ----------
    record
        Gives the communities their names.
    service
        Shares.
    """
    names = record.communities.set_index("community_id")["community_name"]
    zones = service.zones
    rows = zones[(zones["level"] == "社区") & zones["zone_id"].isin(names.index)]
    rows = rows.sort_values(["share_15", "zone_id"], ascending=[False, True])
    place = np.arange(len(rows))
    with our_style():
        figure = new_figure(18, 3.5 + 0.62 * len(rows))
        axes = figure.add_subplot()
        left = np.zeros(len(rows))
        reached = [rows[f"within_{m}"].to_numpy(float) for m in (5, 10, 15)]
        steps = np.diff([left, *reached, rows["households"].to_numpy(float)], axis=0)
        words = ("5 分钟内", "5—10 分钟", "10—15 分钟", "15 分钟以上或不通")
        for step, word, colour in zip(steps, words, MINUTES[:4], strict=True):
            axes.barh(place, step, left=left, color=colour, label=word, height=0.7)
            left = left + step
        for y, row in zip(place.tolist(), rows.to_dict("records"), strict=True):
            old = row["elderly_share_15"]
            told = "" if pd.isna(old) else f"，老年人 {percent(old)}"
            axes.text(
                row["households"], y, f" {percent(row['share_15'])}{told}", va="center", fontsize=8
            )
        axes.set_yticks(place, [printable(names[z]) for z in rows["zone_id"]], fontsize=8)
        speeds = (service.summary["speed_m_s"], service.summary["elderly_speed_m_s"])
        axes.set_xlabel(
            f"户（数字为 15 分钟内的户和老年人的比例，步速 {speeds[0]:g} 和 {speeds[1]:g} 米/秒）",
            fontsize=9,
        )
        axes.tick_params(axis="x", labelsize=8)
        axes.margins(x=0.22, y=0.01)
        figure.legend(loc="outside lower center", ncols=4, fontsize=8, frameon=False)
        axes.set_title(f"各社区步行到最近邻里驿家（{service.summary['method']}）", fontsize=12)
        mark(figure, synthetic=bool(service.summary["synthetic"]))
    return figure


def curve_chart(service: Service) -> Figure:
    """Draw the households within fifteen minutes against the stations opened, each optimal."""
    curve = service.summary["proposal"]["curve"]
    stations = [point["new_stations"] for point in curve]
    covered = [point["households_covered"] for point in curve]
    total = service.summary["households"]
    with our_style():
        figure = new_figure(14, 9)
        axes = figure.add_subplot()
        axes.plot(stations, covered, marker="o", color="#4527a0")
        axes.axhline(total, color="#9e9e9e", linestyle="--", linewidth=1)
        # The line rises to the right: below it and beside is room, above the last point is none.
        axes.annotate(
            f"全部 {total} 户", (stations[0], total), xytext=(0, 5), textcoords="offset points",
            fontsize=8, color="#616161",
        )  # fmt: skip
        for x, y in zip(stations, covered, strict=True):
            axes.annotate(
                percent(y / total), (x, y), xytext=(4, -13), textcoords="offset points",
                fontsize=8, ha="left",
            )  # fmt: skip
        axes.set_xticks(stations)
        axes.set_xlim(stations[0] - 0.3, stations[-1] + 0.7)
        axes.set_ylim(0, 1.1 * total)
        axes.tick_params(labelsize=8)
        axes.set_xlabel("新开几处（各点均为最优选址）", fontsize=9)
        axes.set_ylabel("15 分钟内的户数", fontsize=9)
        figure.suptitle("新开驿站与覆盖户数", fontsize=12)
        mark(figure, synthetic=bool(service.summary["synthetic"]))
    return figure


def standing_chart(zones: pd.DataFrame, band: tuple[int, int], *, synthetic: bool) -> Figure:
    """
    Draw how many households each grid of today has, the fewest first.

    Parameters
    ----------
    zones
        As a check gives them: level, households, standing.
    band
        Fewest and most households of a lawful grid.
    synthetic
        Say that the data are.
    """
    grids = zones[zones["level"] == "网格"].sort_values(["households", "zone_id"])
    place = np.arange(len(grids))
    with our_style():
        figure = new_figure(16, 7)
        axes = figure.add_subplot()
        axes.axhspan(*band, color="#cfe8e2", zorder=0, label=f"{band[0]}—{band[1]} 户")
        for word, look in SIDES.items():
            here = (grids["standing"] == word).to_numpy()
            if here.any():
                colour = STATUSES["合规"].colour if word == INSIDE else look.colour
                told = f"{word} {here.sum()} 个"
                axes.bar(place[here], grids["households"][here], color=colour, label=told)
        axes.set_xticks([])
        axes.set_xlabel("现状网格，由小到大", fontsize=9)
        axes.set_ylabel("常住户", fontsize=9)
        axes.tick_params(labelsize=8)
        figure.legend(loc="outside lower center", ncols=5, fontsize=8, frameon=False)
        axes.set_title("现状各网格的常住户", fontsize=12)
        mark(figure, synthetic=synthetic)
    return figure


def percent(share: float) -> str:
    """
    Tell a share; one that is not all is never told as all.

    Examples
    --------
    >>> percent(1.0), percent(0.99996), percent(0.8974), percent(0.0001)
    ('100%', '99.9%', '89.7%', '0.1%')
    """
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    return f"{min(max(share, 0.001), 0.999):.1%}"


def organisation_chart(record: PlanRecord) -> Figure:
    """
    Draw the organisation: streets, their communities, a square for each grid (policy §1).

    Parameters
    ----------
    record
        The plan.
    """
    rows = record.communities.sort_values(["subdistrict_id", "community_id"])
    lived = record.buildings[record.buildings["households"] > 0]
    buildings = lived.groupby("community_id")["building_id"].nunique()
    most = int(rows["grids"].max())
    with our_style():
        figure = new_figure(18, 2.5 + 0.62 * len(rows))
        axes = figure.add_subplot()
        for y, row in enumerate(rows.itertuples(index=False)):
            grids = record.grids[record.grids["community_id"] == row.community_id]
            axes.plot([1.9, 2.1], [y, y], color="#757575", linewidth=1)
            axes.text(2.15, y, row.community_name, va="center", fontsize=8)
            for x, grid in enumerate(grids.sort_values("grid_id")["grid_id"]):
                axes.text(
                    4.0 + 0.45 * x,
                    y,
                    str(grid)[-3:],
                    va="center",
                    ha="center",
                    fontsize=6,
                    bbox={"facecolor": "#e8eaf6", "edgecolor": "#7986cb", "pad": 2},
                )
            axes.text(
                4.2 + 0.45 * most,
                y,
                f"{row.grids} 个网格，{int(buildings.get(row.community_id, 0))} 栋",
                va="center",
                fontsize=7,
            )
        places = np.arange(len(rows))
        for street in dict.fromkeys(rows["subdistrict_id"].astype(str)):
            here = places[(rows["subdistrict_id"].astype(str) == street).to_numpy()]
            axes.plot([1.9, 1.9], [here.min(), here.max()], color="#757575", linewidth=1)
            axes.plot([1.7, 1.9], [here.mean()] * 2, color="#757575", linewidth=1)
            axes.text(
                1.65, here.mean(), street_name(record, street), va="center", ha="right", fontsize=9
            )
        axes.set_xlim(0.0, 6.4 + 0.45 * most)
        axes.set_ylim(len(rows) - 0.4, -0.8)
        axes.set_axis_off()
        axes.set_title("街道党工委 → 社区党委（党总支）→ 网格党支部 → 楼栋党小组", fontsize=11)
        mark(figure, synthetic=bool(record.summary["synthetic"]), plan=plan_of(record))
    return figure
