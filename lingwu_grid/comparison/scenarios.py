"""Scenarios: the plans worth a look, side by side, and what each restriction costs."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lingwu_grid.comparison.price_list import price_list
from lingwu_grid.comparison.trade_offs import NAMES, Choice, as_table, knee, trade_offs
from lingwu_grid.contract.errors import InputError
from lingwu_grid.engine.instance import silent
from lingwu_grid.ingest.study import open_study
from lingwu_grid.output import require_place, whole_folder, write_csv
from lingwu_grid.papers.frontier import frontier_chart
from lingwu_grid.papers.picture import save_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.instance import Watch
    from lingwu_grid.ingest.study import Study


@dataclass(frozen=True)
class Scenarios:
    """
    Plans to choose between.

    Parameters
    ----------
    choices
        The fewest households affected first.
    prices
        What each restriction costs; None where nobody asked.
    chosen
        Name of the choice that is written as the plan.
    foresight
        What each year of foresight costs; None where nobody asked.
    """

    choices: tuple[Choice, ...]
    prices: pd.DataFrame | None
    chosen: str
    foresight: pd.DataFrame | None = None

    def choose(self, name: str) -> Scenarios:
        """
        Take another of the choices as the plan.

        Raises
        ------
        InputError
            If there is none of this name; the sentence lists them.
        """
        _require(name, [c.name for c in self.choices])
        return replace(self, chosen=name)

    def table(self) -> pd.DataFrame:
        """Set the choices side by side, in Chinese."""
        return as_table(list(self.choices))

    def save(self, folder: str | Path) -> Path:
        """
        Write what is chosen as the plan, the others under ``scenarios/``, tables and picture.

        Raises
        ------
        OutputError
            If it cannot be written; an older result is then as it was.
        """
        target = Path(folder).resolve()
        with whole_folder(target) as draft:
            plans = {c.name: c.plan for c in self.choices}
            chosen = plans.pop(self.chosen)
            # The papers of the plan tell what it was chosen from.
            table = self.table()
            chosen.run["frontier"] = {"chosen": self.chosen, "rows": self._rows()}
            chosen.save(draft)
            write_csv(table, draft / "scenarios.csv")
            (draft / "figures").mkdir(exist_ok=True)
            save_figure(self.draw(), draft / "figures" / "frontier.png")
            if self.prices is not None:
                write_csv(self.prices, draft / "price_list.csv")
            if self.foresight is not None:
                write_csv(self.foresight, draft / "foresight.csv")
            for name, plan in plans.items():
                plan.save(draft / "scenarios" / name)
        return target

    def draw(self) -> Figure:
        """Draw what each choice costs and what it buys."""
        synthetic = bool(self.choices[0].plan.summary["synthetic"])
        return frontier_chart(self._rows(), self.chosen, synthetic=synthetic)

    def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.table().drop(columns="建议").to_dict("records")
        return rows

    def _repr_html_(self) -> str:
        table: str = self.table().to_html(index=False, escape=True)
        return table


def _require(name: str, names: Sequence[str]) -> None:
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.3)
        hint = f"您是不是要写“{near[0]}”？" if near else ""
        raise InputError(f"没有名为“{name}”的方案", remedy=f"{hint}可选：{'、'.join(names)}")


def scenarios(  # noqa: PLR0913 - what a planner may set, by name
    study: Study | str | Path,
    rules: Rules | None = None,
    *,
    prices: bool = True,
    choose: str = "",
    seed: int = 0,
    workers: int = 1,
    out: str | Path | None = None,
    watch: Watch = silent,
) -> Scenarios:
    """
    Draw plans from the fewest households affected to the clearest borders; price restrictions.

    Parameters
    ----------
    study
        A study, or its folder.
    rules
        The settings; by default the study's own.
    prices
        Price every lock, barrier, margin and wish, too.
    choose
        Name of the choice that is the plan; by default the knee of the frontier.
    seed, workers, watch
        As for :func:`~lingwu_grid.api.partition`.
    out
        Where the result will be saved: refused at once where something else lies.

    Returns
    -------
    Scenarios
        At most five choices, none of them beaten in everything by another.

    Raises
    ------
    LingwuError
        If the data or the rules cannot be used.
    """
    if choose:
        _require(choose, NAMES)
    if out is not None:
        require_place(Path(out))
    study = open_study(study, rules)
    choices = trade_offs(study, keep=choose, seed=seed, workers=workers, watch=watch)
    priced = None
    if prices:
        priced = price_list(study, seed=seed, workers=workers, watch=watch)
    return Scenarios(tuple(choices), priced, choose or knee(choices).name)
