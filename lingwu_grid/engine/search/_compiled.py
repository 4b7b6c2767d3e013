"""Compile kernels, and keep what was compiled for as long as no kernel changes.

Numba keeps a compiled function until the text of its own file changes, though kernels of other
files are compiled into it. A newer version would go on running the older one's kernels, so what
is kept lies in a folder named by the text of them all.
"""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numba
from numba.core.options import DefaultOptions

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., object]")

CAN_BORROW = hasattr(DefaultOptions, "_nrt")
"""Whether Numba has its switch for functions without a runtime; without it all is slower."""

SETTINGS: Any = numba.config
"""Numba's settings, which have no types."""


def kernel(function: Function) -> Function:
    """Compile a function with Numba when it is first called, outside the interpreter's lock."""
    return _compiled(function, counts=True)


def borrowing(function: Function) -> Function:
    """
    Compile a kernel that makes no array and gives none back.

    It borrows the arrays of whoever calls it, so it counts no references to them. A part, a state
    and their scratch are some fifty arrays, and each of a dozen calls a step counted them all:
    nine tenths of the time of a search.
    """
    return _compiled(function, counts=False)


def _compiled(function: Function, *, counts: bool) -> Function:
    # Said of every kernel: one that does not say takes the switch of the one that calls it.
    options: Any = {"_nrt": counts} if CAN_BORROW else {}
    folder = _store()
    before = SETTINGS.CACHE_DIR
    SETTINGS.CACHE_DIR = str(folder or "")
    try:
        compiled: Any = numba.njit(cache=folder is not None, nogil=True, **options)(function)
        typed: Function = compiled
    finally:
        SETTINGS.CACHE_DIR = before
    return typed


def digest_of(folder: Path) -> str:
    """Give a name for the text of all kernels in a folder."""
    text = [path.read_bytes() for path in sorted(folder.glob("_*.py"))]
    return hashlib.sha256(b"\0".join(text)).hexdigest()[:16]


@cache
def _store() -> Path | None:
    """Find a place to keep compiled kernels: beside them, else at home; None to keep none."""
    here = Path(__file__).parent
    name = f"kernels-{digest_of(here)}"
    for parent in (here / "__pycache__", Path.home() / ".cache" / "lingwu_grid"):
        folder = Path(SETTINGS.CACHE_DIR or parent) / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue  # a place that cannot be written is no place; the next one is asked
    return None
