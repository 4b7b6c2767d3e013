"""The house keeps its own rules: short rooms, short functions, one list of dependencies."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import bootstrap
from lingwu_grid.contract.rules import Rules
from lingwu_grid.contract.settings import rules_from
from lingwu_grid.engine.search._compiled import digest_of

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "lingwu_grid").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_is_seen_at_a_glance(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # Kernels stand together by rule; their size is not a room's.
    most = 550 if path.name == "_kernels.py" else 400
    assert len(text.splitlines()) <= most
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and path.name != "_kernels.py":
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 60, node.name


def test_every_setting_is_in_the_reference_and_every_example_can_be_read() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "rules.md").read_text("utf-8"), re.S)
    told: set[str] = set()
    for block in blocks:
        raw = tomllib.loads(block)
        rules_from(raw)
        told |= set(raw)
    assert told == {f.name for f in fields(Rules)}


def test_compiled_kernels_are_forgotten_when_any_of_them_changes(tmp_path: Path) -> None:
    (tmp_path / "_a.py").write_text("a", encoding="utf-8")
    (tmp_path / "_b.py").write_text("b", encoding="utf-8")
    before = digest_of(tmp_path)
    (tmp_path / "_b.py").write_text("c", encoding="utf-8")
    assert digest_of(tmp_path) != before


def _names(requirements: list[str]) -> dict[str, str]:
    pairs = (re.match(r"([\w.-]+)(?:\[\w+\])?(.*)", r) for r in requirements)
    return {m.group(1).lower(): m.group(2) for m in pairs if m}


def test_one_list_of_dependencies_stands_in_three_files() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["dev"], *extras["notebook"], *extras["cluster"]]
    wanted = _names(needed)
    conda = re.findall(r"^  - ([\w.-]+[^\s:]*)$", (ROOT / "environment.yml").read_text(), re.M)
    found = _names([c for c in conda if not c.startswith(("conda-forge", "nodefaults"))])
    assert found.pop("python") == project["requires-python"]
    found.pop("pip")
    assert found == wanted
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    assert set(wanted) <= locked


def test_what_installs_and_what_builds_is_pinned_with_hashes() -> None:
    for name in ("uv", "setuptools"):
        pinned = bootstrap.locked(name).splitlines()
        assert re.match(rf"{name}==[\d.]+ \\$", pinned[0])
        assert len(pinned) > 1
        assert all(line.startswith("    --hash=sha256:") for line in pinned[1:])
    with pytest.raises(SystemExit):
        bootstrap.locked("no-such-package")


def test_a_release_lists_all_that_is_installed(tmp_path: Path) -> None:
    command = bootstrap.JOBS["release"][0]
    made = tmp_path / "made.json"
    done = subprocess.run(  # noqa: S603
        [sys.executable, *command[:-1], str(made)], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    listed = {c["name"] for c in json.loads(made.read_text("utf-8"))["components"]}
    locked = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.M)
    assert listed == set(locked)


def test_no_machine_path_or_registry_host_is_in_a_tracked_file() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git is there
        cwd=ROOT,
        capture_output=True,
        check=False,
    ).stdout.decode()
    hosts = re.compile("|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs"]))
    for name in filter(None, tracked.split("\0")):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".lock", ".yml", ".ipynb", ".html", ".json"}:
            assert not hosts.search(path.read_text(encoding="utf-8")), name


def test_vendored_files_are_what_they_claim() -> None:
    folder = ROOT / "lingwu_grid" / "maps" / "vendor"
    assets = json.loads((folder / "assets.json").read_text(encoding="utf-8"))
    for name, digest in assets["leaflet"]["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, runpy; sys.argv = ['partition', '--help']\n"
        "try: runpy.run_module('lingwu_grid.partition', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numba', 'geopandas', 'pandas', 'folium') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)  # noqa: S603
    assert done.stdout.decode().strip().endswith("[]")
