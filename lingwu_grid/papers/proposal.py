"""What the adjustment proposal says: sentences and tables of a plan, before any document."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from lingwu_grid.contract.staffing import Staffing
from lingwu_grid.disclosure.telling import INTERNAL
from lingwu_grid.lawful import EXEMPT
from lingwu_grid.papers.change_sheets import exception_sheet, overview_sheet
from lingwu_grid.papers.filling import BOUNDARY, OFFICE, Filling
from lingwu_grid.papers.funds_words import fixed_funds, near_classes, people_said
from lingwu_grid.papers.money_sheets import NO_CLASS, STEPS, by_payer, crossings
from lingwu_grid.papers.turnover import outside_today, passed_between, posts, retired
from lingwu_grid.papers.written import day_said, numeral
from lingwu_grid.planning.border_walk import Landmarks
from lingwu_grid.planning.boundary_text import NAMELESS, traverses
from lingwu_grid.planning.defence import defence
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.impact import AFTER, BEFORE
from lingwu_grid.planning.lineage import changed_communities
from lingwu_grid.planning.outlook import leaving
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    from lingwu_grid.papers.worksheet import Sheet
    from lingwu_grid.planning.record import PlanRecord

FRONTIER = (
    "方案", "受影响户数", "换网格户数", "换社区户数", "不沿线的边界（公里）", "有瓶颈的网格",
    "贴近上下限", "两委职数", "比上一个多影响（户）", "比上一个少不沿线（公里）",
)  # fmt: skip
"""What is told of the plans that one was chosen from, as ``scenarios.csv`` calls it."""

MOST_GAPS = 8
"""Gaps of the service circle that the text names; the map has all."""


def proposal(
    record: PlanRecord, filling: Filling, objections: pd.DataFrame | None, *, traverse: bool
) -> dict[str, Any]:
    """
    Give everything the template of the report may ask for, but the figures.

    Parameters
    ----------
    record
        The plan.
    filling
        Entries of the office.
    objections
        ``answers.csv`` of a review; None where there was none.
    traverse
        Describe the borders of communities as walks too (界线走向).

    Returns
    -------
    dict
        Plain values by the names of ``templates/report.docx``.
    """
    rules = record.run["rules"]
    synthetic = bool(record.summary["synthetic"])
    banners = ["合成数据，非真实情况"] if synthetic else []
    texts = [*record.grids["boundary_text"], *record.communities["boundary_text"]]
    return {
        "study": record.summary["study"],
        "plan": plan_of(record),
        "date": day_said(dt.date.today().isoformat()),
        "effective": day_said(str(rules.get("effective_date", ""))),
        "synthetic": synthetic,
        "banner": " · ".join([*banners, INTERNAL, str(rules.get("notice", ""))]),
        "grid_band": f"{rules['grid']['lower']}—{rules['grid']['upper']}",
        "community_band": f"{rules['community']['lower']}—{rules['community']['upper']}",
        "weight": rules["community_move_weight"],
        "now": _now(record),
        "result": {
            "sentence": _result(record) + ahead_said(record),
            "rows": _rows(overview_sheet(record)),
        },
        "frontier": _frontier(record),
        "explanations": record.summary["explanations"],
        "retired": _retired(record),
        "communities": _communities(record, filling, traverse=traverse),
        "service": _service(record),
        "funds": _funds(record),
        "exceptions": _exceptions(record),
        "objections": _objections(objections),
        "sources": _sources(record),
        "nameless": NAMELESS,
        "nameless_count": sum(str(text).count(NAMELESS) for text in texts),
    }


def _rows(sheet: Sheet) -> list[list[str]]:
    values = [column.values for column in sheet.columns]
    return [
        [f"{v:,}" if isinstance(v, int) else str(v) for v in row]
        for row in zip(*values, strict=True)
    ]


def _now(record: PlanRecord) -> dict[str, Any]:
    rules = record.run["rules"]
    before = record.impact[record.impact["when"] == BEFORE]
    grids = record.assignment["previous_grid_id"].value_counts()
    grids = grids[grids.index != ""]
    band, wide = rules["grid"], rules["community"]
    special = record.grids.loc[record.grids["status"] == EXEMPT, "grid_id"]
    grids = grids[~grids.index.isin(special)]
    outside = outside_today(record)
    return {
        "households": f"{record.summary['households']:,}",
        "residents": people_said(record, int(record.grids["residents"].sum())),
        "grids": record.summary["grids_today"],
        "communities": len(before),
        "grids_out": int((~grids.between(band["lower"], band["upper"])).sum()),
        "communities_out": len(outside),
        "excluded": len(record.excluded),
        "out": [
            {
                "name": row.community_name,
                "households": row.households,
                "grids": row.grids,
                "said": f"多 {row.households - wide['upper']} 户"
                if row.households > wide["upper"]
                else f"少 {wide['lower'] - row.households} 户",
            }
            for row in outside.itertuples(index=False)
        ],
    }


def _result(record: PlanRecord) -> str:
    s = record.summary
    return (
        f"调整后共 {s['communities']} 个社区、{s['grids']} 个网格，其中合规网格"
        f" {s['grids_in_range']} 个、合规社区 {s['communities_in_range']} 个，登记例外"
        f" {s['exceptions']} 个，户数离上下限不到 1% 的网格和社区 {s['tight_zones']} 个。"
        f"受影响 {s['affected']:,} 户：{s['households_moved_grid']:,} 户换网格"
        f"（{s['moved_share']:.2%}），{s['households_moved_community']:,} 户换社区，两者都换的只计"
        f"一次；改动网格 {s['grids_touched']} 个。"
        f"{defence(s)}。"
    )


def _frontier(record: PlanRecord) -> dict[str, Any] | None:
    """Give the plans that this one was chosen from; None where there was no choice."""
    found = record.run.get("frontier")
    if found is None or len(found["rows"]) == 1:
        return None
    rows = [[f"{row[key]:,}" if isinstance(row[key], int) else str(row[key]) for key in FRONTIER]
            for row in found["rows"]]  # fmt: skip
    return {
        "sentence": f"用同一数据求得 {len(rows)} 个方案供比选，本方案选用“{found['chosen']}”。",
        "rows": rows,
    }


def ahead_said(record: PlanRecord) -> str:
    """Say which zones known deliveries and demolitions put out of range; nothing where none."""
    layers = {"grid": record.grids, "community": record.communities}
    start = str(record.run["rules"].get("effective_date", ""))
    rows = leaving(record.tables["outlook"], layers, start)
    if not len(rows):
        return ""
    said = "、".join(
        f"{row.name}（{day_said(row.date)}起 {row.households:,} 户，"
        f"{row.standing} {row.limit:,} 户）"
        for row in rows.itertuples(index=False)
    )
    first = day_said(start or record.tables["outlook"]["date"].min())
    return (
        f"按已知的交付和拆除，自{first}起三年内不在规定户数之内的网格和社区"
        f" {len(rows)} 个：{said}。"
    )


def _retired(record: PlanRecord) -> dict[str, Any]:
    rows = retired(record)
    count = rows["level"].value_counts()
    said = "、".join(
        f"{level} {count[level]} 个（{'、'.join(rows.loc[rows['level'] == level, 'name'])}）"
        for level in ("社区", "网格")
        if level in count
    )
    return {
        "sentence": f"撤销{said}，住户去向见下表；停用的编码不再使用。"
        if said
        else "没有撤销的社区和网格。",
        "rows": rows.to_dict("records"),
    }


def _communities(record: PlanRecord, filling: Filling, *, traverse: bool) -> list[dict[str, Any]]:
    table = record.communities.sort_values("community_id")
    changed = changed_communities(record.communities, record.grids)
    if "update" in record.run:  # what stays as adopted was told when it was adopted
        table = table[table["community_id"].isin(changed)]
    lines = _traverses(record) if traverse else {}
    area = record.grids.groupby("community_id")["area_km2"].sum()
    places = record.buildings[record.buildings["compound_name"] != ""]
    compounds = places.groupby("community_id")["compound_name"].agg(
        lambda names: "、".join(sorted(set(names)))
    )
    passed = passed_between(record)
    out = []
    for number, row in enumerate(table.itertuples(index=False)):
        grids = record.grids[record.grids["community_id"] == row.community_id]
        street = street_name(record, str(row.subdistrict_id))
        office = filling.of_community(str(row.community_id), OFFICE) or "（待填）"
        said = (
            f"{row.community_name}（{street}，编码 {row.community_id}）常住 {row.households:,} 户、"
            f"{people_said(record, row.residents)} 人，面积 {area[row.community_id]:.3f} 平方公里，"
            f"网格 {row.grids} 个，{row.status}"
        )
        reason = f"（{row.reason}）" if row.reason else ""
        out.append(
            {
                "id": str(row.community_id),
                "name": row.community_name,
                "title": f"（{numeral(number + 1)}）{row.community_name}",
                "is_changed": row.community_id in changed,
                "mark": f"community_{number + 1}",
                "mark_number": 1000 + number,
                "sentence": f"{said}{reason}。{passed[row.community_id]}。",
                "notice": f"{said}；办公地址：{office}；四至：{row.boundary_text}；小区："
                f"{compounds.get(row.community_id, '无') or '无'}。新旧界线见附图。",
                "traverse": lines.get(row.community_id, ""),
                "grids": _grids(grids, filling),
            }
        )
    return out


def _grids(grids: pd.DataFrame, filling: Filling) -> list[dict[str, Any]]:
    names = (
        "grid_id", "grid_name", "households", "status", "lineage", "households_in",
        "households_out",
    )  # fmt: skip
    rows = grids.sort_values("grid_id").to_dict("records")
    return [
        {name: row[name] for name in names}
        | {"boundary": filling.of_grid(str(row["grid_id"]), BOUNDARY) or row["boundary_text"]}
        for row in rows
    ]


def _traverses(record: PlanRecord) -> dict[str, str]:
    crs = record.work_crs
    zones = record.communities.to_crs(crs)
    landmarks = Landmarks.of({name: table.to_crs(crs) for name, table in record.backdrop.items()})
    said = traverses(zones.geometry.to_numpy(), zones["community_name"].tolist(), landmarks)
    return dict(zip(zones["community_id"], said, strict=True))


def _service(record: PlanRecord) -> dict[str, Any] | None:
    if record.service is None:
        return None
    s, zones = record.service.summary, record.service.zones
    names = record.communities.set_index("community_id")["community_name"]
    mine = zones[(zones["level"] == "社区") & zones["zone_id"].isin(names.index)]
    columns = ("share_5", "share_10", "share_15", "elderly_share_15", "share_15_before")
    rows = [
        {"name": names[row["zone_id"]], "households": row["households"]}
        | {c: "—" if pd.isna(row[c]) else f"{float(row[c]):.1%}" for c in columns}
        for row in mine.sort_values("zone_id").to_dict("records")
    ]
    proposed = s.get("proposal") or {}
    return {
        "sentence": _service_sentence(s),
        "rows": rows,
        "gaps": [
            f"{gap['place']}，{gap['households']:,} 户（{gap['reason']}）"
            + (f"，最近约 {gap['metres']} 米" if gap["metres"] else "，没有路通到驿家")
            for gap in s["gaps"][:MOST_GAPS]
        ],
        "proposal": _proposal_sentence(proposed),
    }


def _proposal_sentence(proposed: dict[str, Any]) -> str:
    """Say what is to be opened and built, and what it brings; nothing where nothing is."""
    sites, remedies = proposed.get("sites", []), proposed.get("remedies", [])
    if not sites and not remedies:
        return ""
    parts = [f"新开 {len(sites)} 处（{'、'.join(sites)}）"] if sites else []
    parts += ["、".join(item["name"] for item in remedies)] if remedies else []
    return f"建议{'，'.join(parts)}，可使 {proposed['covered']:,} 户在 15 分钟以内。"


def _service_sentence(s: dict[str, Any]) -> str:
    """Say in one sentence how far the homes are, and what straight circles would hide."""
    shares = "、".join(f"{m} 分钟 {s['share'][m]:.1%}" for m in ("5", "10", "15"))
    told = f"现有邻里驿家 {s['stations']} 处，按{s['method']}测算"
    told += f"（步速 {s['speed_m_s']} 米/秒），{shares}以内"
    elderly = s["elderly_share"]["15"]
    if elderly is not None:
        told += f"；老年人（{s['elderly_speed_m_s']} 米/秒）15 分钟以内 {elderly:.1%}"
    told += "。"
    if s["within_15_if"]:
        least, most = s["share_15_range"]
        others = "、".join(f"{word} {n:,} 户" for word, n in s["within_15_if"].items())
        told += f"没有说明的情况不同，15 分钟以内为 {least:.1%}—{most:.1%}（{others}）。"
    if s["hidden_by_circles"]:
        told += f"按直线画圈会掩盖 {s['hidden_by_circles']:,} 户实际走不到的住户"
        told += f"（{s['hidden_told']}）；" if s["hidden_told"] else "；"
    return told + f"{s['unreachable']:,} 户没有路通到任何驿家。"


def _funds(record: PlanRecord) -> dict[str, Any]:
    before, after, difference = STEPS
    rows = by_payer(record)
    crossed = crossings(record)
    return {
        "sentence": fixed_funds(record) + _crossed(crossed) + near_classes(record),
        "heads": _heads(record),
        "posts": [
            {
                "item": row["item"], "clause": row["clause"], "before": f"{row[before]:,}",
                "after": f"{row[after]:,}", "difference": f"{row[difference]:+,}",
            }
            for row in posts(record).to_dict("records")
        ],
        "rows": [
            {
                "item": row["item"], "clause": row["clause"], "payer": row["payer"],
                "before": f"{row[before]:,}", "after": f"{row[after]:,}",
                "difference": f"{row[difference]:+,}",
            }
            for row in rows.to_dict("records")
        ],
        "crossings": [
            row | {"seats": f"{row['seats']:+d}", "yuan": f"{row['yuan']:+,}"}
            for row in crossed.to_dict("records")
        ],
    }  # fmt: skip


def _crossed(rows: pd.DataFrame) -> str:
    """Say how many communities change class, are set up, and are dissolved."""
    count = {
        "新设社区": int((rows["class_before"] == NO_CLASS[BEFORE]).sum()),
        "撤销社区": int((rows["class"] == NO_CLASS[AFTER]).sum()),
    }
    moved = len(rows) - sum(count.values())
    turned = "、".join(f"{word} {number} 个" for word, number in count.items() if number)
    first = f"{moved} 个社区跨过 3000 户或 5000 户" if moved else "没有社区跨过 3000 户或 5000 户"
    also = "，" + turned if turned else ""
    return f"{first}{also}" + ("，职数和服务经费随之变化。" if len(rows) else "。")


def _heads(record: PlanRecord) -> str:
    """Say how heads of buildings were counted: the policy names no number."""
    each = Staffing(**record.run["rules"].get("staffing", {})).buildings_per_head
    if not each:
        return "楼栋长补贴按设置未计。"
    counted = "默认每栋一名" if each == 1 else f"每 {each} 栋一名"
    return (
        f"楼栋长补贴按{counted}计，是上限：政策没有规定名额，且与支委、功能组长同为一人的不重复"
        "领取（第16项），实际人数以核定为准。"
    )


def _exceptions(record: PlanRecord) -> list[dict[str, Any]]:
    sheet = exception_sheet(record)
    names = ("level", "code", "named", "households", "status", "reason")
    values = [column.values for column in sheet.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _objections(answers: pd.DataFrame | None) -> list[dict[str, str]]:
    if answers is None:
        return []
    rows = answers.fillna("").astype(str).to_dict("records")
    return [
        {
            "source": "　".join(w for w in (row["file"], row["reviewer"]) if w),
            "wish": "，".join(
                w for w in (
                    row["kind"], row["place"],
                    f"{row['from']} → {row['to']}" if row["to"] != row["from"] else row["from"],
                    f"{row['households']} 户" if row["households"] not in ("", "0") else "",
                ) if w
            ),
            "answer": row["result"],
        }
        for row in rows
    ]  # fmt: skip


def _sources(record: PlanRecord) -> str:
    files = [f"{s['file']}（{s['rows']} 行）" for s in record.run.get("inputs", [])]
    return "、".join(files) or "未记录"
