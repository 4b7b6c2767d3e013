"""Plan: the record with methods for the planner, and no data of its own."""

from __future__ import annotations

import time
from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.circle.coverage import measure
from lingwu_grid.circle.serving import served
from lingwu_grid.contract.errors import LingwuError
from lingwu_grid.drawing import Wanted, draw
from lingwu_grid.engine.instance import silent
from lingwu_grid.ingest.study import open_study
from lingwu_grid.maps.notebook import Page, column_page
from lingwu_grid.maps.page import planner_map
from lingwu_grid.output import whole_folder, write_csv, write_json
from lingwu_grid.papers.charts import service_figures
from lingwu_grid.papers.picture import Picture, save_figures
from lingwu_grid.papers.pictures import picture_of
from lingwu_grid.papers.writing import LEDGER, PAPERS
from lingwu_grid.papers.writing import filled as read_filled
from lingwu_grid.planning.bundle import write_bundle
from lingwu_grid.planning.reading import read_bundle
from lingwu_grid.planning.record import PlanRecord
from lingwu_grid.revision.patch import named_apart, read_patch
from lingwu_grid.revision.steps import Reviewed, review_plan
from lingwu_grid.scale.crew import crew_of
from lingwu_grid.scale.store import forget

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lingwu_grid.circle.choosing import Proposal
    from lingwu_grid.circle.coverage import Coverage
    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.editing import Editor
    from lingwu_grid.engine.instance import Watch
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.revision.patch import Patch
    from lingwu_grid.scale.crew import Crew


