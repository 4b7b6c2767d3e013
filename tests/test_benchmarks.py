"""Every benchmark still finds what it measures: a renamed room breaks none in silence."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
OURS = ("lingwu_grid", "benchmarks", "tests")


@pytest.mark.parametrize("name", sorted(p.stem for p in BENCHMARKS.glob("[a-z]*.py")))
def test_a_benchmark_finds_what_it_takes_from_the_project(name: str) -> None:
    tree = ast.parse((BENCHMARKS / f"{name}.py").read_text("utf-8"))
    for taken in ast.walk(tree):
        if isinstance(taken, ast.ImportFrom) and str(taken.module).split(".")[0] in OURS:
            room = importlib.import_module(str(taken.module))
            for thing in taken.names:
                if not hasattr(room, thing.name):
                    importlib.import_module(f"{taken.module}.{thing.name}")
