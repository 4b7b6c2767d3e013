"""
Change the code on purpose, one operator at a time, and see whether the nearest tests notice.

    python bootstrap.py mutants                 every group, a table at the end
    python -m tests.mutants --only lawful       one group
    python -m tests.mutants --show lawful.py:17 what a mutant changes

A mutant is a module with one operator, constant, ``not`` or call of ``min``/``max`` changed. It is
loaded in place of the module in a process of its own, and the tests of its group are run until one
fails. Mutants that change nothing a caller could see are listed in ``mutants.toml``, each with
the reason; they are left out. The table belongs into ``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

ROOT = Path(__file__).parents[1]
SECONDS = 120
"""A mutant whose tests run so long does not end: it is noticed."""


class Group(NamedTuple):
    """Modules, and the tests that are nearest to them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    every: int = 1
    """One of so many mutants is tried."""


GROUPS = {
    "lawful": Group(("lawful.py",), ("tests/rules/test_sizes.py", "tests/rules/test_moves.py")),
    "bounds": Group(
        ("engine/town/bounds.py", "engine/town/tally.py"),
        (
            "tests/engine/test_tally.py",
            "tests/rules/test_moves.py",
            "tests/engine/test_bounds.py",
            "tests/engine/test_proofs.py",
        ),
    ),
    "exact": Group(
        ("engine/exact/program.py", "engine/exact/branching.py", "engine/exact/extract.py"),
        ("tests/engine/test_exact.py", "tests/engine/test_proofs.py"),
        every=3,
    ),
    "adjacency": Group(("fabric/adjacency.py",), ("tests/rules/test_barriers.py", "tests/fabric")),
    "reach": Group(
        ("circle/reach.py", "circle/attaching.py"),
        ("tests/circle/test_reach.py", "tests/circle/test_edges.py", "tests/circle/test_causes.py"),
        every=2,
    ),
    "assumptions": Group(
        ("circle/assumptions.py", "contract/walking.py"), ("tests/circle/test_assumptions.py",)
    ),
    "together": Group(
        ("circle/options.py", "circle/joint.py"), ("tests/circle/test_joint.py",), every=2
    ),
    "committees": Group(("planning/committees.py",), ("tests/planning/test_committees.py",)),
    "disclosure": Group(
        ("disclosure/attack.py", "disclosure/figures.py", "disclosure/telling.py"),
        ("tests/disclosure/test_telling.py", "tests/disclosure/test_attack.py"),
        every=3,
    ),
    "occupancy": Group(("occupancy.py",), ("tests/walk/test_occupancy.py",)),
    "coordinates": Group(
        ("ingest/coordinates.py", "ingest/datum.py"),
        ("tests/ingest/test_counting.py", "tests/ingest/test_datum.py"),
        every=3,
    ),
    "counting": Group(("ingest/counting.py",), ("tests/ingest/test_counting.py",)),
}

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
CALLS = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all",
    "all": "any", "argmin": "argmax", "argmax": "argmin", "ceil": "floor", "floor": "ceil",
}  # fmt: skip


class Mutant(NamedTuple):
    """A module with one thing changed."""

    module: str
    number: int
    line: int
    what: str
    source: str

    @property
    def name(self) -> str:
        """Give module and number."""
        return f"{self.module}:{self.number}"


class _Sites(ast.NodeVisitor):
    """Lists what may be changed: nodes that run, not annotations, messages or docstrings."""

    def __init__(self) -> None:
        self.found: list[tuple[ast.AST, str, int]] = []
        self.function: list[str] = []
        """Name of the function that each site is in."""
        self._inside = ""

    def visit(self, node: ast.AST) -> None:
        """Note the function of whatever is found in it."""
        super().visit(node)
        self.function += [self._inside] * (len(self.found) - len(self.function))

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self._inside = self._inside, node.name
        for part in (*node.args.defaults, *node.args.kw_defaults, *node.body):
            if part is not None:
                self.visit(part)
        self._inside = outer

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Raise(self, _node: ast.Raise) -> None:
        """Leave sentences alone: what they say is tested where they are made."""

    def visit_JoinedStr(self, _node: ast.JoinedStr) -> None:
        """Leave texts alone."""

    def visit_Compare(self, node: ast.Compare) -> None:
        self.found += [(node, "op", k) for k, op in enumerate(node.ops) if type(op) in SWAPS]
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.found.append((node, "bool", 0))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        text = any(
            isinstance(n, ast.Constant) and isinstance(n.value, str)
            for n in (node.left, node.right)
        )
        if type(node.op) in SWAPS and not text:
            self.found.append((node, "bin", 0))
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if type(node.op) in SWAPS:
            self.found.append((node, "bin", 0))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, (ast.Not, ast.Invert)) or (
            isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant)
        ):
            self.found.append((node, "drop", 0))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, (bool, int, float)):
            self.found.append((node, "constant", 0))

    def visit_Call(self, node: ast.Call) -> None:
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name in CALLS:
            self.found.append((node, "call", 0))
        self.generic_visit(node)