class Plan(PlanRecord):
    """
    A plan in the planner's hands.

    Examples
    --------
    >>> Plan.of  # doctest: +ELLIPSIS
    <bound method Plan.of of <class 'lingwu_grid.plan.Plan'>>
    """

    @classmethod
    def of(cls, record: PlanRecord) -> Plan:
        """Take a record in hand."""
        return cls(**{f.name: getattr(record, f.name) for f in fields(PlanRecord)})

    def __repr__(self) -> str:
        s = self.summary
        return (
            f"<Plan {s.get('study', '')}: {s['grids']} grids, {s['communities']} communities, "
            f"{s['households_moved_grid']} of {s['households']} households move, {s['status']}>"
        )

    def summary_table(self) -> pd.DataFrame:
        """Give the main figures as a table of two columns, in Chinese."""
        s = self.summary
        rows = {
            "常住户数": s["households"],
            "网格数（现状）": s["grids_today"],
            "网格数（方案）": s["grids"],
            "社区数": s["communities"],
            "合规网格": s["grids_in_range"],
            "合规社区": s["communities_in_range"],
            "例外": s["exceptions"],
            "受影响的户数": s["affected"],
            "其中为边界清晰、户数留余地多动的": s["price_of_clear_borders"],
            "户数离上下限不到 1% 的网格和社区": s["tight_zones"],
            "其中换网格": s["households_moved_grid"],
            "其中换社区": s["households_moved_community"],
            "任何合规方案至少须变动的户数": s["lower_bound"]["global"],
            "改动的网格": s["grids_touched"],
        }
        told = ["未算" if value is None else value for value in rows.values()]
        return pd.DataFrame({"指标": list(rows), "数值": pd.Series(told, dtype=object)})

    def compare(self, other: PlanRecord) -> pd.DataFrame:
        """
        Set the main figures of two plans side by side.

        Parameters
        ----------
        other
            Another plan of the same study.
        """
        mine, theirs = self.summary_table(), Plan.of(other).summary_table()
        return mine.rename(columns={"数值": "本方案"}).assign(对照方案=theirs["数值"])

    def served(self, coverage: Coverage, proposal: Proposal | None = None) -> Plan:
        """
        Give the plan its service circle: layers, shares, the station of every grid.

        Parameters
        ----------
        coverage
            What ``lg.coverage(study, plan)`` measured.
        proposal
            What ``lg.site_stations(coverage)`` chose.
        """
        return Plan.of(served(self, coverage, proposal))

    def save(  # noqa: PLR0913 - what an office can choose
        self,
        folder: str | Path,
        *,
        adds: bool = False,
        papers: bool = False,
        outgoing: bool = True,
        ledger: str | Path | None = None,
        tables: Mapping[str, pd.DataFrame] | None = None,
        workers: int | str | Crew = 1,
        watch: Watch = silent,
    ) -> Path:
        """
        Write the whole plan: tables, layers, summary and maps, and the papers where asked.

        Parameters
        ----------
        folder
            The output folder; an existing one is replaced when the new one is complete.
        adds
            Keep what else lies there: for the same plan with something more.
        papers
            Write ledger, report and atlas too.
        outgoing
            Write what streets and communities get, ``share/`` and ``review/``.
        ledger
            What an office has filled in there goes into the new one; by default the ledger that
            lies in `folder`.
        tables
            Tables that go with the plan, by name of the file: answers to a review.
        workers
            Who draws the parts of a plan in parts; as for :func:`~lingwu_grid.api.partition`.
        watch
            Told how far the work is.

        Raises
        ------
        InputError
            If the ledger cannot be read.
        OutputError
            If it cannot be written; the old folder is then as it was.
        """
        target = Path(folder).resolve()
        began = time.perf_counter()
        filling, own = None, Path(ledger or target / LEDGER)
        if len(self.pieces) == 1 and (papers or (own.is_file() and not adds)):
            filling = read_filled(self, own)
        with crew_of(workers, watch) as crew, whole_folder(target, adds=adds) as draft:
            write_bundle(self, draft)
            for name, table in (tables or {}).items():
                write_csv(table, draft / name)
            wanted = Wanted(outgoing=outgoing, papers=PAPERS if papers else None)
            before = None if adds and not papers else target
            draw(self, draft, crew, wanted, filling=filling, before=before)
            if self.service is not None:
                save_figures(service_figures(self), draft / "figures")
            # The summary comes last: it tells how long the writing took.
            seconds = self.summary.get("seconds", {}) | {
                "write": round(time.perf_counter() - began, 3)
            }
            write_json(self.summary | {"seconds": seconds}, draft / "summary.json")
        if not self.run.get("unfinished"):
            forget(target)
        return target

    def review(  # noqa: PLR0913 - what an office can choose
        self,
        study: Study | str | Path,
        patches: Sequence[Patch | str | Path],
        *,
        rules: Rules | None = None,
        skip_conflicts: bool = False,
        seed: int = 0,
        time_limit: float | None = None,
        workers: int | str | Crew = 1,
        beside: Path | None = None,
    ) -> Review:
        """
        Apply what the street offices sent back; as :func:`lingwu_grid.api.review`.

        Parameters
        ----------
        study
            What the plan was made from, or its folder.
        patches
            Patches, or their files.
        rules, skip_conflicts, seed, time_limit, workers, beside
            As there.

        Raises
        ------
        InputError
            If a patch does not fit the plan, or the study is not the plan's.
        """
        read = [read_patch(Path(p)) if isinstance(p, (str, Path)) else p for p in patches]
        with crew_of(workers, silent) as crew:
            came = review_plan(
                study, self, named_apart(read, patches), crew,
                rules=rules, skip_conflicts=skip_conflicts, seed=seed, time_limit=time_limit,
                beside=beside,
            )  # fmt: skip
        made = None if came.plan is None else Plan.of(came.plan)
        if made is not None and self.service is not None:
            speeds = self.service.summary
            made = made.served(
                measure(
                    open_study(study, rules), made, speed=speeds["speed_m_s"],
                    elderly_speed=speeds["elderly_speed_m_s"],
                )
            )  # fmt: skip
        return Review(made, came.answers, came.repairs, came.faults, came.conflicts)

    def report(self, folder: str | Path) -> Path:
        """
        Save the plan with its papers: ``ledger.xlsx``, ``report.docx`` and ``atlas.pdf``.

        Parameters
        ----------
        folder
            The output folder.
        """
        return self.save(folder, adds=True, papers=True)

    def draw(self, what: str = "", *, community: str = "", grid: str = "") -> Picture:
        """
        Draw the plan on paper: the whole, a community before and after, a grid, or a chart.

        Parameters
        ----------
        what
            Empty for the map with what changes; `service` or `frontier` for their charts.
        community, grid
            Which, by code.

        Raises
        ------
        InputError
            If the plan has no such community, grid or picture, or was not measured or chosen so.
        """
        return Picture(picture_of(self, what, community=community, grid=grid))

    def explore(self, column: str = "") -> Page:
        """
        Show the map in a notebook.

        Parameters
        ----------
        column
            Of ``plan.grids``: the grids are coloured by it; the planner's map without.

        Raises
        ------
        InputError
            If the grids have no such column, or one that cannot be told by colour.
        """
        return Page(column_page(self, column) if column else planner_map(self))

    def edit(
        self,
        study: Study | str | Path,
        *,
        street: str = "",
        seed: int = 0,
        time_limit: float | None = None,
    ) -> Editor:
        """
        Change the plan by hand in a notebook, mended by the solver while you look.

        Parameters
        ----------
        study
            What the plan was made from, or its folder.
        street
            Which `subdistrict_id` to begin with; the first where none is given.
        seed, time_limit
            As for :meth:`review`.

        Returns
        -------
        Editor
            A widget; what came of it is its ``plan``.

        Raises
        ------
        InputError
            If the plan has no such street.
        LingwuError
            If anywidget is not installed.
        """
        if find_spec("anywidget") is None:
            raise LingwuError(
                "在笔记本里改方案要用 anywidget，这里没有装",
                remedy="执行 pip install anywidget；或用浏览器打开方案文件夹 review 里的审议页",
            )
        read = open_study(study)

        def review(plan: PlanRecord, patch: Patch) -> Review:
            return Plan.of(plan).review(read, [patch], seed=seed, time_limit=time_limit)

        editing = import_module("lingwu_grid.editing")  # only here: the rest works without
        editor: Editor = editing.Editor(self, review, street=street)
        return editor

    def _repr_html_(self) -> str:
        table: str = self.summary_table().to_html(index=False, escape=True)
        mark = "<p><b>合成数据</b></p>" if self.summary["synthetic"] else ""
        return mark + table


