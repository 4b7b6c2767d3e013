"""What papers and pages that go from hand to hand tell of the data: no household by its id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.contract.catalogue import TITLES

if TYPE_CHECKING:
    from collections.abc import Iterable

OF_FILES = re.compile(r"(\d+ 行|\S+\.[A-Za-z]{2,8}(:\S+)?)?")
"""A place that is no household's: a file, a sheet, or how many rows."""

REST = re.compile(r"另有 (\d+) 处")
"""How the last of a long list stands for the rest."""


def without_ids(findings: pd.DataFrame) -> pd.DataFrame:
    """
    Tell findings on households by their kind and number; each one's place is in ``findings.csv``.

    Parameters
    ----------
    findings
        severity, code, table, place, message, remedy.

    Returns
    -------
    pandas.DataFrame
        The same columns; those of other tables as they are, before them one row for each kind.
    """
    of_files = findings["place"].astype(str).str.fullmatch(OF_FILES.pattern).to_numpy(bool)
    is_home = (findings["table"] == "households").to_numpy(bool) & ~of_files
    rows = []
    for (severity, code), told in findings[is_home].groupby(["severity", "code"], sort=False):
        rows.append(
            {
                "severity": severity,
                "code": code,
                "table": "households",
                "place": f"{_number(told['place'].astype(str))} 处",
                "message": f"{TITLES.get(str(code), code)}；逐条见 findings.csv（保密）",
                "remedy": told["remedy"].iloc[0],
            }
        )
    kinds = pd.DataFrame(rows, columns=findings.columns)
    return pd.concat([kinds, findings[~is_home]], ignore_index=True) if rows else findings


def _number(places: Iterable[str]) -> int:
    found = [REST.fullmatch(place) for place in places]
    return sum(int(rest[1]) if rest else 1 for rest in found)
