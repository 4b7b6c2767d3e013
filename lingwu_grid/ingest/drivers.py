"""Which reader opens a spatial file: that of its own format, whatever else its bytes could be."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio

from lingwu_grid.contract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

SQLITE = b"SQLite format 3\x00"
SHAPE = (9994).to_bytes(4, "big")
OWN_NAME = {".gpkg": "GeoPackage", ".shp": "Shapefile"}
FIRST_BYTES = {".gpkg": SQLITE, ".shp": SHAPE}

RULED_TABLES = "gpkg_"
"""What the standard calls its own tables by (OGC 12-128r19, clause 1.1.3)."""

WRITE_AHEAD = 18
"""Byte of a database that says 2 where changes lie in a log beside it, as QGIS has them."""

BESIDE = ("-wal", "-journal")
"""What changes that are not in the file yet are kept in."""

HIDDEN_AND_COMPUTED = (2, 3)
"""What ``pragma table_xinfo`` says of a column that is worked out at reading."""


@contextmanager
def source_of(path: Path, label: str = "") -> Iterator[str]:
    """
    Give a spatial file as GDAL is to open it, so that no other driver is asked.

    GDAL chooses a driver by the bytes: a ``.geojson`` with the XML of a virtual data source opens
    whatever that names, another file or an address. GeoJSON has a prefix that names its driver; a
    Shapefile and a GeoPackage are told by their first bytes, which no driver asked before theirs
    takes. A GeoPackage that some program has open is read from a copy, with the changes that lie
    beside it: whoever opens such a file in its place also writes there.

    Parameters
    ----------
    path
        Shapefile, GeoJSON or GeoPackage.
    label
        What the office calls it, where this is a copy.

    Raises
    ------
    InputError
        If the file is not what its ending says, or a GeoPackage holds more than tables.
    """
    ending = path.suffix.lower()
    if ending not in FIRST_BYTES:
        yield f"GeoJSON:{path.absolute()}"
        return
    with path.open("rb") as content:
        head = content.read(WRITE_AHEAD + 1)
    if not head.startswith(FIRST_BYTES[ending]):
        raise InputError(
            f"文件 {label or path.name} 的内容不是 {OWN_NAME[ending]}",
            where=str(path),
            remedy="在原软件里重新导出；不要靠改后缀来换格式",
        )
    if ending == ".shp":
        yield str(path.absolute())
        return
    beside = [b for b in (path.with_name(path.name + end) for end in BESIDE) if b.is_file()]
    if not beside and head[WRITE_AHEAD:] != b"\2":
        _check_package(path)
        yield str(path.absolute())
        return
    with tempfile.TemporaryDirectory() as folder:
        for file in (path, *beside):
            shutil.copyfile(file, Path(folder) / file.name)
        _check_package(Path(folder) / path.name)
        yield str(Path(folder) / path.name)


def read_layer(path: Path, layer: str, **options: slice) -> gpd.GeoDataFrame:
    """Read a layer of a GeoPackage, as only its own driver does."""
    with source_of(path) as source:
        return gpd.read_file(source, layer=layer, **options)


def layers_of(path: Path) -> list[str]:
    """List the layers of a GeoPackage."""
    with source_of(path) as source:
        names: list[str] = pyogrio.list_layers(source)[:, 0].tolist()
        return names


def _check_package(path: Path) -> None:
    """Refuse a GeoPackage that runs something when it is read: views, foreign modules, formulas."""
    # A path may hold ? and #, which an address must not.
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as package:
        things = package.execute("select name, type, coalesce(sql, '') from sqlite_master")
        kinds = {name.lower(): (kind, sql) for name, kind, sql in things}
        for name, (kind, sql) in kinds.items():
            is_index = kind == "table" and " using rtree" in " ".join(sql.lower().split())
            if sql[:40].lower().split()[:2] == ["create", "virtual"] and not is_index:
                raise _refused(path, name, "要用外部模块才能读")
        if kinds.get("gpkg_contents", ("", ""))[0] != "table":
            raise _refused(path, "gpkg_contents", "缺少或不是普通的表，不是 GeoPackage")
        layers = [str(n) for (n,) in package.execute("select table_name from gpkg_contents")]
        ruled = [name for name in kinds if name.startswith(RULED_TABLES)]
        for name in (*ruled, *layers):
            kind = kinds.get(name.lower(), ("table", ""))[0]
            if kind == "view":
                raise _refused(path, name, "是视图（每次读取都要现算的查询），不是存下来的图层")
            columns = package.execute("select hidden from pragma_table_xinfo(?)", (name,))
            if any(hidden in HIDDEN_AND_COMPUTED for (hidden,) in columns):
                raise _refused(path, name, "有现算的列")


def _refused(path: Path, name: str, why: str) -> InputError:
    return InputError(
        f"{path.name} 里的“{name}”{why}，不读",
        where=str(path),
        remedy="在 QGIS 里把需要的图层另存为新的 GeoPackage 或 GeoJSON",
    )
