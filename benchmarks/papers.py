"""
Papers: seconds and memory of ledger, report and atlas of a written plan.

    python -m benchmarks.papers outputs/data
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from lingwu_grid.papers.atlas import write_atlas
from lingwu_grid.papers.document import write_document
from lingwu_grid.papers.filling import blank
from lingwu_grid.papers.ledger import write_ledger
from lingwu_grid.planning.reading import read_bundle
from lingwu_grid.planning.run import peak_mb

write = sys.stdout.write


def main(folder: str) -> None:
    """Write the papers of a plan to a folder that is thrown away."""
    began = time.perf_counter()
    record = read_bundle(folder)
    filling = blank(record)
    write(f"read {time.perf_counter() - began:.1f} s, {len(record.grids)} grids\n")
    makers = {
        "ledger.xlsx": write_ledger,
        "report.docx": write_document,
        "atlas.pdf": lambda r, _, path: write_atlas(r, path),
    }
    with tempfile.TemporaryDirectory() as name:
        for file, make in makers.items():
            began = time.perf_counter()
            path = Path(name) / file
            make(record, filling, path)
            size = path.stat().st_size / 2**20
            write(f"{file} {time.perf_counter() - began:.1f} s, {size:.1f} MB\n")
    write(f"peak {peak_mb()} MB\n")


if __name__ == "__main__":
    main(sys.argv[1])
