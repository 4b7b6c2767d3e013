"""Plan: the record with verbs for the planner, and no data of its own."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lingwu_grid.bundle import read_bundle, whole_folder, write_bundle, write_csv, write_json
from lingwu_grid.circle.serving import served
from lingwu_grid.maps.page import planner_map
from lingwu_grid.maps.pages import write_pages
from lingwu_grid.planning.record import PlanRecord
from lingwu_grid.report.walk import LEDGER, filled, write_papers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from lingwu_grid.circle.choosing import Proposal
    from lingwu_grid.circle.walk import Coverage
    from lingwu_grid.figures.sheet import Picture


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

    def summary_table(self) -> pd.DataFrame:
        """Give the main figures as a table of two columns, in Chinese."""
        import pandas as pd  # noqa: PLC0415 - kept out of import time

        s = self.summary
        rows = {
            "常住户数": s["households"],
            "网格数（现状）": s["grids_today"],
            "网格数（方案）": s["grids"],
            "社区数": s["communities"],
            "合规网格": s["grids_in_range"],
            "合规社区": s["communities_in_range"],
            "例外": s["exceptions"],
            "换网格的户数": s["households_moved_grid"],
            "换社区的户数": s["households_moved_community"],
            "至少须变动的户数": s["lower_bound"]["unconditional"],
            "规则内至少须变动的户数": s["lower_bound"]["under_rules"],
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

    def save(
        self,
        folder: str | Path,
        *,
        adds: bool = False,
        papers: bool = False,
        ledger: str | Path | None = None,
        tables: Mapping[str, pd.DataFrame] | None = None,
        watch: Callable[[str], None] = lambda _: None,
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
        ledger
            What an office has filled in there goes into the new one; by default the ledger that
            lies in `folder`.
        tables
            Tables that go with the plan, by name of the file: answers to a review.
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
        filling = filled(self, Path(ledger or target / LEDGER)) if papers else None
        with whole_folder(target, adds=adds) as draft:
            write_bundle(self, draft)
            for name, table in (tables or {}).items():
                write_csv(table, draft / name)
            write_pages(self, draft)
            self._write_figures(draft)
            if filling is not None:
                write_papers(self, draft, filling, watch=watch)
            # The summary comes last: it tells how long the writing took.
            seconds = self.summary.get("seconds", {}) | {
                "write": round(time.perf_counter() - began, 3)
            }
            write_json(self.summary | {"seconds": seconds}, draft / "summary.json")
        return target

    def report(self, folder: str | Path) -> Path:
        """
        Save the plan with its papers: ``ledger.xlsx``, ``report.docx`` and ``atlas.pdf``.

        Parameters
        ----------
        folder
            The output folder.
        """
        return self.save(folder, adds=True, papers=True)

    def _write_figures(self, folder: Path) -> None:
        if self.service is None:
            return
        from lingwu_grid.figures.charts import service_figures  # noqa: PLC0415 - matplotlib is slow
        from lingwu_grid.figures.sheet import save_figure  # noqa: PLC0415

        (folder / "figures").mkdir(exist_ok=True)
        for name, figure in service_figures(self).items():
            save_figure(figure, folder / "figures" / f"{name}.png")
            save_figure(figure, folder / "figures" / f"{name}.svg")

    def draw(self, *, community: str = "", grid: str = "") -> Picture:
        """
        Draw the plan on paper: the whole, a community before and after, or a grid.

        Parameters
        ----------
        community, grid
            Which, by code; the whole plan where none is given.

        Raises
        ------
        ValueError
            If the plan has no such community or grid.
        """
        from lingwu_grid.figures import plates  # noqa: PLC0415 - matplotlib is slow
        from lingwu_grid.figures.sheet import Picture  # noqa: PLC0415

        if grid:
            return Picture(plates.grid_plate(self, grid))
        if community:
            return Picture(plates.changes_plate(self, community))
        return Picture(plates.overview(self))

    def explore(self) -> Any:  # noqa: ANN401 - IPython is not a dependency
        """Show the map in a notebook."""
        return _Frame(planner_map(self))

    def _repr_html_(self) -> str:
        table: str = self.summary_table().to_html(index=False, escape=True)
        mark = "<p><b>合成数据</b></p>" if self.summary["synthetic"] else ""
        return mark + table


class _Frame:
    """A page shown inside a notebook."""

    def __init__(self, page: str) -> None:
        self._page = page

    def _repr_html_(self) -> str:
        import html  # noqa: PLC0415 - kept out of import time

        return (
            f'<iframe srcdoc="{html.escape(self._page, quote=True)}" '
            'style="width:100%;height:560px;border:0"></iframe>'
        )


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
