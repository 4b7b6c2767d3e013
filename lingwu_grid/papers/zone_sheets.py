"""Sheets of zones: overview, communities, the grid ledger, compounds, buildings, the forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lingwu_grid.papers.filling import (
    ADVISER,
    BOUNDARY,
    BRANCH,
    COMMUNITY_FIELDS,
    COMMUNITY_KEY,
    COMMUNITY_SHEET,
    DEPUTY,
    GRID_FIELDS,
    GRID_KEY,
    GRID_SHEET,
    NOTE,
    OFFICE,
    REGISTERED,
    WORKER,
    Filling,
)
from lingwu_grid.papers.funds_words import NO_PEOPLE, has_people
from lingwu_grid.papers.runs import told_runs
from lingwu_grid.papers.worksheet import FIRST_ROW, Column, Sheet
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from lingwu_grid.planning.record import PlanRecord

KIND_WORDS = {"basic": "基础", "special": "专属", "micro": "微"}
WIDE = {BOUNDARY: 40, NOTE: 24, WORKER: 22, OFFICE: 30}
GRID_LEDGER = "网格台账"


def grid_form(record: PlanRecord, filling: Filling) -> Sheet:
    """
    Lay out the form of the grids: what the office fills in.

    Parameters
    ----------
    record
        The plan.
    filling
        What is filled in already.
    """
    grids = record.grids.set_index("grid_id")
    codes = filling.grids.index.astype(str).tolist()
    partner = [str(grids["partner_grid_id"].get(c, "") or "") for c in codes]
    return Sheet(
        GRID_SHEET,
        "网格填报表：底色列由社区填写，台账和报告随之更新",
        [
            Column(GRID_KEY, codes, "code", 17),
            Column("网格名称", [grids["grid_name"].get(c, "（已停用）") for c in codes], width=20),
            Column("所属社区", [grids["community_name"].get(c, "") for c in codes], width=14),
            Column("互助网格编码", partner, "code", 17),
            Column("互助网格", [grids["grid_name"].get(p, "") for p in partner], width=20),
            *_to_fill(filling.grids, GRID_FIELDS),
        ],
        note="填好后：python -m lingwu_grid.report 结果 --ledger 填好的台账.xlsx",
    )


def community_form(record: PlanRecord, filling: Filling) -> Sheet:
    """Lay out the form of the communities."""
    names = record.communities.set_index("community_id")["community_name"]
    codes = filling.communities.index.astype(str).tolist()
    return Sheet(
        COMMUNITY_SHEET,
        "社区填报表：底色列由街道填写",
        [
            Column(COMMUNITY_KEY, codes, "code", 15),
            Column("社区名称", [names.get(c, "（已停用）") for c in codes], width=16),
            *_to_fill(filling.communities, COMMUNITY_FIELDS),
        ],
    )


def _to_fill(table: pd.DataFrame, fields: tuple[str, ...]) -> list[Column]:
    return [
        Column(name, table[name].tolist(), width=WIDE.get(name, 12), is_to_fill=True)
        for name in fields
    ]


def grid_ledger(record: PlanRecord, filling: Filling) -> Sheet:
    """
    Lay out the grid ledger (网格台账): the columns of the local standard, in its order.

    Parameters
    ----------
    record
        The plan.
    filling
        Entries of the office; the ledger looks them up by formula, so it follows the forms.
    """
    grids = record.grids
    ids = grids["grid_id"].astype(str).tolist()
    streets = record.communities.set_index("community_id")["subdistrict_id"].astype(str)
    street = [street_name(record, streets[c]) for c in grids["community_id"]]
    compounds = _compounds_of_grids(record)
    form = grid_form(record, filling)
    find = _finder(form)
    dates = record.code_register.set_index("code")

    def looked_up(field: str) -> list[str]:
        return [filling.of_grid(g, field) for g in ids]

    backing = [seat_said(s) for s in grids.get("committee_seat", [0] * len(ids))]
    deputies = [filling.of_grid(g, DEPUTY) or b for g, b in zip(ids, backing, strict=True)]
    texts = grids["boundary_text"].fillna("").tolist()
    bounds = [filling.of_grid(g, BOUNDARY) or t for g, t in zip(ids, texts, strict=True)]
    served = "station_name" in grids.columns
    stations = _text(grids["station_name"]) if served else [""] * len(ids)
    walks = grids["walk_minutes"].astype(float).tolist() if served else [float("nan")] * len(ids)
    minutes = [None if pd.isna(m) else m for m in walks]
    return Sheet(
        GRID_LEDGER,
        "网格台账",
        [
            Column(GRID_KEY, ids, "code", 17),
            Column("网格名称", grids["grid_name"].tolist(), width=15),
            Column("类型", [KIND_WORDS.get(k, k) for k in grids["kind"]], width=5),
            Column("所属社区", grids["community_name"].tolist(), width=11),
            Column("所属街道", street, width=9),
            Column("四至", bounds, width=36, formula=_or_text(find(BOUNDARY), texts)),
            Column("面积(km²)", grids["area_km2"].astype(float).tolist(), "km2", 9, is_summed=True),
            Column("小区清单", [compounds.get(g, "") for g in ids], width=20),
            Column("楼栋数", _whole(grids["buildings"]), "count", 7, is_summed=True),
            Column("常住户数", _whole(grids["households"]), "count", 8, is_summed=True),
            Column(REGISTERED, looked_up(REGISTERED), "count", 8, find(REGISTERED)),
            _people(record, grids, 8),
            Column("合规状态", grids["status"].tolist(), width=6),
            Column("例外理由", grids["reason"].fillna("").tolist(), width=16),
            Column("原网格编码", grids["previous_grid_ids"].fillna("").tolist(), "code", 17),
            Column("变更类型", grids["lineage"].tolist(), width=6),
            Column(
                "涉及户数", _whole(grids["households_in"] + grids["households_out"]), "count", 8,
                is_summed=True,
            ),
            Column(WORKER, looked_up(WORKER), width=10, formula=find(WORKER)),
            Column(DEPUTY, deputies, width=9, formula=_or_text(find(DEPUTY), backing)),
            Column(BRANCH, looked_up(BRANCH), width=10, formula=find(BRANCH)),
            Column("邻里驿家", stations, width=12),
            Column("步行分钟", minutes, "minutes", 7),
            Column("启用日期", _text(dates["valid_from"].reindex(ids)), width=10),
            Column("终止日期", _text(dates["valid_to"].reindex(ids)), width=10),
            Column(NOTE, looked_up(NOTE), width=12, formula=find(NOTE)),
        ],
        note="涉及户数＝调入＋调出；B岗是两委成员（政策§4），未填时写席位，见“两委包联”；户籍户数、人员等在“网格填报”里填写",
    )  # fmt: skip


def _finder(form: Sheet) -> Callable[[str], Callable[[int], str]]:
    """Give a maker of formulas that look a field of a form up by the code in column A."""

    def find(field: str, code: str = "$A{row}") -> Callable[[int], str]:
        return lambda row: (
            f"=IFERROR(INDEX({_range(form, field)},MATCH({code.format(row=row)},"
            f'{_range(form, GRID_KEY)},0))&"","")'
        )

    return find


def _range(form: Sheet, header: str) -> str:
    letter = form.letter(header)
    return f"'{form.name}'!${letter}${FIRST_ROW}:${letter}${max(form.last_row, FIRST_ROW)}"


def _or_text(find: Callable[[int], str], texts: list[str]) -> Callable[[int], str]:
    """Take the office's text where it gave one, else ours."""

    def formula(row: int) -> str:
        text = texts[row - FIRST_ROW].replace('"', '""')
        # A formula holds no longer text than 255 characters at a piece.
        pieces = "&".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200)) or '""'
        found = find(row)[1:]
        return f'=IF({found}="",{pieces},{found})'

    return formula


