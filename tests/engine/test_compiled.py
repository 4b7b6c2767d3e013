"""Kernels that borrow count no references: that count was nine tenths of a search."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np

import lingwu_grid.engine.search as rooms
from lingwu_grid.engine.search._anneal import anneal
from lingwu_grid.engine.search._compiled import CAN_BORROW, borrowing, kernel
from lingwu_grid.engine.search._moves import attempt

MAKERS = {"empty", "zeros", "full", "ones", "copy", "arange"}


def _summed(values: np.ndarray) -> float:
    total = 0.0
    for i in range(len(values)):
        total += values[i]
    return total


def test_numba_still_has_the_switch() -> None:
    """Without it searches are ten times slower and the same; then this says so."""
    assert CAN_BORROW


def test_every_kernel_says_whether_it_counts() -> None:
    """One that does not say would take the switch of whichever kernel calls it first."""
    assert attempt.targetoptions["_nrt"] is False  # type: ignore[attr-defined]
    assert anneal.targetoptions["_nrt"] is True  # type: ignore[attr-defined]
    values = np.arange(5.0)
    assert borrowing(_summed)(values) == kernel(_summed)(values) == 10.0


def test_what_borrows_makes_no_array() -> None:
    """What a kernel makes it has to count, and so have those that get it."""
    seen = 0
    for path in sorted(Path(next(iter(rooms.__path__))).glob("_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            marks = {d.id for d in node.decorator_list if isinstance(d, ast.Name)}
            makes = {
                call.func.attr
                for call in ast.walk(node)
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
            } & MAKERS
            if "borrowing" in marks:
                seen += 1
                assert not makes, f"{path.name} {node.name}"
    assert seen > 30
