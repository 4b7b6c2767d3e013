"""Plans to choose between: from the fewest households affected to the clearest borders."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from lingwu_grid.api import partition, partition_on
from lingwu_grid.engine.instance import Stop, Watch, never, silent
from lingwu_grid.lawful import UNLAWFUL_RUNS
from lingwu_grid.planning.impact import AFTER
from lingwu_grid.scale.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.plan import Plan

CLEARER = {"略重边界": 40.0, "边界较清晰": 120.0, "边界清晰": 300.0, "边界优先": 2500.0}
"""Households that a kilometre of border on no line weighs, by the name of the plan."""

FEWEST = "变动最少"

NAMES = (FEWEST, *CLEARER)

NECKED = "border_necked"


class Choice(NamedTuple):
    """A plan and what speaks for it."""

    name: str
    plan: Plan
    affected: int
    """Households whose grid or community changes."""
    off_line_km: float
    """Inner border that runs on nothing a passer-by can see, kilometres."""
    necked: int
    """Grids with a neck or fingers that today's map has not."""
    tight: int
    """Grids and communities within one per cent of a limit."""

    @property
    def costs(self) -> tuple[float, float, float, float]:
        """What is weighed, less is better."""
        return self.affected, self.off_line_km, self.necked, self.tight


def trade_offs(
    study: Study,
    *,
    keep: str = "",
    seed: int = 0,
    workers: int = 1,
    stop: Stop = never,
    watch: Watch = silent,
) -> list[Choice]:
    """
    Draw plans from the fewest households affected to the clearest borders; keep those worth a look.

    A plan is left out if another is as good in everything and better in something (Pareto), draws
    the same map, or affects more without clearer borders.

    Parameters
    ----------
    study
        What to plan for; its rules hold in every plan.
    keep
        Name of a plan that stays, beaten or not.
    seed, workers, stop, watch
        As for :func:`~lingwu_grid.api.partition`.

    Returns
    -------
    list[Choice]
        At most five, the fewest households affected first.
    """
    by_name: dict[str, Choice] = {}
    weighed = _weighings(study.rules)
    for name, neighbour in _order(study.rules):
        if stop() and by_name:
            break
        if name in by_name and len(by_name[name].plan.pieces) > 1:
            continue  # a study in parts is drawn anew each time: the same again
        watch(f"方案“{name}”")
        rules, crew = weighed[name], Crew(workers, watch, stop)
        if neighbour:
            begun = by_name[neighbour].plan
            plan = partition_on(begun, study, rules, seed=seed, workers=crew)
        else:
            plan = partition(study, rules, seed=seed, workers=crew)
        by_name[name] = _measured(name, plan)
    found = list(by_name.values())
    kept = clearer(undominated(found))
    kept += [choice for choice in found if choice.name == keep and choice not in kept]
    return sorted(kept, key=lambda choice: choice.costs)


def _order(rules: Rules) -> list[tuple[str, str]]:
    """
    List the plans in the order they are drawn, each with the neighbour that it goes on from.

    First that of the office's own weight, from today; then up to the clearest borders, and from
    there down to the fewest affected, the first again on the way: what a dearer border finds may
    be the better plan at its price, too.

    Examples
    --------
    >>> from lingwu_grid.contract.rules import Rules
    >>> [name for name, _ in _order(Rules())]
    ['边界清晰', '边界优先', '边界清晰', '边界较清晰', '略重边界', '变动最少']
    >>> _order(Rules(border_weight=3000.0))[:2]
    [('边界优先', ''), ('边界清晰', '边界优先')]
    """
    weights = list(CLEARER.values())
    own = 1 + min(range(len(weights)), key=lambda i: abs(weights[i] - rules.border_weight))
    up = [(NAMES[i], NAMES[i - 1]) for i in range(own + 1, len(NAMES))]
    down = [(NAMES[i], NAMES[i + 1]) for i in range(len(NAMES) - 2, -1, -1)]
    return [(NAMES[own], ""), *up, *down]


