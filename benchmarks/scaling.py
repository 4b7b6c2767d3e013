"""
The whole job against the size of the study: seconds, memory, moves, and the exponent of growth.

    python -m benchmarks.scaling                        # 50k, 500k and 5M households
    python -m benchmarks.scaling 50000 150000 500000    # sizes of your own

Studies are synthetic and made on the fly: one town up to 500,000 households, a prefecture of such
towns beyond. The command runs in processes of its own, without papers. Memory is that of the
largest process, and of all of them together where each is at its largest.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.prefecture import write_prefecture
from lingwu_grid.sample_town.town import make_town
from lingwu_grid.sample_town.writing import write_town

SIZES = (50_000, 500_000, 5_000_000)
TOWN = 500_000
HEADS = (
    "households", "grids", "parts", "read s", "parts s", "write s", "total s", "largest MB",
    "all MB", "moved", "moved/bound", "out of range",
)  # fmt: skip


def measure(size: int, workers: int, folder: Path) -> dict[str, Any]:
    """Make a study, draw its plan in fresh processes, give its summary and the whole seconds."""
    study, out = folder / "study", folder / "out"
    if size <= TOWN:
        write_town(make_town(households=size), study)
    else:
        write_prefecture(study, towns=size // TOWN, households=TOWN)
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "lingwu_grid.partition", str(study), "-o", str(out), "--quiet",
         "--no-report", "--workers", str(workers)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode not in (0, 3):
        raise SystemExit(done.stderr)
    total = round(time.perf_counter() - began, 1)
    summary: dict[str, Any] = json.loads((out / "summary.json").read_text("utf-8"))
    return summary | {"total": total}


def row_of(s: dict[str, Any], workers: int) -> tuple[object, ...]:
    """Give the figures of one size."""
    seconds, parts = s["seconds"], s.get("parts", [])
    solve = seconds.get("parts", sum(seconds.get(k, 0) for k in ("audit", "fabric", "solve")))
    peaks = sorted((p["peak_mb"] for p in parts), reverse=True)
    bound = s["lower_bound"]["within_plan"]
    bad = s["grids"] + s["communities"] - s["grids_in_range"] - s["communities_in_range"]
    return (
        s["households"], s["grids"], len(parts) or 1, seconds["read"], round(solve, 1),
        seconds["write"], s["total"], max([s["peak_mb"], *peaks]),
        s["peak_mb"] + sum(peaks[:workers]), s["households_moved_grid"],
        round(s["households_moved_grid"] / bound, 4) if bound else "-", bad - s["exceptions"],
    )  # fmt: skip


def main() -> None:
    """Print one row a size and the fitted exponents."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    line, write = "{:>13}" * len(HEADS), sys.stdout.write
    write(line.format(*HEADS) + "\n")
    seen = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as name:
            s = measure(size, options.workers, Path(name))
        seen.append((s["households"], s["total"]))
        write(line.format(*row_of(s, options.workers)) + "\n")
        sys.stdout.flush()
    if len(seen) > 1:
        households, total = np.log(np.array(seen)).T
        write(f"exponent of total time: {np.polyfit(households, total, 1)[0]:.2f}\n")


if __name__ == "__main__":
    main()
