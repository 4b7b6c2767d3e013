"""
Check half a million rows of dirty CSV: seconds and peak memory.

    python -m benchmarks.dirty               # 500,000 rows
    python -m benchmarks.dirty 100000

The sample's households are repeated until there are enough rows, then every kind of slip is put
into some of them: words for numbers, missing and exchanged coordinates, rows listed twice, unknown
buildings and zones, full-width digits. The check runs in a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

SHARE = 0.004
"""Rows that get each kind of slip."""


def dirty_copy(study: Path, folder: Path, rows: int) -> None:
    """Write the study again with so many household rows, some of them wrong."""
    shutil.copytree(study / "boundaries", folder / "boundaries")
    homes = pd.read_csv(
        study / "households" / "households_chengqu.csv", encoding="gb18030", dtype=str
    )
    times = -(-rows // len(homes))
    table = pd.concat([homes] * times, ignore_index=True)[:rows]
    table["户编号"] = [f"H{i:07d}" for i in range(rows)]
    rng = np.random.default_rng(1)

    def some() -> np.ndarray:
        return rng.choice(rows, int(SHARE * rows), replace=False)

    for column, value in (
        ("经度", ""), ("经度", "0"), ("纬度", "看图"), ("常住人口", "三"), ("常住人口", "-1"),
        ("常住人口", "99"), ("楼栋编号", "B404404"), ("状态", "外出"), ("户编号", ""),
    ):  # fmt: skip
        table.loc[some(), column] = value
    turned = some()
    table.loc[turned, ["经度", "纬度"]] = table.loc[turned, ["纬度", "经度"]].to_numpy()
    table.loc[some(), "户编号"] = "H0000001"
    wide = some()
    table.loc[wide, "经度"] = table.loc[wide, "经度"].str.translate(
        str.maketrans("0123456789", "０１２３４５６７８９")
    )
    (folder / "households").mkdir()
    table.to_csv(folder / "households" / "households.csv", index=False, encoding="gb18030")


def main() -> None:
    """Print seconds and peak memory of a check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="?", type=int, default=500_000)
    parser.add_argument("--study", type=Path, default=Path("data"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        town = Path(folder) / "dirty"
        dirty_copy(options.study, town, options.rows)
        began = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "lingwu_grid.check", str(town), "-o", f"{folder}/out"],
            check=False, capture_output=True,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    sys.stdout.write(done.stdout.decode())
    sys.stdout.write(
        f"{options.rows} rows: {seconds:.1f} s, {peak:.0f} MB, code {done.returncode}\n"
    )


if __name__ == "__main__":
    main()