def read_plan(folder: str | Path) -> Plan:
    """
    Read a written plan.

    Parameters
    ----------
    folder
        An output folder.

    Raises
    ------
    InputError
        If it holds no plan.
    """
    return Plan.of(read_bundle(folder))


class Review(Reviewed):
    """
    What came of a review, in the planner's hands.

    Its `plan` is a :class:`Plan`, or None where the wishes cannot be made lawful, or conflict.
    """

    plan: Plan | None

    def save(
        self,
        folder: str | Path,
        *,
        papers: bool = False,
        ledger: str | Path | None = None,
        workers: int | str | Crew = 1,
        watch: Watch = silent,
    ) -> Path:
        """
        Write the new plan with ``answers.csv`` and ``repairs.csv``.

        Parameters
        ----------
        folder, papers, ledger, workers, watch
            As for :meth:`Plan.save`.

        Raises
        ------
        ValueError
            If no plan came of the review.
        OutputError
            If it cannot be written.
        """
        if self.plan is None:
            raise ValueError("no plan came of this review; its faults and conflicts say why")
        tables = {"answers.csv": self.answers, "repairs.csv": self.repairs}
        return self.plan.save(
            folder, papers=papers, ledger=ledger, tables=tables, workers=workers, watch=watch
        )

    def save_answers(self, out: Path) -> Path:
        """Write the answers beside an output folder: no plan came of the review."""
        path = out.with_name(f"{out.name}-answers.csv")
        write_csv(self.answers, path)
        return path
