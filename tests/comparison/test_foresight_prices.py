"""What each year of foresight costs, in a table."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import lingwu_grid as lg
from lingwu_grid.comparison import foresight_prices as prices

if TYPE_CHECKING:
    import pytest


def test_every_horizon_is_solved_for_and_set_against_today(
    small_study: lg.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def solved(_study: lg.Study, rules: lg.Rules, **given: Any) -> SimpleNamespace:  # noqa: ANN401
        asked.append((rules.horizon, given["seed"]))
        summary: dict[str, Any] = {
            "affected": 100 + 7 * rules.horizon, "zones_leaving": 3 - rules.horizon,
            "lower_bound": {"global": 40},
        }  # fmt: skip
        if rules.horizon > 1:  # nothing comes in the first year
            summary["horizon"] = {"lower_bound": 60}
        return SimpleNamespace(summary=summary)

    monkeypatch.setattr(prices, "partition", solved)
    table = lg.foresight_prices(small_study, years=2, seed=5)
    assert asked == [(0, 5), (1, 5), (2, 5)]
    assert table.to_numpy().tolist() == [
        [0, 100, 0, 3, 40], [1, 107, 7, 2, 40], [2, 114, 14, 1, 60]
    ]  # fmt: skip
