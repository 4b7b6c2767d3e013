"""The output folder: written whole or not at all; tables, layers and JSON that are safe to open."""

from __future__ import annotations

import glob
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd
import psutil
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from lingwu_grid.contract.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd


LITTLE_BYTES = 2**20
"""A disk with less free than this is full."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so may be run by a spreadsheet."""


FLAT = ("units", "joins")
"""Keys whose values are long lists: one line each."""

OURS = frozenset(
    [
        "plan.gpkg", "backdrop.gpkg", "map.html", "certificate.json", "summary.json", "run.json",
        "coverage.json", "coverage.csv", "ledger.xlsx", "report.docx", "atlas.pdf", "share",
        "review", "scenarios", "scenarios.csv", "price_list.csv", "check.html", "check.json",
        "guess.html", "zones.csv", "coverage_zones.csv", "figures", "answers.csv", "repairs.csv",
        "streets", "assignment", "compare.json", "figures.csv", "pairs.csv", "stories.csv",
        "drift.csv",
        "excluded.csv", "findings.csv", "changes.csv", "impact.csv", "code_register.csv",
        "assignment.csv", "buildings.csv",
    ]
)  # fmt: skip
"""What a new plan replaces; anything else in the folder is somebody's and stays."""


def refuse_foreign(folder: Path, *, mark: str = "plan.gpkg") -> None:
    """
    Refuse to write where something else lies.

    Parameters
    ----------
    folder
        The output folder: absent, empty, or holding an earlier result.
    mark
        The file by which an earlier result is known.

    Raises
    ------
    OutputError
        If it is a file, or a folder that holds other things and no earlier result.
    """
    recover(folder)
    if folder.is_file():
        raise OutputError("结果的位置已有一个文件", where=str(folder), remedy="换一个文件夹名")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / mark).exists():
        raise OutputError(
            "结果文件夹里有别的东西，不是以前的结果",
            where=str(folder),
            remedy="换一个新文件夹，免得覆盖您的文件",
        )


def require_place(folder: Path, *, mark: str = "plan.gpkg") -> None:
    """
    Refuse, before anything is solved, a place that the end could not write.

    Parameters
    ----------
    folder
        The output folder, there or not; a trial folder is made beside it, and what is there is
        renamed and back, as the end will do.
    mark
        As in :func:`refuse_foreign`.

    Raises
    ------
    OutputError
        As :func:`refuse_foreign`; or if it is a mount point, or no folder can be made or renamed
        there.
    """
    refuse_foreign(folder, mark=mark)
    if folder.is_mount():
        raise OutputError(
            "结果文件夹是一个挂载点（容器的卷、盘的根），不能整个换掉",
            where=str(folder),
            remedy="在它下面再写一层文件夹，例如 -o 该文件夹/结果",
        )
    try:
        tempfile.TemporaryDirectory(
            dir=existing(folder.parent), prefix=f".{folder.name}.draft-"
        ).cleanup()
        if folder.exists():  # a file held open there would stop the end, hours later
            aside = folder.with_name(f".{folder.name}.old-{os.getpid()}")
            folder.rename(aside)
            aside.rename(folder)
    except OSError as error:
        raise _not_written(folder, error) from error


def recover(folder: Path) -> None:
    """
    Put right what a killed run left: bring the old result back, clear drafts away.

    A result is put in place by two renames; a run that was killed between them has left the old
    one beside its place, whole.

    Parameters
    ----------
    folder
        The output folder, there or not.
    """
    for aside in sorted(folder.parent.glob(f".{glob.escape(folder.name)}.old-*")):
        if _is_at_work(aside):
            continue
        if not folder.exists():
            aside.rename(folder)
        else:
            _bring_along(aside, folder)
            shutil.rmtree(aside, ignore_errors=True)
    for draft in folder.parent.glob(f".{glob.escape(folder.name)}.draft-*"):
        if not _is_at_work(draft):
            shutil.rmtree(draft, ignore_errors=True)


def _is_at_work(folder: Path) -> bool:
    number = folder.name.rpartition("-")[2]
    return number.isdigit() and int(number) != os.getpid() and psutil.pid_exists(int(number))


