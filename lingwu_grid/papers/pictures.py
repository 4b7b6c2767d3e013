"""One picture of a plan, asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.contract.errors import InputError
from lingwu_grid.papers import grid_plates, plates
from lingwu_grid.papers.charts import service_figures
from lingwu_grid.papers.frontier import frontier_chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lingwu_grid.planning.record import PlanRecord

KINDS = ("", "service", "frontier")


def picture_of(
    record: PlanRecord, what: str = "", *, community: str = "", grid: str = ""
) -> Figure:
    """
    Draw a plan, a part of it, or what it is measured by.

    Parameters
    ----------
    record
        The plan.
    what
        Empty for the map of the whole with what changes; `service`: who can walk to a station in
        time; `frontier`: what each plan costs of those this one was chosen from.
    community
        A community before and after, by code.
    grid
        A grid with its borders, by code.

    Raises
    ------
    InputError
        If the plan has no such community or grid, if there is no such picture, or the plan was
        not measured or chosen so.
    """
    _require(record, what, community, grid)
    if grid:
        return grid_plates.grid_plate(record, grid)
    if community:
        return plates.changes_plate(record, community)
    if what == "service":
        figures = service_figures(record)
        if not figures:
            raise InputError(
                "这个方案没有量过服务圈", remedy="先 plan = plan.served(lg.coverage(study, plan))"
            )
        return figures["coverage_communities"]
    if what == "frontier":
        told = record.run.get("frontier")
        if not told:
            raise InputError(
                "这个方案不是比选出来的，没有对照图", remedy="用 lg.scenarios(study) 比选，再 save"
            )
        synthetic = bool(record.summary["synthetic"])
        return frontier_chart(told["rows"], told["chosen"], synthetic=synthetic)
    if what:
        raise InputError(f"没有“{what}”这种图", remedy=f"可选：{'、'.join(KINDS[1:])}，或不写")
    return plates.overview(record)


def _require(record: PlanRecord, what: str, community: str, grid: str) -> None:
    """Refuse what the plan has not, and more than one wish at a time."""
    for name, code, codes in (
        ("社区", community, record.communities["community_id"]),
        ("网格", grid, record.grids["grid_id"]),
    ):
        known = codes.astype(str)
        if code and code not in set(known):
            raise InputError(f"没有{name} {code}", remedy=f"用编码，例如 {'、'.join(known[:3])}")
    if bool(grid) + bool(community) + bool(what) > 1:
        raise InputError("一次画一样", remedy="只写 what、community、grid 中的一个")
