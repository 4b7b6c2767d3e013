"""
Set up the project with nothing but Python: make the environment, then plan, test or lint.

    python bootstrap.py env     make the environment in .venv/
    python bootstrap.py plan    and run the main job on the sample
    python bootstrap.py test    and run the tests
    python bootstrap.py lint    and run the style, type and layering checks
    python bootstrap.py lab     and open the notebooks in JupyterLab
    python bootstrap.py search  and look for failing cases at random, twenty minutes
    python bootstrap.py mutants and change the code on purpose: do the tests notice?
    python bootstrap.py release and build the wheel, with the list of what it rests on, into dist/

``--wheelhouse DIR`` installs from a folder of wheels, for offices without internet. Running it
again does nothing until the lock changes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
LOCK = HERE / "requirements.lock"
STAMP = VENV / "installed-from.txt"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXE = ".exe" if os.name == "nt" else ""
PYTHON = BIN / f"python{EXE}"

PYTEST = ("-m", "pytest", "-n", "2", "--dist", "worksteal", "--nbmake", "--durations=20")

JOBS = {
    "env": [],
    "plan": [["-m", "lingwu_grid.partition"]],
    "lab": [
        [
            "-m",
            "jupyterlab",
            "--LabApp.news_url=None",  # it asks no other machine
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "notebooks",
        ]
    ],
    "search": [["-m", "tests.search"]],
    "mutants": [["-m", "tests.mutants"]],
    "test": [[*PYTEST, "notebooks", "tests", "lingwu_grid"]],
    "release": [
        [
            "-m",
            "cyclonedx_py",
            "requirements",
            "requirements.lock",
            "--pyproject",
            "pyproject.toml",
            "--output-reproducible",
            "--of",
            "JSON",
            "-o",
            "dist/lingwu_grid.cdx.json",
        ],
        ["-m", "uv", "build", "--quiet", "--wheel", "--no-build-isolation", "--out-dir", "dist"],
    ],
    "lint": [
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "mypy"],
        ["-m", "importlinter.cli", "lint-imports"],
    ],
}


def main() -> int:
    """Make the environment if it is not there, then do the job."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("job", choices=JOBS, nargs="?", default="plan")
    parser.add_argument("--wheelhouse", type=Path, help="install from this folder of wheels")
    options = parser.parse_args()
    if sys.version_info < (3, 11):
        sys.stderr.write(
            f"需要 Python 3.11 或更高版本，现在是 {sys.version.split()[0]}。"
            "请安装新版 Python，或用 conda：conda env create -f environment.yml\n"
        )
        return 2
    make_environment(options.wheelhouse)
    for arguments in JOBS[options.job]:
        code = subprocess.run(command_of(arguments), cwd=HERE, check=False).returncode  # noqa: S603 - our own commands
        if code:
            return code
    return 0


def command_of(arguments: list[str]) -> list[str]:
    """Give the command line of a job; the import linter has a script instead of a module."""
    if arguments[1] == "importlinter.cli":
        return [str(BIN / f"lint-imports{EXE}")]
    return [str(PYTHON), *arguments]


def make_environment(wheelhouse: Path | None) -> None:
    """Install the locked versions and the project into .venv/, once per lock."""
    wanted = hashlib.sha256(LOCK.read_bytes() + (HERE / "pyproject.toml").read_bytes()).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    offline = ["--no-index", "--find-links", str(wheelhouse)] if wheelhouse else []
    uv = find_uv(offline)
    if uv:
        run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    else:
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        install = [str(PYTHON), "-m", "pip", "install", "--quiet"]
    run([*install, *offline, "--require-hashes", "-r", str(LOCK)])
    # What builds is what the lock has just put there, not whatever is newest.
    run([*install, *offline, "--no-build-isolation", "--no-deps", "--editable", str(HERE)])
    STAMP.write_text(wanted, encoding="utf-8")


def find_uv(offline: list[str]) -> str | None:
    """Find uv, or install it into a folder of the project; None where it cannot be had."""
    known = shutil.which("uv")
    if known:
        return known
    folder = HERE / ".bootstrap"
    program = folder / "bin" / f"uv{EXE}"
    if not program.exists():
        folder.mkdir(exist_ok=True)
        (folder / "uv.lock").write_text(locked("uv"), encoding="utf-8")
        fetch = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
        fetch += [*offline, "--require-hashes", "--no-deps", "-r", str(folder / "uv.lock")]
        done = subprocess.run(fetch, check=False, capture_output=True)  # noqa: S603 - pip
        if done.returncode:
            return None
    return str(program) if program.exists() else None


def locked(name: str) -> str:
    """Give a package's version and hashes as the lock has them."""
    text = LOCK.read_text(encoding="utf-8")
    found = re.search(rf"^{name}==.*\n(?:    .*\n)*", text, re.MULTILINE)
    if found is None:
        raise SystemExit(f"{LOCK.name} 里没有 {name}")
    return found[0]


def run(command: list[str]) -> None:
    """Run a step; a failure ends the set-up with its command."""
    done = subprocess.run(command, cwd=HERE, check=False)  # noqa: S603 - our own commands
    if done.returncode:
        sys.stderr.write(f"安装没有成功，停在这一步：{' '.join(command)}\n")
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
