"""Store: what a run in parts has done so far, beside the output until that is whole.

A run that was killed finds here the rows it had scattered and the parts it had solved. Whatever
is read from the store was written whole: a folder is filled under another name, then renamed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from lingwu_grid.errors import OutputError
from lingwu_grid.planning.record import PlanRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "key.json"
SKIPPED = ("service", "backdrop")
"""Fields that no part keeps: the circle is measured later, the backdrop is that of the whole."""

FRAMES = tuple(
    f.name for f in fields(PlanRecord) if f.name not in SKIPPED and "Frame" in str(f.type)
)
PLAIN = tuple(f.name for f in fields(PlanRecord) if f.name not in SKIPPED and f.name not in FRAMES)


class Store:
    """
    The folder of a run in parts.

    Parameters
    ----------
    out
        The output folder; the store lies beside it.
    key
        What the run is made from: the store of another run is thrown away.
    """

    def __init__(self, out: Path, key: dict[str, Any]) -> None:
        self.folder = out.with_name(f".{out.name}.parts")
        text = json.dumps(key, ensure_ascii=False, sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        mark = self.folder / KEY
        try:
            if not mark.is_file() or mark.read_text(encoding="utf-8") != digest:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder.mkdir(parents=True)
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
            plain = {field: getattr(record, field) for field in PLAIN}
            (draft / "plain.json").write_text(
                json.dumps(plain, ensure_ascii=False), encoding="utf-8"
            )

    def frame(self, name: str, field: str) -> pd.DataFrame:
        """Read a table of a kept plan."""
        path = self.folder / name / f"{field}.parquet"
        is_spatial = field in ("grids", "communities", "units", "moves")
        return gpd.read_parquet(path) if is_spatial else pd.read_parquet(path)

    def plain(self, name: str) -> dict[str, dict[str, Any]]:
        """Read summary, run and certificate of a kept plan."""
        text = (self.folder / name / "plain.json").read_text(encoding="utf-8")
        content: dict[str, dict[str, Any]] = json.loads(text)
        return content

    def record(self, name: str, backdrop: dict[str, gpd.GeoDataFrame]) -> PlanRecord:
        """Read a kept plan back."""
        frames = {field: self.frame(name, field) for field in FRAMES}
        plain: dict[str, Any] = self.plain(name)
        return PlanRecord(**frames, **plain, backdrop=backdrop)

    def clear(self) -> None:
        """Throw the store away: the output is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)
