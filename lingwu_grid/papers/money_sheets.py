"""Sheets of seats, posts and funds: before, after, difference, by community and by payer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from lingwu_grid.contract import policy
from lingwu_grid.contract.staffing import Staffing
from lingwu_grid.papers.worksheet import FIRST_ROW, Column, Kind, Sheet
from lingwu_grid.planning.impact import AFTER, BEFORE
from lingwu_grid.planning.impact import FUNDS as YUAN
from lingwu_grid.planning.streets import street_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from lingwu_grid.planning.record import PlanRecord

DIFFERENCE = "增减"
STEPS = (BEFORE, AFTER, DIFFERENCE)
UNSAID = "政策未写明"
TOTAL = "合计"
FIXED = "其中政策定额（不含按人数设想的补贴）"
ASSUMED = "members_yuan"
"""The fund whose persons the policy does not number: an assumption, apart in every total."""
FUNDS = "职数经费"


class Item(NamedTuple):
    """A fund: its column, what it is called, its clause, and who pays."""

    column: str
    name: str
    clause: str
    payer: str


COUNTED: tuple[tuple[str, str, Kind], ...] = (
    ("households", "常住户数", "count"),
    ("residents", "常住人口", "count"),
    ("grids", "网格数", "count"),
    ("seats", "两委职数", "count"),
    ("service_fund", "社区服务经费", "yuan"),
    ("party_fund", "党建经费", "yuan"),
    ("grid_heads", "网格党支部书记(人)", "count"),
    ("grid_heads_yuan", "书记补贴", "yuan"),
    ("members", "支委、功能组长、楼栋长(人)", "count"),
    ("members_yuan", "支委等补贴", "yuan"),
    ("resident_fund", "网格党支部工作经费", "yuan"),
    ("total_yuan", "经费合计", "yuan"),
    ("grid_workers", "专职网格员", "count"),
    ("legal_advisers", "法律顾问", "count"),
    ("reserve_least", "后备干部(至少)", "count"),
    ("reserve_most", "后备干部(至多)", "count"),
)


def items(record: PlanRecord) -> list[Item]:
    """List the funds of the policy with who pays them."""
    staffing = Staffing(**record.run["rules"].get("staffing", {}))
    heads, members = policy.PAYERS["grid_heads"], policy.PAYERS["members"]
    return [
        Item("service_fund", "社区服务经费", "§16", staffing.service_fund_payer or UNSAID),
        Item("party_fund", "社区党建经费", "§16", staffing.party_fund_payer or UNSAID),
        Item("grid_heads_yuan", "网格党支部书记补贴（每月300元）", "§16", heads),
        Item("members_yuan", "支委、功能组长、楼栋长补贴（每月100元）", "§16", members),
        Item("resident_fund", "网格党支部工作经费（每居民每年5元）", "§16",
             staffing.resident_fund_payer or UNSAID),
    ]  # fmt: skip


def by_community(record: PlanRecord) -> pd.DataFrame:
    """
    Set every community's counts before, after, and their difference under each other.

    Parameters
    ----------
    record
        The plan.

    Returns
    -------
    pandas.DataFrame
        Three rows a community, then three of totals: community_id, community_name, street, when,
        size_class, party_org, and the columns of ``COUNTED``.
    """
    impact = record.impact
    numbers = [name for name, _, _ in COUNTED]
    ids = sorted(set(impact["community_id"]))
    said = impact.drop_duplicates("community_id", keep="last").set_index("community_id")
    table = {
        when: impact[impact["when"] == when].set_index("community_id").reindex(ids)
        for when in (BEFORE, AFTER)
    }
    counts = {when: t[numbers].fillna(0).astype("int64") for when, t in table.items()}
    counts[DIFFERENCE] = counts[AFTER] - counts[BEFORE]
    parts = []
    for turn, when in enumerate(STEPS):
        part = counts[when].assign(when=when, turn=turn, size_class="", party_org="")
        if when in table:
            part["size_class"] = table[when]["size_class"].fillna("无")
            part["party_org"] = table[when]["party_org"].fillna("").where(lambda s: s != "", "未填")
        parts.append(part.assign(community_name=said["community_name"].reindex(ids)))
    rows = pd.concat(parts).rename_axis("community_id").reset_index()
    rows["street"] = rows["community_id"].map(
        {c: street_name(record, str(s)) for c, s in said["subdistrict_id"].items()}
    )
    rows = rows.sort_values(["community_id", "turn"], kind="stable")
    sums = rows.groupby("when", sort=False)[numbers].sum().loc[list(STEPS)].reset_index()
    sums = sums.assign(
        community_id="", community_name=TOTAL, street="", size_class="", party_org=""
    )
    return pd.concat([rows, sums], ignore_index=True)


def funds_sheet(record: PlanRecord) -> Sheet:
    """
    Lay out seats, posts and funds; sums and products are formulas.

    Parameters
    ----------
    record
        The plan.
    """
    rows = by_community(record)
    heads = ["社区编码", "社区名称", "街道", "情形", "档次", "党组织"]
    keys = ["community_id", "community_name", "street", "when", "size_class", "party_org"]
    letters = {name: _letter(len(heads) + i) for i, (name, _, _) in enumerate(COUNTED)}
    formulas = _Formulas(rows["when"].tolist(), letters)
    columns = [
        Column(head, rows[key].tolist(), "code" if key == "community_id" else "text", 14)
        for head, key in zip(heads, keys, strict=True)
    ]
    columns += [
        Column(
            f"{title}(元/年)" if kind == "yuan" else title,
            rows[name].astype(int).tolist(), kind, 12, formulas.of(name),
        )
        for name, title, kind in COUNTED
    ]  # fmt: skip
    return Sheet(
        FUNDS,
        "两委职数、专职力量与经费：现状、方案、增减",
        columns,
        note="依据灵党办〔2020〕65号 §2、§4、§15、§16。本表是算出来的，在表里改动不会带回；"
        "支委、功能组长未填人数时按 0 计，楼栋长默认按每栋一名的上限计，"
        "要改人数请改设置 [staffing]，重新生成",
        frozen=4,
    )


class _Formulas:
    """Formulas of the funds sheet: differences, totals, and yuan from persons."""

    def __init__(self, steps: list[str], letters: dict[str, str]) -> None:
        self._steps = steps
        self._at = letters
        self._last = FIRST_ROW + len(steps) - 1 - len(STEPS)
        """Row of the last community."""

    def of(self, name: str) -> Callable[[int], str]:
        """Give the formula of each row of a column; empty where the value is written."""
        return lambda row: self._formula(name, row)

    def _formula(self, name: str, row: int) -> str:
        here = self._at[name]
        when = self._steps[row - FIRST_ROW]
        if row > self._last:
            span = f"${{0}}${FIRST_ROW}:${{0}}${self._last}"
            return f"=SUMIF({span.format('D')},$D{row},{span.format(here)})"
        if when == DIFFERENCE:
            return f"={here}{row - 1}-{here}{row - 2}"
        at = {key: f"{letter}{row}" for key, letter in self._at.items()}
        return {
            "grid_heads_yuan": f"={at['grid_heads']}*{policy.GRID_HEAD_YUAN_MONTH}*12",
            "members_yuan": f"={at['members']}*{policy.MEMBER_YUAN_MONTH}*12",
            "resident_fund": f"={at['residents']}*{policy.RESIDENT_FUND_YUAN}",
            "total_yuan": "=" + "+".join(at[fund] for fund in YUAN),
        }.get(name, "")


def payer_sheet(record: PlanRecord) -> Sheet:
    """
    Lay out the funds by item and by who pays.

    Parameters
    ----------
    record
        The plan.
    """
    rows = by_payer(record)
    last = FIRST_ROW + len(by_community(record)) - 1 - len(STEPS)
    at = {name: _letter(6 + i) for i, (name, _, _) in enumerate(COUNTED)}
    n_items = len(items(record))
    assumed = rows["column"].tolist().index(ASSUMED)

    def summed(when: str) -> Callable[[int], str]:
        own = _letter(3 + STEPS.index(when))

        def formula(row: int) -> str:
            index = row - FIRST_ROW
            span = f"${own}${FIRST_ROW}:${own}${FIRST_ROW + n_items - 1}"
            if when == DIFFERENCE:
                return f"=E{row}-D{row}"
            if index < n_items:
                letter = at[rows["column"].iloc[index]]
                sheet = f"'{FUNDS}'!"
                when_span = f"{sheet}$D${FIRST_ROW}:$D${last}"
                return f'=SUMIF({when_span},"{when}",{sheet}${letter}${FIRST_ROW}:${letter}${last})'
            if index == len(rows) - 1:
                return f"=SUM({span})"
            if index == len(rows) - 2:
                return f"=SUM({span})-{own}{FIRST_ROW + assumed}"
            payers = f"$C${FIRST_ROW}:$C${FIRST_ROW + n_items - 1}"
            return f"=SUMIF({payers},$C{row},{span})"

        return formula

    return Sheet(
        "经费汇总",
        "经费汇总：按项目、按出资方（元/年）",
        [
            Column("项目", rows["item"].tolist(), width=36),
            Column("依据", rows["clause"].tolist(), width=8),
            Column("出资", rows["payer"].tolist(), width=14),
            *(
                Column(when, rows[when].astype(int).tolist(), "yuan", 14, summed(when))
                for when in STEPS
            ),
        ],
        frozen=1,
    )


def by_payer(record: PlanRecord) -> pd.DataFrame:
    """
    Add the funds up by item, by payer, and in all.

    Parameters
    ----------
    record
        The plan.

    Returns
    -------
    pandas.DataFrame
        Columns column, item, clause, payer, 现状, 方案, 增减; items first, then payers, then what
        the policy fixes, then all.
    """
    rows = by_community(record)
    totals = rows[rows["community_id"] == ""].set_index("when")
    listed = pd.DataFrame(
        [
            (i.column, i.name, i.clause, i.payer, *(int(totals.loc[w, i.column]) for w in STEPS))
            for i in items(record)
        ],
        columns=["column", "item", "clause", "payer", *STEPS],
    )
    payers = listed.groupby("payer", sort=False)[list(STEPS)].sum().reset_index()
    payers = payers.assign(column="", item="小计", clause="")
    sums = [
        part[list(STEPS)].sum().to_frame().T.assign(column="", item=word, clause="", payer="")
        for word, part in ((FIXED, listed[listed["column"] != ASSUMED]), (TOTAL, listed))
    ]
    return pd.concat([listed, payers, *sums], ignore_index=True)


def crossings(record: PlanRecord) -> pd.DataFrame:
    """
    List the communities that cross 3000 or 5000 households, are set up, or dissolved.

    Parameters
    ----------
    record
        The plan.

    Returns
    -------
    pandas.DataFrame
        community_name, households and size_class before and after (0 and 无 where there is no
        such community), change of seats and of the service fund, and its payer. The changes add
        up to those of the whole.
    """
    impact = record.impact
    if BEFORE not in impact["when"].to_numpy():
        return pd.DataFrame(columns=CROSSING)
    said = impact.drop_duplicates("community_id", keep="last").set_index("community_id")
    names = said["community_name"].sort_index()
    before, after = (
        impact[impact["when"] == when].set_index("community_id").reindex(names.index)
        for when in (BEFORE, AFTER)
    )
    payer = next(i.payer for i in items(record) if i.column == "service_fund")
    table = pd.DataFrame(
        {
            "community_name": names,
            "households_before": _whole(before["households"]),
            "households": _whole(after["households"]),
            "class_before": before["size_class"].fillna(NO_CLASS[BEFORE]),
            "class": after["size_class"].fillna(NO_CLASS[AFTER]),
            "seats": _whole(after["seats"]) - _whole(before["seats"]),
            "yuan": _whole(after["service_fund"]) - _whole(before["service_fund"]),
            "payer": payer,
        }
    )
    return table[table["class_before"] != table["class"]].reset_index(drop=True)


def _whole(values: pd.Series) -> pd.Series:
    """Count nothing where there is no such community."""
    return values.fillna(0).astype("int64")


NO_CLASS = {BEFORE: "无（新设）", AFTER: "无（撤销）"}
"""Class of a community that one of the two maps does not have."""

CROSSING = [
    "community_name", "households_before", "households", "class_before", "class", "seats", "yuan",
    "payer",
]  # fmt: skip


def crossing_sheet(record: PlanRecord) -> Sheet:
    """Lay out the communities that change class, are set up, or dissolved."""
    rows = crossings(record)
    titles = (
        "社区",
        "现状户数",
        "方案户数",
        "现状档次",
        "方案档次",
        "职数增减",
        "服务经费增减(元/年)",
        "出资",
    )
    kinds: tuple[Kind, ...] = ("text", "count", "count", "text", "text", "count", "yuan", "text")
    return Sheet(
        "跨档社区",
        "跨过 3000 户、5000 户的社区，新设和撤销的社区",
        [
            Column(title, rows[name].tolist(), kind, 16, is_summed=name in ("seats", "yuan"))
            for title, name, kind in zip(titles, CROSSING, kinds, strict=True)
        ],
        frozen=1,
    )


def _letter(index: int) -> str:
    """Give the letter of a column counted from 0; these sheets have fewer than 26."""
    return chr(ord("A") + index)
