"""The walk of a check: read, compare the tables, measure today's map, tell."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.audit.today import Standing, today
from lingwu_grid.audit.whole import audited
from lingwu_grid.bundle import whole_folder, write_csv, write_json
from lingwu_grid.catalogue import TITLES

if TYPE_CHECKING:
    from lingwu_grid.findings import Finding
    from lingwu_grid.study import Study

SEVERITIES = {"error": "错误", "warning": "警告", "notice": "提示"}
SHOWN = ("level", "zone_id", "name", "households", "standing", "pieces")


@dataclass(frozen=True)
class Check:
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

    def save(self, folder: str | Path) -> Path:
        """
        Write ``findings.csv``, ``zones.csv``, ``check.json`` and ``check.html``.

        Raises
        ------
        OutputError
            If it cannot be written; an older check is then as it was.
        """
        target = Path(folder).resolve()
        with whole_folder(target, mark="check.html") as draft:
            write_csv(self.table(), draft / "findings.csv")
            write_csv(self.zones(), draft / "zones.csv")
            write_json(self._summary(), draft / "check.json")
            (draft / "check.html").write_text(self._page(), encoding="utf-8", newline="\n")
        return target

    def _page(self) -> str:
        from lingwu_grid.check.page import check_page  # noqa: PLC0415 - folium takes a second

        return check_page(self.study, self.findings, self.standing.zones, self.counts())

    def _summary(self) -> dict[str, object]:
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

    def _repr_html_(self) -> str:
        mark = "<p><b>合成数据</b></p>" if self.study.rules.synthetic else ""
        rows = "".join(
            f"<tr><td>{SEVERITIES[str(r.severity)]}</td><td>{r.title}</td><td>{r.table}</td>"
            f"<td>{r.count}</td><td>{html.escape(str(r.message))}</td></tr>"
            for r in self.counts().itertuples()
        )
        heads = "".join(f"<th>{h}</th>" for h in ("级别", "问题", "表", "处数", "例如"))
        return f"{mark}<table><tr>{heads}</tr>{rows}</table>"


def check(study: Study) -> Check:
    """
    Check a study without drawing a plan.

    Parameters
    ----------
    study
        What :func:`~lingwu_grid.study.read_study` gave.

    Returns
    -------
    Check
        Findings about the data, and how today's zones stand against the policy §4.
    """
    return Check(study, audited(study).findings.rows, today(study))
