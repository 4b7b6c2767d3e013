"""
Three years of a town: what updating an adopted plan moves, against two ways of doing without.

    python -m benchmarks.years [--households 25000] [--seed 8] [--keep FOLDER]

Every year 5 % of the households leave and as many come, 180 more come to a compound in each of
the first two years, and what stands within 90 m of a place is pulled down in the third. *again*
draws the plan anew from last year's; *afresh* draws it anew from the map of the first day, as an
office does that keeps no plan, and counts who is elsewhere than last year.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import lingwu_grid as lg
from lingwu_grid.lawful import UNLAWFUL

TURNOVER, DELIVERED, RADIUS_M = 0.05, 180, 90.0


def first_rows(folder: Path) -> pd.DataFrame:
    """Give the households of a town as the office's table."""
    study = lg.read_study(folder)
    homes = study.households
    compound = study.table("buildings").set_index("building_id")["compound_id"].fillna("")
    out = homes.to_crs(4490)
    return pd.DataFrame(
        {
            "户编号": homes["household_id"].astype(str), "经度": out.geometry.x,
            "纬度": out.geometry.y, "楼栋编号": homes["building_id"], "x": homes.geometry.x,
            "y": homes.geometry.y,
            "compound": homes["building_id"].map(compound).fillna("").astype(str),
        }
    )  # fmt: skip


def next_year(rows: pd.DataFrame, year: int, rng: np.random.Generator) -> pd.DataFrame:
    """Let a year pass over the households."""
    many = round(TURNOVER * len(rows))
    rows = rows.drop(rng.choice(rows.index, many, replace=False))
    if year == 3:
        place = rows.sample(1, random_state=year).iloc[0]
        near = np.hypot(rows["x"] - place["x"], rows["y"] - place["y"]) <= RADIUS_M
        rows = rows[~near]
    come = [rows.sample(many, replace=True, random_state=year)]
    if year < 3:
        compounds = sorted(set(rows["compound"]) - {""})
        chosen = compounds[int(rng.integers(len(compounds)))]
        delivered = rows[rows["compound"] == chosen]
        come.append(delivered.sample(DELIVERED, replace=True, random_state=year))
    new = pd.concat(come, ignore_index=True)
    new["户编号"] = [f"N{year}{i:05d}" for i in range(len(new))]
    return pd.concat([rows, new], ignore_index=True)


def study_of(base: Path, rows: pd.DataFrame, target: Path) -> Path:
    """Write a study with other households."""
    shutil.copytree(base, target)
    shutil.rmtree(target / "households")
    (target / "households").mkdir()
    table = rows.drop(columns=["x", "y", "compound"])
    table.to_csv(target / "households" / "households.csv", index=False)
    return target


def main() -> None:
    """Print a line a year, and the sums."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--households", type=int, default=25_000)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--limit", type=float, default=None, help="seconds of every solution")
    parser.add_argument("--keep", type=Path, default=None, help="where plans and studies stay")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = given.keep or Path(temporary)
        base = place / "town"
        lg.write_town(lg.make_town(households=given.households, seed=given.seed), base)
        rows, rng = first_rows(base), np.random.default_rng(given.seed)
        study = study_of(base, rows, place / "study0")
        adopted = lg.partition(study).save(place / "updated0", papers=False)
        again = afresh = adopted
        write, total = sys.stdout.write, np.zeros(3, int)
        write("year  updated  again  afresh  out of range\n")
        for year in (1, 2, 3):
            rows = next_year(rows, year, rng)
            before, study = study, study_of(base, rows, place / f"study{year}")
            made = lg.update(adopted, study, before=before, time_limit=given.limit)
            redone = lg.partition(lg.read_study(study, zones=again), time_limit=given.limit)
            anew = lg.partition(study, time_limit=given.limit)
            elsewhere = lg.compare(afresh, anew).households
            moved = (made.plan.summary["affected"], redone.summary["affected"],
                     elsewhere["either_differs"])  # fmt: skip
            out = [int((p.grids["status"] == UNLAWFUL).sum()) for p in (made.plan, redone, anew)]
            write(f"{year:4}  {moved[0]:7}  {moved[1]:5}  {moved[2]:6}  {out}\n")
            sys.stdout.flush()
            total += moved
            adopted = made.save(place / f"updated{year}", papers=False)
            again = redone.save(place / f"again{year}", papers=False)
            afresh = anew.save(place / f"afresh{year}", papers=False)
    share = total[0] / total[1:]
    write(f"sum {total.tolist()}: updated is {share[0]:.0%} of again, {share[1]:.0%} of afresh\n")


if __name__ == "__main__":
    main()
