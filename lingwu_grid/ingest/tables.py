"""Find the files of a study and read each, whatever its format and encoding."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError

from lingwu_grid.errors import InputError
from lingwu_grid.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPATIAL = (".gpkg", ".geojson", ".json", ".shp", ".zip")
TABULAR = (".csv", ".csv.gz", ".xlsx", ".txt")
COLUMNAR = (".parquet", ".geoparquet")
FOLDERS = ("households", "boundaries", ".")
ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True)
class Source:
    """One table as it was read: its frame with the office's own headers, and where it is from."""

    table: str
    path: Path
    label: str
    """File name and layer, for findings."""
    frame: pd.DataFrame
    encoding: str
    sha256: str


def read_sources(folder: Path) -> list[Source]:
    """
    Read every file of a study that holds a table of the contract.

    Parameters
    ----------
    folder
        The study: files in `households/` and `boundaries/`, or in the folder itself.

    Returns
    -------
    list[Source]
        In the order of table and file name, so that the same folder reads the same everywhere.

    Raises
    ------
    InputError
        If the folder is missing or a file cannot be read; the sentence names the file.
    """
    if not folder.is_dir():
        raise InputError(
            f"找不到研究文件夹 {folder}", remedy="检查路径，或先运行 python -m lingwu_grid.sample"
        )
    found = [source for path in _files(folder) for source in _read(path)]
    return sorted(found, key=lambda s: (list(TABLES).index(s.table), s.path.name, s.label))


def table_named(stem: str) -> str | None:
    """
    Tell which table a file or layer name stands for.

    Examples
    --------
    >>> table_named("households_城区"), table_named("现状网格"), table_named("readme")
    ('households', 'grids', None)
    """
    plain = unicodedata.normalize("NFKC", stem).strip().lower()
    head = re.split(r"[\s_.\-（(]", plain, maxsplit=1)[0]
    for name, table in TABLES.items():
        if plain in (name, *table.file_names) or head in (name, *table.file_names):
            return name
    return None


def _files(folder: Path) -> Iterator[Path]:
    known = SPATIAL + TABULAR + COLUMNAR
    for sub in FOLDERS:
        place = folder / sub
        if not place.is_dir():
            continue
        for path in sorted(place.iterdir()):
            if (
                path.is_file()
                and path.name.lower().endswith(known)
                and not path.name.startswith("~")
            ):
                yield path


def _stem(path: Path) -> str:
    return re.sub(r"(\.csv)?\.[^.]+$", "", path.name, flags=re.IGNORECASE)


def _read(path: Path) -> Iterator[Source]:
    suffix = path.suffix.lower()
    if suffix == ".json" and table_named(_stem(path)) is None:
        return
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        if suffix == ".gpkg":
            yield from _layers(path, sha256)
            return
        table = table_named(_stem(path))
        if table is None:
            return
        frame, encoding = _frame(path)
    except (DataSourceError, OSError, ValueError, UnicodeDecodeError) as error:
        raise InputError(
            f"读不出文件 {path.name}：{error}",
            where=str(path),
            remedy="在原软件里打开确认完好，另存为 CSV、XLSX 或 GPKG 后再试",
        ) from error
    yield Source(table, path, path.name, frame, encoding, sha256)


def _layers(path: Path, sha256: str) -> Iterator[Source]:
    layers = pyogrio.list_layers(path)[:, 0].tolist()
    for layer in layers:
        table = table_named(layer) or (table_named(_stem(path)) if len(layers) == 1 else None)
        if table is not None:
            frame = _spatial(path, layer=layer)
            yield Source(table, path, f"{path.name}:{layer}", frame, "utf-8", sha256)


def _frame(path: Path) -> tuple[pd.DataFrame, str]:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".gz", ".txt"):
        return _delimited(path)
    if suffix == ".xlsx":
        return pd.read_excel(path, dtype=str, keep_default_na=False), "utf-8"
    if suffix in COLUMNAR:
        return _columnar(path), "utf-8"
    if suffix in (".shp", ".zip"):
        encoding = _shapefile_encoding(path)
        return _spatial(path, encoding=encoding), encoding
    return _spatial(path), "utf-8"


def _spatial(path: Path, **options: str) -> gpd.GeoDataFrame:
    return gpd.read_file(path, engine="pyogrio", **options)


def _columnar(path: Path) -> pd.DataFrame:
    try:
        return gpd.read_parquet(path)
    except ValueError:  # a plain Parquet file without geometry metadata
        return pd.read_parquet(path)


def _delimited(path: Path) -> tuple[pd.DataFrame, str]:
    for encoding in ENCODINGS:
        try:
            frame = pd.read_csv(
                path,
                dtype=str,
                encoding=encoding,
                keep_default_na=False,
                skip_blank_lines=True,
                sep=_delimiter(path, encoding),
                skipinitialspace=True,
            )
        except UnicodeDecodeError:
            continue
        return frame, encoding
    raise InputError(
        f"文件 {path.name} 的文字编码既不是 UTF-8 也不是 GB18030",
        where=str(path),
        remedy="用 Excel 或 WPS 打开后另存为“CSV UTF-8”",
    )


def _delimiter(path: Path, encoding: str) -> str:
    if path.suffix.lower() == ".gz":
        return ","
    with path.open(encoding=encoding, newline="") as lines:
        header = lines.readline()
    return max(",\t;|", key=header.count)


def _shapefile_encoding(path: Path) -> str:
    # GBK text without a .cpg reads as mojibake with no error: look at the bytes instead.
    if path.suffix.lower() == ".zip":
        return "GB18030" if _zip_lacks_cpg(path) else "UTF-8"
    if any(path.with_suffix(s).exists() for s in (".cpg", ".CPG")):
        cpg = next(path.with_suffix(s) for s in (".cpg", ".CPG") if path.with_suffix(s).exists())
        return cpg.read_text(encoding="ascii", errors="replace").strip() or "UTF-8"
    dbf = next(
        (path.with_suffix(s) for s in (".dbf", ".DBF") if path.with_suffix(s).exists()), None
    )
    if dbf is None:
        return "UTF-8"
    try:
        # The 32-byte header may hold any byte; field names and records are text.
        dbf.read_bytes()[32:].replace(b"\x00", b"").decode("utf-8")
    except UnicodeDecodeError:
        return "GB18030"
    return "UTF-8"


def _zip_lacks_cpg(path: Path) -> bool:
    import zipfile  # noqa: PLC0415 - only zipped Shapefiles need it

    with zipfile.ZipFile(path) as inside:
        names = [n.lower() for n in inside.namelist()]
        if any(n.endswith(".cpg") for n in names):
            return False
        dbf = next((n for n in inside.namelist() if n.lower().endswith(".dbf")), None)
        if dbf is None:
            return False
        try:
            inside.read(dbf)[32:].replace(b"\x00", b"").decode("utf-8")
        except UnicodeDecodeError:
            return True
    return False
