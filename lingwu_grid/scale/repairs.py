"""Repairs of what keeps a plan from being lawful: each is tried before it is offered."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from lingwu_grid.contract.rules import Exemption
from lingwu_grid.engine.instance import never, pose
from lingwu_grid.engine.solve import solve
from lingwu_grid.fabric.numbering import build_graph
from lingwu_grid.fabric.outlines import outlines_of
from lingwu_grid.fabric.units import build_fabric

if TYPE_CHECKING:
    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.instance import Explanation, Solution, Stop
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study

EFFORT = 30
"""Search effort of a trial, in per cent: enough to tell whether a repair works."""

MOST_EXPLANATIONS = 3
MOST_TRIALS = 3
"""Explanations that repairs are tried for, and trials of each."""


class Repair(NamedTuple):
    """A change of the rules that may mend a cause."""

    text: str
    rules: Rules


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
    shape = outlines_of(fabric, rules)  # as the plan is drawn, or it would move others than told
    instance = pose(build_graph(fabric, rules), rules, shape)
    return solve(instance, seed=seed, workers=workers, stop=stop)


def tried_repairs(
    study: Study, fabric: Fabric, solution: Solution, *, seed: int, workers: int, stop: Stop
) -> list[list[dict[str, Any]]]:
    """
    Try repairs of every explanation, each alone.

    Parameters
    ----------
    study, fabric
        What was solved.
    solution
        With explanations.
    seed, workers, stop
        As for the solve.

    Returns
    -------
    list[list[dict]]
        For each explanation the repairs that mended it, the cheapest first: text, the setting
        for ``rules.toml``, what a plan with it moves, and how many things it leaves unlawful.
    """
    out: list[list[dict[str, Any]]] = []
    before = len(solution.explanations)
    for number, item in enumerate(solution.explanations):
        worked = []
        trials = _candidates(item, study, fabric)[:MOST_TRIALS]
        for repair in trials if number < MOST_EXPLANATIONS else []:
            if stop():
                break
            worked += _tried(study, fabric, item, repair, before=before, seed=seed, workers=workers)
        out.append(sorted(worked, key=_dearness))
    return out


def _dearness(worked: dict[str, Any]) -> tuple[int, bool, int]:
    """Rank a repair: what it leaves, then a waiver of the range after a real one, then moves."""
    return worked["left"], "exceptions" in worked["setting"], worked["households_moved"]


def _tried(
    study: Study,
    fabric: Fabric,
    item: Explanation,
    repair: Repair,
    *,
    before: int,
    seed: int,
    workers: int,
) -> list[dict[str, Any]]:
    rules = repair.rules.with_(prove=False, effort=EFFORT)
    found = solve_again(study, fabric, rules, seed=seed, workers=workers)
    same = [e for e in found.explanations if e.cause == item.cause and e.grids == item.grids]
    # A repair that leaves as much as before has mended nothing.
    if same or len(found.explanations) >= before:
        return []
    return [
        {
            "text": repair.text,
            "setting": _changed(study.rules, repair.rules),
            "households_moved": found.moved,
            "left": len(found.explanations),
        }
    ]


def _changed(before: Rules, after: Rules) -> dict[str, Any]:
    old, new = asdict(before), asdict(after)
    return {key: value for key, value in new.items() if value != old[key]}


def _candidates(item: Explanation, study: Study, fabric: Fabric) -> list[Repair]:
    rules, ids = study.rules, fabric.places.grid_ids
    found = []
    for pair in item.pairs:
        names = tuple(ids[g] for g in pair)
        opened = rules.with_(open_crossings=(*rules.open_crossings, names))
        found.append(Repair(f"打开网格 {names[0]} 与 {names[1]} 之间的通道", opened))
    for g in item.others:
        if ids[g] in rules.locked_grids:
            left = tuple(code for code in rules.locked_grids if code != ids[g])
            found.append(Repair(f"解除网格 {ids[g]} 的锁定", rules.with_(locked_grids=left)))
    compound = str(fabric.units["compound_id"].iloc[item.unit]) if item.unit >= 0 else ""
    if compound and compound not in rules.split_compounds:
        split = rules.with_(split_compounds=(*rules.split_compounds, compound))
        found.append(Repair(f"允许拆分小区 {compound}", split))
    return [*found, *_exceptions(item, rules, fabric)]


def _exceptions(item: Explanation, rules: Rules, fabric: Fabric) -> list[Repair]:
    places = fabric.places
    if item.cause in ("community_out_of_range", "count_gap_communities", "community_cut_off"):
        codes = [places.community_ids[c] for c in item.communities if c < len(places.community_ids)]
        band, key = rules.community, "community_id"
    else:
        codes = [places.grid_ids[g] for g in item.grids if g < len(places.grid_ids)]
        band, key = rules.grid, "grid_id"
    excused = {e.grid_id for e in rules.exceptions} | {e.community_id for e in rules.exceptions}
    whole, total = item.households // band.lower, item.households
    if item.cause == "unit_over_limit":
        lower, upper = band.lower, total
    elif item.cause in ("grid_out_of_range", "community_out_of_range"):
        lower, upper = 0, max(2 * band.upper, total)
    elif not whole:
        lower, upper = total, band.upper
    else:
        lower, upper = band.lower, max(band.upper, total - (whole - 1) * band.upper)
    name = "网格" if key == "grid_id" else "社区"
    repairs = []
    for code in [c for c in codes if c not in excused][:2]:
        item_ = Exemption(
            kind="划不进范围",
            reason="经求解确认无合规划法",
            lower=lower,
            upper=upper,
            **{key: code},
        )
        text = f"为{name} {code} 登记例外（{lower}—{upper} 户）"
        repairs.append(Repair(text, rules.with_(exceptions=(*rules.exceptions, item_))))
    return repairs
