"""From a folder of files to a plan, through the front door."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid.sample_town.town import make_town
from lingwu_grid.sample_town.writing import write_town
from tests.commands import partition as main
from tests.independent import faults, kept_vertex_for_vertex

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "plan.gpkg", "assignment.csv", "excluded.csv", "findings.csv", "changes.csv", "summary.json",
    "run.json", "map.html",
}  # fmt: skip


QUICK = lg.Rules(effort=20, prove=False)
"""A quick search: enough where a plan has only to be lawful."""


def hurry(folder: Path) -> None:
    """Have a study solved with little effort, proofs and all."""
    rules = folder / "boundaries" / "rules.toml"
    rules.write_text("effort = 20\n" + rules.read_text("utf-8"), encoding="utf-8")


def test_the_plan_of_a_town_is_lawful_to_an_independent_reader(
    small_folder: Path, tmp_path: Path
) -> None:
    assert main([str(small_folder), "-o", str(tmp_path / "out"), "--quiet"]) == 0
    assert {p.name for p in (tmp_path / "out").iterdir()} >= FILES
    assert faults(tmp_path / "out", small_folder) == []
    assert kept_vertex_for_vertex(tmp_path / "out", small_folder) > 3


@pytest.mark.parametrize("seed", [11, 12])
def test_other_towns_are_lawful_too(seed: int, tmp_path: Path) -> None:
    write_town(make_town(households=13_000, communities=3, seed=seed), tmp_path / "town")
    hurry(tmp_path / "town")
    arguments = [str(tmp_path / "town"), "-o", str(tmp_path / "out"), "--quiet", "--no-report"]
    assert main(arguments) == 0
    assert faults(tmp_path / "out", tmp_path / "town") == []


def test_summary_counts_what_the_files_hold(small_plan: lg.Plan, tmp_path: Path) -> None:
    out = small_plan.save(tmp_path / "out")
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    plan = pd.read_csv(out / "assignment.csv", dtype=str, encoding="utf-8-sig")
    assert summary["households"] == len(plan)
    assert summary["grids"] == plan.grid_id.nunique()
    stays_in = plan.previous_grid_id.replace(summary["grids_recoded"])
    assert summary["households_moved_grid"] == (plan.grid_id != stays_in).sum()
    assert summary["households_moved_grid"] >= summary["lower_bound"]["unconditional"]
    changes = pd.read_csv(out / "changes.csv", encoding="utf-8-sig")
    either = (plan.grid_id != stays_in) | (plan.community_id != plan.previous_community_id)
    assert changes.households.sum() == either.sum()
    assert {"read", "fabric", "solve", "write"} <= set(summary["seconds"])


def test_the_same_seed_gives_the_same_bytes_on_one_worker_and_on_two(
    small_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_folder, tmp_path / "town")
    hurry(tmp_path / "town")
    for name, workers in (("a", "1"), ("b", "2")):
        arguments = [str(tmp_path / "town"), "-o", str(tmp_path / name), "--quiet", "--no-report"]
        assert main([*arguments, "--seed", "5", "--workers", workers]) == 0
    for name in ("assignment.csv", "changes.csv", "plan.gpkg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_households_alone_are_enough(small_study: lg.Study, tmp_path: Path) -> None:
    degrees = small_study.households.geometry.to_crs(4490)
    (tmp_path / "only").mkdir()
    pd.DataFrame(
        {"id": small_study.households.household_id, "lon": degrees.x, "lat": degrees.y}
    ).to_csv(tmp_path / "only" / "households.csv", index=False)
    plan = lg.partition(tmp_path / "only", QUICK, seed=2)
    assert plan.summary["status"] in ("feasible", "optimal")
    assert plan.summary["households"] == len(small_study.households)
    assert plan.grids.households.between(300, 500).all()
    assert plan.communities.households.between(3000, 5000).all()


def test_gbk_shapefiles_with_chinese_columns_are_read(
    small_folder: Path, small_plan: lg.Plan, tmp_path: Path
) -> None:
    folder = tmp_path / "灵武"
    folder.mkdir()
    _as_gbk_shapefiles(small_folder, folder)
    plan = lg.partition(folder, QUICK, seed=1)
    assert plan.summary["status"] in ("feasible", "optimal")
    assert plan.summary["households"] == small_plan.summary["households"]
    assert set(plan.communities.community_name) == set(small_plan.communities.community_name)


def _as_gbk_shapefiles(source: Path, folder: Path) -> None:
    study = lg.read_study(source)
    homes = study.households[["household_id", "building_id", "geometry"]]
    tables = {
        "居民户": homes.rename(columns={"household_id": "户编号", "building_id": "楼栋"}),
        "现状网格": study.tables["grids"][["grid_id", "community_id", "kind", "geometry"]].rename(
            columns={"grid_id": "网格编码", "community_id": "社区编码", "kind": "类型"}
        ),
        "社区": study.tables["communities"][
            ["community_id", "community_name", "subdistrict_id", "kind", "geometry"]
        ].rename(
            columns={"community_id": "社区编码", "community_name": "社区名称",
                     "subdistrict_id": "街道编码", "kind": "类型"}
        ),
    }  # fmt: skip
    for name, table in tables.items():
        table.to_file(folder / f"{name}.shp", encoding="GB18030")
        (folder / f"{name}.cpg").unlink()


def test_without_grids_the_plan_stays_inside_the_communities(
    small_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "town"
    shutil.copytree(small_folder, folder)
    (folder / "boundaries" / "grids.gpkg").unlink()
    plan = lg.partition(folder, QUICK, seed=3)
    assert plan.summary["status"] in ("feasible", "optimal")
    assert plan.summary["households_moved_grid"] == 0


def test_a_crowd_that_no_number_of_grids_can_hold_is_explained(tmp_path: Path) -> None:
    """550 households fit neither one grid (500) nor two (600)."""
    (tmp_path / "town").mkdir()
    place = pd.DataFrame({"i": range(550)})
    pd.DataFrame(
        {
            "id": place.i,
            "lon": 106.30 + (place.i % 25) * 0.0002,
            "lat": 38.10 + (place.i // 25) * 0.0002,
        }
    ).to_csv(tmp_path / "town" / "households.csv", index=False)
    arguments = [str(tmp_path / "town"), "-o", str(tmp_path / "out"), "--quiet", "--no-report"]
    assert main(arguments) == 3
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    causes = {item["cause"] for item in summary["explanations"]}
    assert causes == {"count_gap_component", "count_gap_communities"}
    assert gpd.read_file(tmp_path / "out" / "plan.gpkg", layer="grids").households.sum() == 550


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "没有居民户文件"),
        ({"households.csv": "姓名,经度\n甲,106.3\n"}, "缺少列"),
        ({"households.csv": "户编号\n1\n"}, "没有坐标"),
        ({"households.csv": "户编号,经度,纬度\n1,106.3,38.1\n", "rules.toml": "margn = 3\n"},
         "您是不是要写 margin"),
        ({"households.csv": "户编号,经度,纬度,状态\n1,106.3,38.1,空置\n"}, "没有一户可以计入"),
    ],
)  # fmt: skip
def test_bad_input_gets_a_sentence(
    files: dict[str, str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "town").mkdir()
    for name, text in files.items():
        (tmp_path / "town" / name).write_text(text, encoding="utf-8")
    assert main([str(tmp_path / "town"), "-o", str(tmp_path / "out"), "--quiet"]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "处理办法" in told
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


def test_a_failed_write_leaves_the_old_output_whole(
    small_plan: lg.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = small_plan.save(tmp_path / "out")
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lingwu_grid.planning.bundle.write_csv", full_disk)
    with pytest.raises(lg.OutputError, match="原有结果没有改动"):
        small_plan.save(out)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_written_plan_is_read_back(small_plan: lg.Plan, tmp_path: Path) -> None:
    again = lg.read_plan(small_plan.save(tmp_path / "out"))
    assert list(again.grids.grid_id) == list(small_plan.grids.grid_id)
    assert len(again.assignment) == len(small_plan.assignment)
    assert again.compare(small_plan)["本方案"].equals(again.compare(small_plan)["对照方案"])


def test_locked_grids_keep_their_households_and_polygon(
    small_study: lg.Study, small_plan: lg.Plan
) -> None:
    grids = small_plan.grids
    touched = grids[(grids.lineage == "调整") & grids.previous_grid_ids.str.contains("")]
    today = small_plan.assignment.groupby("previous_grid_id").size()
    lawful = [g for g in touched.grid_id if 300 <= today.get(g, 0) <= 500]
    assert lawful, "the town must have an adjusted grid that could have stayed"
    rules = small_study.rules.with_(locked_grids=(lawful[0],), effort=20, prove=False)
    plan = lg.partition(small_study, rules, seed=1)
    kept = plan.grids.set_index("grid_id").loc[lawful[0]]
    assert (kept.lineage, kept.households) == ("不变", today[lawful[0]])


def test_a_margin_keeps_clear_of_both_bounds(small_study: lg.Study) -> None:
    plan = lg.partition(
        small_study, small_study.rules.with_(margin=10, effort=20, prove=False), seed=1
    )
    plain = plan.grids[plan.grids.status == "合规"]
    assert plain.households.between(310, 490).all()
