"""The browser's rules and ours agree on every planted case, and theirs are sound JavaScript."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lingwu_grid.revision.checks import Fault, faults_of, fresh_faults, town_from

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "lingwu_grid" / "maps" / "templates" / "review"
VECTORS = json.loads((HERE / "vectors.json").read_text("utf-8"))
NEW = {
    "id": "new-1", "name": "", "range": VECTORS["town"]["gridRange"], "locked": False,
    "enclave": False,
}  # fmt: skip


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda c: c["name"])
def test_our_rules_say_what_was_solved_by_hand(case: dict[str, Any]) -> None:
    town = deepcopy(VECTORS["town"])
    for level in ("grids", "communities"):
        for k, claims in case.get(level, {}).items():
            town[level][int(k)] |= claims
    town["grids"] += [NEW | {"community": c} for c in case.get("new", [])]
    grid = np.array(town["grid"])
    for unit, g in case["give"].items():
        grid[int(unit)] = g
    found = [f._asdict() for f in faults_of(town_from(town), grid)]
    assert found == case["faults"]


@pytest.mark.parametrize("case", VECTORS["fresh"], ids=lambda c: c["name"])
def test_only_what_an_edit_made_or_made_worse_is_its_own(case: dict[str, Any]) -> None:
    now, before = ([Fault(**f) for f in case[key]] for key in ("now", "before"))
    assert [f._asdict() for f in fresh_faults(now, before)] == case["fresh"]


def deno(*arguments: str, at: Path = SOURCES) -> None:
    tool = shutil.which("deno") or str(Path(sys.executable).with_name("deno"))
    done = subprocess.run(  # noqa: S603 - a tool of ours, fixed arguments
        [tool, *arguments], cwd=at, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_the_page_s_rules_say_the_same() -> None:
    deno("test", "--allow-read", "--no-check", str(HERE / "review_test.js"), at=HERE)


def test_the_page_s_sources_are_typed_and_linted() -> None:
    files = sorted(p.name for p in SOURCES.glob("*.js"))
    assert len(files) == 14
    deno("check", *files)
    deno("lint")
