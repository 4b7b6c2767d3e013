"""
Coverage-guided fuzzing of the intake: any bytes end as a study or as a sentence.

    pip install -e .[fuzz]        # Linux and macOS
    python -m tests.fuzz.intake xlsx -max_total_time=600 corpus/

The files are read in this very process, so that the fuzzer sees which lines they reach; where the
corpus is empty it starts from healthy files. A crash is an exception of our own code other than the
planner's own: what libraries raise is the cage's to tell. The input that made it is left beside
the corpus.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
import warnings
from pathlib import Path

NAMES = (
    "居民户.csv",
    "grids.geojson",
    "居民户.xlsx",
    "小区.zip",
    "roads.geojson",
    "户.txt",
)
HOMES = "户编号,经度,纬度\n1,106.33,38.10\n2,106.34,38.11\n3,106.335,38.105\n"
OURS = Path(__file__).parents[2] / "lingwu_grid"


def intake(content: bytes) -> None:
    """Read a study with one fuzzed file in it; only the planner's own errors may come of it."""
    from lingwu_grid.api import check  # noqa: PLC0415 - after instrumentation
    from lingwu_grid.contract.errors import LingwuError  # noqa: PLC0415
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


def uncaged(name: str, content: bytes) -> None:
    """Read one file in this process; faults of libraries pass, those of our own code do not."""
    from lingwu_grid.contract.errors import LingwuError  # noqa: PLC0415 - after instrumentation
    from lingwu_grid.contract.settings import read_rules  # noqa: PLC0415
    from lingwu_grid.ingest.claims import Claims  # noqa: PLC0415
    from lingwu_grid.ingest.tables import read_file  # noqa: PLC0415
    from lingwu_grid.revision.patch import read_patch  # noqa: PLC0415
    from tests.fuzz.formats import LIMITS  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / name
        path.write_bytes(content)
        readers = {".toml": read_rules, ".json": read_patch}
        try:
            if path.suffix in readers:
                readers[path.suffix](path)
            else:
                list(read_file(path, Claims(), LIMITS))
        except LingwuError as error:
            if not str(error).strip():
                raise RuntimeError("an error must say something") from error
        except BaseException as error:
            last = traceback.extract_tb(error.__traceback__)[-1].filename
            if not isinstance(error, Exception) or not Path(last).is_relative_to(OURS):
                return
            raise


def main() -> None:
    """Fuzz one kind of file until told to stop."""
    import atheris  # noqa: PLC0415 - an extra, not there on Windows

    with atheris.instrument_imports(include=["lingwu_grid"]):
        import lingwu_grid.contract.settings  # noqa: PLC0415
        import lingwu_grid.ingest.tables  # noqa: PLC0415
        import lingwu_grid.revision.patch  # noqa: F401, PLC0415
    from tests.fuzz.formats import MAKERS  # noqa: PLC0415

    kind = sys.argv.pop(1)
    stem, make = MAKERS[kind]
    corpus = Path(sys.argv[-1])
    if not any(corpus.iterdir()):
        make(corpus / f"{stem}.{kind}")
    atheris.Setup(sys.argv, lambda content: uncaged(f"{stem}.{kind}", content))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
