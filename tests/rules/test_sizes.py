"""Is a zone in range? One table of edges, through every place that decides it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid.audit.today import today
from lingwu_grid.contract.rules import Band, Exemption
from lingwu_grid.engine.exact.branching import Limits, solve_exact
from lingwu_grid.engine.exact.extract import zones_model
from lingwu_grid.engine.search._kernels import out_of_range
from lingwu_grid.engine.search.search import violation
from lingwu_grid.lawful import (
    ANY,
    Allowed,
    Bands,
    community_bands,
    grid_bands,
    short_by,
    side,
    standing,
)
from lingwu_grid.revision.checks import faults_of, town_from
from lingwu_grid.verification import _sizes
from tests.engine.towns import PRICES, draft_of, lattice_part
from tests.walk.planted import Block, write_strip

CASES = json.loads((Path(__file__).parent / "sizes.json").read_text("utf-8"))
TABLE = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
OF_GRIDS = [case for case in CASES if case["usual"] == [300, 500] and 0 < case["size"] < 9000]


def allowed(case: dict[str, Any]) -> Allowed:
    if case["own"] is None:
        return Allowed(*case["usual"])
    lower, upper = case["own"]
    return Allowed(lower, ANY if upper is None else upper, "有批复")


@TABLE
def test_the_one_home_of_the_rule(case: dict[str, Any]) -> None:
    band, usual = allowed(case), Band(*case["usual"])
    status, reason = standing(case["size"], band, usual)
    assert status == case["status"]
    assert side(case["size"], band, usual) == case["side"]
    assert (reason == "有批复") == (status == "例外")
    assert (reason == "") == (status == "合规")
    if status == "超限":
        assert f"{abs(case['out'])} 户" in reason
        assert ("例外的" in reason) == (case["own"] is not None)
    bands = Bands(usual, 0, {"Z": band} if case["own"] else {})
    assert bands.standing("Z", case["size"]).status == case["status"]
    assert bands.as_plain() == ({"Z": case["own"]} if case["own"] else {})


@TABLE
def test_the_solver_counts_the_same_households_out_of_range(case: dict[str, Any]) -> None:
    lower, upper, _ = allowed(case)
    assert out_of_range(case["size"], lower, upper) == abs(case["out"])
    n = np.array([case["size"]])
    band = np.array([lower]), np.array([upper])
    assert short_by(n, n, *band).tolist() == [abs(case["out"])]


@pytest.mark.parametrize("case", OF_GRIDS, ids=lambda case: case["name"])
def test_the_models_pay_for_the_same_households(case: dict[str, Any]) -> None:
    """One unit, one grid, nowhere to go: what the model pays is what is out of range."""
    lower, upper, _ = allowed(case)
    part = lattice_part(1, 1, [case["size"]], np.zeros(1, np.int32), (lower, upper), spare=0)
    draft = draft_of(part, np.zeros(1))
    assert violation(part, draft) == abs(case["out"])
    model = zones_model(part, draft, PRICES, np.arange(1), spare=0)
    solved = solve_exact(model.exact, Limits(nodes=10, gap=0.0))
    assert solved is not None
    assert solved.price == pytest.approx(abs(case["out"]) * model.exact.short_price, abs=0.1)


@TABLE
def test_a_review_finds_the_same_faults(case: dict[str, Any]) -> None:
    own = case["own"] or case["usual"]
    free = {"range": [0, None], "locked": False, "enclave": False}
    town = town_from(
        {
            "households": [case["size"]],
            "grid": [0],
            "joins": [],
            "gridRange": case["usual"],
            "grids": [free | {"id": "Z", "range": own, "community": 0}],
            "communities": [free | {"id": "C"}],
        }
    )
    kind = "grid_over" if case["out"] > 0 else "grid_under"
    found = [(f.kind, f.zone, f.amount) for f in faults_of(town, town.grid)]
    assert found == ([(kind, "Z", abs(case["out"]))] if case["out"] else [])


@TABLE
def test_the_verifier_agrees_without_asking(case: dict[str, Any]) -> None:
    grids = case["usual"] == [300, 500]
    level, other = ("grid", "community") if grids else ("community", "grid")
    zone = pd.DataFrame({f"{level}_id": ["Z"], "households": [case["size"]], "reason": ["有批复"]})
    nothing = pd.DataFrame({f"{other}_id": [], "households": [], "reason": []})
    files: Any = SimpleNamespace(
        grids=zone if grids else nothing,
        communities=nothing if grids else zone,
        rules={
            "grid": [300, 500],
            "community": [3000, 5000],
            "own": {level: {"Z": case["own"]} if case["own"] else {}, other: {}},
        },
    )
    assert bool(_sizes(files)) == (case["status"] == "超限")
    if case["status"] == "例外":
        zone["reason"] = ""
        assert _sizes(files) == [f"Z 有 {case['size']} 户，是例外却没有写理由"]


def test_a_check_tells_the_same_of_todays_map(tmp_path: Path) -> None:
    blocks = [Block(case["size"], in_one_building=True) for case in OF_GRIDS]
    folder = write_strip(tmp_path / "town", blocks)
    own = tuple(
        Exemption(kind="已批", reason="有批复", grid_id=f"G{i + 1}",
                  lower=case["own"][0], upper=case["own"][1] or 10**6)
        for i, case in enumerate(OF_GRIDS) if case["own"]
    )  # fmt: skip
    rules = lg.Rules(exceptions=own)
    study = lg.read_study(folder, rules)
    zones = today(study).zones.set_index("zone_id")["standing"]
    assert [zones[f"G{i + 1}"] for i in range(len(OF_GRIDS))] == [c["side"] for c in OF_GRIDS]


def test_a_margin_narrows_what_is_wanted_not_what_is_lawful() -> None:
    own = Exemption(kind="已批", reason="有批复", grid_id="G2", lower=300, upper=500)
    of_community = Exemption(kind="已批", reason="有", community_id="C2", lower=2900, upper=5000)
    rules = lg.Rules(margin=10, exceptions=(own, of_community))
    lower, upper = grid_bands(rules, ["G3"]).limits(["G1", "G2", "G3"])
    assert lower.tolist() == [310, 300, 0], "an exception has no margin, whatever its numbers"
    assert upper.tolist() == [490, 500, ANY]
    apart = rules.with_(villages_whole=False)
    lower, upper = community_bands(apart, ["C3"]).limits(["C1", "C2", "C3"])
    assert lower.tolist() == [3010, 2900, 3010], "villages are free only where kept whole"
    assert upper.tolist() == [4990, 5000, 4990]
    whole = community_bands(rules, ["C3"])
    assert whole.of("C3")[:2] == (0, ANY)
    assert grid_bands(rules, []).standing("G1", 300).status == "合规"


def test_an_exception_without_an_upper_bound_has_the_usual_one() -> None:
    own = Exemption(kind="老旧小区", reason="有批复", grid_id="G1", lower=100)
    assert grid_bands(lg.Rules(exceptions=(own,)), []).of("G1") == (100, 500, "老旧小区：有批复")
