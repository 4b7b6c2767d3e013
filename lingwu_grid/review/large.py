"""The review of a plan in parts: every part takes its own wishes; all are joined again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from lingwu_grid.bundle import whole_folder, write_csv, write_json
from lingwu_grid.circle.serving import require_same_inputs
from lingwu_grid.errors import InputError, LingwuError
from lingwu_grid.partition.ground import lay_out
from lingwu_grid.partition.walk import as_part, peak_mb, run_of
from lingwu_grid.partition.writing import write_whole
from lingwu_grid.parts.crew import Crew, Failed, crew_of
from lingwu_grid.parts.joining import Pieces
from lingwu_grid.parts.slicing import sliced, slices_of
from lingwu_grid.plan import Plan
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.record import backdrop_of
from lingwu_grid.review.merging import merge
from lingwu_grid.review.walk import Reviewed, agreed, applied, refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lingwu_grid.engine.problem import Stop, Watch
    from lingwu_grid.partition.ground import Laid
    from lingwu_grid.partition.large import Options
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.review.patch import Patch
    from lingwu_grid.rules import Rules
    from lingwu_grid.study import Study


class Sent(NamedTuple):
    """What the offices sent back."""

    plan: PlanRecord
    """That was reviewed, as read."""
    patches: list[Patch]
    skip_conflicts: bool
    """As for :func:`~lingwu_grid.review.walk.review`."""


class Wishes(NamedTuple):
    """A part to review."""

    study: Study
    plan: PlanRecord
    patches: list[Patch]
    seed: int


def review_part(job: Wishes, *, stop: Stop, watch: Watch) -> Reviewed:
    """
    Apply to a part what was wished there; without a wish it comes out as it went in.

    Parameters
    ----------
    job
        The part.
    stop, watch
        Of the run.
    """
    merged = merge(job.patches, job.plan)
    study = as_part(job.study)
    return applied(study, job.plan, job.patches, merged, seed=job.seed, stop=stop, watch=watch)


def review_folder(
    folder: Path,
    sent: Sent,
    out: Path,
    rules: Rules | None,
    options: Options,
    *,
    stop: Callable[[], bool],
    watch: Callable[[str], None],
) -> Reviewed:
    """
    Apply what the offices sent back to a plan in parts, and write the new plan.

    Parameters
    ----------
    folder
        The study that `plan` was made from.
    sent
        What came back, and of which plan.
    out
        The folder of the new plan.
    rules
        The settings; by default the folder's own.
    options
        Seed, workers, papers.
    stop, watch
        Of the run.

    Returns
    -------
    Reviewed
        The plan in it has no units and no assignment: those are in `out`.

    Raises
    ------
    LingwuError
        If a patch does not fit the plan, the study is not the plan's, or the workers fail.
    """
    plan, patches = sent.plan, sent.patches
    merged = agreed(plan, patches)
    if merged.conflicts and not sent.skip_conflicts:
        return refused(plan, patches, merged, ())
    slices = slices_of(plan)
    split = _Split(plan, slices)
    shares = [split.of(patch) for patch in patches]
    key = {"plan": plan_of(plan), "patches": [p.digest for p in patches], "seed": options.seed}
    with crew_of(options.workers, watch) as crew:
        there = lay_out(folder, out, rules, key, options.datum, watch)
        if there is None:
            raise _other_study()
        laid, store = there
        require_same_inputs(plan, laid.ground)
        names = [part.name for part in laid.division.parts]
        if names != plan.run["parts"] or len(names) != len(plan.certificate["parts"]):
            raise _other_study()
        came: dict[str, Reviewed] = {}
        jobs = _jobs(laid, plan, slices, shares, options.seed)
        for name, result in crew.run(review_part, jobs, stop):
            if isinstance(result, Failed):
                raise LingwuError(f"{name} 没有审议成：{result.reason}", remedy="再运行一次")
            if result.plan is not None:
                store.keep(f"plan-{name}", result.plan)
            came[name] = replace(result, plan=None)  # it lies in the store
        said = [came[name] for name in names]
        faults = tuple(fault for part in said for fault in part.faults)
        if faults:
            store.clear()
            return refused(plan, patches, merged, faults)
        pieces = Pieces(
            store, tuple(f"plan-{n}" for n in names), tuple(names), laid.ground, laid.scattered, ()
        )
        about = {"plan": plan_of(plan), "patches": [p.name for p in patches]}
        run = run_of(laid.ground, options.seed) | {"parts": names, "review": about}
        tables = _tables(said, patches)
        made = _written(laid, pieces, run, crew, out, tables, papers=options.papers)
        store.clear()
    return Reviewed(made, tables["answers.csv"], tables["repairs.csv"], (), merged.conflicts)


def _other_study() -> InputError:
    return InputError(
        "研究的各部分和方案的不一样",
        where="run.json",
        remedy="用划分时的研究文件夹和设置（--rules）；方案有没解出的部分时先解完",
    )


def _jobs(
    laid: Laid, plan: PlanRecord, slices: list[slice], shares: list[dict[int, Patch]], seed: int
) -> dict[str, Callable[[], Wishes]]:
    """Give each part its study, its slice of the plan and its share of the patches."""

    def job_of(number: int) -> Callable[[], Wishes]:
        def make() -> Wishes:
            backdrop = backdrop_of(laid.cutter.tables(number))
            own = [share[number] for share in shares if number in share]
            return Wishes(laid.study(number), sliced(plan, slices[number], backdrop), own, seed)

        return make

    return {part.name: job_of(i) for i, part in enumerate(laid.division.parts)}


class _Split:
    """Where the wishes of a patch belong."""

    def __init__(self, plan: PlanRecord, slices: list[slice]) -> None:
        units = plan.units
        part = pd.Series(range(len(slices))).repeat([s.stop - s.start for s in slices]).to_numpy()
        self._unit: dict[str, int] = dict(zip(units["unit_id"], part.tolist(), strict=True))
        self._grid: dict[str, int] = dict(zip(units["grid_id"], part.tolist(), strict=True))
        self._community: dict[str, int] = dict(
            zip(units["community_id"], part.tolist(), strict=True)
        )
        streets = plan.communities[["subdistrict_id", "community_id"]].itertuples(index=False)
        self._street: dict[str, int] = {}
        for street, community in streets:
            self._street.setdefault(str(street), self._community[community])

    def of(self, patch: Patch) -> dict[int, Patch]:
        """
        Divide a patch by parts.

        Raises
        ------
        InputError
            If a unit is given to a grid of another part: nobody can get there.
        """

        def home(grid: str) -> int:
            if grid in self._grid:
                return self._grid[grid]
            owner = patch.new_grids.get(grid, "")
            return self._community.get(owner, self._street[patch.street])

        apart = [e for e in patch.edits if self._unit[e.unit] != home(e.after)]
        if apart:
            raise InputError(
                f"单元 {apart[0].unit} 和网格 {apart[0].after} 之间没有住户能过去的地方",
                where=patch.name,
                remedy="请街道在这个方案的审议页上重新导出",
            )
        found: dict[int, Patch] = {}
        for number in sorted(
            {self._unit[e.unit] for e in patch.edits}
            | {home(g) for g in (*patch.locks, *(c.grid for c in patch.comments))}
        ):
            found[number] = replace(
                patch,
                edits=tuple(e for e in patch.edits if self._unit[e.unit] == number),
                new_grids={g: c for g, c in patch.new_grids.items() if home(g) == number},
                locks=tuple(g for g in patch.locks if home(g) == number),
                comments=tuple(c for c in patch.comments if home(c.grid) == number),
            )
        return found


def _tables(said: list[Reviewed], patches: list[Patch]) -> dict[str, pd.DataFrame]:
    """Give answers in the order of the patches, then of the parts; repairs, the largest first."""
    place = {patch.name: i for i, patch in enumerate(patches)}
    return {
        "answers.csv": pd.concat([part.answers for part in said]).sort_values(
            "file", key=lambda f: f.map(place), kind="stable", ignore_index=True
        ),
        "repairs.csv": pd.concat([part.repairs for part in said]).sort_values(
            ["households", "unit_id"], ascending=[False, True], ignore_index=True
        ),
    }


def _written(
    laid: Laid,
    pieces: Pieces,
    run: dict[str, Any],
    crew: Crew,
    out: Path,
    tables: dict[str, pd.DataFrame],
    *,
    papers: bool,
) -> Plan:
    with whole_folder(out) as draft:
        made = write_whole(laid, pieces, run, crew, draft, papers=papers)
        for name, table in tables.items():
            write_csv(table, draft / name)
        write_json(made.summary | {"seconds": {}, "peak_mb": peak_mb()}, draft / "summary.json")
    return Plan.of(made)
