"""The papers in their order: ledger, report, atlas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from lingwu_grid.bundle import read_bundle, whole_folder
from lingwu_grid.report.filling import blank, read_filling

if TYPE_CHECKING:
    from collections.abc import Callable

    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.report.filling import Filling

LEDGER, DOCUMENT, ATLAS, ANSWERS = "ledger.xlsx", "report.docx", "atlas.pdf", "answers.csv"


def report(
    folder: str | Path,
    *,
    ledger: str | Path | None = None,
    template: str | Path | None = None,
    walk: bool = False,
    watch: Callable[[str], None] = lambda _: None,
) -> Path:
    """
    Write the papers of a written plan beside it.

    Parameters
    ----------
    folder
        An output folder.
    ledger
        A filled ledger; by default what is filled in the folder's own is kept.
    template
        An office's own template of the report.
    walk
        Describe the borders of communities as walks too (界线走向).
    watch
        Told how far the work is.

    Returns
    -------
    Path
        The folder, with ``ledger.xlsx``, ``report.docx`` and ``atlas.pdf``.

    Raises
    ------
    InputError
        If there is no plan, or the ledger or the template cannot be used.
    OutputError
        If the papers cannot be written; those that were there are then as they were.
    """
    folder = Path(folder).resolve()
    record = read_bundle(folder)
    filling = filled(record, Path(ledger) if ledger else folder / LEDGER, must=ledger is not None)
    own = Path(template) if template else None
    with whole_folder(folder, adds=True) as draft:
        write_papers(record, draft, filling, template=own, walk=walk, watch=watch)
    return folder


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
    *,
    template: Path | None = None,
    walk: bool = False,
    watch: Callable[[str], None] = lambda _: None,
) -> None:
    """
    Write ledger, report and atlas into a folder.

    Parameters
    ----------
    record
        The plan.
    folder
        Usually a draft of :func:`~lingwu_grid.bundle.whole_folder`; its ``answers.csv`` goes
        into the report.
    filling
        Entries of the office.
    template, walk, watch
        As for :func:`report`.
    """
    from lingwu_grid.report.atlas import write_atlas  # noqa: PLC0415 - matplotlib is slow
    from lingwu_grid.report.document import write_document  # noqa: PLC0415
    from lingwu_grid.report.ledger import write_ledger  # noqa: PLC0415

    answers = folder / ANSWERS
    objections = (
        pd.read_csv(answers, dtype=str, encoding="utf-8-sig", keep_default_na=False)
        if answers.is_file()
        else None
    )
    watch("台账")
    write_ledger(record, filling, folder / LEDGER)
    write_document(
        record, filling, folder / DOCUMENT, objections=objections, template=template, walk=walk,
        watch=watch,
    )  # fmt: skip
    write_atlas(record, folder / ATLAS, watch=watch)
