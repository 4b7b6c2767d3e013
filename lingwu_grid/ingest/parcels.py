"""
Parcels: a table on its way from the process that read it, as Arrow and JSON.

Nothing that comes from there is run: a file that takes that process over must not get out of it,
as it would by a pickle.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pyproj import CRS

from lingwu_grid.contract.findings import Finding
from lingwu_grid.ingest.tables import Source

if TYPE_CHECKING:
    from pathlib import Path

GEOMETRY = "geometry"
ROWS = "rows"
MIXED, SHAPES, PLAIN = "mixed", "shapes", "plain"
TOLD = [field.name for field in fields(Finding)]


def pack(source: Source) -> tuple[dict[str, Any], bytes]:
    """
    Pack a table that was read.

    Returns
    -------
    tuple
        What is said of it, as JSON can hold it; and its columns.
    """
    kinds: list[str] = []
    columns: list[pa.Array] = []
    types: list[str] = []
    for at in range(source.frame.shape[1]):
        kind, column = _packed(source.frame.iloc[:, at])
        kinds.append(kind)
        columns.append(column)
        types.append(str(source.frame.iloc[:, at].dtype))
    names = [str(n) for n in range(len(columns))]
    columns.append(pa.array(source.rows))
    table = pa.Table.from_arrays(columns, names=[*names, ROWS])
    crs = getattr(source.frame, "crs", None)
    about = {
        "table": source.table, "label": source.label, "encoding": source.encoding,
        "sha256": source.sha256, "row_word": source.row_word, "lost": source.lost,
        "findings": [[getattr(f, name) for name in TOLD] for f in source.findings],
        "columns": list(source.frame.columns), "kinds": kinds, "types": types,
        "is_spatial": isinstance(source.frame, gpd.GeoDataFrame),
        "crs": crs.to_json() if crs is not None else None,
    }  # fmt: skip
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return about, sink.getvalue().to_pybytes()


def _packed(column: pd.Series[Any]) -> tuple[str, pa.Array]:
    if column.name == GEOMETRY:
        return SHAPES, pa.array(shapely.to_wkb(column.to_numpy(object)), pa.large_binary())
    if column.dtype == object:
        # Of several kinds, and text that is no text: JSON holds what Arrow does not.
        return MIXED, pa.array([json.dumps(v) for v in column.to_list()], pa.large_utf8())
    array = pa.Array.from_pandas(column)
    return PLAIN, array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def unpack(about: dict[str, Any], content: bytes, path: Path) -> Source:
    """
    Unpack a table.

    Parameters
    ----------
    about, content
        What :func:`pack` made.
    path
        The file that was asked for.
    """
    table = pa.ipc.open_stream(content).read_all()
    kinds, types = about["kinds"], about["types"]
    columns = [_unpacked(table.column(i), kinds[i], types[i]) for i in range(len(kinds))]
    empty = pd.DataFrame(index=range(table.num_rows))
    frame = pd.concat(columns, axis=1) if columns else empty
    frame.columns = pd.Index(about["columns"])
    if about["is_spatial"]:
        crs = CRS.from_json(about["crs"]) if about["crs"] else None
        frame = gpd.GeoDataFrame(frame, geometry=GEOMETRY, crs=crs)
    return Source(
        table=about["table"], path=path, label=about["label"], frame=frame,
        encoding=about["encoding"], sha256=about["sha256"], row_word=about["row_word"],
        rows=table.column(ROWS).to_numpy().astype(np.int64),
        findings=tuple(_finding(row) for row in about["findings"]),
        lost=tuple((where, why) for where, why in about["lost"]),
    )  # fmt: skip


def _finding(row: list[Any]) -> Finding:
    told = dict(zip(TOLD, row, strict=True))
    point = told["point"]
    return Finding(**(told | {"point": None if point is None else (point[0], point[1])}))


def _unpacked(column: pa.ChunkedArray, kind: str, dtype: str) -> pd.Series[Any]:
    if kind == SHAPES:
        return gpd.GeoSeries(shapely.from_wkb(column.to_numpy(zero_copy_only=False)))
    if kind == MIXED:
        return pd.Series([json.loads(v) for v in column.to_pylist()], dtype=object)
    values: pd.Series[Any] = column.to_pandas()
    return values.astype(dtype)
