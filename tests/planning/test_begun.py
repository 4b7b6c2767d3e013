"""A plan taken in hand again: the solver's numbers give back the codes that they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.api import partition_on
from lingwu_grid.engine.instance import Bound, Solution
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.planning.begun import town_of
from lingwu_grid.planning.naming import name_zones

if TYPE_CHECKING:
    import lingwu_grid as lg
    from lingwu_grid.plan import Plan


def test_the_codes_of_a_plan_come_back_from_its_numbers(
    small_study: lg.Study, small_plan: Plan
) -> None:
    fabric = build_fabric(small_study)
    town = town_of(small_plan, fabric)
    solution = Solution(
        grid_of_unit=town.zone, community_of_grid=town.community, moved=0, bound=Bound(0),
        status="feasible", explanations=(),
    )  # fmt: skip
    names = name_zones(small_study, fabric, solution)
    units = small_plan.units.set_index("unit_id").loc[fabric.units["unit_id"].astype(str)]
    assert names.grid_of_unit.tolist() == units["grid_id"].tolist()
    community = small_plan.grids.set_index("grid_id")["community_id"]
    assert names.community_of_unit.tolist() == units["grid_id"].map(community).tolist()
    assert small_plan.recoded, "a grid with a new code is among them"
    new = town.zone >= len(fabric.places.grid_ids)
    assert new.any(), "and a new grid"
    assert (town.community[np.unique(town.zone)] >= 0).all()


def test_a_plan_drawn_on_for_clearer_borders_costs_no_more_at_its_prices(
    small_study: lg.Study, small_plan: Plan
) -> None:
    """With no price on borders, what is drawn on from a plan affects no more than that plan."""
    fewest = small_study.rules.with_(scenario="minimal", prove=False)
    found = partition_on(small_plan, small_study, fewest)
    assert found.summary["status"] == "feasible"
    assert found.summary["affected"] <= small_plan.summary["affected"]
