"""The steps of a review: patches checked, merged, applied, mended; every wish answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from lingwu_grid.circle.serving import require_same_inputs
from lingwu_grid.contract.errors import InputError, LingwuError
from lingwu_grid.engine.instance import within
from lingwu_grid.fabric.units import build_fabric
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.making import make_record
from lingwu_grid.planning.numbers import town_numbers
from lingwu_grid.planning.run import peak_mb, run_of
from lingwu_grid.revision.answers import answers, repair_table
from lingwu_grid.revision.checks import Fault, Town, faults_of, fresh_faults, town_from
from lingwu_grid.revision.merging import Merged, merge, require_fit
from lingwu_grid.revision.sharing_out import shared_out
from lingwu_grid.revision.solving import Numbered, Wish, as_solution, mended, number_zones
from lingwu_grid.scale.jobs import Failed
from lingwu_grid.scale.joining import Solved, join
from lingwu_grid.scale.laying import lay_out
from lingwu_grid.scale.levels import carried, with_levels
from lingwu_grid.scale.solving import as_part

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.instance import Stop, Watch
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.revision.patch import Patch
    from lingwu_grid.scale.crew import Crew
    from lingwu_grid.scale.laying import Laid


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

    plan: PlanRecord | None
    answers: pd.DataFrame
    repairs: pd.DataFrame
    faults: tuple[str, ...]
    conflicts: tuple[str, ...]


def review_plan(  # noqa: PLR0913 - as its face
    study: Study | str | Path,
    plan: PlanRecord,
    patches: list[Patch],
    crew: Crew,
    *,
    rules: Rules | None,
    skip_conflicts: bool,
    seed: int,
    time_limit: float | None,
    beside: Path | None,
) -> Reviewed:
    """
    Apply what the offices sent back, each part of the plan its own.

    Parameters
    ----------
    study
        What `plan` was made from, or its folder.
    plan
        The plan that was reviewed.
    patches
        What came back, of any number of offices.
    crew
        Who works.
    rules, skip_conflicts, seed, time_limit, beside
        As for :func:`~lingwu_grid.api.review`.

    Returns
    -------
    Reviewed
        Its plan is a record.

    Raises
    ------
    InputError
        If a patch does not fit the plan, or the study is not the plan's.
    """
    for patch in patches:
        require_fit(plan, patch)
    merged = merge(patches, plan)
    if merged.conflicts and not skip_conflicts:
        return refused(plan, patches, merged, ())
    about = {"plan": plan_of(plan), "patches": [p.name for p in patches]}
    key = about | {"digests": [p.digest for p in patches], "seed": seed}
    laid = lay_out(study, rules, key, beside=beside, watch=crew.watch)
    require_same_inputs(plan, laid.ground)
    _require_same_parts(plan, laid)
    shares = shared_out(plan, patches)
    parts = plan.parts()

    def job_of(number: int) -> Callable[[], Wishes]:
        return lambda: Wishes(laid.study(number), next(parts), shares[number], seed, time_limit)

    jobs = {name: job_of(number) for number, name in enumerate(laid.names)}
    came: dict[str, Reviewed] = {}
    records: dict[str, PlanRecord] = {}
    for name, result in crew.each(review_part, jobs):
        if isinstance(result, Failed):
            raise LingwuError(f"{name} 没有审议成：{result.reason}", remedy="再运行一次")
        came[name] = result
        if result.plan is not None and laid.many is not None:
            laid.many.store.keep(f"plan-{name}", result.plan)
            records[name] = laid.many.store.record(f"plan-{name}")
            came[name] = replace(result, plan=None)  # it lies in the store
        elif result.plan is not None:
            records[name] = result.plan
    reviewed = [came[name] for name in laid.names]
    faults = tuple(fault for part in reviewed for fault in part.faults)
    if faults:
        return refused(plan, patches, merged, faults)
    made = join(laid.ground, [Solved(name, records[name]) for name in laid.names])
    run = run_of(laid.ground, seed) | {"review": about}
    return Reviewed(
        plan=replace(made, run=made.run | run),
        answers=_in_order([part.answers for part in reviewed], patches),
        repairs=pd.concat([part.repairs for part in reviewed]).sort_values(
            ["households", "unit_id"], ascending=[False, True], ignore_index=True
        ),
        faults=(),
        conflicts=merged.conflicts,
    )


def _in_order(parts: list[pd.DataFrame], patches: list[Patch]) -> pd.DataFrame:
    """Put answers in the order of the patches, then of the parts."""
    place = {patch.name: i for i, patch in enumerate(patches)}
    return pd.concat(parts).sort_values(
        "file", key=lambda names: names.map(place), kind="stable", ignore_index=True
    )


def _require_same_parts(plan: PlanRecord, laid: Laid) -> None:
    parts = plan.certificate.get("parts") or [{}]
    names = plan.run.get("parts", list(laid.names))
    if names != list(laid.names) or len(names) != len(parts):
        raise InputError(
            "研究的各部分和方案的不一样",
            where="run.json",
            remedy="用划分时的研究文件夹和设置（--rules）；方案有没解出的部分时先解完",
        )


class Wishes(NamedTuple):
    """A part to review."""

    study: Study
    plan: PlanRecord
    patches: list[Patch]
    seed: int
    time_limit: float | None


def review_part(job: Wishes, *, stop: Stop, watch: Watch, threads: int = 1) -> Reviewed:
    """
    Apply to a part what was wished there; without a wish it comes out as it went in.

    Parameters
    ----------
    job
        The part.
    stop, watch
        Of the run.
    threads
        Of the levels inside grids; mending itself is soon done.
    """
    stop = stop if job.time_limit is None else within(job.time_limit, stop)
    plan, merged = job.plan, merge(job.patches, job.plan)
    study = as_part(job.study)
    fabric = build_fabric(study)
    _require_same_units(plan, fabric)
    watch("核对意见")
    wish = _wish(plan, merged)
    grid, community, wrong = _lawful(study, fabric, plan, wish, seed=job.seed, stop=stop)
    watch("改完方案")
    if wrong:
        return refused(plan, job.patches, merged, tuple(in_words(f, plan) for f in wrong))
    solution, kept = as_solution(fabric, study.rules, wish.zones, grid, community)
    record = make_record(study, fabric, solution, kept)
    record = with_levels(
        record, carried(study, plan.levels), seed=job.seed, stop=stop, threads=threads, watch=watch
    )
    untried = [item | {"repairs": []} for item in record.summary["explanations"]]
    seen = {"explanations": untried, "seconds": {}, "peak_mb": peak_mb()}
    made = replace(record, summary=record.summary | seen, run=run_of(study, job.seed))
    return Reviewed(
        plan=made,
        answers=answers(plan, job.patches, merged, made),
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
