"""
The papers of a plan: ledger, report and atlas; they read a record and decide nothing.

The room is callable: ``lg.report("outputs/data")`` is :func:`lingwu_grid.report.walk.report`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid._verb import make_verb

if TYPE_CHECKING:
    from lingwu_grid.report.walk import report as report

make_verb(__name__)
