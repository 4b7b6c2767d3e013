"""Tables of the papers: what each of their cells must be, by sheet or by column names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lingwu_grid.tracing import cells
from lingwu_grid.tracing.words import around

if TYPE_CHECKING:
    from collections.abc import Mapping


class Form(NamedTuple):
    """A kind of table."""

    mark: tuple[str, ...]
    """Columns that tell it."""
    cells: Mapping[str, Any]
    """What the cells of a column must be: from the facts, the row by column names, its number."""


MONEY = {
    "两委职数": "seats", "社区服务经费(元/年)": "service", "党建经费(元/年)": "party_yuan",
    "网格党支部书记(人)": "grids", "书记补贴(元/年)": "heads_yuan",
    "支委、功能组长、楼栋长(人)": "members", "支委等补贴(元/年)": "members_yuan",
    "网格党支部工作经费(元/年)": "resident_yuan", "经费合计(元/年)": "yuan", "网格数": "grids",
    "专职网格员": "grids", "法律顾问": "one", "后备干部(至少)": "reserve_least",
    "后备干部(至多)": "reserve_most", "常住人口": "residents", "常住户数": "households",
}  # fmt: skip

FORMS = (
    Form(("社区编码", "所属街道", "党组织"), {
        "常住户数": cells.community("households"), "常住人口": cells.community("residents"),
        "网格数": cells.community("grids"), "两委职数": cells.community("seats"),
        "社区服务经费(元/年)": cells.community("service"),
        "15分钟覆盖": lambda f, row, _: f.within(15, of=f.rows["community_id"] == row["社区编码"]),
    }),
    Form(("席位", "包联网格"), {
        "两委职数": cells.community("seats"), "席位": cells.seat("committee_seat"),
        "网格数": lambda f, row, _: len(cells.backed(f, row)),
        "常住户数": lambda f, row, _: sum(f.size(g) for g in cells.backed(f, row)),
        "替补席位": cells.seat("reserve_seat"),
    }),
    Form(("网格编码", "四至", "涉及户数"), {
        "面积(km²)": lambda f, row, at: around(
            cells.grid("km2")(f, row, at), 1 if row["网格编码"] else len(f.grids)
        ),
        "楼栋数": cells.grid("spots"), "常住户数": cells.grid("households"),
        "常住人口": cells.grid("residents"), "B岗": cells.seat("committee_seat"),
        "涉及户数": lambda f, row, at: sum(
            cells.grid(column)(f, row, at) for column in ("joined", "left")
        ),
        "步行分钟": lambda f, row, _: f.median_minutes(f.rows["grid_id"] == row["网格编码"]),
    }),
    Form(("小区", "楼栋", "原网格编码", "原因"), {"户数": cells.change}),
    Form(("序号", "何处", "户数"), {
        "序号": lambda _f, _row, at: at + 1, "何处": cells.houses,
        "户数": cells.story("households"),
        "老年人": cells.story("elderly"),
    }),
    Form(("社区编码", "情形", "档次"), {
        **{name: cells.funds(column) for name, column in MONEY.items()},
    }),
    Form(("项目", "依据", "现状"), {when: cells.item(when) for when in ("现状", "方案", "增减")}),
    Form(("社区", "现状档次", "方案档次"), {
        "现状户数": cells.own("households_before"), "方案户数": cells.own("households"),
        **dict.fromkeys(("职数增减", "职数"), cells.rise("seats")),
        **dict.fromkeys(("服务经费增减(元/年)", "服务经费"), cells.rise("service")),
    }),
    Form(("小区编码", "分属几个网格"), {
        "楼栋数": cells.compound("houses"), "常住户数": cells.compound("households"),
        "分属几个网格": cells.compound("grids"),
    }),
    Form(("楼栋编码", "网格编码", "常住户数"), {"常住户数": cells.building}),
    Form(("网格编码", "楼栋", "楼栋数"), {
        "楼栋数": cells.loose("houses"), "常住户数": cells.loose("households"),
    }),
    Form(("街道", "社区党组织", "网格编码"), {
        "楼栋数": cells.grid("spots"), "常住户数": cells.grid("households"),
    }),
    Form(("级别", "上级编码", "四至"), {
        "常住户数": cells.level("households"), "常住人口": cells.level("residents"),
    }),
    Form(("级别", "编码", "状态", "理由"), {"常住户数": cells.standing_out}),
    Form(("级别", "名称", "状态", "理由"), {"户数": cells.standing_out}),
    Form(("级别", "编码", "5分钟内户数"), {
        "常住户数": lambda f, row, _: int(cells.zone(f, row).sum()),
        **{f"{m}分钟内户数": cells.near(m, "count") for m in (5, 10, 15)},
        **{f"{m}分钟": cells.near(m, "all") for m in (5, 10, 15)},
        **{f"老年人{m}分钟": cells.near(m, "elderly") for m in (5, 10, 15)},
        "调整前15分钟": cells.near_before, "中位分钟": cells.median,
    }),
    Form(("社区", "5分钟", "老年人15分钟"), {
        "户数": cells.own("households"), **{f"{m}分钟": cells.share(m) for m in (5, 10, 15)},
        "老年人15分钟": cells.share(15, "elderly"), "调整前15分钟": cells.share(15, "before"),
    }),
    Form(("社区", "常住户数", "网格数", "说明"), {
        "常住户数": cells.own("households_before"), "网格数": cells.own("grids_before"),
        "说明": lambda f, row, _: f.out_by(f.codes[row["社区"]]),
    }),
    Form(("指标", "数值", "说明"), {
        "数值": cells.overview,
        "说明": lambda f, row, _: f.moves[2] if row["说明"].startswith("占") else None,
    }),
    Form(("级别", "编码", "原户数", "并入"), {"原户数": cells.ended, "并入": cells.heirs}),
    Form(("编码", "网格", "调入", "调出"), {
        "户数": cells.grid("households", "编码"), "调入": cells.grid("joined", "编码"),
        "调出": cells.grid("left", "编码"),
    }),
    Form(("方案", "受影响", "不沿线（公里）"), {head: cells.choice(head) for head in cells.CHOICE}),
    Form(("社区", "原户数", "网格数"), {
        "原户数": cells.turned("households_before"), "划入": cells.turned("joined"),
        "划出": cells.turned("left"),
        "现户数": cells.turned("households"), "网格数": cells.turned("grids"),
    }),
    Form(("网格编码", "类型", "原户数"), {
        "原户数": cells.grid_row("households_before"), "划入": cells.grid_row("joined"),
        "划出": cells.grid_row("left"),
        "现户数": cells.grid_row("households"),
    }),
    Form(("原网格编码", "新网格编码", "移交人"), {
        "楼栋数": cells.flow("grid", "houses"), "户数": cells.flow("grid", "households"),
    }),
    Form(("原社区编码", "新社区编码", "移交人"), {
        "楼栋数": cells.flow("community", "houses"), "户数": cells.flow("community", "households"),
    }),
    Form(("楼栋编号", "门牌"), {"户数": cells.address}),
    Form(("小区编号", "包抓部门"), {"户数": cells.paired}),
)  # fmt: skip
"""Kinds of tables; the first whose columns are all there."""

REASON = "不这样划会怎样"
"""Column of what a story is for."""


def form_of(headers: tuple[str, ...]) -> Form | None:
    """Give the kind of a table by the names of its columns."""
    return next((form for form in FORMS if set(form.mark) <= set(headers)), None)
