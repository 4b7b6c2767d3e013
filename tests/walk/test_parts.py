"""A study in parts: on this machine and on a cluster, through dying workers and killed runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from selenium.webdriver.common.by import By

import lingwu_grid as lg
from benchmarks.prefecture import write_prefecture
from lingwu_grid.maps.pages import file_of
from lingwu_grid.papers.filling import blank, read_filling
from lingwu_grid.papers.ledger import write_ledger
from lingwu_grid.planning.identity import plan_id
from lingwu_grid.planning.streets import streets_of
from lingwu_grid.scale.connecting import CONNECT_SECONDS
from lingwu_grid.verification import verify
from tests.browsing import open_page
from tests.commands import partition as main
from tests.commands import review as review_main
from tests.independent import faults
from tests.revision.test_patch import border_units, edit, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver.chrome.webdriver import WebDriver

SAME = ("assignment.csv", "plan.gpkg", "changes.csv", "buildings.csv", "certificate.json")
COMMAND = (sys.executable, "-m", "lingwu_grid.partition")


@pytest.fixture(scope="module")
def prefecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three towns of 5,500 households, each a street and a town of villages."""
    folder: Path = tmp_path_factory.mktemp("prefecture") / "study"
    write_prefecture(folder, towns=3, households=5_500)
    rules = folder / "boundaries" / "rules.toml"
    rules.write_text(
        "part_households = 4000\neffort = 20\n" + rules.read_text("utf-8"), encoding="utf-8"
    )
    study = lg.read_study(folder)
    lived = study.table("buildings").set_index("building_id")["compound_id"]
    compounds = lived.reindex(study.households["building_id"]).dropna()
    wanted = [*compounds[compounds != ""].unique()[[0, -1]], "没有的"]
    growth = pd.DataFrame({"compound_id": wanted, "households": [900, -5, 900],
                           "date": "2027-06-30"})  # fmt: skip
    growth.to_csv(folder / "boundaries" / "growth.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def alone(prefecture: Path) -> Path:
    """The plan of one process."""
    out = prefecture.with_name("alone")
    assert main([str(prefecture), "-o", str(out), "--workers", "1", "--quiet", "--no-report"]) == 0
    return out


def assert_same_bytes(out: Path, other: Path) -> None:
    for name in SAME:
        assert (out / name).read_bytes() == (other / name).read_bytes(), name


def test_the_plan_in_parts_is_lawful_and_counts_every_row(prefecture: Path, alone: Path) -> None:
    assert verify(alone).faults == []
    assert faults(alone, prefecture) == []
    rows = sum(len(pd.read_parquet(p)) for p in (prefecture / "households").glob("*/*.parquet"))
    listed = [pd.read_csv(alone / f"{n}.csv", dtype=str) for n in ("assignment", "excluded")]
    assert sum(map(len, listed)) == rows
    assert not listed[0]["household_id"].duplicated().any()
    summary = json.loads((alone / "summary.json").read_text("utf-8"))
    assert [p["part"] for p in summary["parts"]] == sorted(p["part"] for p in summary["parts"])
    assert len(summary["parts"]) == 6
    assert summary["households"] == len(listed[0])
    today = listed[0]["previous_grid_id"].replace(summary["grids_recoded"])
    moved = listed[0]["grid_id"] != today
    assert summary["households_moved_grid"] == moved.sum()
    assert summary["lower_bound"]["within_plan"] <= moved.sum()
    assert not list(alone.parent.glob(".alone*")), "what a run leaves beside its output is gone"


def test_growth_goes_to_its_part_and_what_is_nowhere_is_told_once(alone: Path) -> None:
    plan = lg.read_plan(alone)
    outlook = plan.tables["outlook"]
    assert outlook.loc[outlook["level"] == "网格", "change"].sum() == 895
    assert outlook["community_id"].nunique() == 2
    unread = plan.findings[plan.findings["code"] == "growth_unread"]
    assert unread["message"].str.contains("没有小区 没有的").tolist() == [True]
    assert plan.summary["zones_leaving"] == (plan.findings["code"] == "growth_out").sum() > 0


def test_each_part_tells_its_own_figures(alone: Path) -> None:
    whole = lg.read_plan(alone)
    parts = list(whole.parts())
    assert len(parts) == 6
    for part in parts:
        grids, communities, told = part.grids, part.communities, part.summary
        assert told["grids"] == len(grids)
        assert told["grids_in_range"] == (grids["status"] == "合规").sum()
        assert told["communities_in_range"] == (communities["status"] == "合规").sum()
        assert told["grids_touched"] == (grids["lineage"] != "不变").sum()
        assert told["exceptions"] == sum(
            (z["status"] == "例外").sum() for z in (grids, communities)
        )
    for key in ("tight_zones", "grids_in_range", "affected", "zones_leaving"):
        assert sum(part.summary[key] for part in parts) == whole.summary[key], key


def test_each_street_has_pages_of_its_own(alone: Path) -> None:
    page = (alone / "map.html").read_text("utf-8")
    streets = sorted(p.name for p in (alone / "streets").glob("*.html"))
    assert len(streets) == 6
    for name in streets:
        assert f'href="streets/{name}"' in page
        assert (alone / "review" / name).is_file()
        assert (alone / "share" / name).is_file()
    assert "合成数据" in page


def test_what_a_street_filled_in_outlives_the_next_plan(alone: Path, tmp_path: Path) -> None:
    out = shutil.copytree(alone, tmp_path / "out")
    plan = lg.read_plan(out)
    name, part = plan.run["parts"][0], next(iter([*plan.parts()]))
    street = next(s for s in streets_of(plan) if name.startswith(s))
    own = out / "streets" / Path(file_of(plan, street, part=name)).stem
    own.mkdir()
    filling = blank(part)
    filling.grids.iloc[0, filling.grids.columns.get_loc("备注")] = "有人写了"
    write_ledger(part, filling, own / "ledger.xlsx")
    plan.save(out)
    kept = read_filling(own / "ledger.xlsx", part)
    assert (kept.grids["备注"] == "有人写了").sum() == 1
    assert len(list(out.glob("streets/*/ledger.xlsx"))) == 1


def test_wishes_of_two_streets_go_into_one_new_plan(
    prefecture: Path, alone: Path, tmp_path: Path
) -> None:
    plan = lg.read_plan(alone)
    street = plan.communities.set_index("community_id")["subdistrict_id"].astype(str)
    owner = plan.grids.set_index("grid_id")["community_id"].map(street)
    wishes = {owner[wish[1]]: wish for wish in border_units(plan, lawful=True)}
    first, second = sorted(wishes)[:2]
    files = [
        written(tmp_path, plan, f"{s}.json", street=s, edits=[edit(*wishes[s])])
        for s in (second, first)
    ]  # fmt: skip
    rest = ["--study", str(prefecture), "--quiet", "--workers", "1", "--no-report", "-o"]
    out = tmp_path / "out"
    assert review_main([str(alone), *map(str, files), *rest, str(out)]) == 0
    assert verify(out).faults == []
    made = lg.read_plan(out)
    assert made.units["unit_id"].tolist() == plan.units["unit_id"].tolist()
    changed = (made.units["grid_id"] != plan.units["grid_id"]).to_numpy()
    assert set(made.units["unit_id"][changed]) == {wishes[first][0], wishes[second][0]}
    told = pd.read_csv(out / "answers.csv", dtype=str)
    assert told["file"].tolist() == [f"{second}.json", f"{first}.json"]
    assert told["result"].tolist() == ["采纳", "采纳"]
    assert made.run["review"]["plan"] == plan_id(plan.units)
    assert sorted(p.name for p in (out / "streets").iterdir()) == sorted(
        p.name for p in (alone / "streets").iterdir()
    )
    locked = written(tmp_path, plan, "lock.json", street=first, locks=[wishes[first][1]])
    none = tmp_path / "none"
    assert review_main([str(alone), *map(str, [*files, locked]), *rest, str(none)]) == 2
    assert not none.exists()


def test_the_overview_opens_offline_and_finds_a_street(browser: WebDriver, alone: Path) -> None:
    assert open_page(browser, alone / "map.html") == []
    rows = browser.find_elements(By.CSS_SELECTOR, "#streets tbody tr")
    assert len(rows) == 6
    browser.find_element(By.ID, "search").send_keys("东塔")
    assert [r.is_displayed() for r in rows] == [
        "东塔" in r.get_attribute("textContent") for r in rows
    ]
    rows[-1].find_element(By.TAG_NAME, "a").click()
    assert "/streets/" in browser.current_url
    assert "网格方案" in browser.title


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and three workers, each a process of its own, on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    port = address.rpartition(":")[2]
    tool = (sys.executable, "-m", "distributed.cli")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = [
        subprocess.Popen(  # noqa: S603 - our own cluster
            [*tool[:2], "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port,
             "--dashboard-address", "127.0.0.1:0"], **quiet,
        )
    ]  # fmt: skip
    run += [
        subprocess.Popen(  # noqa: S603 - our own cluster
            [*tool[:2], "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny",
             "--host", "127.0.0.1", "--no-dashboard"], **quiet,
        )
        for _ in range(3)
    ]  # fmt: skip
    time.sleep(6)
    yield address, run
    for process in run[::-1]:
        process.kill()
        process.wait()


def test_a_cluster_gives_the_same_bytes_though_a_worker_is_killed(
    prefecture: Path, alone: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, processes = cluster
    out = prefecture.with_name("cluster")
    said = []
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, str(prefecture), "-o", str(out), "--workers", address, "--no-report"],
        stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        for line in run.stderr or ():
            said.append(line)
            if "部分完成；" in line and processes[1].poll() is None:
                processes[1].kill()  # in the middle of its part
    assert run.returncode == 0, "".join(said)
    assert processes[1].poll() is not None, "no worker was killed"
    assert_same_bytes(out, alone)


def test_no_scheduler_is_a_sentence(
    prefecture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        assert main([str(prefecture), "-o", str(tmp_path / "o"), "--workers", address]) == 2
    assert CONNECT_SECONDS < 10, "the planner waits no longer to be told"
    said = capsys.readouterr().err
    assert f"连不上 Dask 调度器 {address}" in said
    assert "Traceback" not in said


def test_the_notebook_gives_the_bytes_of_the_command(
    prefecture: Path, alone: Path, tmp_path: Path
) -> None:
    plan = lg.partition(prefecture, workers=2)
    assert len(plan.pieces) == 6
    assert_same_bytes(plan.save(tmp_path / "folder", workers=2), alone)
    study = lg.read_study(prefecture)
    assert_same_bytes(lg.partition(study, workers=2).save(tmp_path / "study"), alone)


def test_a_killed_run_goes_on_where_it_was(prefecture: Path, alone: Path) -> None:
    out = prefecture.with_name("killed")
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, str(prefecture), "-o", str(out), "--workers", "1", "--no-report"],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as run:  # fmt: skip
        for line in run.stderr or ():
            if "3/6 部分完成" in line:
                os.killpg(run.pid, signal.SIGKILL)
    assert not out.exists()
    store = out.with_name(f".{out.name}.parts")
    there = {p.parent.name: p.stat().st_mtime_ns for p in store.glob("plan-*/plain.json")}
    assert len([n for n in there if n.startswith("plan-")]) >= 2
    again = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, str(prefecture), "-o", str(out), "--workers", "1", "--no-report"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert "接着上次" in again.stderr
    assert_same_bytes(out, alone)
    assert not store.exists()
