"""What the report says of money: what the policy fixes first, assumptions and villages apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.contract import policy
from lingwu_grid.contract.staffing import Staffing
from lingwu_grid.papers.money_sheets import ASSUMED, FIXED, STEPS, TOTAL, by_payer
from lingwu_grid.planning.impact import AFTER, CLASSES, FUNDS

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

NO_PEOPLE = "未提供"
"""Stands for residents where no table counted any."""


def fixed_funds(record: PlanRecord) -> str:
    """Say what the funds come to: those the policy fixes, then the ceiling of the others."""
    rows = by_payer(record).set_index("item")
    before, after, difference = STEPS
    fixed, assumed = rows.loc[FIXED], rows[rows["column"] == ASSUMED].iloc[0]
    told = (
        f"按政策定额，经费由每年 {fixed[before]:,} 元变为 {fixed[after]:,} 元，"
        f"{'增加' if fixed[difference] >= 0 else '减少'} {abs(fixed[difference]):,} 元。"
    )
    if assumed[before] or assumed[after]:
        told += (
            "支委、功能组长、楼栋长的补贴政策没有规定人数，按设置的上限另计 "
            f"{assumed[before]:,} 元、{assumed[after]:,} 元，连同在内为 "
            f"{rows.loc[TOTAL, before]:,} 元、{rows.loc[TOTAL, after]:,} 元。"
        )
    if not has_people(record):
        told += "没有提供常住人口，网格党支部工作经费未计。"
    return told + _villages(record)


def has_people(record: PlanRecord) -> bool:
    """Tell whether anybody counted residents."""
    return bool(record.grids["residents"].sum())


def people_said(record: PlanRecord, count: int) -> str:
    """Tell residents; that nobody counted them, where nobody did."""
    return f"{count:,}" if has_people(record) else NO_PEOPLE


def _villages(record: PlanRecord) -> str:
    """Say what of it is for villages: the policy's classes are those of communities."""
    rows = record.impact
    mine = record.communities.loc[record.communities["kind"] == "village", "community_id"]
    here = rows[(rows["when"] == AFTER) & rows["community_id"].isin(mine)]
    if not len(here):
        return ""
    fixed = [fund for fund in FUNDS if fund != ASSUMED]
    yuan = int(here[fixed].to_numpy().sum())
    return (
        f"其中村 {len(here)} 个，政策没有单列村的职数和经费，按社区口径计 "
        f"{int(here['seats'].sum())} 职、{yuan:,} 元，以核定为准。"
    )


def near_classes(record: PlanRecord) -> str:
    """Name the communities within 1 % of a class of seats and funds, and what hangs on it."""
    rows = record.impact[record.impact["when"] == AFTER]
    bounds = policy.COMMUNITY_HOUSEHOLDS
    near = [
        f"{row.community_name} {row.households:,} 户"
        for row in rows.itertuples(index=False)
        if any(100 * abs(row.households - bound) <= bound for bound in bounds)
    ]
    if not near:
        return ""
    staffing = Staffing(**record.run["rules"].get("staffing", {}))
    told = f"离职数和经费的分档线不到 1% 的社区：{'、'.join(near)}。"
    for bound, outer in zip(bounds, (0, len(policy.COMMITTEE_SEATS) - 1), strict=True):
        count = int((rows["households"] == bound).sum())
        used = staffing.class_of(bound)
        other = outer if used == 1 else 1
        seats, yuan = (
            count * (table[other] - table[used])
            for table in (policy.COMMITTEE_SEATS, policy.SERVICE_FUND_YUAN)
        )
        if count:
            told += (
                f"恰为 {bound} 户的 {count} 个按“{CLASSES[used]}”计；若按“{CLASSES[other]}”计，"
                f"职数 {seats:+d}、服务经费 {yuan:+,} 元。"
            )
    return told
