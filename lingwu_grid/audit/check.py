"""A check: what the tables say of each other, and how today's map stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.audit.today import Standing, today
from lingwu_grid.audit.whole import audited
from lingwu_grid.contract.catalogue import TITLES

if TYPE_CHECKING:
    from lingwu_grid.contract.findings import Finding
    from lingwu_grid.ingest.study import Study

SEVERITIES = {"error": "错误", "warning": "警告", "notice": "提示"}
SHOWN = ("level", "zone_id", "name", "households", "standing", "pieces")


@dataclass(frozen=True)
class CheckRecord:
    """
    What a check found.

    Parameters
    ----------
    study
        What was checked.
    data
        Findings about the data.
    standing
        Today's zones against the policy, and findings about them.
    """

    study: Study
    data: tuple[Finding, ...]
    standing: Standing

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, errors first."""
        order = list(SEVERITIES)
        both = (*self.data, *self.standing.findings)
        return tuple(sorted(both, key=lambda f: order.index(f.severity)))

    @property
    def words(self) -> dict[str, str]:
        """What severities are called, in Chinese."""
        return SEVERITIES

    @property
    def errors(self) -> int:
        """How many findings forbid a plan."""
        return sum(f.severity == "error" for f in self.findings)

    def table(self) -> pd.DataFrame:
        """Give the findings as a table: severity, code, table, place, message, remedy."""
        names = ("severity", "code", "table", "place", "message", "remedy")
        return pd.DataFrame(
            [[getattr(f, n) for n in names] for f in self.findings], columns=list(names)
        )

    def counts(self) -> pd.DataFrame:
        """Count the findings by severity, code and table; with one message as an example."""
        key = ["severity", "code", "table"]
        table = self.table().assign(count=[f.count for f in self.findings])
        first = table.drop_duplicates(key)
        number = table.groupby(key, sort=False)["count"].sum().to_numpy()
        return first[[*key, "message"]].assign(title=first["code"].map(TITLES), count=number)

    def zones(self) -> pd.DataFrame:
        """Give today's zones: level, id, name, households, standing, pieces."""
        table = pd.DataFrame(self.standing.zones.drop(columns="geometry"))
        return table.reindex(columns=list(SHOWN))

    def summary(self) -> dict[str, object]:
        """Give ``check.json``: how many rows, findings and zones of which kind."""
        zones = self.standing.zones
        standing = zones.groupby(["level", "standing"]).size()
        return {
            "study": self.study.name,
            "synthetic": self.study.rules.synthetic,
            "households": len(self.study.households),
            "excluded": len(self.study.excluded),
            "findings": {s: sum(f.severity == s for f in self.findings) for s in SEVERITIES},
            "zones": {f"{level} {word}": int(n) for (level, word), n in standing.items()},
            "inputs": list(self.study.sources),
        }


def check_study(study: Study) -> CheckRecord:
    """
    Check a study without drawing a plan.

    Parameters
    ----------
    study
        What :func:`~lingwu_grid.ingest.study.read_study` gave.

    Returns
    -------
    CheckRecord
        Findings about the data, and how today's zones stand against the policy §4.
    """
    return CheckRecord(study, audited(study).findings.rows, today(study))
