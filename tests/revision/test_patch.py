"""Patches: read with care, merged without deciding, applied with the least further change."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid.api import review
from lingwu_grid.planning.identity import plan_id
from lingwu_grid.revision.merging import merge, require_fit
from lingwu_grid.revision.patch import SCHEMA, digest, read_patch
from lingwu_grid.verification import verify
from tests.commands import review as main

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, about: lg.Plan, name: str, **content: Any) -> Path:  # noqa: ANN401 - JSON
    """Write what the page would."""
    street = str(about.communities["subdistrict_id"].iloc[0])
    whole = {
        "schema": SCHEMA, "plan": plan_id(about.units), "street": street, "reviewer": "审议人",
        "edits": [], "new_grids": [], "locks": [], "comments": [],
    } | content  # fmt: skip
    whole["hash"] = digest(whole) if "hash" not in content else content["hash"]
    path = folder / name
    path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return path


def border_units(plan: lg.Plan, *, lawful: bool) -> list[tuple[str, str, str]]:
    """List units on the border of two grids of a community that one may, or may not, give up."""
    units = plan.units
    grid, owner = units["grid_id"].to_numpy(), units["community_id"].to_numpy()
    size = plan.grids.set_index("grid_id")["households"]
    kind = plan.grids.set_index("grid_id")["kind"]
    found = []
    town = nx.Graph(plan.certificate["joins"])
    joins = [tuple(pair) for pair in plan.certificate["joins"]]
    for a, b in [*joins, *((b, a) for a, b in joins)]:  # either may be given to the other's grid
        n = units["households"].iloc[a]
        if grid[a] == grid[b] or owner[a] != owner[b] or not 4 < n < 60:
            continue
        if "special" in (kind[grid[a]], kind[grid[b]]):
            continue
        fits = size[grid[a]] - n >= 300 and size[grid[b]] + n <= 500
        rest = town.subgraph(set(np.flatnonzero(grid == grid[a]).tolist()) - {a})
        if lawful and not nx.is_connected(rest):
            continue
        if fits == lawful:
            found.append((units["unit_id"].iloc[a], grid[a], grid[b]))
    return found


def edit(unit: str, before: str, after: str) -> dict[str, str]:
    return {"unit": unit, "from": before, "to": after}


def test_what_is_no_patch_is_a_sentence(tmp_path: Path, small_plan: lg.Plan) -> None:
    path = tmp_path / "p.json"
    for text, wrong in (("{", "不是 JSON"), ("[]", "schema"), ('{"schema": "x"}', "schema")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(lg.InputError, match=wrong):
            read_patch(path)
    with pytest.raises(lg.InputError, match="没有这个意见文件"):
        read_patch(tmp_path / "none.json")
    with pytest.raises(lg.InputError, match="给的是文件夹"):
        read_patch(tmp_path)
    for text, x in (("桥", 10**400), ("\ud800", 1)):
        content = json.loads(written(tmp_path, small_plan, "p.json").read_text("utf-8"))
        content["comments"] = [{"x": x, "y": 1, "grid": "", "text": text}]
        path.write_text(json.dumps(content | {"hash": digest(content)}), encoding="utf-8")
        with pytest.raises(lg.InputError, match="格式不对"):
            read_patch(path)
    path = written(tmp_path, small_plan, "p.json", edits=[{"unit": 3, "from": "a", "to": "b"}])
    with pytest.raises(lg.InputError, match="不是审议意见文件"):
        read_patch(path)
    path = written(tmp_path, small_plan, "p.json", hash="0" * 64)
    with pytest.raises(lg.InputError, match="改动过"):
        read_patch(path)


def test_a_patch_for_something_else_is_refused(tmp_path: Path, small_plan: lg.Plan) -> None:
    path = written(tmp_path, small_plan, "p.json", plan="0123456789ab")
    with pytest.raises(lg.InputError, match="另一个方案"):
        require_fit(small_plan, read_patch(path))
    unit, before, after = border_units(small_plan, lawful=True)[0]
    path = written(tmp_path, small_plan, "p.json", edits=[
        edit("没有", before, after), edit(unit, after, before), edit(unit, before, "无此网格"),
    ])  # fmt: skip
    with pytest.raises(lg.InputError, match=r"没有单元 没有.*没有网格 无此网格.*在方案里属"):
        require_fit(small_plan, read_patch(path))


def test_a_lawful_wish_moves_nothing_else(
    tmp_path: Path, small_study: lg.Study, small_plan: lg.Plan
) -> None:
    unit, before, after = border_units(small_plan, lawful=True)[0]
    shape = small_plan.units.set_index("unit_id").geometry[unit].representative_point()
    path = written(
        tmp_path, small_plan, "p.json", edits=[edit(unit, before, after)],
        comments=[
            {"x": round(shape.x * 1e6), "y": round(shape.y * 1e6), "grid": before, "text": "桥"}
        ],
    )  # fmt: skip
    reviewed = review(small_study, small_plan, [read_patch(path)])
    assert reviewed.plan is not None
    now = reviewed.plan.units["grid_id"].to_numpy()
    changed = small_plan.units["unit_id"][now != small_plan.units["grid_id"].to_numpy()]
    assert changed.tolist() == [unit]
    assert len(reviewed.repairs) == 0
    assert set(reviewed.plan.grids["grid_id"]) == set(small_plan.grids["grid_id"])
    told = reviewed.answers.set_index("kind")["result"]
    assert told["调整"] == "采纳"
    assert "户调整为" in told["意见"]
    assert verify(reviewed.plan.save(tmp_path / "out")).faults == []


def test_an_unlawful_wish_is_mended_or_refused(
    tmp_path: Path, small_study: lg.Study, small_plan: lg.Plan
) -> None:
    outcomes = set()
    for unit, before, after in border_units(small_plan, lawful=False):
        if True in outcomes:
            break
        path = written(tmp_path, small_plan, "p.json", edits=[edit(unit, before, after)])
        reviewed = review(small_study, small_plan, [read_patch(path)])
        outcomes.add(reviewed.plan is not None)
        if reviewed.plan is None:
            assert any(zone in " ".join(reviewed.faults) for zone in (before, after))
            continue
        assert len(reviewed.repairs) > 0
        now = reviewed.plan.units.set_index("unit_id")["grid_id"]
        assert now[unit] == after
        assert (reviewed.repairs["unit_id"] != unit).all()
        lawful = small_plan.summary["grids_in_range"]
        assert reviewed.plan.summary["grids_in_range"] >= lawful
        assert verify(reviewed.plan.save(tmp_path / "out")).faults == []
    assert True in outcomes


def test_a_wish_is_never_taken_back_in_silence(
    tmp_path: Path, small_study: lg.Study, small_plan: lg.Plan
) -> None:
    """A lived unit is given to a grid across the town, where nothing can join it."""
    units = small_plan.units
    points = units.geometry.representative_point().to_crs(4544)
    lived = units[units["households"].between(1, 5)]
    street = small_plan.communities.set_index("community_id")["subdistrict_id"]
    for row in lived.itertuples():
        far = units[units["community_id"].map(street) == street[row.community_id]]
        to = far.loc[points[far.index].distance(points[row.Index]).idxmax(), "grid_id"]
        break
    path = written(tmp_path, small_plan, "p.json", edits=[edit(row.unit_id, row.grid_id, to)])
    reviewed = review(small_study, small_plan, [read_patch(path)])
    if reviewed.plan is None:
        assert any(to in fault for fault in reviewed.faults)
        assert reviewed.answers["result"].str.startswith("未采纳").all()
    else:
        now = reviewed.plan.units.set_index("unit_id")["grid_id"]
        assert now[row.unit_id] == to


def test_two_files_of_one_name_open_two_grids(tmp_path: Path, small_plan: lg.Plan) -> None:
    owners = small_plan.communities["community_id"].tolist()[:2]
    patches = []
    for folder, owner in zip("甲乙", owners, strict=True):
        (tmp_path / folder).mkdir()
        units = small_plan.units
        mine = units[(units["community_id"] == owner) & (units["households"] > 0)].iloc[0]
        patches.append(
            read_patch(
                written(
                    tmp_path / folder, small_plan, "审议意见.json",
                    edits=[edit(mine.unit_id, mine.grid_id, "new-1")],
                    new_grids=[{"id": "new-1", "community": owner}],
                )
            )
        )  # fmt: skip
    merged = merge(patches, small_plan)
    assert merged.conflicts == ()
    assert sorted(merged.new_grids.values()) == sorted(owners)
    assert len(set(merged.target.values())) == 2
    twice = merge([patches[0], patches[0]], small_plan)
    assert twice.conflicts == ()
    assert len(twice.new_grids) == 1


def test_locks_stand_in_whatever_order_the_files_come(tmp_path: Path, small_plan: lg.Plan) -> None:
    unit, before, after = border_units(small_plan, lawful=True)[0]
    first = read_patch(written(tmp_path, small_plan, "甲.json", locks=[before]))
    second = read_patch(
        written(tmp_path, small_plan, "乙.json", edits=[edit(unit, before, after)], locks=[before])
    )
    told = [merge(order, small_plan).conflicts for order in ([first, second], [second, first])]
    assert told[0] == told[1]
    assert "甲.json 要求锁定" in told[0][0]


def test_offices_that_disagree_are_told_and_nothing_is_decided(
    tmp_path: Path, small_plan: lg.Plan, small_folder: Path
) -> None:
    unit, before, after = border_units(small_plan, lawful=True)[0]
    third = next(g for g in small_plan.grids["grid_id"] if g not in (before, after))
    first = written(tmp_path, small_plan, "甲.json", edits=[edit(unit, before, after)])
    second = written(tmp_path, small_plan, "乙.json", edits=[edit(unit, before, third)])
    locking = written(tmp_path, small_plan, "丙.json", locks=[before])
    patches = [read_patch(first), read_patch(second)]
    merged = merge(patches, small_plan)
    assert merged.contested == (unit,)
    assert merged.target == {}
    assert "甲.json" in merged.conflicts[0]
    assert "乙.json" in merged.conflicts[0]
    assert "锁定" in merge([read_patch(first), read_patch(locking)], small_plan).conflicts[0]
    # What one office changes and locks itself is no conflict.
    own = written(tmp_path, small_plan, "丁.json", edits=[edit(unit, before, after)], locks=[after])
    assert merge([read_patch(own)], small_plan).conflicts == ()
    out = small_plan.save(tmp_path / "plan")
    arguments = [str(out), str(first), str(second), "--study", str(small_folder), "--quiet"]
    assert main(arguments) == 2
    assert not (tmp_path / "plan-review").exists()
    assert main([*arguments, "--skip-conflicts"]) == 0
    rows = pd.read_csv(tmp_path / "plan-review" / "answers.csv", dtype=str)
    assert rows["result"].str.contains("冲突").all()


def test_a_new_grid_gets_the_next_code_and_the_rest_keep_theirs(
    tmp_path: Path, small_study: lg.Study, small_plan: lg.Plan
) -> None:
    """Every unit of one grid is given to a new one: the same ground under a new number."""
    units, grids = small_plan.units, small_plan.grids
    grid = grids[(grids["kind"] == "basic") & (grids["lineage"] == "不变")].iloc[0]
    inside = units["unit_id"][units["grid_id"] == grid.grid_id]
    path = written(
        tmp_path, small_plan, "p.json",
        edits=[edit(u, grid.grid_id, "new-1") for u in inside],
        new_grids=[{"id": "new-1", "community": grid.community_id}],
    )  # fmt: skip
    reviewed = review(small_study, small_plan, [read_patch(path)])
    assert reviewed.plan is not None
    before, after = set(grids["grid_id"]), set(reviewed.plan.grids["grid_id"])
    assert before - after == {grid.grid_id}
    (fresh,) = after - before
    assert fresh.startswith(grid.community_id)
    assert reviewed.plan.assignment["grid_id"].eq(fresh).sum() == grid.households


def test_a_review_needs_the_data_of_the_plan(
    tmp_path: Path, small_plan: lg.Plan, small_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(small_folder, other)
    roads = other / "boundaries" / "roads.geojson"
    roads.write_text(roads.read_text("utf-8") + "\n", encoding="utf-8")
    out = small_plan.save(tmp_path / "plan")
    path = written(tmp_path, small_plan, "p.json")
    assert main([str(out), str(path), "--study", str(other), "--quiet"]) == 2
    assert "roads.geojson" in capsys.readouterr().err
    assert np.array_equal(lg.read_plan(out).units["unit_id"], small_plan.units["unit_id"])


def test_the_same_file_sent_twice_is_one_wish(tmp_path: Path, small_plan: lg.Plan) -> None:
    unit, before, _ = border_units(small_plan, lawful=True)[0]
    owner = small_plan.grids.set_index("grid_id")["community_id"][before]
    content = {
        "edits": [edit(unit, before, "new-1")], "new_grids": [{"id": "new-1", "community": owner}],
    }  # fmt: skip
    twice = [read_patch(written(tmp_path, small_plan, n, **content)) for n in ("a.json", "b.json")]
    merged = merge(twice, small_plan)
    assert merged.conflicts == ()
    assert len(merged.new_grids) == 1


def test_a_patch_of_another_street_or_with_a_taken_code_is_refused(
    tmp_path: Path, small_plan: lg.Plan
) -> None:
    unit, before, after = border_units(small_plan, lawful=True)[0]
    asked = {"edits": [edit(unit, before, after)]}
    path = written(tmp_path, small_plan, "p.json", street="999", **asked)
    with pytest.raises(lg.InputError, match="没有街道 999"):
        require_fit(small_plan, read_patch(path))
    taken = [{"id": after, "community": small_plan.grids["community_id"].iloc[0]}]
    path = written(tmp_path, small_plan, "p.json", new_grids=taken, **asked)
    with pytest.raises(lg.InputError, match=f"新网格的编号 {after} 已有网格在用"):
        require_fit(small_plan, read_patch(path))
