"""What a plan was made from, and what it took: ``run.json``, seconds and memory."""

from __future__ import annotations

import hashlib
import time
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study

LIBRARIES = (
    "numpy", "pandas", "geopandas", "shapely", "pyogrio", "pyproj", "scipy", "numba", "highspy",
    "folium",
)  # fmt: skip


def run_of(study: Study, seed: int) -> dict[str, Any]:
    """Say what a plan was made from, for ``run.json``."""
    return {
        "study": study.name,
        "inputs": list(study.sources),
        "rules": study.rules.as_dict(),
        "seed": seed,
        "crs": study.crs.to_string(),
        "versions": {"lingwu_grid": version("lingwu_grid"), "code": code()}
        | {name: version(name) for name in LIBRARIES},
    }


@cache
def code() -> str:
    """Sum the package's own code up: two commits of one version are not the same program."""
    folder = Path(__file__).parent.parent
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0")
        whole.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return whole.hexdigest()[:12]


class Clock:
    """Seconds of each phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Note the seconds since the last lap."""
        now = time.perf_counter()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now


def peak_mb() -> int:
    """Give the most memory this process has held, megabytes."""
    memory = psutil.Process().memory_info()
    peak = getattr(memory, "peak_wset", None)  # Windows keeps the peak itself
    status = Path("/proc/self/status")
    if peak is None and status.exists():
        # getrusage would tell the peak of the process that started this one, where that was more.
        lines = status.read_text(encoding="ascii").splitlines()
        peak = 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
    elif peak is None:
        peak = memory.rss  # macOS: what it holds now
    return int(peak / 2**20)