def _bring_along(aside: Path, folder: Path) -> None:
    """Move what is not ours from the old folder to the new one."""
    for item in aside.iterdir():
        if item.name not in OURS and not (folder / item.name).exists():
            item.rename(folder / item.name)


@contextmanager
def whole_folder(folder: Path, *, mark: str = "plan.gpkg", adds: bool = False) -> Iterator[Path]:
    """
    Give a draft folder that takes the place of `folder` when, and only when, all went well.

    Parameters
    ----------
    folder
        The output folder; an existing one is replaced by a rename.
    mark
        As in :func:`refuse_foreign`.
    adds
        Begin with a copy of what is there: the same plan gets something more.

    Raises
    ------
    OutputError
        If the draft cannot be made or put in place; the old folder is then as it was.
    """
    refuse_foreign(folder, mark=mark)
    draft = folder.with_name(f".{folder.name}.draft-{os.getpid()}")
    aside = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        if adds and folder.is_dir():
            shutil.copytree(folder, draft, dirs_exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from error
    try:
        yield draft
        _swap(folder, draft, aside)
    except (OSError, DataSourceError, DataLayerError) as error:
        raise _not_written(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(aside, ignore_errors=True)


def _swap(folder: Path, draft: Path, aside: Path) -> None:
    if folder.exists():
        folder.rename(aside)
    try:
        draft.rename(folder)
    except OSError:
        if aside.exists():
            aside.rename(folder)
        raise
    if aside.exists():
        _bring_along(aside, folder)


def _not_written(folder: Path, error: Exception) -> OutputError:
    full = shutil.disk_usage(existing(folder)).free < LITTLE_BYTES
    why = "磁盘已满" if full else getattr(error, "strerror", None) or str(error)
    return OutputError(
        f"写不出结果：{why}",
        where=str(folder),
        remedy="关闭正在打开该文件夹的程序，确认磁盘有空间、文件夹可写，再运行一次；原有结果没有改动",
    )


def existing(folder: Path) -> Path:
    """Give the nearest folder above that is there."""
    return next(p for p in (folder, *folder.absolute().parents) if p.exists())


def write_layer(table: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Write a layer of a GeoPackage; the same table gives the same bytes."""
    _into_layer(table, path, layer, before=0)


def add_layer(table: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Write more rows to a layer; the first ones make it."""
    there = path.is_file() and layer in pyogrio.list_layers(path)[:, 0]
    before = int(pyogrio.read_info(path, layer=layer)["features"]) if there else 0
    _into_layer(table, path, layer, before=before)


def _into_layer(table: gpd.GeoDataFrame, path: Path, layer: str, *, before: int) -> None:
    # A fixed date in the file.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    shape = None if len(table) else "Polygon"
    pyogrio.write_dataframe(
        table, path, layer=layer, driver="GPKG", geometry_type=shape, append=before > 0
    )
    # A full disk may show only when the file is closed: count what is there.
    if pyogrio.read_info(path, layer=layer)["features"] != before + len(table):
        raise OSError(f"{path.name}: {layer} is not whole")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table for Excel: UTF-8 with a mark, no cell that a spreadsheet would run."""
    _inert(table).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def add_csv(table: pd.DataFrame, path: Path) -> None:
    """Write more rows to a table as :func:`write_csv` does; the first ones make it."""
    if not path.exists():
        write_csv(table, path)
        return
    with path.open("a", encoding="utf-8", newline="") as file:
        _inert(table).to_csv(file, index=False, header=False, lineterminator="\r\n")


def _inert(table: pd.DataFrame) -> pd.DataFrame:
    safe = table.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name].dtype):
            text = safe[name].fillna("").astype(str)
            safe[name] = text.where(~text.str.startswith(FORMULA), "'" + text)
    return safe


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write plain values as readable JSON in UTF-8; what is long or deep stands on one line."""
    lines = [
        f" {json.dumps(key)}: " + _json(value, None if key in FLAT else 1)
        for key, value in content.items()
    ]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def _json(value: object, indent: int | None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent).replace("\n", "\n ")
