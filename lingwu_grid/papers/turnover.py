"""Communities and grids that a plan sets up or dissolves, and the posts that go with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.lawful import EXEMPT
from lingwu_grid.planning.impact import AFTER, BEFORE

if TYPE_CHECKING:
    from lingwu_grid.planning.record import PlanRecord

POSTS: tuple[tuple[str, str, str], ...] = (
    ("seats", "两委职数", "§15"),
    ("grid_workers", "专职网格员", "§4"),
    ("pairs", "AB岗结对（网格员与两委成员，每个网格一对）", "§4"),
    ("legal_advisers", "社区法律顾问", "§2"),
    ("reserve_least", "后备干部（至少）", "§15"),
    ("reserve_most", "后备干部（至多）", "§15"),
)
"""Column of ``impact`` (pairs are counted here), what it is called, its clause."""


def retired(record: PlanRecord) -> pd.DataFrame:
    """
    List the communities and grids of today that the plan has no more, and who takes them over.

    Parameters
    ----------
    record
        The plan.

    Returns
    -------
    pandas.DataFrame
        level (社区, then 网格), code, name, households that left it, and successors: names with
        their households, most first. What was retired by an earlier plan is not listed.
    """
    impact = record.impact
    was, stays = (set(impact.loc[impact["when"] == w, "community_id"]) for w in (BEFORE, AFTER))
    parts = [
        _went(record, level, key, sorted(codes))
        for level, key, codes in (
            ("社区", "community", was - stays),
            ("网格", "grid", set(record.summary["grids_retired"])),
        )
    ]
    return pd.concat(parts, ignore_index=True)


def _went(record: PlanRecord, level: str, key: str, codes: list[str]) -> pd.DataFrame:
    """Tell of retired zones of one level where their households went."""
    register = record.code_register
    names = register[register["level"] == level].drop_duplicates("code").set_index("code")["name"]
    old, new = f"previous_{key}_id", f"{key}_id"
    flow = record.changes.groupby([old, new])["households"].sum().reset_index()
    flow = flow.sort_values(["households", new], ascending=[False, True])
    taken = [flow[flow[old] == code] for code in codes]
    return pd.DataFrame(
        {
            "level": level,
            "code": codes,
            "name": [str(names.get(code) or code) for code in codes],
            "households": [int(part["households"].sum()) for part in taken],
            "successors": [
                "、".join(
                    f"{names.get(to) or to}（{count:,} 户）"
                    for to, count in zip(part[new], part["households"], strict=True)
                )
                or "没有住户"
                for part in taken
            ],
        },
        dtype=object,
    )


def outside_today(record: PlanRecord) -> pd.DataFrame:
    """Give the rows of today's communities that are out of range without an exception."""
    wide = record.run["rules"]["community"]
    exempt = record.communities.loc[record.communities["status"] == EXEMPT, "community_id"]
    before = record.impact[record.impact["when"] == BEFORE]
    return before[
        ~before["households"].between(wide["lower"], wide["upper"])
        & ~before["community_id"].isin(exempt)
    ]


def passed_between(record: PlanRecord) -> dict[str, str]:
    """
    Say of each community how many it had, who came from where and who left, to the household.

    Parameters
    ----------
    record
        The plan.

    Returns
    -------
    dict
        Code of the community to a sentence: what it had, plus who came, less who left, is what it
        has.
    """
    names = record.names
    rows = record.assignment
    flow = rows.groupby(["previous_community_id", "community_id"]).size().rename("households")
    flow = flow.reset_index().sort_values("households", ascending=False, kind="stable")
    told = {}
    for code, has in zip(
        record.communities["community_id"], record.communities["households"], strict=True
    ):
        mine = flow["previous_community_id"] == code
        came = flow[(flow["community_id"] == code) & ~mine]
        left = flow[mine & (flow["community_id"] != code)]
        had = int(flow.loc[mine, "households"].sum())
        if not len(came) and not len(left):
            told[code] = "户数没有变动"
            continue
        parts = [f"原 {had:,} 户" if had else "新设", *(
            f"{word} {part['households'].sum():,} 户（{_named(part, key, names)}）"
            for word, part, key in (
                ("划入", came, "previous_community_id"), ("划出", left, "community_id"),
            )
            if len(part)
        )]  # fmt: skip
        told[code] = "，".join(parts) + f"，调整后 {has:,} 户"
    return told


def _named(flow: pd.DataFrame, key: str, names: dict[str, str]) -> str:
    return "、".join(
        f"{names.get(code, code) if code else '原不属任何社区'} {count:,}"
        for code, count in zip(flow[key], flow["households"], strict=True)
    )


def posts(record: PlanRecord) -> pd.DataFrame:
    """
    Count the posts of the policy before and after.

    Parameters
    ----------
    record
        The plan.

    Returns
    -------
    pandas.DataFrame
        One row of ``POSTS`` each: item, clause, 现状, 方案, 增减. Every grid's worker is paired
        with a member of the committees (§4).
    """
    rows = record.impact.assign(pairs=record.impact["grids"])
    sums = {
        when: rows.loc[rows["when"] == when, [name for name, _, _ in POSTS]].sum()
        for when in (BEFORE, AFTER)
    }
    return pd.DataFrame(
        [
            (title, clause, int(sums[BEFORE][name]), int(sums[AFTER][name]),
             int(sums[AFTER][name] - sums[BEFORE][name]))
            for name, title, clause in POSTS
        ],
        columns=["item", "clause", BEFORE, AFTER, "增减"],
    )  # fmt: skip
