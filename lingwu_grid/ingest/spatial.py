"""Spatial files: Shapefile, zip, GeoJSON, GeoPackage."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from lingwu_grid.contract.errors import InputError
from lingwu_grid.contract.findings import Finding, each
from lingwu_grid.ingest.columnar import plain_values
from lingwu_grid.ingest.drivers import source_of
from lingwu_grid.ingest.files import PEEK_ROWS, Limits, Raw, check_rows, check_zip
from lingwu_grid.ingest.headers import distinct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lingwu_grid.ingest.claims import Claims

GEOMETRY = "geometry"
"""What the shapes of a layer are called once read."""

OF_PROGRAMS = ("layer_styles", "qgis_projects")
"""Layers that programs keep for themselves in a GeoPackage."""

GBK_NAMES = ("gbk", "gb2312", "gb18030", "cp936", "936", "ansi 936", "ms936")
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
DBF_HEADER_LENGTH = slice(8, 10)


def read_spatial(
    path: Path, table: str | None, claims: Claims, limits: Limits
) -> Iterator[tuple[str, str, Raw]]:
    """
    Read the layers of a spatial file that hold a table of the contract.

    Parameters
    ----------
    path
        Shapefile, zip of Shapefiles, GeoJSON or GeoPackage.
    table
        What the whole file holds.
    claims
        What each of its layers holds.
    limits
        Size, rows and vertices.

    Yields
    ------
    tuple
        Table, label and content.

    Raises
    ------
    InputError
        If a zip holds no Shapefile or is a trap, or a limit is passed.
    """
    suffix = path.suffix.lower()
    if suffix == ".gpkg":
        yield from _layers(path, table, claims, limits)
    elif suffix == ".zip":
        yield from _zipped(path, table, claims, limits)
    elif suffix == ".shp":
        yield table or "", path.name, _copied(path, table or "", limits)
    else:
        with source_of(path) as source:
            yield table or "", path.name, _layer(source, path.name, table or "", limits)


def _layers(
    path: Path, table: str | None, claims: Claims, limits: Limits
) -> Iterator[tuple[str, str, Raw]]:
    with source_of(path) as source:
        layers = [n for n in pyogrio.list_layers(source)[:, 0].tolist() if n not in OF_PROGRAMS]
        for layer in layers:
            meant = claims.of_layer(path, layer, table if len(layers) == 1 else None)
            label = f"{path.name}:{layer}"
            if meant is not None or not claims.leaves_out(path, layer):
                yield meant or "", label, _layer(source, label, meant or "", limits, layer=layer)


def _zipped(
    path: Path, table: str | None, claims: Claims, limits: Limits
) -> Iterator[tuple[str, str, Raw]]:
    check_zip(path, limits)
    with zipfile.ZipFile(path) as inside:
        shapes = sorted(n for n in inside.namelist() if n.lower().endswith(".shp"))
        for name in shapes:
            written = PurePosixPath(_as_written(name))
            meant = claims.of_layer(path, written.name, table if len(shapes) == 1 else None)
            label = f"{path.name}:{written.name}"
            if meant is not None or not claims.leaves_out(path, written.name):
                yield meant or "", label, _unpacked(inside, name, label, meant or "", limits)
    if not shapes:
        raise InputError(
            f"压缩文件 {path.name} 里没有 Shapefile（.shp）",
            where=str(path),
            remedy="压缩文件只用于 Shapefile；其他格式请解压后放进文件夹",
        )


def _unpacked(inside: zipfile.ZipFile, name: str, label: str, table: str, limits: Limits) -> Raw:
    """Read one Shapefile of a zip from a folder of our own, under a name of our own."""
    stem = name[:-4].lower()
    parts = {
        PurePosixPath(n).suffix.lower(): n for n in inside.namelist() if n.lower()[:-4] == stem
    }
    with tempfile.TemporaryDirectory() as folder:
        shape = Path(folder) / "layer.shp"
        for ending in [ending for ending in parts if ending in SHAPEFILE_PARTS]:
            with (
                inside.open(parts[ending]) as source,
                shape.with_suffix(ending).open("wb") as target,
            ):
                shutil.copyfileobj(source, target)
        with source_of(shape, label) as source:
            return _shapefile(source, _dbf_beside(shape), label, table, limits)


def _copied(path: Path, table: str, limits: Limits) -> Raw:
    """Read a Shapefile from a copy: the reader writes an index beside it, the office's is left."""
    with tempfile.TemporaryDirectory() as folder:
        shape = Path(folder) / "layer.shp"
        for part in path.parent.glob(f"{_literal(path.stem)}.*"):
            if part.suffix.lower() in SHAPEFILE_PARTS:
                shutil.copyfile(part, shape.with_suffix(part.suffix.lower()))
        with source_of(shape, path.name) as source:
            return _shapefile(source, _dbf_beside(path), path.name, table, limits)


def _as_written(name: str) -> str:
    # A zip made on Windows has GBK names that the standard reads as code page 437.
    try:
        return name.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return name


