"""How counts are told outside the office."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingwu_grid.disclosure.telling import STEP, told, told_size, window

LIMITS = st.tuples(st.integers(0, 400), st.integers(0, 400)).map(lambda p: (min(p), max(p)))


@given(st.integers(0, 2000), st.sampled_from([10, 20, 50]))
def test_a_segment_holds_its_count_and_nobody_knows_where(count: int, step: int) -> None:
    low, high = window(told(count, step))
    assert low <= count <= high
    assert count == 0 or high - low >= step - 2


@given(st.integers(0, 900), LIMITS, st.sampled_from([10, 11, 20, 50]))
def test_a_size_is_told_on_its_own_side_of_each_limit(
    count: int, limits: tuple[int, int], step: int
) -> None:
    low, high = window(told_size(count, limits, step))
    assert low <= count <= high
    if count < limits[0]:
        assert high < limits[0]
    if count > limits[1]:
        assert low > limits[1]
    if limits[0] <= count <= limits[1] and limits[1] - limits[0] >= step:
        assert limits[0] <= low
        assert high <= limits[1]
        assert STEP - 1 <= high - low < 2 * step


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"), (1, "少于 10"), (9, "少于 10"), (10, "10—19"), (299, "290—299"),
        (300, "300—309"), (309, "300—309"), (310, "310—319"), (489, "480—489"),
        (490, "490—500"), (500, "490—500"), (501, "501—510"), (511, "511—520"),
    ],
)  # fmt: skip
def test_the_edges_of_the_segments(count: int, text: str) -> None:
    assert told_size(count, (300, 500)) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"), (10, "少于 11"), (11, "11—21"), (296, "286—296"), (297, "297—299"),
        (299, "297—299"), (300, "300—310"), (311, "311—321"), (486, "476—486"),
        (487, "487—500"), (501, "501—511"),
    ],
)  # fmt: skip
def test_the_edges_of_segments_of_eleven(count: int, text: str) -> None:
    assert told_size(count, (300, 500), 11) == text