def _changed(tree: ast.Module, index: int) -> tuple[ast.Module, int, str]:
    mutant = copy.deepcopy(tree)
    sites = _Sites()
    sites.visit(mutant)
    node, how, k = sites.found[index]
    before = ast.unparse(node)
    if how == "op":
        node.ops[k] = SWAPS[type(node.ops[k])]()
    elif how in ("bool", "bin"):
        node.op = SWAPS[type(node.op)]()
    elif how == "constant":
        value = node.value
        node.value = (
            not value
            if isinstance(value, bool)
            else value + 1
            if isinstance(value, int)
            else value * 1.5 + 1e-3
        )
    elif how == "call":
        if isinstance(node.func, ast.Attribute):
            node.func.attr = CALLS[node.func.attr]
        else:
            node.func.id = CALLS[node.func.id]
    else:
        _drop(mutant, node)
        return mutant, node.lineno, f"{before} -> {ast.unparse(node.operand)}"
    return mutant, node.lineno, f"{before} -> {ast.unparse(node)}"


def _drop(tree: ast.Module, gone: ast.UnaryOp) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is gone:
                setattr(parent, field, gone.operand)
            elif isinstance(value, list) and gone in value:
                value[value.index(gone)] = gone.operand


def mutants_of(module: str) -> list[Mutant]:
    """List every mutant of a module, in the order of its text."""
    tree = ast.parse((ROOT / "lingwu_grid" / module).read_text("utf-8"))
    sites = _Sites()
    sites.visit(tree)
    found = []
    for index in range(len(sites.found)):
        changed, line, what = _changed(tree, index)
        what = f"{sites.function[index]}: {what}"
        found.append(Mutant(module, index, line, what, ast.unparse(changed)))
    return found


def excused() -> dict[str, dict[str, str]]:
    """Read which mutants change nothing that a caller could see: by module, text and reason."""
    content: dict[str, dict[str, str]] = tomllib.loads(
        (ROOT / "tests" / "mutants.toml").read_text("utf-8")
    )
    return content


def chosen(group: Group) -> list[Mutant]:
    """List the mutants of a group that are tried."""
    known = excused()
    every = [m for module in group.modules for m in mutants_of(module)]
    tried = [m for m in every if m.what not in known.get(m.module, {})]
    return tried[:: group.every]


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads a mutant in place of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = "lingwu_grid." + mutant.module.removesuffix(".py").replace("/", ".")

    def find_spec(
        self, fullname: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        path = ROOT / "lingwu_grid" / self._mutant.module
        return importlib.util.spec_from_file_location(fullname, path, loader=self)

    def create_module(self, _spec: ModuleSpec) -> None:
        """Let Python make the module as usual."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed text."""
        exec(compile(self._mutant.source, self._mutant.module, "exec"), module.__dict__)  # noqa: S102


def survives(mutant: Mutant, tests: Sequence[str]) -> bool:
    """Run tests on a mutant in a process of its own; True where none of them fails."""
    child = os.fork()
    if child == 0:
        _run_tests(mutant, tests)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def _run_tests(mutant: Mutant, tests: Sequence[str]) -> None:
    import pytest  # noqa: PLC0415 - in the child, with the mutant in place

    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    sys.meta_path.insert(0, _Instead(mutant))
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:nbmake"]
    os._exit(int(pytest.main([*options, *tests])))


def main() -> int:
    """Try the mutants of some groups; print those that survive, and a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(GROUPS), action="append", help="all by default")
    parser.add_argument("--show", metavar="MODULE:NUMBER", help="print what a mutant changes")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    os.chdir(ROOT)
    if options.show:
        module, _, number = options.show.partition(":")
        mutant = mutants_of(module)[int(number)]
        sys.stdout.write(f"line {mutant.line}: {mutant.what}\n")
        return 0
    # Heavy libraries are loaded once, before the forks; nothing of ours is.
    import folium, geopandas, highspy, matplotlib.pyplot, numba, scipy.optimize  # noqa: E401, F401, I001, PLC0415
    import networkx  # noqa: F401, PLC0415

    survived = 0
    for line in _table(options.only or list(GROUPS), options.workers):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        survived += line.startswith("survived")
    return int(survived > 0)


def _table(names: Sequence[str], workers: int) -> Iterator[str]:
    rows = []
    for name in names:
        group, began = GROUPS[name], time.monotonic()
        if not survives(Mutant(group.modules[0], -1, 0, "", _text(group.modules[0])), group.tests):
            yield f"the tests of {name} fail without a mutant"
            continue
        tried = chosen(group)
        with ThreadPoolExecutor(workers) as pool:
            alive = list(pool.map(lambda m, tests=group.tests: survives(m, tests), tried))
        left = [m for m, lives in zip(tried, alive, strict=True) if lives]
        for m in left:
            yield f"survived  {m.name}  line {m.line}: {m.what}"
        seconds = time.monotonic() - began
        rows.append((name, len(tried), len(left), seconds))
        yield f"{name}: {len(tried)} mutants, {len(left)} survive, {seconds:.0f} s"
    yield "| group | mutants | survive | share |"
    yield "|---|---|---|---|"
    for name, tried, left, _ in rows:
        yield f"| {name} | {tried} | {left} | {left / max(tried, 1):.1%} |"
    total, lives = sum(r[1] for r in rows), sum(r[2] for r in rows)
    yield f"| all | {total} | {lives} | {lives / max(total, 1):.1%} |"


def _text(module: str) -> str:
    return (ROOT / "lingwu_grid" / module).read_text("utf-8")


if __name__ == "__main__":
    sys.exit(main())
