"""Scenarios: the plans worth a look, side by side, and what each restriction costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lingwu_grid.comparison.price_list import price_list
from lingwu_grid.comparison.trade_offs import Choice, as_table, trade_offs
from lingwu_grid.engine.instance import silent
from lingwu_grid.ingest.study import Study, read_study
from lingwu_grid.output import refuse_foreign, whole_folder, write_csv

if TYPE_CHECKING:
    import pandas as pd

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.instance import Watch


@dataclass(frozen=True)
class Scenarios:
    """
    Plans to choose between.

    Parameters
    ----------
    choices
        The fewest households moved first.
    prices
        What each restriction costs; None where nobody asked.
    """

    choices: tuple[Choice, ...]
    prices: pd.DataFrame | None

    def table(self) -> pd.DataFrame:
        """Set the choices side by side, in Chinese."""
        return as_table(list(self.choices))

    def save(self, folder: str | Path) -> Path:
        """
        Write the first choice as the plan, the others under ``scenarios/``, and both tables.

        Raises
        ------
        OutputError
            If it cannot be written; an older result is then as it was.
        """
        target = Path(folder).resolve()
        with whole_folder(target) as draft:
            self.choices[0].plan.save(draft)
            write_csv(self.table(), draft / "scenarios.csv")
            if self.prices is not None:
                write_csv(self.prices, draft / "price_list.csv")
            for choice in self.choices[1:]:
                choice.plan.save(draft / "scenarios" / choice.name)
        return target

    def _repr_html_(self) -> str:
        table: str = self.table().to_html(index=False, escape=True)
        return table


def scenarios(
    study: Study | str | Path,
    rules: Rules | None = None,
    *,
    prices: bool = True,
    seed: int = 0,
    workers: int = 1,
    out: str | Path | None = None,
    watch: Watch = silent,
) -> Scenarios:
    """
    Draw plans that weigh moves, borders and even sizes differently, and price restrictions.

    Parameters
    ----------
    study
        A study, or its folder.
    rules
        The settings; by default the study's own.
    prices
        Price every lock, barrier, margin and wish, too.
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
    if out is not None:
        refuse_foreign(Path(out))
    if not isinstance(study, Study):
        study = read_study(study, rules)
    elif rules is not None:
        study = replace(study, rules=rules)
    choices = trade_offs(study, seed=seed, workers=workers, watch=watch)
    priced = None
    if prices:
        priced = price_list(study, seed=seed, workers=workers, watch=watch)
    return Scenarios(tuple(choices), priced)
