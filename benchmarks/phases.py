"""
Print seconds per phase and peak memory of the main job on synthetic towns.

    python -m benchmarks.phases                 # 5k, 50k and 500k households
    python -m benchmarks.phases 5000 50000      # sizes of your own

Each size runs in a process of its own, so that the peak is that of the size.
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

SIZES = (5_000, 50_000, 500_000)
PHASES = ("read", "fabric", "solve", "record", "write")


def measure(households: int, workers: int, limit: float | None = None) -> dict[str, Any]:
    """Make a town, partition it in a fresh process, give its summary and the whole seconds."""
    timed = [] if limit is None else ["--time-limit", str(limit)]
    with tempfile.TemporaryDirectory() as folder:
        town, out = Path(folder) / "town", Path(folder) / "out"
        run = [sys.executable, "-m"]
        subprocess.run(  # noqa: S603 - our own command
            [*run, "lingwu_grid.sample", str(town), "--households", str(households)],
            check=True, capture_output=True,
        )  # fmt: skip
        began = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command
            [*run, "lingwu_grid.partition", str(town), "-o", str(out), "--quiet",
             "--workers", str(workers), *timed],
            check=False, capture_output=True,
        )  # fmt: skip
        if done.returncode not in (0, 3):
            raise SystemExit(done.stderr.decode(errors="replace"))
        summary: dict[str, Any] = json.loads((out / "summary.json").read_text("utf-8"))
        return summary | {"total": round(time.perf_counter() - began, 1)}


def main() -> None:
    """Print one row a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    heads = ("households", *PHASES, "total s", "peak MB", "moved", "bound", "out of range")
    row = "{:>12}" * len(heads)
    write = sys.stdout.write
    write(row.format(*heads) + "\n")
    for size in options.sizes:
        s = measure(size, options.workers)
        seconds = s["seconds"]
        bad = s["grids"] + s["communities"] - s["grids_in_range"] - s["communities_in_range"]
        write(
            row.format(
                s["households"], *(seconds[p] for p in PHASES), s["total"], s["peak_mb"],
                s["households_moved_grid"], s["lower_bound"]["unconditional"],
                bad - s["exceptions"],
            )
            + "\n"
        )  # fmt: skip
        sys.stdout.flush()


if __name__ == "__main__":
    main()