def _weighings(rules: Rules) -> dict[str, Rules]:
    """Give the rules of each plan: of the first, which the others go on from, all is proven."""
    first = _order(rules)[0][0]
    weighed = {FEWEST: rules.with_(scenario="minimal", prove=False)}
    for name, weight in CLEARER.items():
        signable = rules.with_(scenario="signable", border_weight=weight)
        weighed[name] = signable if name == first else signable.with_(prove=False)
    return weighed


def _measured(name: str, plan: Plan) -> Choice:
    summary, findings = plan.summary, plan.findings
    off_line = 1 - summary["border_on_line_share"]["after"]
    return Choice(
        name,
        plan,
        affected=summary["affected"],
        off_line_km=round(summary["border_m"]["after"] * off_line / 1000, 2),
        necked=int((findings["code"] == NECKED).sum()),
        tight=summary["tight_zones"],
    )


def knee(choices: Sequence[Choice]) -> Choice:
    """
    Give the choice where one more household buys least: the nearest to having both at their best.

    Parameters
    ----------
    choices
        At least one.

    Returns
    -------
    Choice
        That with the least sum of households affected and kilometres off the lines, each as a
        share of the way from the best to the worst; of equals the one that affects fewer. One
        that is not lawful is passed over where another is.
    """
    lawful = [c for c in choices if c.plan.summary["status"] not in UNLAWFUL_RUNS]
    rated = lawful or list(choices)

    def share(value: float, values: list[float]) -> float:
        return (value - min(values)) / (max(values) - min(values) or 1)

    moved, km = [float(c.affected) for c in rated], [c.off_line_km for c in rated]
    return min(
        rated,
        key=lambda c: (share(c.affected, moved) + share(c.off_line_km, km), c.affected),
    )


def undominated(choices: list[Choice]) -> list[Choice]:
    """
    Leave out what another choice is at least as good as in everything.

    Parameters
    ----------
    choices
        In order of preference between equals.
    """
    kept: list[Choice] = []
    for choice in sorted(choices, key=lambda c: c.costs):
        if not any(all(a <= b for a, b in zip(k.costs, choice.costs, strict=True)) for k in kept):
            kept.append(choice)
    return kept


def clearer(choices: list[Choice]) -> list[Choice]:
    """
    Leave out what affects more than another without clearer borders: room on counts is no border.

    Parameters
    ----------
    choices
        Those that affect fewest first.
    """
    kept: list[Choice] = []
    for choice in choices:
        if all(
            choice.off_line_km < k.off_line_km or choice.necked < k.necked
            for k in kept
        ):  # fmt: skip
            kept.append(choice)
    return kept


def as_table(choices: Sequence[Choice]) -> pd.DataFrame:
    """Set choices side by side, in Chinese, with what each costs and buys over the one before."""
    advised = knee(choices)
    impact = [c.plan.impact for c in choices]
    table = pd.DataFrame(
        {
            "方案": [c.name for c in choices],
            "建议": ["★" if c is advised else "" for c in choices],
            "受影响户数": [c.affected for c in choices],
            "换网格户数": [c.plan.summary["households_moved_grid"] for c in choices],
            "换社区户数": [c.plan.summary["households_moved_community"] for c in choices],
            "改动网格数": [c.plan.summary["grids_touched"] for c in choices],
            "网格数": [c.plan.summary["grids"] for c in choices],
            "两委职数": [int(t.loc[t["when"] == AFTER, "seats"].sum()) for t in impact],
            "不沿线的边界（公里）": [c.off_line_km for c in choices],
            "有瓶颈的网格": [c.necked for c in choices],
            "贴近上下限": [c.tight for c in choices],
            "是否合规": [
                "否" if c.plan.summary["status"] in UNLAWFUL_RUNS else "是" for c in choices
            ],
        }
    )
    table["比上一个多影响（户）"] = table["受影响户数"].diff().fillna(0).astype(int)
    table["比上一个少不沿线（公里）"] = (-table["不沿线的边界（公里）"].diff()).fillna(0).round(2)
    return table
