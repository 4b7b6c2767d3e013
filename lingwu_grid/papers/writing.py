"""The papers in their order: ledger, report, atlas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.papers.atlas import write_atlas
from lingwu_grid.papers.document import write_document
from lingwu_grid.papers.filling import blank, read_filling
from lingwu_grid.papers.kit import write_kit
from lingwu_grid.papers.ledger import write_ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lingwu_grid.papers.filling import Filling
    from lingwu_grid.planning.record import PlanRecord

KIT = "kit"
LEDGER, DOCUMENT, ATLAS, ANSWERS = "ledger.xlsx", "report.docx", "atlas.pdf", "answers.csv"


@dataclass(frozen=True)
class PaperOptions:
    """
    How papers are written.

    Parameters
    ----------
    template
        An office's own template of the report.
    traverse
        Describe the borders of communities as walks too (界线走向).
    kit
        Write the papers of the legal chain too, under ``kit/``.
    """

    template: Path | None = None
    traverse: bool = False
    kit: bool = False


PAPERS = PaperOptions()


def filled(record: PlanRecord, ledger: Path, *, must: bool = False) -> Filling:
    """
    Give what the office has filled in: of a ledger where there is one, else nothing.

    Parameters
    ----------
    record
        The plan.
    ledger
        Usually the one of the earlier output: typed names outlive a new run.
    must
        Refuse to go on without it.
    """
    return read_filling(ledger, record) if must or ledger.is_file() else blank(record)


def write_papers(
    record: PlanRecord,
    folder: Path,
    filling: Filling,
    options: PaperOptions = PAPERS,
    *,
    watch: Callable[[str], None] = lambda _: None,
) -> None:
    """
    Write ledger, report and atlas into a folder.

    Parameters
    ----------
    record
        The plan.
    folder
        Usually a draft of :func:`~lingwu_grid.output.whole_folder`; its ``answers.csv`` goes
        into the report.
    filling
        Entries of the office.
    options
        Template, traverse.
    watch
        Told how far the work is.
    """
    answers = folder / ANSWERS
    objections = (
        pd.read_csv(answers, dtype=str, encoding="utf-8-sig", keep_default_na=False)
        if answers.is_file()
        else None
    )
    watch("台账")
    write_ledger(record, filling, folder / LEDGER)
    write_document(
        record, filling, folder / DOCUMENT, objections=objections, template=options.template,
        traverse=options.traverse, watch=watch,
    )  # fmt: skip
    write_atlas(record, folder / ATLAS, watch=watch)
    if options.kit:
        write_kit(record, filling, folder / KIT, watch)