def seat_said(seat: int) -> str:
    """Call a member of the committees by the seat."""
    return f"两委第{int(seat)}席" if seat else ""


def community_sheet(record: PlanRecord, filling: Filling) -> Sheet:
    """Lay out the communities."""
    table = record.communities
    ids = table["community_id"].astype(str).tolist()
    kinds = record.impact.drop_duplicates("community_id").set_index("community_id")["party_org"]
    columns = [
        Column(COMMUNITY_KEY, ids, "code", 15),
        Column("社区名称", table["community_name"].tolist(), width=16),
        Column("所属街道", [street_name(record, str(s)) for s in table["subdistrict_id"]]),
        Column("常住户数", _whole(table["households"]), "count", 10, is_summed=True),
        _people(record, table, 10),
        Column("网格数", _whole(table["grids"]), "count", 8, is_summed=True),
        Column("合规状态", table["status"].tolist(), width=9),
        Column("例外理由", table["reason"].fillna("").tolist(), width=30),
        Column("变更类型", table["lineage"].tolist(), width=9),
        Column("党组织", [kinds.get(c, "") or "未填" for c in ids], width=9),
        Column("两委职数", _whole(table["seats"]), "count", 9, is_summed=True),
        Column("社区服务经费(元/年)", _whole(table["service_fund"]), "yuan", 14, is_summed=True),
        Column("四至", table["boundary_text"].fillna("").tolist(), width=50),
        Column(OFFICE, [filling.of_community(c, OFFICE) for c in ids], width=24),
        Column(ADVISER, [filling.of_community(c, ADVISER) for c in ids], width=12),
    ]
    if "share_15" in table.columns:
        share = [None if pd.isna(s) else float(s) for s in table["share_15"]]
        columns.insert(12, Column("15分钟覆盖", share, "share", 11))
    return Sheet("社区表", "社区一览", columns)


def _people(record: PlanRecord, zones: pd.DataFrame, width: int) -> Column:
    """Lay out residents; that nobody counted them, where nobody did."""
    if has_people(record):
        return Column("常住人口", _whole(zones["residents"]), "count", width, is_summed=True)
    return Column("常住人口", [NO_PEOPLE] * len(zones), width=width)


