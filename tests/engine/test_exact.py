"""The exact model agrees with enumeration on small towns."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lingwu_grid.engine.mend import faulty_zones, mend, solve_zones
from lingwu_grid.engine.search import rank, violation
from tests.engine.towns import PRICES, lattice_part, zones_in_pieces

if TYPE_CHECKING:
    from lingwu_grid.engine._kernels import Part


def _best_by_enumeration(part: Part, zone: np.ndarray, k: int) -> int | None:
    """Fewest households moved in any lawful, contiguous assignment to the first k zones."""
    best = None
    for choice in product(range(k), repeat=len(zone)):
        found = np.array(choice, np.int32)
        if violation(part, found) or zones_in_pieces(part, found):
            continue
        moved = int(part.households[found != zone].sum())
        best = moved if best is None else min(best, moved)
    return best


@pytest.mark.parametrize("seed", range(12))
def test_a_repair_moves_no_more_than_the_best_of_all_plans(seed: int) -> None:
    rng = np.random.default_rng(seed)
    zone = np.array([0, 0, 1, 1] * 2, np.int32)
    households = rng.integers(20, 100, 8).tolist()
    total = sum(households)
    part = lattice_part(4, 2, households, zone, (int(total * 0.42), int(total * 0.58)), spare=0)
    best = _best_by_enumeration(part, zone, 2)
    found = solve_zones(part, zone, PRICES, [0, 1])
    assert found is not None
    assert zones_in_pieces(part, found) == []
    if best is None:
        assert violation(part, found) > 0
        return
    assert violation(part, found) == 0
    assert int(part.households[found != zone].sum()) == best


def test_an_oversize_grid_is_divided_by_a_new_one() -> None:
    """700 households in one zone of 300–500: a new zone takes at least 300 of them."""
    zone = np.zeros(8, np.int32)
    part = lattice_part(4, 2, [100, 100, 100, 50, 100, 100, 100, 50], zone, (300, 500))
    mended = mend(part, zone, PRICES)
    assert violation(part, mended) == 0
    assert int(part.households[mended != zone].sum()) == 300
    assert faulty_zones(part, mended) == []


def test_mending_never_makes_a_plan_worse() -> None:
    zone = np.array([0, 0, 0, 1, 1, 1], np.int32)
    part = lattice_part(6, 1, [5, 5, 5, 5, 5, 5], zone, (300, 500))
    assert rank(part, mend(part, zone, PRICES), PRICES) <= rank(part, zone, PRICES)
