"""What the product does: one function each, which reads as the steps of its work."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.audit.check import check_study
from lingwu_grid.checks import Check, Guess
from lingwu_grid.circle.coverage import measure
from lingwu_grid.circle.serving import require_same_inputs
from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.settings import read_rules
from lingwu_grid.cut_short import is_cut_short
from lingwu_grid.drawing import Wanted, draw
from lingwu_grid.engine.instance import silent
from lingwu_grid.ingest.guessing import guess_study
from lingwu_grid.ingest.study import open_study, rules_of
from lingwu_grid.occupancy import occupied
from lingwu_grid.output import require_place, whole_folder
from lingwu_grid.papers.writing import LEDGER, PaperOptions, filled
from lingwu_grid.plan import Plan, read_plan
from lingwu_grid.planning.reading import read_bundle
from lingwu_grid.planning.run import Clock
from lingwu_grid.scale.crew import crew_of
from lingwu_grid.scale.joining import join
from lingwu_grid.scale.laying import lay_out
from lingwu_grid.scale.solving import solve_each
from lingwu_grid.scale.upper_levels import with_upper_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lingwu_grid.circle.coverage import Coverage
    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.instance import Watch
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.plan import Review
    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.revision.patch import Patch
    from lingwu_grid.scale.crew import Crew


def partition(
    study: Study | str | Path,
    rules: Rules | None = None,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    workers: int | str | Crew = 1,
    beside: str | Path | None = None,
    watch: Watch = silent,
) -> Plan:
    """
    Draw lawful grids and communities that move few households.

    Parameters
    ----------
    study
        What :func:`~lingwu_grid.ingest.study.read_study` gave, or a study's folder: of a large
        folder the household rows are never all in memory.
    rules
        The settings; by default the study's own.
    seed
        The same study, rules and seed give the same plan.
    time_limit
        Seconds after which the best lawful plan so far is given; first lawful, then in time. Of a
        study in parts it is shared out among them.
    workers
        How many work at a time, or the address of a Dask scheduler (``tcp://…``), or a
        :class:`~lingwu_grid.scale.crew.Crew` of either that can be told to stop; the plan does
        not depend on it.
    beside
        The output folder that the plan will be saved to: it is refused at once where something
        else lies there, and a large study's run that is killed goes on from what lies beside it.
    watch
        Told how far the work is; a crew has its own.

    Returns
    -------
    Plan
        With ``plan.summary["status"]`` `feasible`, `optimal`, or `infeasible` and explained.

    Raises
    ------
    LingwuError
        If the data or the rules cannot be used, the workers cannot be reached, or something else
        lies in the output folder.
    """
    return _partitioned(study, rules, _Asked(seed, time_limit, workers, beside, watch))


def partition_on(
    begun: Plan, study: Study, rules: Rules, *, seed: int = 0, workers: int | str | Crew = 1
) -> Plan:
    """
    Draw a plan for other prices, on from one of the same study.

    At its own prices it costs no more than that one. A study in parts is drawn anew.

    Parameters
    ----------
    begun
        A plan of the study.
    study, rules, seed, workers
        As for :func:`partition`.
    """
    return _partitioned(study, rules, _Asked(seed, None, workers, None, silent), begun)


class _Asked(NamedTuple):
    seed: int
    time_limit: float | None
    workers: int | str | Crew
    beside: str | Path | None
    watch: Watch


def _partitioned(
    study: Study | str | Path, rules: Rules | None, asked: _Asked, begun: Plan | None = None
) -> Plan:
    seed, time_limit = asked.seed, asked.time_limit
    key = {"seed": seed, "time_limit": time_limit}
    out = _place(asked.beside)
    with (
        crew_of(asked.workers, asked.watch) as crew,
        nullcontext() if out is None else occupied(out),
    ):
        clock = Clock()
        laid = lay_out(study, rules, key, beside=out, watch=crew.watch)  # one part, or many
        clock.lap("read")
        solved, failed = solve_each(laid, crew, seed=seed, time_limit=time_limit, begun=begun)
        clock.lap("parts")
    record = join(laid.ground, solved, failed)  # seams woven, one plan
    record = with_upper_levels(record, laid.ground, seed=seed)  # communities -> what is above
    record = replace(record, summary=record.summary | {"seconds": _taken(record, clock, laid.many)})
    wrong = record.summary["explanations"]
    is_short = is_cut_short(wrong, pressed=crew.stop(), time_limit=time_limit)
    if failed or is_short:
        record = replace(record, run=record.run | {"unfinished": True})
    plan = Plan.of(record)
    if laid.many is None and not is_short and len(laid.ground.table("stations")):
        if out is not None and time_limit is not None:  # who is pressed has the plan at once
            plan.save(out, outgoing=False, workers=asked.workers, watch=asked.watch)
            crew.watch("方案先写好了，接着量步行距离")
        plan = plan.served(measure(laid.ground, plan))  # homes and stations -> minutes, gaps
        crew.watch("量过步行距离")
    return plan


def _taken(record: PlanRecord, clock: Clock, many: object) -> dict[str, float]:
    """Give the seconds of a run: what each of many parts took stands with that part."""
    if many is not None:
        return clock.seconds
    own: dict[str, float] = record.summary["seconds"]
    return {"read": clock.seconds["read"]} | own


def check(
    study: Study | str | Path,
    rules: Rules | None = None,
    *,
    zones: str | Path | None = None,
) -> Check:
    """
    Check a study without drawing a plan.

    Parameters
    ----------
    study
        A study, or its folder.
    rules
        The settings; by default the study's own.
    zones
        A file whose grids and communities are checked in place of those of a study's folder,
        such as a ``plan.gpkg``.

    Returns
    -------
    Check
        Findings about the data, and how today's zones stand against the policy §4.

    Raises
    ------
    InputError
        If no household file can be used.
    """
    return Check.of(check_study(open_study(study, rules, zones=zones, even_empty=True)))


def guess(folder: str | Path) -> Guess:
    """
    Propose what every file, sheet, column and word of a folder means.

    Parameters
    ----------
    folder
        A folder with files of any names and headers; its own ``rules.toml`` is added to.

    Returns
    -------
    Guess
        To look at; ``accept()`` writes it as the folder's ``rules.toml``.

    Raises
    ------
    LingwuError
        If the folder is missing, or its ``rules.toml`` is wrong.
    """
    return Guess.of(guess_study(folder))


def coverage(
    study: Study | str | Path,
    plan: PlanRecord | str | Path | None = None,
    *,
    speed: float | None = None,
    elderly_speed: float | None = None,
    catchment: bool = False,
) -> Coverage:
    """
    Measure who can walk to a Neighbourhood Station in 5, 10 and 15 minutes (policy §17).

    Parameters
    ----------
    study
        Homes, stations, roads, barriers, gates: a study, or its folder.
    plan
        Its grids and communities, or its folder; today's without.
    speed, elderly_speed
        Metres a second; by default the study's. 15 minutes at 1.2 m/s are 1080 m (GB 50180-2018:
        800–1000 m).
    catchment
        Also divide each station's floor among all within its reach (two-step floating catchment
        area).

    Returns
    -------
    Coverage
        Minutes of every household from door to door along the network.

    Raises
    ------
    InputError
        If a speed is no positive number, or the plan was made from other data.
    """
    study = open_study(study)
    record = None if plan is None else _read_plan(plan)
    if record is not None:
        require_same_inputs(record, study)
    return measure(study, record, speed=speed, elderly_speed=elderly_speed, catchment=catchment)


def review(  # noqa: PLR0913 - what an office can choose
    study: Study | str | Path,
    plan: PlanRecord | str | Path,
    patches: Sequence[Patch | str | Path],
    *,
    rules: Rules | None = None,
    skip_conflicts: bool = False,
    seed: int = 0,
    time_limit: float | None = None,
    workers: int | str | Crew = 1,
    beside: str | Path | None = None,
) -> Review:
    """
    Apply what the street offices sent back.

    Parameters
    ----------
    study
        What `plan` was made from, or its folder.
    plan
        The plan that was reviewed, or its folder.
    patches
        What came back, of any number of offices: patches, or their files.
    rules
        The settings the plan was made with; by default the study's own.
    skip_conflicts
        Leave out the units on which offices disagree; otherwise nothing is done until they agree.
    seed, workers, beside
        As for :func:`partition`.
    time_limit
        Seconds that mending may take.

    Returns
    -------
    Review
        The changed plan with as few further moves as make it lawful, or the reasons why not.

    Raises
    ------
    InputError
        If a patch does not fit the plan, or the study is not the plan's.
    """
    return Plan.of(_read_plan(plan)).review(
        study, patches,
        rules=rules, skip_conflicts=skip_conflicts, seed=seed, time_limit=time_limit,
        workers=workers, beside=_place(beside),
    )  # fmt: skip


def report(
    folder: str | Path,
    *,
    ledger: str | Path | None = None,
    template: str | Path | None = None,
    traverse: bool = False,
    kit: bool = False,
    workers: int | str | Crew = 1,
    watch: Watch = silent,
) -> Path:
    """
    Write the papers of a written plan beside it: ledger, report and atlas.

    A plan that was cut short has no pages for streets and communities: they are written too.

    Parameters
    ----------
    folder
        An output folder.
    ledger
        A filled ledger; by default what is filled in the folder's own is kept.
    template
        An office's own template of the report.
    traverse
        Describe the borders of communities as walks too (界线走向).
    kit
        Write the legal chain too, under ``kit/``: request, reply, notices, what residents are
        told, lists of what is handed over.
    workers
        Who writes the papers of a plan in parts; as for :func:`partition`.
    watch
        Told how far the work is.

    Returns
    -------
    Path
        The folder, with ``ledger.xlsx``, ``report.docx`` and ``atlas.pdf``; those of a plan in
        parts lie under ``streets/``, one folder a part.

    Raises
    ------
    InputError
        If there is no plan, or the ledger or the template cannot be used.
    OutputError
        If the papers cannot be written; those that were there are then as they were.
    """
    target = Path(folder).resolve()
    record = read_bundle(target)
    filling = None
    if len(record.pieces) == 1:
        filling = filled(record, Path(ledger or target / LEDGER), must=ledger is not None)
    elif ledger is not None:
        raise InputError(
            "分部求解的方案每个街道各有一份台账，一份台账填不了全部",
            where=str(ledger),
            remedy="不写 --ledger；各街道的台账在 streets 下各自的文件夹里",
        )
    papers = PaperOptions(Path(template) if template else None, traverse=traverse, kit=kit)
    outgoing = not (target / "review").is_dir()  # a plan that was cut short
    with crew_of(workers, watch) as crew, whole_folder(target, adds=True) as draft:
        wanted = Wanted(maps=False, outgoing=outgoing, papers=papers)
        draw(record, draft, crew, wanted, filling=filling, before=target)
    return target


def settings(
    folder: str | Path, rules: str | Path | None = None, *, datum: str | None = None
) -> Rules:
    """
    Give the settings a study is worked on with.

    Parameters
    ----------
    folder
        The study; its own ``rules.toml`` serves where no other is given.
    rules
        A settings file.
    datum
        `auto`, `gcj02`, `bd09` or `cgcs2000` for every table the settings do not name.

    Raises
    ------
    RulesError
        If the file is wrong.
    """
    given = read_rules(Path(rules)) if rules else rules_of(Path(folder))
    return given if datum is None else given.with_(datum={"all": datum} | given.datum)


def _place(out: str | Path | None) -> Path | None:
    """Give the output folder; refuse it where something else lies there."""
    return None if out is None else require_place(Path(out))


def _read_plan(plan: PlanRecord | str | Path) -> PlanRecord:
    return read_plan(plan) if isinstance(plan, (str, Path)) else plan
