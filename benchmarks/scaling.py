"""
Seconds to the first lawful plan against the size of the town, and the exponent of growth.

    python -m benchmarks.scaling                      # 5k to 50k units
    python -m benchmarks.scaling 5000 50000 500000    # sizes of your own, in units

Towns are synthetic, about ten households a unit; each runs in a process of its own. "Given up"
counts grids and communities that stay out of range, each with an explanation in the summary.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from benchmarks.phases import measure

SIZES = (5_000, 15_000, 50_000)
HOUSEHOLDS_PER_UNIT = 10
HEADS = ("units about", "households", "fabric s", "solve s", "total s", "peak MB", "given up")


def main() -> None:
    """Print one row a size and the fitted exponents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    row, write = "{:>13}" * len(HEADS), sys.stdout.write
    write(row.format(*HEADS) + "\n")
    seen = []
    for size in options.sizes:
        s = measure(HOUSEHOLDS_PER_UNIT * size, options.workers, limit=0)
        bad = s["grids"] + s["communities"] - s["grids_in_range"] - s["communities_in_range"]
        seconds = s["seconds"]
        seen.append((s["households"], seconds["solve"], s["total"]))
        write(
            row.format(
                size, s["households"], seconds["fabric"], seconds["solve"], s["total"],
                s["peak_mb"], bad - s["exceptions"],
            )
            + "\n"
        )  # fmt: skip
        sys.stdout.flush()
    if len(seen) > 1:
        households, solve, total = np.log(np.array(seen)).T
        for name, taken in (("solve", solve), ("total", total)):
            write(f"exponent of {name} time: {np.polyfit(households, taken, 1)[0]:.2f}\n")


if __name__ == "__main__":
    main()
