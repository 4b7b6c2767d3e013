"""Settings: unknown keys and wrong kinds are errors with a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lingwu_grid.contract.errors import RulesError
from lingwu_grid.contract.rules import Rules
from lingwu_grid.contract.settings import read_rules, rules_from

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"margn": 1}, "margin"),
        ({"margin": "ten"}, "非负整数"),
        ({"margin": True}, "非负整数"),
        ({"grid": {"lower": 600}}, "不成立"),
        ({"grid": {"low": 1}}, "lower"),
        ({"margin": 101}, "变空"),
        ({"scenario": "best"}, "minimal"),
        ({"exceptions": [{"grid_id": "1", "kind": "x"}]}, "理由"),
        ({"exceptions": [{"kind": "x", "reason": "y"}]}, "恰填一个"),
        ({"synthetic": 1}, "true"),
    ],
)
def test_a_wrong_setting_is_told_with_a_remedy(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(RulesError) as caught:
        rules_from(raw)
    assert words in str(caught.value)
    assert caught.value.remedy


def test_defaults_are_the_policy(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("margin = 10\n", encoding="utf-8-sig")
    rules = read_rules(tmp_path / "rules.toml")
    assert (rules.grid.lower, rules.grid.upper, rules.margin) == (300, 500, 10)
    assert rules == Rules(margin=10)


def test_broken_toml_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("margin = = 3", encoding="utf-8")
    with pytest.raises(RulesError, match="读不懂"):
        read_rules(tmp_path / "rules.toml")


@pytest.mark.parametrize(
    ("day", "kept"),
    [("2027-01-05", "2027-01-05"), ("", ""), ("2026-13-45", None), ("2026/9/1", None),
     ("明年初", None)],
)  # fmt: skip
def test_the_day_a_plan_takes_effect_is_a_day(day: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(RulesError, match=r"effective_date.*2027-01-05"):
            rules_from({"effective_date": day})
    else:
        assert rules_from({"effective_date": day}).effective_date == kept
