"""Solve a study again under other rules, on the fabric that is there already where that will do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lingwu_grid.engine.problem import Stop, never, pose
from lingwu_grid.engine.solve import solve
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.units import build_fabric

if TYPE_CHECKING:
    from lingwu_grid.engine.problem import Solution
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.rules import Rules
    from lingwu_grid.study import Study


def solve_again(
    study: Study, fabric: Fabric, rules: Rules, *, seed: int, workers: int, stop: Stop = never
) -> Solution:
    """
    Solve under other rules.

    Parameters
    ----------
    study
        Its own rules say what `fabric` was built for.
    fabric
        Built anew only where the rules divide other compounds.
    rules
        What to solve under.
    seed, workers, stop
        As for :func:`~lingwu_grid.engine.solve.solve`.
    """
    mine, now = rules, study.rules
    if (mine.split_compounds, mine.compounds_whole) != (now.split_compounds, now.compounds_whole):
        fabric = build_fabric(replace(study, rules=rules))
    problem = pose(build_graph(fabric, rules), rules)
    return solve(problem, seed=seed, workers=workers, stop=stop)
