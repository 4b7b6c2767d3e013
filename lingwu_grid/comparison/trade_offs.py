"""Plans to choose between: few households moved, borders on lines, grids of even size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from lingwu_grid.api import partition
from lingwu_grid.contract.rules import FAINT_BORDER
from lingwu_grid.engine.instance import Stop, Watch, never, silent
from lingwu_grid.lawful import UNLAWFUL_RUNS
from lingwu_grid.scale.crew import Crew

if TYPE_CHECKING:
    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.plan import Plan

MOST = 5
"""Plans that somebody can still hold side by side."""


class Choice(NamedTuple):
    """A plan and what speaks for it."""

    name: str
    plan: Plan
    moved: int
    """Households whose grid changes."""
    off_line_share: float
    """Share of the inner border that runs on nothing a passer-by can see."""
    deviation: float
    """Mean distance of a grid from the middle of the range, households."""

    @property
    def costs(self) -> tuple[float, float, float]:
        """What is weighed, less is better."""
        return self.moved, self.off_line_share, self.deviation


def trade_offs(
    study: Study,
    *,
    seed: int = 0,
    workers: int = 1,
    stop: Stop = never,
    watch: Watch = silent,
) -> list[Choice]:
    """
    Draw plans that weigh moves, borders and even sizes differently; keep those worth a look.

    A plan is left out if another is as good in all three and better in one (Pareto), or draws
    the same map.

    Parameters
    ----------
    study
        What to plan for; its rules hold in every plan.
    seed, workers, stop, watch
        As for :func:`~lingwu_grid.api.partition`.

    Returns
    -------
    list[Choice]
        At most five, the fewest households moved first.
    """
    found: list[Choice] = []
    for name, rules in _weighings(study.rules):
        if stop() and found:
            break
        watch(f"方案“{name}”")
        plan = partition(study, rules, seed=seed, workers=Crew(workers, watch, stop))
        found.append(_measured(name, plan))
    return sorted(undominated(found), key=lambda choice: choice.costs)[:MOST]


def _weighings(rules: Rules) -> list[tuple[str, Rules]]:
    quick = rules.with_(prove=False)
    even = quick.with_(scenario="balanced", border_weight=FAINT_BORDER)
    return [
        ("变动最少", rules.with_(scenario="minimal")),
        ("边界走线", quick.with_(scenario="signable")),
        ("边界优先", quick.with_(scenario="signable", border_weight=400.0)),
        ("略求均衡", even.with_(balance_weight=0.15)),
        ("均衡", even),
        ("均衡走线", quick.with_(scenario="balanced")),
    ]


def _measured(name: str, plan: Plan) -> Choice:
    rules = plan.run["rules"]["grid"]
    basic = plan.grids[plan.grids["kind"] == "basic"]
    middle = (rules["lower"] + rules["upper"]) / 2
    return Choice(
        name,
        plan,
        moved=plan.summary["households_moved_grid"],
        off_line_share=round(1 - plan.summary["border_on_line_share"]["after"], 4),
        deviation=round(float((basic["households"] - middle).abs().mean()), 1),
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


def as_table(choices: list[Choice]) -> pd.DataFrame:
    """Set choices side by side, in Chinese."""
    return pd.DataFrame(
        {
            "方案": [c.name for c in choices],
            "换网格户数": [c.moved for c in choices],
            "换社区户数": [c.plan.summary["households_moved_community"] for c in choices],
            "改动网格数": [c.plan.summary["grids_touched"] for c in choices],
            "网格数": [c.plan.summary["grids"] for c in choices],
            "边界不在道路河渠围墙上的比例": [c.off_line_share for c in choices],
            "网格户数平均偏离中值": [c.deviation for c in choices],
            "是否合规": [
                "否" if c.plan.summary["status"] in UNLAWFUL_RUNS else "是" for c in choices
            ],
        }
    )
