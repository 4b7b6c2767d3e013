"""Cut short: what a run that did not come to its end goes without, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lingwu_grid.lawful import unproven

if TYPE_CHECKING:
    from collections.abc import Iterable
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


def is_cut_short(
    explanations: Iterable[dict[str, Any]], *, pressed: bool, time_limit: float | None
) -> bool:
    """
    Tell whether nobody is to be sent a plan: its run was stopped, or had not the time for it.

    Parameters
    ----------
    explanations
        Of the plan: where it is not lawful. What is proven impossible is no matter of time.
    pressed
        Whether the planner interrupted.
    time_limit
        Seconds there were; None for as many as it takes.

    Examples
    --------
    >>> found, proven = {"cause": "grid_out_of_range"}, {"cause": "unit_over_limit"}
    >>> [is_cut_short(e, pressed=False, time_limit=5) for e in ([], [proven], [proven, found])]
    [False, False, True]
    >>> is_cut_short([found], pressed=False, time_limit=None)
    False
    >>> is_cut_short([], pressed=True, time_limit=None)
    True
    """
    return pressed or (time_limit is not None and bool(unproven(explanations)))


def missing_said(out: Path, study: str) -> str:
    """Say what is not in an output folder, and how it comes there; empty for nothing."""
    missing = "、".join(called for name, called in LATER if not any(out.rglob(name)))
    return CUT_SHORT.format(missing=missing, study=study, out=out) if missing else ""
