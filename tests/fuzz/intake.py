"""
Coverage-guided fuzzing of the intake: any bytes end as a study or as a sentence.

    pip install -e .[fuzz]        # Linux and macOS
    python -m tests.fuzz.intake -max_total_time=60 corpus/

The first byte chooses the kind of file, the rest is its content. A crash is an exception other
than the planner's own; the input that made it is left beside the corpus.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

from lingwu_grid.contract.errors import LingwuError

NAMES = (
    "居民户.csv",
    "grids.geojson",
    "居民户.xlsx",
    "小区.zip",
    "roads.geojson",
    "户.txt",
)
HOMES = "户编号,经度,纬度\n1,106.33,38.10\n2,106.34,38.11\n3,106.335,38.105\n"


def intake(content: bytes) -> None:
    """Read a study with one fuzzed file in it; only the planner's own errors may come of it."""
    from lingwu_grid.api import check  # noqa: PLC0415 - after instrumentation
    from lingwu_grid.ingest.study import read_study  # noqa: PLC0415

    if not content:
        return
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        name = NAMES[content[0] % len(NAMES)]
        if name.startswith(("grids", "roads", "小区")):
            (Path(folder) / "户.csv").write_text(HOMES, encoding="utf-8")
        (Path(folder) / name).write_bytes(content[1:])
        try:
            study = read_study(folder)
            check(study)
        except LingwuError as error:
            if not str(error).strip():
                raise RuntimeError("an error must say something") from error


def main() -> None:
    """Fuzz until told to stop."""
    import atheris  # noqa: PLC0415 - an extra, not there on Windows

    with atheris.instrument_imports(include=["lingwu_grid"]):
        import lingwu_grid.api  # noqa: PLC0415
        import lingwu_grid.ingest.study  # noqa: F401, PLC0415
    atheris.Setup(sys.argv, intake)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
