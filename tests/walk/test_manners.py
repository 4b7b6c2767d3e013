"""Manners of the command: it stops when told, obeys exceptions, and keeps to its scenario."""

from __future__ import annotations

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid import api
from lingwu_grid.circle.coverage import measure
from lingwu_grid.contract.rules import Exemption
from lingwu_grid.lawful import UNLAWFUL_RUNS, run_status
from tests.commands import command as command_of
from tests.commands import partition as main

if TYPE_CHECKING:
    from lingwu_grid.circle.coverage import Coverage


def quick(study: lg.Study, **rules: Any) -> lg.Rules:  # noqa: ANN401 - settings of any kind
    """Give rules for a quick search: enough where a plan has only to keep them."""
    return study.rules.with_(effort=20, prove=False, **rules)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a child")
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_stop_leaves_a_whole_plan(
    told: signal.Signals, small_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "lingwu_grid.partition", str(small_folder), "-o", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as run:  # noqa: S603
        assert run.stderr is not None
        for line in run.stderr:
            if "个单元" in line.decode():
                run.send_signal(told)
                break
        said = run.communicate(timeout=120)[0].decode()
    assert run.returncode == 130
    # What residents and offices get is not made of a plan that was cut short; it is said, and how.
    assert not {p.name for p in out.iterdir()} & {"share", "review", "report.docx", "atlas.pdf"}
    assert (out / "map.html").is_file()
    assert "没有写的：服务圈、外发图、审议页、台账、报告、图集" in said
    measure, papers = re.findall(r"lingwu_grid\.(coverage|report) ([^（\n]+)", said)
    assert command_of(measure[0], measure[1].split()) == 0
    assert command_of(papers[0], papers[1].split()) == 0
    there = {p.name for p in out.iterdir()}
    assert there >= {"coverage.json", "share", "review", "ledger.xlsx", "report.docx", "atlas.pdf"}
    assert "disclosure" in json.loads((out / "certificate.json").read_text("utf-8"))
    plan = pd.read_csv(out / "assignment.csv", dtype=str, encoding="utf-8-sig")
    assert len(plan) == json.loads((out / "summary.json").read_text("utf-8"))["households"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes")
def test_a_reader_that_goes_away_breaks_nothing() -> None:
    """``verify ... | head`` reads one line and closes the pipe."""
    work = (
        "import sys; from lingwu_grid.cli import run, say_result\n"
        "def work():\n"
        "    for _ in range(3): say_result('一行' * 50_000)\n"
        "    return 3\n"
        "sys.exit(run(work))"
    )
    command = [sys.executable, "-c", work]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:  # noqa: S603
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.read(10)
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 3


def test_a_time_limit_still_writes_every_household(small_folder: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    arguments = [
        str(small_folder),
        "-o",
        str(tmp_path / "out"),
        "--quiet",
        "--time-limit",
        "0",
        "--no-report",
    ]
    assert main(arguments) in (0, 3)
    assert time.monotonic() > began
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert (summary["status"] not in UNLAWFUL_RUNS) == (summary["explanations"] == [])


def test_what_a_time_limit_cuts_short_says_what_it_goes_without(
    small_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main([str(small_folder), "-o", str(out), "--quiet", "--time-limit", "0"]) == 3
    assert "没有写的：服务圈、外发图、审议页、台账、报告、图集" in capsys.readouterr().out
    assert not (out / "share").exists()


@pytest.mark.parametrize("limit", [None, 600.0])
def test_within_a_time_limit_the_plan_is_written_before_walks_are_measured(
    small_study: lg.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: float | None
) -> None:
    out, seen = tmp_path / "out", []

    def measured(study: lg.Study, plan: lg.Plan) -> Coverage:
        seen.append(lg.read_plan(out).summary["affected"] if out.exists() else None)
        return measure(study, plan)

    monkeypatch.setattr(api, "measure", measured)
    plan = lg.partition(small_study, quick(small_study), time_limit=limit, beside=out)
    assert plan.summary["status"] in ("feasible", "optimal")
    assert plan.service is not None
    assert seen == [None if limit is None else plan.summary["affected"]]


def test_an_exception_makes_a_small_grid_lawful_with_its_reason(
    small_study: lg.Study, small_plan: lg.Plan
) -> None:
    today = small_plan.assignment.groupby("previous_grid_id").size()
    small = [
        g for g in today[(today >= 100) & (today < 300)].index if g in set(small_plan.grids.grid_id)
    ]
    assert small, "the town must have a grid under the range"
    grant = Exemption("老旧小区", "无物业的老旧小区，单独设网格", grid_id=small[0], lower=100)
    # Locked, so that no neighbour too large fills it up.
    rules = quick(small_study, exceptions=(grant,), locked_grids=(small[0],))
    plan = lg.partition(small_study, rules, seed=1)
    row = plan.grids.set_index("grid_id").loc[small[0]]
    assert plan.summary["status"] in ("feasible", "optimal")
    assert row.households == today[small[0]]
    assert (row.status, row.reason) == ("例外", "老旧小区：无物业的老旧小区，单独设网格")


def test_fixed_communities_keep_every_household(small_study: lg.Study) -> None:
    plan = lg.partition(small_study, quick(small_study, communities="fixed"), seed=1)
    assert plan.summary["households_moved_community"] == 0
    enclave = plan.assignment.merge(plan.grids[["grid_id", "community_id"]], on="grid_id")
    assert (enclave.community_id_x == enclave.community_id_y).all()


@pytest.mark.parametrize("scenario", ["balanced", "redraw"])
def test_other_scenarios_are_lawful_and_nearer_the_middle(
    scenario: str, small_study: lg.Study, small_plan: lg.Plan
) -> None:
    plan = lg.partition(small_study, quick(small_study, scenario=scenario), seed=1)
    assert plan.summary["status"] in ("feasible", "optimal")

    def spread(table: pd.DataFrame) -> float:
        return float((table[table.kind == "basic"].households - 400).abs().mean())

    assert spread(plan.grids) < spread(small_plan.grids)


def test_communities_may_be_formed_anew(small_study: lg.Study) -> None:
    plan = lg.partition(small_study, quick(small_study, communities="redraw"), seed=1)
    urban = plan.communities[plan.communities.status != "例外"]
    assert plan.grids.households[plan.grids.kind == "basic"].between(300, 500).all()
    assert plan.communities.households.sum() == len(plan.assignment)
    assert len(urban) >= 2


def test_nobody_elses_files_are_overwritten(
    small_plan: lg.Plan, small_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("mine", encoding="utf-8")
    for target in (tmp_path / "letters", tmp_path / "letters" / "mine.txt"):
        with pytest.raises(lg.OutputError, match=r"已有一个文件|别的东西"):
            small_plan.save(target)
        assert main([str(small_folder), "-o", str(target), "--quiet"]) == 2
    assert (tmp_path / "letters" / "mine.txt").read_text(encoding="utf-8") == "mine"
    out = small_plan.save(tmp_path / "out")
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    small_plan.save(out)
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_missing_rules_file_is_a_sentence(
    small_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(small_folder), "-o", str(tmp_path / "out"), "--quiet"]
    assert main([*arguments, "--rules", str(tmp_path / "none.toml")]) == 2
    assert "找不到设置文件" in capsys.readouterr().err


def test_not_found_is_not_called_impossible(capsys: pytest.CaptureFixture[str]) -> None:
    # A command is run, never imported: its name belongs to the function of the package.
    report = runpy.run_path(str(Path(lg.__file__).parent / "partition.py"))["_report"]
    bounds = {"global": 1}
    summary = {
        "households": 9, "grids": 2, "grids_in_range": 1, "communities": 1,
        "communities_in_range": 1, "exceptions": 0, "households_moved_grid": 3,
        "households_moved_community": 1,
        "moved_share": 0.3, "affected": 3, "price_of_clear_borders": 0, "tight_zones": 0,
        "zones_leaving": 2, "lower_bound": bounds, "gap": None,
    }  # fmt: skip
    said = {"message": "差", "remedy": "加", "repairs": [], "households": 2993, "short": 7}
    for causes, status, told in (
        (["grid_out_of_range"], "unfinished", True),
        (["unit_over_limit"], "infeasible", False),
        (["unit_over_limit", "grid_out_of_range"], "infeasible", True),
    ):
        assert run_status(causes) == status
        wrong = [said | {"cause": cause} for cause in causes]
        now = {**summary, "explanations": wrong, "status": status}
        assert report(now, Path("o"), interrupted=False) == 3
        assert ("还差 7 户" in capsys.readouterr().out) == told
    done = {**summary, "explanations": [], "status": run_status([])}
    assert report(done, Path("o"), interrupted=False) == 0
    assert "三年内会超出范围的 2 个" in capsys.readouterr().out
    assert report(done, Path("o"), interrupted=True) == 130
