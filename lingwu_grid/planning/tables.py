"""The output tables of a plan besides its layers: each by the name of its CSV, with its maker."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lingwu_grid.planning.changes import make_changes
from lingwu_grid.planning.impact import make_impact
from lingwu_grid.planning.outlook import make_outlook
from lingwu_grid.planning.register import make_register
from lingwu_grid.planning.stories import make_stories

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from lingwu_grid.planning.drawn import Drawn

TABLES: dict[str, Callable[[Drawn], pd.DataFrame]] = {
    "changes": make_changes,
    "impact": lambda d: make_impact(d.study, d.fabric, d.assignment, d.communities),
    "stories": lambda d: d.stories,
    "outlook": make_outlook,
    "code_register": lambda d: make_register(d.study, d.grids, d.communities, d.assignment),
}
"""A table with a column ``community_id`` is given to each part by its communities."""


def make_tables(drawn: Drawn) -> dict[str, pd.DataFrame]:
    """Make every output table of a plan; the register of changes takes its reasons from stories."""
    told = replace(drawn, stories=make_stories(drawn))
    return {name: make(told) for name, make in TABLES.items()}
