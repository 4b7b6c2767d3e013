"""Straight cuts: what is listed, what is taken, what is never given up."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from lingwu_grid.contract.rules import Band, Rules
from lingwu_grid.engine.instance import never, pose, within
from lingwu_grid.engine.search.search import Draft, state_of, violation
from lingwu_grid.engine.town import sweeps
from lingwu_grid.engine.town.levels import Town
from lingwu_grid.engine.town.sweeps import (
    WAYS,
    _Block,
    _in_one_piece,
    _lines,
    _range,
    _rows,
    cut_straight,
)
from lingwu_grid.graph import sources
from tests.engine.towns import lattice_graph, lattice_part, zones_in_pieces

NX, NY = 6, 5
RULES = Rules(grid=Band(100, 200), border_weight=300.0, tight_weight=0.0)
GRAPH = lattice_graph(NX, NY, [10] * NX * NY, [0] * NX * NY)
GRAPH = replace(
    GRAPH, off_line_m=np.full(len(GRAPH.indices), 10.0),
    grid_lower=np.array([100]), grid_upper=np.array([200]),
)  # fmt: skip
HALVES = np.tile([0, 0, 0, 1, 1, 1], NY).astype(np.int32)
CROOKED = HALVES.copy()
CROOKED[[3, 8, 15, 20]] = [0, 1, 0, 1]


class Bends:
    """Prices the corners of the border between two sides of the lattice, 50 households each."""

    def __init__(self) -> None:
        self.asked = 0

    def border(self, a: np.ndarray, b: np.ndarray) -> float:
        """Price pieces and corners."""
        self.asked += 1
        side = np.full(NX * NY, -1)
        side[a], side[b] = 0, 1
        square = side.reshape(NY, NX)
        across = square[:, :-1] != square[:, 1:]
        along = square[:-1] != square[1:]
        corners = sum(
            bool(across[r : r + 2, c].any() and along[r, c : c + 2].any())
            for r, c in itertools.product(range(NY - 1), range(NX - 1))
        )
        return 3.0 * float(across.sum() + along.sum()) + 50.0 * corners

    def necks(self, units: np.ndarray) -> float:
        """Price nothing."""
        _ = units
        return 0.0


def _town(zone: np.ndarray) -> Town:
    return Town(zone.copy(), np.zeros(int(zone.max()) + 1, np.int32))


def _cut(zone: np.ndarray, **bands: np.ndarray) -> np.ndarray:
    instance = replace(pose(GRAPH, RULES, drawn=Bends()), **bands)
    return cut_straight(instance, _town(zone), 0, stop=never).zone


def test_a_crooked_border_is_cut_along_a_line() -> None:
    drawn = Bends()
    before = drawn.border(np.flatnonzero(CROOKED == 0), np.flatnonzero(CROOKED == 1))
    zone = _cut(CROOKED)
    after = drawn.border(np.flatnonzero(zone == 0), np.flatnonzero(zone == 1))
    assert before > 200 + after
    columns = zone.reshape(NY, NX)
    assert (columns == columns[0]).all() or (columns.T[0] == columns.T).all()
    assert 100 <= 10 * np.bincount(zone).min() <= 10 * np.bincount(zone).max() <= 200


def test_a_straight_border_stays() -> None:
    fewest = np.tile([0, 0, 0, 0, 1, 1], NY)  # a hundred of the three move, no fewer may
    assert _cut(fewest).tolist() == fewest.tolist()


def test_no_line_is_worth_a_household_out_of_range() -> None:
    # Of 300 households 145 to 155 on either side: no whole column or row, only the crooked one.
    zone = _cut(CROOKED, lower=np.array([150]), upper=np.array([150]), new_lower=150, new_upper=150)  # type: ignore[arg-type]
    assert np.bincount(zone).tolist() == [15, 15]


@pytest.mark.parametrize("kept", [3, 8, 26])
def test_units_that_may_not_change_stay(kept: int) -> None:
    is_fixed = np.zeros(NX * NY, np.bool_)
    is_fixed[kept] = True
    assert _cut(CROOKED, is_fixed=is_fixed)[kept] == CROOKED[kept]


def test_where_nothing_is_drawn_nothing_changes() -> None:
    instance = pose(GRAPH, RULES)
    assert cut_straight(instance, _town(CROOKED), 0, stop=never).zone.tolist() == CROOKED.tolist()


def test_who_stops_it_keeps_the_plan() -> None:
    drawn = Bends()

    instance = pose(GRAPH, RULES, drawn=drawn)
    assert (
        cut_straight(instance, _town(CROOKED), 0, stop=within(0)).zone.tolist() == CROOKED.tolist()
    )
    assert not drawn.asked


def test_on_two_workers_the_same() -> None:
    zone = np.repeat(np.arange(NY), NX).astype(np.int32) // 2
    zone[[3, 14, 15, 22]] = [1, 0, 2, 1]
    rules = RULES.with_(grid=Band(40, 200))
    found = [
        cut_straight(pose(GRAPH, rules, drawn=Bends()), _town(zone), 0, stop=never, workers=w).zone
        for w in (1, 2)
    ]
    assert found[0].tolist() == found[1].tolist()


@pytest.mark.parametrize("band", [(299, 499), (300, 500), (301, 501), (1, 700)])
@pytest.mark.parametrize(
    "owners",
    [
        (0, 2000), (350, 2000), (351, 2000), (352, 2000), (300, 2000), (301, 2000), (302, 2000),
        (0, 601), (0, 600), (0, 599), (0, 651), (0, 650), (0, 649),
    ],
)  # fmt: skip
def test_the_range_of_a_cut_is_what_is_lawful(
    band: tuple[int, int], owners: tuple[int, int]
) -> None:
    # A column of shared ground between two grids of a community each; another grid beside.
    households = [300, 1, 299, 1, 350]
    zone = np.array([0, 0, 0, 1, 1], np.int32)
    part = lattice_part(5, 1, households, zone, band, spare=0)
    owner = np.array([0, 1], np.int32)
    part = part._replace(
        zone_owner=owner, home_owner=owner[zone],
        owner_lower=np.full(2, owners[0]), owner_upper=np.full(2, owners[1]),
        owner_zones=np.full(2, -1),
    )  # fmt: skip
    draft = Draft(zone, owner)
    free = np.array([False, True, True, True, False])
    near = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    block = _Block(0, 1, np.arange(5), free, near, np.ones(4))
    least, most = _range(part, state_of(part, draft), block, 300, 350, 301)
    for k in range(4):  # so many of the three in `b`, from the right
        cut = np.array([0] * (4 - k) + [1] * (k + 1), np.int32)
        count = int(part.households[1:4][cut[1:4] == 1].sum())
        assert (least <= count <= most) == (violation(part, Draft(cut, owner)) == 0), k


def test_lines_give_every_count_between_and_no_other() -> None:
    rng = np.random.default_rng(3)
    x, y, households = rng.random(40), rng.random(40), rng.integers(1, 9, 40)
    total = int(households.sum())
    cuts = np.concatenate(list(_lines(x, y, households, total // 3, total // 2, 0.0)))
    count = cuts @ households
    assert (count >= total // 3).all()
    assert (count <= total // 2).all()
    assert len(np.unique(cuts, axis=0)) > 200
    # The first are what lies beyond one line: all further along than all that stays.
    along = x * np.cos(0.0)
    for cut in next(_lines(x, y, households, total // 3, total // 2, 0.0)):
        assert along[cut].min() > along[~cut].max()


@pytest.mark.parametrize("tilt", [0.0, 7.0, -20.0, 44.0])
def test_a_lane_between_rows_is_a_cut_however_the_rows_lie(tilt: float) -> None:
    # Eleven rows of nine houses, close along the row: each lane is one of the cuts.
    across, along = np.divmod(np.arange(99), 9)
    place = (8.0 * along + 14.0j * across) * np.exp(1j * np.radians(tilt))
    a = np.flatnonzero(along < 8)
    b = np.flatnonzero(across < 10)
    near = np.concatenate([place[a + 1] - place[a], place[b + 9] - place[b]])
    rows = _rows(near.real, near.imag)
    assert np.degrees(rows) == pytest.approx(tilt)
    cuts = np.concatenate(list(_lines(place.real, place.imag, np.ones(99, int), 1, 98, rows)))
    found = {cut.tobytes() for cut in cuts}
    for k in range(1, 11):
        assert (across < k).tobytes() in found
        assert (across >= k).tobytes() in found


def test_the_straightest_of_a_direction_is_looked_at_however_many_it_moves() -> None:
    # Ten units may go, or up to twenty: ten cost least, and along twenty there is a lane.
    p, q = sources(GRAPH.indptr) % NX, GRAPH.indices % NX
    is_lane = (np.minimum(p, q) == 1) & (np.maximum(p, q) == 2)
    graph = replace(GRAPH, off_line_m=np.where(is_lane, 1.0, 10.0))

    class Lane(Bends):
        def border(self, a: np.ndarray, b: np.ndarray) -> float:
            """Price what is not along the lane."""
            _ = a
            return 500.0 * (sorted(set((b % NX).tolist())) != [2, 3, 4, 5] or len(b) != 4 * NY)

    instance = replace(pose(graph, RULES, drawn=Lane()))
    zone = np.tile([0, 0, 0, 0, 1, 1], NY).astype(np.int32)
    found = cut_straight(instance, _town(zone), 0, stop=never).zone
    assert found.tolist() == np.tile([0, 0, 1, 1, 1, 1], NY).tolist()


def test_a_count_that_only_one_number_fits_is_met_by_one_line_and_by_two() -> None:
    rng = np.random.default_rng(4)
    cuts = list(_lines(rng.random(20), rng.random(20), np.ones(20, np.int64), 7, 7, 0.0))
    assert all((one.sum(axis=1) == 7).all() for one in cuts)
    assert len(cuts) > 2 * WAYS


def test_the_border_that_is_drawn_is_priced_and_not_that_of_the_cells() -> None:
    # The ten units of a corner: more cells along it than along a column, and clearer as drawn.
    corner = {u for u in range(NX * NY) if u % NX + u // NX >= 6}

    class Corner(Bends):
        def border(self, a: np.ndarray, b: np.ndarray) -> float:
            """Price all but the corner."""
            _ = a
            return 5.0 * (set(b.tolist()) != corner)

    instance = replace(pose(GRAPH, RULES, drawn=Corner()))
    zone = cut_straight(instance, _town(np.tile([0, 0, 0, 0, 1, 1], NY)), 0, stop=never).zone
    assert set(np.flatnonzero(zone == 1).tolist()) == corner


def test_a_cut_that_makes_anything_worse_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "is_worse", lambda *_: True)
    assert _cut(CROOKED).tolist() == CROOKED.tolist()


def test_what_does_not_hang_together_goes_to_the_other_side() -> None:
    near = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    free = np.array([False, True, True, True, False])
    block = _Block(0, 1, np.arange(5), free, near, np.ones(4))
    side = np.array([False, False, True, False, True])
    mended = _in_one_piece(block, side)
    assert mended is not None
    assert not zones_in_pieces(
        lattice_part(5, 1, [1] * 5, np.zeros(5, np.int32), (0, 9)), mended.astype(np.int32)
    )
    stuck = block._replace(may_change=np.zeros(5, np.bool_))
    assert _in_one_piece(stuck, side) is None
    assert _in_one_piece(block, np.ones(5, np.bool_)) is None
