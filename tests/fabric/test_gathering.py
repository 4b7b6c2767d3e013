"""Ground too small or too thin goes with what it lies by, and nothing hangs by a hair."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lingwu_grid.fabric.adjacency import Borders
from lingwu_grid.fabric.gathering import HAIR_M, _beside, gather_cells

HOME_A, HOME_B, LANE, VERGE, THIN = range(5)


def _row(width: float) -> tuple[np.ndarray, np.ndarray, Borders]:
    """
    Two compounds, somebody's lane between, a verge before the second, thin ground before all.

    The verge lies along 50 m of its compound, and along 60 m of the thin ground.
    """
    cells = np.array(
        [
            shapely.box(0, 0, 100, 92), shapely.box(104, 12, 154, 92),
            shapely.box(100, 0, 104, 92), shapely.box(104, 0, 164, 12),
            shapely.box(0, -width, 164, 0),
        ],
        object,
    )  # fmt: skip
    touching = {
        (HOME_A, LANE): 92.0, (HOME_B, LANE): 80.0, (HOME_B, VERGE): 50.0,
        (LANE, VERGE): 12.0, (HOME_A, THIN): 100.0, (LANE, THIN): 4.0, (VERGE, THIN): 60.0,
    }  # fmt: skip
    a, b = np.array(list(touching)).T
    metres = np.array(list(touching.values()))
    nothing = np.zeros(len(a))
    borders = Borders(a, b, metres, metres, metres, nothing.astype(bool), nothing)
    return cells, np.array([1, 2, 3, -1, -1]), borders


def _units(width: float, thin_zone: int = -1) -> np.ndarray:
    cells, key, borders = _row(width)
    is_lived = key >= 0
    zone = np.array([0, 0, 0, 0, thin_zone])
    return gather_cells(cells, key, (is_lived, np.zeros(5, bool)), zone, borders)[0]


@pytest.mark.parametrize(
    ("width", "home"), [(0.0001, HOME_B), (HAIR_M - 0.001, HOME_B), (HAIR_M + 0.001, HOME_A)]
)
def test_a_verge_does_not_hang_by_a_hair_on_the_compound_next_door(width: float, home: int) -> None:
    unit = _units(width)
    assert unit[VERGE] == unit[home]
    assert unit[THIN] == unit[HOME_A]
    assert len(np.unique(unit)) == 3


@pytest.mark.parametrize(
    ("metres", "goes"), [({(0, 2): 3.0, (1, 2): 5.0}, 1), ({(0, 2): 5.0, (1, 2): 3.0}, 0)]
)
def test_loose_ground_goes_where_it_lies_along_most_and_takes_what_lies_along_it(
    metres: dict[tuple[int, int], float], goes: int
) -> None:
    metres |= {(2, 3): 1.0}  # the last lies along the loose one only
    a, b = np.array(list(metres)).T
    length, nothing = np.array(list(metres.values())), np.zeros(len(metres))
    borders = Borders(a, b, length, length, length, nothing.astype(bool), nothing)
    loose = np.array([False, False, True, True])
    unit = _beside(np.array([0, 1, 2, 3]), loose, borders)
    assert unit[2] == unit[3] == unit[goes]
    assert unit[0] != unit[1]


def test_every_piece_of_a_unit_touches_the_rest_of_it() -> None:
    cells, _, _ = _row(0.01)
    unit = _units(0.01, thin_zone=0)
    for one in np.unique(unit):
        whole = shapely.union_all(shapely.buffer(cells[unit == one], 1e-6))
        opened = shapely.buffer(shapely.buffer(whole, -0.05), 0.05)
        assert shapely.get_num_geometries(opened) == 1
