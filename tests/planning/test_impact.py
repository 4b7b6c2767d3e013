"""Seats and funds against a hand computation; codes and pairs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid.bundle import write_csv
from lingwu_grid.partition import partition
from lingwu_grid.planning.impact import posts_and_funds
from lingwu_grid.rules import Rules, rules_from

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
    alone = (~mutual).groupby(paired["community_id"]).sum()
    assert (alone <= 1).all()


def test_a_second_run_with_the_register_gives_the_same_codes(
    small_folder: Path,
) -> None:
    """Without grids every code is new: the register alone can keep them where they are."""
    study = lg.read_study(small_folder)
    bare = replace(study, tables={k: t for k, t in study.tables.items() if k != "grids"})
    bare = replace(bare, households=bare.households.assign(grid_id=""))
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


def test_the_register_is_read_from_the_study_folder(small_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(small_folder, tmp_path / "town")
    plan = lg.partition(lg.read_study(small_folder), seed=1)
    write_csv(plan.code_register, tmp_path / "town" / "boundaries" / "编码登记.csv")
    study = lg.read_study(tmp_path / "town")
    table = study.table("code_register")
    assert table["code"].tolist() == plan.code_register["code"].tolist()
    assert not [f for f in study.findings.rows if f.severity == "error"]
