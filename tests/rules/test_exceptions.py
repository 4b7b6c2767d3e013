"""An exception has a range of its own: over it, a grid is out of range everywhere it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import lingwu_grid as lg
from lingwu_grid.audit.today import today
from lingwu_grid.contract.rules import Band, Exemption, Rules
from lingwu_grid.lawful import UNLAWFUL_RUNS
from lingwu_grid.planning.numbers import town_numbers
from lingwu_grid.revision.checks import faults_of, town_from
from tests.walk.planted import Block, write_strip

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.plan import Plan

OWN = Exemption(kind="老旧小区", reason="已批", grid_id="G2", lower=300, upper=520)
RULES = Rules(community=Band(1, 10**6), effort=20, exceptions=(OWN,))


def planned(folder: Path, households: int) -> tuple[Plan, str]:
    """Three grids in a row; the middle one is a single building, under an exception of 300–520."""
    blocks = [Block(400), Block(households, in_one_building=True), Block(400)]
    study = lg.read_study(write_strip(folder / "town", blocks), RULES)
    standing = today(study).zones.set_index("zone_id")["standing"]["G2"]
    return lg.partition(study, RULES), str(standing)


@pytest.mark.parametrize(
    ("households", "status", "side"),
    [(520, "例外", "例外"), (521, "超限", "超上限"), (900, "超限", "超上限")],
)
def test_everybody_says_the_same_of_an_exception(
    tmp_path: Path, households: int, status: str, side: str
) -> None:
    plan, standing = planned(tmp_path, households)
    is_lawful = status == "例外"
    grid = plan.grids.set_index("grid_id").loc["G2"]
    assert (grid["status"], standing) == (status, side)
    summary = plan.summary
    assert summary["exceptions"] == int(is_lawful)
    assert summary["grids_in_range"] == 2
    assert (summary["status"] not in UNLAWFUL_RUNS) == is_lawful
    assert bool(summary["explanations"]) != is_lawful
    numbers = town_numbers(plan, plan.units, plan.grids, plan.communities)
    assert numbers["grids"][1]["range"] == [300, 520]
    town = town_from(numbers)
    over = [(f.kind, f.zone, f.amount) for f in faults_of(town, town.grid)]
    assert over == ([] if is_lawful else [("grid_over", "G2", households - 520)])
    faults = lg.verify(plan.save(tmp_path / "out")).faults
    assert faults == ([] if is_lawful else [f"户数范围：G2 有 {households} 户"]), (
        "a bound on lawful plans is not held against one that is not"
    )
