"""LibreOffice and poppler as a reader has them."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest


def run(program: str, *arguments: str, home: Path) -> str:
    """Run a program with a home of its own and our font; skip where it is not installed."""
    found = shutil.which(program)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"CI must have {program}")
    if found is None:
        pytest.skip(f"{program} is not installed")
    fonts = home / ".fonts"
    if not fonts.exists():
        fonts.mkdir(parents=True)
        ours = Path(str(files("lingwu_grid.papers") / "fonts" / "LingwuSansSC-Regular.otf"))
        shutil.copy(ours, fonts)
    done = subprocess.run(  # noqa: S603 - programs of the system
        [found, *arguments], capture_output=True, check=True, timeout=300,
        env={**os.environ, "HOME": str(home)},
    )  # fmt: skip
    return done.stdout.decode("utf-8", "replace")


def converted(path: Path, kind: str, folder: Path) -> Path:
    """Convert a document; LibreOffice works out formulas as it opens a book."""
    run(
        "soffice", "--headless", "--convert-to", kind, "--outdir", str(folder), str(path),
        home=folder / "home",
    )  # fmt: skip
    made = folder / f"{path.stem}.{kind}"
    assert made.is_file()
    return made


def pdf_text(path: Path, folder: Path) -> str:
    """Give the text of a PDF, in the order of the page."""
    return run("pdftotext", "-layout", str(path), "-", home=folder / "home")


def pdf_fonts(path: Path, folder: Path) -> list[list[str]]:
    """Give the fonts of a PDF: words of each line of pdffonts."""
    lines = run("pdffonts", str(path), home=folder / "home").splitlines()[2:]
    return [line.split() for line in lines]
