"""Planted towns that no lawful plan fits: the cause is named, and its first repair works."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

import lingwu_grid as lg
from lingwu_grid.contract.rules import Band, Exemption, Rules
from lingwu_grid.lawful import UNLAWFUL_RUNS
from tests.walk.planted import Block, write_strip

if TYPE_CHECKING:
    from pathlib import Path

RULES = Rules(community=Band(1, 10**6), effort=20, prove=False)


class Planted(NamedTuple):
    """A town, and what must be said of it: cause, households, grids."""

    blocks: list[Block]
    told: list[tuple[str, int, set[str]]]
    repair: str
    rules: Rules = RULES


B = Block
TOWNS = {
    "count gap, one grid": Planted([B(560)], [("count_gap_component", 560, {"G1"})], "例外"),
    "count gap, two grids": Planted(
        [B(290), B(290)], [("count_gap_component", 580, {"G1", "G2"})], "例外"
    ),
    "too few": Planted([B(210)], [("count_gap_component", 210, {"G1"})], "例外"),
    "barrier on the east": Planted(
        [B(400), B(400, canal_after=True), B(200)], [("barrier_cuts", 200, {"G3"})], "通道"
    ),
    "barrier on the west": Planted(
        [B(550, canal_after=True), B(450), B(400)], [("barrier_cuts", 550, {"G1"})], "通道"
    ),
    "lock in between": Planted(
        [B(200), B(400), B(400)],
        [("lock_encloses", 200, {"G1"})],
        "锁定",
        RULES.with_(locked_grids=("G2",)),
    ),
    "two locks": Planted(
        [B(400), B(400), B(200), B(400)],
        [("lock_encloses", 200, {"G3"})],
        "锁定",
        RULES.with_(locked_grids=("G2", "G4")),
    ),
    "pinch point": Planted(
        [B(150), B(400, is_compound=True), B(150)],
        [("pinch_point", 700, {"G1", "G2", "G3"})],
        "拆分",
    ),
    "pinch point on one side": Planted(
        [B(200), B(350, is_compound=True), B(350)],
        [("pinch_point", 550, {"G1", "G2"})],
        "拆分",
    ),
    "one building over the limit": Planted(
        [B(700, in_one_building=True), B(400)], [("unit_over_limit", 700, {"G1"})], "例外"
    ),
    "barrier and pinch point": Planted(
        [B(400), B(400, canal_after=True), B(150), B(400, is_compound=True), B(150)],
        [("pinch_point", 700, {"G3", "G4", "G5"})],
        "拆分",
    ),
    "barrier and lock": Planted(
        [B(400), B(200, canal_after=True), B(200), B(400), B(400)],
        [("lock_encloses", 200, {"G3"})],
        "锁定",
        RULES.with_(locked_grids=("G4",)),
    ),
}


def _applied(rules: Rules, setting: dict[str, object]) -> Rules:
    """Take a setting as the plan tells it into the rules."""
    values = dict(setting)
    if "exceptions" in values:
        grants = values["exceptions"]
        values["exceptions"] = tuple(Exemption(**grant) for grant in grants)  # type: ignore[attr-defined]
    return rules.with_(**values)


@pytest.mark.parametrize("name", TOWNS)
def test_the_cause_is_named_and_the_first_repair_works(name: str, tmp_path: Path) -> None:
    town = TOWNS[name]
    study = lg.read_study(write_strip(tmp_path / "town", town.blocks), town.rules)
    plan = lg.partition(study, town.rules)
    assert plan.summary["status"] == "infeasible"
    told = [
        (item["cause"], item["households"], set(item["grids"]))
        for item in plan.summary["explanations"]
    ]
    assert told == town.told
    repair = plan.summary["explanations"][0]["repairs"][0]
    assert town.repair in repair["text"]
    mended = lg.partition(study, _applied(town.rules, repair["setting"]))
    assert mended.summary["status"] not in UNLAWFUL_RUNS
    assert mended.summary["households_moved_grid"] <= repair["households_moved"]


def test_repairs_come_cheapest_first(tmp_path: Path) -> None:
    blocks = [Block(400), Block(400, canal_after=True), Block(200)]
    study = lg.read_study(write_strip(tmp_path / "town", blocks), RULES)
    [item] = lg.partition(study, RULES).summary["explanations"]
    ranks = [
        (r["left"], "exceptions" in r["setting"], r["households_moved"]) for r in item["repairs"]
    ]
    assert len(ranks) >= 2
    assert ranks == sorted(ranks)


def test_ground_that_no_community_fits_is_named(tmp_path: Path) -> None:
    """1,000 households beyond a canal cannot be a community of 1,100–1,600; 1,200 can."""
    blocks = [Block(400), Block(400), Block(400, canal_after=True), Block(500), Block(500)]
    rules = RULES.with_(community=Band(1100, 1600))
    folder = write_strip(tmp_path / "town", blocks, communities=(3, 2))
    study = lg.read_study(folder, rules)
    plan = lg.partition(study, rules)
    [item] = plan.summary["explanations"]
    assert (item["cause"], item["households"]) == ("community_cut_off", 1000)
    assert item["communities"] == ["C2"]
    assert plan.summary["households_moved_grid"] == 0
    repair = item["repairs"][0]
    mended = lg.partition(study, _applied(rules, repair["setting"]))
    assert mended.summary["status"] not in UNLAWFUL_RUNS
