"""Seats and funds against a hand computation; codes and pairs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid.api import partition
from lingwu_grid.contract.rules import Rules
from lingwu_grid.contract.settings import rules_from
from lingwu_grid.output import write_csv
from lingwu_grid.papers.money_sheets import crossings
from lingwu_grid.planning.impact import posts_and_funds
from lingwu_grid.planning.zones import kinds_of

if TYPE_CHECKING:
    from pathlib import Path


def _counts(**changes: object) -> pd.DataFrame:
    row = {
        "community_id": "a", "community_name": "甲", "subdistrict_id": "s", "when": "方案",
        "households": 3379, "residents": 8436, "grids": 9, "buildings": 120, "party_org": "党总支",
    }  # fmt: skip
    return pd.DataFrame([row | changes])


def test_a_community_of_the_sample_comes_to_what_a_clerk_works_out() -> None:
    """
    3,379 households: seven seats, 180,000 yuan for services; a 党总支 has 60,000.

    Nine heads at 300 a month are 32,400; 120 heads of buildings at 100 a month 144,000; 8,436
    residents at 5 yuan 42,180; in all 458,580.
    """
    row = posts_and_funds(_counts(), Rules()).iloc[0]
    assert (row.seats, row.service_fund, row.party_fund) == (7, 180_000, 60_000)
    assert (row.grid_heads_yuan, row.members, row.members_yuan) == (32_400, 120, 144_000)
    assert (row.resident_fund, row.total_yuan) == (42_180, 458_580)
    assert (row.grid_workers, row.legal_advisers, row.reserve_least, row.reserve_most) == (
        9, 1, 3, 5,
    )  # fmt: skip


CROSSERS = [
    ("a", "甲", "现状", 2_950, 7_400, 8, 100, "党支部"),
    ("a", "甲", "方案", 3_050, 7_650, 8, 104, "党支部"),
    ("b", "乙", "现状", 5_100, 13_000, 12, 150, "党委"),
    ("b", "乙", "方案", 4_980, 12_700, 11, 146, "党委"),
    ("c", "丙", "现状", 1_200, 3_000, 3, 40, ""),
    ("d", "丁", "方案", 3_100, 7_900, 8, 90, ""),
    ("e", "戊", "现状", 4_000, 9_900, 10, 120, "党总支"),
    ("e", "戊", "方案", 4_100, 10_100, 10, 121, "党总支"),
]
"""甲 crosses 3000 upwards, 乙 5000 downwards; 丙 is dissolved, 丁 set up, 戊 stays in its class."""


def _crossers() -> pd.DataFrame:
    names = ["community_id", "community_name", "when", "households", "residents", "grids",
             "buildings", "party_org"]  # fmt: skip
    return posts_and_funds(
        pd.DataFrame(CROSSERS, columns=names).assign(subdistrict_id="s"), Rules()
    )


def test_communities_that_cross_3000_and_5000_come_to_what_a_clerk_works_out() -> None:
    """
    甲 grows from 2,950 to 3,050 households, 乙 shrinks from 5,100 to 4,980.

    甲 before: 5 seats; services 170,000, party (党支部) 40,000, 8 grid heads × 3,600 = 28,800,
    100 building heads × 1,200 = 120,000, 7,400 residents × 5 = 37,000; in all 395,800.
    甲 after: 7 seats; 180,000 + 40,000 + 28,800 + 104 × 1,200 (124,800) + 7,650 × 5 (38,250)
    = 411,850: 16,050 more.

    乙 before: 9 seats; 200,000 + 党委 100,000 + 12 × 3,600 (43,200) + 150 × 1,200 (180,000)
    + 13,000 × 5 (65,000) = 588,200. 乙 after: 7 seats; 180,000 + 100,000 + 11 × 3,600 (39,600)
    + 146 × 1,200 (175,200) + 12,700 × 5 (63,500) = 558,300: 29,900 less.
    """
    rows = _crossers().set_index(["community_id", "when"])
    columns = ["seats", "service_fund", "party_fund", "grid_heads_yuan", "members_yuan",
               "resident_fund", "total_yuan"]  # fmt: skip
    assert rows.loc[("a", "现状"), columns].tolist() == [
        5, 170_000, 40_000, 28_800, 120_000, 37_000, 395_800,
    ]  # fmt: skip
    assert rows.loc[("a", "方案"), columns].tolist() == [
        7, 180_000, 40_000, 28_800, 124_800, 38_250, 411_850,
    ]  # fmt: skip
    assert rows.loc[("b", "现状"), columns].tolist() == [
        9, 200_000, 100_000, 43_200, 180_000, 65_000, 588_200,
    ]  # fmt: skip
    assert rows.loc[("b", "方案"), columns].tolist() == [
        7, 180_000, 100_000, 39_600, 175_200, 63_500, 558_300,
    ]  # fmt: skip
    assert rows.loc[("a", "方案"), "size_class"] == rows.loc[("b", "方案"), "size_class"]


def test_crossings_reconcile_with_the_whole() -> None:
    """
    Seats: 甲 5 → 7, 乙 9 → 7, 丙 5 → none, 丁 none → 7: together 26 → 28 with 戊's 7, two more.

    Service fund: +10,000, −20,000, −170,000, +180,000: together nothing.
    """
    impact = _crossers()
    record: Any = SimpleNamespace(impact=impact, run={"rules": {}})
    rows = crossings(record)
    low, middle, high = "3000 户以下", "3000—5000 户", "5000 户以上"
    assert rows.drop(columns="payer").to_numpy().tolist() == [
        ["甲", 2_950, 3_050, low, middle, 2, 10_000],
        ["乙", 5_100, 4_980, high, middle, -2, -20_000],
        ["丙", 1_200, 0, low, "无（撤销）", -5, -170_000],
        ["丁", 0, 3_100, "无（新设）", middle, 7, 180_000],
    ]
    sums = impact.groupby("when")[["seats", "service_fund"]].sum()
    assert (sums.loc["现状", "seats"], sums.loc["方案", "seats"]) == (26, 28)
    assert rows["seats"].sum() == 2
    assert rows["yuan"].sum() == 0 == sums["service_fund"].diff().iloc[-1]


@pytest.mark.parametrize(
    ("households", "seats", "fund"),
    [(2_999, 5, 170_000), (3_000, 7, 180_000), (5_000, 7, 180_000), (5_001, 9, 200_000)],
)
def test_classes_change_at_3000_and_5000(households: int, seats: int, fund: int) -> None:
    row = posts_and_funds(_counts(households=households), Rules()).iloc[0]
    assert (row.seats, row.service_fund) == (seats, fund)


def test_exactly_3000_and_5000_go_as_the_office_sets_it() -> None:
    rules = rules_from({"staffing": {"at_3000": "low", "at_5000": "high"}})
    assert posts_and_funds(_counts(households=3_000), rules).iloc[0].seats == 5
    assert posts_and_funds(_counts(households=5_000), rules).iloc[0].seats == 9
    assert posts_and_funds(_counts(households=3_001), rules).iloc[0].seats == 7


@pytest.mark.parametrize(
    ("kind", "yuan"), [("党委", 100_000), ("党总支", 60_000), ("党支部", 40_000), ("", 0)]
)
def test_the_party_fund_goes_by_the_organisation(kind: str, yuan: int) -> None:
    assert posts_and_funds(_counts(party_org=kind), Rules()).iloc[0].party_fund == yuan


def test_members_are_counted_as_the_office_sets_them() -> None:
    """Nine grids with 3 + 2 each are 45; a head for each third of 121 buildings makes 41."""
    rules = rules_from(
        {
            "staffing": {
                "branch_members_per_grid": 3, "functional_heads_per_grid": 2,
                "buildings_per_head": 3,
            }
        }
    )  # fmt: skip
    assert posts_and_funds(_counts(buildings=121), rules).iloc[0].members == 86
    with pytest.raises(lg.RulesError, match="at_3000"):
        rules_from({"staffing": {"at_3000": "?"}})
    with pytest.raises(lg.RulesError, match="buildings_per_head"):
        rules_from({"staffing": {"buildings_per_head": -1}})
    with pytest.raises(lg.RulesError, match="没有名为"):
        rules_from({"staffing": {"at_2000": "low"}})


def test_a_plan_counts_every_community_before_and_after(
    small_study: lg.Study, small_plan: lg.Plan
) -> None:
    rows = small_plan.impact.set_index(["community_id", "when"])
    people = small_study.households.assign(
        old=small_plan.assignment["previous_community_id"].to_numpy(),
        new=small_plan.assignment["community_id"].to_numpy(),
    )
    for when, column in (("现状", "old"), ("方案", "new")):
        for community, group in people.groupby(column):
            row = rows.loc[(community, when)]
            assert row.households == len(group)
            assert row.residents == group["residents"].sum()
            assert row.buildings == group["building_id"].nunique()
    now = small_plan.grids.groupby("community_id").size()
    assert rows.xs("方案", level="when")["grids"].to_dict() == now.to_dict()
    was = small_study.table("grids").groupby("community_id").size()
    assert rows.xs("现状", level="when")["grids"].to_dict() == was.to_dict()


def test_partners_are_neighbours_of_one_community_and_mostly_mutual(small_plan: lg.Plan) -> None:
    grids = small_plan.grids.set_index("grid_id").to_crs(small_plan.run["crs"])
    paired = grids[grids["partner_grid_id"] != ""]
    assert set(grids.index) - set(paired.index) == {
        g for c, part in grids.groupby("community_id") if len(part) == 1 for g in part.index
    }
    for row in paired.itertuples():
        other = grids.loc[row.partner_grid_id]
        assert other.community_id == row.community_id
        assert row.geometry.buffer(0.5).intersection(other.geometry.buffer(0.5)).area > 1
    mutual = paired["partner_grid_id"].map(grids["partner_grid_id"]) == paired.index
    # No pairing of grids whose units join leaves fewer alone (Edmonds 1965, by networkx).
    grid = small_plan.units["grid_id"].to_numpy(object)
    joins = grid[np.array(small_plan.certificate["joins"])]
    for community, part in paired.groupby("community_id"):
        near = nx.Graph(list(map(tuple, joins[np.isin(joins, part.index).all(axis=1)])))
        near.add_nodes_from(part.index)
        near.remove_edges_from(nx.selfloop_edges(near))
        most = 2 * len(nx.max_weight_matching(near, maxcardinality=True))
        assert int((~mutual[part.index]).sum()) <= len(part) - most, community


def test_a_second_run_with_the_register_gives_the_same_codes(
    small_folder: Path,
) -> None:
    """Without grids every code is new: the register alone can keep them where they are."""
    study = lg.read_study(small_folder)
    bare = replace(study, tables={k: t for k, t in study.tables.items() if k != "grids"})
    bare = replace(bare, households=bare.households.assign(grid_id=""))
    bare = replace(bare, rules=bare.rules.with_(effort=20, prove=False))
    first = partition(bare, seed=1)
    register = first.code_register
    living = register[(register["level"] == "网格") & (register["status"] == "在用")]
    assert living["code"].tolist() == first.grids["grid_id"].tolist()
    # The register comes back as a file of the study, with one code retired by hand.
    gone = living["code"].iloc[2]
    again = register.assign(status=register["status"].mask(register["code"] == gone, "停用"))
    table = gpd.GeoDataFrame(
        again, geometry=gpd.points_from_xy(again["lon"], again["lat"]), crs=4490
    ).to_crs(study.crs)
    second = partition(replace(bare, tables=bare.tables | {"code_register": table}), seed=1)
    was = dict(zip(first.units["unit_id"], first.units["grid_id"], strict=True))
    now = dict(zip(second.units["unit_id"], second.units["grid_id"], strict=True))
    changed = {was[u] for u in was if was[u] != now[u]}
    assert changed == {gone}
    assert gone not in set(second.grids["grid_id"])
    row = second.code_register.set_index("code").loc[gone]
    assert (row["status"], row["lineage"]) == ("停用", "撤销")
    fresh = {now[u] for u in was if was[u] == gone}
    assert fresh.isdisjoint(register["code"])


def test_a_special_or_micro_grid_that_lives_on_stays_one() -> None:
    table = pd.DataFrame({"grid_id": ["a", "b", "c"], "kind": ["special", "micro", "basic"]})
    study: Any = SimpleNamespace(table=lambda _: table)
    names: Any = SimpleNamespace(special_grids={"a"}, recoded={})
    assert kinds_of(study, names, ["a", "b", "c", "new"]) == ["special", "micro", "basic", "basic"]
    names.recoded = {"b": "new"}  # in another community, under a code of its own there
    assert kinds_of(study, names, ["a", "c", "new"]) == ["special", "basic", "micro"]


def test_the_register_is_read_from_the_study_folder(
    small_folder: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    shutil.copytree(small_folder, tmp_path / "town")
    plan = small_plan
    write_csv(plan.code_register, tmp_path / "town" / "boundaries" / "编码登记.csv")
    study = lg.read_study(tmp_path / "town")
    table = study.table("code_register")
    assert table["code"].tolist() == plan.code_register["code"].tolist()
    assert not [f for f in study.findings.rows if f.severity == "error"]
