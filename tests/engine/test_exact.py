"""The exact model agrees with enumeration on small towns."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lingwu_grid.engine.exact.branching import Limits, solve_connected, solve_exact
from lingwu_grid.engine.exact.extract import placed, zones_model
from lingwu_grid.engine.instance import never
from lingwu_grid.engine.search.search import Draft, improve, rank, violation
from lingwu_grid.engine.town.mend import HASTY, PATIENT, faulty_zones, mend
from lingwu_grid.engine.town.polish import polish
from tests.engine.towns import PRICES, draft_of, lattice_part, zones_in_pieces

if TYPE_CHECKING:
    from lingwu_grid.engine.search._kernels import Subproblem


def _moved(part: Subproblem, zone: np.ndarray, found: np.ndarray) -> int:
    return int(part.households[found != zone].sum())


def _best_by_enumeration(part: Subproblem, zone: np.ndarray, k: int) -> int | None:
    """Fewest households moved in any lawful, contiguous assignment to the first k zones."""
    choices = np.array(list(product(range(k), repeat=len(zone))), np.int32)
    lawful = np.ones(len(choices), bool)
    for z in range(k):
        size = (part.households * (choices == z)).sum(axis=1)
        lawful &= (size == 0) | ((size >= part.lower[z]) & (size <= part.upper[z]))
    choices = choices[lawful]
    moved = (part.households * (choices != zone)).sum(axis=1)
    for i in np.argsort(moved, kind="stable"):
        if not zones_in_pieces(part, choices[i]):
            return int(moved[i])
    return None


def _small_town(seed: int) -> tuple[Subproblem, np.ndarray, int]:
    """Two zones on 4 × 4 units, or three on 3 × 3; a quarter of the units is empty land."""
    rng = np.random.default_rng(seed)
    k = 2 + seed % 2
    nx = 4 if k == 2 else 3
    zone = np.tile(np.arange(nx) * k // nx, nx).astype(np.int32)
    households = np.where(rng.random(nx * nx) < 0.25, 0, rng.integers(5, 100, nx * nx))
    middle = households.sum() / k
    band = (int(middle * 0.8), int(middle * 1.2))
    return lattice_part(nx, nx, households.tolist(), zone, band, spare=0), zone, k


@pytest.mark.parametrize("seed", range(30))
def test_the_exact_models_agree_with_the_best_of_all_plans(seed: int) -> None:
    part, zone, k = _small_town(seed)
    best = _best_by_enumeration(part, zone, k)
    start = draft_of(part, zone)
    model = zones_model(part, start, PRICES, np.arange(k), spare=0)
    limits = Limits(nodes=10_000, gap=0.0)
    solved = solve_connected(model.exact, limits, rounds=100)
    found = placed(start, model, solved.zone)
    ordered = solve_exact(model.exact, limits)
    assert ordered is not None
    grown = placed(start, model, ordered.zone)
    assert zones_in_pieces(part, found.zone) == zones_in_pieces(part, grown.zone) == []
    if best is None:
        assert violation(part, found) > 0
        return
    assert violation(part, found) == 0
    assert _moved(part, zone, found.zone) == best
    # The ground of a dozen units weighs less than one household.
    assert solved.bound <= best + 0.2
    assert ordered.price >= solved.bound - 1e-6


def test_the_search_is_within_a_twentieth_of_the_best_on_nearly_all_small_towns() -> None:
    far = 0
    towns = 0
    for seed in range(60):
        part, zone, k = _small_town(seed)
        best = _best_by_enumeration(part, zone, k)
        if best is None:
            continue
        towns += 1
        found = improve(part, draft_of(part, zone), PRICES, starts=8, seed=(seed,), effort=100)
        lawful = violation(part, found) == 0
        far += not (lawful and _moved(part, zone, found.zone) <= 1.05 * best)
    assert towns > 40
    assert far <= 0.05 * towns


def test_an_oversize_grid_is_divided_by_a_new_one() -> None:
    """700 households in one zone of 300–500: a new zone takes at least 300 of them."""
    zone = np.zeros(8, np.int32)
    part = lattice_part(4, 2, [100, 100, 100, 50, 100, 100, 100, 50], zone, (300, 500))
    mended = mend(part, draft_of(part, zone), PRICES, PATIENT, never)
    assert violation(part, mended) == 0
    assert _moved(part, zone, mended.zone) == 300
    assert faulty_zones(part, mended, of_owners=True) == []


def test_mending_never_makes_a_plan_worse() -> None:
    zone = np.array([0, 0, 0, 1, 1, 1], np.int32)
    part = lattice_part(6, 1, [5, 5, 5, 5, 5, 5], zone, (300, 500))
    start = draft_of(part, zone)
    mended = mend(part, start, PRICES, HASTY, never)
    assert rank(part, mended, PRICES) <= rank(part, start, PRICES)


def _with_pin(part: Subproblem, unit: int, zone: int) -> Subproblem:
    pin = part.pin.copy()
    pin[unit] = zone
    return part._replace(pin=pin)


def _with_apart(part: Subproblem, a: int, b: int) -> Subproblem:
    n = len(part.households)
    degree = np.zeros(n, np.int64)
    degree[[a, b]] = 1
    indptr = np.concatenate([[0], degree.cumsum()]).astype(np.int32)
    return part._replace(apart_indptr=indptr, apart=np.array([b, a], np.int32))


@pytest.mark.parametrize("method", ["search", "exact"])
def test_pins_and_pairs_apart_are_kept(method: str) -> None:
    """A row 100 × 8 in two zones of 300–500; unit 3 must go right, 0 and 1 must part."""
    zone = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int32)
    row = lattice_part(8, 1, [100] * 8, zone, (300, 500), spare=0)

    def solve(part: Subproblem) -> Draft:
        start = draft_of(part, zone)
        if method == "search":
            return improve(part, start, PRICES, starts=4, seed=(1,), effort=300)
        return mend(part, start, PRICES, HASTY, never)

    assert solve(_with_pin(row, 3, 1)).zone.tolist() == [0, 0, 0, 1, 1, 1, 1, 1]
    # 0 and 1 cannot part: their zone of one unit would be short by 200. Two units apart can.
    assert violation(row, solve(_with_apart(row, 0, 1))) == 0
    assert solve(_with_apart(row, 2, 3)).zone.tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


def test_polish_finds_what_two_neighbours_can_save() -> None:
    """300–500 each: 150 of 600 went right although 100 are enough; polish brings the 50 back."""
    zone = np.array([0] * 12 + [1] * 6, np.int32)
    part = lattice_part(18, 1, [50] * 18, zone, (300, 500), spare=0)
    wasteful = zone.copy()
    wasteful[9:12] = 1
    found = polish(part, draft_of(part, wasteful), PRICES, workers=2, stop=never)
    assert _moved(part, zone, wasteful) == 150
    assert _moved(part, zone, found.zone) == 100
    assert violation(part, found) == 0
