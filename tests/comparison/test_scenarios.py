"""Plans to choose between, and prices of restrictions, on towns whose answers are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid.comparison.price_list import price_list
from lingwu_grid.comparison.trade_offs import Choice, trade_offs, undominated
from lingwu_grid.contract.rules import Band, Rules
from tests.commands import scenarios as main
from tests.walk.planted import Block, write_strip

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.plan import Plan

RULES = Rules(community=Band(1, 10**6), effort=50)


def _choice(name: str, plan: Plan, *costs: float) -> Choice:
    return Choice(name, plan, int(costs[0]), *costs[1:])


def test_what_another_beats_in_everything_is_left_out(small_plan: Plan) -> None:
    a = _choice("a", small_plan, 100, 0.2, 50.0)
    b = _choice("b", small_plan, 120, 0.1, 50.0)
    worse = _choice("worse", small_plan, 130, 0.1, 50.0)
    same = _choice("same", small_plan, 100, 0.2, 50.0)
    assert [c.name for c in undominated([a, b, worse, same])] == ["a", "b"]


def test_a_lock_and_a_canal_cost_what_lifting_them_saves(tmp_path: Path) -> None:
    """
    Grids of 550, 450, 250 and 400 in a row; the second is locked, a canal follows the third.

    The 250 are walled in by the lock and the canal: with both, nothing is lawful. Without the
    lock, 50 households at least go from the first and 50 at least come to the third: 100.
    """
    blocks = [Block(550), Block(450), Block(250, canal_after=True), Block(400)]
    rules = RULES.with_(locked_grids=("G2",))
    study = lg.read_study(write_strip(tmp_path / "town", blocks), rules)
    prices = price_list(study).set_index("限制类型")
    assert set(prices.index) == {"锁定网格", "障碍"}
    assert prices.loc["锁定网格", "没有它时是否合规"] == "是"
    assert prices.loc["锁定网格", "没有它时换网格户数"] >= 100
    assert prices.loc["障碍", "没有它时是否合规"] == "否"  # the first grid has 550 and no way out


def test_a_margin_costs_the_households_it_asks_for(tmp_path: Path) -> None:
    """Grids of 500 and 350: lawful as they are; with a margin of 10, ten households must move."""
    rules = RULES.with_(margin=10)
    study = lg.read_study(write_strip(tmp_path / "town", [Block(500), Block(350)]), rules)
    [row] = price_list(study).to_dict("records")
    assert (row["限制类型"], row["没有它时换网格户数"]) == ("安全余量", 0)
    assert row["代价（户）"] >= 10


@pytest.fixture(scope="module")
def choices(small_folder: Path) -> list[Choice]:
    study = lg.read_study(small_folder)
    return trade_offs(lg.read_study(small_folder, study.rules.with_(effort=20)), workers=2)


def test_the_plans_differ_and_none_beats_another(choices: list[Choice]) -> None:
    assert 3 <= len(choices) <= 5
    assert len({c.costs for c in choices}) == len(choices)
    for a in choices:
        assert not any(
            b is not a and all(x <= y for x, y in zip(b.costs, a.costs, strict=True))
            for b in choices
        )
    assert min(choices, key=lambda c: c.moved).moved == choices[0].moved


def test_the_command_writes_plans_and_prices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_strip(tmp_path / "town", [Block(560), Block(380), Block(420)])
    (folder / "boundaries" / "rules.toml").write_text(
        "effort = 40\nmargin = 5\n[community]\nlower = 1\nupper = 100000\n", "utf-8"
    )
    out = tmp_path / "out"
    for _ in range(2):  # a second run takes the place of the first
        assert main([str(folder), "-o", str(out), "--quiet"]) == 0
    table = pd.read_csv(out / "scenarios.csv")
    assert (table["是否合规"] == "是").all()
    assert "安全余量" in set(pd.read_csv(out / "price_list.csv")["限制类型"])
    for name in table["方案"][1:]:
        assert (out / "scenarios" / name / "map.html").exists()
    assert (out / "map.html").exists()
    assert "换网格户数" in capsys.readouterr().out
