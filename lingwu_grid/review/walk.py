"""The walk of a review: patches checked, merged, applied, mended; every wish answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lingwu_grid.audit.whole import audited
from lingwu_grid.circle.serving import require_same_inputs
from lingwu_grid.engine.problem import Stop, Watch, never, silent
from lingwu_grid.errors import InputError
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.maps.review_page import town_numbers
from lingwu_grid.plan import Plan
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.record import make_record
from lingwu_grid.review.answers import answers, repair_table
from lingwu_grid.review.checks import Fault, Town, faults_of, fresh_faults, town_from
from lingwu_grid.review.merging import Merged, merge, require_fit
from lingwu_grid.review.solving import Numbered, Wish, as_solution, mended, number_zones

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.review.patch import Patch
    from lingwu_grid.study import Study


@dataclass(frozen=True)
class Reviewed:
    """
    What came of a review.

    Parameters
    ----------
    plan
        The new plan; None where the wishes cannot be made lawful, or conflict.
    answers
        One row a wish: what became of it.
    repairs
        What had to move besides, to make the wishes lawful.
    faults
        Sentences on what cannot be made lawful; empty where `plan` is given.
    conflicts
        Sentences on what the offices disagree about.
    """

    plan: Plan | None
    answers: pd.DataFrame
    repairs: pd.DataFrame
    faults: tuple[str, ...]
    conflicts: tuple[str, ...]


def review(
    study: Study,
    plan: PlanRecord,
    patches: list[Patch],
    *,
    skip_conflicts: bool = False,
    seed: int = 0,
    stop: Stop = never,
    watch: Watch = silent,
) -> Reviewed:
    """
    Apply what the offices sent back.

    Parameters
    ----------
    study
        What `plan` was made from.
    plan
        The plan that was reviewed.
    patches
        What came back, of any number of offices.
    skip_conflicts
        Leave out the units on which offices disagree; otherwise nothing is done until they agree.
    seed, stop, watch
        As for :func:`~lingwu_grid.partition.walk.partition`.

    Returns
    -------
    Reviewed
        The changed plan with as few further moves as make it lawful, or the reasons why not.

    Raises
    ------
    InputError
        If a patch does not fit the plan, or the study is not the plan's.
    """
    if plan.certificate.get("parts"):
        raise InputError(
            "这个方案是按街道分部求解的，要一部分一部分地审议",
            remedy="用命令 python -m lingwu_grid.review",
        )
    require_same_inputs(plan, study)
    merged = agreed(plan, patches)
    if merged.conflicts and not skip_conflicts:
        return refused(plan, patches, merged, ())
    return applied(audited(study), plan, patches, merged, seed=seed, stop=stop, watch=watch)


def agreed(plan: PlanRecord, patches: list[Patch]) -> Merged:
    """Merge patches that all fit the plan; arguments as for :func:`review`."""
    for patch in patches:
        require_fit(plan, patch)
    return merge(patches, plan)


def applied(
    study: Study,
    plan: PlanRecord,
    patches: list[Patch],
    merged: Merged,
    *,
    seed: int,
    stop: Stop,
    watch: Watch,
) -> Reviewed:
    """
    Apply what was merged.

    Parameters
    ----------
    study
        Looked over.
    plan, patches, seed, stop, watch
        As for :func:`review`.
    merged
        Of the patches.
    """
    fabric = build_fabric(study)
    _require_same_units(plan, fabric)
    watch("核对意见")
    wish = _wish(plan, merged)
    grid, community, wrong = _lawful(study, fabric, plan, wish, seed=seed, stop=stop)
    watch("改完方案")
    if wrong:
        return refused(plan, patches, merged, tuple(in_words(f, plan) for f in wrong))
    solution, kept = as_solution(fabric, study.rules, wish.zones, grid, community)
    made = _signed(make_record(study, fabric, solution, kept), plan, patches)
    return Reviewed(
        plan=made,
        answers=answers(plan, patches, merged, made),
        repairs=repair_table(plan, _repairs(plan, made, wish, grid)),
        faults=(),
        conflicts=merged.conflicts,
    )


def refused(
    plan: PlanRecord, patches: list[Patch], merged: Merged, faults: tuple[str, ...]
) -> Reviewed:
    """Say that no plan came of the patches, and why."""
    told = answers(plan, patches, merged, None)
    return Reviewed(None, told, repair_table(plan, []), faults, merged.conflicts)


def _require_same_units(plan: PlanRecord, fabric: Fabric) -> None:
    same = (
        fabric.units["unit_id"].tolist() == plan.units["unit_id"].tolist()
        and (fabric.units["households"].to_numpy() == plan.units["households"].to_numpy()).all()
    )
    if not same:
        raise InputError(
            "按现在的设置划出的单元与方案里的不一样",
            where="rules.toml",
            remedy="用划分时的设置（--rules）；设置改了就先重新划分",
        )


def _wish(plan: PlanRecord, merged: Merged) -> Wish:
    zones = number_zones(plan, merged.new_grids)
    place = {g: i for i, g in enumerate(zones.grid_ids)}
    want = plan.units["unit_id"].map(merged.target)
    changed = want.notna().to_numpy()
    grid = zones.grid.copy()
    grid[changed] = want[changed].map(place).to_numpy(np.int32)
    return Wish(zones, grid, changed, np.isin(zones.grid_ids, merged.locks))


def _lawful(
    study: Study, fabric: Fabric, plan: PlanRecord, wish: Wish, *, seed: int, stop: Stop
) -> tuple[NDArray[np.int32], NDArray[np.int32], list[Fault]]:
    """Mend what the wishes broke: first near by, then anywhere; nothing where nothing is broken."""
    zones = wish.zones
    town = whole_town(plan, zones)
    before = faults_of(town, zones.grid.astype(np.int64))

    def left(grid: NDArray[np.int32], community: NDArray[np.int32]) -> list[Fault]:
        return fresh_faults(faults_of(town.with_grids(community), grid.astype(np.int64)), before)

    wrong = left(wish.grid, zones.community)
    if not wrong or any(fault.kind.endswith("locked") for fault in wrong):
        return wish.grid, zones.community, wrong
    across = any(fault.kind.startswith("community") for fault in wrong)
    for nearby in (True, False):
        near = _near(zones, wrong) if nearby else np.ones(len(zones.grid_ids), np.bool_)
        grid, community = mended(
            fabric, study.rules, wish, locked=~near,
            communities_change=across or not nearby, seed=seed, stop=stop,
        )  # fmt: skip
        if not left(grid, community) and not _undone(plan, wish, grid):
            return grid, community, []
    return wish.grid, zones.community, wrong


def _undone(plan: PlanRecord, wish: Wish, grid: NDArray[np.int32]) -> bool:
    """Tell whether mending took a wish back: people asked for them, so empty land may go along."""
    lived = plan.units["households"].to_numpy() > 0
    return bool((wish.pinned & lived & (grid != wish.grid)).any())


def whole_town(plan: PlanRecord, zones: Numbered) -> Town:
    """Give the plan, and the grids that the offices open, as the rules look at it."""
    content = town_numbers(plan, plan.units, plan.grids, plan.communities)
    return town_from(content).with_grids(zones.community)


def _near(zones: Numbered, wrong: list[Fault]) -> NDArray[np.bool_]:
    """Tell the grids of the communities where something is wrong."""
    names = [fault.zone for fault in wrong]
    owner = np.array(zones.community_ids, object)[zones.community]
    at_fault = np.isin(zones.grid_ids, names) | np.isin(owner, names)
    near: NDArray[np.bool_] = np.isin(zones.community, zones.community[at_fault])
    return near


WORDS = {
    "grid_over": "网格 {0} 超上限 {1} 户", "grid_under": "网格 {0} 不足下限 {1} 户",
    "grid_pieces": "网格 {0} 分成 {1} 片", "grid_locked": "锁定的网格 {0} 有 {1} 个单元被改动",
    "community_over": "社区 {0} 超上限 {1} 户", "community_under": "社区 {0} 不足下限 {1} 户",
    "community_pieces": "社区 {0} 分成 {1} 片",
    "community_locked": "锁定的社区 {0} 有 {1} 个单元被改动",
}  # fmt: skip


def in_words(fault: Fault, plan: PlanRecord) -> str:
    """Say a fault as a sentence with the name of the place."""
    names = dict(zip(plan.grids["grid_id"], plan.grids["grid_name"], strict=True))
    names |= dict(
        zip(plan.communities["community_id"], plan.communities["community_name"], strict=True)
    )
    name = names.get(fault.zone)
    return WORDS[fault.kind].format(f"{name}（{fault.zone}）" if name else fault.zone, fault.amount)


def _signed(record: PlanRecord, plan: PlanRecord, patches: list[Patch]) -> Plan:
    """Add what the plan was made from: the plan before, and the patches."""
    told = [item | {"repairs": []} for item in record.summary["explanations"]]
    seen: dict[str, Any] = {"explanations": told, "seconds": {}, "peak_mb": plan.summary["peak_mb"]}
    about = {"plan": plan_of(plan), "patches": [p.name for p in patches]}
    return Plan.of(replace(record, summary=record.summary | seen, run=plan.run | {"review": about}))


def _repairs(
    plan: PlanRecord, made: PlanRecord, wish: Wish, grid: NDArray[np.int32]
) -> list[tuple[str, str, str, int]]:
    """List the units that nobody asked to move: unit, grid as wished, grid now, households."""
    units = plan.units
    return [
        (
            str(units["unit_id"].iloc[u]),
            wish.zones.grid_ids[wish.grid[u]],
            str(made.units["grid_id"].iloc[u]),
            int(units["households"].iloc[u]),
        )
        for u in np.flatnonzero(grid != wish.grid).tolist()
    ]
