"""What the papers of the legal chain say: request, reply, notices, each from the plan's tables."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.lawful import LAWFUL, followed
from lingwu_grid.papers.filling import BOUNDARY
from lingwu_grid.papers.legal import CHANGED, GONE, NEW, TO_FILL, cleaned
from lingwu_grid.papers.turnover import outside_today, passed_between
from lingwu_grid.planning.impact import BEFORE
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    import pandas as pd

    from lingwu_grid.papers.legal import Legal, Turned
    from lingwu_grid.planning.record import PlanRecord

POLICY = (
    "《灵武市贯彻“四优四提”城市党建引领社区治理现代化的具体措施（试行）》（灵党办〔2020〕65号）"
)
LAW = "《中华人民共和国城市居民委员会组织法》第六条"


def basis(legal: Legal) -> str:
    """Say on what the plan rests; the law where communities change."""
    grid, community = (legal.record.run["rules"][level] for level in ("grid", "community"))
    return (
        f"{POLICY}第四项要求，社区规模一般为{community['lower']}—{community['upper']}户，网格规模"
        f"一般为{grid['lower']}—{grid['upper']}户，坚持基本稳定、适度微调，边界清晰、覆盖全面"
        + (f"；{LAW}规定，居民委员会的设立、撤销、规模调整，由不设区的市、市辖区的人民政府决定。"
           if legal.turned else "。")
    )  # fmt: skip


def situation(legal: Legal) -> str:
    """Say what there is today, and what is out of range."""
    record = legal.record
    rows = record.impact[record.impact["when"] == BEFORE]
    out = [
        f"{row.community_name}（{row.households:,}户）"
        for row in outside_today(record).itertuples(index=False)
    ]
    if not len(rows):
        return f"现状没有划分社区和网格，常住居民{record.summary['households']:,}户。"
    told = f"现有社区（村）{len(rows)}个、网格{record.summary['grids_today']}个，"
    told += f"常住居民{record.summary['households']:,}户。"
    return told + (f"其中{len(out)}个社区规模不符合要求：{'、'.join(out)}。" if out else "")


def measures(legal: Legal) -> list[str]:
    """Say what is set up, what dissolved, and what changes, a paragraph for each community."""
    passed = passed_between(legal.record)
    where = dict(zip(legal.gone["code"], legal.gone["successors"], strict=True))
    said = [
        f"撤销{one.name}（{one.before:,}户），所辖住户划归：{where[one.code]}。"
        for one in legal.of_kind(GONE)
    ]
    said += [f"设立{one.name}：{passed[one.code]}。" for one in legal.of_kind(NEW)]
    for one in legal.of_kind(CHANGED):
        ground = f"，管辖面积由{one.old_km2:.3f}变为{one.new_km2:.3f}平方公里"
        said.append(f"{one.name}：{passed[one.code]}{'' if one.came or one.left else ground}。")
    return said


def grid_rows(legal: Legal) -> list[list[str]]:
    """Give the table of the grids that change: before + in - out = after, those retired last."""
    record = legal.record
    today = followed(record.assignment["previous_grid_id"], record.recoded)
    before = dict(zip(*np.unique(today.astype(str), return_counts=True), strict=True))
    grids = record.grids.sort_values("grid_id")
    grids = grids[
        (grids["lineage"] != "不变") | (grids["households_in"] > 0) | (grids["households_out"] > 0)
    ]
    rows = [
        [
            *(str(row.grid_id), row.grid_name, row.community_name, row.lineage),
            *(f"{n:,}" for n in (int(before.get(row.grid_id, 0)), row.households_in,
                                 row.households_out, row.households)),
        ]
        for row in grids.itertuples(index=False)
    ]  # fmt: skip
    gone = legal.gone
    return rows + [
        [item["code"], item["name"], "", GONE, f"{item['households']:,}", "0",
         f"{item['households']:,}", "0"]
        for item in gone[gone["level"] == "网格"].to_dict("records")
    ]  # fmt: skip


def of_grids(legal: Legal) -> str:
    """Say how many grids change, and how."""
    kinds = Counter(row[3] for row in grid_rows(legal))
    told = "、".join(f"{kind}{count}个" for kind, count in sorted(kinds.items()))
    return f"网格有变动的{sum(kinds.values())}个（{told}），见附件。" if kinds else "网格没有变动。"


def still_outside(legal: Legal) -> str:
    """Name what is out of range in the plan too, and why; nothing where nothing is."""
    record = legal.record
    named: dict[str, list[str]] = {}
    for table, key in ((record.communities, "community_name"), (record.grids, "grid_name")):
        out = table[table["status"] != LAWFUL]
        reasons = out["status"] + "：" + out["reason"].fillna("")
        for name, households, why in zip(out[key], out["households"], reasons, strict=True):
            named.setdefault(why.rstrip("："), []).append(f"{name}（{households:,}户）")
    told = "；".join(f"{'、'.join(zones)}（{why}）" for why, zones in named.items())
    return f"调整后不在规定规模内的：{told}。" if told else ""


def borders(legal: Legal) -> list[list[str]]:
    """Give the four sides of each changed community, of today and of the plan."""
    nothing = "无"
    return [
        [one.name, one.old_border or nothing, one.new_border or nothing] for one in legal.turned
    ]


def summary_rows(legal: Legal) -> list[list[str]]:
    """Give the table of the changed communities: before + in - out = after, and their sums."""
    rows = [
        [
            *(one.name, one.kind),
            *(f"{n:,}" for n in (one.before, one.came, one.left, one.after, one.grids)),
        ]
        for one in legal.turned
    ]
    sums = [
        sum(getattr(one, name) for one in legal.turned)
        for name in ("before", "came", "left", "after", "grids")
    ]
    return [*rows, ["合计", "", *(f"{n:,}" for n in sums)]]


def whole(legal: Legal) -> str:
    """Say what comes of it as a whole."""
    s = legal.record.summary
    return (
        f"调整后共有社区（村）{s['communities']}个、网格{s['grids']}个，受影响居民"
        f"{s['affected']:,}户，占{s['affected'] / max(s['households'], 1):.1%}：其中"
        f"{s['households_moved_grid']:,}户换网格，{s['households_moved_community']:,}户换社区，"
        "两者都换的只计一次。"
    )


def size_class(legal: Legal, households: int) -> str:
    """Tell the size of a community to the public: its class, never a count."""
    lower, upper = (legal.record.run["rules"]["community"][end] for end in ("lower", "upper"))
    if households < lower:
        return f"{lower}户以下"
    return f"{lower}—{upper}户" if households <= upper else f"{upper}户以上"


def notice(legal: Legal, one: Turned) -> list[str]:
    """Say what the public is told of a community: where it lies, not how many moved."""
    record = legal.record
    street = street_name(record, _street_of(record, one.code))
    if one.kind == GONE:
        rows = record.assignment
        heirs = rows.loc[rows["previous_community_id"] == one.code, "community_id"].unique()
        called = "、".join(legal.called(sorted(heirs)))
        own = set(rows.loc[rows["previous_community_id"] == one.code, "previous_grid_id"])
        passed = record.grids[record.grids["recoded_from"].isin(own - {""})]
        recoded = "；".join(
            f"{was}改称{row.grid_name}（编码{row.grid_id}）"
            for was, row in zip(
                legal.called(passed["recoded_from"]), passed.itertuples(), strict=True
            )
        )
        return [
            f"一、撤销{one.name}（{street}，编码{one.code}），自{legal.effective}起停止使用，编码"
            "不再使用。",
            f"二、原四至：{one.old_border or '无'}。",
            f"三、原辖区住户归{called or TO_FILL}，各楼栋归属见告知单。"
            + (f"改属其他社区的网格：{recoded}。" if recoded else ""),
        ]
    grids = record.grids[record.grids["community_id"] == one.code].sort_values("grid_id")
    sides = [
        cleaned(legal.filling.of_grid(str(row.grid_id), BOUNDARY)) or row.boundary_text
        for row in grids.itertuples(index=False)
    ]
    places = record.buildings[record.buildings["community_id"] == one.code]
    spread = record.buildings.groupby("compound_name")["community_id"].nunique()
    named = sorted(set(places["compound_name"]) - {""}, key=in_order)
    compounds = "、".join(n + ("（部分）" if spread[n] > 1 else "") for n in named) or "无"
    area = float(grids["area_km2"].sum())
    return [
        f"一、{one.kind}{one.name}（{street}，编码{one.code}），面积{area:.3f}平方公里，规模为"
        f"{size_class(legal, one.after)}，自{legal.effective}起施行。",
        f"二、原四至：{one.old_border or '无（新设）'}。",
        f"三、现四至：{one.new_border}。",
        f"四、所辖小区：{compounds}。",
        f"五、所辖网格{len(grids)}个："
        + "；".join(
            f"{name}（{code}）{side}"
            for name, code, side in zip(grids["grid_name"], grids["grid_id"], sides, strict=True)
        )
        + "。",
        f"六、办公地址：{legal.office(one.code)}，面积{TO_FILL}平方米；联系电话：{TO_FILL}。",
        f"七、公示期：{TO_FILL}。对界线有意见的，公示期内可向{street}提出。",
    ]


def _street_of(record: PlanRecord, community: str) -> str:
    rows = record.communities.loc[record.communities["community_id"] == community]
    if len(rows):
        return str(rows["subdistrict_id"].iloc[0])
    today = record.impact[record.impact["community_id"] == community]
    return str(today["subdistrict_id"].iloc[0]) if len(today) else ""


def told_residents(legal: Legal) -> pd.DataFrame:
    """
    List what residents are told, by place: buildings that go together from one grid to another.

    Returns
    -------
    pandas.DataFrame
        community_id (new), place, buildings (text), and the names of the old and new grid and
        community; nothing on how many.
    """
    rows = legal.passing.copy()
    keys = ["community_id", "compound_name", "previous_grid_id", "grid_id"]
    rows["building"] = rows["building_name"].where(rows["building_name"] != "", rows["building_id"])
    out = rows.groupby([*keys, "previous_community_id"], sort=True)["building"].agg(
        lambda names: "、 ".join(sorted(set(names), key=in_order))  # codes break at spaces only
    )
    told = out.rename("buildings").reset_index()
    for column in ("previous_grid", "grid", "previous_community", "community"):
        told[column] = legal.called(told[f"{column}_id"])
    return told.rename(columns={"compound_name": "place"})


def in_order(name: str) -> list[tuple[int, str]]:
    """Order names by the numbers in them: 2号楼 before 10号楼."""
    return [(int(w) if w.isdecimal() else -1, w) for w in re.split(r"(\d{1,9})", name)]
