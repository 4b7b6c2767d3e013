"""
Foresight on ten towns that grow: zones that leave their range, with ``horizon`` and without.

    python -m benchmarks.growth [--towns 10] [--households 12000] [--years 3]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import lingwu_grid as lg

SHARE = 0.25
"""Of compounds, how many grow or shrink within the years."""

DELIVERED, PULLED_DOWN = (40, 160), (30, 100)
"""Households of one row: what new buildings in a compound have, and what is pulled down."""


def growing_town(folder: Path, seed: int, households: int) -> Path:
    """Write a town with a growth table of its own."""
    lg.write_town(lg.make_town(households=households, seed=seed), folder)
    rng = np.random.default_rng(seed)
    compounds = lg.read_study(folder).table("compounds")["compound_id"].to_numpy(object)
    chosen = rng.choice(compounds, max(4, round(SHARE * len(compounds))), replace=False)
    grows = rng.random(len(chosen)) < 0.7
    count = np.where(grows, rng.integers(*DELIVERED, len(chosen)),
                     -rng.integers(*PULLED_DOWN, len(chosen)))  # fmt: skip
    days = pd.Timestamp("2027-01-01") + pd.to_timedelta(rng.integers(0, 3 * 365, len(chosen)), "D")
    table = pd.DataFrame({"compound_id": chosen, "households": count, "date": days.date})
    table.to_csv(folder / "boundaries" / "growth.csv", index=False)
    return folder


def main() -> None:
    """Solve each town twice; print a line each, and the sums."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--towns", type=int, default=10)
    parser.add_argument("--households", type=int, default=12_000)
    parser.add_argument("--years", type=int, default=3)
    given = parser.parse_args()
    write = sys.stdout.write
    write("seed  grids  leaving  ahead  affected  ahead  more  bound  status  seconds\n")
    left = kept = 0
    for seed in range(1, given.towns + 1):
        with tempfile.TemporaryDirectory() as place:
            town = growing_town(Path(place) / "town", seed, given.households)
            study = lg.read_study(town)
            plain = lg.partition(study)
            ahead = lg.partition(study, study.rules.with_(horizon=given.years))
        a, b = plain.summary, ahead.summary
        about = b.get("horizon") or {"lower_bound": a["lower_bound"]["global"]}
        left, kept = left + a["zones_leaving"], kept + b["zones_leaving"]
        write(
            f"{seed:4}  {a['grids']:5}  {a['zones_leaving']:7}  {b['zones_leaving']:5}"
            f"  {a['affected']:8}  {b['affected']:5}  {b['affected'] - a['affected']:4}"
            f"  {about['lower_bound']:5}  {b['status']}"
            f"  {a['seconds']['solve']:.0f} {b['seconds']['solve']:.0f}\n"
        )
        sys.stdout.flush()
    write(f"leaving: {left} without foresight, {kept} with it ({kept / max(left, 1):.1%})\n")


if __name__ == "__main__":
    main()
