"""The sheet of the two committees: which member backs which grids (两委包联, policy §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.papers.filling import DEPUTY, WORKER, Filling
from lingwu_grid.papers.worksheet import Column, Sheet
from lingwu_grid.papers.zone_sheets import seat_said

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord


def committee_sheet(record: PlanRecord, filling: Filling) -> Sheet | None:
    """
    Lay out the members of the committees and their grids; None for a plan of an older version.

    Parameters
    ----------
    record
        The plan.
    filling
        Names that the office filled in, by grid.
    """
    if "committee_seat" not in record.grids.columns:
        return None
    seats = record.communities.set_index("community_id")["seats"]
    rows = []
    for (community, seat), own in record.grids.groupby(["community_id", "committee_seat"]):
        ids = own["grid_id"].astype(str).tolist()
        members = dict.fromkeys(filter(None, (filling.of_grid(g, DEPUTY) for g in ids)))
        workers = filter(None, (filling.of_grid(g, WORKER) for g in ids))
        rows.append(
            (
                str(community), own["community_name"].iloc[0], int(seats[community]),
                seat_said(int(seat)), "、".join(members), "、".join(own["grid_name"]),
                "、".join(ids), len(ids), int(own["households"].sum()), "、".join(workers),
                seat_said(int(own["reserve_seat"].iloc[0])),
            )
        )  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * 11
    return Sheet(
        "两委包联",
        "社区“两委”成员与网格员 AB岗",
        [
            Column("社区编码", list(columns[0]), "code", 15),
            Column("社区", list(columns[1]), width=14),
            Column("两委职数", list(columns[2]), "count", 8),
            Column("席位", list(columns[3]), width=10),
            Column("两委成员（B岗）", list(columns[4]), width=14),
            Column("包联网格", list(columns[5]), width=44),
            Column("网格编码", list(columns[6]), "code", 36),
            Column("网格数", list(columns[7]), "count", 7, is_summed=True),
            Column("常住户数", list(columns[8]), "count", 9, is_summed=True),
            Column("网格员（A岗）", list(columns[9]), width=20),
            Column("替补席位", list(columns[10]), width=10),
        ],
        note="每名成员包联一至三个相邻网格，户数尽量均衡（已证明最均衡）；两委职数为政策§15，"
        "姓名在“网格填报”的B岗里填写",
    )
