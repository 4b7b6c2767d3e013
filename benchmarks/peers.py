"""
Put this engine beside others on one unit graph, with one set of bounds, on one machine.

    pip install -e .[bench]
    python -m benchmarks.peers                     # the sample, compounds whole and small units
    python -m benchmarks.peers data --seconds 60   # less time for those that use what they get

Each engine runs in a process of its own, with one thread. All get the same units, open borders
and today's grids, and are to give grids of 300–500 households, each in one piece; streets and
barriers part the graph before anybody sees it. Those that cannot take pieces are run on each.
A row tells zones, zones in range, zones in pieces, households moved under the best relabelling,
border, seconds and peak memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.engines import ENGINES
from benchmarks.instance import Town, read_town, score
from lingwu_grid.planning.run import peak_mb

HEADS = ("engine", "zones", "in range", "broken", "moved", "moved %", "border km", "s", "MB")
ROW = "{:<26}{:>6}{:>9}{:>7}{:>8}{:>8}{:>10}{:>8}{:>7}"


def run_one(name: str, instance: Path, answer: Path, seconds: float) -> None:
    """Run one engine in this process and write its answer, seconds and peak memory."""
    with np.load(instance) as stored:
        town = Town(**{key: stored[key] for key in Town._fields})
    ENGINES[name](town, 0.0)  # once without time: compilers and imports are not the question
    began = time.perf_counter()
    zone = ENGINES[name](town, seconds)
    taken = time.perf_counter() - began
    np.savez(answer, zone=zone, seconds=taken, peak=peak_mb())


def compare(town: Town, names: list[str], seconds: float) -> None:
    """Print one row an engine."""
    write = sys.stdout.write
    write(ROW.format(*HEADS) + "\n")
    total = int(town.households.sum())
    with tempfile.TemporaryDirectory() as folder:
        instance, answer = Path(folder) / "town.npz", Path(folder) / "answer.npz"
        np.savez(instance, **town._asdict())
        for name in names:
            command = [sys.executable, "-m", "benchmarks.peers", "--one", name]
            command += [str(instance), str(answer), "--seconds", str(seconds)]
            try:
                done = subprocess.run(  # noqa: S603 - our own command
                    command, check=False, capture_output=True, timeout=2 * seconds + 120
                )
            except subprocess.TimeoutExpired:
                write(f"{name:<26} not done in {2 * seconds + 120:.0f} s\n")
                continue
            if done.returncode:
                last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
                write(f"{name:<26} {''.join(last)}\n")
                continue
            with np.load(answer) as found:
                s = score(town, found["zone"])
                taken, peak = float(found["seconds"]), int(found["peak"])
            share = f"{100 * s.moved / total:.1f}"
            write(
                ROW.format(
                    name, s.zones, s.in_range, s.broken, s.moved, share, s.border_km,
                    f"{taken:.1f}", peak,
                )
                + "\n"
            )  # fmt: skip
            sys.stdout.flush()


def main() -> None:
    """Compare on a study, with compounds whole and with small units."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", nargs="?", type=Path, default=Path("data"))
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--engines", nargs="*", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--one", nargs=3, metavar=("ENGINE", "INSTANCE", "ANSWER"))
    options = parser.parse_args()
    if options.one:
        name, instance, answer = options.one
        run_one(name, Path(instance), Path(answer), options.seconds)
        return
    for compounds_whole in (True, False):
        town = read_town(options.study, compounds_whole=compounds_whole)
        kind = "compounds whole" if compounds_whole else "small units"
        sys.stdout.write(f"\n{options.study}, {kind}: {len(town.x)} units, ")
        sys.stdout.write(f"{int(town.households.sum())} households\n")
        compare(town, options.engines, options.seconds)


if __name__ == "__main__":
    main()
