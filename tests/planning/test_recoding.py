"""A grid that passes to another community: its code and name there, and who counts as moved."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from lingwu_grid.contract.rules import Exemption, Pin, Rules
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.plan import Plan, read_plan
from lingwu_grid.planning.empty_ground import LEAST_M2
from lingwu_grid.planning.making import make_record
from lingwu_grid.revision.solving import as_solution, number_zones
from lingwu_grid.verification import _codes, verify

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord


@pytest.fixture(scope="module")
def fabric(small_study: Study) -> Fabric:
    return build_fabric(small_study)


def passed(
    record: PlanRecord, study: Study, fabric: Fabric, grid: str, community: str
) -> PlanRecord:
    """Give the plan in which a grid is another community's, and all else is as it was."""
    zones = number_zones(record, {})
    owner = zones.community.copy()
    owner[zones.grid_ids.index(grid)] = zones.community_ids.index(community)
    solution, kept = as_solution(fabric, study.rules, zones, zones.grid, owner)
    return make_record(study, fabric, solution, kept)


def a_grid(plan: Plan, study: Study) -> tuple[str, str, str]:
    """Give a grid that stays in its community, that community, and another one."""
    today = study.table("grids").set_index("grid_id")["community_id"]
    grids = plan.grids[plan.grids["grid_id"].isin(today.index)]
    grids = grids[grids["community_id"] == grids["grid_id"].map(today)]
    row = grids.iloc[0]
    other = next(c for c in plan.communities["community_id"] if c != row["community_id"])
    return str(row["grid_id"]), str(row["community_id"]), str(other)


def test_codes_tell_the_community_and_no_name_stands_twice(small_plan: Plan) -> None:
    grids = small_plan.grids
    assert (grids["grid_id"].str[:-3] == grids["community_id"]).all()
    register = small_plan.code_register
    assert not register.duplicated(["level", "code"]).any()
    assert not register.duplicated(["level", "name"]).any()


def test_a_grid_that_passes_has_the_next_free_serial_and_is_still_the_grid_it_was(
    small_plan: Plan, small_study: Study, fabric: Fabric
) -> None:
    grid, _, other = a_grid(small_plan, small_study)
    dated = replace(small_study, rules=small_study.rules.with_(effective_date="2027-01-01"))
    made = passed(small_plan, dated, fabric, grid, other)
    code = made.recoded[grid]
    serials = [int(c[-3:]) for c in small_plan.code_register["code"] if c[:-3] == other]
    assert code == f"{other}{max(n for n in serials if n <= 900) + 1:03d}"
    assert set(made.recoded) == {grid, *small_plan.recoded}
    rows, row = made.assignment, made.grids.set_index("grid_id").loc[code]
    assert (row["recoded_from"], row["lineage"]) == (grid, "调整")
    assert row["previous_grid_ids"].split("、")[0] == grid
    assert row["grid_name"].startswith(row["community_name"])
    # Nobody but who changes community is affected anew, and nobody at all changes grid.
    assert made.summary["households_moved_grid"] == small_plan.summary["households_moved_grid"]
    stays = (rows["previous_grid_id"] == grid) & (rows["grid_id"] == code)
    assert stays.sum() > 0
    before = small_plan.summary
    assert made.summary["households_moved_community"] > before["households_moved_community"]
    assert grid not in made.summary["grids_retired"]
    assert not (made.moves["grid_id"] == made.moves["previous_grid_id"].replace(made.recoded)).any()
    register = made.code_register.set_index("code")
    assert register.loc[code, "valid_from"] == register.loc[grid, "valid_to"] == "2027-01-01"
    assert register.loc[grid, ["status", "successors"]].tolist()[0] == "停用"
    assert register.loc[grid, "successors"].split("、")[0] == code
    assert register.loc[code, "predecessors"].split("、")[0] == grid
    told = made.stories[made.stories["previous_grid_id"] == grid]
    whole = told[told["grid_id"] == code]
    assert whole["households"].tolist() == [stays.sum()]
    assert f"编码改为 {code}" in whole["said"].iloc[0]
    assert made.stories["households"].sum() == made.summary["affected"]


def test_a_round_of_review_keeps_the_new_code_and_going_home_gives_the_old_one_back(
    small_plan: Plan, small_study: Study, fabric: Fabric
) -> None:
    grid, home, other = a_grid(small_plan, small_study)
    once = passed(small_plan, small_study, fabric, grid, other)
    code = once.recoded[grid]
    again = passed(once, small_study, fabric, code, other)
    assert again.recoded == once.recoded
    pd.testing.assert_frame_equal(again.assignment, once.assignment)
    back = passed(once, small_study, fabric, code, home)
    assert grid in set(back.grids["grid_id"])
    pd.testing.assert_frame_equal(back.assignment, small_plan.assignment)
    third = [c for c in small_plan.communities["community_id"] if c not in (home, other)]
    for community in third[:1]:
        gone = passed(once, small_study, fabric, code, community)
        assert gone.recoded[grid].startswith(community)


