"""Plans to choose between, and prices of restrictions, on towns whose answers are known."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import docx
import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid.comparison.price_list import price_list
from lingwu_grid.comparison.scenarios import Scenarios
from lingwu_grid.comparison.trade_offs import (
    Choice,
    as_table,
    clearer,
    knee,
    trade_offs,
    undominated,
)
from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.tracing.proof import WORKED, trace_papers
from tests.commands import report
from tests.commands import scenarios as main
from tests.walk.planted import Block, write_strip

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.plan import Plan

RULES = Rules(community=Band(1, 10**6), effort=50)


def _choice(name: str, plan: Plan, affected: int, km: float, necked: int, tight: int) -> Choice:
    return Choice(name, plan, affected, km, necked, tight)


def test_what_another_beats_in_everything_is_left_out(small_plan: Plan) -> None:
    a = _choice("a", small_plan, 100, 9.0, 2, 3)
    b = _choice("b", small_plan, 120, 4.0, 2, 3)
    worse = _choice("worse", small_plan, 130, 4.0, 2, 3)
    same = _choice("same", small_plan, 100, 9.0, 2, 3)
    necks = _choice("necks", small_plan, 130, 9.0, 1, 3)
    assert [c.name for c in undominated([a, b, worse, same, necks])] == ["a", "b", "necks"]
    roomy = a._replace(name="roomy", affected=a.affected + 1, tight=a.tight - 1)
    assert undominated([a, roomy]) == [a, roomy]
    assert clearer([a, roomy]) == [a]
    fewer = a._replace(name="fewer", affected=a.affected + 1, off_line_km=a.off_line_km - 0.01)
    assert clearer([a, fewer]) == [a, fewer]


@pytest.mark.parametrize(
    ("costs", "advised"),
    [
        ([(100, 9.0), (110, 4.0), (200, 3.5)], 1),  # most of the kilometres for few households
        ([(100, 9.0), (190, 8.0), (200, 3.0)], 0),  # a dear step first: 0 + 1 against 1 + 0
        ([(100, 9.0), (150, 6.0)], 0),
        ([(100, 9.0)], 0),
    ],
)
def test_the_knee_is_where_one_more_household_buys_least(
    small_plan: Plan, costs: list[tuple[int, float]], advised: int
) -> None:
    choices = [_choice(str(i), small_plan, n, km, 0, 0) for i, (n, km) in enumerate(costs)]
    assert knee(choices) is choices[advised]
    table = as_table(choices)
    assert table["建议"].tolist().index("★") == advised
    steps = [b - a for (a, _), (b, _) in pairwise(costs)]
    assert table["比上一个多影响（户）"].tolist() == [0, *steps]
    saved = [round(a - b, 2) for (_, a), (_, b) in pairwise(costs)]
    assert table["比上一个少不沿线（公里）"].tolist() == [0, *saved]


def test_a_plan_that_is_not_lawful_is_not_advised(small_plan: Plan) -> None:
    bad = replace(small_plan, summary=small_plan.summary | {"status": "unfinished"})
    choices = [_choice("a", bad, 100, 4.0, 0, 0), _choice("b", small_plan, 120, 5.0, 0, 0)]
    assert knee(choices).name == "b"
    assert as_table(choices)["是否合规"].tolist() == ["否", "是"]


def test_another_choice_is_taken_by_its_name(small_plan: Plan) -> None:
    choices = (_choice("a", small_plan, 100, 9.0, 0, 0), _choice("b", small_plan, 120, 4.0, 0, 0))
    found = Scenarios(choices, None, "a")
    assert found.choose("b").chosen == "b"
    with pytest.raises(lg.InputError, match="可选：a、b"):
        found.choose("c")


def test_an_unknown_plan_is_refused_before_anything_is_solved(
    small_folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = [str(small_folder), "-o", str(tmp_path / "out"), "--quiet", "--choose", "边界清析"]
    assert main(words) == 2
    assert "您是不是要写“边界清晰”" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


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


def test_no_plan_of_the_office_affects_fewer_than_the_fewest(
    small_folder: Path, choices: list[Choice]
) -> None:
    """Each goes on from its neighbour: the fewest are no more than those of the plan itself."""
    study = lg.read_study(small_folder)
    own = lg.partition(study, study.rules.with_(effort=20), workers=2)
    assert choices[0].affected <= own.summary["affected"]


def test_the_plans_differ_and_none_beats_another(choices: list[Choice]) -> None:
    assert 2 <= len(choices) <= 5
    assert len({c.costs for c in choices}) == len(choices)
    for a in choices:
        assert not any(
            b is not a and all(x <= y for x, y in zip(b.costs, a.costs, strict=True))
            for b in choices
        )
    assert min(c.affected for c in choices) == choices[0].affected
    for few, more in combinations(choices, 2):  # who affects more has clearer borders
        assert few.affected <= more.affected
        assert more.off_line_km < few.off_line_km or more.necked < few.necked


def test_the_command_writes_plans_and_prices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_strip(tmp_path / "town", [Block(560), Block(380), Block(420)])
    (folder / "boundaries" / "rules.toml").write_text(
        "effort = 40\nmargin = 5\n[community]\nlower = 1\nupper = 100000\n", "utf-8"
    )
    out = tmp_path / "out"
    for more in ([], ["--choose", "边界优先"]):  # a second run takes the place of the first
        assert main([str(folder), "-o", str(out), "--quiet", *more]) == 0
    table = pd.read_csv(out / "scenarios.csv")
    assert "边界优先" in set(table["方案"])
    assert json.loads((out / "run.json").read_text("utf-8"))["rules"]["border_weight"] == 2500
    assert (out / "figures" / "frontier.png").stat().st_size > 5_000
    assert (table["是否合规"] == "是").all()
    assert "安全余量" in set(pd.read_csv(out / "price_list.csv")["限制类型"])
    for name in set(table["方案"]) - {"边界优先"}:
        assert (out / "scenarios" / name / "map.html").exists()
    assert "受影响户数" in capsys.readouterr().out
    _told_in_papers(out, folder, table)


def _told_in_papers(out: Path, folder: Path, table: pd.DataFrame) -> None:
    """Report and map tell what the plan was chosen from; what leaves does not."""
    assert report([str(out), "--quiet"]) == 0
    paper = docx.Document(str(out / "report.docx"))
    told = next(t for t in paper.tables if t.cell(0, 1).text == "受影响")
    assert [row.cells[0].text for row in told.rows[1:]] == table["方案"].tolist()
    counts = [int(row.cells[1].text.replace(",", "")) for row in told.rows[1:]]
    assert counts == table["受影响户数"].tolist()
    assert any("选用“边界优先”" in p.text for p in paper.paragraphs)
    captions = [p.text for p in paper.paragraphs if p.style.name == "Caption"]
    numbers = [int(c.split("　")[0].split()[1]) for c in captions if c.startswith("表")]
    assert numbers == list(range(1, len(numbers) + 1))
    page = (out / "map.html").read_text("utf-8")
    assert 'class="frontier"' in page
    assert "边界优先 ★" in page
    for shared in (out / "share").glob("*.html"):
        assert 'class="frontier"' not in shared.read_text("utf-8")
    claims = [
        c for c in trace_papers(out, lg.read_study(folder)).claims if "比选" in c.where + c.about
    ]
    assert {c.outcome for c in claims} == {WORKED}
    assert len(claims) >= 9 * len(table)
