"""Slicing: one part of a written plan as a record of its own."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lingwu_grid.planning.identity import plan_of

if TYPE_CHECKING:
    import geopandas as gpd

    from lingwu_grid.planning.record import PlanRecord


def slices_of(plan: PlanRecord) -> list[slice]:
    """Give the rows of layer `units` that each part of a plan has."""
    ends = np.cumsum([0, *(part["units"] for part in plan.certificate["parts"])]).tolist()
    return [slice(a, b) for a, b in pairwise(ends)]


def sliced(plan: PlanRecord, rows: slice, backdrop: dict[str, gpd.GeoDataFrame]) -> PlanRecord:
    """
    Give a part of a plan as a record of its own.

    Parameters
    ----------
    plan
        The whole, as read.
    rows
        Of its units, as :func:`slices_of` gives them.
    backdrop
        Of the part.

    Returns
    -------
    PlanRecord
        Layers, households and certificate of the part; its tables are empty, its summary is that
        of the whole.
    """
    units = plan.units.iloc[rows].reset_index(drop=True)
    grids = plan.grids[plan.grids["grid_id"].isin(units["grid_id"])]
    communities = plan.communities[plan.communities["community_id"].isin(grids["community_id"])]
    joins = np.array(plan.certificate["joins"], np.int64).reshape(-1, 2)
    inside = ((joins >= rows.start) & (joins < rows.stop)).all(axis=1)
    own = {
        "units": plan.certificate["units"][rows],
        "joins": (joins[inside] - rows.start).tolist(),
        "parts": [],
    }
    return replace(
        plan,
        units=units,
        grids=grids.reset_index(drop=True),
        communities=communities.reset_index(drop=True),
        moves=plan.moves.iloc[:0],
        assignment=plan.assignment[plan.assignment["unit_id"].isin(units["unit_id"])],
        excluded=plan.excluded.iloc[:0],
        findings=plan.findings.iloc[:0],
        changes=plan.changes.iloc[:0],
        buildings=plan.buildings.iloc[:0],
        impact=plan.impact.iloc[:0],
        code_register=plan.code_register.iloc[:0],
        run=plan.run | {"plan": plan_of(plan)},
        certificate=plan.certificate | own,
        backdrop=backdrop,
        service=None,
    )
