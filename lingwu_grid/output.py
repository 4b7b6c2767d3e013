"""The output folder: written whole or not at all; tables, layers and JSON that are safe to open."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from lingwu_grid.contract.errors import OutputError
from lingwu_grid.occupancy import (
    DRAFT,
    PUT_ASIDE,
    at_work,
    beside,
    bring_along,
    not_written,
    occupied,
    recover,
    try_beside,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd


IS_WINDOWS = os.name == "nt"
LONGEST_PATH = 259
"""Characters that Windows allows, where nobody has told it to allow more."""

INSIDE = 64
"""Characters below a result's folder: a street's map, by code and name."""

FOR_ME = 0o700
"""Rights of a folder that only its owner opens."""

PRIVATE = (
    "assignment.csv", "assignment", "coverage.csv", "excluded.csv", "findings.csv", "households",
)  # fmt: skip
"""What holds households one by one, or their ids."""

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
"""A cell that begins so may be run by a spreadsheet."""


FLAT = ("units", "joins")
"""Keys whose values are long lists: one line each."""


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


def require_place(folder: Path, *, mark: str = "plan.gpkg") -> Path:
    """
    Refuse, before anything is solved, a place that the end could not write.

    Parameters
    ----------
    folder
        The output folder, there or not; a trial folder is made beside it, and what is there is
        renamed and back, as the end will do.
    mark
        As in :func:`refuse_foreign`.

    Returns
    -------
    Path
        The folder, resolved.

    Raises
    ------
    OutputError
        As :func:`refuse_foreign`; or if it is a mount point, another run has it, or no folder can
        be made or renamed there.
    """
    folder = folder.resolve()
    if folder.is_mount():
        raise OutputError(
            "结果文件夹是一个挂载点（容器的卷、盘的根），不能整个换掉",
            where=str(folder),
            remedy="在它下面再写一层文件夹，例如 -o 该文件夹/结果",
        )
    length = len(str(beside(folder, DRAFT))) + INSIDE
    if IS_WINDOWS and length > LONGEST_PATH:
        raise OutputError(
            f"结果文件夹的路径太长：里面的文件名会有 {length} 个字，Windows 只许 {LONGEST_PATH} 个",
            where=str(folder),
            remedy="换一个短些的位置，例如 -o D:/结果",
        )
    refuse_foreign(folder, mark=mark)
    with occupied(folder):
        try_beside(folder)
        aside = beside(folder, PUT_ASIDE)
        try:
            if folder.exists():  # a file held open there would stop the end, hours later
                folder.rename(aside)
                aside.rename(folder)
        except OSError as error:
            raise not_written(folder, error) from error
    return folder


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
        If another run has it, or the draft cannot be made or put in place; the old folder is then
        as it was.
    """
    folder = folder.resolve()
    with occupied(folder):
        draft, aside = beside(folder, DRAFT), beside(folder, PUT_ASIDE)
        refuse_foreign(folder, mark=mark)
        with at_work(draft, aside):
            yield from _put_in_place(folder, draft, aside, adds=adds)


def _put_in_place(folder: Path, draft: Path, aside: Path, *, adds: bool) -> Iterator[Path]:
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        usual = draft.stat().st_mode
        draft.chmod(FOR_ME)  # until it is sorted what is private in it
        if adds and folder.is_dir():
            shutil.copytree(folder, draft, dirs_exist_ok=True)
            draft.chmod(FOR_ME)
    except OSError as error:
        raise not_written(folder, error) from error
    try:
        yield draft
        _keep_private(draft)
        draft.chmod(usual)
        _swap(folder, draft, aside)
    except (OSError, DataSourceError, DataLayerError) as error:
        raise not_written(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(aside, ignore_errors=True)


def _keep_private(folder: Path) -> None:
    """Let nobody but the owner open what holds households' rows, where the system knows that."""
    for name in PRIVATE:
        for path in folder.rglob(name):
            path.chmod(FOR_ME if path.is_dir() else FOR_ME & ~0o111)


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
        bring_along(aside, folder)


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
