"""Money in words: what the policy fixes first, assumptions apart, classes missed by a hair."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from lingwu_grid.papers.funds_words import (
    NO_PEOPLE,
    fixed_funds,
    has_people,
    near_classes,
    people_said,
)

if TYPE_CHECKING:
    import lingwu_grid as lg
    from lingwu_grid.planning.record import PlanRecord


def with_sizes(plan: lg.Plan, sizes: list[int], **staffing: Any) -> PlanRecord:  # noqa: ANN401 - settings
    rows = pd.DataFrame({"when": "方案", "community_name": "甲", "households": sizes})
    run = plan.run | {"rules": plan.run["rules"] | {"staffing": staffing}}
    return replace(plan, tables=plan.tables | {"impact": rows}, run=run)


@pytest.mark.parametrize(
    ("size", "is_near"),
    [(2969, False), (2970, True), (3000, True), (3030, True), (3031, False), (4949, False),
     (4950, True), (5050, True), (5051, False)],
)  # fmt: skip
def test_who_is_near_a_class(small_plan: lg.Plan, size: int, is_near: bool) -> None:  # noqa: FBT001
    assert ("甲" in near_classes(with_sizes(small_plan, [size, 4000]))) is is_near


@pytest.mark.parametrize(
    ("sizes", "staffing", "said"),
    [
        ([3000, 3000], {}, "恰为 3000 户的 2 个按“3000—5000 户”计；若按“3000 户以下”计，"
         "职数 -4、服务经费 -20,000 元"),
        ([3000], {"at_3000": "low"}, "按“3000 户以下”计；若按“3000—5000 户”计，职数 +2、"
         "服务经费 +10,000 元"),
        ([5000], {}, "若按“5000 户以上”计，职数 +2、服务经费 +20,000 元"),
        ([5000], {"at_5000": "high"}, "若按“3000—5000 户”计，职数 -2、服务经费 -20,000 元"),
    ],
)  # fmt: skip
def test_what_hangs_on_the_line(
    small_plan: lg.Plan, sizes: list[int], staffing: dict[str, str], said: str
) -> None:
    assert said in near_classes(with_sizes(small_plan, sizes, **staffing))


def test_who_is_not_on_the_line_is_no_case(small_plan: lg.Plan) -> None:
    assert "恰为" not in near_classes(with_sizes(small_plan, [3001, 4999]))


def test_the_headline_is_what_the_policy_fixes(small_plan: lg.Plan) -> None:
    rows = small_plan.impact
    fixed = {
        when: int((part["total_yuan"] - part["members_yuan"]).sum())
        for when, part in rows.groupby("when")
    }
    said = fixed_funds(small_plan)
    assert said.startswith(
        f"按政策定额，经费由每年 {fixed['现状']:,} 元变为 {fixed['方案']:,} 元，"
    )
    assert f"按设置的上限另计 {rows.loc[rows['when'] == '现状', 'members_yuan'].sum():,} 元" in said
    nobody = replace(small_plan, tables=small_plan.tables | {"impact": rows.assign(members_yuan=0)})
    assert "上限另计" not in fixed_funds(nobody)


def test_villages_are_told_apart(small_plan: lg.Plan) -> None:
    kinds = ["village", *["urban"] * (len(small_plan.communities) - 1)]
    none = replace(small_plan, communities=small_plan.communities.assign(kind="urban"))
    assert "其中村" not in fixed_funds(none)
    plan = replace(small_plan, communities=small_plan.communities.assign(kind=kinds))
    code = plan.communities["community_id"].iloc[0]
    row = plan.impact[(plan.impact["when"] == "方案") & (plan.impact["community_id"] == code)]
    yuan = int((row["total_yuan"] - row["members_yuan"]).iloc[0])
    said = fixed_funds(plan)
    assert "其中村 1 个，政策没有单列村的职数和经费" in said
    assert f"按社区口径计 {row['seats'].iloc[0]} 职、{yuan:,} 元" in said


def test_residents_that_nobody_counted_are_not_told_as_none(small_plan: lg.Plan) -> None:
    assert has_people(small_plan)
    assert people_said(small_plan, 1234) == "1,234"
    empty = replace(small_plan, grids=small_plan.grids.assign(residents=0))
    assert people_said(empty, 0) == NO_PEOPLE
    assert "没有提供常住人口，网格党支部工作经费未计" in fixed_funds(empty)
    assert "没有提供常住人口" not in fixed_funds(small_plan)