def test_what_names_a_grid_names_its_new_code(
    small_plan: Plan, small_study: Study, fabric: Fabric
) -> None:
    """An exception, an enclave and a pin of today's code hold for the same grid."""
    grid, _, other = a_grid(small_plan, small_study)
    rules = Rules(
        exceptions=(Exemption("老旧小区", "已批", grid_id=grid, lower=100, upper=200),),
        enclaves=(grid,),
        pins=(Pin("某楼", grid),),
    )
    named = rules.following({grid: "new"})
    assert [(e.grid_id, e.lower) for e in named.exceptions] == [(grid, 100), ("new", 100)]
    assert named.enclaves == (grid, "new")
    assert named.pins == (Pin("某楼", "new"),)
    assert rules.following({}) is rules
    locked = replace(small_study, rules=small_study.rules.with_(locked_grids=(grid,)))
    made = passed(small_plan, locked, fabric, grid, other)
    assert made.recoded == small_plan.recoded
    assert grid in set(made.grids["grid_id"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recoded": "gone"}, "汇总与图层写的改编网格不一"),
        ({"in_use": True}, "却仍在用"),
        ({"nobody": True}, "却没有一户、也没有多半的地在其中"),
        ({"same_community": True}, "却没有换社区"),
        ({"known": True}, "是现状另一网格的编码"),
    ],
)
def test_the_verifier_takes_no_new_code_on_trust(change: dict[str, object], said: str) -> None:
    """Grid a1 of community a is b7 of community b: 2 households stay, and one went to b1."""
    rows = pd.DataFrame(
        {
            "previous_grid_id": ["a1", "a1", "a1", "b1"],
            "grid_id": ["b7", "b7", "b1", "b1"],
            "previous_community_id": ["a", "a", "a", "b"],
        }
    )
    grids = pd.DataFrame({"grid_id": ["b7", "b1"], "community_id": "b", "recoded_from": ["a1", ""]})
    units = gpd.GeoDataFrame(
        {"previous_grid_id": ["a1", "a1"], "grid_id": ["b7", "b1"]},
        geometry=[shapely.box(106, 38, 106.01, 38.01), shapely.box(106.01, 38, 106.03, 38.01)],
        crs=4490,
    )
    files: Any = SimpleNamespace(
        rows=rows, grids=grids, units=units, recoded={"a1": "b7"},
        summary={"grids_recoded": {"a1": "b7"}},
    )  # fmt: skip
    assert _codes(files) == []
    # A grid may pass with most of its ground and none of its households.
    most = units.assign(grid_id=["b1", "b7"])
    files.rows, files.units = rows.assign(grid_id="b1"), most
    assert _codes(files) == []
    files.rows, files.units = rows, units
    if "recoded" in change:
        files.summary = {"grids_recoded": {}}
    if "in_use" in change:
        files.grids = pd.concat([grids, pd.DataFrame(
            {"grid_id": ["a1"], "community_id": "a", "recoded_from": [""]})])  # fmt: skip
    if "nobody" in change:
        files.rows = rows.assign(grid_id="b1")
    if "same_community" in change:
        files.rows = rows.assign(previous_community_id="b")
    if "known" in change:
        files.rows = rows.assign(previous_grid_id=["a1", "a1", "a1", "b7"])
    assert len(faults := _codes(files)) == 1
    assert said in faults[0]


def test_a_new_code_goes_through_files_and_the_verifier(
    small_plan: Plan, small_study: Study, fabric: Fabric, tmp_path: Path
) -> None:
    grid, _, other = a_grid(small_plan, small_study)
    made = passed(small_plan, small_study, fabric, grid, other)
    out = Plan.of(replace(made, run=small_plan.run)).save(tmp_path / "out")
    assert read_plan(out).recoded == made.recoded
    wrong = [f for f in verify(out).faults if not f.startswith(("户数范围", "连片", "图形"))]
    assert wrong == []


def test_ground_that_changes_its_grid_alone_is_the_last_story(
    small_plan: Plan, small_study: Study, fabric: Fabric
) -> None:
    """A park of at least 500 m2 goes to the grid beside it; nobody else goes that way."""
    zones = number_zones(small_plan, {})
    grid, units = zones.grid.copy(), fabric.units
    borders = fabric.borders
    a = np.concatenate([borders.a, borders.b])
    b = np.concatenate([borders.b, borders.a])
    is_park = (units["households"].to_numpy() == 0) & (units.geometry.area.to_numpy() >= LEAST_M2)
    ways = set(zip(fabric.codes_today(), np.array(zones.grid_ids, object)[grid], strict=True))
    park, goal = next(
        (u, grid[v])
        for u, v in zip(a.tolist(), b.tolist(), strict=True)
        if is_park[u] and zones.grid_ids[grid[u]] == fabric.codes_today()[u] and grid[u] != grid[v]
        and (fabric.codes_today()[u], zones.grid_ids[grid[v]]) not in ways
    )  # fmt: skip
    grid[park] = goal
    solution, kept = as_solution(fabric, small_study.rules, zones, grid, zones.community.copy())
    stories = make_record(small_study, fabric, solution, kept).stories
    last = stories.iloc[-1]
    assert last["units"] == units["unit_id"].iloc[park]
    assert (last["households"], last["elderly"], last["buildings"]) == (0, 0, 0)
    assert last["grid_id"] == zones.grid_ids[goal]
    assert last["place"].startswith("无户的地")
    assert last["reason"]
    assert last["said"].startswith(f"{last['place']}：")
    assert (stories["households"].iloc[:-1] > 0).all()
