"""Bounds hold for every set of whole units."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingwu_grid.engine.town.bounds import least_to_leave

SMALL_GRIDS = st.lists(st.integers(1, 60), min_size=1, max_size=9)


@given(households=SMALL_GRIDS, upper=st.integers(0, 300))
def test_no_set_of_whole_units_does_with_less(households: list[int], upper: int) -> None:
    excess = max(0, sum(households) - upper)
    leaving = chain.from_iterable(combinations(households, k) for k in range(len(households) + 1))
    assert least_to_leave(np.array(households), upper) == min(
        sum(units) for units in leaving if sum(units) >= excess
    )


def test_an_empty_unit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unit_households\[1\] is 0"):
        least_to_leave(np.array([3, 0]), 1)
