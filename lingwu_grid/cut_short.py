"""Cut short: what a run that did not come to its end goes without, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LATER = (
    ("coverage.json", "服务圈"), ("share", "外发图"), ("review", "审议页"),
    ("ledger.xlsx", "台账"), ("report.docx", "报告"), ("atlas.pdf", "图集"),
)  # fmt: skip
"""What a plan that was cut short may go without."""

CUT_SHORT = (
    "没有做完，没有写的：{missing}。分部求解的，再运行一次接着求；要用这个方案，运行 "
    "python -m lingwu_grid.coverage {out} --study {study}（有邻里驿家时），"
    "再运行 python -m lingwu_grid.report {out}"
)


def is_cut_short(status: str, *, pressed: bool, time_limit: float | None) -> bool:
    """
    Tell whether nobody is to be sent a plan: its run was stopped, or found nothing lawful in time.

    Parameters
    ----------
    status
        Of the plan.
    pressed
        Whether the planner interrupted.
    time_limit
        Seconds there were; None for as many as it takes.

    Examples
    --------
    >>> [is_cut_short(s, pressed=False, time_limit=5) for s in ("feasible", "unfinished")]
    [False, True]
    >>> is_cut_short("unfinished", pressed=False, time_limit=None)
    False
    >>> is_cut_short("feasible", pressed=True, time_limit=None)
    True
    """
    return pressed or (time_limit is not None and status == "unfinished")


def missing_said(out: Path, study: str) -> str:
    """Say what is not in an output folder, and how it comes there; empty for nothing."""
    missing = "、".join(called for name, called in LATER if not any(out.rglob(name)))
    return CUT_SHORT.format(missing=missing, study=study, out=out) if missing else ""
