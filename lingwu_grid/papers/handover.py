"""``handover.xlsx``: who hands over what to whom, and every building's grid before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.papers.legal import CHANGED
from lingwu_grid.papers.worksheet import Column, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from lingwu_grid.papers.legal import Legal

NOTES = {
    "grid": "整格移交到另一社区的，网格改属那个社区并改编编码；原编码空着的原不属任何网格",
    "community": "原编码空着的原不属任何社区",
}
"""What a reader of the two lists of handing over should know."""

STEPS = (
    ("请示", "向市人民政府报请批准", "居民委员会组织法第六条"),
    ("批复", "市人民政府批准", "居民委员会组织法第六条"),
    ("公告", "公布新旧四至、办公地址", "政策第四项（依法设立或撤并）"),
    ("清点", "清点档案、公章、资产、台账，列出清单", "政策第四项"),
    ("移交", "与接收社区逐项签收", "政策第四项"),
    ("两委", "核定职数，依法补选或改选", "政策第十五项"),
    ("编码", "停用或启用编码，更新网格登记和户籍地址", "政策第四项"),
)
"""Steps by which a community is set up or dissolved."""


def handover_sheets(legal: Legal) -> list[Sheet]:
    """
    Lay out the lists that go with a plan.

    Parameters
    ----------
    legal
        The plan, as the legal chain tells it.
    """
    rows = legal.passing
    other = rows[rows["previous_community_id"] != rows["community_id"]]
    return [
        _flows(legal, rows, "grid", "网格交接", "网格之间的交接"),
        _flows(legal, other, "community", "社区交接", "社区之间的交接"),
        _addresses(legal, rows),
        _compounds(legal, other[other["compound_id"] != ""]),
        _steps(legal),
    ]


def _flows(legal: Legal, rows: pd.DataFrame, level: str, name: str, title: str) -> Sheet:
    old, new = f"previous_{level}_id", f"{level}_id"
    pairs = [old, new] if level == "community" else [old, new, "previous_community_id",
                                                     "community_id"]  # fmt: skip
    flow = rows.groupby(pairs).agg(
        buildings=("building_id", "nunique"), households=("households", "sum")
    )
    flow = flow.reset_index()
    called = {key: legal.called(flow[key]) for key in pairs}
    what = "网格" if level == "grid" else "社区"
    whose = [] if level == "community" else [
        Column("原社区", called["previous_community_id"], width=14),
        Column("新社区", called["community_id"], width=14),
    ]  # fmt: skip
    return Sheet(
        name,
        title,
        [
            Column(f"原{what}编码", flow[old].tolist(), "code", 17),
            Column(f"原{what}", called[old], width=20),
            Column(f"新{what}编码", flow[new].tolist(), "code", 17),
            Column(f"新{what}", called[new], width=20),
            *whose,
            Column("楼栋数", flow["buildings"].astype(int).tolist(), "count", 8, is_summed=True),
            Column("户数", flow["households"].astype(int).tolist(), "count", 9, is_summed=True),
            *_to_sign(len(flow)),
        ],
        note=NOTES[level],
    )


def _to_sign(count: int) -> list[Column]:
    return [
        Column(header, [""] * count, width=width, is_to_fill=True)
        for header, width in (("移交人", 10), ("接收人", 10), ("日期", 12), ("备注", 16))
    ]


def _addresses(legal: Legal, rows: pd.DataFrame) -> Sheet:
    rows = rows.sort_values(["community_id", "compound_name", "grid_id", "building_id"])
    called = [legal.called(rows[key]) for key in (
        "previous_grid_id", "grid_id", "previous_community_id", "community_id",
    )]  # fmt: skip
    return Sheet(
        "门牌对照",
        "楼栋与新旧网格对照（只列变动的）",
        [
            Column("楼栋编号", rows["building_id"].tolist(), "code", 14),
            Column("小区", rows["compound_name"].tolist(), width=18),
            Column("楼栋", rows["building_name"].tolist(), width=14),
            Column("门牌", [""] * len(rows), width=18, is_to_fill=True),
            Column("户数", rows["households"].astype(int).tolist(), "count", 8, is_summed=True),
            Column("原网格编码", rows["previous_grid_id"].tolist(), "code", 17),
            Column("原网格", called[0], width=20),
            Column("新网格编码", rows["grid_id"].tolist(), "code", 17),
            Column("新网格", called[1], width=20),
            Column("原社区", called[2], width=14),
            Column("新社区", called[3], width=14),
        ],
    )


def _compounds(legal: Legal, rows: pd.DataFrame) -> Sheet:
    keys = ["compound_id", "compound_name", "previous_community_id", "community_id"]
    told = rows.groupby(keys)["households"].sum().reset_index()
    return Sheet(
        "包抓小区",
        "换了社区的小区：包抓部门与社区重新结对（政策第八项）",
        [
            Column("小区编号", told["compound_id"].tolist(), "code", 12),
            Column("小区", told["compound_name"].tolist(), width=20),
            Column("户数", told["households"].astype(int).tolist(), "count", 8, is_summed=True),
            *(
                Column(title, legal.called(told[key]), width=14)
                for title, key in (("原社区", keys[2]), ("新社区", keys[3]))
            ),
            Column("包抓部门", [""] * len(told), width=20, is_to_fill=True),
            Column("新联系人", [""] * len(told), width=12, is_to_fill=True),
        ],
    )


def _steps(legal: Legal) -> Sheet:
    cases: Sequence[tuple[str, str]] = [
        (one.name, one.kind) for one in legal.turned if one.kind != CHANGED
    ]
    rows = [(name, kind, *step) for name, kind in cases for step in STEPS]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(5)]
    return Sheet(
        "设立撤并步骤",
        "设立、撤并社区的步骤",
        [
            Column("社区", columns[0], width=14),
            Column("设立或撤销", columns[1], width=10),
            Column("步骤", columns[2], width=10),
            Column("办什么", columns[3], width=40),
            Column("依据", columns[4], width=30),
            Column("承办", [""] * len(rows), width=14, is_to_fill=True),
            Column("完成日期", [""] * len(rows), width=12, is_to_fill=True),
        ],
        note="没有设立、撤销的社区，这一页是空的" if not rows else "",
    )
