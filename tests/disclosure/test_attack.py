"""The attack, and what withstands it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, vstack

from lingwu_grid.disclosure.attack import Printed, exposed, interval, is_safe, narrow
from lingwu_grid.disclosure.figures import COMPOUND, Figures, groups_of
from lingwu_grid.disclosure.telling import window
from tests.disclosure import attacker

PAGES = ("subdistrict_id", "community_id")
LIMITS = {"grid": {"": (300, 500)}, "community": {"": (3000, 5000)}}


def printed(sums: list[list[int]], low: list[float], high: list[float], least: int = 0) -> Printed:
    rows = csr_array(np.array(sums, float))
    return Printed(rows, np.array(low, float), np.array(high, float), np.full(rows.shape[1], least))


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=4, max_size=4),
    st.integers(0, 1),
)
def test_an_interval_is_that_of_all_worlds(
    sums: list[list[int]], spans: list[tuple[int, int]], least: int
) -> None:
    sums = [[1, 1, 1], *sums]
    known = [(0, 9), *((a, a + b) for a, b in spans[: len(sums) - 1])]
    worlds = [
        w
        for w in itertools.product(range(least, 10), repeat=3)
        if all(a <= np.dot(row, w) <= b for row, (a, b) in zip(sums, known, strict=True))
    ]
    knows = printed(sums, [a for a, _ in known], [b for _, b in known], least)
    for leaf in range(3):
        found = interval(knows, [leaf])
        values = [w[leaf] for w in worlds]
        assert found == ((min(values), max(values)) if values else None)


@pytest.mark.parametrize(
    ("found", "safe"),
    [((0, 0), True), ((0, 1), False), ((1, 5), False), ((1, 6), True), ((4, 8), False),
     ((4, 9), True), ((5, 5), True), ((0, 4), False), ((0, 5), True)],
)  # fmt: skip
def test_what_is_too_narrow(found: tuple[int, int], safe: bool) -> None:  # noqa: FBT001
    assert is_safe(found) is safe


def test_masked_flows_beside_exact_sizes_are_given_away() -> None:
    """What the first version printed: a grid had 306, has 314, nine came; one must have left."""
    # Leaves: stays, leaves, comes.
    told = printed(
        [[1, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0]], [306, 314, 8, 1], [306, 314, 12, 4]
    )
    truth = np.array([305, 1, 9])
    assert exposed(told, truth, {"left": [1]}) == ["left"]
    wide = printed([[1, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0]], [300, 310, 1, 1], [309, 319, 9, 9])
    assert exposed(wide, truth, {"left": [1]}) == []


def town(seed: int) -> pd.DataFrame:
    """Make up who moves: small flows, small grids, compounds in parts."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 12))
    before = np.sort(rng.integers(0, n // 5 + 2, n))
    now = np.where(rng.random(n) < 0.1, rng.permutation(before), before)
    rows = [("", g, g, int(rng.integers(1, 480 if rng.random() < 0.95 else 6))) for g in range(n)]
    for g in range(n):
        ways = rng.integers(0, n, rng.integers(0, 4)).tolist()
        rows += [("", g, h, int(rng.choice([1, 2, 3, 4, 9, 10, 30]))) for h in ways]
        for h in rng.integers(0, n, rng.integers(0, 3)).tolist():
            home = h if rng.random() < 0.4 else g
            rows.append((f"w{rng.integers(0, 6)}", g, home, int(rng.choice([1, 2, 4, 9, 15, 80]))))
    table = pd.DataFrame(rows, columns=["compound_id", "from", "to", "households"])
    table["previous_grid_id"] = "g" + table["from"].astype(str)
    table["grid_id"] = "g" + table["to"].astype(str)
    table["previous_community_id"] = [f"c{before[i]}" for i in table["from"]]
    table["community_id"] = [f"c{now[i]}" for i in table["to"]]
    leaves = table.groupby(list(COMPOUND))["households"].sum().reset_index()
    return leaves.assign(subdistrict_id="s")


def attacked(leaves: pd.DataFrame, figures: Figures) -> list[Any]:
    """Attack with nothing held for known but that somebody is there: the whole program at once."""
    told = figures.printed()
    truth = leaves["households"].to_numpy()
    cells = vstack([told.sums, csr_array(np.eye(len(leaves)))], format="csr")
    small = (cells @ truth > 0) & (cells @ truth < 5)
    return list(narrow(told, csr_array(cells[np.flatnonzero(small)])))


@pytest.mark.parametrize("seed", range(12))
def test_no_small_count_of_any_town_is_given_away(seed: int) -> None:
    leaves = town(seed)
    figures = Figures(leaves, LIMITS, PAGES, {})
    assert attacked(leaves, figures) == []
    for key, at in groups_of(leaves, PAGES, {}).items():
        low, high = window(figures.text(*key)) if figures.text(*key) != "不公布" else (0, np.inf)
        assert low <= leaves["households"].iloc[at].sum() <= high


@pytest.mark.parametrize("seed", [*range(12, 24), 358, 372])
def test_somebody_elses_program_recovers_nothing_and_knows_sizes_to_five(seed: int) -> None:
    leaves = town(seed)
    figures = Figures(leaves, LIMITS, PAGES, {})
    printed = [(*key, figures.text(*key)) for key in groups_of(leaves, PAGES, {})]
    rows = [tuple(row) for row in leaves[list(COMPOUND)].itertuples(index=False)]
    attack = attacker.Attack(
        printed, rows, [1] * len(rows), dict.fromkeys(leaves["community_id"], "s"), {}
    )
    assert attack.narrow(leaves["households"].to_numpy()) == []
    sizes = [attacker.span(row[-1]) for row in printed if row[0] in ("today", "plan")]
    assert max(high - low for low, high in sizes) / 2 <= 5


@pytest.mark.parametrize("seed", [300, 313, 372])
def test_nothing_is_told_more_widely_than_it_must_be(seed: int) -> None:
    figures = Figures(town(seed), LIMITS, PAGES, {})
    widened = {key: at for key, at in figures._step.items() if at}
    assert widened
    for key, at in widened.items():
        figures._step[key] = at - 1
        assert attacked(figures._leaves, figures), key
        figures._step[key] = at


def test_the_other_program_finds_what_is_given_away() -> None:
    leaves = town(14)
    truth = leaves["households"].to_numpy()
    rows = [tuple(row) for row in leaves[list(COMPOUND)].itertuples(index=False)]
    exact = [(*k, str(truth[at].sum())) for k, at in groups_of(leaves, PAGES, {}).items()]
    attack = attacker.Attack(
        exact, rows, [1] * len(rows), dict.fromkeys(leaves["community_id"], "s"), {}
    )
    assert len(attack.narrow(truth)) == attack.tried(truth) > 0


def test_where_tens_are_too_narrow_more_is_held_back() -> None:
    """
    Eight households leave a grid in five ways, each seen on the map.

    "Fewer than ten" leaves at most five for any of them: too narrow, so it is told more widely.
    """
    ways = [("g0", f"g{i}", n) for i, n in enumerate((4, 1, 1, 1, 1), start=1)]
    rows = [(f"g{i}", f"g{i}", 350) for i in range(6)] + ways
    leaves = pd.DataFrame(rows, columns=["previous_grid_id", "grid_id", "households"])
    leaves = leaves.assign(
        compound_id="", previous_community_id="c", community_id="c", subdistrict_id="s"
    )
    figures = Figures(leaves, LIMITS, PAGES, {})
    assert attacked(leaves, figures) == []
    assert figures.text("out", "g0") in ("少于 20", "少于 50")
    assert figures.withheld == 0
    assert all(figures.is_few("flow", "g0", f"g{i}") for i in range(1, 6))
    assert not [row for row in figures.listed({"c"}, []) if row[0] == "flow"]
    figures._step.clear()
    assert {span for _, span in attacked(leaves, figures)} >= {(1.0, 5.0)}
