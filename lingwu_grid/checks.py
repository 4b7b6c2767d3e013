"""Check: the record of a check with methods for the planner, and no data of its own."""

from __future__ import annotations

import html
from dataclasses import fields
from pathlib import Path

from lingwu_grid.audit.check import SEVERITIES, CheckRecord
from lingwu_grid.audit.repairs import write_repaired
from lingwu_grid.maps.check_page import check_page
from lingwu_grid.output import whole_folder, write_csv, write_json


class Check(CheckRecord):
    """What a check found, in the planner's hands."""

    @classmethod
    def of(cls, record: CheckRecord) -> Check:
        """Take a record in hand."""
        return cls(**{f.name: getattr(record, f.name) for f in fields(CheckRecord)})

    def save(self, folder: str | Path) -> Path:
        """
        Write ``findings.csv``, ``zones.csv``, ``check.json`` and ``check.html``.

        Raises
        ------
        OutputError
            If it cannot be written; an older check is then as it was.
        """
        target = Path(folder).resolve()
        page = check_page(self.study, self.findings, self.standing.zones, self.counts())
        with whole_folder(target, mark="check.html") as draft:
            write_csv(self.table(), draft / "findings.csv")
            write_csv(self.zones(), draft / "zones.csv")
            write_json(self.summary(), draft / "check.json")
            (draft / "check.html").write_text(page, encoding="utf-8", newline="\n")
        return target

    def write_repaired(self, folder: str | Path) -> int:
        """
        Write the study with what has one right answer mended; the office's files stay.

        Returns
        -------
        int
            How many things were mended; ``repairs.csv`` lists them.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        return write_repaired(self.study, Path(folder))

    def _repr_html_(self) -> str:
        mark = "<p><b>合成数据</b></p>" if self.study.rules.synthetic else ""
        rows = "".join(
            f"<tr><td>{SEVERITIES[str(r.severity)]}</td><td>{r.title}</td><td>{r.table}</td>"
            f"<td>{r.count}</td><td>{html.escape(str(r.message))}</td></tr>"
            for r in self.counts().itertuples()
        )
        heads = "".join(f"<th>{h}</th>" for h in ("级别", "问题", "表", "处数", "例如"))
        return f"{mark}<table><tr>{heads}</tr>{rows}</table>"
