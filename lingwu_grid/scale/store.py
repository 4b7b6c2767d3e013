"""Store: what a run in parts has done so far, beside the output until that is whole.

A run that was killed finds here the rows it had scattered and the parts it had solved. Whatever
is read from the store was written whole: a folder is filled under another name, then renamed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import weakref
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from lingwu_grid.contract.errors import OutputError
from lingwu_grid.ingest.keeper import scratch
from lingwu_grid.output import FOR_ME
from lingwu_grid.planning.pieces import LONG
from lingwu_grid.planning.record import PlanRecord
from lingwu_grid.planning.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "key.json"

FRAMES = tuple(f.name for f in fields(PlanRecord) if str(f.type).endswith("DataFrame"))
PLAIN = ("summary", "run", "certificate")


@dataclass(frozen=True, slots=True)
class Stored:
    """The long tables of a part, in the store until they are read."""

    store: Store
    name: str

    def table(self, name: str) -> pd.DataFrame:
        """Give one of `LONG`."""
        return self.store.frame(self.name, name)


def beside(out: Path) -> Path:
    """Name the folder of the store of an output folder."""
    return out.with_name(f".{out.name}.parts")


def forget(out: Path) -> None:
    """Throw away what lies beside an output folder: the plan in it is whole."""
    shutil.rmtree(beside(out.resolve()), ignore_errors=True)


class Store:
    """
    The folder of a run in parts.

    Parameters
    ----------
    out
        The output folder; the store lies beside it. None for a place that goes with the plan.
    key
        What the run is made from: the store of another run is thrown away.
    """

    def __init__(self, out: Path | None, key: dict[str, Any]) -> None:
        if out is None:
            place = scratch()
            weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)  # with its last plan
            self.folder = place / "parts"
        else:
            self.folder = beside(out)
        text = json.dumps(key, ensure_ascii=False, sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        mark = self.folder / KEY
        try:
            if not mark.is_file() or mark.read_text(encoding="utf-8") != digest:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder.mkdir(parents=True)
                self.folder.chmod(FOR_ME)  # rows of households lie in it
                mark.write_text(digest, encoding="utf-8")
            for draft in self.folder.glob("*.draft"):
                shutil.rmtree(draft)
        except OSError as error:
            raise OutputError(
                f"写不出中间结果：{error.strerror or error}", where=str(self.folder),
                remedy="确认磁盘有空间、文件夹可写，再运行一次",
            ) from error  # fmt: skip

    def has(self, name: str) -> bool:
        """Tell whether a folder of the store is whole."""
        return (self.folder / name).is_dir()

    @contextmanager
    def filling(self, name: str) -> Iterator[Path]:
        """Give a folder to fill, which is there when all went well."""
        draft = self.folder / f"{name}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        yield draft
        shutil.rmtree(self.folder / name, ignore_errors=True)
        draft.rename(self.folder / name)

    def keep(self, name: str, record: PlanRecord) -> None:
        """Keep the plan of a part."""
        with self.filling(name) as draft:
            for field in FRAMES:
                getattr(record, field).to_parquet(draft / f"{field}.parquet", index=False)
            for field in LONG:
                record.pieces[0].table(field).to_parquet(draft / f"{field}.parquet", index=False)
            for field, table in record.tables.items():
                table.to_parquet(draft / f"{field}.parquet", index=False)
            plain = {field: getattr(record, field) for field in PLAIN}
            (draft / "plain.json").write_text(
                json.dumps(plain, ensure_ascii=False), encoding="utf-8"
            )

    def record(self, name: str) -> PlanRecord:
        """Read a kept plan back; its long tables are read when they are asked for."""
        frames = {field: self.frame(name, field) for field in FRAMES}
        text = (self.folder / name / "plain.json").read_text(encoding="utf-8")
        return PlanRecord(
            **frames,
            **json.loads(text),
            tables={n: self.frame(name, n) for n in TABLES},
            pieces=(Stored(self, name),),
            backdrop={},
        )

    def frame(self, name: str, field: str) -> pd.DataFrame:
        """Read a table of a kept plan."""
        path = self.folder / name / f"{field}.parquet"
        is_spatial = field in ("grids", "communities", "levels", "units", "moves")
        return gpd.read_parquet(path) if is_spatial else pd.read_parquet(path)
