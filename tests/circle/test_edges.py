"""Edges of the service circle: exactly fifteen minutes, and a home that many walls stand round."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from lingwu_grid.circle.attaching import FARTHEST_M, TRIED, Attachment, attach
from lingwu_grid.circle.network import make_network
from lingwu_grid.circle.reach import within_reach
from lingwu_grid.circle.walks import Speeds
from lingwu_grid.circle.zones import Timed, share_table
from tests.circle.tiny import place


def timed(*metres: float) -> Timed:
    """Everybody walks the same, whatever is assumed."""
    walked = np.array(metres)
    return Timed(walked, walked, walked, Speeds(1.2, 0.8))


def test_exactly_fifteen_minutes_are_within_and_a_moment_more_is_not() -> None:
    """1.2 m/s: 360, 720 and 1080 m; nobody here is old."""
    study = place([(0, 10), (1000, 10)], each=1)
    table = share_table(study, None, timed(1080.0, 1080.0 + 1e-6))
    town = table[table["level"] == "全部"].iloc[0]
    assert (town["within_15"], town["share_15"]) == (1, 0.5)
    table = share_table(study, None, timed(360.0, 720.0))
    town = table[table["level"] == "全部"].iloc[0]
    assert (town["within_5"], town["within_10"], town["within_15"]) == (1, 2, 2)


def streets(count: int) -> np.ndarray:
    """Streets one behind the other, ten metres apart."""
    return np.array([shapely.LineString([(0, 10 * k), (100, 10 * k)]) for k in range(count)])


@pytest.mark.parametrize("walls", [1, 3, TRIED, 20, 60])
def test_a_home_behind_many_walls_takes_the_first_street_it_can_reach(walls: int) -> None:
    """So many nearer streets, a wall before each; the free one is farther off on the other side."""
    free_m = 10 * walls + 8
    home = np.array([shapely.Point(50, -5)], object)
    wall = [shapely.LineString([(49, 10 * k - 1), (51, 10 * k - 1)]) for k in range(walls)]
    free = shapely.LineString([(0, -5 - free_m), (100, -5 - free_m)])
    network = make_network(np.array([*streets(walls), free], object))
    found = attach(network, home, np.array(wall, object))
    assert found.edge.tolist() == [walls]
    assert found.access[0] == pytest.approx(free_m)


def test_beyond_the_farthest_reach_there_is_no_street() -> None:
    network = make_network(streets(1))
    at = np.array([shapely.Point(50, FARTHEST_M), shapely.Point(50, FARTHEST_M + 0.01)], object)
    assert attach(network, at).edge.tolist() == [0, -1]


def test_a_site_at_the_limit_is_within_reach_and_one_beyond_is_not() -> None:
    network = make_network(np.array([shapely.LineString([(0, 0), (1000, 0)])]))
    homes = Attachment(np.array([0, 0]), np.array([100.0, 99.0]), np.array([5.0, 5.0]))
    site = Attachment(np.array([0]), np.array([300.0]), np.array([7.0]))
    home, _, metres = within_reach(network, homes, site, 212.0)
    assert home.tolist() == [0]
    assert metres.tolist() == [212.0]
