"""Sheets of what changes and what stands beside: register, exceptions, circle, tree, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.contract import catalogue
from lingwu_grid.lawful import EXEMPT
from lingwu_grid.papers.funds_words import NO_PEOPLE, has_people
from lingwu_grid.papers.runs import told_runs
from lingwu_grid.papers.worksheet import Column, Sheet
from lingwu_grid.planning.handed_round import without_ids
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.lookups import named
from lingwu_grid.planning.stories import is_passing
from lingwu_grid.planning.streets import street_name, streets_of

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

SEVERITY = {"error": "错误", "warning": "警告", "notice": "提示"}
RETIRED = "撤销"


def change_sheet(record: PlanRecord) -> Sheet:
    """
    Lay out the change register (调整对照表): who goes from where to where, short enough to print.

    Buildings of no compound that go the same way are one row; each is in ``changes.csv``.

    Parameters
    ----------
    record
        The plan.
    """
    rows = change_rows(record)
    ways = [
        "compound_id", "compound", "previous_grid", "grid", "previous_community", "community",
        "previous_grid_id", "grid_id",
    ]  # fmt: skip
    rows = rows.sort_values("households", ascending=False, kind="stable")
    rows = rows.groupby(ways, as_index=False, sort=False).agg(
        building=("building", told_runs), households=("households", "sum"),
        reason=("reason", lambda said: "；".join(dict.fromkeys(said))),
    )  # fmt: skip
    rows = rows.sort_values(["previous_grid_id", "grid_id", "compound"], ignore_index=True)
    return Sheet(
        "调整对照表",
        "调整对照表：小区、楼栋由哪个网格调到哪个网格",
        [
            Column("小区", rows["compound"].tolist(), width=18),
            Column("楼栋", rows["building"].tolist(), width=40),
            Column("原网格编码", rows["previous_grid_id"].tolist(), "code", 17),
            Column("原网格", rows["previous_grid"].tolist(), width=20),
            Column("原社区", rows["previous_community"].tolist(), width=14),
            Column("新网格编码", rows["grid_id"].tolist(), "code", 17),
            Column("新网格", rows["grid"].tolist(), width=20),
            Column("新社区", rows["community"].tolist(), width=14),
            Column("户数", rows["households"].astype(int).tolist(), "count", 8, is_summed=True),
            Column("原因", rows["reason"].tolist(), width=48),
        ],
    )


def story_sheet(record: PlanRecord) -> Sheet:
    """
    Lay out the change piece by piece (逐项变动), as the map tells it.

    Parameters
    ----------
    record
        The plan.
    """
    rows, names = record.stories, record.names

    def called(key: str) -> list[str]:
        return [names.get(code, code) for code in rows[key].astype(str)]

    is_whole = is_passing(rows, record.recoded)
    return Sheet(
        "逐项变动",
        "逐项变动：每一项是一片相连的地方由一个网格划到另一个网格，或一个网格改属另一社区",
        [
            Column("序号", list(range(1, len(rows) + 1)), "count", 6),
            Column("何处", rows["place"].mask(is_whole, "随网格").tolist(), width=26),
            Column("户数", rows["households"].astype(int).tolist(), "count", 8, is_summed=True),
            Column("老年人", rows["elderly"].astype(int).tolist(), "count", 8, is_summed=True),
            Column("原网格", called("previous_grid_id"), width=22),
            Column("新网格", called("grid_id"), width=22),
            Column("原社区", called("previous_community_id"), width=14),
            Column("新社区", called("community_id"), width=14),
            Column("不这样划会怎样", rows["reason"].tolist(), width=56),
            Column("界线", rows["border"].tolist(), width=24),
        ],
        note="每户受影响的都恰在一项里；户数合计即受影响的户数",
        frozen=3,
    )


def change_rows(record: PlanRecord) -> pd.DataFrame:
    """Name the rows of ``changes.csv``; buildings of one compound stand together."""
    rows = record.changes.copy()
    places = record.buildings
    compounds = places.drop_duplicates("compound_id").set_index("compound_id")["compound_name"]
    buildings = places.drop_duplicates("building_id").set_index("building_id")["building_name"]
    grids = record.code_register[record.code_register["level"] == "网格"]
    communities = record.code_register[record.code_register["level"] == "社区"]
    names = [
        ("compound", "compound_id", compounds),
        ("building", "building_id", buildings),
        ("previous_grid", "previous_grid_id", grids.set_index("code")["name"]),
        ("grid", "grid_id", grids.set_index("code")["name"]),
        ("previous_community", "previous_community_id", communities.set_index("code")["name"]),
        ("community", "community_id", communities.set_index("code")["name"]),
    ]
    for name, key, known in names:
        called = named(rows[key], known)
        rows[name] = called.where(called != "", rows[key].astype(str))
    return rows.sort_values(["previous_grid_id", "grid_id", "compound_id", "building_id"])


def register_sheet(record: PlanRecord) -> Sheet:
    """Lay out every code ever given, living or retired."""
    rows = record.code_register
    titles = {
        "level": "级别", "code": "编码", "name": "名称", "status": "状态", "lineage": "变更类型",
        "predecessors": "前身", "successors": "后继", "valid_from": "启用日期",
        "valid_to": "终止日期",
    }  # fmt: skip
    codes = ("code", "predecessors", "successors")
    widths = {"code": 18, "name": 28, "predecessors": 36, "successors": 36}
    return Sheet(
        "编码登记",
        "编码登记：用过的编码不再使用",
        [
            Column(title, rows[name].tolist(), "code" if name in codes else "text",
                   widths.get(name, 10))
            for name, title in titles.items()
        ],
        note="code_register.csv 放进研究文件夹，以后各次划分编码不变、停用的编码不再使用",
        frozen=3,
    )  # fmt: skip


def exception_sheet(record: PlanRecord) -> Sheet:
    """Lay out the zones out of range: with an exception on record, or without."""
    parts = [
        layer.loc[layer["status"] != "合规"]
        .rename(columns={f"{key}_id": "code", f"{key}_name": "named"})
        .assign(level=level)
        .loc[:, ["level", "code", "named", "households", "status", "reason"]]
        for level, key, layer in (
            ("网格", "grid", pd.DataFrame(record.grids.drop(columns="geometry"))),
            ("社区", "community", pd.DataFrame(record.communities.drop(columns="geometry"))),
        )
    ]
    rows = pd.concat(parts, ignore_index=True)
    return Sheet(
        "例外",
        "不在户数范围内的网格和社区",
        [
            Column("级别", rows["level"].tolist(), width=8),
            Column("编码", rows["code"].astype(str).tolist(), "code", 17),
            Column("名称", rows["named"].tolist(), width=20),
            Column("常住户数", rows["households"].astype(int).tolist(), "count", 10),
            Column("状态", rows["status"].tolist(), width=8),
            Column("理由", rows["reason"].fillna("").tolist(), width=60),
        ],
        note=f"状态为“{EXEMPT}”的已登记理由；“超限”的须处理",
        frozen=3,
    )


def coverage_sheet(record: PlanRecord) -> Sheet | None:
    """Lay out the service circle by zone; None where it was not measured."""
    if record.service is None:
        return None
    zones = record.service.zones
    names = record.names
    names |= {street: street_name(record, street) for street in streets_of(record)}
    columns = [
        Column("级别", zones["level"].tolist(), width=8),
        Column("编码", zones["zone_id"].astype(str).tolist(), "code", 17),
        Column("名称", [names.get(z, "") for z in zones["zone_id"]], width=20),
        Column("常住户数", zones["households"].astype(int).tolist(), "count", 10),
    ]
    for minutes in (5, 10, 15):
        within = zones[f"within_{minutes}"].astype(int).tolist()
        columns.append(Column(f"{minutes}分钟内户数", within, "count", 11))
    for title, name in (
        ("5分钟", "share_5"), ("10分钟", "share_10"), ("15分钟", "share_15"),
        ("老年人5分钟", "elderly_share_5"), ("老年人10分钟", "elderly_share_10"),
        ("老年人15分钟", "elderly_share_15"), ("调整前15分钟", "share_15_before"),
    ):  # fmt: skip
        values = pd.to_numeric(zones[name], errors="coerce")
        columns.append(
            Column(title, [None if pd.isna(v) else float(v) for v in values], "share", 11)
        )
    middle = pd.to_numeric(zones["minutes_median"], errors="coerce")
    columns.append(
        Column("中位分钟", [None if pd.isna(v) else float(v) for v in middle], "minutes", 9)
    )
    summary = record.service.summary
    note = (
        f"{summary['method']}；步速 {summary['speed_m_s']} 米/秒，"
        f"老年人 {summary['elderly_speed_m_s']} 米/秒"
    )
    return Sheet("服务圈覆盖", "15 分钟服务圈", columns, note=note, frozen=3)


def tree_sheet(record: PlanRecord) -> Sheet:
    """Lay out the organisation: street, community, grid, buildings (policy §1)."""
    grids = record.grids
    street_of = record.communities.set_index("community_id")["subdistrict_id"].astype(str)
    inside = record.buildings[record.buildings["households"] > 0]
    count = inside.groupby("grid_id")["building_id"].nunique()
    organisation = record.impact.drop_duplicates("community_id", keep="last")
    organisation = organisation.set_index("community_id")["party_org"]
    rows = grids.assign(street=[street_of[c] for c in grids["community_id"]])
    rows = rows.sort_values(["street", "community_id", "grid_id"])
    buildings = [int(count.get(g, 0)) for g in rows["grid_id"]]
    return Sheet(
        "组织体系",
        "街道党工委 → 社区党委（党总支）→ 网格党支部 → 楼栋党小组",
        [
            Column("街道", [street_name(record, s) for s in rows["street"]], width=14),
            Column("社区", rows["community_name"].tolist(), width=16),
            Column("社区党组织", [organisation.get(c, "") or "未填" for c in rows["community_id"]]),
            Column("网格编码", rows["grid_id"].astype(str).tolist(), "code", 17),
            Column("网格", rows["grid_name"].tolist(), width=20),
            Column("楼栋数", buildings, "count", 9, is_summed=True),
            Column("常住户数", rows["households"].tolist(), "count", 10, is_summed=True),
        ],
        note="依据灵党办〔2020〕65号 §1；逐栋见“楼栋明细”",
    )  # fmt: skip


def finding_sheet(record: PlanRecord) -> Sheet:
    """Lay out what the data did."""
    rows = without_ids(record.findings)
    return Sheet(
        "数据问题",
        "数据里发现的问题",
        [
            Column("程度", [SEVERITY.get(s, s) for s in rows["severity"]], width=8),
            Column("种类", [catalogue.TITLES.get(c, c) for c in rows["code"]], width=22),
            Column("表", rows["table"].tolist(), width=14),
            Column("位置", rows["place"].astype(str).tolist(), "code", 26),
            Column("说明", rows["message"].tolist(), width=60),
            Column("处理办法", rows["remedy"].tolist(), width=50),
        ],
    )


def overview_sheet(record: PlanRecord) -> Sheet:
    """Lay out the main figures; those of the tables behind are formulas."""
    s = record.summary
    price = s["price_of_clear_borders"]
    rules = record.run["rules"]
    span = "'网格台账'!${0}$4:${0}${1}".format
    last = len(record.grids) + 3

    def grids(letter: str) -> str:
        return span(letter, last)

    rows: list[tuple[str, object, str, str]] = [
        ("常住户数", s["households"], f"=SUM({grids('J')})", "户"),
        ("常住人口", int(record.grids["residents"].sum()), f"=SUM({grids('L')})", "人")
        if has_people(record)
        else ("常住人口", NO_PEOPLE, "", "人"),
        ("网格数（现状）", s["grids_today"], "", "个"),
        ("网格数（方案）", s["grids"], f"=COUNTA({grids('A')})", "个"),
        ("其中合规", s["grids_in_range"], f'=COUNTIF({grids("M")},"合规")',
         f"{rules['grid']['lower']}—{rules['grid']['upper']} 户"),
        ("社区数", s["communities"], "", "个"),
        ("其中合规", s["communities_in_range"], "",
         f"{rules['community']['lower']}—{rules['community']['upper']} 户"),
        ("登记的例外", s["exceptions"], "", "个，见“例外”"),
        ("受影响的户数", s["affected"], "", "换网格或换社区，一户只计一次"),
        ("为边界和余地多动", "未算" if price is None else price, "", "户，与重切网格之前相比"),
        ("贴近上下限", s["tight_zones"], "", "个网格和社区，离上下限不到 1%"),
        ("换网格的户数", s["households_moved_grid"], "", f"占 {s['moved_share']:.2%}"),
        ("换社区的户数", s["households_moved_community"], "", "户"),
        ("至少须变动的户数", s["lower_bound"]["global"], "",
         "换网格或换社区；任何合规方案都不会更少"),
        ("改动的网格", s["grids_touched"], "", "个"),
        ("撤销的网格", len(s["grids_retired"]), "", "个"),
        ("改属另一社区、编码改编的网格", len(s["grids_recoded"]), "", "个"),
    ]  # fmt: skip
    formulas = [formula for _, _, formula, _ in rows]
    return Sheet(
        "概况",
        f"{s['study']} 社区网格方案：概况",
        [
            Column("指标", [r[0] for r in rows], width=20),
            Column(
                "数值", [r[1] for r in rows], "count", 14,
                formula=lambda row: formulas[row - 4],
            ),
            Column("说明", [r[3] for r in rows], width=40),
        ],
        note=f"方案 {plan_of(record)}；依据灵党办〔2020〕65号 §4：网格 300—500 户，"
        "社区 3000—5000 户，基本稳定、适度微调。算出的表已保护，以防误改（无密码，筛选、排序、列宽"
        "不受限）；要填的在“网格填报”“社区填报”的底色列",
        frozen=1,
    )  # fmt: skip
