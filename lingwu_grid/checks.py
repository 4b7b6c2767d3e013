"""Check and Guess: records of a look at the data with methods for the planner."""

from __future__ import annotations

import html
from dataclasses import fields
from pathlib import Path

from lingwu_grid.audit.check import SEVERITIES, CheckRecord
from lingwu_grid.audit.repairs import write_repaired
from lingwu_grid.contract.errors import OutputError
from lingwu_grid.contract.settings import read_rules
from lingwu_grid.ingest.guessing import GuessRecord
from lingwu_grid.ingest.study import rules_file
from lingwu_grid.maps.check_page import check_page
from lingwu_grid.maps.guess_page import guess_page
from lingwu_grid.maps.notebook import Page
from lingwu_grid.output import whole_folder, write_csv, write_json
from lingwu_grid.papers.charts import standing_chart
from lingwu_grid.papers.picture import Picture


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

    def draw(self) -> Picture:
        """Draw how many households today's grids have, and which stand out of their range."""
        rules = self.study.rules
        band = (rules.grid.lower, rules.grid.upper)
        return Picture(standing_chart(self.zones(), band, synthetic=rules.synthetic))

    def explore(self) -> Page:
        """Show every finding on a map in a notebook."""
        return Page(check_page(self.study, self.findings, self.standing.zones, self.counts()))

    def _repr_html_(self) -> str:
        mark = "<p><b>合成数据</b></p>" if self.study.rules.synthetic else ""
        rows = "".join(
            f"<tr><td>{SEVERITIES[str(r.severity)]}</td><td>{r.title}</td><td>{r.table}</td>"
            f"<td>{r.count}</td><td>{html.escape(str(r.message))}</td></tr>"
            for r in self.counts().itertuples()
        )
        heads = "".join(f"<th>{h}</th>" for h in ("级别", "问题", "表", "处数", "例如"))
        return f"{mark}<table><tr>{heads}</tr>{rows}</table>"


class Guess(GuessRecord):
    """What a folder seems to hold, in the planner's hands."""

    @classmethod
    def of(cls, record: GuessRecord) -> Guess:
        """Take a record in hand."""
        return cls(**{f.name: getattr(record, f.name) for f in fields(GuessRecord)})

    def save(self, folder: str | Path) -> Path:
        """
        Write ``guess.html`` and the ``rules.toml`` it proposes.

        Raises
        ------
        OutputError
            If it cannot be written; an older one is then as it was.
        """
        target = Path(folder).resolve()
        with whole_folder(target, mark="guess.html") as draft:
            for name, text in (("guess.html", guess_page(self)), ("rules.toml", self.text)):
                (draft / name).write_text(text, encoding="utf-8", newline="\n")
        return target

    def accept(self) -> Path:
        """
        Say yes: write the proposal as the folder's own ``rules.toml``.

        Returns
        -------
        Path
            The file; what stood there before is beside it as ``rules.toml.bak`` (``.bak2``, …).

        Raises
        ------
        OutputError
            If it cannot be written; the old settings are then as they were.
        """
        target = rules_file(self.folder) or self.folder / "rules.toml"
        draft = target.with_name(".rules.toml.new")
        try:
            draft.write_text(self.text, encoding="utf-8", newline="\n")
            read_rules(draft)  # what is proposed can be read, or nothing is written
            if target.exists() and target.read_text(encoding="utf-8-sig") != self.text:
                _beside(target).write_bytes(target.read_bytes())
            draft.replace(target)
        except OSError as error:
            raise OutputError(
                f"写不了 {target}：{error.strerror}",
                where=str(target),
                remedy="关闭正在用它的程序；文件夹只读时把数据拷到别处再运行",
            ) from error
        finally:
            draft.unlink(missing_ok=True)
        return target

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(t.label)}</td><td>{t.name}</td><td>{html.escape(t.why)}</td></tr>"
            for t in self.tables
        )
        return f"<table><tr><th>文件</th><th>当作</th><th>依据</th></tr>{rows}</table>"


def _beside(target: Path) -> Path:
    """Give a name for what was there before: what an earlier yes put aside stays."""
    names = ["rules.toml.bak", *(f"rules.toml.bak{n}" for n in range(2, 1000))]
    return next(p for p in (target.with_name(n) for n in names) if not p.exists())
