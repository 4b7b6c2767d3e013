"""The certificate: what was proved, by what, from what; to check a plan without the solver."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from lingwu_grid.fabric.numbering import passable
from lingwu_grid.lawful import community_bands, grid_bands
from lingwu_grid.recounting import needs_of

if TYPE_CHECKING:
    import pandas as pd

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.instance import Proof, Solution
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.naming import Names

RULES = {
    "unconditional": "换网格的户：整单元离开；任何合规方案，不论邻接、社区和形状",
    "unconditional_communities": "换社区的户：同上，以社区计",
    "global": "换网格或换社区的户：任何合规方案，不论邻接、社区和形状；上两项，以及受影响的户"
    "按现在的社区、按将来的社区各数一遍的加权平均（权数见证书 global_weight），取最大的",
    "within_plan": "换网格的户，只作求解诊断：各单元留在本方案所属的社区；网格连续；"
    "小区和楼栋整体；新增网格每社区至多两个；标为 counted 的社区只按整单元计数；"
    "标为 ordered 的社区另限：保留的网格保留其核心单元，"
    "并自核心起按现有形状的次序生长，向外至多八圈单元（分部求解的大城镇四圈）",
}
"""What each bound takes for granted, in words."""


def make_certificate(
    study: Study, fabric: Fabric, solution: Solution, names: Names, assignment: pd.DataFrame
) -> dict[str, Any]:
    """
    Write down what was proved.

    Parameters
    ----------
    study
        Rules, and hashes of the sources.
    fabric
        Units and which of them join.
    solution
        Bounds and the proofs of communities.
    names
        What the numbers are called.
    assignment
        Of every household, today and in the plan.

    Returns
    -------
    dict
        rules, bounds, what they are worked out from (needs), proofs, solver, input hashes, and the
        pairs of units that join.
    """
    rules, bound = study.rules, solution.bound
    unit = fabric.units["unit_id"].to_numpy(object)
    is_open, _ = passable(fabric, rules)
    pairs = np.stack([fabric.borders.a[is_open], fabric.borders.b[is_open]], axis=1)
    told: dict[str, Any] = {
        "grid": [rules.grid.lower, rules.grid.upper],
        "community": [rules.community.lower, rules.community.upper],
        "own": {
            "grid": grid_bands(rules, names.special_grids).as_plain(),
            "community": community_bands(rules, names.villages).as_plain(),
        },
        "margin": rules.margin,
        "scenario": rules.scenario,
        "communities": rules.communities,
        "compounds_whole": rules.compounds_whole,
        "locked_grids": _held_grids(fabric, rules),
        "locked_communities": list(rules.locked_communities),
        "enclaves": list(rules.enclaves),
        "pins": [[pin.place, pin.grid_id] for pin in rules.pins],
    }
    return {
        "rules": told,
        "bounds": {
            "unconditional": bound.unconditional,
            "unconditional_communities": bound.unconditional_communities,
            "global": bound.everywhere,
            "global_weight": bound.either[1],
            "within_plan": bound.within_plan,
            "in_words": RULES,
        },
        "needs": [needs_of(assignment, told)],
        "proofs": [_proof(proof, names, unit) for proof in bound.proofs],
        "solver": {"name": "HiGHS", "version": version("highspy")},
        "inputs": list(study.sources),
        "special_grids": sorted(names.special_grids),
        "villages": sorted(names.villages) if rules.villages_whole else [],
        "units": unit.tolist(),
        "joins": pairs.tolist(),
    }


def _held_grids(fabric: Fabric, rules: Rules) -> list[str]:
    """List the grids that keep their households: locked by the rules or the data, or special."""
    places = fabric.places
    held = places.grid_is_locked | places.grid_is_special
    named = {code for code, is_held in zip(places.grid_ids, held, strict=True) if is_held}
    return sorted(named | set(rules.locked_grids))


def _proof(proof: Proof, names: Names, unit: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {
        "community_id": names.community_zone_ids.get(proof.community, str(proof.community)),
        "method": proof.method,
        "bound": proof.bound,
        "free_bound": proof.free_bound,
        "moved": proof.moved,
        "units": proof.units,
        "grids": proof.zones,
        "cores": [str(unit[u]) for u in proof.cores],
    }