def _dbf_beside(path: Path) -> tuple[bytes, bytes]:
    found = {p.suffix.lower(): p for p in path.parent.glob(f"{_literal(path.stem)}.*")}
    return (
        found[".dbf"].read_bytes() if ".dbf" in found else b"",
        found[".cpg"].read_bytes() if ".cpg" in found else b"",
    )


def _literal(stem: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)


def _shapefile(
    where: str, parts: tuple[bytes, bytes], label: str, table: str, limits: Limits
) -> Raw:
    dbf, cpg = parts
    declared = cpg.decode("ascii", errors="replace").strip().lower()
    encoding = _dbf_encoding(dbf)
    # A missing .shx is rebuilt: offices send the .shp and the .dbf only.
    os.environ.setdefault("SHAPE_RESTORE_SHX", "YES")
    try:
        raw = _layer(where, label, table, limits, encoding=encoding)
    except UnicodeDecodeError:
        # A name or a value was cut in the middle of a character: take bytes, read them ourselves.
        raw = _layer(where, label, table, limits, encoding="ISO-8859-1")
        raw = replace(raw, frame=_decoded(raw.frame, encoding))
    findings = list(raw.findings)
    is_gbk = encoding == "GB18030"
    if declared and not dbf.isascii() and is_gbk != any(n in declared for n in GBK_NAMES):
        findings.append(
            Finding(
                "warning", "cpg_wrong", table, label,
                f".cpg 写的编码“{declared}”与内容不符，按 {encoding} 读取", "核对几个名称",
            )
        )  # fmt: skip
    return Raw(raw.frame, encoding, raw.rows, findings)


def _decoded(frame: pd.DataFrame, encoding: str) -> pd.DataFrame:
    def read(text: object) -> object:
        if not isinstance(text, str):
            return text
        return text.encode("ISO-8859-1", "ignore").decode(encoding, "ignore")

    frame = frame.rename(columns={c: read(c) for c in frame.columns})
    for name in frame.columns:
        if name != "geometry" and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            frame[name] = frame[name].map(read)
    return frame


def _dbf_encoding(dbf: bytes) -> str:
    """Tell the encoding of a DBF by its bytes: the .cpg is often missing, sometimes wrong."""
    start = int.from_bytes(dbf[DBF_HEADER_LENGTH], "little")
    names = b" ".join(dbf[i : i + 11].split(b"\x00")[0] for i in range(32, start - 1, 32))
    # Text is cut at the width of its field, which may split one character of each value.
    text = names + b" " + b" ".join(dbf[start:].split())
    wrong = {
        name: text.decode(name, errors="replace").count("\ufffd") for name in ("utf-8", "gb18030")
    }
    return "GB18030" if wrong["gb18030"] < wrong["utf-8"] else "UTF-8"


def _layer(where: str, label: str, table: str, limits: Limits, **options: str) -> Raw:
    """Read a layer; of one that no table claims, the first rows."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        info = pyogrio.read_info(where, **options)
        check_rows(int(info["features"]), label, limits)
        # Two fields of one name come out as the second twice, but for the reader of Arrow.
        every = info["fields"].tolist()
        # A word of the table under the name of its shapes would take their place.
        fields = [name for name in every if name != GEOMETRY or not info["geometry_type"]]
        names, repeated = distinct(fields, table, label)
        if fields != every:
            repeated += distinct([GEOMETRY, GEOMETRY], table, label)[1]
        read = partial(
            pyogrio.read_dataframe,
            where,
            max_features=None if table else PEEK_ROWS,
            use_arrow=names != fields,
            columns=fields if fields != every else None,
            **options,
        )
        frame = read(on_invalid="ignore")
        is_lacking = isinstance(frame, gpd.GeoDataFrame) and frame.geometry.isna().any()
        mended = read(on_invalid="fix") if is_lacking else frame
    if names != fields:
        rest = list(frame.columns[len(names) :])
        frame, mended = (t.set_axis([*names, *rest], axis=1) for t in (frame, mended))
    findings = [*_said(said, table, label), *repeated]
    if is_lacking:
        gained = (frame.geometry.isna() & mended.geometry.notna()).to_numpy()
        frame = mended
        kind = Finding(
            "warning",
            "ring_unclosed",
            table,
            label,
            "图形的边线没有闭合，已自动闭合",
            "请在原数据中核对",
        )
        findings += each(kind, [f"{label} 第 {i + 1} 个图形" for i in np.flatnonzero(gained)])
    if isinstance(frame, gpd.GeoDataFrame):
        count = int(shapely.get_num_coordinates(frame.geometry.to_numpy()).sum())
        if count > limits.vertices:
            raise InputError(
                f"{label} 有 {count} 个顶点，超过上限 {limits.vertices}",
                where=label,
                remedy="先简化图形，或在 rules.toml 里调大 max_vertices",
            )
    return Raw(plain_values(frame), "utf-8", np.arange(1, len(frame) + 1), findings)


def _said(said: list[warnings.WarningMessage], table: str, label: str) -> list[Finding]:
    """Pass on what the reading library had to say, each thing once."""
    words = dict.fromkeys(str(w.message).splitlines()[0][:160] for w in said)
    return [
        Finding("notice", "reader_said", table, label, f"读取时的提示：{text}")
        for text in words
        if "ring" not in text  # rings that are open are told one by one
    ]
