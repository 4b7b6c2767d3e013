"""Causes are causes: for every printed number, taking it away brings exactly that many within."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import lingwu_grid as lg
from tests.circle import walker
from tests.circle.towns import random_town

REACH = 1080.0

TOWNS = [seed for seed in range(21) if seed != 2]
"""In town 2 somebody lives within a millimetre of fifteen minutes."""


@pytest.mark.parametrize("seed", TOWNS)
def test_every_printed_cause_brings_exactly_that_many(seed: int) -> None:
    study = random_town(seed)
    measured = lg.coverage(study)
    today = walker.metres(study, frozenset())
    np.testing.assert_allclose(measured.households["metres"], today, atol=0.05)
    homes = study.households.geometry.to_numpy()
    sites = shapely.multipoints(study.table("stations").geometry.to_numpy())
    hidden = (today > REACH) & (shapely.distance(homes, sites) <= REACH)
    summary = measured.summary
    assert summary["hidden_by_circles"] == hidden.sum()
    walls = [f"{name}围墙" for name in study.table("compounds")["name"]]
    names = frozenset(["东渠", "西铁路", *walls])
    helped = np.zeros(len(today), bool)
    printed = 0
    for word, households in summary["hidden_causes"].items():
        if word.endswith("隔断"):
            gone = frozenset(word.removesuffix("隔断").split("和"))
            assert gone <= names
            brought = hidden & (walker.metres(study, gone) <= REACH)
            assert households == brought.sum() > 0, word
            helped |= brought
            printed += 1
    # What helps alone is printed: nothing is left out.
    for name in names:
        brought = hidden & (walker.metres(study, frozenset([name])) <= REACH)
        assert summary["hidden_causes"].get(f"{name}隔断", 0) == brought.sum(), name
    at_best = hidden & (walker.metres(study, names) <= REACH)
    assert summary["hidden_causes"].get("几处障碍合起来", 0) == (at_best & ~helped).sum()
    rest = ("街道绕行", "没有路相通")
    assert sum(summary["hidden_causes"].get(w, 0) for w in rest) == (hidden & ~at_best).sum()
    assert printed or not at_best.any()
