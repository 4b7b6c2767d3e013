"""Two plans side by side: figures by hand, sums that reconcile, sentences instead of tracebacks."""

from __future__ import annotations

import runpy
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import pytest

import lingwu_grid as lg
from lingwu_grid import cli
from lingwu_grid.comparison.differences import _is_same, _pairs, compare

if TYPE_CHECKING:
    from lingwu_grid.plan import Plan
    from lingwu_grid.planning.pieces import Held


def _told(first: list[str], second: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"grid_id": first, "grid_id_other": second})


def test_a_zone_is_the_one_that_most_households_say_it_is() -> None:
    # The code A goes to other ground: what was A is B there, and A's own ground is C.
    told = _told(list("AAABBCC"), list("BBABAAC"))
    pairs = _pairs(told, "grid")
    same = pairs[pairs["same"]]
    assert list(zip(same["first"], same["second"], strict=True)) == [
        ("A", "B"),
        ("B", "A"),
        ("C", "C"),
    ]
    assert _is_same(told, pairs, "grid").sum() == same["households"].sum()


def test_of_two_zones_with_as_many_the_one_of_the_same_code_is_the_same() -> None:
    pairs = _pairs(_told(list("AABB"), list("ABAB")), "grid")
    assert pairs.loc[pairs["same"], "first"].tolist() == pairs.loc[pairs["same"], "second"].tolist()


@pytest.mark.parametrize("seed", range(40))
def test_the_matching_is_the_largest_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 4, 30), rng.integers(0, int(rng.integers(1, 6)), 30)
    told = _told([f"a{i}" for i in first], [f"b{i}" for i in second])
    count = np.zeros((6, 6), int)
    np.add.at(count, (first, second), 1)
    largest = max(count[np.arange(6), list(p)].sum() for p in permutations(range(6)))
    assert _is_same(told, _pairs(told, "grid"), "grid").sum() == largest


def test_a_plan_differs_from_itself_in_nothing(small_plan: Plan) -> None:
    found = compare(small_plan, small_plan)
    n = len(small_plan.assignment)
    assert found.households == {
        "both": n, "first_only": 0, "second_only": 0,
        "grid_differs": 0, "community_differs": 0, "either_differs": 0,
    }  # fmt: skip
    assert found.borders["km"].tolist() == [0, 0]
    assert found.pairs["same"].all()
    assert {x for x in found.figures["乙减甲"] if x != ""} == {0}
    assert all(len(units) == 0 for units in found.differing_units())


def test_households_that_change_hands_are_counted_to_the_last(
    small_plan: Plan, tmp_path: Path
) -> None:
    rows = small_plan.assignment.copy()
    unit = rows["unit_id"].value_counts().sort_index(kind="stable").idxmin()
    there = rows["unit_id"] == unit
    home = rows.loc[there, "grid_id"].iloc[0]
    rows.loc[there, "grid_id"] = rows.loc[rows["grid_id"] != home, "grid_id"].iloc[0]
    rows = rows[rows["household_id"] != rows.loc[~there, "household_id"].iloc[0]]
    piece = replace(cast("Held", small_plan.pieces[0]), assignment=rows)
    other = replace(small_plan, pieces=(piece,))
    found = compare(small_plan, other)
    assert found.households["grid_differs"] == there.sum()
    assert found.households["first_only"] == 1
    assert found.households["second_only"] == 0
    of_grids = found.pairs[found.pairs["level"] == "grid"]
    assert of_grids["households"].sum() == found.households["both"]
    assert of_grids.loc[~of_grids["same"], "households"].sum() == there.sum()
    assert unit in set(found.differing_units()[0]["unit_id"])
    found.save(tmp_path / "out")
    found.save(tmp_path / "out")  # over an earlier one
    files = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    page = "compare.html"
    assert files == {"compare.json", page, "figures.csv", "pairs.csv", "figures/compare.png"}
    for file in files - {"figures/compare.png"}:
        text = (tmp_path / "out" / file).read_text("utf-8-sig")
        assert not any(h in text for h in small_plan.assignment["household_id"].head(50))


def test_plans_of_other_households_are_a_sentence(small_plan: Plan) -> None:
    rows = small_plan.assignment.assign(household_id=lambda t: "x" + t["household_id"])
    piece = replace(cast("Held", small_plan.pieces[0]), assignment=rows)
    with pytest.raises(lg.InputError, match="没有共同的住户"):
        compare(small_plan, replace(small_plan, pieces=(piece,)))


def test_the_command_refuses_what_is_no_plan_and_what_is_anothers(
    small_plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = runpy.run_path(str(Path(lg.__file__).parent / "compare.py"))["main"]
    assert main([str(tmp_path), str(tmp_path)]) == cli.BAD_INPUT
    assert "里没有方案" in capsys.readouterr().err
    small_plan.save(tmp_path / "plan")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "note.txt").write_text("x")
    both = [str(tmp_path / "plan")] * 2
    assert main([*both, "-o", str(mine)]) == cli.BAD_INPUT
    assert (mine / "note.txt").exists()
    assert main([*both, "-o", str(tmp_path / "out")]) == cli.DONE
    assert "网格不同 0 户" in capsys.readouterr().out
