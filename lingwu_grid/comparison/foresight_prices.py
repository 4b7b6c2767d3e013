"""What a year of foresight costs: the plan that stays lawful for 0, 1, 2, … years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.api import partition
from lingwu_grid.engine.instance import silent
from lingwu_grid.ingest.study import open_study

if TYPE_CHECKING:
    from pathlib import Path

    from lingwu_grid.contract.rules import Rules
    from lingwu_grid.engine.instance import Watch
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.scale.crew import Crew

COLUMNS = ("预见年数", "受影响户数", "比只看现在多", "三年内会超出范围的网格和社区", "至少影响户数")


def foresight_prices(
    study: Study | str | Path,
    rules: Rules | None = None,
    *,
    years: int = 3,
    seed: int = 0,
    workers: int | str | Crew = 1,
    watch: Watch = silent,
) -> pd.DataFrame:
    """
    Solve for each number of years up to some, and say what each costs and keeps in range.

    Parameters
    ----------
    study
        A study with a table ``growth``, or its folder.
    rules
        The settings; by default the study's own.
    years
        The longest horizon.
    seed, workers, watch
        As for :func:`~lingwu_grid.api.partition`.

    Returns
    -------
    pandas.DataFrame
        A row a horizon, from 0: households affected, how many more than by the plan for today,
        zones that leave their range within three years, and the households that any plan lawful
        for so long affects at least.
    """
    study = open_study(study, rules)
    rows: list[tuple[int, int, int, int, int]] = []
    for ahead in range(years + 1):
        watch(f"预见 {ahead} 年")
        asked = study.rules.with_(horizon=ahead)
        summary = partition(study, asked, seed=seed, workers=workers, watch=watch).summary
        bound = summary.get("horizon", {}).get("lower_bound", summary["lower_bound"]["global"])
        first = rows[0][1] if rows else summary["affected"]
        rows.append(
            (ahead, summary["affected"], summary["affected"] - first, summary["zones_leaving"],
             bound)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
