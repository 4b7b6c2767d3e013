"""
Solve towns that nothing was tuned on: violations, gap and seconds of each.

    python -m benchmarks.towns               # twenty towns, 120 s each
    python -m benchmarks.towns 4 --limit 30

Sizes and seeds are drawn from one seed; each town runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROW = "{:>6}{:>12}{:>8}{:>8}{:>12}{:>9}{:>9}{:>9}{:>9}"
HEADS = ("seed", "households", "grids", "faults", "explained", "moved", "bound", "gap %", "s")


def solved(seed: int, households: int, limit: int, workers: int) -> dict[str, Any]:
    """Make a town and solve it in a process of its own; give its summary."""
    with tempfile.TemporaryDirectory() as folder:
        town, out = Path(folder) / "town", Path(folder) / "out"
        run = [sys.executable, "-m"]
        subprocess.run(  # noqa: S603 - our own command
            [*run, "lingwu_grid.sample", str(town), "--households", str(households),
             "--seed", str(seed)],
            check=True, capture_output=True,
        )  # fmt: skip
        began = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command
            [*run, "lingwu_grid.partition", str(town), "-o", str(out), "--quiet",
             "--workers", str(workers), "--time-limit", str(limit)],
            check=False, capture_output=True,
        )  # fmt: skip
        if done.returncode not in (0, 3):
            raise SystemExit(done.stderr.decode(errors="replace"))
        summary: dict[str, Any] = json.loads((out / "summary.json").read_text("utf-8"))
        return summary | {"total": round(time.perf_counter() - began, 1)}


def main() -> None:
    """Print one row a town, and the median and the worst gap."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=20)
    parser.add_argument("--limit", type=int, default=120)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--skip", type=int, default=0, help="leave out the first towns")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    write = sys.stdout.write
    write(ROW.format(*HEADS) + "\n")
    gaps, faulty = [], 0
    for number in range(options.count):
        seed, households = int(rng.integers(10**6)), int(rng.integers(6_000, 70_000))
        if number < options.skip:
            continue
        s = solved(seed, households, options.limit, options.workers)
        faults = s["grids"] + s["communities"] - s["grids_in_range"] - s["communities_in_range"]
        faults -= s["exceptions"]
        faulty += faults > 0
        gaps.append(100 * s["gap"])
        causes = ",".join(sorted({e["cause"] for e in s["explanations"]})) or "-"
        bound = s["lower_bound"]["global"]
        write(
            ROW.format(
                seed, s["households"], s["grids"], faults, causes[:11],
                s["affected"], bound, f"{gaps[-1]:.1f}", s["total"],
            )
            + "\n"
        )  # fmt: skip
        sys.stdout.flush()
    write(f"median gap {median(gaps):.2f} %, worst {max(gaps):.2f} %, faulty towns {faulty}\n")


if __name__ == "__main__":
    main()
