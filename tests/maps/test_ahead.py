"""The map tells which zones will leave their range, and when; what leaves the office does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.maps.ahead import leaving_zones
from lingwu_grid.maps.page import planner_map
from lingwu_grid.planning.outlook import COLUMNS

if TYPE_CHECKING:
    import lingwu_grid as lg

WORD = "三年内会超出范围"


def _leaving(plan: lg.Plan) -> lg.Plan:
    lawful = plan.grids[plan.grids["status"] == "合规"].iloc[0]
    row = ("网格", lawful["grid_id"], lawful["grid_name"], lawful["community_id"], "2028-06-30",
           200, 600, "超上限", 500)  # fmt: skip
    return replace(
        plan,
        tables={**plan.tables, "outlook": pd.DataFrame([row], columns=COLUMNS)},
        summary=plan.summary | {"zones_leaving": 1},
    )


def test_a_zone_that_will_leave_is_drawn_with_its_year(small_plan: lg.Plan) -> None:
    plan = _leaving(small_plan)
    zones = leaving_zones(plan)
    assert zones[["year", "said"]].to_numpy().tolist() == [
        ["2028", "2028-06-30 起 600 户，超上限 500 户"]
    ]
    own = plan.grids.set_index("grid_name").loc[zones["name"].iloc[0]].geometry
    assert zones.geometry.iloc[0].equals(own.boundary)
    page = planner_map(plan)
    assert f"</span>{WORD}" in page  # in the legend
    assert "2028-06-30 起 600 户" in page


def test_where_nothing_leaves_nothing_is_said(small_plan: lg.Plan) -> None:
    quiet = replace(
        small_plan,
        tables={**small_plan.tables, "outlook": pd.DataFrame(columns=COLUMNS)},
        summary=small_plan.summary | {"zones_leaving": 0},
    )
    assert len(leaving_zones(quiet)) == 0
    assert f"</span>{WORD}" not in planner_map(quiet)
