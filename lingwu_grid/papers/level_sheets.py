"""Sheets of the levels beside grids and communities: one each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.lawful import EXEMPT
from lingwu_grid.papers.worksheet import Column, Sheet

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.planning.record import PlanRecord


def level_sheets(record: PlanRecord) -> list[Sheet]:
    """
    Lay out the zones of every level.

    Parameters
    ----------
    record
        The plan.
    """
    levels = record.summary.get("levels", [])
    return [_sheet(level, record.levels[record.levels["level"] == level["id"]]) for level in levels]


def _sheet(level: dict[str, object], rows: gpd.GeoDataFrame) -> Sheet:
    name = str(level["name"])
    return Sheet(
        name,
        f"{name}台账",
        [
            Column("级别", rows["level_name"].tolist(), width=8),
            Column("编码", rows["zone_id"].tolist(), "code", 20),
            Column("名称", rows["zone_name"].tolist(), width=28),
            Column("上级编码", rows["parent_id"].tolist(), "code", 17),
            Column("上级", rows["parent_name"].tolist(), width=22),
            Column("常住户数", rows["households"].astype(int).tolist(), "count", 8, is_summed=True),
            Column("常住人口", rows["residents"].astype(int).tolist(), "count", 8, is_summed=True),
            Column("合规状态", rows["status"].tolist(), width=8),
            Column(
                "例外理由", rows["reason"].where(rows["status"] == EXEMPT, "").tolist(), width=30
            ),
            Column("四至", rows["boundary_text"].fillna("").tolist(), width=46),
        ],
        note=f"每户在哪个{name}，见 assignment.csv（保密）",
        frozen=3,
    )