def compound_sheet(record: PlanRecord) -> Sheet:
    """Lay out the compounds, each with the grids it lies in."""
    rows = record.buildings[record.buildings["compound_id"] != ""]
    names = record.grids.set_index("grid_id")["grid_name"]
    groups = rows.groupby("compound_id")
    first = groups.first()
    grids = groups["grid_id"].unique()
    before = groups["previous_grid_id"].unique()
    community = record.communities.set_index("community_id")["community_name"]
    called = ["、".join(names.get(g, g) for g in sorted(x)) for x in grids]
    return Sheet(
        "小区表",
        "小区一览",
        [
            Column("小区编码", first.index.astype(str).tolist(), "code", 14),
            Column("小区名称", first["compound_name"].tolist(), width=20),
            Column("所属社区", [community.get(c, c) for c in first["community_id"]], width=14),
            Column("楼栋", [told_runs(_called(part)) for _, part in groups], width=30),
            Column("楼栋数", _whole(groups["building_id"].nunique()), "count", 8, is_summed=True),
            Column("常住户数", _whole(groups["households"].sum()), "count", 9, is_summed=True),
            Column("网格", called, width=30),
            Column("网格编码", ["、".join(sorted(x)) for x in grids], "code", 20),
            Column("原网格编码", ["、".join(sorted(x)) for x in before], "code", 20),
            Column("分属几个网格", [len(x) for x in grids], "count", 8),
        ],
    )  # fmt: skip


def loose_building_sheet(record: PlanRecord) -> Sheet:
    """Lay out the buildings of no compound by grid, short enough to print."""
    rows = record.buildings[record.buildings["compound_id"] == ""]
    grids = record.grids.set_index("grid_id")
    groups = rows.groupby("grid_id")
    codes = [str(code) for code, _ in groups]
    before = [sorted(set(part["previous_grid_id"]) - {""}) for _, part in groups]
    return Sheet(
        "楼栋表",
        "不属小区的楼栋，按网格；小区的楼栋见“小区表”",
        [
            Column("网格编码", codes, "code", 17),
            Column("网格名称", [grids["grid_name"].get(g, g) for g in codes], width=20),
            Column("所属社区", [grids["community_name"].get(g, "") for g in codes], width=14),
            Column("楼栋", [told_runs(_called(part)) for _, part in groups], width=120),
            Column("楼栋数", _whole(groups["building_id"].nunique()), "count", 8, is_summed=True),
            Column("常住户数", _whole(groups["households"].sum()), "count", 9, is_summed=True),
            Column("原网格编码", ["、".join(codes) for codes in before], "code", 17),
        ],
        note="逐栋的一页“楼栋明细”隐藏着、不打印：右键工作表标签，取消隐藏",
    )


def _called(rows: pd.DataFrame) -> list[str]:
    """Give what buildings are called; the code of one without a name."""
    named = rows["building_name"].where(rows["building_name"] != "", rows["building_id"])
    return [str(name) for name in named]


def building_sheet(record: PlanRecord) -> Sheet:
    """Lay out every building: to look up and to filter, not to print."""
    rows = record.buildings
    grids = record.grids.set_index("grid_id")["grid_name"]
    community = record.communities.set_index("community_id")["community_name"]
    return Sheet(
        "楼栋明细",
        "楼栋一览：供查找、筛选，不打印",
        [
            Column("楼栋编码", rows["building_id"].astype(str).tolist(), "code", 14),
            Column("楼栋名称", rows["building_name"].tolist(), width=16),
            Column("小区", rows["compound_name"].tolist(), width=18),
            Column("所属社区", [community.get(c, c) for c in rows["community_id"]], width=14),
            Column("网格编码", rows["grid_id"].astype(str).tolist(), "code", 17),
            Column("网格名称", [grids.get(g, g) for g in rows["grid_id"]], width=20),
            Column("原网格编码", rows["previous_grid_id"].astype(str).tolist(), "code", 17),
            Column("常住户数", _whole(rows["households"]), "count", 9, is_summed=True),
        ],
        is_hidden=True,
    )


def _compounds_of_grids(record: PlanRecord) -> dict[str, str]:
    """Name the compounds of each grid; one that lies in several is said to be there in part."""
    rows = record.buildings[record.buildings["compound_id"] != ""]
    pairs = rows.drop_duplicates(["compound_id", "grid_id"])
    several = pairs["compound_id"].duplicated(keep=False)
    name = pairs["compound_name"].where(pairs["compound_name"] != "", pairs["compound_id"])
    said = name.astype(str) + np.where(several, "（部分）", "")
    return {str(g): "、".join(sorted(names)) for g, names in said.groupby(pairs["grid_id"])}


def _whole(values: pd.Series) -> list[int]:
    return [int(v) for v in values]


def _text(values: pd.Series) -> list[str]:
    return ["" if pd.isna(v) else str(v) for v in values]
