"""The ground of the synthetic town: lots tile, streets go on, buildings stand clear of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from lingwu_grid.contract.errors import RulesError
from lingwu_grid.sample_town.describe import MEASURES, describe, orientation_order
from lingwu_grid.sample_town.kinds import KINDS, kind_of
from lingwu_grid.sample_town.planar import LOOP_M2, arrange, loops
from lingwu_grid.sample_town.streets import lay_out
from lingwu_grid.sample_town.town import make_town

if TYPE_CHECKING:
    from collections.abc import Callable

    from lingwu_grid.sample_town.town import Town


@pytest.fixture(scope="module")
def town_of() -> Callable[[str], Town]:
    """Give a town of each kind, made once."""
    made: dict[str, Town] = {}

    def give(kind: str) -> Town:
        if kind not in made:
            made[kind] = make_town(households=20_000, seed=7, kind=kind)
        return made[kind]

    return give


def line(*points: tuple[float, float]) -> shapely.LineString:
    """Draw a line through points."""
    return shapely.LineString(points)


def test_an_arrangement_knows_the_face_on_either_side() -> None:
    square = [line((0, 0), (10, 0)), line((10, 0), (10, 10)), line((10, 10), (0, 10))]
    ground = arrange(np.array([*square, line((0, 10), (0, 0)), line((5, 0), (5, 10))], object))
    assert shapely.area(ground.faces).tolist() == [50.0, 50.0]
    middle = np.flatnonzero(ground.source == 4)
    assert len(middle) == 1
    assert sorted(ground.sides[middle[0]].tolist()) == [0, 1]
    assert (ground.sides[ground.source != 4] == -1).sum() == len(ground.edges) - 1


def test_a_line_that_hangs_in_a_face_bounds_nothing() -> None:
    ring = line((0, 0), (10, 0), (10, 10), (0, 10), (0, 0))
    ground = arrange(np.array([ring, line((0, 5), (6, 5))], object))
    assert len(ground.faces) == 1
    assert set(ground.source.tolist()) == {0}


@pytest.mark.parametrize(("wide", "found"), [(5.9, 1), (6.1, 0)])
def test_two_drawings_of_one_street_leave_a_loop_to_open(wide: float, found: int) -> None:
    outer = line((0, 0), (100, 0), (100, 100), (0, 100), (0, 0))
    twice = [line((0, 50), (100, 50)), line((10, 50), (10, 50 + wide), (20, 50 + wide), (20, 50))]
    ground = arrange(np.array([outer, *twice], object))
    assert len(loops(ground)) == found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_lots_tile_each_part_of_the_town(kind: str, seed: int) -> None:
    plan = lay_out(kind_of(kind), 20_000, np.random.default_rng(seed))
    whole = shapely.union_all(plan.lots)
    assert shapely.area(plan.lots).sum() == pytest.approx(shapely.area(whole), abs=0.5)
    parts = shapely.get_parts(whole)
    assert len(parts) == len(KINDS[kind].parts)
    assert shapely.area(plan.lots).min() > LOOP_M2
    # Every lot can be reached: over bridges, without leaving its part.
    assert len(np.unique(plan.pairs())) == len(plan.lots)


@pytest.mark.parametrize("kind", KINDS)
def test_its_figures_lie_among_those_of_real_towns(
    town_of: Callable[[str], Town], kind: str
) -> None:
    figures = describe(make_town(seed=21 if kind == "town" else 1, kind=kind)).set_index("key")
    known = [m for m in MEASURES if np.isfinite(m.least)]
    assert len(known) == 6
    for measure in known:
        value = figures.loc[measure.key, "value"]
        assert measure.least <= value <= measure.most, (kind, measure.title, value)
    buildings = town_of(kind).tables["buildings"]
    assert 0.08 < describe(town_of(kind)).set_index("key").loc["coverage", "value"] < 0.35
    assert shapely.area(buildings.geometry.to_numpy()).min() > 20


@pytest.mark.parametrize("kind", KINDS)
def test_no_building_stands_on_a_street_or_in_another(
    town_of: Callable[[str], Town], kind: str
) -> None:
    town = town_of(kind)
    shapes = town.tables["buildings"].geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    streets = [*town.tables["roads"].geometry, *town.tables["barriers"].geometry]
    assert len(tree.query(streets, predicate="intersects")[0]) == 0
    a, b = tree.query(shapes, predicate="intersects")
    a, b = a[a < b], b[a < b]
    assert shapely.area(shapely.intersection(shapes[a], shapes[b])).max() < 0.2
    # Party walls: houses of the old town share a wall.
    shared = shapely.length(shapely.intersection(shapes[a], shapes[b]))
    assert (shared > 4).sum() > 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_bridge_stands_at_every_crossing_and_nowhere_else(
    town_of: Callable[[str], Town], kind: str
) -> None:
    tables = town_of(kind).tables
    roads, barriers = tables["roads"], tables["barriers"].union_all()
    crossings = shapely.multipoints(tables["crossings"].geometry.to_numpy())
    bridge = roads["bridge"] == 1
    assert bridge.sum() == 2 * len(tables["crossings"])
    assert roads[bridge].distance(crossings).max() < 0.01
    assert roads[~bridge].distance(barriers).min() > 1.0


def test_households_stand_in_their_building(town_of: Callable[[str], Town]) -> None:
    town = town_of("town")
    buildings = town.tables["buildings"].set_index("building_id")
    own = buildings.geometry.reindex(town.households["building_id"]).to_numpy()
    assert shapely.contains(own, town.households.geometry.to_numpy()).all()


def test_a_valley_is_long_and_works_lie_apart(town_of: Callable[[str], Town]) -> None:
    x0, y0, x1, y1 = town_of("valley").tables["outline"].total_bounds
    assert (x1 - x0) > 2.5 * (y1 - y0)
    assert len(shapely.get_parts(town_of("industrial").tables["outline"].geometry.iloc[0])) == 2


def test_streets_in_one_right_angled_grid_are_in_full_order() -> None:
    assert orientation_order(np.array([3.0, 93.0])) == pytest.approx(1.0)
    assert orientation_order(np.arange(360.0)) == pytest.approx(0.0, abs=1e-9)
    # Two grids turned by 45 degrees: eight bearings, entropy ln 8.
    two = 1 - ((np.log(8) - np.log(4)) / (np.log(36) - np.log(4))) ** 2
    assert orientation_order(np.array([0.0, 90.0, 45.0, 135.0])) == pytest.approx(two)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(RulesError, match="没有“island”") as refused:
        make_town(kind="island")
    assert "valley" in refused.value.remedy
